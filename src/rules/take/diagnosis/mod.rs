//! What is wrong: codes with the words beside them, or words alone.

mod damaged;
mod history;
mod sentence;
mod sides;
mod words;

use std::cell::RefCell;
use std::ops::Range;

use self::words::{Beside, Codes};
use crate::model::{Area, Diagnosis, Evidence, Field, Value};
use crate::rules::codes::Scope;
use crate::rules::context::{Candidate, Context, touch};
use crate::rules::schema::CheckName;
use crate::rules::sheet::{Slot, SlotWord};
use crate::rules::take::orders_table::OrdersTable;
use crate::rules::ticks::{SURE, Tick};
use crate::rules::{Agreement, CodeHit, CodeStatus, CodeSystem, find_codes, look_alike};

/// A diagnosis may run over this many rows.
const ROWS_MAX: usize = 8;
const RULE: &str = "rules/30-diagnosis.toml";
/// So many boxes with codes beside them are a list to choose from.
const CHOICES_MIN: usize = 2;
/// The words beside boxes of one column begin within so many word heights.
const COLUMN_SLACK: f32 = 1.5;
/// A code less sure than this wants words that agree with it.
const CODE_SURE: f32 = 0.85;
/// A code less sure than this was misread where the words beside it fit one that looks the same.
const CODE_DOUBTED: f32 = 0.9;
/// A misread code differs from the right one in at most so many places.
const MISREAD_MAX: usize = 2;
/// Codes in running text, without a label.
const PROSE: f32 = 0.9;
/// Why a code is none of the order's.
const RULED_OUT: &str = "the words around it say that the patient does not have it";
const HISTORY: &str = "it is told as history";
const PERHAPS_NOT: &str = "the words around it may rule it out";

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let has_code = |tick: &&Tick| !find_codes(&tick.words.text, &page.book.codes, page.on, false).is_empty();
    let choices: Vec<&Tick> = page.ticks.iter().filter(has_code).collect();
    if choices.len() >= CHOICES_MIN {
        return ticked(page, &choices);
    }
    let mut found = Vec::new();
    let labels: Vec<_> = page.labels_of(Field::Diagnoses).cloned().collect();
    for label in &labels {
        for (_, slot) in page.slots(label, ROWS_MAX) {
            let hits = find_codes(&slot.text, &page.book.codes, page.on, true);
            let coded = push(&mut found, page, &slot, hits, 1.0, &label.rule);
            if coded {
                break;
            }
        }
    }
    // codes anywhere on the page: their shape and the code list speak for them
    let hits = find_codes(&page.text.text, &page.book.codes, page.on, false);
    let spans: Vec<Range<usize>> = hits.iter().map(|hit| hit.span.clone()).collect();
    push(&mut found, page, &page.text, hits, PROSE, RULE);
    history::leave_out(&mut found, page);
    leave_out_other_orders(&mut found, page);
    without_ruled_out(&mut found, page);
    damaged::mend(&mut found, page, &spans);
    take_whole_words(&mut found);
    follow_the_words(&mut found);
    if found.is_empty() {
        found.extend(labels.iter().find_map(|label| sentence::in_words(page, label)));
    }
    if found.is_empty() {
        found.extend(sentence::in_prose(page));
    }
    damaged::doubt_unread(&mut found, page, &labels);
    sides::doubt(&mut found, page);
    found
}

/// What stands in the row of another order ("Sumatriptan 50 mg tab   G43.909").
fn leave_out_other_orders(found: &mut Vec<Candidate>, page: &Context) {
    let Some(table) = OrdersTable::of(page) else { return };
    let of_another = |evidence: &Evidence| {
        let words = page
            .text
            .words
            .iter()
            .filter(|word| word.area.overlap_x(&evidence.area) > 0 && word.area.overlap_y(&evidence.area) > 0);
        words.into_iter().any(|word| table.is_of_another(page, &word.area))
    };
    found.retain(|candidate| {
        let is_other = candidate.evidence.iter().any(of_another);
        if is_other {
            page.set_aside(candidate, "it stands in the row of another order");
        }
        !is_other
    });
}

