//! In: text. Out: NPIs, phone numbers and claim numbers, each with its span, its repairs and why it may be wrong.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::date;
use regex::Regex;

use crate::model::Private;
use crate::rules::Repair;
use crate::rules::dates::{DateKind, find_dates};

/// A ten-digit number that may be an NPI; whether it is one a label or its place must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpiHit {
    /// Ten digits.
    pub digits: String,
    /// The ten digits before one of them was mended.
    pub printed: String,
    /// Begins with 1 or 2 and Luhn over 80840 and the number holds (45 CFR 162.406).
    pub valid: bool,
    /// Where it stands.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look.
    pub doubts: Vec<String>,
}

/// A North American phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneHit {
    /// "+17045550123".
    pub e164: Private<String>,
    /// Digits behind "ext".
    pub extension: Option<String>,
    /// Where it stands.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look.
    pub doubts: Vec<String>,
}

/// A token in a claim slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimHit {
    /// As printed.
    pub number: Private<String>,
    /// Where it stands.
    pub span: Range<usize>,
    /// A word before it says that it is a policy, group or authorisation number.
    pub other_kind: bool,
    /// Letters and digits that OCR mixes up stand side by side (O/0, I/1, S/5, B/8, Z/2, G/6): sound in a text layer, a reason
    /// to look where the reading is not sure of itself.
    pub look_alikes: bool,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look; no patient data.
    pub doubts: Vec<String>,
}

/// Ten-digit numbers of an NPI slot, from left to right.
pub fn find_npis(text: &str) -> Vec<NpiHit> {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9OolI|SBZGQD!]{10}"));
    static PIECES: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9OolISBZG](?:[ .\-]?[0-9OolISBZG]){9}"));
    let mut hits: Vec<NpiHit> = WHOLE.find_iter(text).filter_map(|found| npi(text, found.range(), false)).collect();
    if hits.is_empty() {
        hits = PIECES.find_iter(text).filter_map(|found| npi(text, found.range(), true)).collect();
    }
    hits
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours compiles")
}

fn npi(text: &str, span: Range<usize>, joined: bool) -> Option<NpiHit> {
    if !stands_alone(text, &span) {
        return None;
    }
    let printed = text.get(span.clone())?;
    let raw: String = printed.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    let letters = raw.chars().filter(|c| !c.is_ascii_digit()).count();
    if 3 < letters {
        return None;
    }
    let digits: String = raw.chars().map(digit).collect::<Option<String>>()?;
    if !matches!(digits.chars().next(), Some('1' | '2')) {
        return None;
    }
    let mut hit = NpiHit {
        valid: npi_holds(&digits),
        printed: digits.clone(),
        digits,
        span: span.clone(),
        repairs: Vec::new(),
        doubts: Vec::new(),
    };
    if hit.digits != printed {
        hit.repairs.push(Repair::new(span.clone(), printed, &hit.digits));
    }
    if joined {
        hit.doubts.push("the number was put together from pieces".to_owned());
    }
    if !hit.valid {
        hit.doubts.push("the check digit does not hold".to_owned());
        if let [only] = one_digit_away(&hit.digits).as_slice() {
            hit.repairs = vec![Repair::new(span, printed, only)];
            hit.doubts = vec!["one digit was mended so that the check digit holds".to_owned()];
            hit.digits.clone_from(only);
            hit.valid = true;
        }
    }
    Some(hit)
}

/// Luhn over the prefix 80840 and the number is the same as starting the sum at 24.
pub(in crate::rules) fn npi_holds(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .enumerate()
        .filter_map(|(place, c)| {
            let digit = c.to_digit(10)?;
            let doubled = if place % 2 == 1 { digit * 2 } else { digit };
            Some(if 9 < doubled { doubled - 9 } else { doubled })
        })
        .sum();
    digits.len() == 10 && (sum + 24).is_multiple_of(10)
}

/// Numbers that hold and differ in one digit that OCR mixes up.
fn one_digit_away(digits: &str) -> Vec<String> {
    let alike = |c: char| match c {
        '1' => "7",
        '7' => "1",
        '3' => "8",
        '8' => "30",
        '5' => "6",
        '6' => "5",
        '0' => "8",
        '4' => "9",
        '9' => "4",
        _ => "",
    };
    let mut out = Vec::new();
    for (place, c) in digits.chars().enumerate() {
        for other in alike(c).chars() {
            let candidate: String =
                digits.chars().enumerate().map(|(i, c)| if i == place { other } else { c }).collect();
            if npi_holds(&candidate) && matches!(candidate.chars().next(), Some('1' | '2')) {
                out.push(candidate);
            }
        }
    }
    out
}

fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        'O' | 'o' | 'Q' | 'D' => Some('0'),
        'l' | 'I' | '|' | '!' => Some('1'),
        'S' => Some('5'),
        'B' => Some('8'),
        'Z' => Some('2'),
        'G' => Some('6'),
        _ => None,
    }
}

fn stands_alone(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let mut behind = text.get(span.end..).unwrap_or_default().chars();
    let after = behind.next();
    let inside = |c: char| c.is_alphanumeric();
    let glued_on = after == Some('-') && behind.next().is_some_and(|c| c.is_ascii_digit());
    !before.is_some_and(inside) && before != Some('-') && !after.is_some_and(inside) && !glued_on
}

/// Phone numbers of the North American plan, from left to right.
pub fn find_phones(text: &str) -> Vec<PhoneHit> {
    static PHONE: LazyLock<Regex> = LazyLock::new(|| {
        let d = "[0-9OolISB]";
        pattern(&format!(
            r"(?:\+?1[ .\-/]{{0,2}})?[(\[{{]?\ ?(?P<a>[2-9]{d}{{2}})\ ?[)\]}}]?[ .\-/–]{{0,3}}(?P<b>[2-9]{d}{{2}})[ .\-–]{{0,3}}(?P<c>{d}{{4}})(?:[ ,]{{0,2}}(?i-u:ext\.?|extension|x)\ ?(?P<x>[0-9]{{1,6}}))?"
        ))
    });
    PHONE
        .captures_iter(text)
        .filter_map(|found| {
            let span = found.get(0)?.range();
            let printed = text.get(span.clone())?;
            let raw =
                format!("{}{}{}", found.name("a")?.as_str(), found.name("b")?.as_str(), found.name("c")?.as_str());
            let letters = raw.chars().filter(|c| !c.is_ascii_digit()).count();
            if 2 < letters || !phone_alone(text, &span) {
                return None;
            }
            let digits: String = raw.chars().map(digit).collect::<Option<String>>()?;
            let mended = 0 < letters;
            let e164 = format!("+1{digits}");
            Some(PhoneHit {
                repairs: mended.then(|| Repair::new(span.clone(), printed, &e164)).into_iter().collect(),
                doubts: mended.then(|| "letters among the digits".to_owned()).into_iter().collect(),
                e164: e164.into(),
                extension: found.name("x").map(|x| x.as_str().to_owned()),
                span,
            })
        })
        .collect()
}

fn phone_alone(text: &str, span: &Range<usize>) -> bool {
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let mut behind = text.get(span.end..).unwrap_or_default().chars();
    let after = behind.next();
    let glued_on = matches!(after, Some('-' | '/')) && behind.next().is_some_and(|c| c.is_ascii_digit());
    !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '/'))
        && !after.is_some_and(char::is_alphanumeric)
        && !glued_on
}

/// Claim numbers of a claim slot, from left to right. Tokens of 5 to 25 letters, digits, dashes and slashes with at least four
/// digits; no phone, no date.
pub fn find_claim_numbers(text: &str) -> Vec<ClaimHit> {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Za-z0-9](?:[A-Za-z0-9/.–\-|]*[A-Za-z0-9])?"));
    let mut taken: Vec<Range<usize>> = find_phones(text)
        .into_iter()
        .filter(|phone| {
            text.get(phone.span.clone())
                .is_some_and(|printed| printed.contains(['(', ' ', '.']) || printed.matches('-').count() == 2)
        })
        .map(|phone| phone.span)
        .chain(
            find_dates(text, DateKind::Injury, date(2099, 1, 1))
                .into_iter()
                .filter(|day| separated(text, &day.span))
                .map(|day| day.span),
        )
        .collect();
    let mut tokens: Vec<Range<usize>> = TOKEN.find_iter(text).map(|found| found.range()).collect();
    taken.sort_by_key(|taken| taken.start);
    tokens.retain(|token| {
        let next = taken.partition_point(|taken| taken.end <= token.start);
        taken.get(next).is_none_or(|taken| token.end <= taken.start)
    });
    let mut hits = Vec::new();
    let mut i = 0;
    while let Some(first) = tokens.get(i).cloned() {
        let mut span = first;
        let mut pieces = 1;
        while let Some(next) = tokens.get(i + pieces).filter(|next| continues(text, &span, next)) {
            span.end = next.end;
            pieces += 1;
        }
        i += pieces;
        hits.extend(claim(text, span, 1 < pieces));
    }
    hits
}

