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
        let number = |token: &Token| self.vocabulary.get(&token.folded).copied();
        let entries = &self.by_first_word[number(words.first()?)?];
        let of_field = entries.iter().filter(|entry| matches!(entry.meaning, Meaning::Field(of, _) if of == field));
        let mut fitting = of_field.filter(|entry| {
            let own = words.get(..entry.words.len());
            own.is_some_and(|own| own.iter().map(number).eq(entry.words.iter().copied().map(Some)))
        });
        // the longest stand first
        fitting.next().map(|entry| (entry.words.len(), entry.rule.as_str()))
    }

    /// Whether `words` begin with a listed label of two words or more, letter by letter.
    pub(in crate::rules) fn opens_any(&self, words: &[Token]) -> bool {
        let number = |token: &Token| self.vocabulary.get(&token.folded).copied();
        let Some(first) = words.first().and_then(number) else { return false };
        self.by_first_word[first].iter().any(|entry| {
            let own = words.get(..entry.words.len());
            entry.words.len() > 1
                && own.is_some_and(|own| own.iter().map(number).eq(entry.words.iter().copied().map(Some)))
        })
    }

    /// How many labels there are.
    pub(in crate::rules) fn count(&self) -> usize {
        self.by_first_word.iter().map(Vec::len).sum::<usize>() + self.wordings.count()
    }
}
