//! Where the labels of a form stand, which field each means, and where its value may be.

mod lookup;
mod together;

use std::borrow::Cow;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::model::{Area, Field};
use crate::rules::label::together::{Letters, Togethers};
use crate::rules::near::{Shape, each_sum, one_off, shape};
use crate::rules::people::is_credential;
use crate::rules::place::Places;
use crate::rules::schema::{Heading, RuleFile};
use crate::rules::sheet::{Row, Sheet, Token, fold};
use crate::rules::slots::Where;
use crate::rules::span::{Span, gap_before, span_of};
use crate::rules::ticks::is_box;
use crate::rules::wording::Wordings;
use crate::written::{Fault, FaultKind, Source};

/// Words of at least this many letters may differ in one letter: OCR damage.
pub(in crate::rules) const TOLERANT_LETTERS_MIN: usize = 5;
/// Half of the letters of the shortest label that is known without its blanks.
pub(in crate::rules) const END_LETTERS: usize = 4;
/// A label has at most so many words: what is longer was not meant as one, and would make every page slow.
const LABEL_WORDS_MAX: usize = 20;
/// A label that is known by its wording has at most so many words.
const WORDING_WORDS_MAX: usize = 12;
/// A wording without a colon has at least so many words: one word alone in a cell may be a value.
const WORDING_WORDS_MIN: usize = 2;
/// Width of a column, in pixels at the dots per inch of a reading.
const COLUMN_PIXELS: u32 = 300;
/// A gap this many times the height of a word separates two cells of a row.
pub(in crate::rules) const CELL_GAP: f32 = 1.6;

/// All labels of the book. A word of a label is known by its number, so that a page is compared in numbers.
#[derive(Debug, Default)]
pub(in crate::rules) struct Labels {
    /// Every word of every label, to its number.
    vocabulary: FxHashMap<String, usize>,
    /// Its words of three and four letters by what they look like.
    shapes: FxHashMap<Shape, Vec<usize>>,
    /// The words by their numbers.
    words: Vec<String>,
    /// By the number of their first word, the longest first.
    by_first_word: Vec<Vec<Entry>>,
    /// Every word of every label by the sums of its letters without one of them, and of all: two words that differ in one letter
    /// share such a sum, so that damage is mended without comparing each word of a page to each word of the book.
    sums: FxHashMap<u64, Vec<usize>>,
    /// Labels of two words and more, written as one.
    together: Togethers,
    /// What labels are made of.
    pub(in crate::rules) wordings: Wordings,
}

#[derive(Debug, Clone)]
struct Entry {
    words: Vec<usize>,
    /// The words written as one.
    together: String,
    meaning: Meaning,
    /// Counts in the middle of a line and without a colon.
    bare: bool,
    /// Counts only with a colon behind it.
    colon_only: bool,
    weak: bool,
    /// As the rule file writes it.
    phrase: String,
    rule: String,
}

impl Entry {
    /// Whether it counts where it stands; one of a letter or two, which needs a colon, only at the beginning of a cell.
    fn counts(&self, span: &Span) -> bool {
        if self.colon_only { span.colon && span.begins_cell } else { span.colon || span.is_cell() }
    }
}

/// How much a listed label counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Usual,
    /// Anywhere, without a colon.
    Bare,
    /// Less than the others.
    Weak,
}

/// What a label means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Meaning {
    /// A field, perhaps only under a heading.
    Field(Field, Option<Heading>),
    /// A part of the form begins.
    Heading(Heading),
    /// A fact that nobody asks for.
    Other,
}

/// A label on a page.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Label {
    pub(in crate::rules) row: usize,
    /// First word and one past the last.
    pub(in crate::rules) words: std::ops::Range<usize>,
    pub(in crate::rules) meaning: Meaning,
    pub(in crate::rules) area: Area,
    pub(in crate::rules) rule: String,
    /// As the rule file writes it; on the page blanks may be lost.
    pub(in crate::rules) phrase: String,
    /// A colon or number sign ends it.
    pub(in crate::rules) colon: bool,
    /// Nothing stands behind it in its cell: a caption, its value is below.
    pub(in crate::rules) caption: bool,
    /// Its value counts less than that of another label.
    pub(in crate::rules) weak: bool,
    /// The clinic's own form says where its value is, and nowhere else.
    pub(in crate::rules) only: Option<Where>,
}

