//! In: running prose. Out: the schedules that it orders; history, ages, dates and follow-ups are none.

use std::ops::Range;

use super::element::{Part, Placed};
use super::token::{Kind, Token};
use super::{Sayings, Schedule, build, parse, words};

/// Finds schedules anywhere in prose; conservative.
pub(in crate::rules) fn find(text: &str, sayings: &Sayings) -> Vec<Schedule> {
    let tokens = sayings.tokens(text);
    let (mut parts, left) = parse::parts(&tokens);
    // "3306 Division St. #110": a number sign alone counts no visits
    parts.retain(|placed| !is_address(&tokens, placed));
    let mut out = Vec::new();
    for sentence in sentences(&tokens) {
        let first = parts.partition_point(|placed| placed.tokens.start < sentence.start);
        let behind = parts.partition_point(|placed| placed.tokens.start < sentence.end);
        for cluster in clusters(parts.get(first..behind).unwrap_or_default()) {
            if !orders(&tokens, &sentence, cluster) {
                continue;
            }
            let left_first = left.partition_point(|i| *i < sentence.start);
            let left_behind = left.partition_point(|i| *i < sentence.end);
            let left = left.get(left_first..left_behind).unwrap_or_default();
            out.extend(build::build(text, &tokens, cluster, left));
        }
    }
    out
}

/// A number behind its sign, with no word of visits.
fn is_address(tokens: &[Token], placed: &Placed) -> bool {
    let own = tokens.get(placed.tokens.clone()).unwrap_or_default();
    let counts = own.iter().filter_map(Token::word).any(|word| words::is_visit(word) || word == "total");
    matches!(placed.part, Part::Total(_)) && own.first().is_some_and(|token| token.sign('#')) && !counts
}

/// Token ranges of sentences: a full stop before a capital or a line's end, a blank line, a semicolon.
fn sentences(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for i in 0..tokens.len() {
        let Some(token) = tokens.get(i) else { break };
        let next = tokens.get(i + 1);
        let ends = match token.kind {
            Kind::Sign('.' | '?') => {
                let abbreviated =
                    i.checked_sub(1).and_then(|before| tokens.get(before)).and_then(Token::word).is_some_and(|word| {
                        words::unit(word, false).is_some_and(|_| word.len() <= 3)
                            || words::is_visit(word) && word.len() <= 4
                            || matches!(
                                word,
                                "x" | "dr"
                                    | "mr"
                                    | "mrs"
                                    | "ms"
                                    | "no"
                                    | "q"
                                    | "approx"
                                    | "min"
                                    | "mins"
                                    | "hr"
                                    | "hrs"
                                    | "freq"
                                    | "dur"
                                    | "max"
                                    | "p"
                                    | "r"
                                    | "n"
                                    | "b"
                                    | "i"
                                    | "t"
                                    | "w"
                            )
                    });
                let gap = next.is_some_and(|next| !next.glued);
                gap && !abbreviated
            }
            Kind::Line => next.is_some_and(|next| next.kind == Kind::Line),
            _ => false,
        };
        if ends {
            out.push(start..i + 1);
            start = i + 1;
        }
    }
    out.push(start..tokens.len());
    out
}

/// Parts that stand near each other belong together.
fn clusters(parts: &[Placed]) -> Vec<&[Placed]> {
    const APART_TOKENS_MAX: usize = 12;
    let mut out = Vec::new();
    let mut start = 0;
    for i in 1..=parts.len() {
        let near = match (i.checked_sub(1).and_then(|before| parts.get(before)), parts.get(i)) {
            (Some(before), Some(after)) => after.tokens.start.saturating_sub(before.tokens.end) <= APART_TOKENS_MAX,
            _ => false,
        };
        if !near {
            out.extend(parts.get(start..i).filter(|cluster| !cluster.is_empty()));
            start = i;
        }
    }
    out
}

