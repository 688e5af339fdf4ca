//! All phrases of the book that are looked for in running text, in one pass.

use std::collections::BTreeSet;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::FxHashMap;

use crate::rules::schema::RuleFile;

/// A searcher for every phrase of the book.
pub(in crate::rules) struct Phrases {
    searcher: AhoCorasick,
    /// Each phrase as the rule files write it, to the number under which it is looked for.
    numbers: Arc<FxHashMap<String, usize>>,
    /// By its number, what the rule files write for a phrase leaves as marks.
    marks: Vec<Marks>,
    count: usize,
}

/// Marks that phrases leave by their lengths and letters: a phrase whose mark is not among those of the phrases of a page stands not
/// on it, and need not be looked up.
#[derive(Debug, Clone, Copy, Default)]
struct Marks([u64; 8]);

impl Marks {
    fn place(phrase: &str) -> (usize, u64) {
        let letter = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
        let (first, last) = (letter(phrase.as_bytes().first()), letter(phrase.as_bytes().last()));
        let middle = letter(phrase.as_bytes().get(phrase.len() / 2));
        let all = phrase.len() * 89 + first * 13 + middle * 31 + last * 7;
        (all / 64 % 8, 1 << (all % 64))
    }

    fn of(phrase: &str) -> Self {
        let (word, bit) = Self::place(phrase);
        let mut marks = Self::default();
        marks.0[word] = bit;
        marks
    }

    fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own |= other);
    }

    fn holds(&self, phrase: &str) -> bool {
        let (word, bit) = Self::place(phrase);
        self.0[word] & bit != 0
    }
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
        let numbered: Vec<(String, usize)> =
            written.iter().filter_map(|phrase| Some(((*phrase).clone(), number(phrase)?))).collect();
        let mut marks = vec![Marks::default(); words.len()];
        numbered.iter().for_each(|(phrase, number)| marks[*number].add(Marks::of(phrase)));
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)
            .unwrap_or_else(|error| unreachable!("a few thousand phrases always build: {error}"));
        Self { searcher, numbers: Arc::new(numbered.into_iter().collect()), marks, count: words.len() }
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
        let mut marks = Marks::default();
        places.iter().for_each(|(number, _)| marks.add(self.marks[*number]));
        Found { numbers: self.numbers.clone(), marks, places }
    }
}

/// The phrases that were found.
pub(in crate::rules) struct Found {
    numbers: Arc<FxHashMap<String, usize>>,
    marks: Marks,
    /// Where a phrase stands, in the order of the phrases' numbers.
    places: Vec<(usize, std::ops::Range<usize>)>,
}

impl Found {
    /// Where `phrase`, as the rule files write it, stands.
    fn places(&self, phrase: &str) -> impl Iterator<Item = &std::ops::Range<usize>> {
        let number = self.marks.holds(phrase).then(|| self.numbers.get(phrase)).flatten();
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
