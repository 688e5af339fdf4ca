//! All that is known of a page before its values are taken.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::model::{Area, Evidence, Field, Finding, Reading, Value};
use crate::rules::book::Contents;
use crate::rules::codes::Words;
use crate::rules::forms::{self, FormStory};
use crate::rules::label::{CELL_GAP, Label, Meaning};
use crate::rules::phrase::{Folded, Found};
use crate::rules::sheet::{Row, Sheet, Slot, SlotWord, Token};
use crate::rules::slots::{self, Where};
use crate::rules::span::gap_before;
use crate::rules::ticks::{self, Tick};
use crate::rules::{Agreement, DateKind, TreatmentHit, find_dates, find_npis, read_name};

/// Words less sure than this make a value doubtful, by field: where one letter makes another value, more is asked. Taken from
/// 1,197 values of made papers over all channels but handwriting: of 1,172 above these 4 were wrong (2 of them an accent), of 25
/// below 5.
fn word_sure(field: Field) -> f32 {
    match field {
        Field::PatientName | Field::ProviderName => 0.92,
        Field::PayerClaimNumber => 0.9,
        Field::PatientBirthDate | Field::PayerDateOfInjury | Field::WrittenOn | Field::ExpiresOn => 0.93,
        Field::Frequency => 0.65,
        _ => 0.55,
    }
}

/// So many kinds of payer in rows of at most so many words are the choices of a form.
const KINDS_MIN: usize = 3;
const CHOICE_WORDS_MAX: usize = 12;

/// One page, laid out.
pub(in crate::rules) struct Context<'a> {
    pub(in crate::rules) book: &'a Contents,
    pub(in crate::rules) on: Date,
    pub(in crate::rules) reading: &'a Reading,
    pub(in crate::rules) sheet: Sheet,
    pub(in crate::rules) labels: Vec<Label>,
    pub(in crate::rules) ticks: Vec<Tick>,
    /// The whole page.
    pub(in crate::rules) text: Slot,
    /// The bytes of it that labels take, and what they mean.
    label_spans: Vec<(Range<usize>, Meaning)>,
    /// Several kinds of payer stand on it in short rows: a form with choices, whether or not its boxes were seen.
    pub(in crate::rules) lists_choices: bool,
    /// Its captions stand under their values.
    pub(in crate::rules) captions_below: bool,
    /// The phrases of the book on it.
    pub(in crate::rules) found: Found,
    words: OnceCell<Words>,
    treatments: OnceCell<Vec<TreatmentHit>>,
    /// Whether words fit the title of a code, by the code and the words.
    agreements: RefCell<FxHashMap<(String, String), Agreement>>,
    /// The names behind the labels of a field, worked out when they are first asked for.
    names: RefCell<BTreeMap<Field, Rc<[String]>>>,
    /// What was found and set aside while values were taken, and why: for whoever asks.
    set_aside: RefCell<Vec<(Field, Area, &'static str)>>,
    /// Which clinic's own form it is.
    pub(in crate::rules) form: FormStory,
}

impl<'a> Context<'a> {
    pub(in crate::rules) fn new(book: &'a Contents, reading: &'a Reading, on: Date, sender: Option<&str>) -> Self {
        let sheet = Sheet::new(reading);
        let mut labels = book.labels.find(&sheet);
        let is_value = |at: &usize| goes_on_from_a_number(&sheet, &labels, &labels[*at]);
        let values: Vec<usize> = (0..labels.len()).filter(is_value).collect();
        values.iter().rev().for_each(|at| drop(labels.remove(*at)));
        let ticks = ticks::find(reading, &sheet);
        let mut text = sheet.text();
        let opens = |word: &SlotWord| {
            labels.iter().any(|label| {
                let first = sheet.rows[label.row].words.first();
                label.words.start == 0
                    && (label.colon || label.caption)
                    && first.is_some_and(|first| first.area == word.area)
            })
        };
        text.text = text.flowing(opens);
        let found = book.phrases.find(&Folded::new(&text.text));
        let form = forms::recognise(book.rules.form.iter(), &found, reading, sender, on);
        if let FormStory::Is(name, _) = &form
            && let Some(rule) = book.rules.form.get(name)
        {
            labels = forms::apply(rule, &sheet, labels);
        }
        let label_spans = spans_in(&text, &sheet, &labels);
        let lists_choices = lists_choices(book, &sheet, &text, &found);
        let captions_below = slots::captions_stand_below(&sheet, &labels, |label, text| has_shape_of(label, text, on));
        let (words, treatments) = (OnceCell::new(), OnceCell::new());
        let (names, agreements) = (RefCell::default(), RefCell::default());
        Self {
            form,
            lists_choices,
            captions_below,
            label_spans,
            book,
            on,
            reading,
            sheet,
            labels,
            ticks,
            text,
            found,
            words,
            treatments,
            agreements,
            names,
            set_aside: RefCell::default(),
        }
    }

