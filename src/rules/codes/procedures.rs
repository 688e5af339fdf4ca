//! In: text. Out: the procedure codes (CPT, HCPCS) it holds, each with its units.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::rules::Repair;

/// A procedure code in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureHit {
    /// CPT or HCPCS.
    pub code: &'static str,
    /// Our own short label.
    pub label: &'static str,
    /// Billed by 15 minutes.
    pub timed: bool,
    /// The code that took its place, for a code that was deleted.
    pub replaced_by: Option<&'static str>,
    /// Billing units a visit, where they stand beside it.
    pub units: Option<u32>,
    /// Where it stands, with its units.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look.
    pub doubts: Vec<String>,
}

struct Known {
    label: &'static str,
    timed: bool,
    replaced_by: Option<&'static str>,
}

static TABLE: LazyLock<BTreeMap<&'static str, Known>> = LazyLock::new(|| {
    include_str!("../../../rules/codes/procedures.tsv")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("code\t"))
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let (code, label, timed) = (columns.next()?, columns.next()?, columns.next()?);
            let replaced_by = columns.next().filter(|code| !code.is_empty());
            Some((code, Known { label, timed: timed == "yes", replaced_by }))
        })
        .collect()
});

/// All procedure codes of `text`, from left to right. Only codes of the table count: any five digits may be a post code.
pub fn find_procedures(text: &str) -> Vec<ProcedureHit> {
    let mut hits: Vec<ProcedureHit> = Vec::new();
    let mut at = 0;
    while let Some(found) = shape(text, at) {
        at = found.start + 1;
        let Some(mut hit) = procedure(text, found) else { continue };
        at = hit.span.end;
        let stop = shape(text, at).map_or(text.len(), |next| next.start);
        units(text, &mut hit, stop);
        hits.push(hit);
    }
    hits
}

/// The first place from a byte on that has the shape of a code: "97124", "g71 24", "GO283", "58990".
fn shape(text: &str, from: usize) -> Option<Range<usize>> {
    let begins = |byte: &u8| matches!(byte, b'9' | b'g' | b'q' | b'G' | b'S' | b'5');
    let mut at = from;
    loop {
        let rest = text.as_bytes().get(at..)?;
        let step = rest.iter().position(begins)?;
        if let Some(length) = shape_length(&rest[step..]) {
            return Some(at + step..at + step + length);
        }
        at += step + 1;
    }
}

fn shape_length(text: &[u8]) -> Option<usize> {
    match text {
        [b'G' | b'g', b'0' | b'O' | b'o', b'2', b'8', b'3', ..] | [b'S' | b'5', b'8', b'9', b'9', b'0' | b'O', ..] => {
            Some(5)
        }
        [b'9' | b'g' | b'q', ..] => {
            let mut length = 1;
            for digits in [1, 2, 1] {
                length += usize::from(length > 1 && text.get(length) == Some(&b' '));
                let all = text.get(length..length + digits)?.iter().all(|byte| {
                    byte.is_ascii_digit()
                        || matches!(byte, b'O' | b'o' | b'l' | b'I' | b'S' | b'B' | b'Z' | b'G' | b'T' | b'|')
                });
                if !all {
                    return None;
                }
                length += digits;
            }
            Some(length)
        }
        _ => None,
    }
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours compiles")
}

