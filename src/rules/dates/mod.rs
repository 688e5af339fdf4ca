//! In: text. Out: the days it names, each with its span, its repairs and why it may be wrong.

mod hints;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::{Captures, Regex};

use self::hints::{Hints, MONTH_HEADS, MONTH_TAILS, near_digits};
use crate::model::Private;
use crate::rules::Repair;

/// What a date is about: settles two-digit years and what is plausible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateKind {
    /// A birth: 0 to 115 years before `on`.
    Birth,
    /// When a paper was written or signed, or expires.
    Order,
    /// When an accident happened.
    Injury,
}

/// A day that the text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateHit {
    /// The day.
    pub date: Private<Date>,
    /// Where it stands.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look; no patient data.
    pub doubts: Vec<String>,
}

/// All days that `text` names, from left to right. `on` is the day of receipt. An impossible day is none.
pub fn find_dates(text: &str, kind: DateKind, on: Date) -> Vec<DateHit> {
    let shapes = shapes_near_digits(text);
    let mut hits: Vec<DateHit> = shapes.flat_map(|(place, shape)| of_shape(text, &place, shape, kind, on)).collect();
    // of two that overlap the one that begins first, then the longer
    hits.sort_by_key(|hit| (hit.span.start, std::cmp::Reverse(hit.span.end)));
    let mut end = 0;
    hits.retain(|hit| {
        let apart = end <= hit.span.start;
        end = if apart { hit.span.end } else { end };
        apart
    });
    hits
}

/// Whether a text holds what has the shape of a day; without it `find_dates` finds none in any part of the text.
pub(in crate::rules) fn may_name_day(text: &str) -> bool {
    shapes_near_digits(text).any(|(place, shape)| text.get(place).is_some_and(|part| shape.pattern.is_match(part)))
}

/// The parts of a text in which a day may stand, each with the shapes that it may have there.
fn shapes_near_digits(text: &str) -> impl Iterator<Item = (Range<usize>, &'static Shape)> {
    near_digits(text).into_iter().flat_map(move |place| {
        let hints = Hints::of(text.get(place.clone()).unwrap_or_default());
        SHAPES.iter().filter(move |shape| (shape.may_stand)(&hints)).map(move |shape| (place.clone(), shape))
    })
}

/// "1/2/26".
const DAY_BYTES_MIN: usize = 6;

