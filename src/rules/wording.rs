//! Labels by what they are made of: "Printed name of attending physician" is a name of a provider, whoever wrote the form.
//!
//! The rule files sort words into groups (`[words]`) and say which groups together mean which field (`[[wording]]`). A run of
//! words that ends in a colon, a question mark or a gap is a label where every word of it belongs to a group.

use std::collections::BTreeSet;

use crate::rules::label::Meaning;
use crate::rules::lint::nearest;
use crate::rules::schema::{RuleFile, WordingRule};
use crate::written::{Fault, FaultKind, Source};

/// The group of words that may stand in any label and say nothing ("of", "the", "please").
const FILLER: &str = "filler";
/// One bit a group.
const GROUPS_MAX: usize = 64;

/// The groups of the book and what they mean together.
#[derive(Debug, Default)]
pub(in crate::rules) struct Wordings {
    groups: Vec<String>,
    /// The groups of a word, by its number among the words of all labels; words of none at the end are left out.
    of_word: Vec<u64>,
    filler: u64,
    wordings: Vec<Wording>,
}

/// Groups that mean a field together.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Wording {
    needs: u64,
    allows: u64,
    pub(in crate::rules) meaning: Meaning,
    pub(in crate::rules) rule: String,
    /// The plain label that it stands for.
    pub(in crate::rules) like: Option<String>,
    /// Counts only with a colon.
    pub(in crate::rules) colon: bool,
}

impl Wordings {
    /// The groups of a file's words; `number` gives a folded word its number.
    pub(in crate::rules) fn add_words(
        &mut self,
        source: &Source,
        rules: &RuleFile,
        mut number: impl FnMut(&str) -> usize,
        faults: &mut Vec<Fault>,
    ) {
        for (group, words) in &rules.words {
            let Some(bit) = self.bit(group) else {
                let what = format!("more than {GROUPS_MAX} groups of words; put some together");
                source.tell(faults, FaultKind::Value, &[&"words", group], what);
                continue;
            };
            for (nth, word) in words.iter().enumerate() {
                let folded = crate::rules::sheet::fold(word);
                if folded.is_empty() || word.split_whitespace().count() != 1 {
                    let what = format!("{word:?} is not one word; groups hold single words");
                    source.tell(faults, FaultKind::EmptyPhrase, &[&"words", group, &nth], what);
                    continue;
                }
                let number = number(&folded);
                self.of_word.resize(self.of_word.len().max(number + 1), 0);
                self.of_word[number] |= bit;
            }
        }
    }

    /// What groups mean together; called when the words of all files are known. The groups of `lost` are at fault themselves.
    pub(in crate::rules) fn add_wordings(
        &mut self,
        source: &Source,
        rules: &RuleFile,
        lost: &BTreeSet<String>,
        faults: &mut Vec<Fault>,
    ) {
        for (nth, rule) in rules.wording.iter().enumerate() {
            let mut is_whole = true;
            for (key, groups) in [("of", &rule.of), ("may", &rule.may)] {
                for (at, group) in groups.iter().enumerate().filter(|(_, group)| !self.groups.contains(group)) {
                    is_whole = false;
                    if !lost.contains(group) {
                        let near = nearest(group, self.groups.iter());
                        let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
                        let what = format!("no group of words is called {group:?}{hint}");
                        source.tell(faults, FaultKind::Value, &[&"wording", &nth, &key, &at], what);
                    }
                }
            }
            if rule.of.is_empty() {
                let what = "a wording needs at least one group in `of`".to_owned();
                source.tell(faults, FaultKind::Idle, &[&"wording", &nth], what);
            } else if is_whole {
                let line = source.line(&[&"wording", &nth]);
                self.wordings.push(self.wording(rule, format!("rules/{}:{line}", source.name)));
            }
        }
        // the one that asks for most is the most exact
        self.wordings
            .sort_by_key(|wording| (std::cmp::Reverse(wording.needs.count_ones()), wording.allows.count_ones()));
    }

    fn wording(&self, rule: &WordingRule, place: String) -> Wording {
        let bits = |groups: &[String]| {
            let known = groups.iter().filter_map(|group| self.groups.iter().position(|known| known == group));
            known.fold(0, |bits, at| bits | 1 << at)
        };
        let needs = bits(&rule.of);
        let meaning = rule.field.map_or(Meaning::Other, |field| Meaning::Field(field, None));
        Wording {
            needs,
            allows: needs | bits(&rule.may) | self.filler,
            meaning,
            rule: place,
            like: rule.like.clone(),
            colon: rule.colon,
        }
    }

    fn bit(&mut self, group: &str) -> Option<u64> {
        if let Some(at) = self.groups.iter().position(|known| known == group) {
            return Some(1 << at);
        }
        let at = self.groups.len();
        (at < GROUPS_MAX).then(|| {
            self.groups.push(group.to_owned());
            if group == FILLER {
                self.filler = 1 << at;
            }
            1 << at
        })
    }

    /// The groups of a word; 0 where it belongs to none.
    pub(in crate::rules) fn groups(&self, number: usize) -> u64 {
        self.of_word.get(number).copied().unwrap_or(0)
    }

    /// Whether these are groups of words that say something.
    pub(in crate::rules) fn says_something(&self, groups: u64) -> bool {
        groups & !self.filler != 0
    }

    /// What words of these groups mean together.
    pub(in crate::rules) fn find(&self, groups: u64) -> Option<&Wording> {
        self.wordings.iter().find(|wording| wording.needs & !groups == 0 && groups & !wording.allows == 0)
    }

    /// How many there are.
    pub(in crate::rules) fn count(&self) -> usize {
        self.wordings.len()
    }
}
