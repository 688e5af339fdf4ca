//! Of several candidates for a field, the one to keep, and whether the others make it doubtful.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::decide::{Doubts, EvidenceByField, fold, same};
use crate::model::{Diagnosis, Evidence, Field, Finding, Frequency, GapReason, PayerKind, Private, Procedure, Value};
use crate::rules::{AreaHit, Book, CheckName, Side};

/// A candidate this much less sure than the best does not contradict it.
const RIVAL: f32 = 0.12;
const TWO_VALUES: &str = "two different values stand on the paper";
const OUT_OF_ORDER: &str = "birth, accident, writing and receipt are not in this order";

/// The candidates of one prescription, and what was taken of them.
pub(in crate::decide) struct Chosen {
    findings: Vec<Finding>,
    doubts: Doubts,
    evidence: EvidenceByField,
}

impl Chosen {
    pub(in crate::decide) fn new(mut findings: Vec<Finding>) -> Self {
        // stable: of two equally sure ones the first on the page leads
        findings.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        Self { findings, doubts: Doubts::new(), evidence: EvidenceByField::new() }
    }

    fn of(&self, field: Field) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.field == field)
    }

    /// Fields of which only unreadable ink is known.
    pub(in crate::decide) fn unread(&mut self) -> Vec<Field> {
        let mut fields = Vec::new();
        for finding in self.findings.iter().filter(|finding| finding.value == Value::Unread) {
            let read = self
                .findings
                .iter()
                .any(|other| other.field == finding.field && !matches!(other.value, Value::Unread | Value::Text(_)));
            if !read && !fields.contains(&finding.field) {
                fields.push(finding.field);
                self.evidence.entry(finding.field).or_default().extend(finding.evidence.clone());
            }
        }
        fields
    }

    /// The best single value of a field. A rival with another value, or a doubt on the best, makes the field doubtful.
    fn best(&mut self, field: Field, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        let candidates: Vec<&Finding> = self.of(field).filter(|finding| fits(&finding.value)).collect();
        let best = (*candidates.first()?).clone();
        let agreeing =
            candidates.iter().filter(|other| same(&other.value, &best.value) && !shares_ink(other, &best)).count();
        let rivals = candidates
            .iter()
            .filter(|other| other.confidence > best.confidence - RIVAL && !same(&other.value, &best.value))
            .count();
        if !best.doubts.is_empty() && agreeing == 0 {
            self.doubt(field, &best.doubts);
        }
        if rivals > 0 {
            self.doubt(field, &[TWO_VALUES.to_owned()]);
        }
        self.evidence.entry(field).or_default().extend(best.evidence);
        Some(best.value)
    }

    pub(in crate::decide) fn name(&mut self, field: Field) -> Option<Private<String>> {
        match self.best(field, |value| matches!(value, Value::Name(_)))? {
            Value::Name(name) => Some(name.full),
            _ => None,
        }
    }

    pub(in crate::decide) fn date(&mut self, field: Field) -> Option<Date> {
        match self.best(field, |value| matches!(value, Value::Date(_)))? {
            Value::Date(date) => Some(date.into_inner()),
            _ => None,
        }
    }

    /// Of several stated ends the earliest; one beyond doubt goes before the others.
    pub(in crate::decide) fn expiry(&mut self) -> Option<Date> {
        let of_field = || self.of(Field::ExpiresOn).filter(|finding| finding.doubts.is_empty());
        let day = |finding: &Finding| match &finding.value {
            Value::Date(date) => Some(*date.reveal()),
            _ => None,
        };
        let earliest = of_field()
            .filter_map(|finding| Some((day(finding)?, finding.evidence.clone())))
            .min_by_key(|(day, _)| *day);
        let Some((stated, evidence)) = earliest else {
            return self.date(Field::ExpiresOn).or_else(|| self.end_of_schedule());
        };
        match self.end_of_schedule().filter(|end| *end < stated) {
            Some(end) => Some(end),
            None => {
                self.evidence.insert(Field::ExpiresOn, evidence);
                Some(stated)
            }
        }
    }

    /// "2x/week until 10/30/2026": the last day of the schedule that is taken.
    fn end_of_schedule(&mut self) -> Option<Date> {
        let best = self.of(Field::Frequency).find_map(|finding| match &finding.value {
            Value::Frequency(frequency) => Some((frequency.window.as_ref()?.end?, finding.evidence.clone())),
            _ => None,
        });
        let (end, evidence) = best?;
        self.evidence.insert(Field::ExpiresOn, evidence);
        Some(end)
    }

    pub(in crate::decide) fn phone(&mut self, field: Field) -> Option<Private<String>> {
        match self.best(field, |value| matches!(value, Value::Phone(_)))? {
            Value::Phone(phone) => Some(phone),
            _ => None,
        }
    }

    pub(in crate::decide) fn text(&mut self, field: Field) -> Option<String> {
        match self.best(field, |value| matches!(value, Value::Text(_)))? {
            Value::Text(text) => Some(text.into_inner()),
            _ => None,
        }
    }

    pub(in crate::decide) fn claim_number(&mut self) -> Option<Private<String>> {
        match self.best(Field::PayerClaimNumber, |value| matches!(value, Value::ClaimNumber(_)))? {
            Value::ClaimNumber(number) => Some(number),
            _ => None,
        }
    }

    pub(in crate::decide) fn npi(&mut self) -> Option<String> {
        match self.best(Field::ProviderNpi, |value| matches!(value, Value::Npi { .. }))? {
            Value::Npi { digits, .. } => Some(digits),
            _ => None,
        }
    }

    pub(in crate::decide) fn payer_kind(&mut self) -> Option<PayerKind> {
        match self.best(Field::PayerKind, |value| matches!(value, Value::PayerKind(_)))? {
            Value::PayerKind(kind) => Some(kind),
            _ => None,
        }
    }

    pub(in crate::decide) fn signed(&mut self) -> Option<bool> {
        match self.best(Field::ProviderSignature, |value| matches!(value, Value::Signed(_)))? {
            Value::Signed(signed) => Some(signed),
            _ => None,
        }
    }

    pub(in crate::decide) fn frequency(&mut self) -> Option<Frequency> {
        match self.best(Field::Frequency, |value| matches!(value, Value::Frequency(_)))? {
            Value::Frequency(frequency) => {
                if frequency.status == crate::model::FrequencyStatus::Review {
                    self.doubt(Field::Frequency, &[]);
                }
                Some(frequency)
            }
            _ => None,
        }
    }

    /// Every diagnosis once, in the order of the page; a second look at the same ink adds nothing.
    pub(in crate::decide) fn diagnoses(&mut self) -> Vec<Diagnosis> {
        let mut kept: Vec<Finding> = Vec::new();
        for finding in self.of(Field::Diagnoses) {
            let Value::Diagnosis(diagnosis) = &finding.value else { continue };
            let known = kept.iter().any(|other| match &other.value {
                Value::Diagnosis(of) => of.code == diagnosis.code && of.code.is_some() || same_ink(other, finding),
                _ => false,
            });
            if !known {
                kept.push(finding.clone());
            }
        }
        self.keep_all(Field::Diagnoses, kept, |value| match value {
            Value::Diagnosis(diagnosis) => Some(diagnosis),
            _ => None,
        })
    }

    pub(in crate::decide) fn procedures(&mut self) -> Vec<Procedure> {
        let mut kept: Vec<Finding> = Vec::new();
        for finding in self.of(Field::Plan) {
            let Value::Procedure(procedure) = &finding.value else { continue };
            let twin =
                kept.iter_mut().find(|other| matches!(&other.value, Value::Procedure(of) if of.code == procedure.code));
            match twin {
                Some(Finding { value: Value::Procedure(of), .. }) => of.units = of.units.or(procedure.units),
                _ => kept.push(finding.clone()),
            }
        }
        self.keep_all(Field::Plan, kept, |value| match value {
            Value::Procedure(procedure) => Some(procedure),
            _ => None,
        })
    }

    fn keep_all<T>(&mut self, field: Field, mut kept: Vec<Finding>, take: impl Fn(Value) -> Option<T>) -> Vec<T> {
        kept.sort_by_key(|finding| {
            finding.evidence.first().map(|evidence| (evidence.page, evidence.area.top, evidence.area.left))
        });
        for finding in kept.iter().filter(|finding| !finding.doubts.is_empty()) {
            self.doubt(field, &finding.doubts);
        }
        let evidence = self.evidence.entry(field).or_default();
        evidence.extend(kept.iter().flat_map(|finding| finding.evidence.clone()));
        kept.into_iter().filter_map(|finding| take(finding.value)).collect()
    }

    /// The areas of their own places before those that the words of the plan name, each once.
    pub(in crate::decide) fn body_areas(&mut self, book: &Book) -> Vec<String> {
        let kept: Vec<Finding> = self.of(Field::PlanBodyAreas).cloned().collect();
        let own = self.keep_all(Field::PlanBodyAreas, kept, |value| match value {
            Value::Text(text) => Some(text.into_inner()),
            _ => None,
        });
        let of_plan = self.of(Field::Plan).filter_map(|finding| match &finding.value {
            Value::Text(text) => Some(text.reveal().clone()),
            _ => None,
        });
        let own = own.into_iter().flat_map(|text| match areas_in(&text, book) {
            // in the prescriber's own words
            Some(areas) => areas,
            None => vec![text],
        });
        let mut areas: Vec<String> = Vec::new();
        for area in own.chain(of_plan.filter_map(|text| areas_in(&text, book)).flatten()) {
            if !areas.contains(&area) {
                areas.push(area);
            }
        }
        areas
    }

    /// "Evaluate and treat" stands in the plan.
    pub(in crate::decide) fn delegated(&self, book: &Book) -> bool {
        self.of(Field::Plan).any(|finding| match &finding.value {
            Value::Text(text) => book
                .treatment_words(text.reveal())
                .iter()
                .any(|hit| hit.family == crate::rules::TreatmentFamily::Delegation && !hit.negated),
            _ => false,
        })
    }

    /// Birth, accident, writing, receipt: a date out of this order was misread, or is another date.
    pub(in crate::decide) fn doubt_impossible_dates(&mut self, book: &Book, on: Date) {
        let peek = |field: Field| {
            self.of(field).find_map(|finding| match &finding.value {
                Value::Date(date) => Some(*date.reveal()),
                _ => None,
            })
        };
        let birth = peek(Field::PatientBirthDate);
        let injury = peek(Field::PayerDateOfInjury);
        let written = peek(Field::WrittenOn);
        let tomorrow = on.tomorrow().unwrap_or(on);
        let order = [
            (birth, Field::PatientBirthDate),
            (injury, Field::PayerDateOfInjury),
            (written, Field::WrittenOn),
            (Some(tomorrow), Field::WrittenOn),
        ];
        let checked = order.iter().filter(|(_, field)| book.checks(*field, CheckName::DateOrder));
        let given: Vec<(Date, Field)> = checked.filter_map(|(date, field)| Some(((*date)?, *field))).collect();
        for pair in given.windows(2) {
            let [(earlier, first), (later, second)] = pair else { continue };
            if earlier > later {
                for field in [*first, *second] {
                    self.doubt(field, &[OUT_OF_ORDER.to_owned()]);
                }
            }
        }
    }

    pub(in crate::decide) fn evidence(&self) -> EvidenceByField {
        self.evidence.clone()
    }

    pub(in crate::decide) fn doubts(&self) -> Vec<Field> {
        self.doubts.keys().copied().collect()
    }

    /// The doubted fields of which two values stand on the paper, or whose dates are out of their order.
    pub(in crate::decide) fn contested(&self) -> Vec<(Field, GapReason)> {
        let faults = [(TWO_VALUES, GapReason::Conflict), (OUT_OF_ORDER, GapReason::Implausible)];
        let of_field = |(field, why): (&Field, &BTreeSet<String>)| {
            let known = faults.iter().filter(|(fault, _)| why.contains(*fault));
            known.map(|(_, reason)| (*field, *reason)).collect::<Vec<_>>()
        };
        self.doubts.iter().flat_map(of_field).collect()
    }

    /// Why, of those of which it is known.
    pub(in crate::decide) fn reasons(&self) -> BTreeMap<Field, Vec<String>> {
        let known = self.doubts.iter().filter(|(_, reasons)| !reasons.is_empty());
        known.map(|(field, reasons)| (*field, reasons.iter().cloned().collect())).collect()
    }

    fn doubt(&mut self, field: Field, reasons: &[String]) {
        self.doubts.entry(field).or_default().extend(reasons.iter().cloned());
    }
}

