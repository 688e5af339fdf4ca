//! What is wrong: codes with the words beside them, or words alone.

use std::iter;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Diagnosis, Field, Source, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::sheet::Slot;
use crate::rules::slots::Where;
use crate::rules::ticks::{SURE, Tick};
use crate::rules::{Agreement, CodeHit, CodeStatus, CodeSystem, find_codes, look_alike};

/// A diagnosis may run over this many rows.
const ROWS_MAX: usize = 8;
const RULE: &str = "rules/30-diagnosis.toml";
/// So many boxes with codes beside them are a list to choose from.
const CHOICES_MIN: usize = 2;
/// The words beside boxes of one column begin within so many word heights.
const COLUMN_SLACK: f32 = 1.5;
/// A diagnosis in a sentence is not longer, in bytes.
const PROSE_BYTES_MAX: usize = 120;
/// A code less sure than this wants words that agree with it.
const CODE_SURE: f32 = 0.85;
/// A misread code differs from the right one in at most so many places.
const MISREAD_MAX: usize = 2;
/// A diagnosis in words is looked for in so many words before its code.
const TAIL_WORDS_MAX: usize = 12;
/// The words of a diagnosis are at most so many.
const TITLE_WORDS_MAX: usize = 14;
/// Codes in running text, without a label.
const PROSE: f32 = 0.9;

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
    without_history(&mut found, page);
    mend_damaged(&mut found, page, &spans);
    follow_the_words(&mut found);
    if found.is_empty() {
        for label in &labels {
            if let Some((place, slot)) = page.slots(label, 2).into_iter().next()
                && !page.is_choice(&slot)
                && let Some(words) = words_alone(&slot)
                && (is_hard_to_read(page, place) || page.book.codes.speaks_of_one(&words))
            {
                let evidence = slot.evidence(&(0..slot.text.len()), &label.rule);
                let value = Value::Diagnosis(Diagnosis { code: None, text: Some(words), billable: None });
                found.push(Candidate {
                    field: Field::Diagnoses,
                    value,
                    evidence,
                    trust: 0.9,
                    rule: label.rule.clone(),
                    doubts: Vec::new(),
                    checked: false,
                });
                break;
            }
        }
    }
    if found.is_empty() {
        found.extend(in_prose(page));
    }
    found
}

/// "On examination she has lumbago with sciatica": words behind the cues of the book that are some diagnosis' title.
fn in_prose(page: &Context) -> Option<Candidate> {
    let cues = page.book.rules.field.get(&Field::Diagnoses).map(|rule| rule.prose.as_slice()).unwrap_or_default();
    page.found.any(cues).into_iter().find_map(|place| {
        let rest = page.after(place.end, PROSE_BYTES_MAX);
        let clause = rest.text.split(['.', ';', '(', '\n']).next().unwrap_or_default();
        let clause = clause.split(" and I ").next().unwrap_or_default().trim_end();
        // "low back pain following an accident"
        let ends =
            [" following", " due to", " after", " sustained", " since", " from", " secondary", " which", " that"];
        let end = ends.iter().filter_map(|end| clause.find(end)).min().unwrap_or(clause.len());
        let words = clause.get(..end)?.trim();
        let start = rest.text.find(words)?;
        page.book.codes.knows(words).then(|| Candidate {
            field: Field::Diagnoses,
            value: Value::Diagnosis(Diagnosis { code: None, text: Some(words.to_owned()), billable: None }),
            evidence: rest.evidence(&(start..start + words.len()), RULE),
            trust: 0.85,
            rule: RULE.to_owned(),
            doubts: Vec::new(),
            checked: false,
        })
    })
}

