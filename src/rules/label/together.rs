//! In: words of a row. Out: the labels that they are but for blanks and one letter.

use rustc_hash::FxHashMap;

use crate::rules::label::Entry;
use crate::rules::near::{self, beginning, end, one_off};
use crate::rules::sheet::{Row, Token};

/// Labels of at least this many letters are known without their blanks.
const LETTERS_MIN: usize = 9;
/// Words of a page that one label may have fallen into.
const WORDS_MAX: usize = 7;

/// The labels of two words and more, their words written as one.
#[derive(Debug, Default)]
pub(super) struct Togethers {
    entries: Vec<Entry>,
    /// By their first letters, and by their last, the shortest first: with one letter damaged, or a blank where none belongs, one of
    /// the two is still whole.
    by_beginning: FxHashMap<near::Letters, Vec<Together>>,
    by_end: FxHashMap<near::Letters, Vec<Together>>,
}

#[derive(Debug, Clone, Copy)]
struct Together {
    /// Its bytes.
    length: usize,
    /// Its place among all such labels.
    at: usize,
}

/// The words of a row, written as one.
#[derive(Debug, Default)]
pub(super) struct Letters {
    text: String,
    /// Where each word begins, and where the last one ends.
    starts: Vec<usize>,
}

impl Letters {
    /// Takes up a row in the place of another.
    pub(super) fn write(&mut self, row: &Row) {
        self.text.clear();
        self.starts.clear();
        self.starts.push(0);
        for token in &row.words {
            self.text.push_str(&token.folded);
            self.starts.push(self.text.len());
        }
    }

    /// So many words from `at` on.
    fn run(&self, at: usize, words: usize) -> Option<&str> {
        self.text.get(*self.starts.get(at)?..*self.starts.get(at + words)?)
    }
}

impl Togethers {
    /// Takes up a label, where it is long enough.
    pub(super) fn add(&mut self, entry: &Entry) {
        if entry.words.len() < 2 || entry.together.chars().count() < LETTERS_MIN {
            return;
        }
        let together = Together { length: entry.together.len(), at: self.entries.len() };
        let insert = |alike: &mut Vec<Together>| {
            let behind = alike.partition_point(|other| other.length <= together.length);
            alike.insert(behind, together);
        };
        beginning(&entry.together)
            .into_iter()
            .for_each(|letters| insert(self.by_beginning.entry(letters).or_default()));
        end(&entry.together).into_iter().for_each(|letters| insert(self.by_end.entry(letters).or_default()));
        self.entries.push(entry.clone());
    }

    /// The longest run at the beginning of `words`, which stand at `at` of the row of `letters`, that is a label but for blanks and
    /// one letter, and that label; only of more words than `least`.
    pub(super) fn find(
        &self,
        words: &[Token],
        letters: &Letters,
        at: usize,
        least: usize,
    ) -> Option<(usize, Vec<&Entry>)> {
        // a run begins and ends in letters of the label: a number beside it is a value, or counts the lines of the form
        let is_number = |token: &Token| token.folded.bytes().all(|byte| byte.is_ascii_digit());
        if is_number(words.first()?) {
            return None;
        }
        let longest = words.len().min(WORDS_MAX);
        let all = letters.run(at, longest)?;
        let begin_alike =
            beginning(all).and_then(|letters| self.by_beginning.get(&letters)).map_or(&[][..], Vec::as_slice);
        (least + 1..=longest).rev().find_map(|run| {
            let said = letters.run(at, run)?;
            let is_short = said.len() + 1 < LETTERS_MIN || !said.is_ascii() && said.chars().count() + 1 < LETTERS_MIN;
            if is_short || is_number(&words[run - 1]) {
                return None;
            }
            let end_alike = end(said).and_then(|letters| self.by_end.get(&letters)).map_or(&[][..], Vec::as_slice);
            if begin_alike.is_empty() && end_alike.is_empty() {
                return None;
            }
            let mut near = self.near(begin_alike, said);
            near.extend(self.near(end_alike, said));
            let near: Vec<&Entry> = near.into_iter().map(|at| &self.entries[at]).collect();
            let exact: Vec<&Entry> = near.iter().filter(|entry| entry.together == said).copied().collect();
            let entries = if exact.is_empty() { near } else { exact };
            (!entries.is_empty()).then_some((run, entries))
        })
    }

    /// Those of some labels that letters are but for one, by their places.
    fn near(&self, alike: &[Together], said: &str) -> Vec<usize> {
        let from = alike.partition_point(|label| label.length + 1 < said.len());
        let of_length = alike[from..].iter().take_while(|label| label.length <= said.len() + 1);
        let near = of_length.filter(|label| one_off(&self.entries[label.at].together, said));
        let mut near: Vec<usize> = near.map(|label| label.at).collect();
        near.sort_unstable();
        near
    }
}