impl Labels {
    pub(in crate::rules) fn add(&mut self, file: &str, text: &str, rules: &RuleFile, faults: &mut Vec<Fault>) {
        let places = &Places::of(text);
        for (field, rule) in &rules.field {
            for (phrases, weight) in
                [(&rule.labels, Weight::Usual), (&rule.bare_labels, Weight::Bare), (&rule.weak_labels, Weight::Weak)]
            {
                for phrase in phrases {
                    self.insert(file, places, phrase, Meaning::Field(*field, None), weight, faults);
                }
            }
            for (heading, phrases) in &rule.under {
                for phrase in phrases {
                    self.insert(file, places, phrase, Meaning::Field(*field, Some(*heading)), Weight::Usual, faults);
                }
            }
        }
        for (heading, rule) in &rules.heading {
            for phrase in &rule.words {
                self.insert(file, places, phrase, Meaning::Heading(*heading), Weight::Usual, faults);
            }
        }
        for phrase in &rules.other_labels.words {
            self.insert(file, places, phrase, Meaning::Other, Weight::Usual, faults);
        }
    }

    /// Takes up the groups of words of a file.
    pub(in crate::rules) fn add_words(&mut self, source: &Source, rules: &RuleFile, faults: &mut Vec<Fault>) {
        let mut wordings = std::mem::take(&mut self.wordings);
        wordings.add_words(source, rules, |word| self.number(word), faults);
        self.wordings = wordings;
    }

