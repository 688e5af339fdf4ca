//! In: a page and what was taken for its plan. Out: why the plan may not be one: the paper forbids it, takes it back, or names
//! another profession's therapy.

use std::ops::Range;

use crate::model::Value;
use crate::rules::TreatmentFamily;
use crate::rules::clause::clauses;
use crate::rules::context::{Candidate, Context};

/// So much of a line is quoted.
const LETTERS_MAX: usize = 60;
/// A phrase of so many words says it wherever it stands; a shorter one only where nothing else stands in its line.
const PHRASE_WORDS_MIN: usize = 3;

/// Every reason to doubt the plan; empty where there is none.
pub(in crate::rules::take) fn doubts(page: &Context, found: &[Candidate]) -> Vec<String> {
    let said = forbidden(page).into_iter().chain(withdrawn(page)).next();
    said.map(|words| format!("the paper also says \"{words}\""))
        .into_iter()
        .chain(another_therapy(page, found))
        .collect()
}

fn quoted(words: &str) -> String {
    words.trim().chars().take(LETTERS_MAX).collect()
}

/// "Hold massage until cleared", "97124 is contraindicated": the paper also says not to. A precaution ("no deep tissue") and what
/// was done before ("no prior massage") are none.
fn forbidden(page: &Context) -> Option<String> {
    let treatments = &page.book.treatments;
    let forbids = |clause: &str| {
        let forbidden = |hit: crate::rules::TreatmentHit| {
            let words = clause.get(hit.span).unwrap_or_default();
            let is_ours = matches!(hit.family, TreatmentFamily::Massage | TreatmentFamily::ManualTherapy);
            hit.negated && is_ours && !treatments.is_limit(words)
        };
        !treatments.is_past(clause) && treatments.find(clause).into_iter().any(forbidden)
    };
    if !page.treatments().iter().any(|hit| hit.negated) {
        return None;
    }
    // a diagnosis may hold a "not" as well: each label begins a clause of its own
    let row = |row: usize| page.sheet.slot((0..page.sheet.rows[row].words.len()).map(|word| (row, word))).text;
    let lower: Vec<String> = (0..page.sheet.rows.len()).map(|at| row(at).to_lowercase()).collect();
    let mut clauses = lower.iter().flat_map(|line| line.split([':', ';'])).flat_map(|part| part.split("  "));
    clauses.find(|clause| forbids(clause)).map(quoted)
}

/// "VOID", "Status: Cancelled", a ticked "Discontinue treatment": the order is taken back, or was never given.
fn withdrawn(page: &Context) -> Option<String> {
    let rule = &page.book.rules.treatment;
    let text = &page.text.text;
    let places = page.found.any(&rule.withdrawn);
    let clauses = if places.is_empty() { Vec::new() } else { clauses(text) };
    places.into_iter().find_map(|place| {
        let words = text.get(place.clone())?;
        if page.is_beside_box(&place) {
            return is_ticked(page, &place).then(|| quoted(words));
        }
        let clause = clauses.iter().find(|clause| clause.contains(&place.start))?.clone();
        let around = text
            .get(clause.start..place.start)?
            .split_whitespace()
            .chain(text.get(place.end..clause.end)?.split_whitespace());
        let is_word = |word: &&str| {
            let bare: String =
                word.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
            !bare.is_empty()
                && !bare.contains(|letter: char| letter.is_ascii_digit())
                && !matches!(
                    bare.as_str(),
                    "status" | "order" | "rx" | "prescription" | "referral" | "this" | "is" | "on" | "by" | "the"
                )
        };
        let alone = !around.clone().any(|word| is_word(&word));
        let denied = around
            .into_iter()
            .any(|word| matches!(word.to_lowercase().as_str(), "if" | "not" | "or" | "unless" | "until"));
        let long = words.split_whitespace().count() >= PHRASE_WORDS_MIN && !denied;
        (alone || long).then(|| quoted(text.get(clause).unwrap_or(words)))
    })
}

/// Whether the words stand beside a ticked box, at its beginning.
fn is_ticked(page: &Context, place: &Range<usize>) -> bool {
    let word = page.text.words.iter().find(|word| word.range.start <= place.start && place.start < word.range.end);
    word.is_some_and(|word| {
        let mut ticked = page.ticks.iter().filter(|tick| tick.ticked);
        ticked.any(|tick| tick.words.words.iter().any(|beside| beside.area == word.area))
    })
}

/// Codes or words of another therapy, and none of massage or manual therapy.
fn another_therapy(page: &Context, found: &[Candidate]) -> Option<String> {
    let treatments = &page.book.treatments;
    let codes = found.iter().filter_map(|candidate| match &candidate.value {
        Value::Procedure(procedure) => procedure.code.as_deref(),
        _ => None,
    });
    let codes: Vec<&str> = codes.collect();
    if codes.iter().any(|code| treatments.is_ours(code)) || found.is_empty() {
        return None;
    }
    if !codes.is_empty() {
        return Some(format!("{} is no massage or manual therapy", codes.join(", ")));
    }
    let texts = found.iter().filter_map(|candidate| match &candidate.value {
        Value::Text(text) => Some(text.reveal().as_str()),
        _ => None,
    });
    texts.into_iter().find_map(|text| {
        let named = treatments.find(text);
        let ours = |family| {
            matches!(family, TreatmentFamily::Massage | TreatmentFamily::ManualTherapy | TreatmentFamily::Delegation)
        };
        if named.iter().any(|hit| ours(hit.family)) {
            return None;
        }
        let beside = named.iter().find(|hit| hit.family == TreatmentFamily::Adjunct);
        let beside = beside.and_then(|hit| text.get(hit.span.clone()));
        treatments.other_therapy(text).or(beside).map(|therapy| format!("{therapy} is no massage or manual therapy"))
    })
}
