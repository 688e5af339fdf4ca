//! Phrases of a fixed list in running text, tolerant of what OCR does to letters; linear in the text.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::rules::near::{letter_at, run_end};

/// A word of a text, lower case and folded, where it stands.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    pub(super) shape: &'a [u8],
    pub(super) lower: &'a str,
    pub(super) span: Range<usize>,
    /// A full stop, a line's end or a semicolon stands before it.
    pub(super) new_clause: bool,
}

/// A word and the blank behind it are about so many bytes.
const WORD_BYTES: usize = 5;

/// The words of a text.
#[derive(Debug, Default)]
pub(in crate::rules) struct Words {
    /// The text in lower case, and behind it words whose lower case is of other letters than those of ASCII.
    lower: String,
    /// The same letters folded, and behind them words that are shorter so.
    shapes: Vec<u8>,
    places: Vec<Place>,
}

/// Where a word stands in the text, in `lower` and in `shapes`.
#[derive(Debug)]
struct Place {
    span: Range<usize>,
    lower: Range<usize>,
    shape: Range<usize>,
    new_clause: bool,
}

impl Words {
    pub(in crate::rules) fn new(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let shapes = lower.bytes().map(|letter| FOLDED[usize::from(letter)]).collect();
        let mut words = Self { lower, shapes, places: Vec::with_capacity(text.len() / WORD_BYTES) };
        let mut at = 0;
        let mut ends = false;
        while let Some(letter) = letter_at(text, at) {
            if letter.is_alphanumeric() {
                let end = run_end(text, at, |sign| sign == b'\'');
                words.add(text, at..end, std::mem::take(&mut ends));
                at = end;
            } else {
                ends |= matches!(letter, '.' | ';' | '\n' | '•' | '☐' | '☒' | '☑' | '[' | ']');
                at += letter.len_utf8();
            }
        }
        words
    }

    fn add(&mut self, text: &str, span: Range<usize>, new_clause: bool) {
        let printed = text.get(span.clone()).unwrap_or_default().trim_end_matches('\'');
        let mut lower = span.start..span.start + printed.len();
        if !printed.is_ascii() {
            let from = self.lower.len();
            self.lower.push_str(&printed.to_lowercase());
            lower = from..self.lower.len();
        }
        let word = &self.lower.as_bytes()[lower.clone()];
        let mut shape = lower.clone();
        if !printed.is_ascii() || word.windows(2).any(is_pair) {
            let from = self.shapes.len();
            fold(word, &mut self.shapes);
            shape = from..self.shapes.len();
        }
        // "massages" and "massage" are one
        if let [stem @ .., b's'] = &self.shapes[shape.clone()]
            && 4 <= stem.len()
            && !stem.ends_with(b"s")
        {
            shape.end -= 1;
        }
        self.places.push(Place { span, lower, shape, new_clause });
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, i: usize) -> Option<Word<'_>> {
        let place = self.places.get(i)?;
        let lower = self.lower.get(place.lower.clone())?;
        Some(Word { shape: self.shape(i)?, lower, span: place.span.clone(), new_clause: place.new_clause })
    }

    fn shape(&self, i: usize) -> Option<&[u8]> {
        self.shapes.get(self.places.get(i)?.shape.clone())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Word<'_>> {
        (0..self.len()).filter_map(|i| self.get(i))
    }

    /// Those that begin in a part of the text.
    pub(super) fn within(&self, part: &Range<usize>) -> impl Iterator<Item = Word<'_>> {
        let first = self.places.partition_point(|place| place.span.start < part.start);
        (first..self.len()).filter_map(|i| self.get(i)).take_while(move |word| word.span.start < part.end)
    }

    /// Which word begins at a byte of the text.
    pub(super) fn at(&self, start: usize) -> Option<usize> {
        self.places.binary_search_by_key(&start, |place| place.span.start).ok()
    }
}

/// What a letter becomes: those that OCR mixes up are one.
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut letter = 0_u8;
    loop {
        folded[letter as usize] = match letter {
            b'1' | b'i' | b'|' | b'!' => b'l',
            b'0' => b'o',
            b'5' => b's',
            b'q' => b'g',
            letter => letter,
        };
        if letter == u8::MAX {
            break folded;
        }
        letter += 1;
    }
};

/// Two letters that look like one.
fn is_pair(letters: &[u8]) -> bool {
    matches!(letters, b"rn" | b"vv")
}

