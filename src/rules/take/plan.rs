//! What to do: procedure codes, treatment words, body areas.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Area, Field, Procedure, Source, Value};
use crate::rules::clause::clauses;
use crate::rules::codes::Treatments;
use crate::rules::context::{Candidate, Context};
use crate::rules::label::Label;
use crate::rules::sheet::Slot;
use crate::rules::take::{body_areas, veto};
use crate::rules::ticks::{SURE, Tick};
use crate::rules::{ProcedureHit, Schedule, TreatmentFamily, TreatmentHit, find_procedures, find_schedules};

/// A plan may run over this many rows.
const ROWS_MAX: usize = 6;
/// This many procedures side by side, and no tick seen, are a list to choose from rather than an order.
const CHOICES_MIN: usize = 3;
/// A page whose words are at least this sure in the mean shows its boxes as well.
const LEGIBLE: f32 = 0.9;
/// A line of running text has at least so many other words.
const SENTENCE_WORDS_MIN: usize = 8;
/// A line of a pad that names the treatment holds at most so many other words.
const OTHER_WORDS_MAX: usize = 1;
/// The title of a paper stands in its first rows.
const TITLE_ROWS: usize = 3;
/// A damaged code has at least so many figures.
const FIGURES_MIN: usize = 4;
const RULE: &str = "rules/40-plan.toml";

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = ordered(page);
    let doubts = veto::doubts(page, &found);
    for candidate in &mut found {
        candidate.doubts.extend(doubts.iter().cloned());
    }
    found
}

fn ordered(page: &Context) -> Vec<Candidate> {
    let choices: Vec<Choice> = page.ticks.iter().filter_map(|tick| choice(page, tick)).collect();
    // "Referred to: [x] Massage / manual therapy", and the codes where the treatment is asked for
    let coded = choices.iter().any(|choice| !choice.codes.is_empty());
    if choices.is_empty() || !coded && coded_in_slots(page) {
        let mut found = in_text(page);
        let coded = !found.is_empty();
        found.extend(words_of_the_plan(page, coded));
        return found;
    }
    let mut found = ticked(page, &choices);
    let mut chosen: Vec<&Tick> = choices.iter().map(|choice| choice.tick).filter(|tick| tick.ticked).collect();
    if !chosen.is_empty() {
        // in a table of boxes a row may be ticked more than once
        chosen.dedup_by(|a, b| a.row == b.row && a.words.text == b.words.text);
        let words: Vec<&str> = chosen.iter().flat_map(|tick| tick.words.text.split_whitespace()).collect();
        let evidence = chosen.iter().flat_map(|tick| tick.words.evidence(&(0..tick.words.text.len()), RULE)).collect();
        let value = Value::Text(words.join(" ").into());
        found.push(Candidate {
            field: Field::Plan,
            value,
            evidence,
            trust: 0.9,
            rule: RULE.to_owned(),
            doubts: Vec::new(),
            checked: true,
        });
    }
    found
}

/// Whether a code stands where the form asks for the treatment, and not beside a box.
fn coded_in_slots(page: &Context) -> bool {
    let mut slots = page.labels_of(Field::Plan).flat_map(|label| page.slots(label, 1));
    slots.any(|(_, slot)| !page.is_choice(&slot) && !find_procedures(&slot.text).is_empty())
}

/// Whether treatments stand beside boxes: where none is ticked, none is ordered.
pub(in crate::rules::take) fn has_choices(page: &Context) -> bool {
    page.ticks.iter().any(|tick| choice(page, tick).is_some())
}

/// A box beside a treatment.
struct Choice<'a> {
    tick: &'a Tick,
    /// The codes in its words.
    codes: Vec<ProcedureHit>,
}

fn choice<'a>(page: &Context, tick: &'a Tick) -> Option<Choice<'a>> {
    let codes = find_procedures(&tick.words.text);
    let is_ours = |hit: TreatmentHit| matches!(hit.family, TreatmentFamily::Massage | TreatmentFamily::ManualTherapy);
    let is_one = !codes.is_empty() || page.book.treatments.find(&tick.words.text).into_iter().any(is_ours);
    is_one.then_some(Choice { tick, codes })
}

