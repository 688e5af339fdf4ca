//! In: tokens. Out: the parts they form, from left to right, and the words that form none.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::aside::{self, aside, delegated, earlier, recheck, validity};
use super::counts::{begins_limit, count, phrase_at};
use super::element::{Part, Placed};
use super::extent::{self, extent, minutes, minutes_a_period, total, units};
use super::latin;
use super::rate::{self, rate, refused};
use super::token::{Kind, Token};
use super::words;

/// All parts, and the tokens that were not understood.
pub(super) fn parts(tokens: &[Token]) -> (Vec<Placed>, Vec<usize>) {
    let mut found = Vec::new();
    let mut left = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let here = tokens.get(i).filter(|token| may_begin(token)).and_then(|_| part(tokens, i));
        if cfg!(test) {
            assert_eq!(here, part(tokens, i), "a part begins with what `may_begin` does not know");
        }
        if let Some(parts) = here {
            let end = parts.iter().map(|placed| placed.tokens.end).max().unwrap_or(i + 1).max(i + 1);
            found.extend(parts);
            i = end;
            continue;
        }
        match tokens.get(i).map(|token| &token.kind) {
            Some(Kind::Word(word)) if !words::is_filler(word) => left.push(i),
            Some(Kind::Number(_)) => left.push(i),
            _ => {}
        }
        i += 1;
    }
    (found, left)
}

/// The part that begins at token `i`, or two of them.
fn part(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    refused(tokens, i).or_else(|| phrase(tokens, i)).map(|placed| vec![placed]).or_else(|| measured(tokens, i))
}

/// Whether a part may begin with a token. Most words of a page begin none, and no rule need be tried at them.
fn may_begin(token: &Token) -> bool {
    static WORDS: LazyLock<FxHashSet<&str>> = LazyLock::new(|| {
        let lists = aside::BEGINNINGS.iter().chain(&rate::BEGINNINGS).chain(&extent::BEGINNINGS).chain(&BEGINNINGS);
        let listed = LISTED.iter().filter_map(|(phrase, _)| phrase.first());
        lists.copied().flatten().chain(listed).copied().collect()
    });
    let word = match &token.kind {
        Kind::Word(word) => word.as_str(),
        Kind::Line => return false,
        Kind::Sign(sign) => return BEGINNING_SIGNS.contains(sign),
        Kind::Number(_) | Kind::Other | Kind::Day(_) => return true,
    };
    token.also.is_some()
        || token.two_ways.is_some()
        || WORDS.contains(word)
        || begins_limit(word)
        || words::count(word).is_some()
        || words::ordinal(word).is_some()
        || words::unit(word, false).is_some()
        || words::adverb(word).is_some()
        || words::weekday(word, true).is_some()
        || !words::weekdays(word).is_empty()
        || words::is_times(word)
        || words::is_visit(word)
        || extent::is_minute(word)
        || latin::is_latin(word)
}

/// The words with which the parts of this file begin.
const BEGINNINGS: [&[&str]; 5] = [&AS_NEEDED, &UNTIL, &FROM, &EVALUATE, &THEN];
const AS_NEEDED: [&str; 8] = ["prn", "prm", "prin", "p", "as", "when", "if", "where"];
const UNTIL: [&str; 12] =
    ["until", "till", "through", "thru", "expires", "expiration", "exp", "ending", "ends", "end", "by", "expiry"];
const FROM: [&str; 9] = ["start", "starts", "starting", "begin", "beginning", "begins", "effective", "valid", "from"];
const EVALUATE: [&str; 5] = ["eval", "evaluate", "evaluation", "e", "assess"];
const THEN: [&str; 17] = [
    "then",
    "thereafter",
    "afterwards",
    "afterward",
    "subsequently",
    "and",
    "followed",
    "tapering",
    "decreasing",
    "taper",
    "decrease",
    "reducing",
    "reduce",
    "down",
    "weaning",
    "progressing",
    "or",
];
/// The signs with which a part may begin.
const BEGINNING_SIGNS: [char; 8] = ['#', '(', '>', '@', '%', '+', '=', '.'];

