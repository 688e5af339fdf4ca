//! Where to treat: the body areas behind a label of their own, and those beside ticked boxes. What the plan's own words name is read
//! from the plan.

use crate::model::{Field, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::sheet::{Slot, fold};
use crate::rules::ticks::{SURE, Tick};

/// A list of areas may run over this many rows.
const ROWS_MAX: usize = 2;
/// Words behind a label that name no area of the book are one in the prescriber's words, if there are at most so many, ...
const OWN_WORDS_MAX: usize = 6;
/// ... of so many letters.
const OWN_LETTERS_MIN: usize = 3;
/// A choice of areas has at most so many words.
const CHOICE_WORDS_MAX: usize = 6;
/// Words that stand beside an area in a choice.
const BESIDE: [&str; 15] = [
    "left",
    "right",
    "l",
    "r",
    "lt",
    "rt",
    "both",
    "bilateral",
    "b",
    "and",
    "or",
    "area",
    "region",
    "muscles",
    "joint",
];
const RULE: &str = "rules/40-plan.toml";

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = ticked(page);
    for label in page.labels_of(Field::PlanBodyAreas) {
        let slots = page.slots(label, ROWS_MAX);
        let Some(slot) = slots.iter().map(|(_, slot)| slot).find(|slot| !page.is_choice(slot) && names_one(page, slot))
        else {
            continue;
        };
        found.push(candidate(slot, &label.rule, 1.0, Vec::new()));
    }
    found
}

/// An area of the book, or the prescriber's own word for one.
fn names_one(page: &Context, slot: &Slot) -> bool {
    if !page.book.areas.find(&slot.text).is_empty() {
        return true;
    }
    let words = slot.text.split_whitespace().map(fold).filter(|word| !word.is_empty());
    let words: Vec<String> = words.collect();
    let letters = words.iter().flat_map(|word| word.chars()).filter(|letter| letter.is_alphabetic()).count();
    let is_plain = words.iter().all(|word| word.chars().all(char::is_alphabetic));
    is_plain && words.len() <= OWN_WORDS_MAX && letters >= OWN_LETTERS_MIN && !page.begins_with_label(slot)
}

/// "[X] Neck  [ ] L shoulder": the boxes beside which nothing but an area stands.
fn ticked(page: &Context) -> Vec<Candidate> {
    let boxes: Vec<&Tick> = page.ticks.iter().filter(|tick| is_area(page, &tick.words)).collect();
    let is_unsure = boxes.iter().any(|tick| tick.confidence < SURE);
    let doubts = || is_unsure.then(|| "a tick could hardly be told".to_owned()).into_iter().collect();
    let ticked = boxes.iter().filter(|tick| tick.ticked);
    ticked.map(|tick| candidate(&tick.words, RULE, 0.95, doubts())).collect()
}

/// Whether the words beside a box are an area and nothing else.
pub(in crate::rules::take) fn is_area(page: &Context, words: &Slot) -> bool {
    if words.words.len() > CHOICE_WORDS_MAX || words.text.contains(|sign: char| sign.is_ascii_digit()) {
        return false;
    }
    let areas = page.book.areas.find(&words.text);
    let is_named = |range: &std::ops::Range<usize>| {
        areas.iter().any(|area| area.span.start < range.end && range.start < area.span.end)
    };
    let is_beside = |word: &str| fold(word).is_empty() || BESIDE.contains(&fold(word).as_str());
    !areas.is_empty()
        && words.words.iter().all(|word| {
            is_named(&word.range)
                || words.text.get(word.range.clone()).is_some_and(|text| text.split('/').all(is_beside))
        })
}

fn candidate(slot: &Slot, rule: &str, trust: f32, doubts: Vec<String>) -> Candidate {
    Candidate {
        field: Field::PlanBodyAreas,
        value: Value::Text(slot.text.split_whitespace().collect::<Vec<_>>().join(" ").into()),
        evidence: slot.evidence(&(0..slot.text.len()), rule),
        trust,
        rule: rule.to_owned(),
        doubts,
        checked: true,
    }
}
