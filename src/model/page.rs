//! One page before it is read.

use crate::model::{Line, PageTrouble};

/// A page, upright or not yet known to be, with square pixels.
#[derive(Debug, Clone)]
pub struct Page {
    /// From 1.
    pub number: u32,
    /// Columns, in pixels.
    pub width: u32,
    /// Rows, in pixels.
    pub height: u32,
    /// Pixels an inch, the same on both axes.
    pub dpi: u32,
    /// Ink or words.
    pub content: PageContent,
    /// The picture behind it was damaged or cut short.
    pub trouble: Option<PageTrouble>,
}

/// What a page holds.
#[derive(Debug, Clone)]
pub enum PageContent {
    /// `width * height` bytes, row by row from the top left; 0 is black, 255 white.
    Pixels(Vec<u8>),
    /// The words of the page's own visible text layer, and its picture for tick boxes and signatures.
    Words {
        /// Lines from top to bottom.
        lines: Vec<Line>,
        /// `width * height` bytes as in `Pixels`.
        pixels: Vec<u8>,
    },
}
