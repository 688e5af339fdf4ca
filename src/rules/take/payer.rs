//! Who pays, and by which claim.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Field, PayerKind, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::find_claim_numbers;
use crate::rules::label::{CELL_GAP, Label, Meaning};
use crate::rules::near::one_off;
use crate::rules::phrase::{Folded, Found, PhraseList};
use crate::rules::schema::PayerRule;
use crate::rules::sheet::{Slot, Token, fold};
use crate::rules::span::gap_before;
use crate::rules::ticks::{SURE, Tick};

const RULE: &str = "rules/60-payer.toml";

/// Letters and digits of the shortest thing that fills a label.
const FILLED_MIN: usize = 3;
/// What a label that only one kind has is worth, and the name of an insurer.
const BY_LABEL: f32 = 0.85;
const BY_NAMED_LABEL: f32 = 0.95;
const BY_INSURER: f32 = 0.8;
/// A page's head has so many rows, and a line that holds only an insurer at most so many words.
const LETTERHEAD_ROWS: usize = 3;
const INSURER_WORDS_MAX: usize = 5;
/// The name of a kind is at least one part in so many of the words beside its box.
const CHOICE_SHARE: usize = 3;
/// A share of the cost is named at most so many words behind who pays it.
const SHARE_WORDS_MAX: usize = 4;
/// How far behind the word "claim" its number stands, in bytes.
const CLAIM_BYTES_MAX: usize = 60;
/// A kind of payer before a colon, and an insurer's name behind it, have at most so many words.
const KIND_WORDS_MAX: usize = 4;
/// How far behind "insured through" the insurer stands, in bytes.
const INSURER_BYTES_MAX: usize = 50;

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = kind(page);
    found.extend(claim(page));
    found.extend(insurer(page));
    found.extend(adjuster(page));
    found
}

/// A ticked box speaks first, then a payer slot, then running text.
fn kind(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut choices: Vec<(&Tick, PayerKind)> =
        page.ticks.iter().filter_map(|tick| Some((tick, choice_of(page, tick)?))).collect();
    let alone: Vec<&Tick> = page.ticks.iter().filter(|tick| is_who_is_treated(tick, &choices)).collect();
    choices.extend(alone.into_iter().map(|tick| (tick, PayerKind::SelfPay)));
    let unsure = choices.iter().any(|(tick, _)| tick.confidence < SURE);
    for (tick, kind) in choices.iter().filter(|(tick, _)| tick.ticked) {
        let doubts = if unsure { vec!["a tick could hardly be told".to_owned()] } else { Vec::new() };
        found.push(candidate(*kind, &tick.words, 1.0, RULE, doubts));
    }
    let only_denied = choices.iter().all(|(tick, _)| tick.asked && !tick.ticked);
    // one box that nobody ticked is no choice between payers ("Off work")
    let lists_kinds = choices.iter().any(|(_, kind)| *kind != choices[0].1);
    if (lists_kinds || !found.is_empty() || unsure) && !only_denied {
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
    let answered = answers(page);
    for (kind, place, _) in answered.iter().filter(|(.., yes)| *yes) {
        found.push(Candidate {
            field: Field::PayerKind,
            value: Value::PayerKind(*kind),
            evidence: page.text.evidence(place, RULE),
            trust: 0.99,
            rule: RULE.to_owned(),
            doubts: Vec::new(),
            checked: true,
        });
    }
    for label in page.labels_of(Field::PayerKind) {
        for (_, slot) in page.slots(label, 1) {
            if let Some(kind) = named(page, &slot, true) {
                found.push(candidate(kind, &slot, 0.99, &label.rule, Vec::new()));
                break;
            }
        }
    }
    found.extend(by_named_label(page));
    for (kind, rule) in &page.book.rules.payer {
        let said = page.found.any(&rule.prose);
        // a question that names the choices answers nothing
        let denied = |place: &Range<usize>| {
            is_denied(page, place.start)
                || answered.iter().any(|(_, of, yes)| !yes && of.start <= place.start && place.start < of.end)
        };
        for place in said.into_iter().filter(|place| !page.is_label(place) && !page.is_beside_box(place)) {
            if denied(&place) || is_asked(page, &place) || *kind == PayerKind::SelfPay && is_share(page, &place) {
                continue;
            }
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
        found.extend(by_insurer(page).or_else(|| by_insurer_alone(page)));
    }
    found
}

/// "☒ Client  ☐ Auto insurance  ☐ Workers' comp": a box in a row of payers for whoever is treated.
fn is_who_is_treated(tick: &Tick, choices: &[(&Tick, PayerKind)]) -> bool {
    let beside = choices.iter().filter(|(other, _)| other.row == tick.row).count();
    beside >= 2 && matches!(fold(&tick.words.text).as_str(), "client" | "patient" | "self" | "thepatient" | "theclient")
}

/// "Work related: Yes   Auto related: No": what questions without boxes are answered, with the bytes of question and answer.
fn answers(page: &Context) -> Vec<(PayerKind, Range<usize>, bool)> {
    static ANSWER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:\s+(?:related|accident|injury))?\s*[:?]{1,2}\s*(?P<answer>yes|no|y|n)\b")
            .expect("a fixed pattern")
    });
    let mut found = Vec::new();
    for (kind, rule) in &page.book.rules.payer {
        for place in page.found.any(&rule.questions) {
            let rest = page.text.text.get(place.end..).unwrap_or_default();
            let Some(answer) = ANSWER.captures(rest) else { continue };
            let yes = answer.name("answer").is_some_and(|said| said.as_str().to_ascii_lowercase().starts_with('y'));
            let end = place.end + answer.get(0).map_or(0, |whole| whole.end());
            found.push((*kind, place.start..end, yes));
        }
    }
    found
}

