//! Whether the HCP signed: ink on the line, an electronic signature, or words that say that it is pending.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Area, Evidence, Field, Mark, MarkKind, MarkState, Private, Source, Value, Word};
use crate::rules::context::{Candidate, Context};
use crate::rules::label::{CELL_GAP, Label};
use crate::rules::phrase::Folded;
use crate::rules::read_name;
use crate::rules::slots::{Where, above};
use crate::rules::span::gap_before;
use crate::rules::take::signer::{self, Signer};
use crate::rules::ticks::SURE;

/// A written name has at most so many words; what is longer under a caption is another sentence.
const NAME_WORDS_MAX: usize = 6;
/// The empty line of a form is printed with at least so many underscores.
const BLANK_MIN: usize = 4;
/// A signature holds no number of so many digits.
const NUMBER_DIGITS_MIN: usize = 5;
/// A name in the type of a signature stands at most so many rows over the printed one.
const TYPED_ROWS: usize = 2;
const RULE: &str = "rules/70-provider.toml";

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let signature = &page.book.rules.signature;
    let pending = page.found.any(&signature.unsigned);
    if let Some(place) = pending.first() {
        return vec![candidate(false, page.text.evidence(place, RULE), 0.98, Vec::new())];
    }
    let places = page.found.any(&signature.signed).into_iter().chain(slash_signatures(&page.text.text));
    let places = places.chain(plainly_signed(&page.text.text));
    let of_words: Vec<(Signer, Range<usize>)> =
        places.map(|place| (signer::of_words(page, &place), place)).filter(|(of, _)| *of != Signer::Nobody).collect();
    let best = [Signer::Hcp, Signer::Unknown].iter().find_map(|of| of_words.iter().find(|(other, _)| other == of));
    if let Some((of, place)) = best {
        return vec![candidate(true, page.text.evidence(place, RULE), 0.98, doubts_of_signer(of))];
    }
    let labels: Vec<&Label> = page
        .labels_of(Field::ProviderSignature)
        .filter(|label| !is_somebody_elses(page, label) && !in_sentence(page, label) && !is_asked_for(page, label))
        .collect();
    let on_lines = labels.iter().map(|label| on_line(page, label));
    let found = on_lines.max_by_key(|candidate| candidate.value == Value::Signed(true)).or_else(|| {
        let of_another = of_words.first();
        let of_another =
            of_another.map(|(_, place)| candidate(false, page.text.evidence(place, RULE), 0.98, Vec::new()));
        of_another.or_else(|| in_letter(page)).or_else(|| over_printed_name(page))
    });
    let is_signed = found.as_ref().is_some_and(|found| found.value == Value::Signed(true));
    let on_file = if is_signed { None } else { on_file(page) };
    on_file.or(found).into_iter().collect()
}

/// "Must be reviewed and signed by: Alan Pierce, MD": the words that run up to the label ask for a signature.
fn is_asked_for(page: &Context, label: &Label) -> bool {
    let (row, start) = (&page.sheet.rows[label.row], label.words.start);
    if start == 0 || gap_before(row, start) > CELL_GAP * page.sheet.unit {
        return false;
    }
    let before = page.sheet.slot((0..start).map(|word| (label.row, word))).text;
    let cell = before.rsplit("  ").next().unwrap_or_default();
    page.book.phrases.find(&Folded::new(cell)).has_any(&page.book.rules.signature.not_yet)
}

/// "Signature on file": it counts, but nobody here has seen it.
fn on_file(page: &Context) -> Option<Candidate> {
    let rule = &page.book.rules.signature;
    let is_the_hcps = |place: &Range<usize>| {
        let line = page.text.text.get(..place.start).unwrap_or_default();
        let before = page.book.phrases.find(&Folded::new(line.rsplit('\n').next().unwrap_or_default()));
        !before.has_any(&rule.somebody_else) && !before.has_any(&rule.not_yet)
    };
    let place = page.found.any(&rule.on_file).into_iter().find(is_the_hcps)?;
    let doubts = vec!["the paper only says that a signature is on file".to_owned()];
    Some(candidate(true, page.text.evidence(&place, RULE), 0.9, doubts))
}

