//! Where the labels of a form stand, which field each means, and where its value may be.

use std::collections::{BTreeMap, BTreeSet};

use strsim::osa_distance;

use crate::model::{Area, Field};
use crate::rules::fault::{Fault, FaultKind};
use crate::rules::schema::{Heading, RuleFile};
use crate::rules::sheet::{Row, Sheet, Token, fold};

/// Words of at least this many letters may differ in one letter: OCR damage.
const TOLERANT_LETTERS_MIN: usize = 5;
/// Labels of at least this many letters are known without their blanks.
const TOGETHER_LETTERS_MIN: usize = 9;
/// Half of the letters of the shortest such label.
const END_LETTERS: usize = 4;
/// Words of a page that one label may have fallen into.
const TOGETHER_WORDS_MAX: usize = 7;
/// A gap this many times the height of a word separates two cells of a row.
const CELL_GAP: f32 = 1.6;

/// All labels of the book by their first word.
#[derive(Debug, Default)]
pub(in crate::rules) struct Labels {
    by_first_word: BTreeMap<String, Vec<Entry>>,
    /// Every word of every label.
    vocabulary: BTreeSet<String>,
    /// Every word of every label without one of its letters, and as it is: two words that differ in one letter share such a
    /// form, so that damage is mended without comparing each word of a page to each word of the book.
    forms: BTreeMap<String, Vec<String>>,
    /// Labels of two words and more by the first and by the last letters of all their words written as one: with one letter
    /// damaged, or a blank where none belongs, one of the two is still whole.
    by_end: BTreeMap<(End, String), Vec<Entry>>,
}

/// Which end of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    First,
    Last,
}

#[derive(Debug, Clone)]
struct Entry {
    words: Vec<String>,
    meaning: Meaning,
    /// Counts in the middle of a line and without a colon.
    bare: bool,
    rule: String,
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
    /// A colon or number sign ends it.
    pub(in crate::rules) colon: bool,
    /// Nothing stands behind it in its cell: a caption, its value is below.
    pub(in crate::rules) caption: bool,
}

impl Labels {
    pub(in crate::rules) fn add(&mut self, file: &str, text: &str, rules: &RuleFile, faults: &mut Vec<Fault>) {
        for (field, rule) in &rules.field {
            for (phrases, bare) in [(&rule.labels, false), (&rule.bare_labels, true)] {
                for phrase in phrases {
                    self.insert(file, text, phrase, Meaning::Field(*field, None), bare, faults);
                }
            }
            for (heading, phrases) in &rule.under {
                for phrase in phrases {
                    self.insert(file, text, phrase, Meaning::Field(*field, Some(*heading)), false, faults);
                }
            }
        }
        for (heading, rule) in &rules.heading {
            for phrase in &rule.words {
                self.insert(file, text, phrase, Meaning::Heading(*heading), false, faults);
            }
        }
        for phrase in &rules.other_labels.words {
            self.insert(file, text, phrase, Meaning::Other, false, faults);
        }
    }