fn procedure(text: &str, span: Range<usize>) -> Option<ProcedureHit> {
    let printed = text.get(span.clone())?;
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let mut behind = text.get(span.end..).unwrap_or_default().chars();
    let (after, second) = (behind.next(), behind.next());
    let inside = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '$' | '.'))
        // "97124x4" names its units
        || after.is_some_and(|c| c.is_alphanumeric())
            && !(matches!(after, Some('x' | 'X' | '×')) && second.is_some_and(|c| c.is_ascii_digit()))
        || matches!((before, after), (Some('-'), _))
            && text.get(..span.start - 1).is_some_and(|text| text.ends_with(|c: char| c.is_ascii_digit()))
        || matches!((after, second), (Some('-' | '.'), Some(c)) if c.is_ascii_digit()) && !modifier(text, span.end);
    if inside {
        return None;
    }
    let digits: String = printed
        .chars()
        .filter(|c| !c.is_whitespace())
        .enumerate()
        .map(|(place, c)| match c {
            'G' | 'g' if place == 0 && printed.to_ascii_uppercase().ends_with("283") => 'G',
            'S' | '5' if place == 0 => 'S',
            'g' | 'q' => '9',
            'O' | 'o' => '0',
            'l' | 'I' | '|' => '1',
            'S' => '5',
            'B' => '8',
            'Z' => '2',
            'G' => '6',
            'T' => '7',
            c => c,
        })
        .collect();
    let (code, known) = TABLE.get_key_value(digits.as_str())?;
    let mut repairs = Vec::new();
    let mut doubts = Vec::new();
    if printed != *code {
        repairs.push(Repair::new(span.clone(), printed, code));
        let blanks_only = printed.chars().filter(|c| !c.is_whitespace()).eq(code.chars());
        // what is left after mending is a code of a short table: chance is small, but a blank may join two numbers
        if blanks_only && printed.contains(' ') {
            doubts.push("the code was put together over a blank".to_owned());
        }
    }
    // a post code stands behind a state
    let state = text.get(..span.start).unwrap_or_default().trim_end();
    let two: Vec<char> = state.chars().rev().take(3).collect();
    if matches!(two.as_slice(), [a, b, c] if a.is_ascii_uppercase() && b.is_ascii_uppercase() && (c.is_whitespace() || *c == ','))
        && !state.ends_with("RX")
        && !state.ends_with("OF")
        && !state.ends_with("MT")
        && !state.ends_with("TX")
    {
        let comma = state.trim_end_matches(|c: char| c.is_ascii_uppercase()).trim_end().ends_with(',');
        if comma {
            return None;
        }
    }
    if known.replaced_by.is_some() {
        doubts.push("the procedure code was deleted".to_owned());
    }
    Some(ProcedureHit {
        code,
        label: known.label,
        timed: known.timed,
        replaced_by: known.replaced_by,
        units: None,
        span,
        repairs,
        doubts,
    })
}

/// "97140-59", "97140-GP".
fn modifier(text: &str, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or_default();
    let digits = behind.chars().skip(1).take_while(char::is_ascii_alphanumeric).count();
    behind.starts_with('-') && digits == 2
}

/// "x 4 units", "] x 2 units", "(4 units)", "x 2", "- 4u".
fn units(text: &str, hit: &mut ProcedureHit, stop: usize) {
    static UNITS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?ix)^(?:-[a-z0-9]{2}\b)?[\])]?\s?[\s,:\-–]{0,3}(?:[a-z/]+\s){0,3}?[\-–:,]?\s?
            (?:[x×*]\s?\(?(?P<crossed>[0-9]{1,2}|[lIiZSGB])\)?(?P<word>\s?u(?:nits?)?\b)?|[(\[]?\s?(?P<plain>[0-9]{1,2}|[lIiZSGB])\s?u(?:nits?)?\b)
            (?P<tail>\s?(?:/|per\b|times?\b|w|d|mo|min|h(?:ou)?rs?\b|visit|a\s|-|to\b|\.[0-9])?)",
        )
    });
    let behind = text.get(hit.span.end..stop).unwrap_or_default();
    let Some(found) = UNITS.captures(behind) else { return };
    let worded = found.name("word").is_some() || found.name("plain").is_some();
    let goes_on = found.name("tail").is_some_and(|tail| !tail.as_str().trim().is_empty());
    let Some(raw) = found.name("crossed").or_else(|| found.name("plain")) else { return };
    let letter = raw.as_str().chars().any(|c| !c.is_ascii_digit());
    // "97124 x 6 weeks", "97124 2x/wk" are no units
    if !worded && (goes_on || letter) {
        return;
    }
    let digits = raw
        .as_str()
        .replace(['l', 'I', 'i'], "1")
        .replace('Z', "2")
        .replace('S', "5")
        .replace('G', "6")
        .replace('B', "8");
    let Some(number) = digits.parse::<u32>().ok() else { return };
    if !(1..=8).contains(&number) {
        hit.doubts.push("an unlikely number of units".to_owned());
        return;
    }
    hit.units = Some(number);
    let end = found.name("word").or_else(|| found.name("plain")).unwrap_or(raw).end();
    hit.span.end += end;
    if letter {
        hit.doubts.push("a digit of the units was read as a letter".to_owned());
    }
}
