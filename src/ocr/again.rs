//! The second look: unsure words that look like a code, a number or a date are read again, alone and larger.
//!
//! What is worth a second look is known from the reading itself; rules never call back.

use crate::model::{Alternative, Area, Grey, Line, Mark, MarkKind, Private, Word};
use crate::ocr::resize;
use crate::ocr::tesseract::{Engine, OcrError};

/// Words below this confidence may be read again.
const SURE: f32 = 0.93;
/// The same for words that look like names, which nobody doubts above this.
const NAME_SURE: f32 = 0.91;
/// The same for a number with its unit.
const COUNTED_SURE: f32 = 0.80;
/// Most words of a page that are read again; each takes about twenty milliseconds.
const WORDS_MAX: usize = 40;
/// Most words of a page that look like names or counted units and are read again.
const NAMES_MAX: usize = 12;
/// A shorter name says too little for a second look.
const NAME_LETTERS_MIN: usize = 3;
/// How much larger the word is shown: letters of ten points have then twice the height the engine's net was trained on.
const ENLARGED: u32 = 2;
/// White around the word, in pixels after enlarging.
const MARGIN: u32 = 24;
/// Ink around the box of a word that belongs to it, in pixels at 300 dpi: dots and tails that the box cut.
const HALO: u32 = 5;
/// What stands in codes, numbers and dates.
const CODE_CHARACTERS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.,-/()[]#:;$&+";
/// A word of a box and what stands behind it has at most this many letters.
const GLUED_LETTERS_MAX: usize = 9;
/// Letters behind a box that are as sure as this are letters; else the number is looked for.
const SURE_FREE: f32 = 0.9;
/// How sure what two readings saw is.
const BORNE_OUT: f32 = 0.9;
/// A digit is wider than this, in pixels at 300 dpi.
const PART_WIDTH_MIN: u32 = 6;
/// A second reading must be this much surer before it goes in front of the first.
const CLEARLY_SURER: f32 = 0.10;

/// Reads unsure codes, numbers and dates of `lines` on `page` again and notes what they may be as well.
///
/// # Errors
/// Where the engine fails.
pub(in crate::ocr) fn look_again(lines: &mut [Line], page: &Grey, engine: &mut Engine) -> Result<(), OcrError> {
    let unsure = lines.iter_mut().flat_map(|line| &mut line.words).filter(|word| word.confidence < SURE);
    let (mut numbers, mut names) = (0, 0);
    for word in unsure {
        let characters = if is_number_like(word.text.reveal()) && numbers < WORDS_MAX {
            numbers += 1;
            CODE_CHARACTERS
        } else if (is_name_like(word.text.reveal()) && word.confidence < NAME_SURE
            || is_counted(word.text.reveal()) && word.confidence < COUNTED_SURE)
            && names < NAMES_MAX
        {
            names += 1;
            ""
        } else {
            continue;
        };
        let (text, confidence) = engine.word(&enlarged(page, &word.area), characters)?;
        weigh(word, text, confidence);
    }
    Ok(())
}

/// Reads again what stands behind tick boxes that were read as letters of a word: of "M416" over two boxes "4" and "6" are
/// left.
///
/// # Errors
/// Where the engine fails.
pub(in crate::ocr) fn look_beside_boxes(
    lines: &mut [Line],
    marks: &[Mark],
    page: &Grey,
    engine: &mut Engine,
) -> Result<(), OcrError> {
    let boxes: Vec<Area> = marks.iter().filter(|mark| mark.kind == MarkKind::TickBox).map(|mark| mark.area).collect();
    for line in lines {
        let mut words = Vec::new();
        for word in std::mem::take(&mut line.words) {
            let behind = behind_boxes(&word.area, &boxes);
            if behind.is_empty() || word.text.reveal().chars().count() > GLUED_LETTERS_MAX {
                words.push(word);
                continue;
            }
            let mut parts = Vec::new();
            for area in behind {
                let picture = enlarged(page, &area);
                let (free, sure) = engine.word(&picture, "")?;
                let (digits, digits_sure) = engine.word(&picture, "0123456789")?;
                let is_word = sure >= SURE_FREE && free.chars().all(char::is_alphanumeric);
                let (text, confidence) = if is_word { (free, sure) } else { (digits, digits_sure) };
                // the first reading saw it too: alone, a single digit is never sure
                let is_borne_out = word.text.reveal().contains(&text);
                let confidence = if is_borne_out { confidence.max(BORNE_OUT) } else { confidence };
                if !text.is_empty() && !text.contains(' ') {
                    parts.push(Word { text: Private::new(text), area, confidence, ..word.clone() });
                }
            }
            if parts.is_empty() {
                parts.push(word);
            }
            words.extend(parts);
        }
        line.words = words;
    }
    Ok(())
}