/// A date of a claim slot is one with signs between its numbers: "11022026" may be a claim.
fn separated(text: &str, span: &Range<usize>) -> bool {
    text.get(span.clone()).is_some_and(|printed| !printed.chars().all(char::is_alphanumeric))
}

/// A dash at the end or the beginning says that a blank of OCR cut a number; so do short pieces of digits ("0123 4567 89").
fn continues(text: &str, span: &Range<usize>, next: &Range<usize>) -> bool {
    let between = text.get(span.end..next.start).unwrap_or_default();
    let (left, right) = (text.get(span.clone()).unwrap_or_default(), text.get(next.clone()).unwrap_or_default());
    let figures = |piece: &str| piece.chars().filter(char::is_ascii_digit).count();
    if matches!(between, "- " | " -" | " - " | "– ") {
        return 0 < figures(right) && (0 < figures(left) || left.len() <= 4) && right.len() <= 12;
    }
    if between != " " {
        return false;
    }
    let coded = |piece: &str| {
        0 < figures(piece) && piece.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '-')
    };
    let prefix = left.len() <= 3
        && left.chars().all(|c| c.is_ascii_uppercase())
        && !matches!(left, "NO" | "NUM" | "ID" | "OF" | "CLM" | "DOI" | "DOL" | "NPI" | "POL" | "TEL" | "FAX" | "REF");
    (coded(left) && coded(right) && 2 <= right.len()) || (prefix && coded(right))
}

fn claim(text: &str, span: Range<usize>, joined: bool) -> Option<ClaimHit> {
    let printed = text.get(span.clone())?;
    let number: String = printed.chars().filter(|c| !c.is_whitespace()).collect();
    let figures = number.chars().filter(char::is_ascii_digit).count();
    let length = number.chars().count();
    if figures < 4 || !(5..=25).contains(&length) || number.contains('|') && figures < 6 {
        return None;
    }
    let letters: Vec<char> = number.chars().filter(|c| c.is_alphabetic()).collect();
    // a word with a number behind it ("Suite1234") or running text is no claim number
    if 8 < letters.len() {
        return None;
    }
    let mut doubts = Vec::new();
    if joined {
        doubts.push("the number was put together from pieces".to_owned());
    }
    let lower_inside = number.chars().any(|c| matches!(c, 'l' | 'o' | 'i' | '|')) && letters.len() < figures;
    if lower_inside
        || number.contains('O') && amid_digits(&number, 'O')
        || number.contains('I') && amid_digits(&number, 'I')
    {
        doubts.push("a letter among the digits may be a digit".to_owned());
    }
    let number = if letters.iter().any(|c| c.is_uppercase()) { in_capitals(&number) } else { number };
    let repairs = joined.then(|| Repair::new(span.clone(), printed, &number)).into_iter().collect();
    let look_alikes = !letters.is_empty()
        && letters.iter().any(|c| matches!(c, 'O' | 'Q' | 'D' | 'I' | 'L' | 'S' | 'B' | 'Z' | 'G' | 'l' | 'o'));
    Some(ClaimHit {
        number: number.into(),
        other_kind: other_kind(text, span.start),
        look_alikes,
        span,
        repairs,
        doubts,
    })
}

/// "wC162083" was printed in capitals: beside a capital, a small letter of the same shape is one too.
fn in_capitals(number: &str) -> String {
    let capital = |letter: char| if "ckpsuvwxz".contains(letter) { letter.to_ascii_uppercase() } else { letter };
    number.chars().map(capital).collect()
}

fn amid_digits(number: &str, letter: char) -> bool {
    let chars: Vec<char> = number.chars().collect();
    chars.windows(2).any(
        |pair| matches!(pair, [a, b] if (*a == letter && b.is_ascii_digit()) || (*b == letter && a.is_ascii_digit())),
    )
}

