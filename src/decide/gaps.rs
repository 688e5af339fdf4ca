//! What is missing or wrong in a prescription, each with the sentence for staff.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{CodeFault, Field, FrequencyStatus, Gap, GapLevel, GapReason, PayerKind, PeriodUnit, Prescription};
use crate::rules::{Book, CheckName, RequireRule};

/// All gaps, the gravest first.
/// `unread` are the fields of which only unreadable ink is known.
/// `contested` are the doubted ones that a sentence of the rule files speaks of.
/// `facts` are those that stand on the paper.
pub(in crate::decide) fn gaps(
    prescription: &Prescription,
    unread: &[Field],
    contested: &[(Field, GapReason)],
    facts: &[String],
    book: &Book,
    on: Date,
) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut missing: BTreeMap<Field, &RequireRule> = BTreeMap::new();
    for rule in book.requirements(on).filter(|rule| outcome(rule, prescription, facts) == Outcome::Lacking) {
        if rule.fact.is_some() {
            let (field, level, tell) = (rule.field, rule.level, rule.tell.clone());
            gaps.push(Gap { field, reason: GapReason::NotAllowed, level, tell });
        } else {
            // of two that ask for a field the stricter one is told, of equals that of the payer
            let rank = |rule: &RequireRule| (rule.level, rule.payers.is_empty());
            let asked = missing.entry(rule.field).or_insert(rule);
            if rank(rule) < rank(asked) {
                *asked = rule;
            }
        }
    }
    gaps.extend(missing.into_iter().map(|(field, rule)| {
        match book.sentence("unreadable").filter(|_| unread.contains(&field)) {
            Some(unreadable) => {
                let level = rule.level.min(unreadable.level);
                Gap { field, reason: GapReason::Unreadable, level, tell: of_field(field, &unreadable.tell) }
            }
            None => Gap { field, reason: GapReason::Missing, level: rule.level, tell: rule.tell.clone() },
        }
    }));
    let mut wrong = |field, reason, fault: &str| gaps.push(told(book, field, reason, fault, GapLevel::Warn));
    match prescription.frequency.as_ref().map(|frequency| frequency.status) {
        Some(FrequencyStatus::Ambiguous) => wrong(Field::Frequency, GapReason::Ambiguous, "frequency_ambiguous"),
        Some(FrequencyStatus::Conflict) => wrong(Field::Frequency, GapReason::Conflict, "frequency_conflict"),
        Some(FrequencyStatus::Incomplete) => wrong(Field::Frequency, GapReason::Ambiguous, "frequency_incomplete"),
        Some(FrequencyStatus::Reference) => wrong(Field::Frequency, GapReason::Ambiguous, "frequency_reference"),
        _ => {}
    }
    let codes_are_checked = book.checks(Field::Diagnoses, CheckName::IcdBillableOn);
    for fault in code_faults(prescription).into_iter().filter(|_| codes_are_checked) {
        wrong(Field::Diagnoses, GapReason::NotBillable, fault);
    }
    if prescription.expires_on.is_some_and(|expires| expires < on) {
        wrong(Field::ExpiresOn, GapReason::Expired, "expired");
    }
    gaps.extend(used_up(prescription, book, on));
    gaps.extend(profile(prescription, book, on));
    for (field, reason) in contested {
        let fault = if *reason == GapReason::Conflict { "conflict" } else { "implausible" };
        // a doubt says so already, and who doubts looks; only the clinic's word makes more of it
        if let Some(rule) = book.sentence(fault).filter(|rule| rule.level == GapLevel::Stop) {
            gaps.push(Gap { field: *field, reason: *reason, level: rule.level, tell: of_field(*field, &rule.tell) });
        }
    }
    gaps.sort_by_key(|gap| (gap.level, gap.field));
    gaps
}

/// One more gap, in its place.
pub(in crate::decide) fn add(gaps: &mut Vec<Gap>, gap: Gap) {
    gaps.push(gap);
    gaps.sort_by_key(|gap| (gap.level, gap.field));
}

/// Pages of the order that did not come, by the count that its other pages print; None where none lacks.
pub(in crate::decide) fn pages_lacking(pages: &[u32], book: &Book) -> Option<Gap> {
    let pages: Vec<String> = pages.iter().map(u32::to_string).collect();
    let gap = told(book, Field::Plan, GapReason::Missing, "page_missing", GapLevel::Warn);
    let word = if pages.len() == 1 { "Page" } else { "Pages" };
    let tell = format!("{word} {} of the order: {}", pages.join(" and "), gap.tell);
    (!pages.is_empty()).then_some(Gap { tell, ..gap })
}

/// Another order in the same paper says something else for the same patient.
pub(in crate::decide) fn second_order(book: &Book) -> Gap {
    told(book, Field::Frequency, GapReason::Conflict, "second_order", GapLevel::Stop)
}

/// What became of something that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is not asked of this prescription, and why.
    NotAsked(&'static str),
    /// It is there.
    There,
    /// It is not.
    Lacking,
}

