//! Diagnoses in words: behind a label, or in a sentence.

use std::ops::Range;

use super::words::first_sentence;
use super::{HISTORY, RULE, RULED_OUT, history};
use crate::model::{Diagnosis, Field, Source, Value};
use crate::rules::codes::Scope;
use crate::rules::context::{Candidate, Context};
use crate::rules::label::Label;
use crate::rules::sheet::Slot;
use crate::rules::slots::Where;

/// A diagnosis in a sentence is not longer, in bytes.
const PROSE_BYTES_MAX: usize = 120;
/// From "I am treating" to "for a back injury" there are at most so many bytes: a name and a birth date.
const PERSON_BYTES_MAX: usize = 90;
/// What may stand before a condition that the patient does not have.
const NOT_THE_PATIENTS: [&str; 9] =
    [" no ", " not ", " without ", " denies ", " denied ", " rule out ", " mother ", " father ", " family "];

/// Words without a code behind a label.
pub(super) fn in_words(page: &Context, label: &Label) -> Option<Candidate> {
    let (place, slot) = page.slots(label, 2).into_iter().next()?;
    let words = words_alone(&slot).filter(|_| !page.is_choice(&slot))?;
    let words = of_diagnosis(page, &slot, words);
    if !is_hard_to_read(page, place) && !page.book.codes.speaks_of_one(&words) {
        return None;
    }
    let mut doubts = Vec::new();
    match page.book.scopes.opens(&words) {
        Scope::Present => {}
        Scope::History => doubts.push(HISTORY.to_owned()),
        Scope::RuledOut | Scope::Doubtful => doubts.push(RULED_OUT.to_owned()),
    }
    if slot.words.first().is_some_and(|first| history::stands_in(page, first.area)) {
        doubts.push(HISTORY.to_owned());
    }
    if words.split_whitespace().any(is_bare_number) {
        doubts.push("a number stands in it that is no code of today".to_owned());
    }
    Some(Candidate {
        field: Field::Diagnoses,
        value: Value::Diagnosis(Diagnosis::in_words(words)),
        evidence: slot.evidence(&(0..slot.text.len()), &label.rule),
        trust: 0.9,
        rule: label.rule.clone(),
        doubts,
        checked: false,
    })
}

/// Four or five digits: as long as an old code without its dot.
fn is_bare_number(word: &str) -> bool {
    let word = word.trim_matches([',', ';', '.', '(', ')']);
    (4..=5).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The first sentence of a slot where the next ones speak of something else ("fibromyalgia. Massage is medically necessary"), and its
/// first line where the next one does ("neck pain" over "Massage therapy").
fn of_diagnosis(page: &Context, slot: &Slot, words: String) -> String {
    let codes = &page.book.codes;
    let first = first_sentence(&words);
    if first.len() < words.len() && codes.speaks_of_one(first) {
        return first.to_owned();
    }
    match slot.text.split_once('\n') {
        Some((line, next)) if codes.speaks_of_one(line) && !codes.speaks_of_one(next) => {
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        _ => words,
    }
}

/// What was read behind a label on a picture may be a diagnosis in damaged words.
fn is_hard_to_read(page: &Context, place: Where) -> bool {
    page.reading.source == Source::Ocr && place == Where::SameLine
}

/// A sentence or phrase of letters that is no mere debris of a blank line.
fn words_alone(slot: &Slot) -> Option<String> {
    let words: Vec<&str> = slot
        .text
        .split_whitespace()
        .filter(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() >= 3)
        .collect();
    let sure = slot.confidence(&(0..slot.text.len())) > 0.6;
    (sure && !words.is_empty()).then(|| slot.text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// "On examination she has lumbago with sciatica": words behind the cues of the book that are some diagnosis' title; or, behind them
/// and a "for", that name a condition: "I am treating Maria Lopez (DOB 03/02/1984) for a back injury and recommend".
pub(super) fn in_prose(page: &Context) -> Option<Candidate> {
    let cues = page.cues(Field::Diagnoses);
    let title = cues.iter().find_map(|cue| title_behind(page, cue));
    title.or_else(|| cues.iter().find_map(|cue| condition_behind(page, cue)))
}

fn title_behind(page: &Context, cue: &Range<usize>) -> Option<Candidate> {
    let rest = page.after(cue.end, PROSE_BYTES_MAX);
    let clause = rest.text.split(['.', ';', '(', '\n']).next().unwrap_or_default();
    let clause = clause.split(" and I ").next().unwrap_or_default().trim_end();
    // "low back pain following an accident"
    let ends = [" following", " due to", " after", " sustained", " since", " from", " secondary", " which", " that"];
    let end = ends.iter().filter_map(|end| clause.find(end)).min().unwrap_or(clause.len());
    let words = clause.get(..end)?.trim();
    // "recommend massage for her neck pain" begins before the diagnosis
    if words.contains(" for ") || denies(before(page, cue)?, "") {
        return None;
    }
    let start = rest.text.find(words)?;
    let evidence = || rest.evidence(&(start..start + words.len()), RULE);
    page.book.codes.knows(words).then(|| told(words, evidence()))
}

fn condition_behind(page: &Context, cue: &Range<usize>) -> Option<Candidate> {
    let before = before(page, cue)?;
    let rest = page.text.text.get(cue.end..)?;
    let rest = first_sentence(rest.split(['\n', ';']).next().unwrap_or_default());
    let places = std::iter::once(0).chain(rest.match_indices(" for ").map(|(at, _)| at + " for ".len()));
    for at in places.take_while(|at| *at <= PERSON_BYTES_MAX) {
        let said = rest.get(at..).map(str::trim_start).unwrap_or_default();
        let Some(words) = page.book.codes.condition_at_beginning(said) else { continue };
        let lead = rest.get(..at).unwrap_or_default();
        if denies(before, lead) || page.book.scopes.opens(said) != Scope::Present {
            continue;
        }
        let from = cue.end + rest.find(words)?;
        return Some(told(words, page.text.evidence(&(from..from + words.len()), RULE)));
    }
    None
}

/// The sentence up to a cue.
fn before<'a>(page: &'a Context, cue: &Range<usize>) -> Option<&'a str> {
    page.text.text.get(..cue.start)?.rsplit(['.', '\n']).next()
}

/// Whether what leads to a condition says that the patient does not have it, or is not treated for it.
fn denies(before: &str, lead: &str) -> bool {
    let lead = format!(" {before} {lead} ").to_lowercase();
    NOT_THE_PATIENTS.iter().any(|not| lead.contains(not))
}

fn told(words: &str, evidence: Vec<crate::model::Evidence>) -> Candidate {
    let words = words.trim_end_matches(['.', ',', ' ']);
    Candidate {
        field: Field::Diagnoses,
        value: Value::Diagnosis(Diagnosis::in_words(words.to_owned())),
        evidence,
        trust: 0.85,
        rule: RULE.to_owned(),
        doubts: Vec::new(),
        checked: false,
    }
}
