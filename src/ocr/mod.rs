//! In: a Page. Out: its Reading.

mod again;
mod confidence;
mod header;
mod ink;
mod marks;
mod missed;
mod resize;
mod shape;
mod tesseract;
mod tsv;
mod upright;

pub use tesseract::{Engine, OcrError};

use crate::model::{Grey, Line, Mark, Page, PageContent, Reading, Source};
use upright::Upright;

/// Whether `read` has to look at pixels for words.
pub fn needs_engine(page: &Page) -> bool {
    matches!(page.content, PageContent::Pixels { .. }) && !(page.blank && page.fax_header.is_none())
}

/// Reads a page with `engine`, which a page with words of its own does without.
///
/// # Errors
/// Where the engine fails or is not there; it must be made anew then.
pub fn read(page: Page, engine: Option<&mut Engine>) -> Result<Reading, OcrError> {
    let needs_engine = needs_engine(&page);
    let blank = Reading {
        page: page.number,
        width: page.width,
        height: page.height,
        source: Source::Ocr,
        rotated: page.turned_degrees,
        lines: Vec::new(),
        marks: Vec::new(),
        fax_header: None,
        trouble: page.trouble,
    };
    match &page.content {
        PageContent::Words { lines, ink } => {
            let mut lines = lines.clone();
            let marks = mark(&mut lines, ink, page.dpi);
            Ok(Reading { source: Source::TextLayer, lines, marks, ..blank })
        }
        PageContent::Pixels { .. } if !needs_engine => Ok(blank),
        PageContent::Pixels { words, ink } => {
            let engine = engine.ok_or(OcrError::Gone)?;
            let stamped = match &page.fax_header {
                Some((rows, strip)) => header::read(strip, rows, page.dpi, engine)?,
                None => None,
            };
            let Upright { mut lines, degrees } = upright::read(words, page.dpi, page.shown_dpi, engine)?;
            let words = upright::turn(words, degrees);
            missed::read_missed(&mut lines, &words, page.dpi, engine)?;
            again::look_again(&mut lines, &words, engine)?;
            shape::mend(&mut lines, page.dpi);
            confidence::calibrate(&mut lines);
            let fax_header = stamped.or_else(|| header::take(&mut lines, page.dpi));
            let fax_header = fax_header.map(|line| header::keep_inside(line, words.width, words.height));
            let marks = mark(&mut lines, &upright::turn(ink, degrees), page.dpi);
            again::look_beside_boxes(&mut lines, &marks, &words, engine)?;
            let rotated = (page.turned_degrees + degrees) % 360;
            Ok(Reading { width: words.width, height: words.height, rotated, lines, marks, fax_header, ..blank })
        }
    }
}

/// Looks for marks; what is no word but a box leaves `lines`, what is struck out is told there.
fn mark(lines: &mut Vec<Line>, ink: &Grey, dpi: u32) -> Vec<Mark> {
    let found = marks::find(ink, lines, dpi);
    for (line, word) in found.struck_out {
        lines[line].words[word].struck_out = true;
    }
    for (line, word) in found.not_words.into_iter().rev() {
        lines[line].words.remove(word);
    }
    lines.retain(|line| !line.words.is_empty());
    found.marks
}