    fn insert(
        &mut self,
        file: &str,
        places: &Places,
        phrase: &str,
        meaning: Meaning,
        weight: Weight,
        faults: &mut Vec<Fault>,
    ) {
        let (text, offset) = (places.text(), places.find(phrase));
        let words: Vec<String> = phrase.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
        let Some(first) = words.first().cloned() else {
            let what = format!("the label \"{phrase}\" has no letter or digit");
            faults.push(Fault::at(FaultKind::EmptyPhrase, file, text, offset, what));
            return;
        };
        if words.len() > LABEL_WORDS_MAX {
            let what = format!("a label of {} words is none; {LABEL_WORDS_MAX} are the most", words.len());
            faults.push(Fault::at(FaultKind::Value, file, text, offset, what));
            return;
        }
        let rule = format!("rules/{file}:{}", places.line(offset));
        let words: Vec<usize> = words.iter().map(|word| self.number(word)).collect();
        let together: String = words.iter().map(|number| self.words[*number].as_str()).collect();
        let bare = weight == Weight::Bare;
        let entries = &mut self.by_first_word[self.vocabulary[&first]];
        if entries.iter().any(|entry| entry.words == words && entry.meaning == meaning && entry.bare == bare) {
            return; // "Freq" and "Freq." are one
        }
        if let Some(twin) = entries.iter().find(|entry| entry.words == words && clash(entry.meaning, meaning)) {
            let what =
                format!("the label \"{phrase}\" already means something else ({}); one of the two must go", twin.rule);
            faults.push(Fault::at(FaultKind::TwoMeanings, file, text, offset, what));
            return;
        }
        let colon_only = weight != Weight::Bare && phrase.ends_with(':');
        let weak = weight == Weight::Weak;
        let entry = Entry { words, together, meaning, bare, colon_only, weak, phrase: phrase.to_owned(), rule };
        self.together.add(&entry);
        entries.push(entry);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.words.len()));
    }

    /// The number of a word, which is a new one where the word is new.
    fn number(&mut self, word: &str) -> usize {
        if let Some(number) = self.vocabulary.get(word) {
            return *number;
        }
        let number = self.words.len();
        self.vocabulary.insert(word.to_owned(), number);
        if let Some(shape) = shape(word) {
            self.shapes.entry(shape).or_default().push(number);
        }
        self.words.push(word.to_owned());
        self.by_first_word.push(Vec::new());
        if word.chars().count() >= TOLERANT_LETTERS_MIN {
            each_sum(word, |sum| {
                let numbers = self.sums.entry(sum).or_default();
                if numbers.last() != Some(&number) {
                    numbers.push(number);
                }
            });
        }
        number
    }

    /// All labels of a page, row by row, left to right.
    pub(in crate::rules) fn find(&self, sheet: &Sheet) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        let mut headings: Vec<Label> = Vec::new();
        let mut letters = Letters::default();
        for (row, words) in sheet.rows.iter().enumerate() {
            let known: Vec<Cow<[usize]>> = words.words.iter().map(|token| self.mend(&token.folded)).collect();
            let groups: Vec<u64> =
                words.words.iter().zip(&known).map(|(word, known)| self.groups_of(word, known)).collect();
            let reaches = reaches(sheet, words);
            letters.write(words);
            let mut at = 0;
            while at < words.words.len() {
                let listed = self.find_listed(sheet, row, &known, &letters, at..reaches[at], &headings);
                let listed_to = listed.iter().map(|label| label.words.end).max().unwrap_or(at);
                let mut worded = self.find_worded(sheet, row, words, &groups, at);
                if let Some(label) = worded.as_mut().filter(|label| is_plain_number(label))
                    && heading_above(&headings, &label.area) == Some(Heading::Other)
                {
                    label.meaning = Meaning::Other;
                }
                let here = match worded.filter(|worded| worded.words.end > listed_to) {
                    Some(worded) => vec![worded],
                    None => listed,
                };
                at = here.iter().map(|label| label.words.end).max().unwrap_or(at + 1);
                headings.extend(here.iter().filter(|label| matches!(label.meaning, Meaning::Heading(_))).cloned());
                labels.extend(here);
            }
            // an order's own labels in its column end a part of the form that is about others
            for label in labels.iter().rev().take_while(|label| label.row == row).filter(|label| is_orders_own(label)) {
                headings.retain(|heading| {
                    heading.meaning != Meaning::Heading(Heading::Other) || column(heading) != column(label)
                });
            }
            // "Refer to | Entered by | Status": captions of values head no part of the form
            let heads = |label: &Label| label.row == row && matches!(label.meaning, Meaning::Heading(_));
            let is_other = |label: &Label| label.row == row && label.meaning == Meaning::Heading(Heading::Other);
            let headed: usize = headings.iter().filter(|label| heads(label)).map(|label| label.words.len()).sum();
            if headed < words.words.len() && headings.iter().any(is_other) {
                headings.retain(|label| !is_other(label));
                labels.retain(|label| !is_other(label));
            }
        }
        labels
    }

    /// The label that begins a run of words and stands in a rule file's list.
    fn find_listed(
        &self,
        sheet: &Sheet,
        row: usize,
        known: &[Cow<[usize]>],
        letters: &Letters,
        run: Range<usize>,
        headings: &[Label],
    ) -> Vec<Label> {
        let (words, at, reach) = (&sheet.rows[row], run.start, run.end);
        // "Name (last, first)" that counts only in one part of a form leaves "Name" to the others
        let of_part = |entry: &Entry| match entry.meaning {
            Meaning::Field(_, Some(needed)) => Some(needed) == heading_above(headings, &words.words[at].area),
            _ => true,
        };
        let fits = |entry: &Entry| {
            at + entry.words.len() <= reach
                && entry.words.iter().zip(&known[at..]).skip(1).all(|(word, known)| known.contains(word))
        };
        let entries = known[at].iter().flat_map(|word| &self.by_first_word[*word]);
        let fitting: Vec<&Entry> = entries.filter(|entry| fits(entry) && of_part(entry)).collect();
        let longest = fitting.iter().map(|entry| entry.words.len()).max();
        let together = self.together.find(&words.words[at..reach], letters, at, longest.unwrap_or(0));
        if let Some((run, candidates)) = together {
            return of_run(sheet, row, words, at, run, &candidates, headings);
        }
        if fitting.is_empty() {
            return Vec::new();
        }
        let mut lengths: Vec<usize> = fitting.iter().map(|entry| entry.words.len()).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        lengths.dedup();
        // "Name (last, first" is no whole label where "middle initial)" follows, and "Name" is one
        let of_length = |run: usize| {
            let candidates: Vec<&Entry> = fitting.iter().filter(|entry| entry.words.len() == run).copied().collect();
            let found = of_run(sheet, row, words, at, run, &candidates, headings);
            (!found.is_empty()).then_some(found)
        };
        lengths.into_iter().find_map(of_length).unwrap_or_default()
    }

    /// A label that begins at `at` and is known by what it is made of: the groups of each word of the row.
    fn find_worded(&self, sheet: &Sheet, row: usize, words: &Row, of_words: &[u64], at: usize) -> Option<Label> {
        if of_words[at] == 0 {
            return None;
        }
        let (mut groups, mut counted, mut end, mut closed) = (0, 0, at, false);
        let mut before_stroke = None;
        let run = words.words.iter().zip(of_words).enumerate().skip(at).take(WORDING_WORDS_MAX);
        for (index, (token, of_token)) in run {
            let apart = index > at && gap_before(words, index) > CELL_GAP * sheet.unit;
            if apart || (index > at && token.text.starts_with('(')) || is_box(&token.text) {
                break;
            }
            if matches!(token.text.as_str(), "/" | "·" | "•" | "|") {
                before_stroke = Some((groups, counted, end));
            }
            // "Alan Pierce, MD  NPI:": the credential is the name's
            if index == at && is_behind_comma(words, at) && is_credential(&token.text) {
                return None;
            }
            // "Lopez, Maria A DOB:": the initial is the name's
            let initial = token.text.len() == 1 && token.text.starts_with(|letter: char| letter.is_ascii_uppercase());
            if index == at && at > 0 && initial && gap_before(words, at) <= CELL_GAP * sheet.unit {
                return None;
            }
            if !token.folded.is_empty() {
                if *of_token == 0 {
                    // behind the stroke stands the same in another language
                    (groups, counted, end) = before_stroke.unwrap_or((groups, counted, end));
                    break;
                }
                groups |= of_token;
                counted += 1;
            }
            end = index + 1;
            // a semicolon ends a clause
            closed = token.ends_label() && !token.text.ends_with(';') || token.text.ends_with('?');
            if closed {
                break;
            }
        }
        if counted == 0 || !self.wordings.says_something(groups) {
            return None;
        }
        let mut span = span_of(sheet, words, at, end);
        span.colon = closed || span.colon && span.words.end > end;
        let is_label = span.colon || span.is_cell() && counted >= WORDING_WORDS_MIN;
        let wording = self.wordings.find(groups).filter(|_| is_label && !span.counted)?;
        if wording.colon && !span.colon {
            return None;
        }
        let said = words.words[at..end].iter().map(|token| token.text.trim_end_matches([':', '?', '#', ';']));
        let said = || said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        let phrase = wording.like.clone().unwrap_or_else(said);
        Some(span.label(row, wording.meaning, &wording.rule, phrase))
    }

    /// The groups of a word; "insured/patient" is two.
    fn groups_of(&self, token: &Token, known: &[usize]) -> u64 {
        let of_known = known.iter().map(|number| self.wordings.groups(*number)).find(|groups| *groups != 0);
        if let Some(groups) = of_known {
            return groups;
        }
        let joints = ['/', '-', '&'];
        if !token.text.bytes().any(|byte| matches!(byte, b'/' | b'-' | b'&')) {
            return 0;
        }
        let parts = token.text.split(joints).map(fold).filter(|part| !part.is_empty());
        let of_part = |part: String| self.vocabulary.get(&part).map_or(0, |number| self.wordings.groups(*number));
        let of_parts: Vec<u64> = parts.map(of_part).collect();
        if of_parts.len() < 2 || of_parts.contains(&0) { 0 } else { of_parts.iter().fold(0, |all, one| all | one) }
    }

    /// The words of the labels that `word` is, or that it is but for one letter, in the order of the alphabet.
    fn mend(&self, word: &str) -> Cow<'_, [usize]> {
        if let Some(exact) = self.vocabulary.get(word) {
            return std::slice::from_ref(exact).into();
        }
        if word.chars().all(|letter| letter.is_ascii_digit()) {
            return Cow::default();
        }
        if word.chars().count() < TOLERANT_LETTERS_MIN {
            let alike = shape(word).and_then(|shape| self.shapes.get(&shape));
            return alike.map(|numbers| numbers.as_slice().into()).unwrap_or_default();
        }
        let mut near: Vec<usize> = Vec::new();
        each_sum(word, |sum| {
            let alike = self.sums.get(&sum).into_iter().flatten();
            near.extend(alike.filter(|number| one_off(&self.words[**number], word)));
        });
        near.sort_by_key(|number| &self.words[*number]);
        near.dedup();
        near.into()
    }
}