fn measured(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    let one = |placed: Placed| vec![placed];
    procedure(tokens, i)
        .or_else(|| minutes(tokens, i).map(one))
        .or_else(|| minutes_a_period(tokens, i))
        .or_else(|| units(tokens, i).map(one))
        .or_else(|| rate(tokens, i))
        .or_else(|| bare_product(tokens, i))
        .or_else(|| total(tokens, i).map(one))
        .or_else(|| extent(tokens, i).map(one))
}

fn word(tokens: &[Token], i: usize) -> Option<&str> {
    tokens.get(i).and_then(Token::word)
}

fn placed(part: Part, tokens: std::ops::Range<usize>) -> Placed {
    Placed { part, tokens, doubt: None, review: None, inherited: false }
}

/// "97124 x 4": units, not weeks.
fn procedure(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    tokens.get(i).filter(|token| token.kind == Kind::Other && token.span.len() == 5)?;
    let mut out = vec![placed(Part::Procedure, i..i + 1)];
    if word(tokens, i + 1) == Some("x")
        && let Some(found) = count(tokens, i + 2)
    {
        let next = word(tokens, found.next);
        let unit = matches!(next, Some("unit" | "units" | "u"));
        let other = next.is_some_and(|w| {
            words::unit(w, false).is_some()
                || words::is_times(w)
                || words::is_visit(w)
                || matches!(w, "per" | "min" | "mins" | "minutes" | "a")
        }) || tokens.get(found.next).is_some_and(|t| t.sign('/'));
        if !other && found.count.most() <= 8 {
            out.push(placed(Part::Units(found.count.most()), i + 1..found.next + usize::from(unit)));
        }
    }
    Some(out)
}

/// "2-3 x 4-6" and "2 x 6" in a frequency slot: so many a week for so many weeks.
fn bare_product(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    use super::element::{Extent, Rate};
    use crate::model::PeriodUnit;
    let a = count(tokens, i)?;
    if word(tokens, a.next) != Some("x") || a.adverbial {
        return None;
    }
    let b = count(tokens, a.next + 1)?;
    let behind = word(tokens, b.next);
    let more = behind.is_some_and(|w| {
        words::is_times(w)
            || words::is_visit(w)
            || words::unit(w, true).is_some()
            || words::adverb(w).is_some()
            || matches!(
                w,
                "min" | "mins" | "minutes" | "hr" | "hour" | "hours" | "unit" | "units" | "per" | "a" | "each"
            )
    }) || tokens.get(b.next).is_some_and(|t| t.sign('/') || t.sign('%'));
    let named = behind
        .and_then(|w| words::unit(w, true))
        .filter(|unit| *unit == PeriodUnit::Week || *unit == PeriodUnit::Month);
    let (low, high) = (b.count.low?, b.count.high?);
    if (more && named.is_none()) || 7 < a.count.most() || 52 < high {
        return None;
    }
    let next = b.next + usize::from(named.is_some());
    let per_month = tokens.get(next).is_some_and(|t| t.sign('/') || t.is("per"));
    if per_month {
        return None;
    }
    let both_single = a.count.low == a.count.high && low == high;
    let rate = Rate { count: a.count, period: 1, period_max: None, unit: Some(PeriodUnit::Week), days: Vec::new() };
    let extent = Extent { low, high, unit: Some(named.unwrap_or(PeriodUnit::Week)), at_most: false, ordinal: false };
    let mut first = placed(Part::Rate(rate), i..a.next);
    first.inherited = true;
    first.doubt = a.doubt.or(b.doubt).or(both_single.then_some("neither number says what it counts"));
    first.review = a.review.or(b.review);
    Some(vec![first, placed(Part::Extent(extent), a.next..next)])
}

