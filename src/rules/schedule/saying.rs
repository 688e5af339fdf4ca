//! In: tokens, and the words of `[[field."frequency".say]]` and `.refuse]]`. Out: the tokens with what the clinic says of them:
//! other words in the place of those that it writes in its own way, and a mark where words have two meanings.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::token::{Kind, Token, tokens};

/// What a clinic says of the words of frequencies.
#[derive(Debug, Clone, Default)]
pub(in crate::rules) struct Sayings {
    /// By their first word, number or sign, the longest first; of two of one length, what is said goes before what is refused.
    by_first: FxHashMap<String, Vec<Saying>>,
    /// A bit for each letter from a to z with which one of them begins: most words of a page are turned away by it.
    initials: u32,
}

#[derive(Debug, Clone)]
struct Saying {
    parts: Vec<Kind>,
    becomes: Becomes,
}

#[derive(Debug, Clone)]
enum Becomes {
    /// These words stand in their place.
    Words(Vec<Token>),
    /// They have two meanings; the sentence says which.
    TwoWays(Arc<str>),
}

impl Sayings {
    /// `phrase` is written for `means`.
    pub(in crate::rules) fn say(&mut self, phrase: &str, means: &str) {
        self.add(phrase, Becomes::Words(tokens(means)));
    }

    /// `phrase` has two meanings, as `tell` says.
    pub(in crate::rules) fn refuse(&mut self, phrase: &str, tell: &str) {
        self.add(phrase, Becomes::TwoWays(tell.into()));
    }

    /// Whether any words are refused.
    pub(in crate::rules) fn refuses(&self) -> bool {
        self.by_first.values().flatten().any(|saying| matches!(saying.becomes, Becomes::TwoWays(_)))
    }

    /// Whether any of its words stands in a text.
    pub(in crate::rules) fn stands_in(&self, phrase: &str, text: &str) -> bool {
        let mut own = Self::default();
        own.refuse(phrase, "");
        let tokens = tokens(text);
        (0..tokens.len()).any(|at| own.at(&tokens, at).is_some())
    }

    /// Whether a phrase is made of what can be told: words, numbers of up to three digits, signs.
    pub(in crate::rules) fn can_tell(phrase: &str) -> bool {
        parts(phrase).is_some_and(|parts| !parts.is_empty())
    }

    fn add(&mut self, phrase: &str, becomes: Becomes) {
        let Some(parts) = parts(phrase) else { return };
        let Some(first) = parts.first().and_then(key) else { return };
        self.initials |= initial(&first);
        let of_first = self.by_first.entry(first.into_owned()).or_default();
        of_first.push(Saying { parts, becomes });
        let is_refused = |saying: &Saying| matches!(saying.becomes, Becomes::TwoWays(_));
        of_first.sort_by_key(|saying| (std::cmp::Reverse(saying.parts.len()), is_refused(saying)));
    }

    /// The saying whose words stand at `at`, and how many tokens they take.
    fn at(&self, tokens: &[Token], at: usize) -> Option<(&Saying, usize)> {
        let first = tokens.get(at).filter(|token| token.word().is_some() || self.initials & NO_LETTER != 0)?;
        let first = key(&first.kind)?;
        let of_first = (self.initials & initial(&first) != 0).then(|| self.by_first.get(first.as_ref()))??;
        of_first.iter().find_map(|saying| {
            let mut end = at;
            for (place, part) in saying.parts.iter().enumerate() {
                // "bi-weekly"
                end += usize::from(place > 0 && tokens.get(end).is_some_and(|token| token.sign('-')));
                if tokens.get(end).is_none_or(|token| token.kind != *part) {
                    return None;
                }
                end += 1;
            }
            Some((saying, end - at))
        })
    }

    /// The tokens of a text, as the clinic says them.
    pub(super) fn tokens(&self, text: &str) -> Vec<Token> {
        let mut read = tokens(text);
        if self.by_first.is_empty() || !(0..read.len()).any(|at| self.at(&read, at).is_some()) {
            return read;
        }
        let mut out = Vec::with_capacity(read.len());
        let mut at = 0;
        while at < read.len() {
            let Some((saying, length)) = self.at(&read, at) else {
                out.push(read[at].clone());
                at += 1;
                continue;
            };
            match &saying.becomes {
                Becomes::TwoWays(why) => {
                    let two_ways = Some((length, why.clone()));
                    read[at].two_ways = two_ways;
                    out.extend_from_slice(&read[at..at + length]);
                }
                Becomes::Words(words) => {
                    // every one of them stands where the written words stand
                    let (first, last) = (&read[at], &read[at + length - 1]);
                    let span = first.span.start..last.span.end;
                    let said = words.iter().enumerate().map(|(place, token)| Token {
                        span: span.clone(),
                        glued: first.glued && place == 0,
                        repair: first.repair.clone().filter(|_| place == 0),
                        ..token.clone()
                    });
                    out.extend(said);
                }
            }
            at += length;
        }
        out
    }
}

/// The bit of a word's first letter; that of words which begin with another sign is the last.
fn initial(word: &str) -> u32 {
    match word.bytes().next() {
        Some(letter @ b'a'..=b'z') => 1 << (letter - b'a'),
        _ => NO_LETTER,
    }
}

const NO_LETTER: u32 = 1 << 31;

/// The parts of a phrase without its dashes, which make no difference; None where one of them looks like no other of its kind.
fn parts(phrase: &str) -> Option<Vec<Kind>> {
    let parts = tokens(phrase).into_iter().filter(|token| !token.sign('-') && token.kind != Kind::Line);
    parts.map(|token| key(&token.kind).is_some().then_some(token.kind)).collect()
}

/// A word, a number or a sign as text.
fn key(kind: &Kind) -> Option<Cow<'_, str>> {
    match kind {
        Kind::Word(word) => Some(Cow::Borrowed(word)),
        Kind::Number(number) => Some(Cow::Owned(number.to_string())),
        Kind::Sign(sign) => Some(Cow::Owned(sign.to_string())),
        Kind::Other | Kind::Line | Kind::Day(_) => None,
    }
}
