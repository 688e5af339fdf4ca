//! How often in Latin and its like: "TIW", "q.o.d.", "QW".

use super::element::{Count, Placed};
use super::rate::{placed, simple};
use super::token::Token;
use crate::model::PeriodUnit;

const PRONE: &str = "an error-prone abbreviation (ISMP list)";

/// Its letters, how many visits in how many units of time, and why a person should look.
const LATIN: [(&str, u32, u32, PeriodUnit, Option<&str>); 11] = [
    ("biw", 2, 1, PeriodUnit::Week, Some(PRONE)),
    ("tiw", 3, 1, PeriodUnit::Week, Some(PRONE)),
    ("bid", 2, 1, PeriodUnit::Day, Some(PRONE)),
    ("tid", 3, 1, PeriodUnit::Day, Some(PRONE)),
    ("qod", 1, 2, PeriodUnit::Day, Some(PRONE)),
    ("qow", 1, 2, PeriodUnit::Week, Some(PRONE)),
    ("eow", 1, 2, PeriodUnit::Week, None),
    ("qwk", 1, 1, PeriodUnit::Week, None),
    ("qweek", 1, 1, PeriodUnit::Week, None),
    ("qw", 1, 1, PeriodUnit::Week, None),
    ("qd", 1, 1, PeriodUnit::Day, None),
];

/// Whether a word is an abbreviation, whole or damaged, or its first letter.
pub(super) fn is_latin(word: &str) -> bool {
    LATIN.iter().any(|(letters, ..)| is_damaged(word, letters) || word.len() == 1 && letters.starts_with(word))
}

/// "biw", or "b1w" with letters that OCR takes for others.
fn is_damaged(word: &str, letters: &str) -> bool {
    let mended = |letter: u8| match letter {
        b'1' | b'l' | b'|' => b'i',
        b'0' => b'o',
        letter => letter,
    };
    word.len() == letters.len() && word.bytes().map(mended).eq(letters.bytes())
}

/// Latin and its like. Those on the ISMP list of error-prone abbreviations ask for a look.
pub(super) fn latin(tokens: &[Token], i: usize) -> Option<Placed> {
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    let lettered = |letters: &str| -> Option<usize> {
        let mut at = i;
        for letter in letters.chars() {
            if !word(at).is_some_and(|word| word.chars().eq([letter])) {
                return None;
            }
            at += 1;
            at += usize::from(tokens.get(at).is_some_and(|t| t.sign('.') && t.glued));
        }
        Some(at)
    };
    let raw = word(i).filter(|word| is_latin(word))?;
    for (letters, count, period, unit, review) in LATIN {
        let (next, is_mended) = if raw == letters {
            (i + 1, false)
        } else if is_damaged(raw, letters) {
            (i + 1, true)
        } else if let Some(next) = lettered(letters).filter(|next| *next != i + 1) {
            (next, false)
        } else {
            continue;
        };
        let mut found = placed(simple(Count::exactly(count), period, unit), i..next);
        found.review = if is_mended { Some(PRONE) } else { review };
        return Some(found);
    }
    None
}