/// Fixed phrases, the longest first within each list.
fn phrase(tokens: &[Token], i: usize) -> Option<Placed> {
    aside(tokens, i)
        .or_else(|| validity(tokens, i))
        .or_else(|| as_needed(tokens, i))
        .or_else(|| delegated(tokens, i))
        .or_else(|| earlier(tokens, i))
        .or_else(|| listed(tokens, i))
        .or_else(|| dates(tokens, i))
        .or_else(|| evaluate(tokens, i))
        .or_else(|| recheck(tokens, i))
        .or_else(|| then(tokens, i))
}

fn as_needed(tokens: &[Token], i: usize) -> Option<Placed> {
    let token = tokens.get(i)?;
    let end = match token.word()? {
        "prn" | "prm" | "prin" => i + 1,
        "p" => {
            let mut at = i;
            for letter in ["p", "r", "n"] {
                if word(tokens, at) != Some(letter) {
                    return None;
                }
                at += 1;
                at += usize::from(tokens.get(at).is_some_and(|t| t.sign('.') && t.glued));
            }
            at
        }
        "as" | "when" | "if" | "where" => {
            let at = i + 1 + usize::from(word(tokens, i + 1) == Some("is"));
            if !matches!(word(tokens, at), Some("needed" | "necessary" | "required" | "nec")) {
                return None;
            }
            at + 1
        }
        _ => return None,
    };
    let mut out = placed(Part::AsNeeded, i..end);
    if token.is("prm") || token.is("prin") {
        out.review = Some("PRN was mended");
    }
    Some(out)
}

type Listed = (&'static [&'static str], Part);

