//! `rxintake rules`: is the book sound, do its examples come out, and its form blocks and codes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::civil::Date;

use crate::cli::parse::parts;
use crate::decide::decide;
use crate::intake::senders::Profiles;
use crate::pipeline::Pipeline;
use crate::rules::{self, Book, CodeList, CodeListError, Faults};

/// Names every fault of every rule file, or says that there is none. True if there is none.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) fn check(folder: Option<&Path>, out: &mut impl Write) -> anyhow::Result<bool> {
    for remark in folder.map(Book::unread).into_iter().flatten() {
        writeln!(out, "note: {remark}")?;
    }
    let senders = folder.map_or_else(|| Ok(Profiles::built_in()), Profiles::load);
    let book = folder.map_or_else(|| Ok(Book::built_in()), Book::load);
    match (book, senders) {
        (Ok(book), Ok(_)) => {
            writeln!(out, "The rule files are sound (version {}).", book.version())?;
            Ok(true)
        }
        (book, senders) => {
            let faults = [book.err(), senders.err()].into_iter().flatten().flat_map(|faults| faults.0);
            let faults = Faults(faults.collect());
            let count = faults.0.len();
            writeln!(out, "{faults}\n{count} {}", if count == 1 { "fault" } else { "faults" })?;
            writeln!(out, "`rxintake rules check --explain CODE` says more of a code.")?;
            Ok(false)
        }
    }
}

/// Prints what a fault's code means.
///
/// # Errors
/// Where there is no such code, or the output cannot be written.
pub(in crate::cli) fn help(code: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let page = rules::help(code).with_context(|| format!("{code:?} is no code of a fault: they are R001 to R021"))?;
    writeln!(out, "{page}")?;
    Ok(())
}

/// Runs the examples of the rule files. True if all come out.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) fn test(book: &Book, senders: &Profiles, out: &mut impl Write) -> anyhow::Result<bool> {
    let report = book.test(decide);
    let (examples, differences) = senders.test();
    for difference in &differences {
        writeln!(out, "{difference}")?;
    }
    for failure in &report.failures {
        writeln!(out, "{failure}")?;
    }
    let failures = report.failures.len() + differences.len();
    writeln!(out, "{} examples, {failures} differences", report.tests + examples)?;
    Ok(failures == 0)
}

/// Prints a draft of a form block, from the first page that gives one. True if there is one.
///
/// # Errors
/// Where the name or the paper is no good, or the output cannot be written.
pub(in crate::cli) async fn new_form(
    file: &Path,
    name: &str,
    on: Date,
    pipeline: &Pipeline,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        bail!("{name:?} is no name for a form: use letters, digits, - and _");
    }
    let bytes = fs::read(file).with_context(|| format!("cannot open {}", file.display()))?;
    let papers = match parts(file, &bytes) {
        Ok(papers) => papers,
        Err(message) => bail!(message),
    };
    let (readings, _) = pipeline.take(&papers, on, None, &|_| ()).await?;
    match readings.iter().find_map(|reading| pipeline.book().draft_form(reading, name, on)) {
        Some(draft) => {
            writeln!(
                out,
                "# Hold it against the paper, correct it, put it into a file of your rules, and run `rxintake rules test`."
            )?;
            write!(out, "{draft}")?;
            Ok(true)
        }
        None => {
            bail!(
                "no heading of the form's own, or no value with words beside it, could be told on {}: take a clear scan of a \
                 filled-in form, or write the block by hand as in 65-forms.toml",
                file.display()
            )
        }
    }
}

/// Writes the table of codes into the folder of the rule files. `today` bounds the fiscal years of which there can be a file.
///
/// # Errors
/// Where the file is not the official order file, or the folder cannot be written.
pub(in crate::cli) fn import_codes(
    folder: &Path,
    file: &Path,
    fiscal_year: Option<u16>,
    today: Date,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let year = fiscal_year
        .or_else(|| year_in(file))
        .with_context(|| format!("{} does not name its fiscal year; give it: --fiscal-year 2027", file.display()))?;
    if !folder.is_dir() {
        bail!("{} is no folder; name that of your rule files: --rules DIR", folder.display());
    }
    let target = folder.join(Book::CODES_FILE);
    // a table that is broken is written anew, whatever the other rule files say
    let known = match target.try_exists().and_then(|there| there.then(|| fs::read_to_string(&target)).transpose()) {
        Ok(None) => CodeList::built_in(),
        Ok(Some(table)) => CodeList::from_tsv(&table).map(Arc::new).or_else(|fault| {
            writeln!(out, "{} is broken, and is written anew from the shipped one:\n{fault}", target.display())?;
            anyhow::Ok(CodeList::built_in())
        })?,
        Err(error) => bail!("cannot read {}: {error}; move it away, and import again", target.display()),
    };
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    // what is not UTF-8 is Latin-1 ("Ménière"), whose bytes are the numbers of its letters
    let text =
        String::from_utf8(bytes).unwrap_or_else(|other| other.into_bytes().into_iter().map(char::from).collect());
    let codes = known.import(&text, year, today).map_err(|fault| match fault {
        CodeListError::Year { .. } => anyhow::Error::from(fault),
        fault => anyhow::Error::from(fault).context(format!(
            "{} is not the official order file (icd10cm-order-YYYY.txt from cms.gov)",
            file.display()
        )),
    })?;
    let beside = target.with_extension("new");
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::write(&beside, codes.to_tsv())
        .and_then(|()| fs::rename(&beside, &target))
        .with_context(|| format!("cannot write {}", target.display()))?;
    let (before, after) = (CodeList::len(&known), codes.len());
    writeln!(out, "{} took in the codes of fiscal year {year}: it holds {after} ({before} before).", target.display())?;
    let (newest, now) = (codes.fiscal_year(), rules::fiscal_year(today));
    if year < newest {
        writeln!(out, "The newest file in it is still that of fiscal year {newest}; what that says stays as it was.")?;
    } else if newest < now {
        writeln!(out, "Orders of today are of fiscal year {now}: import icd10cm-order-{now}.txt as well.")?;
    }
    Ok(())
}

/// "icd10cm-order-2027.txt" is of fiscal year 2027.
fn year_in(file: &Path) -> Option<u16> {
    let name = file.file_name()?.to_string_lossy().into_owned();
    let mut numbers = name.split(|letter: char| !letter.is_ascii_digit());
    numbers.find(|number| number.len() == 4 && number.starts_with("20"))?.parse().ok()
}
