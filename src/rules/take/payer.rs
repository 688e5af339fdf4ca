//! Who pays, and by which claim.

use crate::model::{Field, PayerKind, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::find_claim_numbers;
use crate::rules::label::Label;
use crate::rules::phrase::Folded;
use crate::rules::schema::PayerRule;
use crate::rules::sheet::Slot;
use crate::rules::ticks::{SURE, Tick};

const RULE: &str = "rules/60-payer.toml";

/// Letters and digits of the shortest thing that fills a label.
const FILLED_MIN: usize = 3;
/// What a label that only one kind has is worth, and the name of an insurer.
const BY_LABEL: f32 = 0.85;
const BY_INSURER: f32 = 0.8;
/// The name of a kind is at least one part in so many of the words beside its box.
const CHOICE_SHARE: usize = 3;
/// How far behind the word "claim" its number stands, in bytes.
const CLAIM_BYTES_MAX: usize = 60;
/// How far behind "insured through" the insurer stands, in bytes.
const INSURER_BYTES_MAX: usize = 50;

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = kind(page);
    found.extend(claim(page));
    found.extend(insurer(page));
    found.extend(free_text(page, Field::PayerAdjuster, page.labels_of(Field::PayerAdjuster)));
    found
}

/// A ticked box speaks first, then a payer slot, then running text.
fn kind(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    let choices: Vec<(&Tick, PayerKind)> =
        page.ticks.iter().filter_map(|tick| Some((tick, choice_of(page, tick)?))).collect();
    let unsure = choices.iter().any(|(tick, _)| tick.confidence < SURE);
    for (tick, kind) in choices.iter().filter(|(tick, _)| tick.ticked) {
        let doubts = if unsure { vec!["a tick could hardly be told".to_owned()] } else { Vec::new() };
        found.push(candidate(*kind, &tick.words, 1.0, RULE, doubts));
    }
    let only_denied = choices.iter().all(|(tick, _)| tick.asked && !tick.ticked);
    if !choices.is_empty() && !only_denied {
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
        let said = page.found.any(&rule.prose);
        // a question that names the choices answers nothing
        for place in said.into_iter().filter(|place| !page.is_label(place) && !page.is_beside_box(place)) {
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
    if found.is_empty() {
        found.extend(by_label(page));
    }
    if found.is_empty() {
        found.extend(by_insurer(page));
    }
    found
}

/// "PIP claim #: 0738", "Member ID: 44": a filled label that only one kind of payer has. Labels of two kinds say nothing.
fn by_label(page: &Context) -> Option<Candidate> {
    let told = page.labels.iter().filter_map(|label| {
        let words = page.sheet.slot(label.words.clone().map(|word| (label.row, word)));
        let kind = of_phrases(page, &words.text, |rule| vec![&rule.labels, &rule.words, &rule.prose])?;
        let (_, slot) = page.slots(label, 1).into_iter().next()?;
        let filled = slot.text.chars().filter(|letter| letter.is_alphanumeric()).count() >= FILLED_MIN;
        filled.then_some((kind, slot, label.rule.clone()))
    });
    let told: Vec<_> = told.collect();
    let (kind, slot, rule) = told.first()?;
    told.iter().all(|(other, ..)| other == kind).then(|| candidate(*kind, slot, BY_LABEL, rule, Vec::new()))
}

/// An insurer who writes only one kind, in a payer's slot or behind words like "insured through". Insurers of two kinds say
/// nothing.
fn by_insurer(page: &Context) -> Option<Candidate> {
    let labels = page.labels_of(Field::PayerInsurer).chain(page.labels_of(Field::PayerKind));
    let in_slots = labels.filter_map(|label| page.slots(label, 1).into_iter().next().map(|(_, slot)| slot));
    let cues = page.book.rules.field.get(&Field::PayerInsurer).map(|rule| rule.prose.as_slice()).unwrap_or_default();
    let in_prose = page.found.any(cues).into_iter().map(|place| page.after(place.end, INSURER_BYTES_MAX));
    let of_insurers = |slot: Slot| Some((of_phrases(page, &slot.text, |rule| vec![&rule.insurers])?, slot));
    let told: Vec<(PayerKind, Slot)> = in_slots.chain(in_prose).filter_map(of_insurers).collect();
    let (kind, slot) = told.first()?;
    told.iter().all(|(other, _)| other == kind).then(|| candidate(*kind, slot, BY_INSURER, RULE, Vec::new()))
}

/// The payer kind that is the choice beside a box: "Return to work" is none, though it holds the word; or that a question asks for.
fn choice_of(page: &Context, tick: &Tick) -> Option<PayerKind> {
    let slot = &tick.words;
    if tick.asked {
        return of_phrases(page, &slot.text, |rule| vec![&rule.questions]);
    }
    let kind = named(page, slot, true)?;
    let found = page.book.phrases.find(&Folded::new(&slot.text));
    let rule = page.book.rules.payer.get(&kind)?;
    let longest = found.any(&rule.words).into_iter().chain(found.any(&rule.prose)).map(|place| place.len()).max()?;
    (longest * CHOICE_SHARE >= slot.text.len()).then_some(kind)
}

/// The payer kind whose words stand in a slot; the longest phrase wins, two kinds of one length are none.
fn named(page: &Context, slot: &Slot, with_words: bool) -> Option<PayerKind> {
    of_phrases(page, &slot.text, |rule| if with_words { vec![&rule.words, &rule.prose] } else { vec![&rule.prose] })
}

/// The payer kind of which the longest phrase stands in a text; two kinds of one length are none.
fn of_phrases<'a>(
    page: &'a Context,
    text: &str,
    phrases: impl Fn(&'a PayerRule) -> Vec<&'a Vec<String>>,
) -> Option<PayerKind> {
    let found = page.book.phrases.find(&Folded::new(text));
    let longest = |(kind, rule): (&PayerKind, &'a PayerRule)| {
        let places = phrases(rule).into_iter().flat_map(|phrases| found.any(phrases));
        Some((places.map(|place| place.len()).max()?, *kind))
    };
    let mut best: Vec<(usize, PayerKind)> = page.book.rules.payer.iter().filter_map(longest).collect();
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

/// Labels of the payer's kind that ask for the insurer as well.
const INSURANCE: [&str; 3] = ["insurance", "coverage", "bill"];

/// The word that stands before a claim number; damaged, it may be glued to the one before.
const CLAIM: &str = "claim";

fn claim(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(Field::PayerClaimNumber) {
        for (_, slot) in page.slots(label, 1) {
            let first_line = slot.text.lines().next().unwrap_or_default();
            let mut hits = find_claim_numbers(first_line).into_iter().filter(|hit| hit.span.start <= 6);
            let first = hits.next();
            // "650-646-3833" behind the label has the shape of a phone number, and may be one
            let phone = first.clone().filter(|hit| hit.other_kind && label.colon);
            let Some(hit) = first.into_iter().chain(hits).find(|hit| !hit.other_kind).or(phone) else { continue };
            let mut doubts = hit.doubts;
            if hit.other_kind {
                doubts.push("it has the shape of another number, such as a phone's".to_owned());
            }
            let evidence = slot.evidence(&hit.span, &label.rule);
            let value = Value::ClaimNumber(hit.number);
            found.push(Candidate {
                field: Field::PayerClaimNumber,
                value,
                evidence,
                trust: 1.0,
                rule: label.rule.clone(),
                doubts,
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
        let rest = page.after(place.end, CLAIM_BYTES_MAX);
        let first_line = rest.text.lines().next().unwrap_or_default();
        // "the claim with Labor & Industries is number YB82224"
        let named = first_line.to_ascii_lowercase().find(" number ").map(|at| at + " number ".len());
        let begins = |start: usize| start <= 4 || named.is_some_and(|named| start.abs_diff(named) <= 2);
        let mut hits = find_claim_numbers(first_line).into_iter();
        let Some(hit) = hits.find(|hit| !hit.other_kind && begins(hit.span.start)) else { continue };
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

/// "Insurance: State Farm": a label that asks for the kind of payer may be answered with the insurer's name.
fn insurer(page: &Context) -> Vec<Candidate> {
    let found = free_text(page, Field::PayerInsurer, page.labels_of(Field::PayerInsurer));
    if !found.is_empty() {
        return found;
    }
    let asks = page
        .labels_of(Field::PayerKind)
        .filter(|label| INSURANCE.iter().any(|word| label.phrase.to_lowercase().contains(word)));
    let mut found = free_text(page, Field::PayerInsurer, asks);
    let names_kind = |text: &str| of_phrases(page, text, |rule| vec![&rule.words, &rule.prose]).is_some();
    found.retain(|candidate| !matches!(&candidate.value, Value::Text(text) if names_kind(text.reveal())));
    found
}

fn free_text<'a>(page: &'a Context, field: Field, labels: impl Iterator<Item = &'a Label>) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in labels {
        let Some((_, slot)) = page.slots(label, 1).into_iter().next() else { continue };
        // a choice of a form, or "Self-pay": no insurer
        if page.is_choice(&slot) || of_phrases(page, &slot.text, |rule| vec![&rule.words]) == Some(PayerKind::SelfPay) {
            continue;
        }
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
