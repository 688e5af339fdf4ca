//! In: the bytes of a paper and the rule book. Out: what the paper says. The whole journey, top to bottom.
//!
//! A pure function of bytes, rule book and day: run twice, it gives the same.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::decide::decide;
use crate::model::{OtherPage, Paper, PaperError, PaperKind, ReadPaper, Reading};
use crate::reader::{Progress, Reader, ReaderError, ReaderReport};
use crate::rules::Book;

/// The paper could not be taken through, and that is not the paper's fault: it stays owed and is tried again.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// No page could be read because the reader does not work.
    #[error("the reader does not work")]
    Reader(#[source] ReaderError),
}

/// Takes papers from bytes to prescriptions. Cheap to clone; all clones share the reader and the book in force.
#[derive(Clone)]
pub struct Pipeline {
    reader: Reader,
    book: Arc<RwLock<Book>>,
}

impl Pipeline {
    /// A pipeline that reads with `reader` and understands by `book`.
    pub fn new(reader: Reader, book: Book) -> Self {
        Self { reader, book: Arc::new(RwLock::new(book)) }
    }

    /// The rule book in force.
    pub fn book(&self) -> Book {
        self.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another rule book in force, for all papers that begin their journey after this.
    pub fn set_book(&self, book: Book) {
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = book;
    }

    /// Starts a reader child, and tells what holds it in.
    ///
    /// # Errors
    /// What keeps papers from being read.
    pub async fn check(&self) -> Result<ReaderReport, ReaderError> {
        self.reader.check().await
    }

    /// The journey. `parts` are one paper: a file, or the attachments of one mail in their order. `on` is the day of receipt,
    /// `sender` the number or address that the door knows.
    ///
    /// # Errors
    /// Only where it is our turn (the reader cannot be started). What is wrong with the paper stands in [`Paper::error`].
    pub async fn take(
        &self,
        parts: &[Arc<[u8]>],
        on: Date,
        sender: Option<&str>,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<(Vec<Reading>, Paper), PipelineError> {
        let book = self.book();
        let mut digest = Sha256::new();
        let mut readings = Vec::new();
        let mut error = None;
        for part in parts {
            digest.update(part);
            let read = self.reader.read(part.clone(), progress).await.map_err(PipelineError::Reader)?;
            append(read, &mut readings, &mut error);
        }
        let sha256 = hexadecimal(&digest.finalize());
        let paper = understand(&readings, error, sha256, &book, on, sender);
        Ok((readings, paper))
    }
}

/// The second half of the journey, without a child process: what readings mean under `book` on the day `on`, if `sender` sent them.
pub fn understand(
    readings: &[Reading],
    error: Option<PaperError>,
    sha256: String,
    book: &Book,
    on: Date,
    sender: Option<&str>,
) -> Paper {
    let sections = book.sort_from(readings, on, sender);
    let (mut other_pages, prescriptions) = decide(sections, book, on);
    place_every_page(readings, &mut other_pages, &prescriptions);
    let pages = u32::try_from(readings.len()).expect("the reader limits the pages of a paper");
    Paper { sha256, pages, error, other_pages, prescriptions }
}

/// Lower-case hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Pages are numbered through all parts of a paper; of several errors the first is told.
fn append(read: ReadPaper, readings: &mut Vec<Reading>, error: &mut Option<PaperError>) {
    let before = u32::try_from(readings.len()).expect("the reader limits the pages of a paper");
    readings.extend(read.readings.into_iter().map(|reading| Reading { page: before + reading.page, ..reading }));
    if error.is_none() {
        *error = read.error;
    }
}

/// Promise of the contract: every page is in exactly one place. A page that the rules left out would be lost.
fn place_every_page(
    readings: &[Reading],
    other_pages: &mut Vec<OtherPage>,
    prescriptions: &[crate::model::Prescription],
) {
    let placed: BTreeSet<u32> = prescriptions
        .iter()
        .flat_map(|prescription| &prescription.pages)
        .chain(other_pages.iter().flat_map(|other| &other.pages))
        .copied()
        .collect();
    let left_out = readings.iter().map(|reading| reading.page).filter(|page| !placed.contains(page));
    other_pages.extend(left_out.map(|page| OtherPage { pages: vec![page], kind: PaperKind::Other }));
    other_pages.sort_by_key(|other| other.pages.first().copied());
}
