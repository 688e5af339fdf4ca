//! All phrases of the book that are looked for in running text, in one pass.

use std::collections::BTreeSet;
use std::ops::Range;
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
    #[inline]
    fn place(phrase: &str) -> (usize, u64) {
        let bytes = phrase.as_bytes();
        let (Some(first), Some(middle), Some(last)) = (bytes.first(), bytes.get(bytes.len() / 2), bytes.last()) else {
            return (0, 1);
        };
        let all = bytes.len() * 89 + usize::from(*first) * 13 + usize::from(*middle) * 31 + usize::from(*last) * 7;
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

    #[inline]
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
        // whether a blank stands at the end
        let mut blank = true;
        for (at, letter) in text.char_indices() {
            if letter.is_ascii_alphanumeric() {
                folded.push(letter.to_ascii_lowercase());
                back.push(at);
                blank = false;
            } else if matches!(letter, '\'' | '’' | '.') {
                // an apostrophe joins: "workers' comp" is "workers comp", "o'clock" "oclock"
            } else if !letter.is_ascii() && letter.is_alphanumeric() {
                for lower in letter.to_lowercase() {
                    folded.push(lower);
                    back.extend(std::iter::repeat_n(at, lower.len_utf8()));
                }
                blank = false;
            } else if !blank {
                folded.push(' ');
                back.push(at);
                blank = true;
            }
        }
        if !blank {
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
    places: Vec<(usize, Range<usize>)>,
}

impl Found {
    /// Where `phrase`, as the rule files write it, stands, with its number.
    fn places(&self, phrase: &str) -> &[(usize, Range<usize>)] {
        let Some(number) = self.numbers.get(phrase) else { return &[] };
        let from = self.places.partition_point(|(other, _)| other < number);
        let length = self.places[from..].iter().take_while(|(other, _)| other == number).count();
        &self.places[from..from + length]
    }

    /// Where any of `phrases` stands, from left to right.
    pub(in crate::rules) fn any(&self, phrases: &[String]) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        // nearly all of them stand nowhere
        for phrase in phrases.iter().filter(|phrase| self.marks.holds(phrase)) {
            places.extend(self.places(phrase).iter().map(|(_, place)| place.clone()));
        }
        if places.len() > 1 {
            places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        }
        places
    }

    /// Whether any of `phrases` stands anywhere.
    pub(in crate::rules) fn has_any(&self, phrases: &[String]) -> bool {
        phrases.iter().any(|phrase| self.marks.holds(phrase) && !self.places(phrase).is_empty())
    }
}