    /// The words of the page's text.
    pub(in crate::rules) fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::new(&self.text.text))
    }

    /// The treatment words of the page's text, from left to right.
    pub(in crate::rules) fn treatments(&self) -> &[TreatmentHit] {
        self.treatments.get_or_init(|| self.book.treatments.find_in(&self.text.text, self.words()))
    }

    /// Whether `words` fit the title of a code: the slot of a label and the page's text ask the same.
    pub(in crate::rules) fn agreement(&self, code: &str, words: &str) -> Agreement {
        let pair = (code.to_owned(), words.to_owned());
        let compare = || self.book.codes.agrees_with(code, words);
        self.agreements.borrow_mut().entry(pair).or_insert_with(compare).clone()
    }

    /// Notes that a candidate was found and is none, for [`Self::why_set_aside`].
    pub(in crate::rules) fn set_aside(&self, candidate: &Candidate, why: &'static str) {
        let places = candidate.evidence.iter().map(|ink| (candidate.field, ink.area, why));
        self.set_aside.borrow_mut().extend(places);
    }

    /// Why what stands at a place was found for a field and set aside, where it was.
    pub(in crate::rules) fn why_set_aside(&self, field: Field, area: &Area) -> Option<&'static str> {
        let aside = self.set_aside.borrow();
        let over = |of: &Area| of.overlap_x(area) > 0 && of.overlap_y(area) > 0;
        aside.iter().find(|(of, place, _)| *of == field && over(place)).map(|(.., why)| *why)
    }

    pub(in crate::rules) fn labels_of(&self, field: Field) -> impl Iterator<Item = &Label> {
        self.labels.iter().filter(move |label| matches!(label.meaning, Meaning::Field(of, _) if of == field))
    }

    /// The labels of a row.
    pub(in crate::rules) fn labels_in(&self, row: usize) -> &[Label] {
        slots::of_row(&self.labels, row)
    }

    /// Where the words stand that lead to a value of a field in running text, from left to right.
    pub(in crate::rules) fn cues(&self, field: Field) -> Vec<Range<usize>> {
        self.book.rules.field.get(&field).map(|rule| self.found.any(&rule.prose)).unwrap_or_default()
    }

    /// The names behind the labels of a field, each once.
    pub(in crate::rules) fn names_of(&self, field: Field) -> Rc<[String]> {
        let read = || {
            let slots = self.labels_of(field).filter(|label| !label.weak).flat_map(|label| self.slots(label, 1));
            let names = slots.filter_map(|(_, slot)| Some(read_name(slot.text.lines().next()?)?.name));
            let names: BTreeSet<String> = names.map(|name| name.full.reveal().clone()).collect();
            names.into_iter().collect()
        };
        self.names.borrow_mut().entry(field).or_insert_with(read).clone()
    }

    pub(in crate::rules) fn slots(&self, label: &Label, rows_max: usize) -> Vec<(Where, Slot)> {
        if self.captions_below && label.caption && !label.colon {
            let over = slots::over(&self.sheet, &self.labels, label, rows_max);
            return over.map(|slot| (Where::Above, slot)).into_iter().collect();
        }
        slots::slots(&self.sheet, &self.labels, label, rows_max)
    }

    /// Places at which a listed label of a field stands at the beginning of a cell, with or without a colon: its row, the word
    /// behind it, and its `file:line`. A cell begins at the left or behind a gap of `gap` word heights.
    pub(in crate::rules) fn plain_labels(&self, field: Field, gap: f32) -> Vec<(usize, usize, &str)> {
        let mut found = Vec::new();
        for (row, line) in self.sheet.rows.iter().enumerate() {
            let begins = |at: &usize| *at == 0 || gap_before(line, *at) > gap * self.sheet.unit;
            for at in (0..line.words.len()).filter(begins) {
                let label = self.book.labels.opens(&line.words[at..], field);
                found.extend(label.map(|(length, rule)| (row, at + length, rule)));
            }
        }
        found
    }

    /// The text from byte `from` on, at most `length` bytes and not past the next label of the same or the next line.
    pub(in crate::rules) fn after(&self, from: usize, length: usize) -> Slot {
        let starts = self.label_spans.iter().map(|(span, _)| span.start);
        let next = starts.filter(|start| *start >= from).min().unwrap_or(usize::MAX);
        let to = next.min(from + length);
        let first = self.text.words.partition_point(|word| word.range.start < from);
        let words = self.text.words.get(first..).unwrap_or_default().iter().take_while(|word| word.range.end <= to);
        let end = words.last().map_or(from, |word| word.range.end);
        self.part(&(from..end)).unwrap_or_else(|| Slot { page: self.text.page, ..Slot::default() })
    }

    /// A part of the page's text; None where no word stands in it.
    pub(in crate::rules) fn part(&self, span: &Range<usize>) -> Option<Slot> {
        let first = self.text.words.partition_point(|word| word.range.start < span.start);
        let words = self.text.words.get(first..).unwrap_or_default().iter();
        let words: Vec<&SlotWord> = words.take_while(|word| word.range.end <= span.end).collect();
        let (start, end) = (words.first()?.range.start, words.last()?.range.end);
        let text = self.text.text.get(start..end)?.to_owned();
        let shift =
            |word: &SlotWord| SlotWord { range: word.range.start - start..word.range.end - start, ..word.clone() };
        Some(Slot { page: self.text.page, text, words: words.into_iter().map(shift).collect() })
    }

    /// Whether words of running text stand in the label of something else than `field`: "Previous order dated" dates no order.
    pub(in crate::rules) fn is_label_of_another(&self, place: &Range<usize>, field: Field) -> bool {
        let over = self.label_spans.iter().filter(|(span, _)| span.start < place.end && place.start < span.end);
        over.into_iter().any(|(_, meaning)| match meaning {
            Meaning::Field(of, _) => *of != field,
            Meaning::Other => true,
            Meaning::Heading(_) => false,
        })
    }

    /// The bytes around a place of the page's text up to the labels before and behind it.
    pub(in crate::rules) fn between_labels(&self, place: &Range<usize>) -> Range<usize> {
        let spans = || self.label_spans.iter().filter(|(_, meaning)| !matches!(meaning, Meaning::Heading(_)));
        let from = spans().map(|(span, _)| span.end).filter(|end| *end <= place.start).max();
        let to = spans().map(|(span, _)| span.start).filter(|start| *start >= place.end).min();
        from.unwrap_or(0)..to.unwrap_or(self.text.text.len())
    }

    /// The bytes of the page's text that labels take, and what they mean.
    pub(in crate::rules) fn label_spans(&self) -> &[(Range<usize>, Meaning)] {
        &self.label_spans
    }

    /// Whether words of running text stand in a label.
    pub(in crate::rules) fn is_label(&self, place: &Range<usize>) -> bool {
        let over = |(span, meaning): &(Range<usize>, Meaning)| {
            span.start < place.end && place.start < span.end && !matches!(meaning, Meaning::Heading(_))
        };
        self.label_spans.iter().any(over)
    }

    /// Whether all words of a slot are printed beside tick boxes, or are boxes ("[x]"): choices, not what somebody wrote.
    pub(in crate::rules) fn is_choice(&self, slot: &Slot) -> bool {
        let is_of =
            |tick: &Tick, area: Area| tick.area == area || tick.words.words.iter().any(|word| word.area == area);
        let beside = |area: Area| self.ticks.iter().any(|tick| is_of(tick, area));
        let mut words = slot
            .words
            .iter()
            .filter(|word| slot.text.get(word.range.clone()).is_some_and(|text| text.contains(char::is_alphanumeric)));
        !slot.is_empty() && words.all(|word| beside(word.area))
    }

    /// Whether a slot begins with another label of the book, though nothing but a blank stands behind that: the place before it is
    /// empty.
    pub(in crate::rules) fn begins_with_label(&self, slot: &Slot) -> bool {
        let Some(first) = slot.words.first() else { return false };
        let at = |row: &Row| row.words.iter().position(|token| token.area == first.area);
        self.sheet.rows.iter().find_map(|row| Some((row, at(row)?))).is_some_and(|(row, at)| {
            gap_before(row, at) > CELL_GAP * self.sheet.unit && self.book.labels.opens_any(&row.words[at..])
        })
    }

    /// The row and the word of it that stand at an area.
    pub(in crate::rules) fn place_of(&self, area: Area) -> Option<(usize, usize)> {
        let at = |row: &Row| row.words.iter().position(|token| token.area == area);
        self.sheet.rows.iter().enumerate().find_map(|(row, words)| Some((row, at(words)?)))
    }

    /// How sure the words of the page are, long words counting more.
    pub(in crate::rules) fn legibility(&self) -> f32 {
        let words = || self.text.words.iter().map(|word| (word.range.len() as f32, word.confidence));
        let all: f32 = words().map(|(letters, _)| letters).sum();
        words().map(|(letters, sure)| letters * sure).sum::<f32>() / all.max(1.0)
    }

    /// The bytes of the page's text that the words beside tick boxes take.
    pub(in crate::rules) fn is_beside_box(&self, place: &Range<usize>) -> bool {
        self.text.touching(place).next().is_some_and(|word| {
            self.ticks.iter().any(|tick| tick.words.words.iter().any(|beside| beside.area == word.area))
        })
    }
}