/// Two findings that rest on one piece of ink: neither bears the other out.
fn shares_ink(a: &Finding, b: &Finding) -> bool {
    let touches =
        |a: &Evidence, b: &Evidence| a.page == b.page && a.area.overlap_x(&b.area) > 0 && a.area.overlap_y(&b.area) > 0;
    a.evidence.iter().any(|a| b.evidence.iter().any(|b| touches(a, b)))
}

/// The same place on the page, read by two rules.
fn same_ink(a: &Finding, b: &Finding) -> bool {
    a.evidence.iter().any(|a| {
        b.evidence.iter().any(|b| {
            a.page == b.page
                && a.area.overlap_x(&b.area) > 0
                && a.area.overlap_y(&b.area) * 2 > a.area.height().min(b.area.height())
        })
    }) && a
        .evidence
        .iter()
        .zip(&b.evidence)
        .all(|(a, b)| fold(a.text.reveal()).len().abs_diff(fold(b.text.reveal()).len()) < 4)
}

/// The areas of a text with their sides, without those that are to be left out; None where it names none.
fn areas_in(text: &str, book: &Book) -> Option<Vec<String>> {
    let hits = book.body_areas(text);
    let with_side = |hit: &AreaHit| match hit.side {
        Some(Side::Left) => format!("left {}", hit.area),
        Some(Side::Right) => format!("right {}", hit.area),
        Some(Side::Both) => format!("{} (both sides)", hit.area),
        None => hit.area.clone(),
    };
    (!hits.is_empty()).then(|| hits.iter().filter(|hit| !hit.barred).map(with_side).collect())
}