/// Whether the sentence orders what the cluster says.
fn orders(tokens: &[Token], sentence: &Range<usize>, cluster: &[Placed]) -> bool {
    let has = |wanted: fn(&Part) -> bool| cluster.iter().any(|placed| wanted(&placed.part));
    let rate = has(|part| matches!(part, Part::Rate(_) | Part::Refused(_)));
    let total = has(|part| matches!(part, Part::Total(_)));
    if !(rate || total) {
        return false;
    }
    let Some(first) = cluster.first().map(|placed| placed.tokens.start) else { return false };
    let words_of = |range: Range<usize>| tokens.get(range).unwrap_or_default().iter().filter_map(Token::word);
    let all = || words_of(sentence.clone());
    let orders = all().any(is_order);
    let treats = all().any(is_therapy);
    let told = words_of(sentence.start..first).chain(words_of(first..sentence.end)).any(is_history);
    // what stands nearest before it in its line or the one before: the treatment, or a medicine
    let own = line_of(tokens, sentence, cluster);
    let mut before = words_of(line_before(tokens, sentence, &own).start..first);
    let nearest = before.rfind(|word| is_therapy(word) || is_medicine(word));
    let drug = match nearest {
        Some(word) => is_medicine(word),
        None => words_of(own.clone()).any(is_medicine) && !words_of(own).any(is_therapy),
    };
    let exercise = all().any(is_exercise) && !treats;
    if drug || exercise || (told && !orders) {
        return false;
    }
    let rate_with_length = rate && has(|part| matches!(part, Part::Extent(_) | Part::Total(_)));
    // a line that says nothing else is an order line of a pad
    let line = line_of(tokens, sentence, cluster);
    let others = words_of(line)
        .filter(|word| {
            !words::is_filler(word)
                && words::unit(word, true).is_none()
                && words::adverb(word).is_none()
                && words::count(word).is_none()
        })
        .count();
    let bare = others <= 3;
    if history_before(tokens, sentence.start, first) {
        return false;
    }
    (orders && (treats || rate_with_length))
        || (treats && (rate || total))
        || (bare && rate_with_length)
        || (bare && rate && others == 0)
}

/// The line that a cluster stands on, within its sentence.
fn line_of(tokens: &[Token], sentence: &Range<usize>, cluster: &[Placed]) -> Range<usize> {
    let first = cluster.first().map_or(sentence.start, |placed| placed.tokens.start);
    let behind = cluster.last().map_or(sentence.end, |placed| placed.tokens.end);
    let is_line = |at: &usize| tokens.get(*at).is_some_and(|token| token.kind == Kind::Line);
    let start = (sentence.start..first).rev().find(is_line).map_or(sentence.start, |at| at + 1);
    start..(behind..sentence.end).find(is_line).unwrap_or(sentence.end)
}

/// A line and the one before it, within their sentence.
fn line_before(tokens: &[Token], sentence: &Range<usize>, line: &Range<usize>) -> Range<usize> {
    let is_line = |at: &usize| tokens.get(*at).is_some_and(|token| token.kind == Kind::Line);
    let end = line.start.saturating_sub(1).max(sentence.start);
    (sentence.start..end).rev().find(is_line).map_or(sentence.start, |at| at + 1)..line.end
}

