//! In: text. Out: its clauses.

use std::ops::Range;

/// A word of at most so many letters before a full stop is an abbreviation ("wks.").
const ABBREVIATION_LETTERS_MAX: usize = 4;

/// The bytes of each clause of a text, without the sign that ends it: a line's end, a semicolon, or a full stop before a blank that
/// ends no abbreviation or stands before a capital.
pub(in crate::rules) fn clauses(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut from = 0;
    let is_sign = |byte: &u8| matches!(byte, b';' | b'\n' | b'.');
    while let Some(step) = text.as_bytes()[from..].iter().position(is_sign) {
        let at = from + step;
        from = at + 1;
        if text.as_bytes()[at] != b'.' || ends_clause(text, start..at) {
            out.push(start..at);
            start = from;
        }
    }
    out.push(start..text.len());
    out
}

/// Whether the full stop right behind a place ends it.
fn ends_clause(text: &str, before: Range<usize>) -> bool {
    let Some(behind) = text.get(before.end + 1..).filter(|behind| behind.starts_with(' ')) else { return false };
    let words = text.get(before).unwrap_or_default();
    let last = words.rsplit(|letter: char| !letter.is_alphabetic()).next().unwrap_or_default();
    last.len() > ABBREVIATION_LETTERS_MAX || behind.trim_start().starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::clauses;

    #[test]
    fn clauses_end_where_a_sentence_does() {
        let said = |text: &'static str| -> Vec<&str> {
            clauses(text).into_iter().map(|clause| text.get(clause).expect("whole letters").trim()).collect()
        };
        assert_eq!(said("massage 2x/wk. Ibuprofen 3x/day"), ["massage 2x/wk", "Ibuprofen 3x/day"]);
        assert_eq!(said("massage; ice\nrest"), ["massage", "ice", "rest"]);
        assert_eq!(said("for six weeks. then weekly"), ["for six weeks", "then weekly"]);
        assert_eq!(said("2x/wk. for 6 wks. at M54.2"), ["2x/wk. for 6 wks. at M54.2"]);
    }
}
