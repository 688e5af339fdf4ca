//! Why a page gave what it gave: the kinds that were weighed, where each field was looked for, and what was turned down.

mod passed_over;

use jiff::civil::Date;
use strsim::osa_distance;

pub use self::passed_over::PassedOver;
use crate::model::{Area, Field, Finding, PaperKind, Reading, Value};
use crate::rules::codes::{TreatmentFamily, TreatmentHit, find_codes, find_procedures};
use crate::rules::context::Context;
use crate::rules::forms::FormStory;
use crate::rules::label::{Label, Meaning};
use crate::rules::phrase::Folded;
use crate::rules::section::{self, KindStory};
use crate::rules::sheet::{Slot, SlotWord, fold};
use crate::rules::slots::Where;
use crate::rules::take::{self, dates};
use crate::rules::ticks::Tick;
use crate::rules::{Book, DateKind, find_claim_numbers, find_dates, find_npis, find_phones, read_name, read_schedule};

/// A phrase of the book that stands on the page but for this many letters, one in so many, is shown as a near miss.
const NEAR_LETTERS: usize = 2;
const NEAR_SHARE: usize = 5;
/// A field's near misses beyond these are left out.
const NEAR_MAX: usize = 3;

/// The story of a page.
#[derive(Debug, Clone)]
pub struct PageStory {
    /// Its number, from 1.
    pub page: u32,
    /// What it was taken for.
    pub kind: PaperKind,
    /// Names of the facts that stand on it, asked for or not.
    pub facts: Vec<String>,
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
    /// All candidates, the surest first. Which is taken is decided over all pages of the paper.
    pub candidates: Vec<Finding>,
    /// Labels of the field on the page behind which nothing was taken.
    pub empty_labels: Vec<EmptyLabel>,
    /// Words of the page that are nearly a label of the field.
    pub near_labels: Vec<NearLabel>,
    /// Values of the field's shape on the page that no candidate came from.
    pub passed_over: Vec<PassedOver>,
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
                facts: Vec::new(),
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
        let facts = self.0.own.facts(&page, |_| true);
        PageStory { page: reading.page, kind, facts, form: page.form, kinds, fields }
    }

    fn explain_field(&self, field: Field, page: &Context, findings: &[Finding]) -> FieldStory {
        let mut candidates: Vec<Finding> = findings.iter().filter(|finding| finding.field == field).cloned().collect();
        candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        candidates.dedup();
        let near_labels = if candidates.iter().all(|finding| finding.value == Value::Unread) {
            self.near(field, page, findings)
        } else {
            Vec::new()
        };
        let empty_labels = page.labels_of(field).filter_map(|label| empty(page, field, label, findings)).collect();
        for candidate in &mut candidates {
            candidate.rule = self.0.place_of(candidate);
        }
        let passed_over = passed_over::passed_over(page, field, findings);
        FieldStory { field, candidates, empty_labels, near_labels, passed_over }
    }

    /// Runs of words that are a label but for `NEAR_LETTERS` letters, are no label of anything, and hold nothing that was found.
    fn near(&self, field: Field, page: &Context, findings: &[Finding]) -> Vec<NearLabel> {
        let mut near = Vec::new();
        let labels = self.0.labels.of(field);
        for (row, words) in page.sheet.rows.iter().enumerate() {
            for at in 0..words.words.len() {
                let taken = page
                    .labels
                    .iter()
                    .any(|label| label.row == row && label.words.contains(&at) && label.meaning != Meaning::Other);
                let area = words.words[at].area;
                let is_value = || findings.iter().any(|it| it.value != Value::Unread && covers(it, area));
                if taken || near.len() == NEAR_MAX || is_value() {
                    continue;
                }
                near.extend(labels.iter().find_map(|(label, rule)| {
                    let run = words.words.get(at..at + label.len())?;
                    // a label ends in a colon, or has its cell for itself
                    let stands_out = run.last()?.ends_label() || run.len() == words.words.len();
                    let said: String = run.iter().map(|token| token.folded.as_str()).collect();
                    let meant = label.concat();
                    let differs = osa_distance(&said, &meant);
                    let most = NEAR_LETTERS.min(meant.len() / NEAR_SHARE);
                    let begins_alike = said.chars().next() == meant.chars().next();
                    (stands_out && begins_alike && (1..=most).contains(&differs)).then(|| NearLabel {
                        words: run.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" "),
                        label: label.join(" "),
                        rule: (*rule).to_owned(),
                    })
                }));
            }
        }
        near
    }
}

