//! `rxintake read`: the words alone, before any rule.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use serde::Serialize;

use crate::model::{Area, Mark, PaperError, PaperErrorCode, ReadPaper, Reading, Source};
use crate::reader::Reader;

/// How the words are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReadFormat {
    /// One JSON line a file.
    Jsonl,
    /// The text alone.
    Text,
    /// One line a word: file, page, left, top, right, bottom, confidence, text.
    Tsv,
}

#[derive(Serialize)]
struct PaperLine<'a> {
    path: &'a str,
    error: Option<&'a PaperError>,
    pages: Vec<PageWords<'a>>,
}

#[derive(Serialize)]
struct PageWords<'a> {
    page: u32,
    width: u32,
    height: u32,
    source: Source,
    rotated: u16,
    text: String,
    words: Vec<WordBox<'a>>,
    marks: &'a [Mark],
    #[serde(skip_serializing_if = "Option::is_none")]
    fax_header: Option<String>,
}

#[derive(Serialize)]
struct WordBox<'a> {
    text: &'a str,
    #[serde(rename = "box")]
    area: Area,
    confidence: f32,
}

/// Reads `files`, `jobs` at a time, and prints their words in the order given. True if every file could be read whole.
///
/// # Errors
/// Where nothing can be read at all (no reader), or the output cannot be written.
pub(in crate::cli) async fn read(
    files: &[PathBuf],
    format: ReadFormat,
    jobs: usize,
    reader: &Reader,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut all_read = true;
    let outcomes = stream::iter(files).map(|file| async move { (file, read_file(file, reader).await) });
    let mut outcomes = outcomes.buffered(jobs.max(1));
    while let Some((file, outcome)) = outcomes.next().await {
        let paper = outcome?;
        all_read &= paper.error.is_none();
        print(&file.to_string_lossy(), &paper, format, out)?;
        out.flush()?;
    }
    Ok(all_read)
}

async fn read_file(file: &Path, reader: &Reader) -> anyhow::Result<ReadPaper> {
    match std::fs::read(file) {
        Ok(bytes) => {
            reader.read(Arc::from(bytes), &|_| ()).await.with_context(|| format!("could not read {}", file.display()))
        }
        Err(error) => {
            let message = format!("The file cannot be opened: {error}.");
            let error = PaperError { code: PaperErrorCode::NotAPaper, message };
            Ok(ReadPaper { media_type: None, readings: Vec::new(), error: Some(error) })
        }
    }
}

fn print(path: &str, paper: &ReadPaper, format: ReadFormat, out: &mut impl Write) -> anyhow::Result<()> {
    match format {
        ReadFormat::Jsonl => {
            let pages = paper.readings.iter().map(page_words).collect();
            serde_json::to_writer(&mut *out, &PaperLine { path, error: paper.error.as_ref(), pages })?;
            writeln!(out)?;
        }
        ReadFormat::Text => {
            if let Some(error) = &paper.error {
                writeln!(out, "{path}: {}", error.message)?;
            }
            for reading in &paper.readings {
                writeln!(out, "{}\u{c}", text(reading))?;
            }
        }
        ReadFormat::Tsv => {
            for reading in &paper.readings {
                for word in reading.lines.iter().flat_map(|line| &line.words) {
                    let Area { left, top, right, bottom } = word.area;
                    let (page, confidence, text) = (reading.page, word.confidence, word.text.reveal());
                    writeln!(out, "{path}\t{page}\t{left}\t{top}\t{right}\t{bottom}\t{confidence:.2}\t{text}")?;
                }
            }
        }
    }
    Ok(())
}

fn page_words(reading: &Reading) -> PageWords<'_> {
    let words = reading.lines.iter().flat_map(|line| &line.words);
    PageWords {
        page: reading.page,
        width: reading.width,
        height: reading.height,
        source: reading.source,
        rotated: reading.rotated,
        text: text(reading),
        words: words
            .map(|word| WordBox { text: word.text.reveal(), area: word.area, confidence: word.confidence })
            .collect(),
        marks: &reading.marks,
        fax_header: reading.fax_header.as_ref().map(crate::model::Line::text),
    }
}

fn text(reading: &Reading) -> String {
    reading.lines.iter().map(crate::model::Line::text).collect::<Vec<_>>().join("\n")
}