/// No place to sign is named: a pen's ink over the printed name, or the name alone over itself, as a script types it.
fn over_printed_name(page: &Context) -> Option<Candidate> {
    let of_hcp = |mark: &&Mark| {
        mark.kind == MarkKind::Signature && mark.state == MarkState::Ticked && !stands_at_somebody_elses(page, mark)
    };
    let mark = page.reading.marks.iter().find(of_hcp);
    if let Some(mark) = mark {
        let doubts = doubts_of(mark);
        return Some(candidate(true, vec![ink(page, mark.area, mark.confidence)], 0.95, doubts));
    }
    let text_of = |row: usize| page.sheet.slot((0..page.sheet.rows[row].words.len()).map(|word| (row, word)));
    (1..page.sheet.rows.len()).rev().find_map(|row| {
        let printed = crate::rules::find_names(&text_of(row).text);
        let is_printed = |typed: &crate::rules::NameHit| {
            printed.iter().any(|hit| !hit.credentials.is_empty() && hit.name.full == typed.name.full)
        };
        if printed.is_empty() {
            return None;
        }
        // the date of the same line may be a row of its own, or the next cell
        (row.saturating_sub(TYPED_ROWS)..row).rev().find_map(|over| {
            let slot = text_of(over);
            let cell = slot.text.split("  ").next().unwrap_or_default();
            let typed = crate::rules::read_name(cell).filter(|hit| hit.credentials.is_empty() && !hit.titled)?;
            let is_alone = typed.span.len() == cell.trim().len();
            (is_alone && is_printed(&typed)).then(|| candidate(true, slot.evidence(&typed.span, RULE), 0.9, Vec::new()))
        })
    })
}

fn doubts_of(mark: &Mark) -> Vec<String> {
    if mark.confidence < SURE { vec!["the ink of the signature could hardly be told".to_owned()] } else { Vec::new() }
}

/// "/s/ Alan Pierce": the sign that stands for a signature in typed papers.
pub(in crate::rules::take) fn slash_signatures(text: &str) -> Vec<Range<usize>> {
    static SIGN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)/e?s/").expect("a fixed pattern"));
    SIGN.find_iter(text).map(|found| found.range()).collect()
}

/// "Signed by Alan Pierce, MD": plain words that count only where they begin a line or a cell ("please have this signed by" asks for
/// it), and only before a name with a credential.
fn plainly_signed(text: &str) -> Vec<Range<usize>> {
    static SIGNED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\bsigned(?: by)?:? {1,12}").expect("a fixed pattern"));
    let names_hcp = |place: &Range<usize>| {
        let line = text.get(place.end..).unwrap_or_default().lines().next().unwrap_or_default();
        let before = text.get(..place.start).unwrap_or_default();
        (before.is_empty() || before.ends_with('\n') || before.ends_with("  "))
            && read_name(line).is_some_and(|hit| hit.span.start == 0 && !hit.credentials.is_empty())
    };
    SIGNED.find_iter(text).map(|found| found.range()).filter(names_hcp).collect()
}

fn doubts_of_signer(of: &Signer) -> Vec<String> {
    if *of == Signer::Unknown { vec!["somebody else than the named prescriber signed".to_owned()] } else { Vec::new() }
}

/// "Patient signature", "Parent or guardian": not the HCP's. What stands before another label or behind the next is not this one's.
pub(in crate::rules::take) fn is_somebody_elses(page: &Context, label: &Label) -> bool {
    let beside = || page.labels_in(label.row).iter();
    let from = beside().filter(|other| other.words.end <= label.words.start).map(|other| other.words.end).max();
    let to = beside().filter(|other| other.words.start >= label.words.end).map(|other| other.words.start).min();
    let row = &page.sheet.rows[label.row].words;
    let own = row.get(from.unwrap_or(0)..to.unwrap_or(row.len())).unwrap_or_default();
    let around: Vec<&str> = own.iter().map(|token| token.text.as_str()).collect();
    let found = page.book.phrases.find(&Folded::new(&around.join(" ")));
    found.has_any(&page.book.rules.signature.not_the_provider)
}