/// How far a label that begins at each word of a row may run: not over a colon or a gap into the next one ("Signature:      Date:").
fn reaches(sheet: &Sheet, row: &Row) -> Vec<usize> {
    let mut reaches = vec![row.words.len(); row.words.len()];
    for next in (1..row.words.len()).rev() {
        let (before, here) = (&row.words[next - 1], &row.words[next]);
        let is_apart = here.area.left.saturating_sub(before.area.right) as f32 > 2.0 * sheet.unit;
        reaches[next - 1] = if is_apart || before.ends_label() { next } else { reaches[next] };
    }
    reaches
}

/// What the entries of one length mean that stand at `at`: a field and perhaps a heading; empty where they do not count there.
fn of_run(
    sheet: &Sheet,
    row: usize,
    words: &Row,
    at: usize,
    run: usize,
    candidates: &[&Entry],
    headings: &[Label],
) -> Vec<Label> {
    let span = span_of(sheet, words, at, at + run);
    let context = heading_above(headings, &span.area);
    let field = candidates
        .iter()
        .find(|entry| matches!(entry.meaning, Meaning::Field(_, Some(needed)) if Some(needed) == context))
        .or_else(|| {
            let anywhere = |entry: &&&Entry| matches!(entry.meaning, Meaning::Field(_, None) | Meaning::Other);
            candidates.iter().filter(anywhere).max_by_key(|entry| entry.bare)
        })
        .filter(|entry| !span.counted && (entry.bare || entry.counts(&span)));
    // "Patient" alone in its cell may open a part of the form or stand over the name: it is taken for both
    let heading =
        candidates.iter().find(|entry| matches!(entry.meaning, Meaning::Heading(_))).filter(|_| span.is_cell());
    let is_field = |entry: &Entry| matches!(entry.meaning, Meaning::Field(..));
    let label = |entry: &&Entry| {
        let meaning = if context == Some(Heading::Other) && is_field(entry) && is_plain(&entry.together) {
            Meaning::Other
        } else {
            entry.meaning
        };
        Label { weak: entry.weak, ..span.label(row, meaning, &entry.rule, entry.phrase.clone()) }
    };
    field.into_iter().chain(heading).map(label).collect()
}

