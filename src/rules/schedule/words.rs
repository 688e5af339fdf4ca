//! The words of a schedule: counts, units of time, kinds of visit.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::model::{DayOfWeek, PeriodUnit};
use crate::rules::near;

/// What a number word says: "six" is 6, "twice" is 2.
pub(in crate::rules) fn count(word: &str) -> Option<u32> {
    let small = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    if let Some(n) = small.iter().position(|name| *name == word) {
        return u32::try_from(n).ok();
    }
    match word {
        "once" | "single" => Some(1),
        "twice" | "dozen" if word == "twice" => Some(2),
        "dozen" => Some(12),
        "thrice" => Some(3),
        "thirty" => Some(30),
        "forty" | "fourty" => Some(40),
        "fifty" => Some(50),
        "sixty" => Some(60),
        "ninety" => Some(90),
        _ => None,
    }
}

/// "once", "twice", "thrice": a count that needs no "times".
pub(super) fn is_adverbial_count(word: &str) -> bool {
    matches!(word, "once" | "twice" | "thrice")
}

/// "second" as in "every second week", "the second month".
pub(super) fn ordinal(word: &str) -> Option<u32> {
    match word {
        "first" | "initial" => Some(1),
        "second" | "2nd" => Some(2),
        "third" | "3rd" => Some(3),
        "fourth" | "4th" => Some(4),
        "fifth" | "5th" => Some(5),
        "sixth" | "6th" => Some(6),
        _ => None,
    }
}

/// A unit of time; `tight` allows the single letters that only stand beside a digit or a slash.
pub(super) fn unit(word: &str, tight: bool) -> Option<PeriodUnit> {
    match word {
        "day" | "days" | "dy" | "dys" => Some(PeriodUnit::Day),
        "week" | "weeks" | "wk" | "wks" | "wek" | "weeek" | "wkes" | "weks" => Some(PeriodUnit::Week),
        "month" | "months" | "mo" | "mos" | "mth" | "mths" | "mnth" | "mnths" | "mon" if word != "mon" => {
            Some(PeriodUnit::Month)
        }
        "year" | "years" | "yr" | "yrs" | "annum" => Some(PeriodUnit::Year),
        "d" if tight => Some(PeriodUnit::Day),
        "w" if tight => Some(PeriodUnit::Week),
        "m" if tight => Some(PeriodUnit::Month),
        "y" if tight => Some(PeriodUnit::Year),
        _ => None,
    }
}

/// "weekly" and its like: a rate of its own or the end of one ("two times weekly").
pub(super) fn adverb(word: &str) -> Option<(u32, PeriodUnit)> {
    match word {
        "daily" | "everyday" => Some((1, PeriodUnit::Day)),
        "weekly" | "wkly" | "weeky" | "weekley" => Some((1, PeriodUnit::Week)),
        "monthly" | "mthly" => Some((1, PeriodUnit::Month)),
        "fortnightly" => Some((2, PeriodUnit::Week)),
        "quarterly" => Some((3, PeriodUnit::Month)),
        "yearly" | "annually" => Some((1, PeriodUnit::Year)),
        _ => None,
    }
}

/// A clause in words that names a rate: "massage weekly", "once a week".
pub(super) fn says_rate(clause: &str) -> bool {
    let lower = clause.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_alphabetic());
    words.any(|word| adverb(word).is_some() || is_adverbial_count(word))
}

/// Letters after "x": "times".
pub(super) fn is_times(word: &str) -> bool {
    matches!(word, "x" | "xs" | "times" | "time" | "tmes" | "tms")
}

/// One coming of the patient.
pub(super) fn is_visit(word: &str) -> bool {
    matches!(
        word,
        "visit"
            | "visits"
            | "vst"
            | "vsts"
            | "vis"
            | "v"
            | "session"
            | "sessions"
            | "sess"
            | "treatment"
            | "treatments"
            | "treatmnts"
            | "trtmts"
            | "tx"
            | "txs"
            | "txes"
            | "trt"
            | "trts"
            | "massages"
            | "appointment"
            | "appointments"
            | "appt"
            | "appts"
            | "encounters"
    )
}

