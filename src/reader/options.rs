//! How papers are read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::pages::Limits;

/// Settings of the reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many papers are read at once, each by a child process of its own; by default the number of cores.
    pub jobs: usize,
    /// Largest file, in bytes. Mail servers stop at 25 to 50 MB; a long colour scan may come by folder.
    pub paper_bytes_max: u64,
    /// Most pages of a paper. A faxed chart has a few hundred.
    pub pages_max: u32,
    /// Most pixels of a page before it is scaled: a letter page at 1200 dpi has 135 million.
    pub page_pixels_max: u64,
    /// Time that opening a paper may take, in milliseconds. A large PDF takes a few hundred.
    pub open_timeout_ms: u64,
    /// Time a page may take, in milliseconds. A dense page takes two seconds; noise can take twenty.
    pub ocr_timeout_ms: u64,
    /// Address space of a child, in bytes. A letter page at 300 dpi needs a third of it.
    pub memory_max_bytes: u64,
    /// A child that holds more than this after a paper, in bytes, is replaced before the next.
    pub memory_mark_bytes: u64,
    /// A child ends after this many pages, so that what the C libraries leak is given back.
    pub pages_per_child: u32,
    /// The folder of tesseract's trained data; by default where Debian and Ubuntu put it.
    pub tessdata_dir: Option<PathBuf>,
    /// The reader program; by default `rxintake-reader` beside this program. `RXINTAKE_READER` goes before it.
    pub program: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            paper_bytes_max: limits.paper_bytes_max,
            pages_max: limits.pages_max,
            page_pixels_max: limits.page_pixels_max,
            open_timeout_ms: 30_000,
            ocr_timeout_ms: 60_000,
            memory_max_bytes: 1_500_000_000,
            memory_mark_bytes: 400_000_000,
            pages_per_child: 200,
            tessdata_dir: None,
            program: None,
        }
    }
}

impl Options {
    /// What `pages` has to know of them.
    pub(in crate::reader) fn limits(&self) -> Limits {
        Limits {
            paper_bytes_max: self.paper_bytes_max,
            pages_max: self.pages_max,
            page_pixels_max: self.page_pixels_max,
        }
    }
}