/// A form that lists diagnoses beside boxes: those of the ticked boxes, and what somebody wrote elsewhere on the page.
fn ticked(page: &Context, choices: &[&Tick]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for tick in choices.iter().filter(|tick| tick.ticked) {
        let hits = find_codes(&tick.words.text, &page.book.codes, page.on, false);
        push(&mut found, page, &tick.words, hits, 1.0, RULE);
    }
    let mut hits = find_codes(&page.text.text, &page.book.codes, page.on, false);
    hits.retain(|hit| !page.is_beside_box(&hit.span));
    // a code that stands in the column of the choices is one whose box was not seen
    let columns: Vec<u32> =
        choices.iter().filter_map(|tick| tick.words.words.first()).map(|word| word.area.left).collect();
    let in_column = |hit: &CodeHit| {
        page.text.touching(&hit.span).next().is_some_and(|word| {
            columns.iter().any(|left| left.abs_diff(word.area.left) as f32 <= COLUMN_SLACK * page.sheet.unit)
        })
    };
    for hit in hits.iter_mut().filter(|hit| in_column(hit)) {
        hit.doubts.push("it may be a choice whose tick was not seen".to_owned());
    }
    push(&mut found, page, &page.text, hits, PROSE, RULE);
    without_ruled_out(&mut found, page);
    sides::doubt(&mut found, page);
    if let Some(unsure) = choices.iter().find(|tick| tick.confidence < SURE) {
        let why = "a tick could hardly be told";
        found.iter_mut().for_each(|candidate| candidate.doubts.push(why.to_owned()));
        if found.is_empty() {
            found.push(Candidate {
                field: Field::Diagnoses,
                value: Value::Unread,
                evidence: unsure.words.evidence(&(0..unsure.words.text.len()), RULE),
                trust: 0.5,
                rule: RULE.to_owned(),
                doubts: Vec::new(),
                checked: false,
            });
        }
    }
    found
}

/// A label's column may cut the first words of a line off ("back strain" of "Low back strain"): where the whole line speaks for the
/// code, it is followed.
fn take_whole_words(found: &mut [Candidate]) {
    for at in 0..found.len() {
        let Value::Diagnosis(cut) = &found[at].value else { continue };
        let whole = found.iter().find(|other| match &other.value {
            Value::Diagnosis(whole) => {
                let longer = whole.text.as_ref().zip(cut.text.as_ref());
                let longer =
                    longer.is_some_and(|(whole, cut)| cut.len() < whole.len() && whole.ends_with(cut.as_str()));
                longer && whole.code == cut.code && other.checked && other.doubts.is_empty()
            }
            _ => false,
        });
        let whole = whole.filter(|whole| !found[at].doubts.is_empty() && touch(&whole.evidence, &found[at].evidence));
        if let Some(value) = whole.map(|whole| whole.value.clone()) {
            found[at].value = value;
            found[at].doubts.clear();
            found[at].checked = true;
        }
    }
}

/// One place was read in two contexts: where the words of one name another code and those of the other say nothing, the words
/// are followed, and the doubt stays.
fn follow_the_words(found: &mut [Candidate]) {
    for at in 0..found.len() {
        let silent = !found[at].checked && found[at].doubts.is_empty();
        let other = found
            .iter()
            .find(|other| silent && !other.doubts.is_empty() && touch(&other.evidence, &found[at].evidence));
        if let Some((value, doubts)) = other.map(|other| (other.value.clone(), other.doubts.clone())) {
            found[at].value = value;
            found[at].doubts = doubts;
        }
    }
}

/// The codes of a slot as candidates, each with the words beside it.
fn push(found: &mut Vec<Candidate>, page: &Context, slot: &Slot, hits: Vec<CodeHit>, trust: f32, rule: &str) -> bool {
    let spans: Vec<Range<usize>> = hits.iter().map(|hit| hit.span.clone()).collect();
    let codes: Vec<String> = hits.iter().map(|hit| hit.code.clone()).collect();
    let codes =
        Codes { text: &slot.text, spans: &spans, codes: &codes, labelled: trust > PROSE, closing: RefCell::default() };
    let any = !hits.is_empty();
    let (mut said, lower) = (Scope::Present, slot.text.to_ascii_lowercase());
    for (index, hit) in hits.into_iter().enumerate() {
        let is_title = |words: &str| page.agreement(&hit.code, words) == Agreement::Agrees;
        said = page.book.scopes.of(&lower, &spans, index, said, page.book.codes.title(&hit.code), is_title);
        let beside = codes.beside(page, index);
        found.push(candidate(page, slot, hit, beside, said, trust, rule));
    }
    any
}

/// A code of a slot with the words beside it, and what the words around it say of it.
fn candidate(
    page: &Context,
    slot: &Slot,
    hit: CodeHit,
    beside: Beside,
    said: Scope,
    trust: f32,
    rule: &str,
) -> Candidate {
    let evidence = ink(slot, &hit.span, rule);
    let is_icd9 = hit.system == CodeSystem::Icd9;
    let billable = match &hit.status {
        _ if is_icd9 => None,
        CodeStatus::Billable => Some(true),
        CodeStatus::Unknown | CodeStatus::Unsettled { .. } => hit.fault.map(|_| false),
        _ => Some(false),
    };
    let mut taken = Candidate {
        field: Field::Diagnoses,
        value: Value::Unread,
        evidence,
        trust,
        rule: rule.to_owned(),
        doubts: hit.doubts,
        checked: false,
    };
    let mut code = hit.code;
    let compared = !is_icd9 && page.book.own.check(Field::Diagnoses, CheckName::WordsAgree).is_some();
    let agreement =
        if compared { compare(page, slot, &hit.span, &beside, &mut code, &mut taken) } else { Agreement::Unknown };
    taken.doubts.extend(doubt_of(said).map(str::to_owned));
    if slot.struck_out(&hit.span) {
        taken.doubts.push("a stroke runs through it".to_owned());
    }
    // a cause of injury has no words of its own: those beside it are the injury's
    let is_cause = is_icd9 && code.starts_with('E');
    // of a sentence only what speaks of the code is told as its words
    let is_sentence =
        trust <= PROSE && !is_icd9 && agreement == Agreement::Unknown && page.book.codes.title(&code).is_some();
    let text = Some(beside.words).filter(|words| !words.is_empty() && !is_cause && !is_sentence);
    let text = match is_icd9 {
        // the contract knows codes of ICD-10-CM alone
        true => Some([code.as_str(), text.as_deref().unwrap_or_default()].join(" ").trim_end().to_owned()),
        false => text.or_else(|| page.book.codes.title(&code).map(str::to_owned)),
    };
    let code = (!is_icd9).then_some(code);
    taken.value = Value::Diagnosis(Diagnosis { code, text, billable, fault: hit.fault, instead: hit.suggestions });
    taken
}

