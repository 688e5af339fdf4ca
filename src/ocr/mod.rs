//! In: a Page. Out: its Reading.

mod again;
mod header;
mod tesseract;
mod tsv;
mod upright;

pub use tesseract::{Engine, OcrError};

use crate::model::{Page, PageContent, Reading, Source};
use upright::Upright;

/// Whether `read` has to look at pixels for words.
pub fn needs_engine(page: &Page) -> bool {
    matches!(page.content, PageContent::Pixels { .. })
}

/// Reads a page with `engine`, which a page with words of its own does without.
///
/// # Errors
/// Where the engine fails or is not there; it must be made anew then.
pub fn read(page: Page, engine: Option<&mut Engine>) -> Result<Reading, OcrError> {
    let Page { number, width, height, dpi, content, trouble } = page;
    let blank = Reading {
        page: number,
        width,
        height,
        source: Source::Ocr,
        rotated: 0,
        lines: Vec::new(),
        marks: Vec::new(),
        fax_header: None,
        trouble,
    };
    match content {
        PageContent::Words { lines, .. } => Ok(Reading { source: Source::TextLayer, lines, ..blank }),
        PageContent::Pixels { words, .. } => {
            let engine = engine.ok_or(OcrError::Gone)?;
            let Upright { mut lines, degrees } = upright::read(&words, dpi, engine)?;
            let words = upright::turn(&words, degrees);
            again::look_again(&mut lines, &words, engine)?;
            let fax_header = header::take(&mut lines, dpi);
            Ok(Reading { width: words.width, height: words.height, rotated: degrees, lines, fax_header, ..blank })
        }
    }
}
