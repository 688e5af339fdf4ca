//! `rxintake rules`: is the book sound, and do its examples come out.

use std::io::Write;

use crate::rules::{Book, TestFailure};

/// Says that the book is sound; a broken one never gets here.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) fn check(book: &Book, out: &mut impl Write) -> anyhow::Result<bool> {
    writeln!(out, "The rule files are sound (version {}).", book.version())?;
    Ok(true)
}

/// Runs the examples of the rule files. True if all come out.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) fn test(book: &Book, out: &mut impl Write) -> anyhow::Result<bool> {
    let report = book.test();
    for TestFailure { file, name, what } in &report.failures {
        writeln!(out, "{file}: {name}: {what}")?;
    }
    writeln!(out, "{} examples, {} differences", report.tests, report.failures.len())?;
    Ok(report.failures.is_empty())
}
