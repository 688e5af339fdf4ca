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
    /// Its place among all lists, from 1.
    #[serde(skip)]
    place: usize,
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

    fn place(&self) -> usize {
        debug_assert!(self.written.is_empty() || self.place > 0, "it is a copy from before `Phrases::new`");
        self.place
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
    /// For each phrase the places of the lists that hold it.
    lists_of: Vec<Vec<usize>>,
    /// How many lists there are.
    lists: usize,
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
            match FOLDED[usize::from(byte)] {
                NOTHING => {}
                b' ' if folded.last() == Some(&b' ') => {}
                WIDE => {
                    let lower = folded_letter(text.get(at..).and_then(|rest| rest.chars().next()), folded.last());
                    folded.extend(lower.bytes());
                    back.extend(std::iter::repeat_n(at, lower.len()));
                }
                plain => {
                    folded.push(plain);
                    back.push(at);
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

/// What each byte of a text becomes: a letter or digit in lower case, a blank, nothing, or a part of a letter of several bytes.
static FOLDED: [u8; 256] = {
    let mut folded = [b' '; 256];
    let mut byte = 0;
    while byte < folded.len() {
        folded[byte] = match byte as u8 {
            plain if plain.is_ascii_alphanumeric() => plain.to_ascii_lowercase(),
            // an apostrophe joins: "workers' comp" is "workers comp", "o'clock" "oclock"
            b'\'' | b'.' => NOTHING,
            0x80.. => WIDE,
            _ => b' ',
        };
        byte += 1;
    }
    folded
};
const NOTHING: u8 = 0;
const WIDE: u8 = 1;

/// What a letter or sign of several bytes becomes behind `last`; None within one.
fn folded_letter(letter: Option<char>, last: Option<&u8>) -> String {
    match letter {
        Some(letter) if letter.is_alphanumeric() => letter.to_lowercase().collect(),
        None | Some('’') => String::new(),
        Some(_) if last == Some(&b' ') => String::new(),
        Some(_) => " ".to_owned(),
    }
}

impl Phrases {
    /// How many phrases there are.
    pub(in crate::rules) fn count(&self) -> usize {
        self.lists_of.len()
    }

    /// Takes up every list of the rules that is looked for in running text.
    pub(in crate::rules) fn new(rules: &mut RuleFile) -> Self {
        let lists = lists(rules);
        let words: BTreeSet<String> = lists.iter().flat_map(|list| list.iter()).map(|phrase| folded(phrase)).collect();
        let words: Vec<String> = words.into_iter().collect();
        let mut lists_of = vec![Vec::new(); words.len()];
        let count = lists.len();
        for (list, place) in lists.into_iter().zip(1..) {
            list.place = place;
            list.numbers = list.iter().filter_map(|phrase| words.binary_search(&folded(phrase)).ok()).collect();
            list.sorted.clone_from(&list.numbers);
            list.sorted.sort_unstable();
            list.sorted.iter().for_each(|number| lists_of[*number].push(place));
        }
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)
            .unwrap_or_else(|error| unreachable!("a few thousand phrases always build: {error}"));
        Self { searcher, lists_of, lists: count }
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
        if places.is_empty() {
            return Found { stands: Vec::new(), lists: Vec::new(), places };
        }
        let (mut stands, mut lists) = (vec![false; self.lists_of.len()], vec![false; self.lists + 1]);
        for (number, _) in &places {
            stands[*number] = true;
            self.lists_of[*number].iter().for_each(|list| lists[*list] = true);
        }
        Found { stands, lists, places }
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
    /// For the place of each list whether one of its phrases stands anywhere; empty where none was found.
    lists: Vec<bool>,
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
        if !self.has_any(phrases) {
            return found;
        }
        for number in phrases.numbers().iter().filter(|number| self.stands(**number)) {
            found.extend(self.places_of(*number).iter().map(|(_, place)| place.clone()));
        }
        found.sort_by_key(|place: &Range<usize>| (place.start, std::cmp::Reverse(place.end)));
        found
    }

    /// The bytes of the longest of `phrases` that stands anywhere.
    pub(in crate::rules) fn longest(&self, phrases: &PhraseList) -> Option<usize> {
        if !self.has_any(phrases) {
            return None;
        }
        // in few words few phrases stand
        let places = self.places.iter().filter(|(number, _)| phrases.holds(*number));
        places.map(|(_, place)| place.len()).max()
    }

    /// Where a phrase stands.
    fn places_of(&self, number: usize) -> &[(usize, Range<usize>)] {
        let behind = &self.places[self.places.partition_point(|(other, _)| *other < number)..];
        &behind[..behind.partition_point(|(other, _)| *other == number)]
    }

    /// Whether no phrase of the book was found.
    pub(in crate::rules) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether any of `phrases` stands anywhere.
    pub(in crate::rules) fn has_any(&self, phrases: &PhraseList) -> bool {
        self.lists.get(phrases.place()).is_some_and(|stands| *stands)
    }
}