/// "Is this referral related to a work injury?": words before a question mark in the same cell.
fn is_asked(page: &Context, place: &Range<usize>) -> bool {
    let first = page.text.words.iter().find(|word| place.start < word.range.end);
    let Some((row, at)) = first.and_then(|word| page.place_of(word.area)) else { return false };
    let row = &page.sheet.rows[row];
    let joined = |at: &usize| gap_before(row, *at) <= CELL_GAP * page.sheet.unit;
    let behind = (at + 1..row.words.len()).take_while(joined).chain([at]);
    behind.into_iter().any(|at| row.words[at].text.ends_with('?'))
}

/// "The patient will pay the copay": somebody else pays the rest.
fn is_share(page: &Context, place: &Range<usize>) -> bool {
    const SHARES: [&str; 8] =
        ["copay", "copays", "copayment", "deductible", "coinsurance", "balance", "share", "portion"];
    let rest = page.text.text.get(place.end..).unwrap_or_default();
    rest.split_whitespace().take(SHARE_WORDS_MAX).any(|word| SHARES.contains(&fold(word).as_str()))
}

/// "Not related to auto accident or work injury": between the denial and the words stand others of a payer's and small words.
fn is_denied(page: &Context, start: usize) -> bool {
    static DENIAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:not (?:related|due|secondary) to|unrelated to|not (?:a|the) result of|not caused by|not from|not an?|no|non|denies(?: any)?)\b")
            .expect("a fixed pattern")
    });
    const SMALL: [&str; 14] =
        ["a", "an", "any", "the", "or", "and", "of", "to", "related", "either", "nor", "accident", "injury", "claim"];
    let before = page.text.text.get(..start).unwrap_or_default();
    let clause = before.rsplit(['\n', '.', ';', ':', '?']).next().unwrap_or_default();
    let Some(denial) = DENIAL.find_iter(clause).last() else { return false };
    let between = clause.get(denial.end()..).unwrap_or_default();
    let of_payer = || page.book.rules.payer.values().flat_map(|rule| rule.prose.iter().chain(rule.questions.iter()));
    let words: HashSet<String> = of_payer().flat_map(|phrase| phrase.split_whitespace().map(fold)).collect();
    let is_plain = |word: &String| word.is_empty() || SMALL.contains(&word.as_str()) || words.contains(word);
    between.split([' ', '/', ',', '-']).map(fold).all(|word| is_plain(&word))
}

/// "PIP claim #: 0738", "Member ID: 44": a filled label that only one kind of payer has. Labels of two kinds say nothing.
fn by_label(page: &Context) -> Option<Candidate> {
    of_labels(page, page.labels.iter(), BY_LABEL)
}

/// "WC carrier: Lakeshore Fund": what asks for the insurer or the claim and names the kind says more than the text around it.
fn by_named_label(page: &Context) -> Option<Candidate> {
    let asks = page.labels_of(Field::PayerInsurer).chain(page.labels_of(Field::PayerClaimNumber));
    of_labels(page, asks, BY_NAMED_LABEL)
}

