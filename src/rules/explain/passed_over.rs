//! What stands on a page, has the shape of a field's values, and was not taken: the nearest candidates, and why they are none.

use std::ops::Range;

use crate::model::{Area, Field, Finding, Value};
use crate::rules::codes::{find_codes, find_procedures};
use crate::rules::context::Context;
use crate::rules::label::Label;
use crate::rules::sheet::SlotWord;
use crate::rules::take::{signer, whose};
use crate::rules::{DateKind, find_dates, find_names, find_npis, find_phones, find_schedules};

/// Something on the page that a field's reader knows, and that the field was not taken from.
#[derive(Debug, Clone, PartialEq)]
pub struct PassedOver {
    /// As it stands on the page.
    pub words: String,
    /// Where it stands.
    pub area: Area,
    /// Why it is none.
    pub why: String,
}

/// What was passed over for a field, from the top of the page to its end. What was found for another field is shown only where
/// nothing was found for this one.
pub(super) fn passed_over(page: &Context, field: Field, findings: &[Finding]) -> Vec<PassedOver> {
    let is_empty = !findings.iter().any(|it| it.field == field && it.value != Value::Unread);
    let mut spans = spans(page, field, is_empty);
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    spans.dedup();
    spans.into_iter().filter_map(|span| of_span(page, field, &span, findings, is_empty)).collect()
}

fn of_span(
    page: &Context,
    field: Field,
    span: &Range<usize>,
    findings: &[Finding],
    is_empty: bool,
) -> Option<PassedOver> {
    let words: Vec<&SlotWord> = page.text.touching(span).collect();
    let stands_on =
        |area: Area| words.iter().any(|word| word.area.overlap_x(&area) > 0 && word.area.overlap_y(&area) > 0);
    let is_of =
        |finding: &&Finding| finding.evidence.iter().any(|ink| ink.page == page.text.page && stands_on(ink.area));
    let mut over = findings.iter().filter(is_of);
    let other = over.clone().find(|finding| finding.field != field && finding.value != Value::Unread);
    if over.any(|finding| finding.field == field) || other.is_some() && !is_empty {
        return None;
    }
    let area = words.iter().map(|word| word.area).reduce(|all, area| all.union(&area))?;
    let why = page.why_set_aside(field, &area).map(str::to_owned);
    let why = why.or_else(|| other.map(|other| format!("its words were found for {}", other.field)));
    let why = why.unwrap_or_else(|| why_not(page, field, span, words[0].area));
    Some(PassedOver { words: page.text.text.get(span.clone())?.trim().to_owned(), area, why })
}

/// Where values of a field's shape stand in the page's text. Days and phone numbers look alike whatever they are of: those that
/// nobody took are shown where a paper's day and a provider's phone are asked for, and where nothing was found.
fn spans(page: &Context, field: Field, is_empty: bool) -> Vec<Range<usize>> {
    let text = &page.text.text;
    let days = |kind| find_dates(text, kind, page.on).into_iter().map(|hit| hit.span).collect();
    match field {
        Field::PatientBirthDate if is_empty => days(DateKind::Birth),
        Field::PayerDateOfInjury if is_empty => days(DateKind::Injury),
        Field::WrittenOn => days(DateKind::Order),
        Field::Diagnoses => {
            find_codes(text, &page.book.codes, page.on, false).into_iter().map(|hit| hit.span).collect()
        }
        Field::Plan => {
            let denied = page.treatments().iter().filter(|hit| hit.negated).map(|hit| hit.span.clone());
            find_procedures(text).into_iter().map(|hit| hit.span).chain(denied).collect()
        }
        Field::Frequency => find_schedules(text, &page.book.own.sayings).into_iter().map(|hit| hit.span).collect(),
        Field::ProviderNpi => find_npis(text).into_iter().map(|hit| hit.span).collect(),
        Field::ProviderPhone => phones(text),
        Field::PatientPhone | Field::ProviderFax if is_empty => phones(text),
        Field::ProviderName => {
            find_names(text).into_iter().filter(|hit| !hit.credentials.is_empty()).map(|hit| hit.span).collect()
        }
        _ => Vec::new(),
    }
}

fn phones(text: &str) -> Vec<Range<usize>> {
    find_phones(text).into_iter().map(|hit| hit.span).collect()
}

/// What its place says. Where no more is known, no more is said.
fn why_not(page: &Context, field: Field, span: &Range<usize>, first: Area) -> String {
    let beside = page.ticks.iter().find(|tick| tick.words.words.iter().any(|word| word.area == first));
    if beside.is_some_and(|tick| !tick.ticked) {
        return "the box beside it is not ticked".to_owned();
    }
    if field == Field::Plan && page.treatments().iter().any(|hit| hit.negated && hit.span == *span) {
        return "the words around it say that it is not to be done".to_owned();
    }
    let name = (field == Field::ProviderName)
        .then(|| find_names(&page.text.text).into_iter().find(|hit| hit.span == *span))
        .flatten();
    if let Some(hit) = name.filter(|hit| signer::orders_nothing(page, hit)) {
        return format!("who is {} orders nothing", hit.credentials.join(", "));
    }
    if let Some(label) = label_of(page, first) {
        let words = page.sheet.rows[label.row].words.get(label.words.clone()).unwrap_or_default();
        let words: Vec<&str> = words.iter().map(|token| token.text.as_str()).collect();
        return format!("it stands at the label {:?} ({})", words.join(" "), label.rule);
    }
    let place = page.place_of(first);
    if place.and_then(|(row, word)| whose::at(page, row, word)) == Some(whose::Owner::Another) {
        return "by the words before it, it is somebody else's".to_owned();
    }
    "no label and no words before it ask for it there".to_owned()
}

/// The label in whose slot a word stands.
fn label_of<'p>(page: &'p Context, word: Area) -> Option<&'p Label> {
    page.labels.iter().find(|label| {
        let slots = page.slots(label, 1);
        slots.iter().any(|(_, slot)| slot.words.iter().any(|own| own.area == word))
    })
}
