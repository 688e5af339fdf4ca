//! One page before it is read.

use std::ops::Range;

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
    /// Pixels an inch that words can be read with: fewer than `dpi` where the page came with fewer.
    pub shown_dpi: u32,
    /// By how many degrees clockwise it was turned already: 0 or 180.
    pub turned_degrees: u16,
    /// The line that the receiving fax machine stamped: the rows where it stood, and its picture.
    pub fax_header: Option<(Range<u32>, Grey)>,
    /// Nothing on it could be text.
    pub blank: bool,
    /// Ink or words.
    pub content: PageContent,
    /// The picture behind it was damaged or cut short.
    pub trouble: Option<PageTrouble>,
}

/// What a page holds. `ink` is the page as it came (upright, square pixels, specks gone) with its ruled lines and boxes: there
/// tick boxes and signatures are looked for.
#[derive(Debug, Clone)]
pub enum PageContent {
    /// Words are to be read from `words`: `ink` without ruled lines, streaks and borders, of the same size.
    Pixels {
        /// For the OCR engine.
        words: Grey,
        /// For marks.
        ink: Grey,
    },
    /// The words of the page's own visible text layer.
    Words {
        /// Lines from top to bottom.
        lines: Vec<Line>,
        /// For marks.
        ink: Grey,
    },
}

/// A grey picture: `width * height` bytes, row by row from the top left; 0 is black, 255 white.
#[derive(Clone, PartialEq, Eq)]
pub struct Grey {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` bytes.
    pub pixels: Vec<u8>,
}

impl Grey {
    /// A picture from its pixels; None unless there are exactly `width * height` of them.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        let wanted = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
        (pixels.len() == wanted).then_some(Self { width, height, pixels })
    }

    /// One row, left to right.
    ///
    /// # Panics
    /// Where `y` is not below `height`.
    pub fn row(&self, y: u32) -> &[u8] {
        let start = y as usize * self.width as usize;
        &self.pixels[start..start + self.width as usize]
    }
}

impl std::fmt::Debug for Grey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Grey({} x {})", self.width, self.height)
    }
}