fn of_labels<'a>(page: &'a Context, labels: impl Iterator<Item = &'a Label>, trust: f32) -> Option<Candidate> {
    let told = labels.filter_map(|label| {
        let words = page.sheet.slot(label.words.clone().map(|word| (label.row, word)));
        let kind = of_phrases(page, &words.text, |rule| [&rule.labels, &rule.words, &rule.prose])?;
        let (_, slot) = page.slots(label, 1).into_iter().next()?;
        let filled = slot.text.chars().filter(|letter| letter.is_alphanumeric()).count() >= FILLED_MIN;
        filled.then_some((kind, slot, label.rule.clone()))
    });
    let told: Vec<_> = told.collect();
    let (kind, slot, rule) = told.first()?;
    told.iter().all(|(other, ..)| other == kind).then(|| candidate(*kind, slot, trust, rule, Vec::new()))
}

/// An insurer who writes only one kind, in a payer's slot or behind words like "insured through". Insurers of two kinds say
/// nothing.
fn by_insurer(page: &Context) -> Option<Candidate> {
    let labels = page.labels_of(Field::PayerInsurer).chain(page.labels_of(Field::PayerKind));
    let in_slots = labels.filter_map(|label| page.slots(label, 1).into_iter().next().map(|(_, slot)| slot));
    let in_prose = page.cues(Field::PayerInsurer).into_iter().map(|place| page.after(place.end, INSURER_BYTES_MAX));
    let of_insurers = |slot: Slot| Some((of_phrases(page, &slot.text, |rule| [&rule.insurers])?, slot));
    let told: Vec<(PayerKind, Slot)> = in_slots.chain(in_prose).filter_map(of_insurers).collect();
    let (kind, slot) = told.first()?;
    told.iter().all(|(other, _)| other == kind).then(|| candidate(*kind, slot, BY_INSURER, RULE, Vec::new()))
}

/// "Premera" on a line of its own, below the head of the page; insurers of two kinds say nothing.
fn by_insurer_alone(page: &Context) -> Option<Candidate> {
    let rows = LETTERHEAD_ROWS..page.sheet.rows.len();
    let slots = rows.map(|row| page.sheet.slot((0..page.sheet.rows[row].words.len()).map(|word| (row, word))));
    let short = slots.filter(|slot| slot.words.len() <= INSURER_WORDS_MAX);
    let is_whole = |slot: &Slot, rule: &PayerRule| {
        let found = page.book.phrases.find(&Folded::new(&slot.text));
        found.any(&rule.insurers).iter().any(|place| place.len() == slot.text.trim().len())
    };
    let of_insurers = |slot: Slot| {
        let kind = of_phrases(page, &slot.text, |rule| [&rule.insurers])?;
        is_whole(&slot, page.book.rules.payer.get(&kind)?).then_some((kind, slot))
    };
    let told: Vec<(PayerKind, Slot)> = short.filter_map(of_insurers).collect();
    let (kind, slot) = told.first()?;
    told.iter().all(|(other, _)| other == kind).then(|| candidate(*kind, slot, BY_INSURER, RULE, Vec::new()))
}

/// The payer kind that is the choice beside a box: "Return to work" is none, though it holds the word; or that a question asks for.
fn choice_of(page: &Context, tick: &Tick) -> Option<PayerKind> {
    let slot = &tick.words;
    if tick.asked {
        return of_phrases(page, &slot.text, |rule| [&rule.questions]);
    }
    let found = page.book.phrases.find(&Folded::new(&slot.text));
    let kind = longest(page, &found, |rule| [&rule.words, &rule.prose])?;
    let rule = page.book.rules.payer.get(&kind)?;
    let longest = found.longest(&rule.words).max(found.longest(&rule.prose))?;
    (longest * CHOICE_SHARE >= slot.text.len()).then_some(kind)
}

/// The payer kind whose words stand in a slot; the longest phrase wins, two kinds of one length are none.
fn named(page: &Context, slot: &Slot, with_words: bool) -> Option<PayerKind> {
    of_phrases(page, &slot.text, |rule| if with_words { [&rule.words, &rule.prose] } else { [&rule.prose; 2] })
}

/// The payer kind of which the longest phrase stands in a text; two kinds of one length are none.
fn of_phrases<'a, const N: usize>(
    page: &'a Context,
    text: &str,
    phrases: impl Fn(&'a PayerRule) -> [&'a PhraseList; N],
) -> Option<PayerKind> {
    longest(page, &page.book.phrases.find(&Folded::new(text)), phrases)
}

