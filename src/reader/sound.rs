//! What a child says is believed only where it keeps the promises of a Reading.

use crate::model::{Area, PageTrouble, Reading, Source};

/// Widest or tallest page that a child may speak of, in pixels.
const SIDE_MAX: u32 = 100_000_000;

/// Whether a reading is of page `number` and keeps its promises: boxes inside the page, no empty word, no empty line.
pub(in crate::reader) fn is_sound(reading: &Reading, number: u32) -> bool {
    let inside = |area: &Area| area.right <= reading.width && area.bottom <= reading.height;
    let lines = reading.lines.iter().chain(&reading.fax_header);
    reading.page == number
        && reading.width <= SIDE_MAX
        && reading.height <= SIDE_MAX
        && matches!(reading.rotated, 0 | 90 | 180 | 270)
        && lines.clone().all(|line| !line.words.is_empty())
        && lines.flat_map(|line| &line.words).all(|word| {
            inside(&word.area)
                && (0.0..=1.0).contains(&word.confidence)
                && !word.text.reveal().is_empty()
                && !word.text.reveal().contains(char::is_whitespace)
        })
        && reading.marks.iter().all(|mark| inside(&mark.area) && (0.0..=1.0).contains(&mark.confidence))
}

/// The place of a page that could not be read.
pub(in crate::reader) fn unread(number: u32, trouble: PageTrouble) -> Reading {
    Reading {
        page: number,
        width: 1,
        height: 1,
        source: Source::Ocr,
        rotated: 0,
        lines: Vec::new(),
        marks: Vec::new(),
        fax_header: None,
        trouble: Some(trouble),
    }
}
