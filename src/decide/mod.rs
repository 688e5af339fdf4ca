//! In: Sections with Findings. Out: Prescriptions with their gaps and doubts.

mod choose;
mod gaps;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::decide::choose::Chosen;
use crate::model::{
    Evidence, Field, Frequency, FrequencyStatus, GapLevel, OtherPage, Patient, Payer, Plan, Prescription, Provider,
    Section, Value,
};
use crate::rules::Book;

pub use crate::decide::gaps::{Outcome, requirements};

/// Fields that must be beyond doubt before anybody treats.
const TREATMENT_FIELDS: [Field; 5] =
    [Field::PatientName, Field::Diagnoses, Field::Plan, Field::Frequency, Field::ProviderSignature];

/// Turns sections into prescriptions and pages that are none. `on` is the day of receipt.
pub fn decide(sections: Vec<Section>, book: &Book, on: Date) -> (Vec<OtherPage>, Vec<Prescription>) {
    let (ordered, other): (Vec<Section>, Vec<Section>) =
        sections.into_iter().partition(|section| section.kind.is_prescription());
    let other = other.into_iter().map(|section| OtherPage { pages: section.pages, kind: section.kind }).collect();
    let mut prescriptions: Vec<Prescription> =
        ordered.into_iter().map(|section| prescription(section, book, on)).collect();
    tell_second_orders(&mut prescriptions, book);
    prescriptions.iter_mut().for_each(settle);
    (other, prescriptions)
}

/// Two orders for one patient in one paper that differ in how often: the later one may take the other's place, or both may count.
fn tell_second_orders(prescriptions: &mut [Prescription], book: &Book) {
    let differs = |a: &Prescription, b: &Prescription| {
        is_one_patient(a, b) && a.frequency.as_ref().zip(b.frequency.as_ref()).is_some_and(|(a, b)| contradict(a, b))
    };
    let others = |own: &Prescription| prescriptions.iter().any(|other| differs(own, other));
    let told: Vec<bool> = prescriptions.iter().map(others).collect();
    for (prescription, _) in prescriptions.iter_mut().zip(told).filter(|(_, told)| *told) {
        gaps::add(&mut prescription.gaps, gaps::second_order(book));
    }
}

/// Two rates, or two numbers of visits. Where a letter says less than the order beside it, nothing contradicts.
fn contradict(a: &Frequency, b: &Frequency) -> bool {
    let rates = |of: &Frequency| -> Vec<_> {
        let phases = of.phases.iter();
        phases.map(|it| (it.frequency, it.frequency_max, it.period, it.period_max, it.period_unit)).collect()
    };
    let (of_a, of_b) = (rates(a), rates(b));
    !of_a.is_empty() && !of_b.is_empty() && of_a != of_b || a.visits.zip(b.visits).is_some_and(|(a, b)| a != b)
}

/// Whether two prescriptions name the same patient: one name, and no two birth dates; or with one birth date one first and last name
/// ("Maria A. Lopez").
fn is_one_patient(a: &Prescription, b: &Prescription) -> bool {
    let names = a.patient.name.as_ref().zip(b.patient.name.as_ref());
    let days = a.patient.birth_date.as_ref().zip(b.patient.birth_date.as_ref());
    let ends = |name: &str| {
        let mut words = name.split_whitespace().map(fold);
        (words.next(), words.next_back())
    };
    names.map(|(a, b)| (a.reveal(), b.reveal())).is_some_and(|(a, b)| {
        fold(a) == fold(b) && days.is_none_or(|(a, b)| a == b)
            || ends(a) == ends(b) && days.is_some_and(|(a, b)| a == b)
    })
}