const LISTED: &[Listed] = &[
    (&["at", "the", "discretion", "of"], Part::Delegated),
    (&["at", "therapist", "discretion"], Part::Delegated),
    (&["discretion", "of"], Part::Delegated),
    (&["therapists", "discretion"], Part::Delegated),
    (&["therapist", "discretion"], Part::Delegated),
    (&["per", "therapist"], Part::Delegated),
    (&["per", "lmt"], Part::Delegated),
    (&["therapist", "to", "determine"], Part::Delegated),
    (&["therapist", "determines"], Part::Delegated),
    (&["lmt", "to", "determine"], Part::Delegated),
    (&["determined", "by", "therapist"], Part::Delegated),
    (&["determined", "by", "lmt"], Part::Delegated),
    (&["as", "you", "see", "fit"], Part::Delegated),
    (&["lmt", "discretion"], Part::Delegated),
    (&["discretion"], Part::Delegated),
    (&["per", "treating", "therapist"], Part::Delegated),
    (&["per", "massage", "therapist"], Part::Delegated),
    (&["per", "therapist"], Part::Delegated),
    (&["per", "lmt"], Part::Delegated),
    (&["per", "pt"], Part::Delegated),
    (&["up", "to", "the", "therapist"], Part::Delegated),
    (&["up", "to", "therapist"], Part::Delegated),
    (&["up", "to", "lmt"], Part::Delegated),
    (&["therapist", "to", "determine"], Part::Delegated),
    (&["therapist", "to", "decide"], Part::Delegated),
    (&["lmt", "to", "determine"], Part::Delegated),
    (&["determined", "by", "therapist"], Part::Delegated),
    (&["determined", "by", "the", "therapist"], Part::Delegated),
    (&["determined", "by", "lmt"], Part::Delegated),
    (&["as", "therapist", "sees", "fit"], Part::Delegated),
    (&["therapist", "decides"], Part::Delegated),
    (&["therapists", "judgment"], Part::Delegated),
    (&["therapist", "judgment"], Part::Delegated),
    (&["renew"], Part::Earlier),
    (&["renewal", "of"], Part::Earlier),
    (&["same", "as"], Part::Earlier),
    (&["same", "frequency"], Part::Earlier),
    (&["same", "plan"], Part::Earlier),
    (&["same", "schedule"], Part::Earlier),
    (&["continue", "same"], Part::Earlier),
    (&["continue", "current"], Part::Earlier),
    (&["continue", "present"], Part::Earlier),
    (&["continue", "existing"], Part::Earlier),
    (&["continue", "previous"], Part::Earlier),
    (&["continue", "as", "before"], Part::Earlier),
    (&["continue", "as", "previously"], Part::Earlier),
    (&["continue", "as", "ordered"], Part::Earlier),
    (&["continue", "plan"], Part::Earlier),
    (&["continue", "per"], Part::Earlier),
    (&["continue", "with", "current"], Part::Earlier),
    (&["continue", "with", "same"], Part::Earlier),
    (&["continue", "with", "the", "current"], Part::Earlier),
    (&["continue", "the", "current"], Part::Earlier),
    (&["as", "before"], Part::Earlier),
    (&["as", "previously"], Part::Earlier),
    (&["per", "previous"], Part::Earlier),
    (&["per", "prior"], Part::Earlier),
    (&["per", "last"], Part::Earlier),
    (&["per", "current"], Part::Earlier),
    (&["per", "plan", "of", "care"], Part::Earlier),
    (&["per", "poc"], Part::Earlier),
    (&["per", "treatment", "plan"], Part::Earlier),
    (&["see", "attached"], Part::Earlier),
    (&["see", "previous"], Part::Earlier),
    (&["see", "prior"], Part::Earlier),
    (&["see", "plan", "of", "care"], Part::Earlier),
    (&["see", "plan"], Part::Earlier),
    (&["no", "change"], Part::Earlier),
    (&["no", "changes"], Part::Earlier),
    (&["unchanged"], Part::Earlier),
    (&["as", "directed"], Part::Vague),
    (&["as", "tolerated"], Part::Vague),
    (&["as", "able"], Part::Vague),
    (&["as", "indicated"], Part::Vague),
    (&["regular"], Part::Vague),
    (&["regularly"], Part::Vague),
    (&["several"], Part::Vague),
    (&["few"], Part::Vague),
    (&["couple"], Part::Vague),
    (&["frequent"], Part::Vague),
    (&["frequently"], Part::Vague),
    (&["occasional"], Part::Vague),
    (&["occasionally"], Part::Vague),
    (&["periodic"], Part::Vague),
    (&["periodically"], Part::Vague),
    (&["routine"], Part::Vague),
    (&["multiple"], Part::Vague),
    (&["until", "resolved"], Part::OpenEnd),
    (&["until", "resolution"], Part::OpenEnd),
    (&["until", "mmi"], Part::OpenEnd),
    (&["until", "further", "notice"], Part::OpenEnd),
    (&["until", "discharged"], Part::OpenEnd),
    (&["until", "discharge"], Part::OpenEnd),
    (&["until", "symptoms"], Part::OpenEnd),
    (&["until", "better"], Part::OpenEnd),
    (&["until", "pain"], Part::OpenEnd),
    (&["until", "goals"], Part::OpenEnd),
    (&["until", "released"], Part::OpenEnd),
    (&["until", "cleared"], Part::OpenEnd),
    (&["until", "healed"], Part::OpenEnd),
    (&["until", "recovered"], Part::OpenEnd),
    (&["until", "recovery"], Part::OpenEnd),
    (&["until", "improved"], Part::OpenEnd),
    (&["until", "fully"], Part::OpenEnd),
    (&["until", "full"], Part::OpenEnd),
    (&["until", "maximum"], Part::OpenEnd),
    (&["until", "seen"], Part::OpenEnd),
    (&["ongoing"], Part::OpenEnd),
    (&["indefinite"], Part::OpenEnd),
    (&["indefinitely"], Part::OpenEnd),
    (&["long", "term"], Part::OpenEnd),
    (&["lifetime"], Part::OpenEnd),
    (&["with", "no", "expiration"], Part::NoExpiry),
    (&["no", "expiration"], Part::NoExpiry),
    (&["without", "expiration"], Part::NoExpiry),
    (&["does", "not", "expire"], Part::NoExpiry),
    (&["no", "end", "date"], Part::NoExpiry),
];

