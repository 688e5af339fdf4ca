//! Tesseract's table of words becomes lines.

use crate::model::{Area, Line, Private, Word};

/// The level of a row that is a word.
const WORD: &str = "5";

/// Reads the twelve columns: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
pub(in crate::ocr) fn lines(tsv: &str, width: u32, height: u32) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut last = None;
    for row in tsv.lines() {
        let columns: Vec<&str> = row.split('\t').collect();
        let [WORD, _, block, paragraph, line, _, left, top, word_width, word_height, confidence, text] = columns[..]
        else {
            continue;
        };
        let Some(word) = word(left, top, word_width, word_height, confidence, text, width, height) else { continue };
        let place = Some((block.to_owned(), paragraph.to_owned(), line.to_owned()));
        if place == last {
            lines.last_mut().expect("a line was begun").words.push(word);
        } else {
            lines.push(Line { words: vec![word] });
            last = place;
        }
    }
    lines
}

#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
fn word(
    left: &str,
    top: &str,
    word_width: &str,
    word_height: &str,
    confidence: &str,
    text: &str,
    width: u32,
    height: u32,
) -> Option<Word> {
    let text = text.trim();
    let number = |text: &str| text.parse::<u32>().ok();
    let (left, top) = (number(left)?, number(top)?);
    let area = Area::new(
        left.min(width),
        top.min(height),
        (left + number(word_width)?).min(width),
        (top + number(word_height)?).min(height),
    );
    let confidence = (confidence.parse::<f32>().ok()? / 100.0).clamp(0.0, 1.0);
    (!text.is_empty()).then(|| Word {
        text: Private::from(text),
        area,
        confidence,
        also: Vec::new(),
        struck_out: false,
    })
}
