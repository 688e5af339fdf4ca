//! Counts and their ranges: "2", "two (2)", "1-2", "once or twice", "up to 3", "G" for 6 where a count is expected.

use super::element::Count;
use super::token::{Kind, Token};
use super::words;

/// A count and where it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    pub(super) count: Count,
    pub(super) next: usize,
    /// "once", "twice": needs no "times".
    pub(super) adverbial: bool,
    pub(super) doubt: Option<&'static str>,
    pub(super) review: Option<&'static str>,
}

/// A count at token `i`, a range or one number.
pub(super) fn count(tokens: &[Token], i: usize) -> Option<Counted> {
    let (limit, start) = limit(tokens, i);
    let first = single(tokens, start)?;
    let mut counted = first;
    if let Some((high, review)) = range_end(tokens, &first) {
        let (low, most) = (first.count.low?, high.count.high?);
        if low < most {
            counted = Counted {
                count: Count { low: Some(low), high: Some(most) },
                review: review.or(first.review),
                doubt: first.doubt.or(high.doubt),
                ..high
            };
        }
    }
    match limit {
        Limit::None => {}
        Limit::Most => counted.count.low = None,
        Limit::Least => counted.count.high = None,
    }
    Some(counted)
}

/// Whether a limit before a count may begin with a word.
pub(super) fn begins_limit(word: &str) -> bool {
    matches!(word, "up" | "no" | "not" | "nte" | "at" | "maximum" | "max" | "a" | "minimum")
}

enum Limit {
    None,
    Most,
    Least,
}

fn limit(tokens: &[Token], i: usize) -> (Limit, usize) {
    const MOST: &[&[&str]] = &[
        &["up", "to", "a", "maximum", "of"],
        &["up", "to"],
        &["no", "more", "than"],
        &["not", "more", "than"],
        &["not", "to", "exceed"],
        &["nte"],
        &["at", "most"],
        &["maximum", "of"],
        &["max", "of"],
        &["maximum"],
        &["max"],
    ];
    const LEAST: &[&[&str]] = &[
        &["at", "least"],
        &["no", "less", "than"],
        &["no", "fewer", "than"],
        &["not", "less", "than"],
        &["a", "minimum", "of"],
        &["minimum", "of"],
        &["minimum"],
    ];
    let i = if tokens.get(i).is_some_and(|t| t.is("a")) && tokens.get(i + 1).is_some_and(|t| t.is("maximum")) {
        i + 1
    } else {
        i
    };
    if !tokens.get(i).and_then(Token::word).is_some_and(begins_limit) {
        return (Limit::None, i);
    }
    for (phrases, limit) in [(MOST, Limit::Most), (LEAST, Limit::Least)] {
        for phrase in phrases {
            if phrase_at(tokens, i, phrase) {
                let next = i + phrase.len();
                let next = next + usize::from(tokens.get(next).is_some_and(|t| t.sign('.') || t.sign(':')));
                return (limit, next);
            }
        }
    }
    (Limit::None, i)
}

/// Whether the words stand at token `i`, one after the other.
pub(super) fn phrase_at(tokens: &[Token], i: usize, phrase: &[&str]) -> bool {
    phrase.iter().enumerate().all(|(offset, word)| tokens.get(i + offset).is_some_and(|token| token.is(word)))
}

fn single(tokens: &[Token], i: usize) -> Option<Counted> {
    let open = tokens.get(i)?.sign('(');
    let start = if open { i + 1 } else { i };
    let token = tokens.get(start)?;
    let mut doubt = token.digit_mended.then_some("a digit was read as a letter");
    let mut adverbial = false;
    let n = match &token.kind {
        Kind::Number(n) => *n,
        Kind::Word(word) => match words::count(word) {
            Some(n) if 0 < n => {
                adverbial = words::is_adverbial_count(word);
                n
            }
            _ => {
                // a lone letter is a count only right before what is counted, or in a range
                let n = token.also?;
                let next = tokens.get(start + 1)?;
                let counted = next.word().is_some_and(|w| words::is_times(w) || words::unit(w, false).is_some());
                let ranged = next.sign('-') && tokens.get(start + 2).is_some_and(|t| matches!(t.kind, Kind::Number(_)));
                if !(counted || ranged || (next.sign('/') && unit_at(tokens, start + 2))) {
                    return None;
                }
                doubt = Some("a digit was read as a letter");
                n
            }
        },
        _ => return None,
    };
    if n == 0 {
        return None;
    }
    let mut next = start + 1;
    // "two (2)", "2 (two)"
    if !open
        && tokens.get(next).is_some_and(|t| t.sign('('))
        && let (Some(same), true) = (tokens.get(next + 1), tokens.get(next + 2).is_some_and(|t| t.sign(')')))
    {
        let said = match &same.kind {
            Kind::Number(n) => Some(*n),
            Kind::Word(word) => words::count(word).or(same.also),
            _ => None,
        };
        if let Some(said) = said {
            if said != n {
                doubt = Some("the number in words and the number in digits differ");
            }
            next += 3;
        }
    }
    if open {
        if tokens.get(next).is_some_and(|t| t.sign(')')) {
            next += 1;
        } else {
            // "(2 x per week)": the bracket belongs to the whole phrase
            return None;
        }
    }
    Some(Counted { count: Count::exactly(n), next, adverbial, doubt, review: None })
}

fn unit_at(tokens: &[Token], i: usize) -> bool {
    tokens.get(i).and_then(Token::word).is_some_and(|word| words::unit(word, true).is_some())
}

/// The upper end behind "-", "to", "or"; also "2x-3x", "2x to 3x".
fn range_end(tokens: &[Token], first: &Counted) -> Option<(Counted, Option<&'static str>)> {
    let mut i = first.next;
    let times = tokens.get(i).and_then(Token::word).is_some_and(|word| words::is_times(word) && word != "time");
    if times {
        i += 1;
    }
    let join = tokens.get(i)?;
    let mut review = None;
    let joined = join.sign('-')
        || join.is("to")
        || join.is("or")
        || (join.sign('.') && join.glued && !times && {
            review = Some("a dot between two numbers was taken for a dash");
            tokens.get(i + 1).is_some_and(|t| t.glued)
        });
    if !joined {
        return None;
    }
    let mut at = i + 1;
    while tokens.get(at).is_some_and(|t| t.sign('-') || t.is("to")) && join.sign('-') {
        at += 1;
    }
    let high = single(tokens, at)?;
    // "1-2x": what follows is left to the caller
    Some((high, review))
}