/// Whether ink stands beside or right over the caption of somebody else's signature.
fn stands_at_somebody_elses(page: &Context, mark: &Mark) -> bool {
    let (area, unit) = (mark.area, page.sheet.unit as u32);
    let is_near = |label: &&Label| {
        let is_before = label.area.overlap_y(&area) > 0 && label.area.left < area.left;
        let is_under = label.area.top.abs_diff(area.bottom) <= unit && label.area.overlap_x(&area) > 0;
        is_before || is_under
    };
    page.labels_of(Field::ProviderSignature).filter(is_near).any(|label| is_somebody_elses(page, label))
}

/// "We need a diagnosis, a signature and a date": the word in a sentence, and no place to sign.
fn in_sentence(page: &Context, label: &Label) -> bool {
    let row = &page.sheet.rows[label.row];
    let before = label.words.start.checked_sub(1).map(|before| row.words[before].folded.as_str());
    let leads = before.is_some_and(|word| {
        matches!(word, "a" | "an" | "the" | "your" | "his" | "her" | "and" | "or" | "with" | "without" | "this" | "no")
    });
    leads && !label.colon && gap_before(row, label.words.start) <= CELL_GAP * page.sheet.unit
}

/// Whether a form's empty line follows a label: a name below it is printed.
fn is_blank(page: &Context, label: &Label) -> bool {
    let next = page.labels_in(label.row).iter().filter(|other| other.words.start >= label.words.end);
    let next = next.min_by_key(|other| other.words.start);
    let row = &page.sheet.rows[label.row].words;
    let behind = row.get(label.words.end..next.map_or(row.len(), |next| next.words.start)).unwrap_or_default();
    let right = next.map_or(page.sheet.width, |next| next.area.left);
    // the rows of a sheet hold no lines of a form
    let is_line = |word: &&Word| {
        let text = word.text.reveal();
        let beside = word.area.overlap_y(&label.area) > 0 && word.area.right > label.area.right;
        beside && word.area.left < right && text.ends_with('_') && text.matches('_').count() >= BLANK_MIN
    };
    behind.iter().all(|token| token.folded.is_empty())
        && page.reading.lines.iter().flat_map(|line| &line.words).any(|word| is_line(&word))
}

/// The signature line or cell of a label: the mark there, else ink that was read as words.
fn on_line(page: &Context, label: &Label) -> Candidate {
    let reach = (3.0 * page.sheet.unit) as u32;
    let right = page
        .labels_in(label.row)
        .iter()
        .filter(|other| other.words.start >= label.words.end)
        .map(|other| other.area.left)
        .min();
    let around = Area::new(
        label.area.left.saturating_sub(reach),
        label.area.top.saturating_sub(reach),
        right.unwrap_or(page.sheet.width),
        label.area.bottom + reach,
    );
    let marks = page.reading.marks.iter().filter(|mark| mark.kind == MarkKind::Signature);
    let near = marks.filter(|mark| mark.area.overlap_x(&around) > 0 && mark.area.overlap_y(&around) > 0);
    let near = near.filter(|mark| !is_print(page, &mark.area));
    if let Some(mark) = near.max_by(|a, b| {
        (a.state == MarkState::Ticked).cmp(&(b.state == MarkState::Ticked)).then(a.confidence.total_cmp(&b.confidence))
    }) {
        let doubts = doubts_of(mark);
        return candidate(mark.state == MarkState::Ticked, vec![ink(page, mark.area, mark.confidence)], 0.98, doubts);
    }
    // no mark: what was read on the line may be the signature itself
    let blank = is_blank(page, label);
    let slots = page.slots(label, 1).into_iter().filter(|(place, _)| !(blank && *place == Where::Below));
    let slots = slots.map(|(_, slot)| slot);
    let over = above(&page.sheet, &page.labels, label).filter(|_| label.caption && !label.colon);
    let written = slots.chain(over).find(|slot| {
        let letters = slot.text.chars().filter(|letter| letter.is_alphabetic()).count();
        letters >= 3 && slot.words.len() <= NAME_WORDS_MAX && !signer::is_none(page, &slot.text)
    });
    match written {
        Some(slot) => {
            let evidence = slot.evidence(&(0..slot.text.len()), &label.rule);
            match signer::of_slot(page, &slot.text) {
                Signer::Another => candidate(false, evidence, 0.9, Vec::new()),
                of => candidate(true, evidence, 0.9, doubts_of_signer(&of)),
            }
        }
        None => candidate(false, vec![ink(page, label.area, 0.9)], 0.9, Vec::new()),
    }
}