/// What became of each `[[require]]` of the book, those that are not asked on the day among them.
pub fn requirements<'a>(
    prescription: &Prescription,
    facts: &[String],
    book: &'a Book,
    on: Date,
) -> Vec<(&'a RequireRule, Outcome)> {
    let became = |rule: &RequireRule| match (rule.on, rule.is_asked_on(on)) {
        (false, _) => Outcome::NotAsked("it is switched off (on = false)"),
        (_, false) => Outcome::NotAsked("it is not in force on the day of receipt"),
        _ => outcome(rule, prescription, facts),
    };
    book.all_requirements().iter().map(|rule| (rule, became(rule))).collect()
}

fn outcome(rule: &RequireRule, prescription: &Prescription, facts: &[String]) -> Outcome {
    let lacks = |field: &Field| is_missing(prescription, *field);
    let of_payer = rule.payers.is_empty() || prescription.payer.kind.is_some_and(|kind| rule.payers.contains(&kind));
    if !of_payer {
        Outcome::NotAsked("it is for other payers")
    } else if rule.only_when.iter().any(lacks) {
        Outcome::NotAsked("a field of `only_when` is missing")
    } else if !rule.accept.iter().all(lacks) {
        Outcome::NotAsked("a field of `accept` is there")
    } else if rule.fact.as_ref().map_or_else(|| lacks(&rule.field), |fact| !facts.contains(fact)) {
        Outcome::Lacking
    } else {
        Outcome::There
    }
}

/// A schedule that should have been over for half a year is not begun any more.
const BEGUN_DAYS: i32 = 183;
/// An order that says nothing of its end is old after so many days (reference/domain.md, A.7: "payer default").
const OLD_DAYS: i32 = 365;

/// A gap with the sentence of the rule files; with `level` where they have none.
fn told(book: &Book, field: Field, reason: GapReason, fault: &str, level: GapLevel) -> Gap {
    let rule = book.sentence(fault);
    let tell = rule.map_or_else(|| fault.replace('_', " "), |rule| rule.tell.clone());
    Gap { field, reason, level: rule.map_or(level, |rule| rule.level), tell }
}

/// A sentence that serves all fields, of one.
fn of_field(field: Field, tell: &str) -> String {
    format!("{}: {tell}", capital(field.words()))
}

/// An order without a stated end whose schedule must be over, or that is older than a year. As shipped a note, since nobody wrote
/// that it ends.
fn used_up(prescription: &Prescription, book: &Book, on: Date) -> Option<Gap> {
    let written = prescription.written_on.filter(|_| prescription.expires_on.is_none())?;
    let days = |value: u32, unit: PeriodUnit| {
        let of_unit = match unit {
            PeriodUnit::Day => 1,
            PeriodUnit::Week => 7,
            PeriodUnit::Month => 31,
            PeriodUnit::Year => 366,
        };
        i32::try_from(value.min(9999)).unwrap_or(i32::MAX).saturating_mul(of_unit)
    };
    let schedule = prescription.frequency.as_ref().and_then(|frequency| {
        let window = frequency.window.as_ref().and_then(|window| Some(days(window.value?, window.unit?)));
        let phases: Option<Vec<i32>> = frequency
            .phases
            .iter()
            .map(|phase| phase.bounds.as_ref())
            .map(|bounds| bounds.map(|bounds| days(bounds.value_max.unwrap_or(bounds.value), bounds.unit)))
            .collect();
        window.or_else(|| phases.filter(|phases| !phases.is_empty()).map(|phases| phases.iter().sum()))
    });
    let age = (on - written).get_days();
    let has_default =
        prescription.payer.kind.and_then(|kind| book.payer(kind)).is_some_and(|payer| payer.valid_days.is_some());
    let fault = match schedule {
        Some(schedule) if age > schedule.saturating_add(BEGUN_DAYS) => "schedule_over",
        _ if age > OLD_DAYS && !has_default => "old_order",
        _ => return None,
    };
    Some(told(book, Field::ExpiresOn, GapReason::Expired, fault, GapLevel::Note))
}

/// Payers that take no bill without an ICD-10 code (reference/domain.md, A.6: "S (bill)").
const BILLED_BY_CODE: [PayerKind; 3] = [PayerKind::Auto, PayerKind::WorkersComp, PayerKind::HealthPlan];

/// What is wrong with the codes, each fault once; or that there is none where the payer asks for one. Words alone are a diagnosis, and
/// the code is not told as missing.
fn code_faults(prescription: &Prescription) -> Vec<&'static str> {
    let diagnoses = &prescription.diagnoses;
    let mut faults: Vec<&'static str> = Vec::new();
    for diagnosis in diagnoses {
        let unnamed = (diagnosis.billable == Some(false)).then_some("not_billable");
        faults.extend(diagnosis.fault.map(CodeFault::name).or(unnamed));
    }
    let in_words = !diagnoses.is_empty() && diagnoses.iter().all(|diagnosis| diagnosis.code.is_none());
    if in_words && faults.is_empty() && is_billed_by_code(prescription) {
        faults.push("code_missing");
    }
    if is_cause_alone(prescription) {
        faults.push("code_cause_alone");
    }
    faults.sort_unstable();
    faults.dedup();
    faults
}