/// Holds a code against the words beside it: they may speak for it, against it, or for another one that looks the same.
fn compare(
    page: &Context,
    slot: &Slot,
    span: &Range<usize>,
    beside: &Beside,
    code: &mut String,
    taken: &mut Candidate,
) -> Agreement {
    let sure = slot.confidence(span);
    let said = words::agreement(page, code, beside);
    match &said {
        Agreement::Contradicts(other) if other != code => {
            // the words name another code that looks the same: one of the two was misread
            if sure < CODE_DOUBTED && look_alike(code, other) <= MISREAD_MAX {
                taken.doubts.push(format!("the words beside it fit {other} better"));
                code.clone_from(other);
            } else {
                taken.doubts.push(format!("the words beside it fit {other}, not this code"));
            }
        }
        Agreement::Foreign => taken.doubts.push("the words beside it name something else".to_owned()),
        Agreement::Agrees => taken.checked = true,
        _ if !beside.words.is_empty() && sure < CODE_SURE => {
            taken.doubts.push("the print is poor and the words beside it do not speak for it".to_owned());
        }
        _ => {}
    }
    said
}

/// The ink of a part of a slot. Two codes may stand in one word ("M54.2/M54.6"): each takes its share of the word's width.
fn ink(slot: &Slot, span: &Range<usize>, rule: &str) -> Vec<Evidence> {
    let mut evidence = slot.evidence(span, rule);
    let share = |word: &SlotWord| {
        let whole = word.range.len().max(1) as f32;
        let at = |byte: usize| word.area.left + (word.area.width() as f32 * byte as f32 / whole) as u32;
        let from = span.start.saturating_sub(word.range.start);
        let to = span.end.min(word.range.end) - word.range.start;
        Area::new(at(from), word.area.top, at(to), word.area.bottom)
    };
    let area = slot.touching(span).map(share).reduce(|all, area| all.union(&area));
    if let (Some(first), Some(area)) = (evidence.first_mut(), area) {
        first.area = area;
    }
    evidence
}

/// Why what is said of a code makes it none of the order's.
fn doubt_of(said: Scope) -> Option<&'static str> {
    match said {
        Scope::Present => None,
        Scope::RuledOut => Some(RULED_OUT),
        Scope::History => Some(HISTORY),
        Scope::Doubtful => Some(PERHAPS_NOT),
    }
}

/// "R/O M50.20", "h/o M54.50": what the patient does not have, or had, is no diagnosis of the order where something else is.
fn without_ruled_out(found: &mut Vec<Candidate>, page: &Context) {
    let says = |candidate: &Candidate, why: &str| candidate.doubts.iter().any(|doubt| doubt == why);
    let mut out: Vec<(Vec<Evidence>, &str)> = Vec::new();
    for why in [RULED_OUT, HISTORY, PERHAPS_NOT] {
        let of_it = found.iter().filter(|candidate| says(candidate, why));
        out.extend(of_it.map(|candidate| (candidate.evidence.clone(), why)));
    }
    // read in two contexts, it is one code
    for candidate in found.iter_mut() {
        for (twin, why) in &out {
            if touch(twin, &candidate.evidence) && !says(candidate, why) {
                candidate.doubts.push((*why).to_owned());
            }
        }
    }
    let is_out = |candidate: &Candidate| says(candidate, RULED_OUT) || says(candidate, HISTORY);
    if out.is_empty() || found.iter().all(is_out) {
        return;
    }
    for candidate in found.iter().filter(|candidate| is_out(candidate)) {
        page.set_aside(candidate, if says(candidate, RULED_OUT) { RULED_OUT } else { HISTORY });
    }
    found.retain(|candidate| !is_out(candidate));
    // what somebody had and what they have is easily mixed up
    if out.iter().any(|(_, why)| *why == HISTORY) {
        found.iter_mut().for_each(|candidate| candidate.doubts.push("another code is told as history".to_owned()));
    }
}
