//! Until when the order holds: a stated day, the end of a span, or so many days from its date.

use std::sync::LazyLock;

use jiff::Span;
use jiff::civil::Date;
use regex::{Captures, Regex};

use crate::model::{Evidence, Field, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::label::Label;
use crate::rules::schedule::count_word;
use crate::rules::sheet::fold;
use crate::rules::slots::Where;
use crate::rules::take::dates::{dated, days};
use crate::rules::{DateHit, DateKind};

const RULE: &str = "rules/80-dates.toml";
/// A date or a span this many bytes into its place is not the place's.
const LEAD_MAX: usize = 14;
/// How far behind its words a day or a number of days stands, in bytes.
const BEHIND_MAX: usize = 60;

/// `written` is the day from which a number of days counts.
pub(in crate::rules::take) fn take(page: &Context, written: Option<(Date, f32)>) -> Vec<Candidate> {
    let mut found: Vec<Candidate> =
        page.labels_of(Field::ExpiresOn).filter_map(|label| labelled(page, label, written)).collect();
    found.extend(from_to(page));
    found.extend(in_prose(page, written));
    found
}

fn labelled(page: &Context, label: &Label, written: Option<(Date, f32)>) -> Option<Candidate> {
    page.slots(label, 1).into_iter().find_map(|(place, slot)| {
        let trust = if place == Where::SameLine { 1.0 } else { 0.95 };
        if let Some((span, from, bytes)) = lasting_from(&slot.text, page.on) {
            return ends_after(Some((from, 1.0)), span, slot.evidence(&bytes, &label.rule), trust, &label.rule);
        }
        let hits = days(&slot.text, DateKind::Order, page.on);
        let last = match hits.as_slice() {
            [first, second, ..] if first.span.start <= LEAD_MAX && is_span(&slot.text, first, second) => Some(second),
            // "Effective dates: 03/02/2026" is the beginning
            [first, ..] if first.span.start <= LEAD_MAX && !asks_for_span(label) => Some(first),
            _ => None,
        };
        if let Some(hit) = last {
            let evidence = slot.evidence(&hit.span, &label.rule);
            return Some(dated(Field::ExpiresOn, hit.clone(), evidence, trust, &label.rule));
        }
        let (span, bytes) = lasting(&slot.text)?;
        ends_after(written, span, slot.evidence(&bytes, &label.rule), trust, &label.rule)
    })
}

/// "03/02/2026 - 05/31/2026".
fn is_span(text: &str, first: &DateHit, second: &DateHit) -> bool {
    let between = text.get(first.span.end..second.span.start).unwrap_or_default().trim().to_lowercase();
    matches!(between.as_str(), "-" | "–" | "—" | "to" | "through" | "thru" | "until" | "till" | "and" | "/")
}

/// "Effective dates", "Valid from": the label asks for two days.
fn asks_for_span(label: &Label) -> bool {
    let words: Vec<String> = label.phrase.split_whitespace().map(fold).collect();
    words.iter().any(|word| word == "dates" || word == "from")
}

/// "From: 03/02/2026  To: 05/31/2026" side by side.
fn from_to(page: &Context) -> Vec<Candidate> {
    let is = |label: &Label, word: &str| {
        let letters = label.phrase.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).eq(word.chars())
    };
    let day_of = |label: &Label| {
        let (_, slot) = page.slots(label, 1).into_iter().next()?;
        let hit = days(&slot.text, DateKind::Order, page.on).into_iter().next().filter(|hit| hit.span.start == 0)?;
        let evidence = slot.evidence(&hit.span, &label.rule);
        Some((hit, evidence))
    };
    let ends = page.labels.iter().filter(|label| is(label, "to"));
    let spans = ends.filter_map(|to| {
        let mut before = page.labels_in(to.row).iter().filter(|from| from.words.end <= to.words.start);
        let (first, _) = day_of(before.find(|from| is(from, "from"))?)?;
        let (last, evidence) = day_of(to)?;
        (first.date.reveal() < last.date.reveal()).then(|| dated(Field::ExpiresOn, last, evidence, 0.95, &to.rule))
    });
    spans.collect()
}

