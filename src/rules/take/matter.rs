//! In: the text of a page, or of a frequency's slot. Out: the same text, byte for byte as long, without what is about something
//! else than the treatment: another therapy, exercises, complaints, what was before.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::Field;
use crate::rules::clause::clauses;
use crate::rules::context::Context;
use crate::rules::label::Meaning;
use crate::rules::phrase::{Folded, PhraseList};
use crate::rules::{TreatmentFamily, TreatmentHit};

/// A caption has at most so many words.
const CAPTION_WORDS_MAX: usize = 5;

/// The running text of a page: without the values of other fields, and without clauses about something else.
pub(in crate::rules::take) fn running_text(page: &Context) -> String {
    let written = &page.text.text;
    let mut of_others = Vec::new();
    for (span, meaning) in page.label_spans() {
        let is_ours =
            |field: &Field| matches!(field, Field::Frequency | Field::Plan | Field::PlanBodyAreas | Field::Diagnoses);
        let Meaning::Field(field, _) = meaning else { continue };
        if is_ours(field) {
            continue;
        }
        let line = end_of_row(page, span);
        let next = page.label_spans().iter().map(|(other, _)| other.start).filter(|start| *start >= span.end).min();
        let place = span.start..line.min(next.unwrap_or(line));
        // a sentence that begins with what may be a label ("Name ... for massage 2x/week") orders all the same
        let touches = |hit: &TreatmentHit| hit.span.start < place.end && place.start < hit.span.end;
        let any = page.treatments().iter().any(touches);
        if !(any && written.get(place.clone()).is_some_and(|text| names_ours(page, text))) {
            of_others.push(place);
        }
    }
    let text = blanked(written, &of_others);
    let spans = others(page, &text, |phrases| {
        let mut places = page.found.any(phrases);
        places.retain(|place| text.get(place.clone()) == written.get(place.clone()));
        places
    });
    if spans.is_empty() { text } else { blanked(&text, &spans) }
}

/// Where the row of the page ends that a part of its text stands in; running prose has no line ends.
fn end_of_row(page: &Context, span: &Range<usize>) -> usize {
    let row = page.text.touching(span).next().map(|word| word.area).unwrap_or_default();
    let from = page.text.words.partition_point(|word| word.range.start < span.start);
    let own = page.text.words.get(from..).unwrap_or_default().iter();
    own.take_while(|word| word.area.overlap_y(&row) > 0).last().map_or(span.end, |word| word.range.end.max(span.end))
}

/// A slot's text without clauses about something else; none where nothing but those has a number.
pub(in crate::rules::take) fn of_slot(page: &Context, text: &str) -> Option<String> {
    let found = page.book.phrases.find(&Folded::new(text));
    let own = blanked(text, &others(page, text, |phrases| found.any(phrases)));
    (own == text || counts(&own)).then_some(own)
}

/// A text with blanks in some places of it. Line ends stay: they part what stands above and below.
pub(in crate::rules::take) fn blanked(text: &str, places: &[Range<usize>]) -> String {
    let mut kept = text.as_bytes().to_vec();
    for place in places {
        let gone = kept.get_mut(place.clone()).into_iter().flatten();
        gone.filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    String::from_utf8(kept).unwrap_or_else(|_| unreachable!("whole letters were made blank"))
}

/// A number, or a word that says how often.
fn counts(text: &str) -> bool {
    static SAYS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\d|\b(?:once|twice|thrice|one|two|three|weekly|monthly|daily|every)\b")
            .expect("a fixed pattern")
    });
    SAYS.is_match(text)
}

fn names_ours(page: &Context, text: &str) -> bool {
    !ours(page, text).is_empty()
}

/// Where massage or manual therapy is named.
fn ours(page: &Context, text: &str) -> Vec<usize> {
    let hits = page.book.treatments.find(text).into_iter().filter(|hit| !hit.negated);
    let ours = hits.filter(|hit| matches!(hit.family, TreatmentFamily::Massage | TreatmentFamily::ManualTherapy));
    ours.map(|hit| hit.span.start).collect()
}

