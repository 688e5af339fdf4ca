//! A telephone number as people and machines write it, made comparable.

use crate::intake::hylafax::clean;

/// "(704) 555-0101" and "1-704-555-0101" are +17045550101 (E.164; without a country code, North America is meant). What has
/// another form stays as it is; a word for "nothing" is none.
pub(in crate::intake::senders) fn number(text: &str) -> Option<String> {
    let text = clean(text)?;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.bytes().all(|digit| digit == b'0') {
        return None;
    }
    let is_dialled = text.chars().all(|letter| letter.is_ascii_digit() || "+()-./ ".contains(letter));
    match (is_dialled, text.starts_with('+'), digits.len()) {
        (true, true, 8..=15) => Some(format!("+{digits}")),
        (true, false, 10) => Some(format!("+1{digits}")),
        (true, false, 11) if digits.starts_with('1') => Some(format!("+{digits}")),
        _ => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_made_comparable() {
        for text in ["(704) 555-0101", "1-704-555-0101", "17045550101", "+1 704.555.0101", "704 555 0101"] {
            assert_eq!(number(text).as_deref(), Some("+17045550101"), "{text}");
        }
        for text in ["unknown", "UNAVAILABLE", "<UNSPECIFIED>", "Anonymous", "", "0000000000"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(number("5550101").as_deref(), Some("5550101"), "a local number stays as it is");
        assert_eq!(number("+49 30 1234567").as_deref(), Some("+49301234567"));
    }
}
