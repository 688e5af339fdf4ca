//! Why a page gave what it gave: the kinds that were weighed, where each field was looked for, and what was turned down.

use jiff::civil::Date;
use strsim::osa_distance;

use crate::model::{Evidence, Field, Finding, PaperKind, Reading, Value};
use crate::rules::context::Context;
use crate::rules::forms::FormStory;
use crate::rules::label::{Label, Meaning};
use crate::rules::section::{self, KindStory};
use crate::rules::sheet::{Slot, fold};
use crate::rules::slots::Where;
use crate::rules::{Book, take};

/// A phrase of the book that stands on the page but for this many letters is shown as a near miss.
const NEAR_LETTERS: usize = 2;
/// Shorter words are near everything.
const NEAR_LETTERS_MIN: usize = 5;
/// A field's near misses beyond these are left out.
const NEAR_MAX: usize = 3;

/// The story of a page.
#[derive(Debug, Clone)]
pub struct PageStory {
    /// Its number, from 1.
    pub page: u32,
    /// What it was taken for.
    pub kind: PaperKind,
    /// Which clinic's own form it is.
    pub form: FormStory,
    /// Every kind with its points, the most above its threshold first.
    pub kinds: Vec<KindStory>,
    /// Every field.
    pub fields: Vec<FieldStory>,
}

/// What was found for a field and what was not.
#[derive(Debug, Clone)]
pub struct FieldStory {
    /// The field.
    pub field: Field,
    /// All candidates, the surest first; the first is taken, the others are turned down.
    pub candidates: Vec<Finding>,
    /// Labels of the field on the page behind which nothing was taken.
    pub empty_labels: Vec<EmptyLabel>,
    /// Words of the page that are nearly a label of the field.
    pub near_labels: Vec<NearLabel>,
}

/// A label whose slot gave nothing.
#[derive(Debug, Clone)]
pub struct EmptyLabel {
    /// `file:line` of the label.
    pub rule: String,
    /// The label as it stands on the page.
    pub label: String,
    /// What stood where its value was looked for, and why that is none.
    pub looked_at: Vec<(String, String)>,
}

/// Words that are a label but for a letter or two.
#[derive(Debug, Clone)]
pub struct NearLabel {
    /// As they stand on the page.
    pub words: String,
    /// The label they are near to.
    pub label: String,
    /// `file:line` of the label.
    pub rule: String,
}

impl Book {
    /// The story of each page of a paper. It holds patient data: it is for whoever holds the paper.
    pub fn explain(&self, readings: &[Reading], on: Date, sender: Option<&str>) -> Vec<PageStory> {
        readings.iter().map(|reading| self.explain_page(reading, on, sender)).collect()
    }

    fn explain_page(&self, reading: &Reading, on: Date, sender: Option<&str>) -> PageStory {
        if section::is_too_much(reading) {
            return PageStory {
                page: reading.page,
                kind: PaperKind::Unreadable,
                form: FormStory::None(Vec::new()),
                kinds: Vec::new(),
                fields: Vec::new(),
            };
        }
        let page = Context::new(&self.0, reading, on, sender);
        let findings = take::all(&page);
        let kinds = section::weigh(&page, &findings);
        let kind = section::sort(&self.0, std::slice::from_ref(reading), on, sender)
            .first()
            .map_or(PaperKind::Other, |section| section.kind);
        let fields = Field::ALL.iter().map(|field| self.explain_field(*field, &page, &findings)).collect();
        PageStory { page: reading.page, kind, form: page.form, kinds, fields }
    }

    fn explain_field(&self, field: Field, page: &Context, findings: &[Finding]) -> FieldStory {
        let mut candidates: Vec<Finding> = findings.iter().filter(|finding| finding.field == field).cloned().collect();
        candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let near_labels = if candidates.iter().all(|finding| finding.value == Value::Unread) {
            self.near(field, page)
        } else {
            Vec::new()
        };
        let read: Vec<&Evidence> =
            candidates.iter().filter(|finding| finding.value != Value::Unread).flat_map(|it| &it.evidence).collect();
        let empty_labels = page.labels_of(field).filter_map(|label| empty(page, field, label, &read)).collect();
        FieldStory { field, candidates, empty_labels, near_labels }
    }

