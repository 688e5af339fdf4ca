//! The line that the sending fax machine stamped along the top edge is told apart from the page's own text.

use std::ops::Range;

use crate::model::{Area, Grey, Line, Word};
use crate::ocr::tesseract::{Engine, OcrError};

/// How far down the page the stamped line may stand, in tenths of an inch.
const REACH_TENTHS: u32 = 5;
/// Digits of a telephone number.
const PHONE_DIGITS_MIN: usize = 7;

/// Reads the picture of the stamped line, which stood in `rows` of the page.
///
/// # Errors
/// Where the engine fails.
pub(in crate::ocr) fn read(
    strip: &Grey,
    rows: &Range<u32>,
    dpi: u32,
    engine: &mut Engine,
) -> Result<Option<Line>, OcrError> {
    let words = engine.line(strip, dpi)?;
    let place = |word: Word| Word { area: Area::new(word.area.left, rows.start, word.area.right, rows.end), ..word };
    Ok((!words.is_empty()).then(|| Line { words: words.into_iter().map(place).collect() }))
}

/// A line read before its page was turned stands where it stood, as far as that is inside the page.
pub(in crate::ocr) fn keep_inside(line: Line, width: u32, height: u32) -> Line {
    let inside = |area: Area| {
        Area::new(area.left.min(width), area.top.min(height), area.right.min(width), area.bottom.min(height))
    };
    Line { words: line.words.into_iter().map(|word| Word { area: inside(word.area), ..word }).collect() }
}

/// Takes the fax machine's line from `lines` if it is there: at the very top, with a time of day or a page count, and
/// beside it a date, a telephone number, or FROM and TO (the layout is each maker's own; ITU-T leaves it free).
pub(in crate::ocr) fn take(lines: &mut Vec<Line>, dpi: u32) -> Option<Line> {
    let reach = dpi * REACH_TENTHS / 10;
    let place = lines.iter().position(|line| line.area().center_y() < reach && is_stamp(&line.text()))?;
    Some(lines.remove(place))
}

fn is_stamp(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
    let numbers = |word: &String, separator: char| {
        let parts: Vec<&str> = word.split(separator).collect();
        parts.len() >= 2 && parts.iter().all(|part| part.chars().filter(char::is_ascii_digit).count() >= 1)
    };
    let begins = |starts: &[&str]| words.iter().any(|word| starts.iter().any(|start| word.starts_with(start)));
    let time = words.iter().any(|word| numbers(word, ':'));
    let page = begins(&["page", "pg", "p.", "p:"]) || words.iter().any(|word| numbers(word, '/') && word.len() <= 7);
    let date = words.iter().any(|word| numbers(word, '/') || numbers(word, '-'));
    let phone = words.iter().any(|word| word.chars().filter(char::is_ascii_digit).count() >= PHONE_DIGITS_MIN);
    let parties = begins(&["from", "to:", "fax", "id:", "tel"]);
    let hints = [time, page, date, phone, parties].iter().filter(|hint| **hint).count();
    (time || page) && hints >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_several_makers_are_known() {
        for text in [
            "OCT-14-2026 03:22 From:7041234567 To:7045550148 Page:01/01",
            "09/01/2026 14:05 FAX 7045550100 PIEDMONT ORTHO 001/003",
            "Sep 1 2026 2:05PM HP LASERJET FAX p.1",
            "2026-09-01 14:05 +17045550100 P. 2/4",
            "From: 704-555-0100 Page: 1/3 Date: 9/1/2026 2:05:11 PM",
        ] {
            assert!(is_stamp(text), "{text}");
        }
    }

    #[test]
    fn the_page_s_own_text_stays() {
        for text in
            ["Southpark Spine & Sport", "Page 1 of 2", "Phone: (704) 555-0100 Fax: (704) 555-0101", "Date: 09/01/2026"]
        {
            assert!(!is_stamp(text), "{text}");
        }
    }
}
