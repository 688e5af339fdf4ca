//! In: words, or a field. Out: the labels that the rule files list for them, letter by letter.

use crate::model::Field;
use crate::rules::label::{Entry, Labels, Meaning};
use crate::rules::sheet::{Token, fold};

impl Labels {
    /// Whether a label stands in a list, in whatever case.
    pub(in crate::rules) fn lists(&self, phrase: &str) -> bool {
        let words = phrase.split_whitespace().map(fold).filter(|word| !word.is_empty());
        let words: Option<Vec<usize>> = words.map(|word| self.vocabulary.get(&word).copied()).collect();
        words.is_some_and(|words| {
            let entries = words.first().map(|first| self.by_first_word[*first].as_slice()).unwrap_or_default();
            entries.iter().any(|entry| entry.words == words)
        })
    }

    /// The labels of a field as words, with their `file:line`.
    pub(in crate::rules) fn of(&self, field: Field) -> Vec<(Vec<&str>, &str)> {
        let entries = self.by_first_word.iter().flatten();
        let of_field = entries.filter(|entry| matches!(entry.meaning, Meaning::Field(of, _) if of == field));
        let words = |entry: &Entry| entry.words.iter().map(|number| self.words[*number].as_str()).collect();
        let mut labels: Vec<_> = of_field.map(|entry| (words(entry), entry.rule.as_str())).collect();
        labels.sort_by(|(a, _): &(Vec<&str>, _), (b, _)| a.first().cmp(&b.first()).then(b.len().cmp(&a.len())));
        labels
    }

    /// The longest listed label of a field that `words` begin with, letter by letter: how many words it takes, and its `file:line`.
    pub(in crate::rules) fn opens(&self, words: &[Token], field: Field) -> Option<(usize, &str)> {
        let entries = &self.by_first_word[*self.vocabulary.get(&words.first()?.folded)?];
        let of_field = |entry: &&Entry| matches!(entry.meaning, Meaning::Field(of, _) if of == field);
        // the longest stand first
        let entry = entries.iter().filter(of_field).find(|entry| self.stands(entry, words))?;
        Some((entry.words.len(), entry.rule.as_str()))
    }

    /// Whether `words` begin with a listed label of two words or more, letter by letter.
    pub(in crate::rules) fn opens_any(&self, words: &[Token]) -> bool {
        let first = words.first().and_then(|token| self.vocabulary.get(&token.folded));
        let entries = first.map(|first| self.by_first_word[*first].as_slice()).unwrap_or_default();
        entries.iter().any(|entry| entry.words.len() > 1 && self.stands(entry, words))
    }

    /// Whether `words`, of which the first is a label's, begin with the whole label.
    fn stands(&self, entry: &Entry, words: &[Token]) -> bool {
        let more = entry.words.iter().zip(words).skip(1);
        words.len() >= entry.words.len() && more.into_iter().all(|(number, token)| self.words[*number] == token.folded)
    }

    /// How many labels there are.
    pub(in crate::rules) fn count(&self) -> usize {
        self.by_first_word.iter().map(Vec::len).sum::<usize>() + self.wordings.count()
    }
}