/// All days of one shape in a part of a text.
fn of_shape(text: &str, place: &Range<usize>, shape: &Shape, kind: DateKind, on: Date) -> Vec<DateHit> {
    let part = text.get(place.clone()).unwrap_or_default();
    let mut hits = Vec::new();
    let mut from = 0;
    while from + DAY_BYTES_MIN <= part.len()
        && let Some(found) = shape.pattern.captures_at(part, from)
    {
        let Some(own) = found.get(0).map(|whole| whole.range()) else { break };
        let whole = place.start + own.start..place.start + own.end;
        let hit = clear(text, &whole, shape).then(|| day(&found, &whole, shape, kind, on)).flatten();
        let first = part.get(own.start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        from = if hit.is_some() { own.end } else { own.start + first };
        hits.extend(hit);
    }
    hits
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Month, day, year by numbers, as in the United States.
    Numbers,
    /// A month by its name.
    Named,
    /// 2026-11-02.
    Iso,
    /// Digits without anything between: 11022026, 20261102.
    Run,
    /// A slash was read as a one: 11102/2026.
    SlashAsOne,
}

struct Shape {
    form: Form,
    /// A text of which this does not hold has no day of the shape.
    may_stand: fn(&Hints) -> bool,
    pattern: Regex,
}

impl Shape {
    fn new(form: Form, may_stand: fn(&Hints) -> bool, pattern: &str) -> Self {
        Self { form, may_stand, pattern: Regex::new(pattern).expect("a shape of ours compiles") }
    }
}

/// A digit, or what OCR makes of it.
const DIGIT: &str = r"[0-9OolI|SBZGQD]";

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let heads = MONTH_HEADS.map(|[first, second, third]| format!("[{first}][{second}][{third}]")).join("|");
    let tails = MONTH_TAILS.join("|");
    let month = format!("(?P<name>(?:[s5]ept|{heads})(?:[a-z]|[015][a-z]){{0,7}}|[a-z](?:{tails}))");
    let year = format!(r"(?P<y>{DIGIT}{{2}}\ ?{DIGIT}{{2}}|{DIGIT}{{2}})");
    let numbers = format!(r"(?P<m>{DIGIT}{{1,2}})\ ?(?P<s>[/\-.,])\ ?(?P<d>{DIGIT}{{1,2}})\ ?(?P<t>[/\-.,])\ ?{year}");
    let blanks = r"(?P<m>[01]?[0-9])\ (?P<d>[0-3]?[0-9])\ (?P<y>(?:19|20)[0-9]{2})";
    let slash = r"(?P<m>[01]?[0-9])(?:1(?P<d>[0-3][0-9])[/\-]|[/\-](?P<d2>[0-3][0-9])1)(?P<y>(?:19|20)[0-9]{2})";
    let named_first = format!(
        r"(?i-u:{month})\.?\ ?[,\-]?\ {{0,2}}(?P<d>{DIGIT}{{1,2}})(?:st|nd|rd|th)?\.?\ ?[,.\-]?\ {{0,2}}{year}"
    );
    let day_first =
        format!(r"(?P<d>{DIGIT}{{1,2}})(?:st|nd|rd|th)?\ ?(?:of\ )?[\-,./]?\ ?(?i-u:{month})\.?\ ?[,\-./]?\ ?{year}");
    let iso = format!(
        r"(?P<y>(?:19|20|[2Z][0O]){DIGIT}{{2}})(?P<s>[\-/.])(?P<m>{DIGIT}{{2}})(?P<t>[\-/.])(?P<d>{DIGIT}{{2}})"
    );
    let run_iso = r"(?P<y>(?:19|20)[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])";
    let run_us = r"(?P<m>[01][0-9])(?P<d>[0-3][0-9])(?P<y>(?:19|20)[0-9]{2})";
    vec![
        Shape::new(Form::Iso, |hints| hints.middle_behind_year, &iso),
        Shape::new(Form::Numbers, |hints| hints.middle, &numbers),
        Shape::new(Form::Numbers, |hints| hints.year_behind_blank, blanks),
        Shape::new(Form::Named, |hints| hints.month, &named_first),
        Shape::new(Form::Named, |hints| hints.month, &day_first),
        Shape::new(Form::Run, |hints| hints.run >= 8, run_us),
        Shape::new(Form::Run, |hints| hints.run >= 8, run_iso),
        Shape::new(Form::SlashAsOne, |hints| hints.swallowed && hints.run >= 4, slash),
    ]
});

/// Nothing before or behind it makes it a piece of something longer (a phone, a claim number).
fn clear(text: &str, span: &Range<usize>, shape: &Shape) -> bool {
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let mut behind = text.get(span.end..).unwrap_or_default().chars();
    let (after, second) = (behind.next(), behind.next());
    let joined_before = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '$' | '#'))
        || (before.is_some_and(|c| matches!(c, '-' | '.')) && {
            let earlier = text.get(..span.start - 1).unwrap_or_default();
            // "11/02/2026-01/31/2027" are two days; "555-11-02-26" is none
            earlier.chars().next_back().is_some_and(|c| c.is_ascii_digit())
                && !earlier.chars().rev().take(10).any(|c| c == '/')
        });
    let joined_after = after.is_some_and(char::is_alphanumeric)
        || (after.is_some_and(|c| matches!(c, '-' | '/' | '.'))
            && second.is_some_and(|c| c.is_ascii_digit())
            && shape.form != Form::Numbers
            && shape.form != Form::Iso
            && shape.form != Form::Named)
        || (after.is_some_and(|c| matches!(c, '/' | '.')) && second.is_some_and(|c| c.is_ascii_digit()));
    let dashed_on = after == Some('-')
        && second.is_some_and(|c| c.is_ascii_digit())
        && !text.get(span.end + 1..).unwrap_or_default().chars().take(10).any(|c| c == '/');
    !(joined_before || joined_after || dashed_on)
}