/// "Valid thru 5/31/26", "This prescription is valid for 90 days": what is right behind the words.
fn in_prose(page: &Context, written: Option<(Date, f32)>) -> Vec<Candidate> {
    let places =
        page.cues(Field::ExpiresOn).into_iter().filter(|place| !page.is_label_of_another(place, Field::ExpiresOn));
    let ends = places.filter(|place| !is_of_something_else(page, place.start)).filter_map(|place| {
        let rest = page.after(place.end, BEHIND_MAX);
        let line = rest.text.lines().next().unwrap_or_default();
        if let Some((span, from, bytes)) = lasting_from(line, page.on) {
            return ends_after(Some((from, 1.0)), span, rest.evidence(&bytes, RULE), 0.95, RULE);
        }
        if let Some(hit) =
            days(line, DateKind::Order, page.on).into_iter().next().filter(|hit| hit.span.start <= LEAD_MAX)
        {
            let evidence = rest.evidence(&hit.span, RULE);
            return Some(dated(Field::ExpiresOn, hit, evidence, 0.95, RULE));
        }
        let (span, bytes) = lasting(line)?;
        ends_after(written, span, rest.evidence(&bytes, RULE), 0.95, RULE)
    });
    ends.collect()
}

/// "License valid until", "coverage good through": not the order's end.
fn is_of_something_else(page: &Context, start: usize) -> bool {
    const OTHERS: [&str; 14] = [
        "license",
        "licence",
        "licensed",
        "lic",
        "dea",
        "policy",
        "coverage",
        "insurance",
        "card",
        "certificate",
        "certification",
        "offer",
        "coupon",
        "registration",
    ];
    let line = page.text.text.get(..start).unwrap_or_default().rsplit(['\n', '.', ';']).next().unwrap_or_default();
    line.split_whitespace().rev().take(4).map(fold).any(|word| OTHERS.contains(&word.as_str()))
}

/// A number of days, weeks, months or years at the beginning of a text.
fn lasting(text: &str) -> Option<(Span, std::ops::Range<usize>)> {
    static LASTING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)^[\s:x(]{0,4}(?:(?:for|in|after|within|is|only|a period of)\s+){0,2}(?P<n>\d{1,3}|an?|one|two|three|four|six|nine|twelve|thirty|sixty|ninety)(?:\s*\(\d{1,3}\))?[\s-]{0,2}(?:calendar\s+)?(?P<unit>day|week|wk|month|mo|year|yr)s?\b",
        )
        .expect("a fixed pattern")
    });
    let found: Captures = LASTING.captures(text)?;
    let number: i64 = match found.name("n")?.as_str().to_ascii_lowercase().as_str() {
        "a" | "an" => 1,
        said => said.parse().ok().or_else(|| count_word(said).map(i64::from))?,
    };
    let span = match found.name("unit")?.as_str().to_ascii_lowercase().as_str() {
        "day" => Span::new().days(number),
        "week" | "wk" => Span::new().weeks(number),
        "month" | "mo" => Span::new().months(number),
        _ => Span::new().years(number),
    };
    Some((span, found.get(0)?.range()))
}

/// "6 months from 11/02/2026": the length of time, the day on which it begins, and the bytes of both.
fn lasting_from(text: &str, on: Date) -> Option<(Span, Date, std::ops::Range<usize>)> {
    let (span, bytes) = lasting(text)?;
    let rest = text.get(bytes.end..)?;
    let from = rest.trim_start().strip_prefix("from ").or_else(|| rest.trim_start().strip_prefix("after "))?;
    let hit = days(from, DateKind::Order, on).into_iter().next().filter(|hit| hit.span.start <= LEAD_MAX)?;
    let end = text.len() - from.len() + hit.span.end;
    Some((span, *hit.date.reveal(), bytes.start..end))
}

/// The day on which a span ends that begins on the order's own.
fn ends_after(
    written: Option<(Date, f32)>,
    span: Span,
    evidence: Vec<Evidence>,
    trust: f32,
    rule: &str,
) -> Option<Candidate> {
    let (written, sure) = written?;
    let last = written.checked_add(span).ok()?;
    Some(Candidate {
        field: Field::ExpiresOn,
        value: Value::Date(last.into()),
        evidence,
        trust: trust * sure,
        rule: rule.to_owned(),
        doubts: Vec::new(),
        checked: false,
    })
}