/// Words that say what is done and nothing of how often.
pub(super) fn is_treatment(word: &str) -> bool {
    matches!(
        word,
        "massage"
            | "therapy"
            | "therapeutic"
            | "medical"
            | "manual"
            | "soft"
            | "tissue"
            | "deep"
            | "myofascial"
            | "release"
            | "mt"
            | "pt"
            | "office"
            | "clinical"
            | "full"
            | "neuromuscular"
            | "bodywork"
            | "lmt"
            | "treatment"
            | "outpatient"
            | "individual"
            | "separate"
            | "therapist"
            | "hands"
            | "on"
    )
}

/// Words that may stand inside a schedule and change nothing.
pub(super) fn is_filler(word: &str) -> bool {
    is_treatment(word)
        || is_visit(word)
        || matches!(
            word,
            "a" | "an"
                | "the"
                | "of"
                | "for"
                | "and"
                | "with"
                | "at"
                | "to"
                | "be"
                | "is"
                | "total"
                | "totaling"
                | "totalling"
                | "course"
                | "period"
                | "patient"
                | "rx"
                | "frequency"
                | "freq"
                | "duration"
                | "dur"
                | "length"
                | "please"
                | "provide"
                | "seen"
                | "treat"
                | "treated"
                | "in"
                | "or"
                | "each"
                | "per"
                | "plan"
                | "cpt"
                | "code"
                | "he"
                | "she"
                | "they"
                | "his"
                | "her"
                | "minute"
                | "long"
                | "no"
                | "number"
                | "tolerated"
                | "as"
                | "starting"
                | "start"
                | "begin"
                | "beginning"
                | "valid"
                | "next"
                | "following"
                | "duration's"
                | "x"
                | "times"
        )
}

/// Several days of the week in one word; none where it is no such word.
pub(super) fn weekdays(word: &str) -> &'static [DayOfWeek] {
    use DayOfWeek::{Fri, Mon, Thu, Tue, Wed};
    match word {
        "mwf" => &[Mon, Wed, Fri],
        "tth" | "tuth" => &[Tue, Thu],
        "mw" => &[Mon, Wed],
        "wf" => &[Wed, Fri],
        "mf" => &[Mon, Fri],
        _ => &[],
    }
}

/// A day of the week; `tight` allows the short forms of lists such as "M/W/F".
pub(super) fn weekday(word: &str, tight: bool) -> Option<DayOfWeek> {
    match word {
        "mon" | "monday" | "mondays" | "mons" => Some(DayOfWeek::Mon),
        "tue" | "tues" | "tuesday" | "tuesdays" => Some(DayOfWeek::Tue),
        "wed" | "weds" | "wednesday" | "wednesdays" => Some(DayOfWeek::Wed),
        "thu" | "thur" | "thurs" | "thursday" | "thursdays" => Some(DayOfWeek::Thu),
        "fri" | "friday" | "fridays" => Some(DayOfWeek::Fri),
        "sat" | "saturday" | "saturdays" => Some(DayOfWeek::Sat),
        "sun" | "sunday" | "sundays" => Some(DayOfWeek::Sun),
        "m" if tight => Some(DayOfWeek::Mon),
        "t" | "tu" if tight => Some(DayOfWeek::Tue),
        "w" if tight => Some(DayOfWeek::Wed),
        "th" | "r" if tight => Some(DayOfWeek::Thu),
        "f" if tight => Some(DayOfWeek::Fri),
        _ => None,
    }
}

/// The words that a damaged one may be mended to. Short words and such that look like everyday ones ("mouth", "right") are
/// compared by look-alike shape only, never by a free letter.
pub(super) const MENDABLE: &[&str] = &[
    "least",
    "maximum",
    "minimum",
    "exceed",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "mondays",
    "thursdays",
    "until",
    "week",
    "weeks",
    "wk",
    "wks",
    "weekly",
    "wkly",
    "month",
    "months",
    "monthly",
    "mo",
    "mos",
    "day",
    "days",
    "daily",
    "year",
    "times",
    "time",
    "twice",
    "once",
    "thrice",
    "visit",
    "visits",
    "session",
    "sessions",
    "treatment",
    "treatments",
    "every",
    "other",
    "each",
    "per",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "for",
    "then",
    "minutes",
    "minute",
    "min",
    "mins",
    "hour",
    "total",
    "needed",
    "duration",
    "frequency",
    "biweekly",
    "prn",
];