/// The parts of a text that are about something else; `stand` tells where phrases stand in it.
fn others(page: &Context, text: &str, stand: impl Fn(&PhraseList) -> Vec<Range<usize>>) -> Vec<Range<usize>> {
    let words = &page.book.rules.second_frequency;
    let other: Vec<usize> =
        stand(&words.something_else).into_iter().map(|place| place.start).chain(by_letters(text)).collect();
    let past = stand(&words.past);
    if other.is_empty() && past.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for clause in clauses(text) {
        let inside = |at: &usize| clause.contains(at);
        let own = text.get(clause.clone()).unwrap_or_default();
        let caption = caption(own).map(|end| clause.start..clause.start + end);
        let is_past = past.iter().any(|place| caption.as_ref().is_some_and(|caption| caption.contains(&place.start)));
        let mut marks: Vec<(usize, bool)> = other.iter().filter(|at| inside(at)).map(|at| (*at, false)).collect();
        if is_past {
            out.push(clause);
            continue;
        }
        if marks.is_empty() {
            continue;
        }
        marks.extend(ours(page, own).into_iter().map(|at| (clause.start + at, true)));
        marks.sort_unstable();
        out.extend(foreign_parts(text, &clause, &marks, caption));
    }
    out
}

/// The parts of a clause that begin with another matter. What shares its number with ours stays: "massage and PT 2x/week".
fn foreign_parts(
    text: &str,
    clause: &Range<usize>,
    marks: &[(usize, bool)],
    caption: Option<Range<usize>>,
) -> Vec<Range<usize>> {
    let captioned = |at: usize| caption.as_ref().is_some_and(|caption| caption.contains(&at));
    // "Goals: ..." speaks for the whole clause, unless massage is named behind it
    if marks.first().is_some_and(|(at, is_ours)| !is_ours && captioned(*at)) && marks.iter().all(|(_, ours)| !ours) {
        return vec![clause.clone()];
    }
    let ends = marks.iter().skip(1).map(|(at, _)| *at).chain([clause.end]);
    let parts: Vec<(Range<usize>, bool)> =
        marks.iter().zip(ends).map(|((at, is_ours), end)| (*at..turn(text, *at..end), *is_ours)).collect();
    let has_count = |span: &Range<usize>| text.get(span.clone()).is_some_and(counts);
    let lead = clause.start..marks.first().map_or(clause.end, |(at, _)| *at);
    let rest_counts = parts.iter().any(|(span, is_ours)| *is_ours && has_count(span)) || has_count(&lead);
    let none_is_ours = parts.iter().all(|(_, is_ours)| !is_ours);
    let foreign = parts.into_iter().filter(|(span, is_ours)| !is_ours && has_count(span));
    if rest_counts || none_is_ours { foreign.map(|(span, _)| span).collect() } else { Vec::new() }
}

/// Where a part ends: at a wide gap, or where the patient is spoken of.
fn turn(text: &str, part: Range<usize>) -> usize {
    static TURN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)  |\b(?:the )?patient\b|\bplease\b").expect("a fixed pattern"));
    let found = text.get(part.clone()).and_then(|own| TURN.find(own));
    found.map_or(part.end, |turn| part.start + turn.start())
}

/// "PT 2x/week": the therapy in capitals before a number, not the patient; "No PT for 2 weeks"; and a dose ("300 mg").
fn by_letters(text: &str) -> Vec<usize> {
    static LETTERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:PT|OT|DC|HEP)\b[ :(]*(?:for |x ?)?\d|\b\d+ ?(?:mg|mcg|mL)\b").expect("a fixed pattern")
    });
    LETTERS.find_iter(text).map(|hit| hit.start()).collect()
}

/// The end of a caption at the beginning of a clause: a few words before a colon.
fn caption(clause: &str) -> Option<usize> {
    let end = clause.find(':')?;
    (clause.get(..end)?.split_whitespace().count() <= CAPTION_WORDS_MAX).then_some(end)
}