/// Whether a text has the shape of what a label asks for; only of such fields whose shape says much.
fn has_shape_of(label: &Label, text: &dyn Fn() -> String, on: Date) -> bool {
    let Meaning::Field(field, _) = label.meaning else { return false };
    match field {
        Field::PatientBirthDate | Field::PayerDateOfInjury | Field::WrittenOn => {
            find_dates(&text(), DateKind::Order, on).iter().any(|hit| hit.span.start == 0)
        }
        Field::ProviderNpi => find_npis(&text()).iter().any(|hit| hit.valid),
        Field::ProviderName => read_name(&text()).is_some_and(|hit| !hit.credentials.is_empty()),
        Field::PatientName => read_name(&text()).is_some_and(|hit| hit.doubts.is_empty() && hit.credentials.is_empty()),
        _ => false,
    }
}

/// Where the words of each label stand in the page's text, and what it means.
fn spans_in(text: &Slot, sheet: &Sheet, labels: &[Label]) -> Vec<(Range<usize>, Meaning)> {
    // how many words of the text stand before each row
    let before_row =
        sheet.rows.iter().scan(0, |words, row| Some(std::mem::replace(words, *words + in_text(&row.words))));
    let before_row: Vec<usize> = before_row.collect();
    let span_of = |label: &Label| {
        let (words, before) = (&sheet.rows[label.row].words, before_row[label.row]);
        let (first, end) = (in_text(&words[..label.words.start]), in_text(&words[..label.words.end]));
        let own = text.words.get(before + first..before + end)?;
        Some((own.first()?.range.start..own.last()?.range.end, label.meaning))
    };
    labels.iter().filter_map(span_of).collect()
}