/// No box stands beside a treatment: the codes of the page are ordered, or what its words order.
fn in_text(page: &Context) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let hits = find_procedures(&page.text.text);
    let cells = hits.iter().filter(|hit| begins_cell(page, hit)).count();
    let mut codes: Vec<&str> = hits.iter().map(|hit| hit.code).collect();
    codes.sort_unstable();
    codes.dedup();
    // a form with boxes, but none was seen beside these
    // where every box is seen, a code without one is no choice
    let sees_all = page.reading.source == Source::TextLayer || page.ticks.is_empty() && page.legibility() >= LEGIBLE;
    let is_form = page.lists_choices || page.ticks.len() >= CHOICES_MIN;
    let is_a_choice = !sees_all && (codes.len() >= CHOICES_MIN || codes.len() > 1 && cells > 1 && is_form);
    let is_forbidden = |hit: &ProcedureHit| page.book.treatments.is_forbidden(page.words(), hit.span.start);
    for hit in hits.into_iter().filter(|hit| !is_forbidden(hit)) {
        let doubts =
            if is_a_choice { vec!["these may be choices whose ticks were not seen".to_owned()] } else { Vec::new() };
        let evidence = page.text.evidence(&hit.span, RULE);
        found.push(procedure(hit, evidence, 0.98, RULE, doubts));
    }
    let mended = mended(page, &found);
    found.extend(mended);
    if found.is_empty() { by_words(page) } else { found }
}

/// A code with one character too many, too few or misread ("971.40", "p7140"): beside the words of its treatment, or beside
/// another code, it is that code, and a person must look.
fn mended(page: &Context, found: &[Candidate]) -> Vec<Candidate> {
    let text = &page.text.text;
    let mut mended = Vec::new();
    for token in numbers(text) {
        let printed = text.get(token.clone()).unwrap_or_default();
        let bare: String = printed.chars().filter(char::is_ascii_alphanumeric).collect();
        if !(4..=6).contains(&bare.len()) || stands_in_number(text, &token) {
            continue;
        }
        let code = ["97124", "97140"]
            .into_iter()
            .find(|code| bare != *code && strsim::osa_distance(&bare, code) <= 1 || bare == *code && printed != *code);
        let Some(code) = code else { continue };
        let line = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count());
        let row = line(token.start);
        let ordered = coded(page.treatments().iter().cloned());
        let is_named = ordered.iter().any(|(family, span)| *family == code && line(span.start) == row);
        let known = |candidate: &Candidate| matches!(&candidate.value, Value::Procedure(of) if of.code.as_deref() == Some(code));
        if !is_named || found.iter().chain(&mended).any(known) {
            continue;
        }
        mended.push(Candidate {
            field: Field::Plan,
            value: Value::Procedure(Procedure { code: Some(code.to_owned()), units: None }),
            evidence: page.text.evidence(&token, RULE),
            trust: 0.8,
            rule: RULE.to_owned(),
            doubts: vec!["the code was mended from the words beside it".to_owned()],
            checked: true,
        });
    }
    mended
}

/// Letters and figures, at most one dot or comma among them, of which four and more are figures.
fn numbers(text: &str) -> impl Iterator<Item = Range<usize>> {
    static TOKEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[0-9A-Za-z$]{1,5}[.,]?[0-9A-Za-z$]{1,5}").expect("a fixed pattern"));
    let has_figures = |text: &str| FIGURES_MIN <= text.bytes().filter(u8::is_ascii_digit).count();
    let mut end = 0;
    let runs = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && !"$.,".contains(letter));
    let runs = runs.map(move |run| {
        end += run.len();
        (end - run.len(), run)
    });
    // most runs have too few of them, and need no pattern
    runs.filter(move |(_, run)| has_figures(run)).flat_map(move |(from, run)| {
        let tokens = TOKEN.find_iter(run).filter(move |token| has_figures(token.as_str()));
        tokens.map(move |token| from + token.start()..from + token.end())
    })
}

