//! The shape of an ICD-10-CM code, and the characters that OCR mixes up in one.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// "M54.2" without its dot, upper case.
pub(super) fn bare(code: &str) -> String {
    let mut bare = code.to_ascii_uppercase();
    bare.retain(|c| c.is_ascii_alphanumeric());
    bare
}

/// With the dot behind the third character where it is longer.
pub(super) fn dotted(bare: &str) -> String {
    match bare.split_at_checked(3) {
        Some((head, tail)) if !tail.is_empty() => [head, ".", tail].concat(),
        _ => bare.to_owned(),
    }
}

/// A code as a number, a byte a character and the first of them the highest, so that numbers stand in the order of their codes. None
/// for what is longer than any code.
pub(super) fn packed(code: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..code.len())?.copy_from_slice(code.as_bytes());
    (!code.contains('\0')).then_some(u64::from_be_bytes(bytes))
}

/// Whether two packed codes are of one length and differ in one place.
pub(super) fn one_place_apart(a: u64, b: u64) -> bool {
    let apart = a ^ b;
    let place = 0xff << (apart.trailing_zeros() & 0x38);
    apart != 0 && apart & !place == 0 && a & place != 0 && b & place != 0
}

/// One character for each class of look-alikes: {0 O D Q} {1 I L} {5 S} {8 B} {2 Z} {6 G}.
pub(super) fn folded(bare: &str) -> String {
    bare.chars()
        .map(|c| match c.to_ascii_uppercase() {
            'O' | 'D' | 'Q' => '0',
            'I' | 'L' | '|' | '!' => '1',
            'S' | '$' => '5',
            'B' => '8',
            'Z' => '2',
            'G' => '6',
            c => c,
        })
        .collect()
}

/// Whether a code without its dot could be one as it stands: what no code has at a place speaks for a misread.
pub(super) fn is_well_formed(bare: &str) -> bool {
    let chars: Vec<char> = bare.chars().collect();
    let [first, second, third, tail @ ..] = chars.as_slice() else { return false };
    let category = first.is_ascii_uppercase() && (second.is_ascii_digit() || (*first, *second) == ('Q', 'A'));
    let third_fits = third.is_ascii_digit()
        || matches!(
            (*first, *second, *third),
            ('C', '4' | '7', 'A' | 'B')
                | ('D', '3', 'A')
                | ('M', '1', 'A')
                | ('O', '9', 'A')
                | ('Z', '3', 'A')
                | ('J', '4', 'B')
                | ('K', '6', 'A')
        );
    let tail_fits = tail.iter().enumerate().all(|(place, c)| match place {
        0..=2 => c.is_ascii_digit() || matches!(c, 'X' | 'A'..='H'),
        _ if matches!(first, 'S' | 'T' | 'V' | 'W' | 'X' | 'Y' | 'M') => {
            matches!(c, 'A'..='H' | 'J' | 'K' | 'M' | 'N' | 'P'..='S')
        }
        _ => c.is_ascii_alphanumeric() && !matches!(c, 'I' | 'L' | 'O'),
    });
    // a fourth to sixth place holds X only as a filler before a seventh
    let filled = tail
        .iter()
        .position(|c| *c == 'X')
        .is_none_or(|at| tail.len() == 4 || at + 1 == tail.len() || tail.iter().skip(at).all(|c| *c == 'X'));
    category && third_fits && tail.len() <= 4 && tail_fits && filled
}

/// Tokens of `text` that have the shape of a code, each with its place; what names a level of the spine is none.
pub(in crate::rules) fn code_shapes(text: &str) -> Vec<Range<usize>> {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b[A-Z](?:[0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?|[A-Z0-9]{2}\.[0-9A-Z]{1,4})\b")
            .expect("a fixed pattern")
    });
    let shapes = SHAPE.find_iter(text).filter(|shape| {
        let (word, joined) =
            (shape.as_str(), text.get(..shape.start()).is_some_and(|before| before.ends_with(['-', '/'])));
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        digits > 0 && if word.contains('.') { !joined || word.len() > 4 } else { is_bare_category(word) && !joined }
    });
    shapes.map(|shape| shape.range()).collect()
}

/// Three characters that could be a category: no level of the spine, no vitamin.
fn is_bare_category(word: &str) -> bool {
    let number = word.get(1..).and_then(|number| number.parse::<u32>().ok());
    let level = match (word.chars().next(), number) {
        (Some('C'), Some(number)) => number <= 7,
        (Some('T'), Some(number)) => number <= 12,
        (Some('L' | 'S'), Some(number)) => number <= 5,
        _ => false,
    };
    !level && word != "B12" && is_well_formed(word)
}

/// "A.", "2)": the letter or number of an entry of a list.
fn is_mark(word: &str) -> bool {
    let mark = word.trim_start_matches('(').strip_suffix(['.', ')', ':']);
    mark.is_some_and(|mark| {
        // "R." and "(L)" are sides
        let letter = mark.len() == 1 && mark.bytes().all(|byte| byte.is_ascii_alphabetic() && !b"RLrl".contains(&byte));
        letter || (1..=2).contains(&mark.len()) && mark.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The words of an entry without the letters or numbers of the list around them.
pub(in crate::rules) fn without_marks(words: &str) -> &str {
    let mut words = words.trim();
    while let Some(first) = words.split_whitespace().next().filter(|first| is_mark(first)) {
        words = words.get(first.len()..).unwrap_or_default().trim_start();
    }
    while let Some(last) = words.split_whitespace().next_back().filter(|last| is_mark(last)) {
        words = words.get(..words.len() - last.len()).unwrap_or_default().trim_end();
    }
    words
}

/// Whether the last word before a code is the letter or number of its entry: which.
pub(in crate::rules) fn begins_with_mark(before: &str) -> Option<&str> {
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.split_whitespace().next_back().filter(|word| is_mark(word))
}

/// Whether words begin with the number of an entry: "15. Description".
pub(in crate::rules) fn opens_with_mark(words: &str) -> bool {
    words.split_whitespace().next().is_some_and(is_mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_codes_stand_in_order_and_tell_one_place() {
        let pack = |code: &str| packed(code).unwrap();
        assert!(pack("M54") < pack("M54.2") && pack("M54.2") < pack("M54.50") && pack("M54.50") < pack("S13.4XXA"));
        assert_eq!(packed("S13.4XXA1"), None);
        for (a, b, wanted) in [
            ("M54.2", "M54.6", true),
            ("M54.2", "N54.2", true),
            ("M54.2", "M54.2", false),
            ("M54.2", "M54.20", false),
            ("M54.2", "N54.6", false),
            ("S13.4XXA", "S13.4XXD", true),
        ] {
            assert_eq!(one_place_apart(pack(a), pack(b)), wanted, "{a} {b}");
            assert_eq!(one_place_apart(pack(b), pack(a)), wanted, "{b} {a}");
        }
    }
}