/// What was looked at behind a label that no candidate came from.
fn empty(page: &Context, field: Field, label: &Label, findings: &[Finding]) -> Option<EmptyLabel> {
    let slots = page.slots(label, 2);
    let read = |area: Area| {
        let mut of_field = findings.iter().filter(|it| it.field == field && it.value != Value::Unread);
        of_field.any(|finding| covers(finding, area))
    };
    // "Electronically signed by": the label itself says it
    if read(label.area) || slots.iter().any(|(_, slot)| slot.words.iter().any(|word| read(word.area))) {
        return None;
    }
    let words = &page.sheet.rows[label.row].words[label.words.clone()];
    let looked_at = slots.iter().map(|(place, slot)| {
        let place = match place {
            Where::SameLine => "behind it",
            Where::Below => "below it",
            Where::Above => "above it",
        };
        (format!("{place}: {:?}", slot.text), why_not(page, field, label, slot, findings))
    });
    Some(EmptyLabel {
        rule: label.rule.clone(),
        label: words.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" "),
        looked_at: looked_at.collect(),
    })
}

fn covers(finding: &Finding, area: Area) -> bool {
    finding.evidence.iter().any(|it| it.area.overlap_x(&area) > 0 && it.area.overlap_y(&area) > 0)
}

/// What is known of a slot from which the field was not taken: whether the readers of the field read anything in it, the boxes beside
/// its words, and what else its words were found for. Where a rule of its place turned it down, no more is said than that.
fn why_not(page: &Context, field: Field, label: &Label, slot: &Slot, findings: &[Finding]) -> String {
    let words = || {
        let says = |word: &&SlotWord| slot.text.get(word.range.clone()).is_some_and(|text| !fold(text).is_empty());
        slot.words.iter().filter(says)
    };
    if words().next().is_none() {
        return "it holds no letter or digit".to_owned();
    }
    let is_beside = |tick: &&Tick| tick.words.words.iter().any(|of| words().any(|word| word.area == of.area));
    let mut boxes = page.ticks.iter().filter(is_beside).peekable();
    if boxes.peek().is_some() && !boxes.any(|tick| tick.ticked) {
        return "the boxes beside its words are not ticked".to_owned();
    }
    if field == Field::WrittenOn && !dates::is_this_orders(page, label) {
        return "by the words around the label this is the day of something else, or beside somebody else's signature"
            .to_owned();
    }
    let why = match reads(page, field, &slot.text) {
        Some((what, false)) => format!("no {what} can be read in it"),
        Some((what, true)) if findings.iter().any(|it| it.field == field && it.value != Value::Unread) => {
            format!("a {what} can be read in it; what was found stands elsewhere on the page")
        }
        Some((what, true)) => format!("a {what} can be read in it, and is not taken from here"),
        None => "nothing is taken from it".to_owned(),
    };
    let whole = |finding: &&Finding| {
        finding.field != field && finding.value != Value::Unread && words().all(|word| covers(finding, word.area))
    };
    match findings.iter().find(whole) {
        Some(other) => format!("{why}; its words were found for {}", other.field),
        None => why,
    }
}

/// What the reader of a field looks for, and whether it finds it in a text; None where a field's words have no shape of their own.
fn reads(page: &Context, field: Field, text: &str) -> Option<(&'static str, bool)> {
    let day = |kind| Some(("day of the calendar", !find_dates(text, kind, page.on).is_empty()));
    match field {
        Field::PatientBirthDate => day(DateKind::Birth),
        Field::PayerDateOfInjury => day(DateKind::Injury),
        Field::WrittenOn | Field::ExpiresOn => day(DateKind::Order),
        Field::ProviderNpi => Some(("number of an NPI's ten digits", !find_npis(text).is_empty())),
        Field::PayerClaimNumber => Some(("claim number", !find_claim_numbers(text).is_empty())),
        Field::Diagnoses => Some(("code of ICD-10-CM", !find_codes(text, &page.book.codes, page.on, true).is_empty())),
        Field::Frequency => Some(("frequency", read_schedule(text, &page.book.own.sayings).is_some())),
        Field::Plan => {
            let ours = |hit: &TreatmentHit| {
                !hit.negated && matches!(hit.family, TreatmentFamily::Massage | TreatmentFamily::ManualTherapy)
            };
            let named = page.book.treatments.find(text).iter().any(ours);
            Some(("procedure code or treatment of ours", named || !find_procedures(text).is_empty()))
        }
        Field::PatientName | Field::ProviderName => {
            Some(("given name and family name", text.lines().any(|line| read_name(line).is_some())))
        }
        Field::PatientPhone | Field::ProviderPhone | Field::ProviderFax => {
            Some(("phone number", !find_phones(text).is_empty()))
        }
        Field::PayerKind => {
            let found = page.book.phrases.find(&Folded::new(text));
            Some(("kind of payer", page.book.rules.payer.values().any(|payer| found.has_any(&payer.words))))
        }
        _ => None,
    }
}
