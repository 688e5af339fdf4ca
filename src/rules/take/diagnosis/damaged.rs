//! Tokens shaped like a code that are none: mended by the words beside them, or told.

use std::cell::LazyCell;
use std::iter;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{ROWS_MAX, RULE};
use crate::model::{Diagnosis, Field, Value};
use crate::rules::codes::{code_shapes, word_starts};
use crate::rules::context::{Candidate, Context};
use crate::rules::find_codes;
use crate::rules::label::Label;

/// A diagnosis in words is looked for in so many words before its code.
const TAIL_WORDS_MAX: usize = 12;
const UNREAD: &str = "something shaped like a code could not be read";

/// What stands in a diagnosis' place and has the shape of a code, but was not understood, makes what was understood doubtful: a
/// diagnosis in words, or one code of several.
pub(super) fn doubt_unread(found: &mut [Candidate], page: &Context, labels: &[Label]) {
    let any_code = found.iter().any(|candidate| match &candidate.value {
        Value::Diagnosis(diagnosis) => diagnosis.code.is_some() || diagnosis.fault.is_some(),
        _ => false,
    });
    let taken = |printed: &str| {
        let ink = || found.iter().flat_map(|candidate| &candidate.evidence);
        let coded = found.iter().any(|candidate| matches!(&candidate.value, Value::Diagnosis(of) if of.code.is_some()));
        coded && ink().any(|ink| ink.text.reveal().contains(printed))
    };
    let is_unread = |label: &Label| {
        let slot = page.slots(label, 1).into_iter().next().map(|(_, slot)| slot);
        slot.is_some_and(|slot| {
            let known = LazyCell::new(|| find_codes(&slot.text, &page.book.codes, page.on, true));
            code_shapes(&slot.text).into_iter().any(|shape| {
                let printed = slot.text.get(shape.clone()).unwrap_or_default();
                let is_read = || known.iter().any(|hit| hit.span.start < shape.end && shape.start < hit.span.end);
                // beside a code that was read three characters are a level of the spine, or a room
                (printed.contains('.') || !any_code) && !taken(printed) && !is_read()
            })
        })
    };
    if labels.iter().any(is_unread) {
        found.iter_mut().for_each(|candidate| candidate.doubts.push(UNREAD.to_owned()));
    }
}

/// Something shaped like a code that is none: the words before it may say which it was. Where they do not, a diagnosis is lost,
/// and the others do not tell the whole.
pub(super) fn mend(found: &mut Vec<Candidate>, page: &Context, known: &[Range<usize>]) {
    static DAMAGED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?:^|[\s(\[,])([A-Za-z0-9$&][ ]?[0-9OIlSBZGTgqo]{2}[ ]?[.,][ ]?[0-9OIlSBZ]{1,3}[A-Z0-9]{0,2}|[0-9]{2}[.,][0-9]{2,3}[A-Z]{0,2})(?:[\s)\];,.]|$)",
        )
        .expect("a fixed pattern")
    });
    let text = &page.text.text;
    let labelled: LazyCell<Vec<String>, _> = LazyCell::new(|| {
        let labels = page.labels_of(Field::Diagnoses);
        labels.flat_map(|label| page.slots(label, ROWS_MAX)).map(|(_, slot)| slot.text).collect()
    });
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
                found.iter_mut().for_each(|candidate| candidate.doubts.push(UNREAD.to_owned()));
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
        let value = Value::Diagnosis(Diagnosis {
            code: Some(code),
            text,
            billable: Some(true),
            fault: None,
            instead: Vec::new(),
        });
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
    let starts = word_starts(words);
    let last = starts.len().saturating_sub(2);
    let first = starts.len().saturating_sub(TAIL_WORDS_MAX);
    let starts: Vec<usize> = starts.get(first..last).unwrap_or_default().to_vec();
    iter::once(words).chain(starts.into_iter().filter_map(|start| words.get(start..)))
}
