//! In: a word of a page, perhaps damaged. Out: forms of it under which the word of a label can be found.

use strsim::osa_distance;

use crate::rules::label::{END_LETTERS, TOLERANT_LETTERS_MIN};

/// What a word of three or four letters looks like, letters and digits that OCR takes for each other being one ("D0B", "DOT" for
/// "DOI"); shorter words look like too much.
pub(in crate::rules) fn shape(word: &str) -> Option<Shape> {
    let look = |letter: char| match letter {
        '1' | 'i' | 'l' | 't' => 'i',
        '0' | 'o' | 'd' | 'q' => 'o',
        '5' | 's' => 's',
        '8' | 'b' => 'b',
        other => other,
    };
    let (mut shape, mut letters, mut count) = (Shape::default(), word.chars(), 0);
    for (place, letter) in shape.iter_mut().zip(letters.by_ref()) {
        *place = look(letter);
        count += 1;
    }
    (count >= SHAPE_LETTERS_MIN && letters.next().is_none()).then_some(shape)
}

/// The letters of a shape.
pub(in crate::rules) type Shape = [char; TOLERANT_LETTERS_MIN - 1];
/// A shape has at least so many.
const SHAPE_LETTERS_MIN: usize = 3;

/// The letters at an end of a label.
pub(in crate::rules) type Letters = u32;

/// The first letters of a label or of what may be one.
pub(in crate::rules) fn beginning(together: &str) -> Option<Letters> {
    together.as_bytes().first_chunk::<END_LETTERS>().map(|letters| Letters::from_le_bytes(*letters))
}

/// The last letters of a label or of what may be one.
pub(in crate::rules) fn end(together: &str) -> Option<Letters> {
    together.as_bytes().last_chunk::<END_LETTERS>().map(|letters| Letters::from_le_bytes(*letters))
}

/// Tells a sum of the letters of a word, and the sum without each of them; some twice. Two words that differ in one letter, or in
/// two that changed places, share a sum; so do some others.
pub(in crate::rules) fn each_sum(word: &str, mut tell: impl FnMut(u64)) {
    // as they are, "b" and "d" would be two of "c"
    let worth = |letter: char| u64::from(letter) * u64::from(letter) * u64::from(letter);
    let all = word.chars().map(worth).fold(0, u64::wrapping_add);
    tell(all);
    word.chars().for_each(|letter| tell(all.wrapping_sub(worth(letter))));
}

/// The letters that a word holds, a bit each.
pub(in crate::rules) fn letters(word: &[u8]) -> u32 {
    word.iter().fold(0, |all, byte| all | 1 << (byte % 32))
}

/// Whether words with these letters may differ in one: at most one is gone and one come.
pub(in crate::rules) fn may_differ_in_one(a: u32, b: u32) -> bool {
    let apart = a ^ b;
    let without_last = apart & apart.wrapping_sub(1);
    without_last & without_last.wrapping_sub(1) == 0
}

/// The end of the run of letters and figures from a byte of a text on; `counts` says which other signs belong to one.
pub(in crate::rules) fn run_end(text: &str, from: usize, counts: impl Fn(u8) -> bool) -> usize {
    let mut end = from;
    loop {
        let rest = text.as_bytes().get(end..).unwrap_or_default();
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || counts(*byte);
        end += rest.iter().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        // a letter of several bytes
        match letter_at(text, end).filter(|letter| letter.is_alphanumeric()) {
            Some(letter) => end += letter.len_utf8(),
            None => return end,
        }
    }
}

/// The letter that begins at a byte of a text; None at its end.
pub(in crate::rules) fn letter_at(text: &str, at: usize) -> Option<char> {
    let byte = *text.as_bytes().get(at)?;
    if byte.is_ascii() { Some(char::from(byte)) } else { text.get(at..)?.chars().next() }
}

/// Whether two words are the same but for one letter, or for two beside each other that changed places.
pub(in crate::rules) fn one_off(a: &str, b: &str) -> bool {
    if !may_be_one_off(a, b) {
        return false;
    }
    // letters of several bytes are rare
    if !a.is_ascii() || !b.is_ascii() {
        return osa_distance(a, b) <= 1;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (begin, end) = alike(a, b);
    match (&a[begin..a.len() - end], &b[begin..b.len() - end]) {
        ([first, second], [other_first, other_second]) => first == other_second && second == other_first,
        (own, other) => own.len() <= 1 && other.len() <= 1,
    }
}

/// Whether two words may differ in one letter, or in two that changed places: but for two letters, they begin and end alike.
fn may_be_one_off(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let (begin, end) = alike(a, b);
    a.len().max(b.len()) <= begin + end + 2
}

/// How many bytes two words begin with alike, and how many of the others they end with alike.
fn alike(a: &[u8], b: &[u8]) -> (usize, usize) {
    let begin = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[begin..], &b[begin..]);
    (begin, a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count())
}

#[cfg(test)]
mod tests {
    use strsim::osa_distance;

    use super::one_off;

    #[test]
    fn one_letter_apart_is_what_the_distance_says() {
        let words = ["claim", "clami", "clam", "claims", "xlaim", "laim", "caim", "clxym", "claimed", "cliam", ""];
        for (a, b) in words.iter().flat_map(|a| words.iter().map(move |b| (a, b))) {
            assert_eq!(one_off(a, b), osa_distance(a, b) <= 1, "{a} {b}");
        }
    }
}
