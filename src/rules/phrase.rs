//! All phrases of the book that are looked for in running text, in one pass.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut, Range};

use aho_corasick::{AhoCorasick, MatchKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rules::schema::RuleFile;

/// Phrases of a rule file that are looked for in running text.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(in crate::rules) struct PhraseList {
    written: Vec<String>,
    /// The numbers under which they are looked for, one for each.
    #[serde(skip)]
    numbers: Vec<usize>,
    /// The same, the lowest first.
    #[serde(skip)]
    sorted: Vec<usize>,
}

impl Deref for PhraseList {
    type Target = Vec<String>;

    fn deref(&self) -> &Vec<String> {
        &self.written
    }
}

impl DerefMut for PhraseList {
    fn deref_mut(&mut self) -> &mut Vec<String> {
        &mut self.written
    }
}

impl PhraseList {
    fn numbers(&self) -> &[usize] {
        debug_assert_eq!(self.written.len(), self.numbers.len(), "it is a copy from before `Phrases::new`");
        &self.numbers
    }

    fn holds(&self, number: usize) -> bool {
        self.sorted.binary_search(&number).is_ok()
    }
}

impl IntoIterator for PhraseList {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.written.into_iter()
    }
}

/// A searcher for every phrase of the book.
pub(in crate::rules) struct Phrases {
    searcher: AhoCorasick,
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
        let mut folded = Vec::with_capacity(text.len() + 2);
        let mut back = Vec::with_capacity(text.len() + 2);
        folded.push(b' ');
        back.push(0);
        for (at, byte) in text.bytes().enumerate() {
            let letter = if byte.is_ascii() { Some(char::from(byte)) } else { char_at(text, at) };
            match letter {
                // an apostrophe joins: "workers' comp" is "workers comp", "o'clock" "oclock"
                Some('\'' | '’' | '.') | None => {}
                Some(plain) if plain.is_ascii_alphanumeric() => {
                    folded.push(byte.to_ascii_lowercase());
                    back.push(at);
                }
                Some(letter) if !letter.is_ascii() && letter.is_alphanumeric() => {
                    let lower: String = letter.to_lowercase().collect();
                    folded.extend(lower.bytes());
                    back.extend(std::iter::repeat_n(at, lower.len()));
                }
                Some(_) => {
                    if folded.last() != Some(&b' ') {
                        folded.push(b' ');
                        back.push(at);
                    }
                }
            }
        }
        if folded.last() != Some(&b' ') {
            folded.push(b' ');
            back.push(text.len());
        }
        let text = String::from_utf8(folded).unwrap_or_else(|_| unreachable!("letters are taken up whole"));
        Self { text, back }
    }
}

/// The letter that begins at a byte.
fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

impl Phrases {
    /// How many phrases there are.
    pub(in crate::rules) fn count(&self) -> usize {
        self.count
    }

    /// Takes up every list of the rules that is looked for in running text.
    pub(in crate::rules) fn new(rules: &mut RuleFile) -> Self {
        let lists = lists(rules);
        let words: BTreeSet<String> = lists.iter().flat_map(|list| list.iter()).map(|phrase| folded(phrase)).collect();
        let words: Vec<String> = words.into_iter().collect();
        for list in lists {
            list.numbers = list.iter().filter_map(|phrase| words.binary_search(&folded(phrase)).ok()).collect();
            list.sorted.clone_from(&list.numbers);
            list.sorted.sort_unstable();
        }
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)
            .unwrap_or_else(|error| unreachable!("a few thousand phrases always build: {error}"));
        Self { searcher, count: words.len() }
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
        places.sort_unstable_by_key(|(number, place): &(usize, Range<usize>)| (*number, place.end));
        let mut stands = vec![false; if places.is_empty() { 0 } else { self.count }];
        places.iter().for_each(|(number, _)| stands[*number] = true);
        Found { stands, places }
    }
}

fn folded(phrase: &str) -> String {
    Folded::new(phrase).text
}

/// Every list of the rules that is looked for in running text.
fn lists(rules: &mut RuleFile) -> Vec<&mut PhraseList> {
    let RuleFile { document, payer, field, form, signature, second_frequency, treatment, fact, .. } = rules;
    let signs = document.values_mut().flat_map(|document| &mut document.sign);
    let mut lists: Vec<&mut PhraseList> = signs.flat_map(|sign| [&mut sign.any, &mut sign.lacks]).collect();
    lists.extend(payer.values_mut().flat_map(|payer| {
        [&mut payer.words, &mut payer.prose, &mut payer.questions, &mut payer.labels, &mut payer.insurers]
    }));
    lists.extend(field.values_mut().map(|field| &mut field.prose));
    lists.extend(form.values_mut().flat_map(|form| [&mut form.all, &mut form.any, &mut form.none]));
    lists.extend([
        &mut signature.signed,
        &mut signature.unsigned,
        &mut signature.no_signature,
        &mut signature.not_yet,
        &mut signature.not_the_provider,
        &mut signature.somebody_else,
        &mut signature.on_file,
        &mut signature.closings,
        &mut second_frequency.orders,
        &mut second_frequency.past,
        &mut second_frequency.something_else,
        &mut treatment.orders,
        &mut treatment.withdrawn,
    ]);
    lists.extend(fact.values_mut().map(|fact| &mut fact.words));
    lists
}

/// The phrases that were found.
pub(in crate::rules) struct Found {
    /// For each number of a phrase whether it stands anywhere; empty where none was found.
    stands: Vec<bool>,
    /// Where a phrase stands, in the order of the phrases' numbers, those of one from left to right.
    places: Vec<(usize, Range<usize>)>,
}

impl Found {
    fn stands(&self, number: usize) -> bool {
        self.stands.get(number).is_some_and(|stands| *stands)
    }

    /// Each phrase of a list, and whether it stands anywhere.
    pub(in crate::rules) fn each<'a>(&'a self, phrases: &'a PhraseList) -> impl Iterator<Item = (&'a str, bool)> {
        phrases.iter().zip(phrases.numbers()).map(|(phrase, number)| (phrase.as_str(), self.stands(*number)))
    }

    /// Where any of `phrases` stands, from left to right.
    pub(in crate::rules) fn any(&self, phrases: &PhraseList) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.places.is_empty() {
            return found;
        }
        for number in phrases.numbers() {
            found.extend(self.places_of(*number).iter().map(|(_, place)| place.clone()));
        }
        found.sort_by_key(|place: &Range<usize>| (place.start, std::cmp::Reverse(place.end)));
        found
    }

    /// The bytes of the longest of `phrases` that stands anywhere.
    pub(in crate::rules) fn longest(&self, phrases: &PhraseList) -> Option<usize> {
        // in few words few phrases stand
        let places = self.places.iter().filter(|(number, _)| phrases.holds(*number));
        places.map(|(_, place)| place.len()).max()
    }

    /// Where a phrase stands.
    fn places_of(&self, number: usize) -> &[(usize, Range<usize>)] {
        if !self.stands(number) {
            return &[];
        }
        let behind = &self.places[self.places.partition_point(|(other, _)| *other < number)..];
        &behind[..behind.partition_point(|(other, _)| *other == number)]
    }

    /// Whether no phrase of the book was found.
    pub(in crate::rules) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether any of `phrases` stands anywhere.
    pub(in crate::rules) fn has_any(&self, phrases: &PhraseList) -> bool {
        !self.places.is_empty() && phrases.numbers().iter().any(|number| self.stands(*number))
    }
}
