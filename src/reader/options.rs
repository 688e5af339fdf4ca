//! How papers are read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::pages::Limits;

/// Settings of the reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many papers are read at once, each by a child process of its own.
    pub jobs: usize,
    /// Time a page may take, in milliseconds. A dense page takes two seconds; noise can take twenty.
    pub ocr_timeout_ms: u64,
    /// Time that opening a paper may take, in milliseconds.
    pub open_timeout_ms: u64,
    /// Address space of a child, in bytes. A letter page at 300 dpi needs a third of it.
    pub memory_max_bytes: u64,
    /// A child ends after this many pages, so that what the C libraries leak is given back.
    pub pages_per_child: u32,
    /// The folder of tesseract's trained data.
    pub tessdata_dir: Option<PathBuf>,
    /// The reader program; by default `rxintake-reader` beside this program.
    pub program: Option<PathBuf>,
    /// Limits on a paper.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            ocr_timeout_ms: 60_000,
            open_timeout_ms: 30_000,
            memory_max_bytes: 1_500_000_000,
            pages_per_child: 200,
            tessdata_dir: None,
            program: None,
            limits: Limits::default(),
        }
    }
}