    fn insert(&mut self, file: &str, text: &str, phrase: &str, meaning: Meaning, bare: bool, faults: &mut Vec<Fault>) {
        let offset = text.find(&format!("\"{phrase}\"")).or_else(|| text.find(phrase)).unwrap_or(0);
        let words: Vec<String> = phrase.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
        let Some(first) = words.first().cloned() else {
            faults.push(Fault::at(
                FaultKind::EmptyPhrase,
                file,
                text,
                offset,
                format!("the label \"{phrase}\" has no letter or digit"),
            ));
            return;
        };
        let line = text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
        let rule = format!("rules/{file}:{line}");
        for word in &words {
            if self.vocabulary.insert(word.clone()) && word.chars().count() >= TOLERANT_LETTERS_MIN {
                for form in forms(word) {
                    self.forms.entry(form).or_default().push(word.clone());
                }
            }
        }
        let together = words.concat();
        let entries = self.by_first_word.entry(first).or_default();
        if entries.iter().any(|entry| entry.words == words && entry.meaning == meaning && entry.bare == bare) {
            return; // "Freq" and "Freq." are one
        }
        if let Some(twin) = entries.iter().find(|entry| entry.words == words && clash(entry.meaning, meaning)) {
            let what =
                format!("the label \"{phrase}\" already means something else ({}); one of the two must go", twin.rule);
            faults.push(Fault::at(FaultKind::TwoMeanings, file, text, offset, what));
            return;
        }
        let entry = Entry { words, meaning, bare, rule };
        if entry.words.len() > 1 && together.chars().count() >= TOGETHER_LETTERS_MIN {
            for end in ends(&together) {
                self.by_end.entry(end).or_default().push(entry.clone());
            }
        }
        entries.push(entry);
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.words.len()));
    }

    /// The labels of a field as words, with their `file:line`.
    pub(in crate::rules) fn of(&self, field: Field) -> Vec<(&[String], &str)> {
        let entries = self.by_first_word.values().flatten();
        let of_field = entries.filter(|entry| matches!(entry.meaning, Meaning::Field(of, _) if of == field));
        of_field.map(|entry| (entry.words.as_slice(), entry.rule.as_str())).collect()
    }

    /// How many labels there are.
    pub(in crate::rules) fn count(&self) -> usize {
        self.by_first_word.values().map(Vec::len).sum()
    }

    /// All labels of a page, row by row, left to right.
    pub(in crate::rules) fn find(&self, sheet: &Sheet) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        for (row, words) in sheet.rows.iter().enumerate() {
            let known: Vec<Vec<&str>> = words.words.iter().map(|token| self.mend(&token.folded)).collect();
            let mut at = 0;
            while at < words.words.len() {
                let here = self.find_at(sheet, row, words, &known, at, &labels);
                at = here.iter().map(|label| label.words.end).max().unwrap_or(at + 1);
                labels.extend(here);
            }
        }
        labels
    }

    fn find_at(
        &self,
        sheet: &Sheet,
        row: usize,
        words: &Row,
        known: &[Vec<&str>],
        at: usize,
        before: &[Label],
    ) -> Vec<Label> {
        // a label does not run over a colon or a gap into the next one ("Signature:      Date:")
        let reach = (at + 1..words.words.len())
            .find(|&next| {
                let (before, here) = (&words.words[next - 1], &words.words[next]);
                before.ends_label() || here.area.left.saturating_sub(before.area.right) as f32 > 2.0 * sheet.unit
            })
            .unwrap_or(words.words.len());
        let entries: Vec<&Entry> =
            known[at].iter().filter_map(|word| self.by_first_word.get(*word)).flatten().collect();
        let fits = |entry: &Entry| {
            at + entry.words.len() <= reach
                && entry.words.iter().enumerate().all(|(offset, word)| known[at + offset].contains(&word.as_str()))
        };
        let longest = entries.iter().filter(|entry| fits(entry)).map(|entry| entry.words.len()).max();
        let together =
            self.together(&words.words[at..reach]).filter(|(run, _)| longest.is_none_or(|longest| longest < *run));
        let (run, candidates) = match (together, longest) {
            (Some(together), _) => together,
            (None, Some(longest)) => {
                let fitting = |entry: &&Entry| entry.words.len() == longest && fits(entry);
                (longest, entries.into_iter().filter(fitting).collect())
            }
            (None, None) => return Vec::new(),
        };
        let mut end = at + run;
        // "(last, first)", "(print)": a remark belongs to the label
        let opens = words.words.get(end).is_some_and(|token| token.text.starts_with('('));
        if opens
            && let Some(closes) = (end..words.words.len().min(end + 5))
                .find(|&index| words.words[index].text.trim_end_matches(':').ends_with(')'))
        {
            let of_remark = || words.words[end..=closes].iter().flat_map(|token| token.text.chars());
            let digits = of_remark().filter(char::is_ascii_digit).count();
            // "(2) times" is the value
            if digits < 4 && of_remark().filter(|letter| letter.is_alphabetic()).count() >= 2 {
                end = closes + 1;
            }
        }
        // a colon or number sign that stands alone
        while words
            .words
            .get(end)
            .is_some_and(|token| token.folded.is_empty() && token.text.chars().all(|letter| ":#.-=".contains(letter)))
        {
            end += 1;
        }
        let colon = words.words[at..end].iter().any(Token::ends_label);
        let area = words.words[at..end]
            .iter()
            .map(|token| token.area)
            .reduce(|all, area| all.union(&area))
            .unwrap_or_default();
        let gap = CELL_GAP * sheet.unit;
        let begins_cell = at == 0
            || words.words[at].area.left.saturating_sub(words.words[at - 1].area.right) as f32 > gap
            || words.words[at - 1].folded.is_empty()
            || (at <= 2
                && words.words[..at].iter().all(|token| {
                    token.folded.chars().all(|letter| letter.is_ascii_digit()) || token.folded.is_empty()
                }));
        // "6 visits, 1 per week": a number goes with the word behind it; "6. Visits" is the sixth line of a form
        let counted =
            !colon && at.checked_sub(1).is_some_and(|last| words.words[last].text.chars().all(|c| c.is_ascii_digit()));
        let next = words.words.get(end);
        let ends_cell = next.is_none_or(|next| next.area.left.saturating_sub(area.right) as f32 > gap);
        let context = heading_above(before, &area);
        let field = candidates
            .iter()
            .find(|entry| matches!(entry.meaning, Meaning::Field(_, Some(needed)) if Some(needed) == context))
            .or_else(|| {
                candidates.iter().find(|entry| matches!(entry.meaning, Meaning::Field(_, None) | Meaning::Other))
            })
            .filter(|entry| !counted && (colon || (begins_cell && ends_cell) || entry.bare));
        // "Patient" alone in its cell may open a part of the form or stand over the name: it is taken for both
        let heading = candidates
            .iter()
            .find(|entry| matches!(entry.meaning, Meaning::Heading(_)))
            .filter(|_| begins_cell && ends_cell);
        let label = |entry: &&Entry| Label {
            row,
            words: at..end,
            meaning: entry.meaning,
            area,
            rule: entry.rule.clone(),
            colon,
            caption: ends_cell,
        };
        field.into_iter().chain(heading).map(label).collect()
    }

    /// The longest run of words at the beginning of `words` that is a label but for blanks and one letter, and that label.
    fn together(&self, words: &[Token]) -> Option<(usize, Vec<&Entry>)> {
        let longest = words.len().min(TOGETHER_WORDS_MAX);
        (1..=longest).rev().find_map(|run| {
            let said: String = words[..run].iter().map(|token| token.folded.as_str()).collect();
            // the run begins and ends in letters of the label
            let whole = !words[0].folded.is_empty() && !words[run - 1].folded.is_empty();
            if !whole || said.chars().count() + 1 < TOGETHER_LETTERS_MIN {
                return None;
            }
            let alike = ends(&said).into_iter().filter_map(|end| self.by_end.get(&end)).flatten();
            let near = alike.filter(|entry| {
                let letters: usize = entry.words.iter().map(String::len).sum();
                letters.abs_diff(said.len()) <= 1 && osa_distance(&entry.words.concat(), &said) <= 1
            });
            let near: Vec<&Entry> = near.collect();
            let exact: Vec<&Entry> = near.iter().filter(|entry| entry.words.concat() == said).copied().collect();
            let entries = if exact.is_empty() { near } else { exact };
            (!entries.is_empty()).then_some((run, entries))
        })
    }

    /// The words of the labels that `word` is, or that it is but for one letter.
    fn mend<'a>(&'a self, word: &'a str) -> Vec<&'a str> {
        if let Some(exact) = self.vocabulary.get(word) {
            return vec![exact];
        }
        if word.chars().count() < TOLERANT_LETTERS_MIN || word.chars().all(|letter| letter.is_ascii_digit()) {
            return Vec::new();
        }
        let alike = forms(word).into_iter().filter_map(|form| self.forms.get(&form)).flatten();
        let near: BTreeSet<&str> = alike.map(String::as_str).filter(|known| osa_distance(known, word) == 1).collect();
        near.into_iter().collect()
    }
}