/// Whether all codes say how it happened (V00 to Y99), which never stand first on a bill (ICD-10-CM Official Guidelines, I.C.20).
fn is_cause_alone(prescription: &Prescription) -> bool {
    let mut codes = prescription.diagnoses.iter().filter_map(|diagnosis| diagnosis.code.as_ref()).peekable();
    codes.peek().is_some() && codes.all(|code| code.starts_with(['V', 'W', 'X', 'Y']))
}

/// Whether a bill to the payer needs a code.
fn is_billed_by_code(prescription: &Prescription) -> bool {
    prescription.payer.kind.is_some_and(|kind| BILLED_BY_CODE.contains(&kind))
}

/// Whether the diagnoses can stand on a bill to the payer.
pub(in crate::decide) fn has_billable_code(prescription: &Prescription) -> bool {
    let billable = prescription.diagnoses.iter().any(|diagnosis| diagnosis.billable == Some(true));
    billable || !is_billed_by_code(prescription)
}

/// What the kind of payer is known to refuse. As shipped notes, since the rules of one insurer are not those of all.
fn profile(prescription: &Prescription, book: &Book, on: Date) -> Vec<Gap> {
    let Some(payer) = prescription.payer.kind.and_then(|kind| book.payer(kind)) else { return Vec::new() };
    let mut notes = Vec::new();
    let mut note = |field, reason, fault: &str| notes.push(told(book, field, reason, fault, GapLevel::Note));
    let is_allowed = |printed: &String| {
        let bare = |text: &str| text.replace(['.', '-', ' '], "").to_uppercase();
        let held: Vec<String> = printed.split([',', '/']).map(bare).collect();
        payer.allowed_credentials.iter().any(|allowed| held.contains(&bare(allowed)))
    };
    let credential = prescription.provider.credential.as_ref().filter(|_| !payer.allowed_credentials.is_empty());
    if credential.is_some_and(|printed| !is_allowed(printed)) {
        note(Field::ProviderCredential, GapReason::NotAllowed, "credential_not_allowed");
    }
    let last_day = payer.valid_days.zip(prescription.written_on).filter(|_| prescription.expires_on.is_none());
    let last_day = last_day.and_then(|(days, written)| written.checked_add(jiff::Span::new().days(days)).ok());
    if last_day.is_some_and(|last_day| last_day < on) {
        note(Field::ExpiresOn, GapReason::Expired, "payer_expired");
    }
    let plan = prescription.plan.text.as_ref().map(|text| words(text.reveal())).unwrap_or_default();
    let stands = |refused: &String| {
        let refused = words(refused);
        !refused.is_empty() && plan.windows(refused.len()).any(|part| part == refused)
    };
    if payer.refused_words.iter().any(stands) {
        note(Field::Plan, GapReason::NotAllowed, "refused_words");
    }
    notes
}

/// The words of a text, in small letters.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// The words with a capital at their beginning.
fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn is_missing(prescription: &Prescription, field: Field) -> bool {
    match field {
        Field::PatientName => prescription.patient.name.is_none(),
        Field::PatientBirthDate => prescription.patient.birth_date.is_none(),
        Field::PatientPhone => prescription.patient.phone.is_none(),
        Field::Diagnoses => prescription.diagnoses.is_empty(),
        Field::Plan => {
            prescription.plan.procedures.is_empty() && prescription.plan.text.is_none() && !prescription.plan.delegated
        }
        Field::PlanBodyAreas => prescription.plan.body_areas.is_empty(),
        // "evaluate and treat" leaves how often to the therapist
        Field::Frequency => prescription.frequency.is_none() && !prescription.plan.delegated,
        Field::PayerKind => prescription.payer.kind.is_none(),
        Field::PayerInsurer => prescription.payer.insurer.is_none(),
        Field::PayerClaimNumber => prescription.payer.claim_number.is_none(),
        Field::PayerDateOfInjury => prescription.payer.date_of_injury.is_none(),
        Field::PayerAdjuster => prescription.payer.adjuster.is_none(),
        Field::ProviderName => prescription.provider.name.is_none(),
        Field::ProviderCredential => prescription.provider.credential.is_none(),
        Field::ProviderNpi => prescription.provider.npi.is_none(),
        Field::ProviderPhone => prescription.provider.phone.is_none(),
        Field::ProviderFax => prescription.provider.fax.is_none(),
        Field::ProviderSignature => prescription.provider.signed != Some(true),
        Field::WrittenOn => prescription.written_on.is_none(),
        Field::ExpiresOn => prescription.expires_on.is_none(),
    }
}