/// How many of some words stand in the page's text, which holds all but the blank ones.
fn in_text(words: &[Token]) -> usize {
    words.iter().filter(|token| !token.text.is_empty()).count()
}

/// "no more than 2", and under it "visits per week": the words that a number counts went on in the next line of its cell, and are no
/// caption.
fn goes_on_from_a_number(sheet: &Sheet, labels: &[Label], label: &Label) -> bool {
    let counts = matches!(label.meaning, Meaning::Field(Field::Frequency, _));
    let Some(before) = label.row.checked_sub(1).filter(|_| counts && label.caption && !label.colon) else {
        return false;
    };
    let row = &sheet.rows[before];
    let near = label.area.top.saturating_sub(row.area.bottom) as f32 <= 0.8 * sheet.unit;
    let starts = |token: &Token| token.area.left.abs_diff(label.area.left) as f32 <= sheet.unit;
    let Some(first) = row.words.iter().position(starts).filter(|_| near) else { return false };
    let apart = |at: &usize| gap_before(row, *at) > CELL_GAP * sheet.unit;
    let end = (first + 1..row.words.len()).find(apart).unwrap_or(row.words.len());
    let is_labelled =
        slots::of_row(labels, before).iter().any(|other| other.words.end > first && other.words.start < end);
    let last = row.words[end - 1].text.as_str();
    let is_count = (1..=2).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_digit());
    let says_more = row.words[first..end].iter().any(|token| token.folded.chars().any(char::is_alphabetic));
    is_count && says_more && !is_labelled
}

