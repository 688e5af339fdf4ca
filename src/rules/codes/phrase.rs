//! Phrases of a fixed list in running text, tolerant of what OCR does to letters; linear in the text.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// A word of the text, lower case and folded, where it stands.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) shape: String,
    pub(super) lower: String,
    pub(super) span: Range<usize>,
    /// A full stop, a line's end or a semicolon stands before it.
    pub(super) new_clause: bool,
}

/// The words of a text.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut start = None;
    let mut ends = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() || (c == '\'' && start.is_some()) {
            start.get_or_insert(at);
            continue;
        }
        if let Some(from) = start.take() {
            let lower = text.get(from..at).unwrap_or_default().trim_end_matches('\'').to_lowercase();
            out.push(Word { shape: shape(&lower), lower, span: from..at, new_clause: ends });
            ends = false;
        }
        ends |= matches!(c, '.' | ';' | '\n' | '•' | '☐' | '☒' | '☑' | '[' | ']');
    }
    out
}

/// Letters that OCR mixes up become one; "massages" and "massage" are one.
fn shape(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        folded.push(match letter {
            'r' if letters.next_if_eq(&'n').is_some() => 'm',
            'v' if letters.next_if_eq(&'v').is_some() => 'w',
            '1' | 'i' | '|' | '!' => 'l',
            '0' => 'o',
            '5' => 's',
            'q' => 'g',
            letter => letter,
        });
    }
    let is_plural = folded.strip_suffix('s').is_some_and(|stem| 4 <= stem.len() && !stem.ends_with('s'));
    if is_plural {
        folded.pop();
    }
    folded
}

/// A list of phrases, each with what it means.
pub(super) struct Phrases<T> {
    by_first: FxHashMap<String, Vec<(Vec<String>, T)>>,
    /// First words in which a letter may be damaged, in the order of the alphabet.
    long: Vec<String>,
    /// Their places in `long` by their length, and their first or last letter.
    by_end: FxHashMap<(usize, End), Vec<usize>>,
}

/// The first or the last byte of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum End {
    Head(u8),
    Tail(u8),
}

fn ends(word: &str) -> impl Iterator<Item = End> {
    let (head, tail) = (word.bytes().next(), word.bytes().next_back());
    head.map(End::Head).into_iter().chain(tail.map(End::Tail))
}

impl<T: Clone> Phrases<T> {
    /// From phrases with their meanings; within one first word the longest is tried first.
    pub(super) fn new<'a>(phrases: impl Iterator<Item = (&'a str, T)>) -> Self {
        let mut by_first: FxHashMap<String, Vec<(Vec<String>, T)>> = FxHashMap::default();
        for (phrase, meaning) in phrases {
            let parts: Vec<String> = words(phrase).into_iter().map(|word| word.shape).collect();
            if let Some(first) = parts.first() {
                by_first.entry(first.clone()).or_default().push((parts, meaning));
            }
        }
        let mut long: Vec<String> = by_first.keys().filter(|first| 6 <= first.len()).cloned().collect();
        long.sort();
        let mut by_end: FxHashMap<(usize, End), Vec<usize>> = FxHashMap::default();
        for (at, word) in long.iter().enumerate() {
            ends(word).for_each(|end| by_end.entry((word.len(), end)).or_default().push(at));
        }
        by_first.values_mut().for_each(|phrases| phrases.sort_by_key(|(parts, _)| std::cmp::Reverse(parts.len())));
        Self { by_first, long, by_end }
    }

    /// The phrase that begins at word `i`: its meaning and how many words it takes.
    pub(super) fn at(&self, words: &[Word], i: usize) -> Option<(T, usize)> {
        let first = &words.get(i)?.shape;
        let exact = self.by_first.get(first).and_then(|phrases| longest(phrases, words, i));
        // words that are one letter away and mean something else
        let everyday = matches!(first.as_str(), "message" | "passage" | "therapist" | "pregnant");
        if exact.is_some() || everyday || first.len() < 6 || first.chars().any(|c| c.is_ascii_digit()) {
            return exact;
        }
        // one damaged letter in a long word: of two words one letter apart the first or the last letters are one
        let lengths = first.len() - 1..=first.len() + 1;
        let places = lengths.flat_map(|length| ends(first).filter_map(move |end| self.by_end.get(&(length, end))));
        let mut near: Vec<usize> =
            places.flatten().copied().filter(|at| one_letter_apart(&self.long[*at], first)).collect();
        near.sort_unstable();
        near.dedup();
        let near = near.into_iter().filter_map(|at| self.by_first.get(&self.long[at]));
        near.into_iter().find_map(|phrases| longest(phrases, words, i))
    }
}

fn longest<T: Clone>(phrases: &[(Vec<String>, T)], words: &[Word], i: usize) -> Option<(T, usize)> {
    let fits = |parts: &[String]| {
        parts.iter().enumerate().skip(1).all(|(offset, part)| {
            words
                .get(i + offset)
                .is_some_and(|word| word.shape == *part || 6 <= part.len() && one_letter_apart(part, &word.shape))
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
