//! Who pays, and by which claim.

use crate::model::{Field, PayerKind, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::find_claim_numbers;
use crate::rules::phrase::Folded;
use crate::rules::sheet::Slot;
use crate::rules::ticks::{SURE, Tick};

const RULE: &str = "rules/60-payer.toml";

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = kind(page);
    found.extend(claim(page));
    found.extend(free_text(page, Field::PayerInsurer));
    found.extend(free_text(page, Field::PayerAdjuster));
    found
}

/// A ticked box speaks first, then a payer slot, then running text.
fn kind(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    let choices: Vec<(&Tick, PayerKind)> =
        page.ticks.iter().filter_map(|tick| Some((tick, named(page, &tick.words, true)?))).collect();
    let unsure = choices.iter().any(|(tick, _)| tick.confidence < SURE);
    for (tick, kind) in choices.iter().filter(|(tick, _)| tick.ticked) {
        let doubts = if unsure { vec!["a tick could hardly be told".to_owned()] } else { Vec::new() };
        found.push(candidate(*kind, &tick.words, 1.0, RULE, doubts));
    }
    if !choices.is_empty() {
        if found.is_empty()
            && unsure
            && let Some((tick, _)) = choices.first()
        {
            let evidence = tick.words.evidence(&(0..tick.words.text.len()), RULE);
            found.push(Candidate {
                field: Field::PayerKind,
                value: Value::Unread,
                evidence,
                trust: 0.5,
                rule: RULE.to_owned(),
                doubts: Vec::new(),
                checked: false,
            });
        }
        // beside a row of boxes the words of its choices say nothing
        return found;
    }
    for label in page.labels_of(Field::PayerKind) {
        for (_, slot) in page.slots(label, 1) {
            if let Some(kind) = named(page, &slot, true) {
                found.push(candidate(kind, &slot, 0.99, &label.rule, Vec::new()));
                break;
            }
        }
    }
    for (kind, rule) in &page.book.rules.payer {
        for place in page.found.any(&rule.prose) {
            let evidence = page.text.evidence(&place, RULE);
            let unseen = page.lists_choices.then(|| "it may be a choice whose tick was not seen".to_owned());
            found.push(Candidate {
                field: Field::PayerKind,
                value: Value::PayerKind(*kind),
                evidence,
                trust: 0.9,
                rule: RULE.to_owned(),
                doubts: unseen.into_iter().collect(),
                checked: true,
            });
        }
    }
    found
}

/// The payer kind whose words stand in a slot; the longest phrase wins, two kinds of one length are none.
fn named(page: &Context, slot: &Slot, with_words: bool) -> Option<PayerKind> {
    let found = page.book.phrases.find(&Folded::new(&slot.text));
    let mut best: Vec<(usize, PayerKind)> = page
        .book
        .rules
        .payer
        .iter()
        .filter_map(|(kind, rule)| {
            let words = if with_words { rule.words.as_slice() } else { &[] };
            let longest = found.any(words).into_iter().chain(found.any(&rule.prose)).map(|place| place.len()).max()?;
            Some((longest, *kind))
        })
        .collect();
    best.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    match best.as_slice() {
        [(_, kind)] => Some(*kind),
        [(first, kind), (second, _), ..] if first > second => Some(*kind),
        _ => None,
    }
}

fn candidate(kind: PayerKind, slot: &Slot, trust: f32, rule: &str, doubts: Vec<String>) -> Candidate {
    let evidence = slot.evidence(&(0..slot.text.len()), rule);
    Candidate {
        field: Field::PayerKind,
        value: Value::PayerKind(kind),
        evidence,
        trust,
        rule: rule.to_owned(),
        doubts,
        checked: true,
    }
}

/// The word that stands before a claim number; damaged, it may be glued to the one before.
const CLAIM: &str = "claim";

fn claim(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(Field::PayerClaimNumber) {
        for (_, slot) in page.slots(label, 1) {
            let first_line = slot.text.lines().next().unwrap_or_default();
            let Some(hit) =
                find_claim_numbers(first_line).into_iter().find(|hit| !hit.other_kind && hit.span.start <= 6)
            else {
                continue;
            };
            let evidence = slot.evidence(&hit.span, &label.rule);
            let value = Value::ClaimNumber(hit.number);
            found.push(Candidate {
                field: Field::PayerClaimNumber,
                value,
                evidence,
                trust: 1.0,
                rule: label.rule.clone(),
                doubts: hit.doubts,
                checked: false,
            });
            break;
        }
    }
    let prose =
        page.book.rules.field.get(&Field::PayerClaimNumber).map(|rule| rule.prose.as_slice()).unwrap_or_default();
    let mut places = page.found.any(prose);
    let is_damaged = |word: &str| {
        let folded = crate::rules::sheet::fold(word);
        let tail: String = folded.chars().skip(folded.chars().count().saturating_sub(CLAIM.len())).collect();
        let short: String = tail.chars().skip(1).collect();
        [tail, short].iter().any(|end| strsim::osa_distance(end, CLAIM) <= 1)
    };
    if places.is_empty() && found.is_empty() {
        let damaged = page.text.words.iter().map(|word| word.range.clone());
        places.extend(damaged.filter(|range| page.text.text.get(range.clone()).is_some_and(is_damaged)));
    }
    for place in places {
        let rest = page.after(place.end, 40);
        let first_line = rest.text.lines().next().unwrap_or_default();
        let Some(hit) = find_claim_numbers(first_line).into_iter().find(|hit| !hit.other_kind && hit.span.start <= 4)
        else {
            continue;
        };
        let evidence = rest.evidence(&hit.span, RULE);
        let value = Value::ClaimNumber(hit.number);
        found.push(Candidate {
            field: Field::PayerClaimNumber,
            value,
            evidence,
            trust: 0.95,
            rule: RULE.to_owned(),
            doubts: hit.doubts,
            checked: false,
        });
    }
    found
}

fn free_text(page: &Context, field: Field) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(field) {
        let Some((_, slot)) = page.slots(label, 1).into_iter().next() else { continue };
        let words =
            slot.text.lines().next().unwrap_or_default().split("  ").next().unwrap_or_default().trim().to_owned();
        if words.chars().filter(|letter| letter.is_alphabetic()).count() >= 3 {
            let evidence = slot.evidence(&(0..words.len()), &label.rule);
            found.push(Candidate {
                field,
                value: Value::Text(words.into()),
                evidence,
                trust: 0.9,
                rule: label.rule.clone(),
                doubts: Vec::new(),
                checked: false,
            });
        }
    }
    found
}
