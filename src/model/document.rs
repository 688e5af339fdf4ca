//! Bytes that were recognised as a paper, and what became of reading them.

use serde::{Deserialize, Serialize};

use crate::model::Reading;

/// What the bytes are, by their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaType {
    /// `application/pdf`
    Pdf,
    /// `image/tiff`
    Tiff,
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `text/plain`: an already read page, form feeds between pages.
    Text,
}

/// An opened paper; all limits hold already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What the bytes are.
    pub media_type: MediaType,
    /// How many pages can be read.
    pub page_count: u32,
    /// Something is wrong with the file, but pages can be read (`truncated`, `too_many_pages`).
    pub error: Option<PaperError>,
}

/// Why a paper could not be read, or not wholly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperErrorCode {
    /// Neither PDF, TIFF, JPEG, PNG nor text.
    NotAPaper,
    /// The file's structure is broken; nothing could be read.
    Damaged,
    /// The file ends early; the pages before its end were read.
    Truncated,
    /// A password is needed.
    Encrypted,
    /// More bytes or pixels than the limit.
    TooLarge,
    /// More pages than the limit; the pages up to it were read.
    TooManyPages,
    /// Reading took longer than its limit.
    TimedOut,
    /// The reader child ended unexpectedly.
    ReaderFailed,
}

/// What went wrong with a paper, in words for the front desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperError {
    /// For programs.
    pub code: PaperErrorCode,
    /// For people: what is wrong and what to do. Holds no text of the paper.
    pub message: String,
}

/// All that reading gave: a reading a page, and what went wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadPaper {
    /// What the bytes are; None where they are no paper.
    pub media_type: Option<MediaType>,
    /// One a page, in page order; a page that could not be read is there with its trouble and without lines.
    pub readings: Vec<Reading>,
    /// What went wrong with the paper as a whole.
    pub error: Option<PaperError>,
}