fn prescription(section: Section, book: &Book, on: Date) -> Prescription {
    let Section { pages, kind, findings, facts, pages_lacking } = section;
    let mut chosen = Chosen::new(findings);
    chosen.doubt_impossible_dates(book, on);
    let mut prescription = Prescription {
        pages,
        kind,
        patient: Patient {
            name: chosen.name(Field::PatientName),
            birth_date: chosen.date(Field::PatientBirthDate).map(Into::into),
            phone: chosen.phone(Field::PatientPhone),
        },
        diagnoses: chosen.diagnoses(),
        plan: Plan {
            procedures: chosen.procedures(),
            text: chosen.text(Field::Plan).map(Into::into),
            body_areas: chosen.body_areas(book),
            delegated: chosen.delegated(book),
        },
        frequency: chosen.frequency(),
        payer: Payer {
            kind: chosen.payer_kind(),
            insurer: chosen.text(Field::PayerInsurer),
            claim_number: chosen.claim_number(),
            date_of_injury: chosen.date(Field::PayerDateOfInjury).map(Into::into),
            adjuster: chosen.text(Field::PayerAdjuster).map(Into::into),
        },
        provider: Provider {
            name: chosen.name(Field::ProviderName),
            credential: chosen.text(Field::ProviderCredential),
            npi: chosen.npi(),
            phone: chosen.phone(Field::ProviderPhone).map(|phone| phone.into_inner()),
            fax: chosen.phone(Field::ProviderFax).map(|phone| phone.into_inner()),
            signed: chosen.signed(),
        },
        written_on: chosen.date(Field::WrittenOn),
        expires_on: chosen.expiry(),
        gaps: Vec::new(),
        doubts: Vec::new(),
        reasons: BTreeMap::new(),
        evidence: EvidenceByField::new(),
        ready_to_treat: false,
        ready_to_bill: false,
    };
    // a number of visits and the day by which they are to be used: nothing is open
    if let Some(frequency) = &mut prescription.frequency
        && frequency.status == FrequencyStatus::Incomplete
        && frequency.visits.is_some()
        && prescription.expires_on.is_some()
    {
        frequency.status = FrequencyStatus::Ok;
    }
    let unread = chosen.unread();
    prescription.gaps = gaps::gaps(&prescription, &unread, &chosen.contested(), &facts, book, on);
    if let Some(gap) = gaps::pages_lacking(&pages_lacking, book) {
        gaps::add(&mut prescription.gaps, gap);
    }
    prescription.evidence = chosen.evidence();
    prescription.doubts = chosen.doubts();
    prescription.reasons = chosen.reasons();
    let told = |field: &Field| prescription.gaps.iter().any(|gap| gap.field == *field);
    let mut doubtful: Vec<Field> = unread.into_iter().filter(|field| !told(field)).collect();
    // somebody has a claim for an accident: that nobody is named who pays is a misread
    let has_claim = prescription.payer.claim_number.is_some() || prescription.payer.date_of_injury.is_some();
    if prescription.payer.kind.is_none() && has_claim {
        doubtful.push(Field::PayerKind);
    }
    // where nobody can tell who pays, nobody can tell that what an insurer asks for is not owed
    if prescription.payer.kind.is_none() && (doubtful.contains(&Field::PayerKind) || told(&Field::PayerKind)) {
        let lacking = [
            (Field::PayerClaimNumber, prescription.payer.claim_number.is_none()),
            (Field::PayerDateOfInjury, prescription.payer.date_of_injury.is_none()),
            (Field::ProviderNpi, prescription.provider.npi.is_none()),
        ];
        doubtful.extend(lacking.into_iter().filter(|(field, lacks)| *lacks && !told(field)).map(|(field, _)| field));
    }
    prescription.doubts.extend(doubtful);
    prescription
}

/// What gaps and doubts leave of "ready to treat" and "ready to bill".
fn settle(prescription: &mut Prescription) {
    prescription.doubts.sort();
    prescription.doubts.dedup();
    let stops = prescription.gaps.iter().any(|gap| gap.level == GapLevel::Stop);
    let warns = prescription.gaps.iter().any(|gap| gap.level == GapLevel::Warn);
    let treatment_doubted = prescription.doubts.iter().any(|field| TREATMENT_FIELDS.contains(field));
    prescription.ready_to_treat = !stops && !treatment_doubted;
    let has_code = gaps::has_billable_code(prescription);
    prescription.ready_to_bill = !stops && !warns && prescription.doubts.is_empty() && has_code;
}

type EvidenceByField = BTreeMap<Field, Vec<Evidence>>;
/// The doubted fields, each with why.
type Doubts = BTreeMap<Field, BTreeSet<String>>;

/// Whether two values say the same, upper and lower case aside.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Name(a), Value::Name(b)) => fold(a.full.reveal()) == fold(b.full.reveal()),
        (Value::Text(a), Value::Text(b)) => fold(a.reveal()) == fold(b.reveal()),
        (Value::Frequency(a), Value::Frequency(b)) => {
            a.phases == b.phases && a.visits == b.visits && a.as_needed == b.as_needed
        }
        _ => a == b,
    }
}

fn fold(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