/// Long words that may differ by one letter of any kind.
pub(super) const LONG: &[&str] =
    &["weeks", "weekly", "times", "twice", "months", "monthly", "visits", "sessions", "treatments", "minutes"];

/// A word's shape: letters that OCR mixes up become one. The rest of it is zeros.
type Shape = [u8; SHAPE_LETTERS_MAX];
/// No word of the list has more letters.
const SHAPE_LETTERS_MAX: usize = 16;

/// None where it is none of the list's: too long, or with letters that none of them has.
fn shape(word: &str) -> Option<Shape> {
    let mut shape = [0; SHAPE_LETTERS_MAX];
    let mut places = shape.iter_mut();
    let mut rest = word.as_bytes();
    while let [first, behind @ ..] = rest {
        let (letter, behind) = match rest {
            [b'r' | b'n', b'n', behind @ ..] => (b'm', behind),
            [b'v', b'v', behind @ ..] => (b'w', behind),
            [b'c', b'l', behind @ ..] => (b'd', behind),
            [b'l' | b'i' | b'1' | b'|' | b'!' | b'j', ..] => (b'i', behind),
            [b'c', ..] => (b'e', behind),
            [b'0', ..] => (b'o', behind),
            [b'5', ..] => (b's', behind),
            _ => (*first, behind),
        };
        *places.next()? = letter;
        rest = behind;
    }
    Some(shape)
}

/// The word of the list that differs from `word` in look-alikes only.
pub(super) fn same_shape(word: &str) -> Option<&'static str> {
    static BY_SHAPE: LazyLock<FxHashMap<Shape, &str>> =
        LazyLock::new(|| MENDABLE.iter().rev().filter_map(|known| Some((shape(known)?, *known))).collect());
    let form = shape(word)?;
    let found = BY_SHAPE.get(&form).copied().filter(|found| *found != word)?;
    (!form.starts_with(word.as_bytes()) || 3 <= word.chars().count()).then_some(found)
}

/// The word of the list that `word` most likely is, if it is none itself.
pub(super) fn mend(word: &str) -> Option<&'static str> {
    let letters = if word.is_ascii() { word.len() } else { word.chars().count() };
    if !(2..=14).contains(&letters) {
        return None;
    }
    if let Some(found) = same_shape(word) {
        return Some(found);
    }
    if letters < 4 || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    static KNOWN: LazyLock<Vec<(&str, u32, bool)>> = LazyLock::new(|| {
        let long = LONG.iter().map(|known| (*known, true));
        let all = long.chain(SLIPS.map(|known| (known, false)));
        all.map(|(known, is_long)| (known, near::letters(known.as_bytes()), is_long)).collect()
    });
    let own = near::letters(word.as_bytes());
    let mut near = KNOWN.iter().filter(|(_, of_it, _)| near::may_differ_in_one(own, *of_it));
    let is_near = |(known, _, is_long): &&(&str, u32, bool)| {
        swapped(known, word) || *is_long && 5 <= letters && one_letter_apart(known, word)
    };
    near.find(is_near).map(|(known, ..)| *known).or(match word {
        "tims" => Some("times"),
        "wekk" => Some("week"),
        _ => None,
    })
}

/// Words that two letters may have changed their places in, or that lack a letter of a pair.
const SLIPS: [&str; 5] = ["week", "eight", "seven", "twelve", "twice"];

