//! Phrases of a fixed list in running text, tolerant of what OCR does to letters; linear in the text.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::shape::letters;

/// A word of a text, lower case and folded, where it stands.
#[derive(Debug, Clone)]
pub(super) struct Word<'a> {
    pub(super) shape: &'a str,
    pub(super) lower: &'a str,
    pub(super) span: Range<usize>,
    /// A full stop, a line's end or a semicolon stands before it.
    pub(super) new_clause: bool,
}

/// The words of a text.
#[derive(Debug, Default)]
pub(in crate::rules) struct Words {
    /// All of them in lower case, one behind the other.
    lower: String,
    /// The same, folded.
    shapes: String,
    places: Vec<Place>,
}

/// Where a word stands in the text, in its lower case and in its shapes.
#[derive(Debug)]
struct Place {
    span: Range<usize>,
    lower: Range<usize>,
    shape: Range<usize>,
    new_clause: bool,
}

impl Words {
    pub(in crate::rules) fn new(text: &str) -> Self {
        let mut words = Self::default();
        words.lower.reserve(text.len());
        words.shapes.reserve(text.len());
        let mut start = None;
        let mut ends = false;
        for (at, c) in text.char_indices() {
            if c.is_alphanumeric() || (c == '\'' && start.is_some()) {
                start.get_or_insert(at);
                continue;
            }
            if let Some(from) = start.take() {
                words.add(text, from..at, ends);
                ends = false;
            }
            ends |= matches!(c, '.' | ';' | '\n' | '•' | '☐' | '☒' | '☑' | '[' | ']');
        }
        if let Some(from) = start {
            words.add(text, from..text.len(), ends);
        }
        words
    }

    fn add(&mut self, text: &str, span: Range<usize>, new_clause: bool) {
        let printed = text.get(span.clone()).unwrap_or_default().trim_end_matches('\'');
        let (lower, shape) = (self.lower.len(), self.shapes.len());
        if printed.is_ascii() {
            self.lower.push_str(printed);
            self.lower.get_mut(lower..).unwrap_or_default().make_ascii_lowercase();
        } else {
            self.lower.push_str(&printed.to_lowercase());
        }
        fold(self.lower.get(lower..).unwrap_or_default(), &mut self.shapes);
        let (lower, shape) = (lower..self.lower.len(), shape..self.shapes.len());
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

    fn shape(&self, i: usize) -> Option<&str> {
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

/// Adds a word: letters that OCR mixes up become one; "massages" and "massage" are one.
fn fold(word: &str, shapes: &mut String) {
    let start = shapes.len();
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        shapes.push(match letter {
            'r' if letters.next_if_eq(&'n').is_some() => 'm',
            'v' if letters.next_if_eq(&'v').is_some() => 'w',
            '1' | 'i' | '|' | '!' => 'l',
            '0' => 'o',
            '5' => 's',
            'q' => 'g',
            letter => letter,
        });
    }
    let stem = shapes.get(start..).and_then(|shape| shape.strip_suffix('s'));
    if stem.is_some_and(|stem| 4 <= stem.len() && !stem.ends_with('s')) {
        shapes.pop();
    }
}

/// A list of phrases, each with what it means.
pub(super) struct Phrases<T> {
    by_first: FxHashMap<String, Vec<(Vec<String>, T)>>,
    /// By their length, the first words in which a letter may be damaged, each with its letters.
    long: Vec<Vec<(u32, String)>>,
}

/// A first word of at least so many bytes is known with a damaged letter.
const LONG: usize = 6;

impl<T: Clone> Phrases<T> {
    /// From phrases with their meanings; within one first word the longest is tried first.
    pub(super) fn new<'a>(phrases: impl Iterator<Item = (&'a str, T)>) -> Self {
        let mut by_first: FxHashMap<String, Vec<(Vec<String>, T)>> = FxHashMap::default();
        for (phrase, meaning) in phrases {
            let parts: Vec<String> = Words::new(phrase).iter().map(|word| word.shape.to_owned()).collect();
            if let Some(first) = parts.first() {
                by_first.entry(first.clone()).or_default().push((parts, meaning));
            }
        }
        let firsts: Vec<&String> = by_first.keys().filter(|first| LONG <= first.len()).collect();
        let mut long = vec![Vec::new(); firsts.iter().map(|first| first.len() + 1).max().unwrap_or(0)];
        for first in firsts {
            long[first.len()].push((letters(first), first.clone()));
        }
        by_first.values_mut().for_each(|phrases| phrases.sort_by_key(|(parts, _)| std::cmp::Reverse(parts.len())));
        Self { by_first, long }
    }

    /// The phrase that begins at word `i`: its meaning and how many words it takes.
    pub(super) fn at(&self, words: &Words, i: usize) -> Option<(T, usize)> {
        let first = words.shape(i)?;
        let exact = self.by_first.get(first).and_then(|phrases| longest(phrases, words, i));
        // words that are one letter away and mean something else
        let everyday = matches!(first, "message" | "passage" | "therapist" | "pregnant");
        if exact.is_some() || everyday || first.len() < LONG || first.bytes().any(|byte| byte.is_ascii_digit()) {
            return exact;
        }
        // one damaged letter in a long word: at most one letter gone and one come
        let own = letters(first);
        let known = self.long.iter().skip(first.len() - 1).take(3).flatten();
        let near = known.filter(|(of_it, known)| (own ^ of_it).count_ones() <= 2 && one_letter_apart(known, first));
        let mut near: Vec<&String> = near.map(|(_, known)| known).collect();
        near.sort_unstable();
        near.into_iter().filter_map(|near| self.by_first.get(near)).find_map(|phrases| longest(phrases, words, i))
    }
}

fn longest<T: Clone>(phrases: &[(Vec<String>, T)], words: &Words, i: usize) -> Option<(T, usize)> {
    let fits = |parts: &[String]| {
        parts.iter().enumerate().skip(1).all(|(offset, part)| {
            words
                .shape(i + offset)
                .is_some_and(|shape| shape == part || LONG <= part.len() && one_letter_apart(part, shape))
        })
    };
    phrases.iter().find(|(parts, _)| fits(parts)).map(|(parts, meaning)| (meaning.clone(), parts.len()))
}

/// One letter is changed, lost or added.
fn one_letter_apart(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let shorter = a.len().min(b.len());
    let same_start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let same_end = a.iter().rev().zip(b.iter().rev()).take(shorter - same_start).take_while(|(a, b)| a == b).count();
    a.len().max(b.len()) - same_start - same_end == 1
}