/// Whether a word stands right behind a comma.
fn is_behind_comma(words: &Row, at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| words.words[before].text.ends_with(','))
}

impl Label {
    /// Whether it says nothing of whose value it asks for ("Name", "Phone").
    pub(in crate::rules) fn is_plain(&self) -> bool {
        is_plain(&fold(&self.phrase))
    }
}

/// "Name", "Phone", "NPI", folded: a label that says nothing of whose it is.
fn is_plain(folded: &str) -> bool {
    const PLAIN: [&str; 15] = [
        "name",
        "fullname",
        "print",
        "printname",
        "printedname",
        "phone",
        "phonenumber",
        "tel",
        "telephone",
        "fax",
        "faxnumber",
        "npi",
        "npinumber",
        "signature",
        "date",
    ];
    PLAIN.contains(&folded)
}

/// "Telephone / fax": it says nothing of whose it is.
fn is_plain_number(label: &Label) -> bool {
    let of_anybody =
        matches!(label.meaning, Meaning::Field(Field::ProviderPhone | Field::ProviderFax | Field::ProviderNpi, _));
    let named = |word: &str| {
        ["provider", "physician", "referring", "ordering", "prescrib", "doctor", "attending"]
            .iter()
            .any(|of| word.contains(of))
    };
    of_anybody && !label.phrase.to_lowercase().split_whitespace().any(named)
}

/// Whether two meanings of one phrase cannot stand side by side: two fields, unless a heading tells them apart.
fn clash(a: Meaning, b: Meaning) -> bool {
    match (a, b) {
        (Meaning::Field(field, heading), Meaning::Field(other_field, other_heading)) => {
            field != other_field && heading == other_heading
        }
        (Meaning::Heading(heading), Meaning::Heading(other)) => heading != other,
        (Meaning::Heading(_), _) | (_, Meaning::Heading(_)) => false,
        (Meaning::Other, Meaning::Field(_, heading)) | (Meaning::Field(_, heading), Meaning::Other) => {
            heading.is_none()
        }
        (Meaning::Other, Meaning::Other) => false,
    }
}

/// A label that stands in no part of a form about somebody else.
fn is_orders_own(label: &Label) -> bool {
    matches!(label.meaning, Meaning::Field(Field::Diagnoses | Field::Plan | Field::Frequency, _))
}

/// Labels that begin near each other stand in one column.
fn column(label: &Label) -> u32 {
    label.area.left / COLUMN_PIXELS
}

/// The heading that a place stands under: the nearest above in its own column.
fn heading_above(headings: &[Label], area: &Area) -> Option<Heading> {
    let above = headings.iter().filter_map(|label| match label.meaning {
        Meaning::Heading(heading)
            if label.area.bottom <= area.top + area.height() / 2 && label.area.left <= area.left + area.height() =>
        {
            Some((column(label), label.area.top, heading))
        }
        _ => None,
    });
    above.max_by_key(|(column, top, _)| (*column, *top)).map(|(_, _, heading)| heading)
}