/// Three kinds of payer in rows of few words are the choices of a form.
fn lists_choices(book: &Contents, sheet: &Sheet, text: &Slot, found: &Found) -> bool {
    let kinds = book.rules.payer.values().map(|payer| found.any(&payer.words)).filter(|places| !places.is_empty());
    let kinds: Vec<Vec<Range<usize>>> = kinds.collect();
    if kinds.len() < KINDS_MIN {
        return false;
    }
    // whether the row of each word of the text is long
    let in_row = |row: &Row| std::iter::repeat_n(row.words.len() > CHOICE_WORDS_MAX, in_text(&row.words));
    let in_long_row: Vec<bool> = sheet.rows.iter().flat_map(in_row).collect();
    let is_choice = |place: &Range<usize>| {
        let first = text.words.partition_point(|word| word.range.end <= place.start);
        !in_long_row.iter().skip(first).zip(text.touching(place)).any(|(long, _)| *long)
    };
    kinds.iter().filter(|places| places.iter().any(is_choice)).count() >= KINDS_MIN
}

/// A candidate under construction.
pub(in crate::rules) struct Candidate {
    pub(in crate::rules) field: Field,
    pub(in crate::rules) value: Value,
    pub(in crate::rules) evidence: Vec<Evidence>,
    /// How much the rule is to be trusted, 0 to 1.
    pub(in crate::rules) trust: f32,
    pub(in crate::rules) rule: String,
    pub(in crate::rules) doubts: Vec<String>,
    /// Something else than the ink speaks for it: a check digit, the words beside a code, a phrase of the book.
    pub(in crate::rules) checked: bool,
}

impl Candidate {
    /// The finding: as sure as its least sure word and as its rule.
    pub(in crate::rules) fn finding(self) -> Finding {
        let ink = self.evidence.iter().map(|evidence| evidence.confidence).fold(1.0, f32::min);
        let mut doubts = self.doubts;
        if ink < word_sure(self.field) && !self.checked {
            doubts.push("the print could hardly be read".to_owned());
        }
        Finding {
            field: self.field,
            value: self.value,
            evidence: self.evidence,
            confidence: ink * self.trust,
            rule: self.rule,
            doubts,
        }
    }
}

/// Whether the evidence of two candidates of one page is the same piece of ink, or a part of it.
pub(in crate::rules) fn touch(a: &[Evidence], b: &[Evidence]) -> bool {
    a.iter().any(|a| b.iter().any(|b| a.area.overlap_x(&b.area) > 0 && a.area.overlap_y(&b.area) > 0))
}
