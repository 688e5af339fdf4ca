//! Readings that cannot be, by their shape alone: an amount of money has no letters, and no comma stands inside a code.
//!
//! The engine prefers what is frequent in running text. Only shapes that are wrong whatever the paper is about are mended here;
//! what a code means is the rules' matter. The engine's own reading stays beside the mended one.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Alternative, Line, Private, Word};

/// A mended word is at most this sure.
const MENDED_CONFIDENCE_MAX: f32 = 0.85;

/// A dollar sign before digits with letters behind them: the letter S.
static LETTER_AS_DOLLAR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([(\[]?)\$(\d[\d.,]*[A-Z][0-9A-Z]*)").expect("a sound pattern"));
/// A capital and two digits, then a comma, with or without a dot, and more: a dot.
static DOT_AS_COMMA: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([(\[]?[A-Z]\d[0-9A-Z])(?:,\.?|\.,)(\d[0-9A-Z]{0,3}\b)").expect("a sound pattern"));

/// Digits that are nearer to each other than this, in inches, are of one number, whatever streak stood between them.
const DIGIT_GAP_INCHES: f32 = 0.02;

/// A digit lower than this share of its line's tall letters has lost a part of itself: half a 2 reads as a sure 4.
const WHOLE_DIGIT: f32 = 0.65;
/// How sure such a digit is.
const CUT_DIGIT: f32 = 0.4;

/// Mends impossible shapes in all words of a page of `dpi`.
pub(in crate::ocr) fn mend(lines: &mut [Line], dpi: u32) {
    let gap = (dpi as f32 * DIGIT_GAP_INCHES) as u32;
    lines.iter_mut().for_each(|line| {
        join_digits(line, gap);
        doubt_cut_digits(line);
    });
    for word in lines.iter_mut().flat_map(|line| &mut line.words) {
        if let Some(text) = mended(word.text.reveal()) {
            replace(word, text);
        }
    }
}

fn join_digits(line: &mut Line, gap: u32) {
    let mut words: Vec<Word> = Vec::with_capacity(line.words.len());
    for word in std::mem::take(&mut line.words) {
        match words.last_mut() {
            Some(before) if is_one_number(before, &word, gap) => {
                before.text = Private::new(format!("{}{}", before.text.reveal(), word.text.reveal()));
                before.area = before.area.union(&word.area);
                before.confidence = before.confidence.min(word.confidence).min(MENDED_CONFIDENCE_MAX);
                before.also.clear();
            }
            _ => words.push(word),
        }
    }
    line.words = words;
}

fn is_one_number(before: &Word, word: &Word, gap: u32) -> bool {
    before.text.reveal().ends_with(|character: char| character.is_ascii_digit())
        && word.text.reveal().starts_with(|character: char| character.is_ascii_digit())
        && word.area.left >= before.area.right
        && word.area.left - before.area.right <= gap
}

/// Capitals and digits are equally tall; tails, commas and brackets make words taller.
fn doubt_cut_digits(line: &mut Line) {
    let even = |word: &&Word| word.text.reveal().chars().all(|c| c.is_ascii_alphanumeric() && !"gjpqyQJ".contains(c));
    let mut heights: Vec<u32> = line.words.iter().filter(even).map(|word| word.area.height()).collect();
    heights.sort_unstable_by(|one, other| other.cmp(one));
    let Some(tall) = heights.get(1) else { return };
    let low = |word: &Word| (word.area.height() as f32) < *tall as f32 * WHOLE_DIGIT;
    for word in &mut line.words {
        if word.text.reveal().chars().all(|character| character.is_ascii_digit()) && low(word) {
            word.confidence = word.confidence.min(CUT_DIGIT);
        }
    }
}

fn mended(text: &str) -> Option<String> {
    let letter = LETTER_AS_DOLLAR.replace(text, "${1}S${2}");
    let dot = DOT_AS_COMMA.replace(&letter, "${1}.${2}");
    (dot != text).then(|| dot.into_owned())
}

fn replace(word: &mut Word, text: String) {
    word.also.retain(|other| *other.text.reveal() != text);
    let first = std::mem::replace(&mut word.text, Private::new(text));
    word.also.insert(0, Alternative { text: first, confidence: word.confidence.min(0.5) });
    word.confidence = word.confidence.min(MENDED_CONFIDENCE_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_a_streak_cut_is_one_number() {
        let word = |text: &str, left, right| Word {
            text: Private::from(text),
            area: crate::model::Area::new(left, 10, right, 40),
            confidence: 0.95,
            also: Vec::new(),
            struck_out: false,
        };
        let mut lines = [Line {
            words: vec![word("[971", 100, 176), word("24]", 180, 230), word("2", 245, 265), word("x", 268, 280)],
        }];
        mend(&mut lines, 300);
        let texts: Vec<&str> = lines[0].words.iter().map(|word| word.text.reveal().as_str()).collect();
        assert_eq!(texts, ["[97124]", "2", "x"]);
        assert!(lines[0].words[0].confidence <= MENDED_CONFIDENCE_MAX);
    }

    #[test]
    fn a_digit_without_its_upper_half_is_not_sure() {
        let word = |text: &str, top| Word {
            text: Private::from(text),
            area: crate::model::Area::new(0, top, 20, 40),
            confidence: 0.95,
            also: Vec::new(),
            struck_out: false,
        };
        let mut line = [Line { words: vec![word("4", 22), word("visits", 8), word("12", 10), word("(on", 0)] }];
        mend(&mut line, 300);
        let sure: Vec<bool> = line[0].words.iter().map(|word| word.confidence > CUT_DIGIT).collect();
        assert_eq!(sure, [false, true, true, true]);
    }

    #[test]
    fn impossible_shapes_are_mended() {
        let check = |read: &str, expected: Option<&str>| assert_eq!(mended(read).as_deref(), expected, "{read}");
        check("$16.1XXA", Some("S16.1XXA"));
        check("($13.4XXA)", Some("(S13.4XXA)"));
        check("G44,209", Some("G44.209"));
        check("$13,4XXA.", Some("S13.4XXA."));
        check("M54,.59", Some("M54.59"));
        check("M54,2;", Some("M54.2;"));
        check("$120.00", None);
        check("$1,200", None);
        check("M54,M55", None);
        check("A1,200,000", None);
        check("therapy,2", None);
    }
}
