//! In: text, and the words of `[areas]` in the rule files. Out: the body areas it names, with their side.

use std::collections::BTreeMap;
use std::ops::Range;

use super::phrase::{Phrases, Word, Words};

/// Left, right or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
    /// Both.
    Both,
}

/// A body area in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaHit {
    /// The plain word of the rule files for it ("neck", "lower back").
    pub area: String,
    /// The side that stands before or behind it.
    pub side: Option<Side>,
    /// Where it stands.
    pub span: Range<usize>,
    /// It is left out: "avoid low back", "full body except neck".
    pub barred: bool,
}

/// A word that leaves an area out stands at most so many words before it.
const BARRED_WORDS: usize = 4;

/// The words of `[areas]`, made ready for use.
pub(in crate::rules) struct Areas {
    phrases: Phrases<String>,
}

impl Areas {
    pub(in crate::rules) fn new(areas: &BTreeMap<String, Vec<String>>) -> Self {
        let each = |(area, list): (&'_ String, &'_ Vec<String>)| {
            let pairs = list.iter().map(|phrase| (phrase.clone(), area.clone()));
            pairs.collect::<Vec<_>>()
        };
        let all: Vec<(String, String)> = areas.iter().flat_map(each).collect();
        Self { phrases: Phrases::new(all.iter().map(|(phrase, area)| (phrase.as_str(), area.clone()))) }
    }

    /// All body areas of `text`, from left to right.
    pub(in crate::rules) fn find(&self, text: &str) -> Vec<AreaHit> {
        let words = Words::new(text);
        let mut hits = Vec::new();
        let mut i = 0;
        while i < words.len() {
            let Some((area, taken)) = self.phrases.at(&words, i) else {
                i += 1;
                continue;
            };
            if let (Some(first), Some(last)) = (words.get(i), words.get(i + taken - 1)) {
                let before = i.checked_sub(1).and_then(|before| words.get(before)).filter(|_| !first.new_clause);
                let behind = words.get(i + taken).filter(|word| !word.new_clause && bracketed(text, &last, word));
                // "neck, R shoulder": the side is that of the shoulder
                let behind = behind.filter(|_| self.phrases.at(&words, i + taken + 1).is_none());
                // "Shoulder  R  L": a form that lets the side be chosen says none
                let is_choice = |at: usize| words.get(at).and_then(|word| side(&word)).is_some();
                let behind = behind.filter(|word| side(word).is_none() || !is_choice(i + taken + 1));
                let side = before.and_then(|word| side(&word)).or_else(|| behind.and_then(|word| side(&word)));
                hits.push(AreaHit { area, side, span: first.span.start..last.span.end, barred: is_barred(&words, i) });
            }
            i += taken;
        }
        hits
    }
}

/// Whether a word of a part of a text is a side.
pub(in crate::rules) fn names_a_side(words: &Words, part: &Range<usize>) -> bool {
    words.within(part).any(|word| side(&word).is_some())
}

/// "avoid low back", "no pressure on the hip", "except neck"; "avoid deep pressure, treat neck" leaves nothing out.
fn is_barred(words: &Words, at: usize) -> bool {
    let clause = (0..=at).rev().take_while(|i| *i == at || words.get(i + 1).is_some_and(|next| !next.new_clause));
    let before = clause.skip(1).take(BARRED_WORDS).filter_map(|i| words.get(i)).map(|word| word.lower);
    let mut before =
        before.take_while(|word| !matches!(*word, "treat" | "focus" | "massage" | "work" | "only" | "but" | "then"));
    before.any(|word| matches!(word, "avoid" | "except" | "excluding" | "not" | "no" | "without" | "omit"))
}

/// "shoulder (L)", "shoulder, left".
fn bracketed(text: &str, area: &Word, next: &Word) -> bool {
    text.get(area.span.end..next.span.start).is_some_and(|gap| gap.contains(['(', ',', '-']) || next.lower.len() == 1)
}

fn side(word: &Word) -> Option<Side> {
    match word.lower {
        "left" | "lt" | "l" => Some(Side::Left),
        "right" | "rt" | "r" => Some(Side::Right),
        "bilateral" | "bilat" | "both" | "b" => Some(Side::Both),
        _ => None,
    }
}