/// The first and the last letters of a label or of what may be one.
fn ends(together: &str) -> Vec<(End, String)> {
    let first = together.get(..END_LETTERS).map(|letters| (End::First, letters.to_owned()));
    let last = together.len().checked_sub(END_LETTERS).and_then(|from| together.get(from..));
    first.into_iter().chain(last.map(|letters| (End::Last, letters.to_owned()))).collect()
}

/// A word as it is and without each of its letters.
fn forms(word: &str) -> BTreeSet<String> {
    let without = |at: usize| word.char_indices().filter(|(index, _)| *index != at).map(|(_, letter)| letter).collect();
    let shorter = word.char_indices().map(|(at, _)| without(at));
    shorter.chain(std::iter::once(word.to_owned())).collect()
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

/// The heading that a place stands under: the nearest above in its own column.
fn heading_above(labels: &[Label], area: &Area) -> Option<Heading> {
    let above = labels.iter().filter_map(|label| match label.meaning {
        Meaning::Heading(heading)
            if label.area.bottom <= area.top + area.height() / 2 && label.area.left <= area.left + area.height() =>
        {
            Some((label.area.left / 300, label.area.top, heading))
        }
        _ => None,
    });
    above.max_by_key(|(column, top, _)| (*column, *top)).map(|(_, _, heading)| heading)
}
