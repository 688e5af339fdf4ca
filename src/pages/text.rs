//! Plain text as an already read paper.

use crate::model::{Area, Line, MediaType, PaperErrorCode, Private, ReadPaper, Reading, Source, Word};
use crate::pages::{Limits, trouble};

/// Size of a character cell, in pixels: text has no places of its own, so it gets those of a typewriter.
const CELL: (u32, u32) = (20, 40);
/// Most characters that are taken: a thousand full pages.
const CHARACTERS_MAX: usize = 4_000_000;
/// A tab goes to the next multiple of this.
const TAB_COLUMNS: u32 = 8;

/// The text behind the bytes: UTF-8, UTF-16 with a mark, or Windows-1252 without control characters.
pub(in crate::pages) fn decode(bytes: &[u8]) -> Option<String> {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [] => None,
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Some(text.trim_start_matches('\u{feff}').to_owned()),
            Ok(_) => None,
            Err(_) => {
                let plain = bytes.iter().all(
                    |&byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x20..=0x7e | 0xa0..=0xff | 0x91..=0x97),
                );
                plain.then(|| bytes.iter().map(|&byte| char::from(byte)).collect())
            }
        },
    }
}

/// Plain text as a paper: one reading a page; a form feed begins the next page.
pub fn read(bytes: &[u8], limits: &Limits) -> ReadPaper {
    let text = decode(bytes).unwrap_or_default();
    let mut rest = text.chars();
    let taken: String = rest.by_ref().take(CHARACTERS_MAX).collect();
    let pages: Vec<&str> = taken.trim_end_matches('\u{c}').split('\u{c}').collect();
    let pages_max = limits.pages_max as usize;
    let error = if pages.len() > pages_max {
        let message = format!(
            "The text has {} pages; the first {pages_max} were read. Split it into several files.",
            pages.len()
        );
        Some(trouble(PaperErrorCode::TooManyPages, &message))
    } else if rest.next().is_some() {
        Some(trouble(PaperErrorCode::TooLarge, "The text is longer than is read. Split it into several files."))
    } else {
        None
    };
    let readings = pages.iter().take(pages_max).zip(1..).map(|(page, number)| reading(page, number)).collect();
    ReadPaper { media_type: Some(MediaType::Text), readings, error }
}

fn reading(page: &str, number: u32) -> Reading {
    let rows: Vec<&str> = page.split('\n').collect();
    let lines: Vec<Line> = (0..).zip(&rows).filter_map(|(row, text)| line(text, row)).collect();
    let columns = lines.iter().map(|line| line.area().right).max().unwrap_or(0);
    let height = u32::try_from(rows.len()).unwrap_or(u32::MAX / CELL.1) * CELL.1;
    Reading {
        page: number,
        width: columns.max(80 * CELL.0),
        height,
        source: Source::TextLayer,
        rotated: 0,
        lines,
        marks: Vec::new(),
        fax_header: None,
        trouble: None,
    }
}

fn line(text: &str, row: u32) -> Option<Line> {
    let mut words: Vec<Word> = Vec::new();
    let mut column = 0;
    let mut word = String::new();
    let mut start = 0;
    for letter in text.chars().chain([' ']) {
        if letter.is_whitespace() || letter.is_control() {
            if !word.is_empty() {
                let area = Area::new(start * CELL.0, row * CELL.1, column * CELL.0, (row + 1) * CELL.1);
                let text = Private::new(std::mem::take(&mut word));
                words.push(Word { text, area, confidence: 1.0, also: Vec::new(), struck_out: false });
            }
            column = if letter == '\t' { (column / TAB_COLUMNS + 1) * TAB_COLUMNS } else { column + 1 };
        } else {
            if word.is_empty() {
                start = column;
            }
            word.push(letter);
            column += 1;
        }
    }
    (!words.is_empty()).then_some(Line { words })
}