/// "Medical History: GERD (K21.9)": what the patient has had is not what is treated, where something else is named.
fn without_history(found: &mut Vec<Candidate>, page: &Context) {
    let words = &page.text.words;
    let is_history = |candidate: &Candidate| {
        let Some(area) = candidate.evidence.first().map(|evidence| evidence.area) else { return false };
        let Some(at) = words.iter().position(|word| word.area.overlap_x(&area) > 0 && word.area.overlap_y(&area) > 0)
        else {
            return false;
        };
        let before = page.text.text.get(..words[at].range.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default().to_lowercase();
        // the nearest label before it
        let label = line.rsplit_once(':').map_or("", |(label, _)| label);
        page.book.rules.history.words.iter().any(|history| label.ends_with(&history.to_lowercase()))
    };
    if !found.iter().all(is_history) {
        found.retain(|candidate| !is_history(candidate));
    }
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
        let word =
            page.text.words.iter().find(|word| word.range.start < hit.span.end && hit.span.start < word.range.end);
        word.is_some_and(|word| {
            columns.iter().any(|left| left.abs_diff(word.area.left) as f32 <= COLUMN_SLACK * page.sheet.unit)
        })
    };
    for hit in hits.iter_mut().filter(|hit| in_column(hit)) {
        hit.doubts.push("it may be a choice whose tick was not seen".to_owned());
    }
    push(&mut found, page, &page.text, hits, PROSE, RULE);
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

/// Something shaped like a code that is none: the words before it may say which it was. Where they do not, a diagnosis is lost,
/// and the others do not tell the whole.
fn mend_damaged(found: &mut Vec<Candidate>, page: &Context, known: &[Range<usize>]) {
    static DAMAGED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?:^|[\s(\[,])([A-Za-z0-9$&][ ]?[0-9OIlSBZGTgqo]{2}[ ]?[.,][ ]?[0-9OIlSBZ]{1,3}[A-Z0-9]{0,2}|[0-9]{2}[.,][0-9]{2,3}[A-Z]{0,2})(?:[\s)\];,.]|$)",
        )
        .expect("a fixed pattern")
    });
    let text = &page.text.text;
    let labels = page.labels_of(Field::Diagnoses);
    let labelled: Vec<String> =
        labels.flat_map(|label| page.slots(label, ROWS_MAX)).map(|(_, slot)| slot.text).collect();
    for damaged in DAMAGED.captures_iter(text).filter_map(|captures| captures.get(1)) {
        let span = damaged.range();
        let printed = damaged.as_str();
        let is_number =
            printed.chars().all(|letter| letter.is_ascii_digit() || " .,".contains(letter)) && !printed.contains('.');
        if is_number && !printed.contains(',')
            || known.iter().any(|known| known.start < span.end && span.start < known.end)
        {
            continue;
        }
        let (before, behind) = (text.get(..span.start).unwrap_or_default(), text.get(span.end..).unwrap_or_default());
        let before =
            before.rsplit([';', '(', ')', ':']).find(|part| part.chars().any(char::is_alphabetic)).unwrap_or_default();
        let behind = behind.split([';', '\n', '(']).next().unwrap_or_default();
        let mended =
            iter::once(behind).chain(tails(before)).find_map(|words| page.book.codes.mend(printed, words, page.on));
        let Some(code) = mended else {
            if labelled.iter().any(|slot| slot.contains(printed)) {
                let why = "something shaped like a code could not be read";
                found.iter_mut().for_each(|candidate| candidate.doubts.push(why.to_owned()));
            }
            continue;
        };
        if found
            .iter()
            .any(|candidate| matches!(&candidate.value, Value::Diagnosis(known) if known.code.as_ref() == Some(&code)))
        {
            continue;
        }
        let text = page.book.codes.title(&code).map(str::to_owned);
        let value = Value::Diagnosis(Diagnosis { code: Some(code), text, billable: Some(true) });
        let doubts = vec!["the code was mended from the words beside it".to_owned()];
        found.push(Candidate {
            field: Field::Diagnoses,
            value,
            evidence: page.text.evidence(&span, RULE),
            trust: 0.8,
            rule: RULE.to_owned(),
            doubts,
            checked: true,
        });
    }
}

/// The end of a sentence, from the whole of it down to its last three words: nobody knows where in it the diagnosis begins.
fn tails(words: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<usize> = words
        .char_indices()
        .filter(|(at, letter)| {
            !letter.is_whitespace()
                && words.get(..*at).is_none_or(|before| before.is_empty() || before.ends_with(char::is_whitespace))
        })
        .map(|(at, _)| at)
        .collect();
    let last = starts.len().saturating_sub(2);
    let first = starts.len().saturating_sub(TAIL_WORDS_MAX);
    let starts: Vec<usize> = starts.get(first..last).unwrap_or_default().to_vec();
    iter::once(words).chain(starts.into_iter().filter_map(|start| words.get(start..)))
}