/// Two letters beside each other have changed their places: "eigth".
fn swapped(known: &str, word: &str) -> bool {
    let (a, b) = (known.as_bytes(), word.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let apart = a.iter().zip(b).position(|(a, b)| a != b);
    apart.is_some_and(|at| {
        a.get(at) == b.get(at + 1) && a.get(at + 1) == b.get(at) && a.get(at + 2..) == b.get(at + 2..)
    })
}

/// One letter is changed, lost or added.
fn one_letter_apart(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // then the first letters or the last ones are the same
    let longest = a.len().max(b.len());
    if a.len().abs_diff(b.len()) > 1 || longest > 1 && a.first() != b.first() && a.last() != b.last() {
        return false;
    }
    let shorter = a.len().min(b.len());
    let same_start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let same_end = a.iter().rev().zip(b.iter().rev()).take(shorter - same_start).take_while(|(a, b)| a == b).count();
    longest - same_start - same_end == 1
}

/// Whether a word that nobody understood looks like one that would change the schedule: then a person must look.
pub(super) fn is_suspicious(word: &str) -> bool {
    const SIDES: [&str; 4] = ["l", "r", "lt", "rt"];
    const TURNING: [&str; 12] =
        ["up", "least", "exceed", "more", "than", "max", "maximum", "minimum", "needed", "not", "every", "per"];
    // what a prescriber writes before a schedule ("Sig:", "Tx:")
    const BEFORE: [&str; 6] = ["sig", "tx", "rx", "dx", "pt", "dr"];
    // words of a sentence beside it, and the head of "re-evaluate" at a line's end
    const COMMON: [&str; 15] =
        ["me", "i", "is", "am", "my", "we", "it", "if", "by", "on", "he", "us", "re", "do", "so"];
    if BEFORE.contains(&word) || COMMON.contains(&word) {
        return false;
    }
    let letters = word.chars().count();
    let vocabulary = unit(word, false).is_some()
        || adverb(word).is_some()
        || ordinal(word).is_some()
        || count(word).is_some()
        || weekday(word, false).is_some()
        || TURNING.contains(&word);
    let mixed = word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(char::is_alphabetic);
    let tiny = letters <= 2 && !SIDES.contains(&word) && word.is_ascii();
    let near =
        3 <= letters && MENDABLE.iter().chain(&TURNING).any(|known| 3 <= known.len() && one_letter_apart(known, word));
    let glued = GLUED_ON.iter().any(|known| word.contains(known)) || word.ends_with("wk") || word.starts_with("wk");
    vocabulary || mixed || tiny || near || glued
}

/// Long words of a schedule; a word that holds one has lost a blank.
const GLUED_ON: &[&str] = &[
    "week",
    "month",
    "twice",
    "visit",
    "session",
    "needed",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "minimum",
    "maximum",
    "least",
    "upto",
    "exceed",
    "imum",
    "appoin",
    "two",
    "oneor",
];

/// Two words that lost the blank between them: "fourweeks", "perweek".
pub(super) fn split(word: &str) -> Option<(&str, &str)> {
    if !(4..=16).contains(&word.len()) || !word.is_ascii() {
        return None;
    }
    let opens = |w: &str| {
        count(w).is_some() || matches!(w, "per" | "for" | "a" | "every" | "each" | "times" | "visits" | "other")
    };
    // every unit of so many letters begins so
    let may_be_unit = |w: &str| matches!(w.as_bytes(), [b'd' | b'w' | b'm' | b'y' | b'a', _, _, _, ..]);
    let is_unit = |w: &str| may_be_unit(w) && unit(w, false).is_some();
    (1..word.len()).filter_map(|at| word.split_at_checked(at)).find(|(first, second)| {
        is_unit(second) && opens(first)
            || is_unit(first) && matches!(*second, "for" | "x" | "then")
            || *first == "for" && count(second).is_some()
    })
}

/// The digit that a letter may have been.
pub(super) fn digit_of(c: char) -> Option<char> {
    match c {
        'l' | 'I' | 'i' | '!' | '|' => Some('1'),
        'G' | 'b' => Some('6'),
        'S' | 's' => Some('5'),
        'B' => Some('8'),
        'Z' | 'z' => Some('2'),
        'O' | 'o' | 'D' | 'Q' => Some('0'),
        _ => None,
    }
}
