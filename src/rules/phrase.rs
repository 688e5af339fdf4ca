//! All phrases of the book that are looked for in running text, in one pass.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::rules::schema::RuleFile;

/// A searcher for every phrase of the book.
pub(in crate::rules) struct Phrases {
    searcher: AhoCorasick,
    /// Each phrase as the rule files write it, to the number under which it is looked for.
    numbers: Arc<HashMap<String, usize>>,
    count: usize,
}

/// A page's text, folded: lower case, one blank between words, other signs gone; with the way back to the text.
pub(in crate::rules) struct Folded {
    pub(in crate::rules) text: String,
    /// For each byte of `text` the byte of the original.
    back: Vec<usize>,
}

impl Folded {
    pub(in crate::rules) fn new(text: &str) -> Self {
        let mut folded = String::with_capacity(text.len() + 2);
        let mut back = Vec::with_capacity(text.len() + 2);
        folded.push(' ');
        back.push(0);
        for (at, letter) in text.char_indices() {
            // an apostrophe joins: "workers' comp" is "workers comp", "o'clock" "oclock"
            if matches!(letter, '\'' | '’' | '.') {
                continue;
            }
            if letter.is_ascii_alphanumeric() {
                folded.push(letter.to_ascii_lowercase());
                back.push(at);
            } else if letter.is_alphanumeric() {
                for lower in letter.to_lowercase() {
                    folded.push(lower);
                    back.extend(std::iter::repeat_n(at, lower.len_utf8()));
                }
            } else if !folded.ends_with(' ') {
                folded.push(' ');
                back.push(at);
            }
        }
        if !folded.ends_with(' ') {
            folded.push(' ');
            back.push(text.len());
        }
        Self { text: folded, back }
    }
}

impl Phrases {
    /// How many phrases there are.
    pub(in crate::rules) fn count(&self) -> usize {
        self.count
    }

    pub(in crate::rules) fn new(rules: &RuleFile) -> Self {
        let signs = rules.document.values().flat_map(|document| &document.sign);
        let signs = signs.flat_map(|sign| sign.any.iter().chain(&sign.lacks));
        let payers = rules.payer.values().flat_map(|payer| {
            let told = payer.words.iter().chain(&payer.prose).chain(&payer.questions);
            told.chain(&payer.labels).chain(&payer.insurers)
        });
        let fields = rules.field.values().flat_map(|field| &field.prose);
        let forms = rules.form.values().flat_map(|form| form.all.iter().chain(&form.any).chain(&form.none));
        let signature = &rules.signature;
        let signatures = signature
            .signed
            .iter()
            .chain(&signature.unsigned)
            .chain(&signature.no_signature)
            .chain(&signature.not_yet)
            .chain(&signature.not_the_provider)
            .chain(&signature.somebody_else)
            .chain(&signature.on_file)
            .chain(&signature.closings);
        let frequencies = &rules.second_frequency;
        let frequencies = frequencies.orders.iter().chain(&frequencies.past).chain(&frequencies.something_else);
        let treatments = rules.treatment.orders.iter().chain(&rules.treatment.withdrawn);
        let facts = rules.fact.values().flat_map(|fact| &fact.words);
        let written = signs.chain(forms).chain(payers).chain(fields).chain(signatures);
        let written = written.chain(frequencies).chain(treatments).chain(facts);
        let written: BTreeSet<&String> = written.collect();
        let words: BTreeSet<String> = written.iter().map(|phrase| Folded::new(phrase).text).collect();
        let words: Vec<String> = words.into_iter().collect();
        let number = |phrase: &String| words.binary_search(&Folded::new(phrase).text).ok();
        let numbers = written.iter().filter_map(|phrase| Some(((*phrase).clone(), number(phrase)?))).collect();
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)
            .unwrap_or_else(|error| unreachable!("a few thousand phrases always build: {error}"));
        Self { searcher, numbers: Arc::new(numbers), count: words.len() }
    }

    /// Every phrase that stands in `text`, with the bytes at which it begins and ends.
    pub(in crate::rules) fn find(&self, text: &Folded) -> Found {
        let mut places = Vec::new();
        for hit in self.searcher.find_overlapping_iter(&text.text) {
            // the blanks around a phrase are not part of it
            let start = text.back[hit.start() + 1];
            let end = text.back[hit.end() - 1];
            places.push((hit.pattern().as_usize(), start..end));
        }
        // stable: those of one phrase stay from left to right
        places.sort_by_key(|(number, _)| *number);
        Found { numbers: self.numbers.clone(), places }
    }
}

/// The phrases that were found.
pub(in crate::rules) struct Found {
    numbers: Arc<HashMap<String, usize>>,
    /// Where a phrase stands, in the order of the phrases' numbers.
    places: Vec<(usize, std::ops::Range<usize>)>,
}

impl Found {
    /// Where `phrase`, as the rule files write it, stands.
    fn places(&self, phrase: &str) -> impl Iterator<Item = &std::ops::Range<usize>> {
        let number = self.numbers.get(phrase);
        let from = number.map_or(self.places.len(), |number| self.places.partition_point(|(other, _)| other < number));
        let of_phrase = self.places[from..].iter().take_while(move |(other, _)| Some(other) == number);
        of_phrase.map(|(_, place)| place)
    }

    /// Where any of `phrases` stands, from left to right.
    pub(in crate::rules) fn any(&self, phrases: &[String]) -> Vec<std::ops::Range<usize>> {
        if self.places.is_empty() {
            return Vec::new();
        }
        let mut places: Vec<_> = phrases.iter().flat_map(|phrase| self.places(phrase)).cloned().collect();
        places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        places
    }
}