fn listed(tokens: &[Token], i: usize) -> Option<Placed> {
    static BY_FIRST: LazyLock<BTreeMap<&str, Vec<&Listed>>> = LazyLock::new(|| {
        let mut by_first: BTreeMap<&str, Vec<&Listed>> = BTreeMap::new();
        for entry in LISTED {
            by_first.entry(entry.0.first().copied().unwrap_or_default()).or_default().push(entry);
        }
        by_first
    });
    let candidates = BY_FIRST.get(word(tokens, i)?)?;
    let fits = candidates.iter().filter(|(phrase, _)| phrase_at(tokens, i, phrase));
    let (phrase, part) = fits.max_by_key(|(phrase, _)| phrase.len())?;
    Some(placed(part.clone(), i..i + phrase.len()))
}

fn evaluate(tokens: &[Token], i: usize) -> Option<Placed> {
    let first = word(tokens, i)?;
    if !EVALUATE.contains(&first) {
        return None;
    }
    let mut at = i + 1;
    at += usize::from(tokens.get(at).is_some_and(|t| t.sign('.')));
    if !(tokens.get(at).is_some_and(|t| t.sign('&') || t.sign('/') || t.sign('+')) || word(tokens, at) == Some("and")) {
        return None;
    }
    at += 1;
    let tight = first == "e" && word(tokens, at) == Some("t");
    (tight || word(tokens, at).is_some_and(|w| matches!(w, "treat" | "tx" | "treatment" | "trt")))
        .then(|| placed(Part::EvaluateAndTreat, i..at + 1))
}

/// "until 12/14/26", "start 11/2/26", "valid 11/02/2026-01/31/2027", "expires: 02/01/2027".
fn dates(tokens: &[Token], i: usize) -> Option<Placed> {
    if let Some(Kind::Day(_)) = tokens.get(i).map(|t| &t.kind) {
        // the second day of "from - to"
        let joined = i
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|t| t.sign('-') || t.is("to") || t.is("through") || t.is("thru"));
        let after_day =
            i.checked_sub(2).and_then(|before| tokens.get(before)).is_some_and(|t| matches!(t.kind, Kind::Day(_)));
        let to = i + 1;
        let opens = tokens.get(to).is_some_and(|t| t.sign('-') || t.is("to") || t.is("through") || t.is("thru"))
            && tokens.get(to + 1).is_some_and(|t| matches!(t.kind, Kind::Day(_)));
        let Some(Kind::Day(day)) = tokens.get(i).map(|t| t.kind.clone()) else { return None };
        return Some(placed(
            if joined && after_day {
                Part::Until(day)
            } else if opens {
                Part::From(day)
            } else {
                Part::Day
            },
            i..i + 1,
        ));
    }
    let lead = word(tokens, i)?;
    let until = UNTIL.contains(&lead);
    if !until && !FROM.contains(&lead) {
        return None;
    }
    let mut at = i + 1;
    while at < i + 4
        && (word(tokens, at).is_some_and(|w| matches!(w, "date" | "on" | "from" | "thru" | "through" | "until"))
            || tokens.get(at).is_some_and(|t| t.sign(':')))
    {
        at += 1;
    }
    let Some(Kind::Day(day)) = tokens.get(at).map(|t| t.kind.clone()) else { return None };
    let ends =
        until || tokens.get(at.saturating_sub(1)).is_some_and(|t| t.is("through") || t.is("until") || t.is("thru"));
    Some(placed(if ends { Part::Until(day) } else { Part::From(day) }, i..at + 1))
}

fn then(tokens: &[Token], i: usize) -> Option<Placed> {
    if tokens.get(i)?.sign('>') {
        return Some(placed(Part::Then, i..i + 1));
    }
    let len = match word(tokens, i)? {
        "then" | "thereafter" | "afterwards" | "afterward" | "subsequently" => 1,
        "and" if word(tokens, i + 1) == Some("then") => 2,
        "followed" if word(tokens, i + 1) == Some("by") => 2,
        "tapering" | "decreasing" | "taper" | "decrease" | "reducing" | "reduce" | "down" | "weaning"
        | "progressing" => 1 + usize::from(word(tokens, i + 1) == Some("to")),
        "or" => return Some(placed(Part::Or, i..i + 1)),
        _ => return None,
    };
    Some(placed(Part::Then, i..i + len))
}