/// Part of a longer number: a phone, a date, an amount.
fn stands_in_number(text: &str, span: &Range<usize>) -> bool {
    let part_of = |letter: char| letter.is_ascii_alphanumeric() || "-/.$".contains(letter);
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let behind = text.get(span.end..).and_then(|behind| behind.chars().next());
    before.is_some_and(part_of) || behind.is_some_and(|letter| part_of(letter) && letter != '.')
}

/// Nothing stands close to the left of a code or of the words it belongs to.
fn begins_cell(page: &Context, hit: &ProcedureHit) -> bool {
    let before = page.text.text.get(..hit.span.start).unwrap_or_default();
    let line = before.rsplit(['\n']).next().unwrap_or_default();
    let cell = line.rsplit("  ").next().unwrap_or_default();
    cell.split_whitespace().count() <= 3
}

fn procedure(
    hit: ProcedureHit,
    evidence: Vec<crate::model::Evidence>,
    trust: f32,
    rule: &str,
    mut more: Vec<String>,
) -> Candidate {
    more.extend(hit.doubts);
    // its own shape and place in the code table speak for it
    let checked = hit.repairs.is_empty();
    if let Some(new) = hit.replaced_by {
        more.push(format!("{} was deleted from CPT; {new} took its place", hit.code));
    }
    let value = Value::Procedure(Procedure { code: Some(hit.code.to_owned()), units: hit.units });
    Candidate { field: Field::Plan, value, evidence, trust, rule: rule.to_owned(), doubts: more, checked }
}

/// Only what is ticked is ordered. A box that could hardly be told makes the plan doubtful; where nothing is ticked and a box
/// could not be told, nobody knows what is ordered.
fn ticked(page: &Context, choices: &[Choice]) -> Vec<Candidate> {
    let mut found = Vec::new();
    let ticks = || choices.iter().map(|choice| choice.tick);
    let unsure = ticks().any(|tick| tick.confidence < SURE);
    let doubts = || if unsure { vec!["a tick could hardly be told".to_owned()] } else { Vec::new() };
    for Choice { tick, codes } in choices.iter().filter(|choice| choice.tick.ticked) {
        if codes.is_empty() {
            for (code, span) in families(&page.book.treatments, &tick.words) {
                let value = Value::Procedure(Procedure { code: Some(code.to_owned()), units: None });
                let evidence = tick.words.evidence(&span, RULE);
                found.push(Candidate {
                    field: Field::Plan,
                    value,
                    evidence,
                    trust: 0.95,
                    rule: RULE.to_owned(),
                    doubts: doubts(),
                    checked: false,
                });
            }
        }
        for hit in codes {
            let evidence = tick.words.evidence(&hit.span, RULE);
            found.push(procedure(hit.clone(), evidence, 0.98, RULE, doubts()));
        }
    }
    // written beside the boxes, or a choice whose box was not seen
    for hit in find_procedures(&page.text.text) {
        let known = found
            .iter()
            .any(|candidate| matches!(&candidate.value, Value::Procedure(of) if of.code.as_deref() == Some(hit.code)));
        // "Send the bill for 97124 or 97140": a sentence of the form names it, and the box beside it says no
        let is_refused = in_sentence(page, &hit.span)
            && choices.iter().any(|Choice { tick, codes }| {
                !tick.ticked && tick.confidence >= SURE && codes.iter().any(|other| other.code == hit.code)
            });
        if !known && !is_refused && !page.is_beside_box(&hit.span) {
            let more = vec!["it stands beside the ticked choices".to_owned()];
            let beside_a_choice = page.text.touching(&hit.span).next();
            let same_row = beside_a_choice.is_some_and(|word| {
                ticks().any(|tick| tick.area.center_y().abs_diff(word.area.center_y()) < tick.area.height())
            });
            if same_row {
                found.iter_mut().for_each(|candidate| candidate.doubts.clone_from(&more));
            } else {
                let evidence = page.text.evidence(&hit.span, RULE);
                found.push(procedure(hit, evidence, 0.9, RULE, more));
            }
        }
    }
    if found.is_empty()
        && let Some(tick) = ticks().find(|tick| tick.confidence < SURE)
    {
        let evidence = tick.words.evidence(&(0..tick.words.text.len()), RULE);
        found.push(Candidate {
            field: Field::Plan,
            value: Value::Unread,
            evidence,
            trust: 0.5,
            rule: RULE.to_owned(),
            doubts: Vec::new(),
            checked: false,
        });
    }
    found
}