/// The day that a shape stands for, which was found at `span` of the text.
fn day(found: &Captures<'_>, span: &Range<usize>, shape: &Shape, kind: DateKind, on: Date) -> Option<DateHit> {
    let mut doubts: Vec<String> = Vec::new();
    let read = |name: &str| -> Option<(String, bool)> {
        let raw = found.name(name)?.as_str();
        let (mut digits, mut letters) = (String::with_capacity(raw.len()), 0);
        for letter in raw.chars().filter(|letter| !letter.is_whitespace()) {
            digits.push(digit(letter)?);
            letters += usize::from(!letter.is_ascii_digit());
        }
        // a piece of letters alone is no number
        let mended = letters > 0;
        (letters < digits.len()).then_some((digits, mended))
    };
    let (year_digits, year_mended) = read("y")?;
    let (day_digits, day_mended) = read("d").or_else(|| read("d2"))?;
    let (month, month_mended) = match found.name("name") {
        Some(name) => month(name.as_str())?,
        None => {
            let (digits, mended) = read("m")?;
            (digits.parse::<i8>().ok()?, mended)
        }
    };
    if shape.form == Form::Numbers {
        let separators = (found.name("s").map(|s| s.as_str()), found.name("t").map(|t| t.as_str()));
        if let (Some(first), Some(second)) = separators {
            let comma = first == "," || second == ",";
            if first != second && !(comma || first == "/" || second == "/") {
                return None;
            }
            if first != second {
                doubts.push("the signs between the numbers differ".to_owned());
            }
            if first == "." && second == "." && year_digits.len() == 2 && found.get(0)?.as_str().contains(' ') {
                return None;
            }
        }
    }
    let day_number: i8 = day_digits.parse().ok()?;
    let mut mended = year_mended || day_mended || month_mended;
    let blank_in_year = found.name("y").is_some_and(|year| year.as_str().contains(' '));
    mended |= blank_in_year || shape.form == Form::SlashAsOne;
    let year = year(&year_digits, kind, on, &mut doubts)?;
    let date = match Date::new(year, month, day_number) {
        Ok(date) => date,
        // day before month: only where it cannot be otherwise
        Err(_) if shape.form == Form::Numbers && 12 < month => match Date::new(year, day_number, month) {
            Ok(date) => {
                doubts.push("the day stands before the month".to_owned());
                date
            }
            Err(_) => {
                doubts.push("the month is no month; its last digit leaves only one".to_owned());
                Date::new(year, month_by_last_digit(month)?, day_number).ok()?
            }
        },
        Err(_) => return None,
    };
    let mut repairs = Vec::new();
    if mended {
        repairs.push(Repair::new(span.clone(), found.get(0)?.as_str(), &date.to_string()));
        let letters =
            [year_mended, day_mended, month_mended && found.name("name").is_none()].iter().any(|mended| *mended);
        if letters || shape.form == Form::SlashAsOne {
            doubts.push("the date was read with letters among its digits or a lost slash".to_owned());
        }
    }
    if shape.form == Form::Run && kind != DateKind::Birth {
        doubts.push("the date stands without anything between its numbers".to_owned());
    }
    plausible(date, kind, on, &mut doubts);
    Some(DateHit { date: date.into(), span: span.clone(), repairs, doubts })
}