/// One place was read in two contexts: where the words of one name another code and those of the other say nothing, the words
/// are followed, and the doubt stays.
fn follow_the_words(found: &mut [Candidate]) {
    let touch = |a: &Candidate, b: &Candidate| {
        a.evidence
            .iter()
            .any(|a| b.evidence.iter().any(|b| a.area.overlap_x(&b.area) > 0 && a.area.overlap_y(&b.area) > 0))
    };
    for at in 0..found.len() {
        let silent = !found[at].checked && found[at].doubts.is_empty();
        let other = found.iter().find(|other| silent && !other.doubts.is_empty() && touch(other, &found[at]));
        if let Some((value, doubts)) = other.map(|other| (other.value.clone(), other.doubts.clone())) {
            found[at].value = value;
            found[at].doubts = doubts;
        }
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

fn push(found: &mut Vec<Candidate>, page: &Context, slot: &Slot, hits: Vec<CodeHit>, trust: f32, rule: &str) -> bool {
    let spans: Vec<Range<usize>> = hits.iter().map(|hit| hit.span.clone()).collect();
    let any = !hits.is_empty();
    for (index, hit) in hits.into_iter().enumerate() {
        let words = words_beside(&slot.text, &spans, index);
        let mut doubts = hit.doubts;
        let mut code = hit.code;
        let mut checked = false;
        if hit.system == CodeSystem::Icd9 {
            doubts.push("it is an ICD-9 code, which no payer takes since 2015; ask for the ICD-10 code".to_owned());
        } else {
            match agreement(page, &code, &words, &slot.text, &hit.span) {
                Agreement::Contradicts(other) if other != code => {
                    // the words name another code that looks the same: one of the two was misread
                    if slot.confidence(&hit.span) < 0.9 && look_alike(&code, &other) <= MISREAD_MAX {
                        doubts.push(format!("the words beside it fit {other} better"));
                        code = other;
                    } else {
                        doubts.push(format!("the words beside it fit {other}, not this code"));
                    }
                }
                Agreement::Agrees => checked = true,
                _ if !words.is_empty() && slot.confidence(&hit.span) < CODE_SURE => {
                    doubts.push("the print is poor and the words beside it do not speak for it".to_owned());
                }
                _ => {}
            }
        }
        if slot.struck_out(&hit.span) {
            doubts.push("a stroke runs through it".to_owned());
        }
        let billable = match &hit.status {
            CodeStatus::Billable => Some(true),
            CodeStatus::Unknown => None,
            _ => Some(false),
        };
        let text =
            Some(words).filter(|words| !words.is_empty()).or_else(|| page.book.codes.title(&code).map(str::to_owned));
        let evidence = slot.evidence(&hit.span, rule);
        let value = Value::Diagnosis(Diagnosis { code: Some(code), text, billable });
        found.push(Candidate {
            field: Field::Diagnoses,
            value,
            evidence,
            trust,
            rule: rule.to_owned(),
            doubts,
            checked,
        });
    }
    any
}

/// Whether the words that go with a code speak for it. Nobody knows where a diagnosis ends: the rest of its line alone, and the words
/// before it, may speak for it too.
fn agreement(page: &Context, code: &str, words: &str, text: &str, span: &Range<usize>) -> Agreement {
    let said = page.book.codes.agrees_with(code, words);
    if said == Agreement::Agrees {
        return said;
    }
    let rest_of_line = text.get(span.end..).and_then(|behind| behind.split(['\n', ';']).next());
    let before = text.get(..span.start).map(|before| before.rsplit([':', ';', '(', ')']).next().unwrap_or_default());
    let others = rest_of_line.into_iter().chain(before.map(last_words));
    let agrees = |words: &str| page.book.codes.agrees_with(code, words) == Agreement::Agrees;
    // a contradiction is only lifted by the line that the code begins
    let mut others = others.take(if said == Agreement::Unknown { 2 } else { 1 });
    if others.any(agrees) { Agreement::Agrees } else { said }
}

/// The end of a text, as long as the title of a code.
fn last_words(text: &str) -> &str {
    let starts = text
        .char_indices()
        .filter(|(at, _)| text.get(..*at).is_some_and(|before| before.ends_with(char::is_whitespace)));
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    starts.len().checked_sub(TITLE_WORDS_MAX).and_then(|from| text.get(starts[from]..)).unwrap_or(text)
}

/// The words that go with a code: those behind it up to the next code, or, where the code closes the phrase in brackets or
/// after a dash, those before it.
fn words_beside(text: &str, spans: &[Range<usize>], index: usize) -> String {
    let span = &spans[index];
    let before_from = index.checked_sub(1).map_or(0, |last| spans[last].end);
    let behind_to = spans.get(index + 1).map_or(text.len(), |next| next.start);
    let before = text.get(before_from..span.start).unwrap_or_default();
    let behind = text.get(span.end..behind_to).unwrap_or_default();
    let line_head = before.rsplit(['\n', ';']).next().unwrap_or_default();
    let line_tail = behind.split('\n').next().unwrap_or_default();
    let has_words = |part: &str| part.chars().filter(|letter| letter.is_alphabetic()).count() >= 4;
    let closes = has_words(line_head) && !has_words(line_tail)
        || behind.trim_start().starts_with([')', ']'])
        || before.trim_end().ends_with(['(', '['])
        || before.trim_end().ends_with(['-', '–', ',']) && !before.trim().is_empty();
    let part = if closes {
        let tail =
            before.rsplit(['\n', ';', ')', ']']).find(|part| part.chars().any(char::is_alphabetic)).unwrap_or_default();
        tail.trim_start_matches("The diagnosis is").trim_start_matches(" and ")
    } else {
        behind.split([';', '(', '[']).next().unwrap_or_default().trim_end_matches(char::is_numeric)
    };
    let words: Vec<&str> =
        if closes { last_words(part) } else { part }.split_whitespace().take(TITLE_WORDS_MAX).collect();
    words.join(" ").trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned()
}