/// "has had pain", "reports", "completed": what follows has happened.
fn history_before(tokens: &[Token], start: usize, first: usize) -> bool {
    let near = start.max(first.saturating_sub(8));
    let line = (near..first).rev().find(|at| tokens.get(*at).is_some_and(|token| token.kind == Kind::Line));
    // "low back pain", and under it "once a week x 8 weeks": a complaint of another line says nothing
    let is_told = |at: usize, word: &str| line.is_none_or(|line| line < at) || is_history(word) || is_order(word);
    let words: Vec<&str> = (near..first)
        .filter_map(|at| Some((at, tokens.get(at)?.word()?)))
        .filter(|(at, word)| is_told(*at, word))
        .map(|(_, word)| word)
        .collect();
    let turned = words.iter().rposition(|word| is_order(word));
    let past = words.iter().rposition(|word| {
        matches!(
            *word,
            "completed"
                | "attended"
                | "received"
                | "had"
                | "has"
                | "occurs"
                | "occurring"
                | "occur"
                | "experiences"
                | "experiencing"
                | "reports"
                | "reported"
                | "headaches"
                | "headache"
                | "migraines"
                | "migraine"
                | "pain"
                | "symptoms"
                | "drinks"
                | "smokes"
                | "works"
                | "exercises"
                | "walks"
                | "takes"
                | "taking"
                | "uses"
                | "denies"
                | "episodes"
                | "seizures"
                | "ago"
                | "since"
                | "follow"
                | "return"
                | "refill"
        )
    });
    match (past, turned) {
        (Some(past), Some(turned)) => {
            turned < past && !words.get(past..).unwrap_or_default().iter().any(|word| is_therapy(word))
        }
        (Some(past), None) => {
            let after = words.get(past..).unwrap_or_default();
            let happened = after
                .first()
                .is_some_and(|word| matches!(*word, "completed" | "attended" | "received" | "had" | "has"));
            happened || !after.iter().any(|word| is_therapy(word))
        }
        _ => false,
    }
}

pub(super) fn is_order(word: &str) -> bool {
    word.starts_with("prescri")
        || word.starts_with("recommend")
        || word.starts_with("order")
        || word.starts_with("refer")
        || word.starts_with("request")
        || word.starts_with("authoriz")
        || matches!(
            word,
            "rx" | "should"
                | "please"
                | "plan"
                | "treat"
                | "seen"
                | "continue"
                | "provide"
                | "advise"
                | "advised"
                | "frequency"
                | "freq"
                | "duration"
                | "needs"
                | "requires"
                | "benefit"
                | "approve"
                | "necessary"
                | "begin"
                | "start"
        )
}

pub(super) fn is_therapy(word: &str) -> bool {
    matches!(
        word,
        "massage"
            | "massages"
            | "therapy"
            | "treatment"
            | "treatments"
            | "manual"
            | "myofascial"
            | "bodywork"
            | "therapeutic"
            | "sessions"
            | "session"
            | "visits"
            | "visit"
            | "tx"
            | "txs"
            | "therapist"
            | "lmt"
            | "tissue"
            | "mfr"
            | "neuromuscular"
    )
}

pub(super) fn is_history(word: &str) -> bool {
    matches!(
        word,
        "ago"
            | "history"
            | "hx"
            | "previously"
            | "was"
            | "were"
            | "had"
            | "completed"
            | "attended"
            | "reports"
            | "reported"
            | "denies"
            | "experiences"
            | "complains"
            | "presents"
            | "smokes"
            | "drinks"
    )
}

pub(super) fn is_medicine(word: &str) -> bool {
    matches!(
        word,
        "mg" | "mcg"
            | "ml"
            | "tablet"
            | "tablets"
            | "tab"
            | "tabs"
            | "capsule"
            | "capsules"
            | "pill"
            | "pills"
            | "dose"
            | "doses"
            | "po"
            | "ibuprofen"
            | "naproxen"
            | "acetaminophen"
            | "tylenol"
            | "flexeril"
            | "cyclobenzaprine"
            | "gabapentin"
            | "insulin"
            | "puffs"
            | "inhaler"
            | "injection"
            | "injections"
            | "cigarettes"
            | "beers"
            | "drinks"
    )
}

pub(super) fn is_exercise(word: &str) -> bool {
    matches!(
        word,
        "exercise"
            | "exercises"
            | "walk"
            | "walking"
            | "gym"
            | "swim"
            | "swimming"
            | "yoga"
            | "ice"
            | "heat"
            | "stretching"
            | "stretches"
            | "dialysis"
            | "dressing"
            | "bath"
            | "shower"
            | "showers"
    )
}