/// The only month that ends in the last digit of a number that is none: 95 was 05. 1 and 2 could be two months.
fn month_by_last_digit(number: i8) -> Option<i8> {
    match number % 10 {
        0 => Some(10),
        last @ 3..=9 => Some(last),
        _ => None,
    }
}

fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        'O' | 'o' | 'Q' | 'D' => Some('0'),
        'l' | 'I' | '|' => Some('1'),
        'S' => Some('5'),
        'B' => Some('8'),
        'Z' => Some('2'),
        'G' => Some('6'),
        _ => None,
    }
}

/// Two digits: 20xx up to the year after `on`, else 19xx; for births the century that gives an age of 0 to 115, the later
/// one where both do and the person would be at least 0.
fn year(digits: &str, kind: DateKind, on: Date, doubts: &mut Vec<String>) -> Option<i16> {
    let number: i16 = digits.parse().ok()?;
    if digits.len() == 4 {
        return (1880..=2199).contains(&number).then_some(number);
    }
    if digits.len() != 2 {
        return None;
    }
    let this = on.year();
    match kind {
        DateKind::Order => Some(2000 + number),
        DateKind::Injury => Some(if 2000 + number <= this + 1 { 2000 + number } else { 1900 + number }),
        DateKind::Birth => {
            let later = 2000 + number;
            if this < later {
                return Some(1900 + number);
            }
            // 3/2/08 may be a child of 18 or a person of 118: only the first is alive; 3/2/24 may be 2 or 102
            if this - later < 16 && this - (1900 + number) <= 105 {
                doubts.push("a birth year of two digits: two centuries are possible".to_owned());
            }
            Some(later)
        }
    }
}

fn plausible(date: Date, kind: DateKind, on: Date, doubts: &mut Vec<String>) {
    let years = i32::from(on.year()) - i32::from(date.year());
    match kind {
        DateKind::Birth => {
            if on < date || 115 < years {
                doubts.push("not a plausible day of birth".to_owned());
            }
        }
        DateKind::Order => {
            if !(-3..=15).contains(&years) {
                doubts.push("far from the day of receipt".to_owned());
            }
        }
        DateKind::Injury => {
            if on < date || 40 < years {
                doubts.push("not a plausible day of injury".to_owned());
            }
        }
    }
}

/// The month of a name, short or long, with what OCR makes of it; whether it had to be mended.
fn month(name: &str) -> Option<(i8, bool)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = name.to_lowercase();
    let exact = |word: &str| {
        MONTHS
            .iter()
            .position(|month| *month == word || (3 <= word.len() && word.len() <= 4 && month.starts_with(word)))
    };
    let number = |index: usize| i8::try_from(index + 1).ok();
    if let Some(index) = exact(&lower) {
        return Some((number(index)?, false));
    }
    let folded: String = lower
        .replace("rn", "m")
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '|' | '!' => 'l',
            '5' => 's',
            '4' => 'a',
            '7' => 'j',
            'q' | '9' => 'g',
            c => c,
        })
        .collect();
    if let Some(index) = exact(&folded) {
        return Some((number(index)?, true));
    }
    let near = |month: &&&str| {
        let same_length = month.len() == folded.len();
        same_length && 4 < month.len() && month.chars().zip(folded.chars()).filter(|(a, b)| a != b).count() <= 1
    };
    let close: Vec<&&str> = MONTHS.iter().filter(near).collect();
    let short = || {
        let alike = [
            ("0ct", 10),
            ("oet", 10),
            ("dee", 12),
            ("oec", 12),
            ("mov", 11),
            ("juı", 7),
            ("jui", 7),
            ("jol", 7),
            ("nar", 3),
            ("nay", 5),
            ("eeb", 2),
        ];
        alike.iter().find(|(name, _)| *name == folded).map(|(_, month)| *month)
    };
    match close.as_slice() {
        [only] => Some((number(MONTHS.iter().position(|month| month == *only)?)?, true)),
        _ => short().map(|month| (month, true)),
    }
}