/// Adds the shape of a word, in which a pair is one letter.
fn fold(word: &[u8], shapes: &mut Vec<u8>) {
    let mut rest = word;
    while let [first, behind @ ..] = rest {
        let (letter, behind) = match rest {
            [b'r', b'n', behind @ ..] => (b'm', behind),
            [b'v', b'v', behind @ ..] => (b'w', behind),
            _ => (FOLDED[usize::from(*first)], behind),
        };
        shapes.push(letter);
        rest = behind;
    }
}

/// A list of phrases, each with what it means.
pub(super) struct Phrases<T> {
    by_first: FxHashMap<Vec<u8>, Vec<Phrase<T>>>,
    /// The first words in which a letter may be damaged, by the letters at either end: at one of them it is not.
    by_beginning: FxHashMap<Letters, Vec<Vec<u8>>>,
    by_end: FxHashMap<Letters, Vec<Vec<u8>>>,
}

/// The shapes of its words, and what it means.
type Phrase<T> = (Vec<Vec<u8>>, T);

/// A first word of at least so many bytes is known with a damaged letter.
const LONG: usize = 6;

/// Half the letters of such a word, at its beginning or its end.
type Letters = [u8; LONG / 2];

impl<T: Clone> Phrases<T> {
    /// From phrases with their meanings; within one first word the longest is tried first.
    pub(super) fn new<'a>(phrases: impl Iterator<Item = (&'a str, T)>) -> Self {
        let mut by_first: FxHashMap<Vec<u8>, Vec<Phrase<T>>> = FxHashMap::default();
        for (phrase, meaning) in phrases {
            let parts: Vec<Vec<u8>> = Words::new(phrase).iter().map(|word| word.shape.to_owned()).collect();
            if let Some(first) = parts.first() {
                by_first.entry(first.clone()).or_default().push((parts, meaning));
            }
        }
        let (mut by_beginning, mut by_end) = (FxHashMap::default(), FxHashMap::default());
        for first in by_first.keys().filter(|first| LONG <= first.len()) {
            let add = |list: &mut FxHashMap<Letters, Vec<Vec<u8>>>, letters: Option<&Letters>| {
                letters.into_iter().for_each(|letters| list.entry(*letters).or_default().push(first.clone()));
            };
            add(&mut by_beginning, first.first_chunk());
            add(&mut by_end, first.last_chunk());
        }
        by_first.values_mut().for_each(|phrases| phrases.sort_by_key(|(parts, _)| std::cmp::Reverse(parts.len())));
        Self { by_first, by_beginning, by_end }
    }

    /// The phrase that begins at word `i`: its meaning and how many words it takes.
    pub(super) fn at(&self, words: &Words, i: usize) -> Option<(T, usize)> {
        let first = words.shape(i)?;
        let exact = self.by_first.get(first).and_then(|phrases| longest(phrases, words, i));
        // words that are one letter away and mean something else
        let everyday = matches!(first, b"message" | b"passage" | b"therapist" | b"pregnant");
        if exact.is_some() || everyday || first.len() < LONG || first.iter().any(u8::is_ascii_digit) {
            return exact;
        }
        let beginning = first.first_chunk().and_then(|letters| self.by_beginning.get(letters));
        let end = first.last_chunk().and_then(|letters| self.by_end.get(letters));
        let near = beginning.into_iter().chain(end).flatten();
        let mut near: Vec<&Vec<u8>> = near.filter(|known| one_letter_apart(known, first)).collect();
        near.sort_unstable();
        near.into_iter().filter_map(|near| self.by_first.get(near)).find_map(|phrases| longest(phrases, words, i))
    }
}

fn longest<T: Clone>(phrases: &[Phrase<T>], words: &Words, i: usize) -> Option<(T, usize)> {
    let fits = |parts: &[Vec<u8>]| {
        parts.iter().enumerate().skip(1).all(|(offset, part)| {
            words
                .shape(i + offset)
                .is_some_and(|shape| shape == part || LONG <= part.len() && one_letter_apart(part, shape))
        })
    };
    phrases.iter().find(|(parts, _)| fits(parts)).map(|(parts, meaning)| (meaning.clone(), parts.len()))
}

/// One letter is changed, lost or added.
fn one_letter_apart(a: &[u8], b: &[u8]) -> bool {
    let shorter = a.len().min(b.len());
    let same_start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let same_end = a.iter().rev().zip(b.iter().rev()).take(shorter - same_start).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()) - same_start - same_end == 1
}
