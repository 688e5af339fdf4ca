//! `rxintake parse`: reads papers and prints what they say; stores nothing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use jiff::civil::Date;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::intake::message;
use crate::intake::senders::Profiles;
use crate::model::{Paper, PaperError, PaperErrorCode};
use crate::pipeline::{Pipeline, hexadecimal};

use crate::cli::pretty;

/// How the outcome is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ParseFormat {
    /// One JSON line a file.
    Jsonl,
    /// For people.
    Pretty,
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    #[serde(flatten)]
    paper: &'a Paper,
}

/// Reads `files`, `jobs` at a time, and prints each outcome in the order given. True if every file could be read whole.
///
/// # Errors
/// Where nothing can be read at all (no reader), or the output cannot be written.
pub(in crate::cli) async fn parse(
    files: &[PathBuf],
    format: ParseFormat,
    jobs: usize,
    on: Date,
    pipeline: &Pipeline,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut all_read = true;
    let outcomes = stream::iter(files).map(|file| async move { (file, parse_file(file, on, pipeline).await) });
    let mut outcomes = outcomes.buffered(jobs.max(1));
    while let Some((file, outcome)) = outcomes.next().await {
        let paper = outcome?;
        all_read &= paper.error.is_none();
        let path = file.to_string_lossy();
        match format {
            ParseFormat::Jsonl => {
                serde_json::to_writer(&mut *out, &Line { path: &path, paper: &paper })?;
                out.write_all(b"\n")?;
            }
            ParseFormat::Pretty => pretty::print(&path, &paper, out)?,
        }
        out.flush()?;
    }
    Ok(all_read)
}

async fn parse_file(file: &Path, on: Date, pipeline: &Pipeline) -> anyhow::Result<Paper> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(unreadable(&[], format!("The file cannot be opened: {error}."))),
    };
    let parts = match parts(file, &bytes) {
        Ok(parts) => parts,
        Err(message) => return Ok(unreadable(&bytes, message)),
    };
    let (_, paper) =
        pipeline.take(&parts, on, None, &|_| ()).await.with_context(|| format!("could not read {}", file.display()))?;
    Ok(Paper { sha256: hexadecimal(&Sha256::digest(&bytes)), ..paper })
}

/// The papers of a file: a mail may hold several.
pub(in crate::cli) fn parts(file: &Path, bytes: &[u8]) -> Result<Vec<Arc<[u8]>>, String> {
    if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("eml")) {
        message::open(bytes, &message::Limits::default(), &Profiles::default()).map(|mail| mail.papers)
    } else {
        Ok(vec![Arc::from(bytes)])
    }
}

fn unreadable(bytes: &[u8], message: String) -> Paper {
    Paper {
        sha256: hexadecimal(&Sha256::digest(bytes)),
        pages: 0,
        error: Some(PaperError { code: PaperErrorCode::NotAPaper, message }),
        other_pages: Vec::new(),
        prescriptions: Vec::new(),
    }
}
