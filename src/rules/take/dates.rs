//! When: birth, accident, writing, expiry.

use jiff::civil::Date;

use crate::model::{Area, Field, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::slots::{self, Where};
use crate::rules::{DateHit, DateKind, find_dates};

/// A date this many bytes into its slot is not the slot's.
const LEAD_MAX: usize = 14;
/// A label without a colon stands at least so many word heights behind what is before it: more than a blank.
const CELL_GAP: f32 = 0.8;
/// The day on which a paper was sent: far enough below the others to be no rival.
const WEAK: f32 = 0.7;
/// A cue of so many letters must stand right before the date.
const LETTER_CUE: usize = 2;

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let fields = [
        (Field::PatientBirthDate, DateKind::Birth),
        (Field::PayerDateOfInjury, DateKind::Injury),
        (Field::WrittenOn, DateKind::Order),
        (Field::ExpiresOn, DateKind::Order),
    ];
    let mut found: Vec<Candidate> = fields.iter().flat_map(|(field, kind)| labelled(page, *field, *kind)).collect();
    for (field, kind) in [
        (Field::PatientBirthDate, DateKind::Birth),
        (Field::PayerDateOfInjury, DateKind::Injury),
        (Field::WrittenOn, DateKind::Order),
    ] {
        found.extend(in_prose(page, field, kind));
        if !found.iter().any(|candidate| candidate.field == field) {
            found.extend(behind_plain_label(page, field, kind));
        }
    }
    // a form with its captions under the lines has dates without a label before them
    if !page.captions_below && !found.iter().any(|candidate| candidate.field == Field::WrittenOn) {
        let other_dates: Vec<Area> = found.iter().flat_map(|it| &it.evidence).map(|evidence| evidence.area).collect();
        found.extend(letter_date(page, &other_dates));
    }
    // a day of this year behind "DOB" is another field's: nobody that young is sent for massage
    found.retain(|candidate| !matches!(&candidate.value, Value::Date(date) if candidate.field == Field::PatientBirthDate && date.reveal().year() >= page.on.year() - 1));
    found
}

fn labelled(page: &Context, field: Field, kind: DateKind) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(field) {
        let wrapped = slots::wrapped(&page.sheet, &page.labels, label).map(|slot| (Where::Below, slot));
        // a caption under its line, where the others stand over theirs
        let over = slots::above(&page.sheet, &page.labels, label).filter(|_| label.caption && !label.colon);
        let over = over.map(|slot| (Where::Above, slot));
        for (place, slot) in page.slots(label, 1).into_iter().chain(wrapped).chain(over) {
            let Some(hit) = first(&slot.text, kind, page.on) else { continue };
            let trust = if place == Where::SameLine { 1.0 } else { 0.95 };
            let trust = if label.weak { WEAK } else { trust };
            let evidence = slot.evidence(&hit.span, &label.rule);
            found.push(candidate(field, hit, evidence, trust, &label.rule));
            break;
        }
    }
    found
}

/// "injured in a motor vehicle accident on 8/2/26": the date within reach of the words.
fn in_prose(page: &Context, field: Field, kind: DateKind) -> Vec<Candidate> {
    let prose = page.book.rules.field.get(&field).map(|rule| rule.prose.as_slice()).unwrap_or_default();
    let mut found = Vec::new();
    for place in page.found.any(prose).into_iter().filter(|place| !page.is_label_of_another(place, field)) {
        let rest = page.after(place.end, 60);
        let Some(hit) = days(&rest.text, kind, page.on).into_iter().next() else { continue };
        let between = rest.text.get(..hit.span.start).unwrap_or_default();
        // "b. 1/10/1949": a letter alone is a word only right before the date
        if place.len() <= LETTER_CUE && hit.span.start > 0 {
            continue;
        }
        // another sentence, another matter
        if between.contains(['.', ';']) || between.split_whitespace().count() > 5 {
            continue;
        }
        let rule = "rules/80-dates.toml";
        let evidence = rest.evidence(&hit.span, rule);
        found.push(candidate(field, hit, evidence, 0.95, rule));
    }
    found
}

/// "Provider signature ______   Date 7/6/26": a label that begins a cell, without a colon, and a date directly behind it.
fn behind_plain_label(page: &Context, field: Field, kind: DateKind) -> Vec<Candidate> {
    let dated = page.plain_labels(field, CELL_GAP).into_iter().filter_map(|(row, behind, rule)| {
        let rest = page.sheet.slot((behind..page.sheet.rows[row].words.len()).map(|word| (row, word)));
        let hit = days(&rest.text, kind, page.on).into_iter().next().filter(|hit| hit.span.start == 0)?;
        let evidence = rest.evidence(&hit.span, rule);
        Some(candidate(field, hit, evidence, 0.95, rule))
    });
    dated.collect()
}

/// A letter's date stands alone on its line, in the upper part of the page.
fn letter_date(page: &Context, other_dates: &[Area]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (row, words) in page.sheet.rows.iter().enumerate() {
        if words.area.top > page.sheet.height * 2 / 5 {
            continue;
        }
        // beside it may stand what the letter is about
        let labels = page.labels.iter().filter(|label| label.row == row).map(|label| label.words.start);
        let slot = page.sheet.slot((0..labels.min().unwrap_or(words.words.len())).map(|word| (row, word)));
        let Some(hit) = first(&slot.text, DateKind::Order, page.on) else { continue };
        // "Sunday, September 6, 2026"
        let before = slot.text.get(..hit.span.start).unwrap_or_default();
        let weekday = before.trim_end_matches([',', ' ']).to_ascii_lowercase().ends_with("day");
        let rest = slot.text.len() - (hit.span.end - hit.span.start) - if weekday { before.len() } else { 0 };
        let rule = "rules/80-dates.toml";
        let evidence = slot.evidence(&hit.span, rule);
        let taken =
            |area: &Area| other_dates.iter().any(|other| other.overlap_x(area) > 0 && other.overlap_y(area) > 0);
        if rest <= 3 && !evidence.iter().any(|evidence| taken(&evidence.area)) {
            found.push(candidate(Field::WrittenOn, hit, evidence, 0.9, rule));
        }
    }
    found
}

/// The days of a text. "Jul 2026" is a month, not the 20th.
fn days(text: &str, kind: DateKind, on: Date) -> Vec<DateHit> {
    let mut hits = find_dates(text, kind, on);
    hits.retain(|hit| {
        let words = text.get(hit.span.clone()).unwrap_or_default();
        let digits: Vec<&str> =
            words.split(|letter: char| !letter.is_ascii_digit()).filter(|run| !run.is_empty()).collect();
        digits.len() != 1 || digits[0].len() != 4 || !words.chars().any(char::is_alphabetic)
    });
    hits
}

fn first(text: &str, kind: DateKind, on: Date) -> Option<DateHit> {
    days(text, kind, on).into_iter().next().filter(|hit| hit.span.start <= LEAD_MAX)
}

fn candidate(field: Field, hit: DateHit, evidence: Vec<crate::model::Evidence>, trust: f32, rule: &str) -> Candidate {
    Candidate {
        field,
        value: Value::Date(hit.date),
        evidence,
        trust,
        rule: rule.to_owned(),
        doubts: hit.doubts,
        checked: false,
    }
}