fn longest<'a, const N: usize>(
    page: &'a Context,
    found: &Found,
    phrases: impl Fn(&'a PayerRule) -> [&'a PhraseList; N],
) -> Option<PayerKind> {
    if found.is_empty() {
        return None;
    }
    let longest = |(kind, rule): (&PayerKind, &'a PayerRule)| {
        Some((phrases(rule).into_iter().filter_map(|phrases| found.longest(phrases)).max()?, *kind))
    };
    let of_kinds = page.book.rules.payer.iter().filter_map(longest);
    let best = of_kinds.fold((0, None), |(most, best), (length, kind)| match length.cmp(&most) {
        Ordering::Less => (most, best),
        Ordering::Equal => (most, None),
        Ordering::Greater => (length, Some(kind)),
    });
    best.1
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

/// "M54.42": a diagnosis code, and no claim's number.
fn is_code(number: &str) -> bool {
    let code =
        number.split_once('.').is_some_and(|(category, rest)| category.len() == 3 && (1..=4).contains(&rest.len()));
    code && number.starts_with(|letter: char| letter.is_ascii_uppercase())
        && number.chars().skip(1).take(1).all(|letter| letter.is_ascii_digit())
}

fn claim(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(Field::PayerClaimNumber) {
        for (_, slot) in page.slots(label, 1) {
            let first_line = slot.text.lines().next().unwrap_or_default();
            let mut hits = find_claim_numbers(first_line)
                .into_iter()
                .filter(|hit| hit.span.start <= 6 && !is_code(hit.number.reveal()));
            let first = hits.next();
            // "650-646-3833" behind the label has the shape of a phone number, and may be one
            let phone = first.clone().filter(|hit| hit.other_kind && label.colon);
            let Some(hit) = first.into_iter().chain(hits).find(|hit| !hit.other_kind).or(phone) else { continue };
            let mut doubts = hit.doubts;
            if hit.other_kind {
                doubts.push("it has the shape of another number, such as a phone's".to_owned());
            }
            if has_letters_before(first_line, hit.span.start) {
                doubts.push("letters before the number may be a part of it".to_owned());
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
    let mut places = page.cues(Field::PayerClaimNumber);
    let is_damaged = |word: &str| {
        let folded = fold(word);
        let begin = folded.char_indices().rev().nth(CLAIM.len() - 1).map_or(0, |(at, _)| at);
        let mut tail = folded.get(begin..).unwrap_or_default().chars();
        let whole = one_off(tail.as_str(), CLAIM);
        whole || tail.next().is_some() && one_off(tail.as_str(), CLAIM)
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

/// "we. 2025-31474": letters before a claim's number, which a bad print may have cut off it; not "No. 2025-31474".
fn has_letters_before(line: &str, start: usize) -> bool {
    const NAMED: [&str; 8] = ["", "no", "nr", "num", "number", "id", "is", "claim"];
    let before = line.get(..start).unwrap_or_default();
    before
        .split_whitespace()
        .map(fold)
        .any(|word| word.chars().any(char::is_alphabetic) && !NAMED.contains(&word.as_str()))
}

/// "Insurance: State Farm": a label that asks for the kind of payer may be answered with the insurer's name.
fn insurer(page: &Context) -> Vec<Candidate> {
    let mut found = free_text(page, Field::PayerInsurer, page.labels_of(Field::PayerInsurer));
    let asks = page
        .labels_of(Field::PayerKind)
        .filter(|label| INSURANCE.iter().any(|word| label.phrase.to_lowercase().contains(word)));
    let mut beside = free_text(page, Field::PayerInsurer, asks);
    let names_kind = |text: &str| of_phrases(page, text, |rule| [&rule.words, &rule.prose]).is_some();
    let mut named = Vec::new();
    for candidate in &mut beside {
        if let Value::Text(text) = &candidate.value
            && names_kind(text.reveal())
            && let Some(insurer) = without_kind(page, text.reveal())
        {
            candidate.value = Value::Text(insurer.clone().into());
            named.push(insurer);
        }
    }
    beside.retain(|candidate| !matches!(&candidate.value, Value::Text(text) if names_kind(text.reveal())));
    if found.is_empty() {
        found.extend(beside);
    } else {
        // a second insurance, by the kind that stands with its name
        let is_named =
            |candidate: &Candidate| matches!(&candidate.value, Value::Text(text) if named.contains(text.reveal()));
        found.extend(beside.into_iter().filter(is_named));
    }
    if found.is_empty() {
        found.extend(behind_kind(page));
    }
    found
}

/// "GEICO auto", "State Farm (PIP)": the insurer before the words of the kind; each word of its name begins with a capital.
fn without_kind(page: &Context, text: &str) -> Option<String> {
    const NO_NAMES: [&str; 10] =
        ["insurance", "commercial", "private", "health", "medical", "primary", "secondary", "claim", "other", "none"];
    let said = page.book.phrases.find(&Folded::new(text));
    let kinds = page.book.rules.payer.values().flat_map(|rule| said.any(&rule.words));
    let first = kinds.filter(|place| place.start > 0).map(|place| place.start).min()?;
    let name = text.get(..first)?.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_name = |word: &str| {
        word.starts_with(|letter: char| letter.is_uppercase() || letter == '&')
            && !NO_NAMES.contains(&fold(word).as_str())
    };
    let is_whole = !name.is_empty() && name.split_whitespace().all(is_name);
    (is_whole && name.chars().filter(|letter| letter.is_alphabetic()).count() >= FILLED_MIN).then(|| name.to_owned())
}

/// "Workers' Comp: SAIF", "Auto PIP: GEICO": a kind of payer and a colon at the beginning of a row, and a name behind.
fn behind_kind(page: &Context) -> Vec<Candidate> {
    const NO_NAMES: [&str; 12] =
        ["yes", "no", "claim", "none", "unknown", "na", "pending", "open", "accepted", "related", "injury", "date"];
    let named = page.sheet.rows.iter().enumerate().filter_map(|(row, line)| {
        let colon = line.words.iter().take(KIND_WORDS_MAX).position(|token| token.text.ends_with(':'))?;
        let kind = page.sheet.slot((0..=colon).map(|word| (row, word)));
        let of_insurers = [PayerKind::Auto, PayerKind::WorkersComp, PayerKind::HealthPlan];
        of_phrases(page, &kind.text, |rule| [&rule.words]).filter(|kind| of_insurers.contains(kind))?;
        // "Employee: Maria Lopez"
        let of_other = |label: &Label| {
            let of_payer = matches!(label.meaning, Meaning::Field(Field::PayerKind | Field::PayerInsurer, _));
            label.words.contains(&colon) && !of_payer
        };
        if page.labels_in(row).iter().any(of_other) {
            return None;
        }
        let labels = page.labels_in(row).iter().filter(|label| label.words.start > colon);
        let end = labels.map(|label| label.words.start).min().unwrap_or(line.words.len());
        let own = line.words.get(colon + 1..end).unwrap_or_default();
        let is_name = |token: &Token| {
            token.text.starts_with(|letter: char| letter.is_uppercase() || letter == '&')
                && !token.text.contains(|letter: char| letter.is_ascii_digit())
                && !NO_NAMES.contains(&token.folded.as_str())
        };
        let is_whole = (1..=KIND_WORDS_MAX).contains(&own.len()) && own.iter().all(is_name);
        let slot = page.sheet.slot((colon + 1..end).map(|word| (row, word)));
        let says_more = of_phrases(page, &slot.text, |rule| [&rule.words, &rule.prose]).is_some();
        (is_whole && !says_more).then(|| {
            let evidence = slot.evidence(&(0..slot.text.len()), RULE);
            (Value::Text(slot.text.trim().to_owned().into()), evidence)
        })
    });
    let candidates = named.map(|(value, evidence)| Candidate {
        field: Field::PayerInsurer,
        value,
        evidence,
        trust: BY_LABEL,
        rule: RULE.to_owned(),
        doubts: Vec::new(),
        checked: false,
    });
    candidates.collect()
}

/// Who handles the claim; a number behind the name is none of it.
fn adjuster(page: &Context) -> Vec<Candidate> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)[\s,;(-]+(?:\(?\d{3}\)?[\s.-]|ext\b|extension\b|x\s?\d|ph(?:one)?\b|tel\b|cell\b|fax\b|e-?mail\b|\S+@).*$")
            .expect("a fixed pattern")
    });
    let mut found = free_text(page, Field::PayerAdjuster, page.labels_of(Field::PayerAdjuster));
    for candidate in &mut found {
        if let Value::Text(text) = &candidate.value
            && let Some(number) = NUMBER.find(text.reveal())
        {
            candidate.value = Value::Text(text.reveal().get(..number.start()).unwrap_or_default().to_owned().into());
        }
    }
    found.retain(|candidate| !matches!(&candidate.value, Value::Text(text) if text.reveal().is_empty()));
    found
}

fn free_text<'a>(page: &'a Context, field: Field, labels: impl Iterator<Item = &'a Label>) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in labels {
        let Some((_, slot)) = page.slots(label, 1).into_iter().next() else { continue };
        // a choice of a form, or "Self-pay": no insurer
        if page.is_choice(&slot) || of_phrases(page, &slot.text, |rule| [&rule.words]) == Some(PayerKind::SelfPay) {
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