/// Whether words stand in a line of running text.
fn in_sentence(page: &Context, span: &Range<usize>) -> bool {
    let text = &page.text.text;
    let before = text.get(..span.start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let behind = text.get(span.end..).and_then(|behind| behind.split('\n').next()).unwrap_or_default();
    before.split_whitespace().count() + behind.split_whitespace().count() >= SENTENCE_WORDS_MIN
}

/// The codes of the treatments that words name, each once: massage and manual therapy.
fn families(treatments: &Treatments, slot: &Slot) -> Vec<(&'static str, Range<usize>)> {
    let mut found: Vec<(&'static str, Range<usize>)> = Vec::new();
    for (code, span) in coded(treatments.find(&slot.text).into_iter()) {
        if !found.iter().any(|(known, _)| *known == code) {
            found.push((code, span));
        }
    }
    found
}

/// Every place at which massage or manual therapy is named, with its code.
fn coded(hits: impl Iterator<Item = TreatmentHit>) -> Vec<(&'static str, Range<usize>)> {
    let coded = hits.filter(|hit| !hit.negated).filter_map(|hit| match hit.family {
        TreatmentFamily::Massage => Some(("97124", hit.span)),
        TreatmentFamily::ManualTherapy => Some(("97140", hit.span)),
        _ => None,
    });
    coded.collect()
}

/// Massage or manual therapy named in words only: the family's code.
fn by_words(page: &Context) -> Vec<Candidate> {
    let treatments = &page.book.treatments;
    let mut found: Vec<Candidate> = Vec::new();
    let at_top = |label: &&Label| label.row < TITLE_ROWS && !label.colon;
    let (titles, labels): (Vec<&Label>, Vec<&Label>) = page.labels_of(Field::Plan).partition(at_top);
    let in_slot = |label: &&Label| Some((page.slots(label, ROWS_MAX).into_iter().next()?.1, label.rule.clone()));
    let mut places: Vec<_> = labels.iter().filter_map(in_slot).collect();
    // a form that asks for the treatment is answered there: its title ("Order for massage") is no order
    if labels.is_empty() {
        places.extend(titles.iter().filter_map(in_slot));
    }
    if labels.is_empty() && places.is_empty() {
        places.extend(page.cues(Field::Plan).into_iter().map(|place| (page.after(place.end, 160), RULE.to_owned())));
    }
    if labels.is_empty() && places.iter().all(|(slot, _)| families(treatments, slot).is_empty()) {
        places.extend(treatment_lines(page).map(|slot| (slot, RULE.to_owned())));
    }
    if labels.is_empty() && places.iter().all(|(slot, _)| families(treatments, slot).is_empty()) {
        places.extend(ordering_sentences(page).map(|slot| (slot, RULE.to_owned())));
    }
    for (slot, rule) in places {
        for (code, span) in families(treatments, &slot) {
            let same = Value::Procedure(Procedure { code: Some(code.to_owned()), units: None });
            if found.iter().any(|candidate| candidate.value == same) {
                continue;
            }
            let evidence = slot.evidence(&span, &rule);
            found.push(Candidate {
                field: Field::Plan,
                value: same,
                evidence,
                trust: 0.9,
                rule: rule.clone(),
                doubts: Vec::new(),
                checked: true,
            });
        }
    }
    found
}

/// A pad's lines that hold nothing but treatments, under its head.
fn treatment_lines<'a>(page: &'a Context) -> impl Iterator<Item = Slot> + 'a {
    let rows = TITLE_ROWS..page.sheet.rows.len();
    let unlabelled = rows.filter(|row| page.labels_in(*row).is_empty());
    let slots = unlabelled.map(|row| page.sheet.slot((0..page.sheet.rows[row].words.len()).map(|word| (row, word))));
    slots.filter(|slot| {
        let hits = page.book.treatments.find(&slot.text);
        let in_hit =
            |word: &Range<usize>| hits.iter().any(|hit| hit.span.start < word.end && word.start < hit.span.end);
        let counts = |word: &Range<usize>| {
            let text = slot.text.get(word.clone()).unwrap_or_default();
            text.contains(char::is_alphanumeric)
                && !matches!(text.to_ascii_lowercase().as_str(), "and" | "with" | "for" | "to")
        };
        let others = slot.words.iter().filter(|word| !in_hit(&word.range) && counts(&word.range)).count();
        !families(&page.book.treatments, slot).is_empty() && others <= OTHER_WORDS_MAX
    })
}