/// Ink that a text layer gives as words with a number or a label among them: large print of another field, no signature.
fn is_print(page: &Context, area: &Area) -> bool {
    let inside = |other: &Area| other.overlap_x(area) * 2 > other.width() && other.overlap_y(area) * 2 > other.height();
    let words = page.text.words.iter().filter(|word| inside(&word.area));
    let mut text = words.filter_map(|word| page.text.text.get(word.range.clone()));
    page.reading.source == Source::TextLayer
        && text.any(|text| text.chars().filter(char::is_ascii_digit).count() >= NUMBER_DIGITS_MIN)
        || page.labels.iter().any(|label| inside(&label.area))
}

/// A letter has no line: ink between its closing words and the printed name.
fn in_letter(page: &Context) -> Option<Candidate> {
    let closing = page.found.any(&page.book.rules.signature.closings).into_iter().next_back()?;
    let closing_word = page.text.words.iter().find(|word| word.range.start >= closing.start)?;
    let closing_row =
        page.sheet.rows.iter().position(|row| row.words.iter().any(|token| token.area == closing_word.area))?;
    let printed_row = (closing_row + 1..page.sheet.rows.len()).find(|row| {
        let slot = page.sheet.slot((0..page.sheet.rows[*row].words.len()).map(|word| (*row, word)));
        crate::rules::find_names(&slot.text).iter().any(|hit| !hit.credentials.is_empty())
    });
    let bottom = printed_row.map_or(page.sheet.height, |row| page.sheet.rows[row].area.bottom);
    let between = Area::new(0, closing_word.area.top, page.sheet.width, bottom);
    let mut marks =
        page.reading.marks.iter().filter(|mark| mark.kind == MarkKind::Signature && mark.area.overlap_y(&between) > 0);
    if let Some(mark) = marks.next() {
        let doubts = doubts_of(mark);
        return Some(candidate(
            mark.state == MarkState::Ticked,
            vec![ink(page, mark.area, mark.confidence)],
            0.95,
            doubts,
        ));
    }
    let printed_row = printed_row?;
    let read = (closing_row + 1..printed_row)
        .find(|row| page.sheet.rows[*row].words.iter().any(|token| token.folded.chars().count() >= 2));
    Some(match read {
        Some(row) => candidate(true, vec![ink(page, page.sheet.rows[row].area, 0.9)], 0.9, Vec::new()),
        None => candidate(false, vec![ink(page, between, 0.9)], 0.9, Vec::new()),
    })
}

fn ink(page: &Context, area: Area, confidence: f32) -> Evidence {
    Evidence { page: page.sheet.page, area, text: Private::from(""), confidence, rule: RULE.to_owned() }
}

fn candidate(signed: bool, evidence: Vec<Evidence>, trust: f32, doubts: Vec<String>) -> Candidate {
    Candidate {
        field: Field::ProviderSignature,
        value: Value::Signed(signed),
        evidence,
        trust,
        rule: RULE.to_owned(),
        doubts,
        checked: true,
    }
}
