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
/// A capital and two digits, then a comma and more: a dot.
static DOT_AS_COMMA: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([(\[]?[A-Z]\d[0-9A-Z]),(\d[0-9A-Z]{0,3}\b)").expect("a sound pattern"));

/// Mends impossible shapes in all words.
pub(in crate::ocr) fn mend(lines: &mut [Line]) {
    for word in lines.iter_mut().flat_map(|line| &mut line.words) {
        if let Some(text) = mended(word.text.reveal()) {
            replace(word, text);
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
    fn impossible_shapes_are_mended() {
        let check = |read: &str, expected: Option<&str>| assert_eq!(mended(read).as_deref(), expected, "{read}");
        check("$16.1XXA", Some("S16.1XXA"));
        check("($13.4XXA)", Some("(S13.4XXA)"));
        check("G44,209", Some("G44.209"));
        check("$13,4XXA.", Some("S13.4XXA."));
        check("M54,2;", Some("M54.2;"));
        check("$120.00", None);
        check("$1,200", None);
        check("M54,M55", None);
        check("A1,200,000", None);
        check("therapy,2", None);
    }
}