/// Sentences that name a treatment and say how often, or that it is needed: "Please see her for massage therapy 2x/week".
fn ordering_sentences<'a>(page: &'a Context) -> impl Iterator<Item = Slot> + 'a {
    let text = &page.text.text;
    let orders = page.found.any(&page.book.rules.treatment.orders);
    clauses(text).into_iter().filter_map(move |clause| {
        let words = text.get(clause.clone())?;
        let slot = page.part(&clause)?;
        let named = !families(&page.book.treatments, &slot).is_empty() && !page.book.treatments.is_past(words);
        let says_how_often = |schedule: &Schedule| {
            let frequency = &schedule.frequency;
            let bounded = frequency.phases.iter().any(|phase| phase.bounds.is_some());
            frequency.visits.is_some() || frequency.visits_max.is_some() || bounded
        };
        let settled = || find_schedules(words, &page.book.own.sayings).iter().any(says_how_often);
        (named && (orders.iter().any(|place| clause.contains(&place.start)) || settled())).then_some(slot)
    })
}

/// The words of the plan as they stand. Where a code says what is ordered, a word that could hardly be read is no doubt of it.
fn words_of_the_plan(page: &Context, coded: bool) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(Field::Plan) {
        let Some((_, slot)) = page.slots(label, ROWS_MAX).into_iter().next() else { continue };
        if page.book.treatments.find(&slot.text).is_empty() && find_procedures(&slot.text).is_empty() {
            continue;
        }
        // the plan's words run on into a list of areas: what is not ticked there is not ordered
        let of_tick =
            |tick: &Tick, area: Area| tick.area == area || tick.words.words.iter().any(|word| word.area == area);
        let runs_into = |tick: &&Tick| slot.words.iter().any(|word| of_tick(tick, word.area));
        let empty = page.ticks.iter().filter(|tick| !tick.ticked).filter(runs_into);
        let left: Vec<&Tick> = empty.filter(|tick| body_areas::is_area(page, &tick.words)).collect();
        let is_left = |area: Area| left.iter().any(|tick| of_tick(tick, area));
        let words = slot.words.iter().filter(|word| !is_left(word.area));
        let words: Vec<&str> = words.filter_map(|word| slot.text.get(word.range.clone())).collect();
        let evidence = slot.evidence(&(0..slot.text.len()), &label.rule);
        found.push(Candidate {
            field: Field::Plan,
            value: Value::Text(words.join(" ").into()),
            evidence,
            trust: 0.9,
            rule: label.rule.clone(),
            doubts: Vec::new(),
            checked: coded,
        });
        break;
    }
    found
}