/// The nearest word before it that names a kind of number: a policy is no claim.
fn other_kind(text: &str, start: usize) -> bool {
    static KIND: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:(?P<claim>claim|clm|file|case|wcb|incident)|(?P<other>policy|pol|group|grp|auth\w*|referral|member|subscriber|mrn|npi|order|acc(?:oun)?t|ssn|lic(?:ense)?|dea|tax|tin|phone|ph|tel|fax|zip))\b",
        )
    });
    const CAPTION_BYTES_MAX: usize = 60;
    let from =
        (start.saturating_sub(CAPTION_BYTES_MAX)..=start).find(|from| text.is_char_boundary(*from)).unwrap_or(start);
    let before = text.get(from..start).unwrap_or_default();
    KIND.captures_iter(before).last().is_some_and(|found| found.name("other").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_npi_is_proved_by_its_check_digit() {
        for (text, digits, valid, doubtful) in [
            ("1234567893", "1234567893", true, false),
            ("NPI: 1558598797", "1558598797", true, false),
            ("NPI 1234567B93", "1234567893", true, false),
            ("l23456789З", "", false, false),
            ("12345 67893", "1234567893", true, true),
            ("1234567898", "1234567898", false, true),
            ("1234567890", "1234567890", false, true),
        ] {
            let hits = find_npis(text);
            let said = hits.first().map(|hit| (hit.digits.as_str(), hit.valid, !hit.doubts.is_empty()));
            assert_eq!(said, (!digits.is_empty()).then_some((digits, valid, doubtful)), "{text}");
        }
        for none in [
            "704-555-0148",
            "(704) 555-0148",
            "12345678931",
            "A1234567893",
            "3234567893",
            "claim 44-2211-B90",
            "IIIIIIIIII",
        ] {
            assert_eq!(find_npis(none), [], "{none}");
        }
    }

    #[test]
    fn phones_become_e164() {
        for (text, e164) in [
            ("(704) 555-0148", "+17045550148"),
            ("704-555-0148", "+17045550148"),
            ("704.555.0148 x12", "+17045550148"),
            ("+1 704 555 0148", "+17045550148"),
            ("1-704-555-0148", "+17045550148"),
            ("7045550148", "+17045550148"),
            ("Tel (7O4) 555-0l48 Fax", "+17045550148"),
            ("704/555-0148", "+17045550148"),
            ("[704] 555-0148", "+17045550148"),
        ] {
            assert_eq!(find_phones(text).first().map(|hit| hit.e164.reveal().as_str()), Some(e164), "{text}");
        }
        for none in ["1234567893", "12-3456789", "11/02/2026", "044-555-0148", "97124", "20267045550148"] {
            assert_eq!(find_phones(none), [], "{none}");
        }
        assert_eq!(find_phones("Phone: (704) 555-0148 Fax: (704) 555-0149").len(), 2);
    }

    #[test]
    fn claim_numbers_stay_as_printed() {
        for (text, number, doubtful) in [
            ("44-2211-B90", "44-2211-B90", false),
            ("20261234567.", "20261234567", false),
            ("WC123456", "WC123456", false),
            ("0123456789", "0123456789", false),
            ("Claim number 44-2211-B90, State Farm", "44-2211-B90", false),
            ("44-2211- B90", "44-2211-B90", true),
            ("WC 123456", "WC123456", true),
            ("2O261234567", "2O261234567", true),
            ("11022026", "11022026", false),
            ("26-1234567 (704) 555-0148", "26-1234567", false),
        ] {
            let hits = find_claim_numbers(text);
            let said = hits.first().map(|hit| (hit.number.reveal().as_str(), !hit.doubts.is_empty()));
            assert_eq!(said, Some((number, doubtful)), "{text}");
        }
        for none in ["pending", "N/A", "(704) 555-0148", "11/02/2026", "State Farm", "97", "_____", "704-555-0148"] {
            assert_eq!(find_claim_numbers(none), [], "{none}");
        }
        let hits = find_claim_numbers("Policy 88-1234-Z Claim 44-2211-B90");
        assert_eq!(hits.iter().map(|hit| hit.other_kind).collect::<Vec<_>>(), [true, false]);
    }
}