    /// Runs of words that are a label but for `NEAR_LETTERS` letters, and are no label of anything.
    fn near(&self, field: Field, page: &Context) -> Vec<NearLabel> {
        let mut near = Vec::new();
        let labels = self.0.labels.of(field);
        for (row, words) in page.sheet.rows.iter().enumerate() {
            for at in 0..words.words.len() {
                let taken = page
                    .labels
                    .iter()
                    .any(|label| label.row == row && label.words.contains(&at) && label.meaning != Meaning::Other);
                if taken || near.len() == NEAR_MAX {
                    continue;
                }
                near.extend(labels.iter().find_map(|(label, rule)| {
                    let run = words.words.get(at..at + label.len())?;
                    // a label ends in a colon, or has its cell for itself
                    let stands_out = run.last()?.ends_label() || run.len() == words.words.len();
                    let said: String = run.iter().map(|token| token.folded.as_str()).collect();
                    let meant = label.concat();
                    let differs = osa_distance(&said, &meant);
                    (stands_out && meant.len() >= NEAR_LETTERS_MIN && (1..=NEAR_LETTERS).contains(&differs)).then(
                        || NearLabel {
                            words: run.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" "),
                            label: label.join(" "),
                            rule: (*rule).to_owned(),
                        },
                    )
                }));
            }
        }
        near
    }
}

/// What was looked at behind a label that no candidate came from.
fn empty(page: &Context, field: Field, label: &Label, read: &[&Evidence]) -> Option<EmptyLabel> {
    let slots = page.slots(label, 2);
    let touches = |slot: &Slot| {
        slot.words
            .iter()
            .any(|word| read.iter().any(|it| it.area.overlap_x(&word.area) > 0 && it.area.overlap_y(&word.area) > 0))
    };
    if slots.iter().any(|(_, slot)| touches(slot)) {
        return None;
    }
    let words = &page.sheet.rows[label.row].words[label.words.clone()];
    let looked_at = slots.iter().map(|(place, slot)| {
        let place = match place {
            Where::SameLine => "behind it",
            Where::Below => "below it",
            Where::Above => "above it",
        };
        (format!("{place}: {:?}", slot.text), why_not(field, &slot.text).to_owned())
    });
    Some(EmptyLabel {
        rule: label.rule.clone(),
        label: words.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" "),
        looked_at: looked_at.collect(),
    })
}

/// What a field asks of the text in its slot.
fn why_not(field: Field, text: &str) -> &'static str {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    if fold(text).is_empty() {
        return "it holds no letter or digit";
    }
    match field {
        Field::PatientBirthDate | Field::PayerDateOfInjury | Field::WrittenOn | Field::ExpiresOn => {
            "no day of the calendar can be read in it"
        }
        Field::ProviderNpi if digits >= 10 => "its ten digits do not pass the check digit, or are a phone number",
        Field::ProviderNpi => "an NPI has ten digits",
        Field::PayerClaimNumber => "a claim number has digits, and is no phone number, date or policy number",
        Field::Diagnoses => "no ICD-10-CM code stands in it, and its words are too few or too poorly read",
        Field::Frequency => "it gives no rate, number of visits or duration that can be put together",
        Field::Plan => "no procedure code and no treatment word stands in it",
        Field::PatientName | Field::ProviderName => "it does not read as a given name and a family name",
        Field::PatientPhone | Field::ProviderPhone | Field::ProviderFax => "a phone number has ten digits",
        Field::PayerKind => "it names no kind of payer of rules/60-payer.toml",
        _ => "it does not have the shape of this field's values",
    }
}
