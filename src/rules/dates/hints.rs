//! In: text. Out: whether a day of some shape may stand in it: a cheap look that turns most texts away before a pattern is tried.

use std::ops::Range;
use std::sync::LazyLock;

use super::digit;

/// From its first byte to its first digit, from one digit to the next and from the last one to its end a day has fewer bytes than so many.
const DIGIT_GAP_MAX: usize = 32;

/// The parts of a text in which a day may stand: what is near its digits.
pub(super) fn near_digits(text: &str) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        let (start, end) = (at.saturating_sub(DIGIT_GAP_MAX), (at + DIGIT_GAP_MAX).min(text.len()));
        match parts.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => parts.push(start..end),
        }
    }
    for part in &mut parts {
        part.start = (0..=part.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        part.end = (part.end..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    }
    parts
}

/// What a part of a text holds of days.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// So many digits stand side by side somewhere: letters stand for some of a day's digits, but never for all of a number.
    pub(super) run: usize,
    /// A year in digits stands behind a blank: "11 02 2026".
    pub(super) year_behind_blank: bool,
    /// One or two digits stand between two signs: the middle of "11/02/2026".
    pub(super) middle: bool,
    /// The same behind four digits: "2026-11-02".
    pub(super) middle_behind_year: bool,
    /// A sign stands beside a number that has swallowed another: "11102/2026", "11/0212026".
    pub(super) swallowed: bool,
    /// Three letters stand there with which a month may begin.
    pub(super) month: bool,
}

impl Hints {
    pub(super) fn of(text: &str) -> Self {
        let text = text.as_bytes();
        let mut hints = Self { month: has_month(text), ..Self::default() };
        let mut run = 0;
        for (at, byte) in text.iter().enumerate() {
            run = if byte.is_ascii_digit() { run + 1 } else { 0 };
            hints.run = hints.run.max(run);
            match byte {
                b' ' => hints.year_behind_blank |= begins_year(text, at + 1),
                _ if is_sign(byte) => hints.note_sign(text, at),
                _ => {}
            }
        }
        hints
    }

    fn note_sign(&mut self, text: &[u8], sign: usize) {
        let before = text.get(..sign).unwrap_or_default().iter().rev().take_while(|byte| is_digit(byte)).count();
        let blank = |at: usize| usize::from(text.get(at) == Some(&b' '));
        let first = sign + 1 + blank(sign + 1);
        let behind = text.get(first..).unwrap_or_default().iter().take_while(|byte| is_digit(byte)).count();
        let next = first + behind + blank(first + behind);
        let middle = (1..=2).contains(&behind) && text.get(next).is_some_and(is_sign);
        self.middle |= middle;
        self.middle_behind_year |= middle && before >= 4;
        self.swallowed |= before >= 4 || behind >= 7;
    }
}

/// "1926", "2026".
fn begins_year(text: &[u8], at: usize) -> bool {
    matches!(
        text.get(at..at + 4),
        Some([b'1', b'9', b'0'..=b'9', b'0'..=b'9'] | [b'2', b'0', b'0'..=b'9', b'0'..=b'9'])
    )
}

fn is_sign(byte: &u8) -> bool {
    matches!(byte, b'/' | b'-' | b'.' | b',')
}

/// A digit, or what OCR makes of it.
fn is_digit(byte: &u8) -> bool {
    digit(char::from(*byte)).is_some()
}

/// The first three letters of each month, and what OCR makes of them.
pub(super) const MONTH_HEADS: [[&str; 3]; 12] = [
    ["j7", "a", "n"],
    ["fe", "e", "b"],
    ["mn", "a", "r"],
    ["a4", "p", "r"],
    ["mn", "a", "y"],
    ["j7", "u", "n"],
    ["j7", "uo", "l1i!|"],
    ["a4", "u", "gq9"],
    ["s5", "e", "p"],
    ["o0", "ce", "t"],
    ["nm", "o0", "v"],
    ["d0o", "e", "ce"],
];
/// Long months without their first letter, which OCR may take for any.
pub(super) const MONTH_TAILS: [&str; 6] = ["anuary", "ebruary", "eptember", "ctober", "ovember", "ecember"];

/// Whether three letters stand somewhere in a text with which a month may begin.
fn has_month(text: &[u8]) -> bool {
    /// For each byte the months at whose first, second and third place it may stand.
    static MONTHS: LazyLock<[[u32; 256]; 3]> = LazyLock::new(|| {
        let mut months = [[0; 256]; 3];
        let mut note = |place: usize, letters: &[u8], month: usize| {
            for letter in letters {
                months[place][usize::from(letter.to_ascii_lowercase())] |= 1 << month;
                months[place][usize::from(letter.to_ascii_uppercase())] |= 1 << month;
            }
        };
        for (month, head) in MONTH_HEADS.iter().enumerate() {
            head.iter().enumerate().for_each(|(place, letters)| note(place, letters.as_bytes(), month));
        }
        for (at, tail) in MONTH_TAILS.iter().enumerate() {
            let month = MONTH_HEADS.len() + at;
            note(0, b"abcdefghijklmnopqrstuvwxyz", month);
            tail.bytes().take(2).enumerate().for_each(|(at, letter)| note(at + 1, &[letter], month));
        }
        months
    });
    let months = &*MONTHS;
    text.windows(3).any(|letters| {
        let at = |place: usize| letters.get(place).map_or(0, |letter| months[place][usize::from(*letter)]);
        at(0) & at(1) & at(2) != 0
    })
}