/// The parts of a word behind the boxes that it covers, each up to the next box; none where it covers no box, or nothing else.
fn behind_boxes(word: &Area, boxes: &[Area]) -> Vec<Area> {
    let covered = |at: &&Area| {
        at.overlap_x(word) * 2 > at.width()
            && at.overlap_y(word) * 2 > at.height()
            && at.left <= word.left + word.height()
            || at.left > word.left && at.right < word.right && at.overlap_y(word) * 2 > at.height()
    };
    let mut covered: Vec<&Area> = boxes.iter().filter(covered).collect();
    covered.sort_by_key(|area| area.left);
    let ends = covered.iter().skip(1).map(|next| next.left).chain([word.right]);
    let parts = covered.iter().zip(ends).filter_map(|(at, end)| {
        let left = at.right + HALO + 1;
        (end > left + PART_WIDTH_MIN).then(|| Area::new(left, word.top, end, word.bottom))
    });
    parts.collect()
}

/// At least a third of the characters are digits, and there are three characters or more; or a capital with digits behind it.
fn is_number_like(text: &str) -> bool {
    let characters = text.chars().filter(|character| character.is_alphanumeric()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    characters >= 3 && digits * 3 >= characters
}

/// Letters alone behind a capital: names are in no dictionary, so that the engine is unsure of the rare ones however clear they are.
fn is_name_like(text: &str) -> bool {
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    letters >= NAME_LETTERS_MIN
        && text.starts_with(char::is_uppercase)
        && text.chars().all(|character| character.is_alphabetic() || "'-,.’".contains(character))
}

/// A number with its unit written as one: "8wks", "3x/wk".
fn is_counted(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_digit()) && text.chars().any(char::is_alphabetic)
}

/// Two readings that agree, of two sizes, speak for each other. Of two different readings the surer goes first and the other is kept beside it.
fn weigh(word: &mut Word, text: String, confidence: f32) {
    if text.is_empty() {
        return;
    }
    if text == *word.text.reveal() {
        word.confidence = 1.0 - (1.0 - word.confidence) * (1.0 - confidence);
    } else if confidence > word.confidence + CLEARLY_SURER && !text.contains(' ') {
        let first = std::mem::replace(&mut word.text, Private::new(text));
        let also = Alternative { text: first, confidence: word.confidence };
        word.confidence = confidence;
        word.also.push(also);
    } else {
        word.also.push(Alternative { text: Private::new(text), confidence });
    }
}

/// The picture of a word, larger and with white around it.
fn enlarged(page: &Grey, area: &Area) -> Grey {
    let around = Area::new(
        area.left.saturating_sub(HALO),
        area.top.saturating_sub(HALO),
        (area.right + HALO).min(page.width),
        (area.bottom + HALO).min(page.height),
    );
    let large = resize::cut(page, &around, ENLARGED);
    let (width, height) = (large.width + 2 * MARGIN, large.height + 2 * MARGIN);
    let mut pixels = vec![255; width as usize * height as usize];
    for y in 0..large.height {
        let start = (y + MARGIN) as usize * width as usize + MARGIN as usize;
        pixels[start..start + large.width as usize].copy_from_slice(large.row(y));
    }
    Grey { width, height, pixels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_numbers_and_dates_are_worth_a_second_look() {
        for text in ["M54.2", "S13.4XXA", "97140", "09/14/2026", "704-555-0123", "G44209", "44-2211-B90"] {
            assert!(is_number_like(text), "{text}");
        }
        for text in ["Massage", "2x", "a", "", "therapy4"] {
            assert!(!is_number_like(text), "{text}");
        }
    }

    #[test]
    fn the_surer_reading_goes_first_and_none_is_lost() {
        let word = |confidence| Word {
            text: Private::from("M54.Z"),
            area: Area::default(),
            confidence,
            also: Vec::new(),
            struck_out: false,
        };
        let mut poor = word(0.4);
        weigh(&mut poor, "M54.2".to_owned(), 0.9);
        assert_eq!((poor.text.reveal().as_str(), poor.also[0].text.reveal().as_str()), ("M54.2", "M54.Z"));
        let mut good = word(0.8);
        weigh(&mut good, "M54.2".to_owned(), 0.85);
        assert_eq!((good.text.reveal().as_str(), good.also[0].text.reveal().as_str()), ("M54.Z", "M54.2"));
        let mut same = word(0.8);
        weigh(&mut same, "M54.Z".to_owned(), 0.8);
        assert!((same.confidence - 0.96).abs() < 0.01 && same.also.is_empty());
    }
}
