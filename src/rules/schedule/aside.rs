//! In: tokens. Out: what stands beside a schedule and is none: re-evaluations, how long the paper is good, references to earlier
//! orders, refills, history.

use super::counts::count;
use super::element::{Extent, Part, Placed};
use super::token::{Kind, Token};
use super::words;

/// The words with which the parts of this file begin; what begins with a count besides.
pub(super) const BEGINNINGS: [&[&str]; 9] =
    [&VALID, &EARLIER, &THERAPISTS, &DECIDED, &RECHECKS, &RECHECKED, &STARTS, &REFILLS, &PAST];
const VALID: [&str; 4] = ["valid", "good", "expires", "expire"];
const EARLIER: [&str; 13] = [
    "continue", "resume", "renew", "repeat", "reorder", "extend", "refill", "per", "see", "same", "as", "follow",
    "restart",
];
const THERAPISTS: [&str; 5] = ["therapist", "therapists", "lmt", "lmp", "masseuse"];
const DECIDED: [&str; 11] = [
    "determined",
    "decided",
    "set",
    "chosen",
    "tbd",
    "directed",
    "left",
    "established",
    "selected",
    "recommended",
    "advised",
];
/// These say it with what follows them ("re-eval", "f/u", "follow up").
const RECHECKS: [&str; 3] = ["re", "f", "follow"];
const RECHECKED: [&str; 11] = [
    "reeval",
    "reevaluate",
    "reevaluation",
    "reassess",
    "reassessment",
    "recheck",
    "rtc",
    "reexam",
    "followup",
    "return",
    "returns",
];
const STARTS: [&str; 6] = ["start", "starting", "begin", "beginning", "commence", "commencing"];
const REFILLS: [&str; 3] = ["refill", "refills", "refils"];
const PAST: [&str; 4] = ["past", "last", "previous", "prior"];

fn word(tokens: &[Token], i: usize) -> Option<&str> {
    tokens.get(i).and_then(Token::word)
}

fn placed(part: Part, tokens: std::ops::Range<usize>) -> Placed {
    Placed { part, tokens, doubt: None, review: None, inherited: false }
}

/// "valid for 90 days", "good x 6 months": how long the paper is good. Beside a number of visits alone it is their window.
pub(super) fn validity(tokens: &[Token], i: usize) -> Option<Placed> {
    if !VALID.contains(&word(tokens, i)?) {
        return None;
    }
    let mut at = i + 1;
    while word(tokens, at)
        .is_some_and(|w| matches!(w, "for" | "x" | "in" | "after" | "until" | "only" | "a" | "period" | "of"))
        || tokens.get(at).is_some_and(|t| t.sign(':'))
    {
        at += 1;
    }
    let found = count(tokens, at)?;
    let next = found.next + usize::from(tokens.get(found.next).is_some_and(|t| t.sign('-')));
    let unit = words::unit(word(tokens, next)?, tokens.get(next)?.glued)?;
    let (low, high) = (found.count.low?, found.count.high?);
    let mut end = next + 1;
    // "from the date of issue"
    if word(tokens, end) == Some("from") {
        while end < next + 8
            && word(tokens, end).is_some_and(|w| {
                matches!(
                    w,
                    "from"
                        | "the"
                        | "date"
                        | "of"
                        | "issue"
                        | "this"
                        | "order"
                        | "signature"
                        | "referral"
                        | "prescription"
                        | "above"
                )
            })
        {
            end += 1;
        }
    }
    Some(placed(Part::Valid(Extent { low, high, unit: Some(unit), at_most: true, ordinal: false }), i..end))
}

/// "continue previous order", "per original prescription", "resume prior schedule": an earlier order says it.
pub(super) fn earlier(tokens: &[Token], i: usize) -> Option<Placed> {
    if !EARLIER.contains(&word(tokens, i)?) {
        return None;
    }
    let mut at = i + 1;
    while word(tokens, at).is_some_and(|w| {
        matches!(w, "per" | "the" | "my" | "our" | "his" | "her" | "with" | "in" | "on" | "as" | "this" | "a")
    }) && at < i + 4
    {
        at += 1;
    }
    let before = word(tokens, at).is_some_and(|w| {
        matches!(w, "original" | "initial" | "previous" | "prior" | "earlier" | "existing" | "former" | "first")
    });
    let mut end = at + 1;
    // "previous massage therapy schedule"; "first week" is no order
    while word(tokens, end).is_some_and(words::is_treatment) && end < at + 5 {
        end += 1;
    }
    let named = word(tokens, end).is_some_and(|w| {
        matches!(
            w,
            "order"
                | "orders"
                | "prescription"
                | "script"
                | "rx"
                | "referral"
                | "schedule"
                | "plan"
                | "treatment"
                | "frequency"
                | "note"
                | "regimen"
                | "authorization"
                | "poc"
                | "instructions"
                | "tx"
        )
    });
    (before && named).then(|| placed(Part::Earlier, i..end + 1))
}

/// "to be determined by the treating therapist", "therapist to set", "left to the LMT": the therapist decides.
pub(super) fn delegated(tokens: &[Token], i: usize) -> Option<Placed> {
    let is_therapist = |at: usize| word(tokens, at).is_some_and(|w| THERAPISTS.contains(&w));
    if is_therapist(i) {
        let decides = word(tokens, i + 1) == Some("to")
            && word(tokens, i + 2).is_some_and(|w| {
                matches!(
                    w,
                    "set"
                        | "choose"
                        | "determine"
                        | "decide"
                        | "establish"
                        | "pick"
                        | "recommend"
                        | "advise"
                        | "select"
                )
            });
        let chooses = matches!(word(tokens, i + 1), Some("choice" | "preference" | "decision" | "recommendation"));
        return (decides || chooses).then(|| placed(Part::Delegated, i..i + if decides { 3 } else { 2 }));
    }
    if !DECIDED.contains(&word(tokens, i)?) || !matches!(word(tokens, i + 1), Some("by" | "to" | "with")) {
        return None;
    }
    let mut at = i + 2;
    while word(tokens, at)
        .is_some_and(|w| matches!(w, "the" | "treating" | "massage" | "attending" | "your" | "licensed" | "a"))
        && at < i + 6
    {
        at += 1;
    }
    is_therapist(at).then(|| placed(Part::Delegated, i..at + 1))
}

/// "then reassess", "follow up in 6 weeks", "re-eval after 12 visits".
pub(super) fn recheck(tokens: &[Token], i: usize) -> Option<Placed> {
    let mut at = i;
    match word(tokens, at)? {
        "re" => {
            at += 1 + usize::from(tokens.get(at + 1).is_some_and(|t| t.sign('-')));
            if !matches!(
                word(tokens, at),
                Some("eval" | "evaluate" | "evaluation" | "assess" | "assessment" | "check" | "exam")
            ) {
                return None;
            }
            at += 1;
        }
        word if RECHECKED.contains(&word) => at += 1,
        "f" if tokens.get(at + 1).is_some_and(|t| t.sign('/')) && word(tokens, at + 2) == Some("u") => at += 3,
        "follow" => {
            at += 1 + usize::from(tokens.get(at + 1).is_some_and(|t| t.sign('-')));
            if word(tokens, at) != Some("up") {
                return None;
            }
            at += 1;
        }
        _ => return None,
    }
    let mut out = placed(Part::Recheck, i..at);
    out.tokens.end = behind_recheck(tokens, at);
    Some(out)
}

/// "in 6 weeks", "after 12 visits", "every 30 days" behind a re-evaluation belongs to it.
fn behind_recheck(tokens: &[Token], at: usize) -> usize {
    let mut lead = at;
    while word(tokens, lead).is_some_and(|w| {
        matches!(
            w,
            "visit"
                | "appointment"
                | "with"
                | "me"
                | "us"
                | "provider"
                | "physician"
                | "to"
                | "clinic"
                | "office"
                | "my"
                | "the"
                | "doctor"
                | "patient"
                | "and"
                | "appt"
        )
    }) && lead < at + 6
    {
        lead += 1;
    }
    let leads = |w: &str| matches!(w, "in" | "after" | "at" | "every" | "within" | "q" | "on" | "by" | "x" | "each");
    if !(word(tokens, lead).is_some_and(leads) || tokens.get(lead).is_some_and(|t| t.sign(':'))) {
        return at;
    }
    let mut next = lead + 1;
    if let Some(Kind::Day(_)) = tokens.get(next).map(|t| &t.kind) {
        return next + 1;
    }
    next += usize::from(word(tokens, next).is_some_and(|w| matches!(w, "the" | "a" | "about")));
    if let Some(found) = count(tokens, next) {
        next = found.next;
        next += usize::from(tokens.get(next).is_some_and(|t| t.sign('-')));
        if word(tokens, next).is_some_and(|w| words::unit(w, true).is_some() || words::is_visit(w)) {
            next += 1;
        }
        return next;
    }
    if word(tokens, next).is_some_and(|w| words::unit(w, false).is_some() || words::is_visit(w) || w == "end") {
        return next + 1;
    }
    at
}

/// "starting in 3 days", "to begin after 2 weeks": when the first visit is.
fn beginning(tokens: &[Token], i: usize) -> Option<Placed> {
    if !STARTS.contains(&word(tokens, i)?) || !matches!(word(tokens, i + 1)?, "in" | "after" | "within") {
        return None;
    }
    let found = count(tokens, i + 2)?;
    let next = found.next + usize::from(tokens.get(found.next).is_some_and(|t| t.sign('-')));
    words::unit(word(tokens, next)?, true)?;
    Some(placed(Part::Aside, i..next + 1))
}

/// What is no schedule: refills, history, ages, "2 of 3", when it begins.
pub(super) fn aside(tokens: &[Token], i: usize) -> Option<Placed> {
    if let Some(placed) = beginning(tokens, i) {
        return Some(placed);
    }
    if word(tokens, i).is_some_and(|w| REFILLS.contains(&w)) {
        let mut at = i + 1;
        while tokens.get(at).is_some_and(|t| {
            matches!(t.kind, Kind::Number(_)) || t.is("prn") || t.sign(':') || t.sign('#') || t.is("x")
        }) {
            at += 1;
        }
        return Some(placed(Part::Aside, i..at));
    }
    if word(tokens, i).is_some_and(|w| PAST.contains(&w)) {
        let found = count(tokens, i + 1);
        let at = found.map_or(i + 1, |found| found.next);
        if word(tokens, at).is_some_and(|w| words::unit(w, false).is_some())
            && (found.is_some() || word(tokens, i) != Some("last"))
            && word(tokens, i) != Some("last")
        {
            return Some(placed(Part::Aside, i..at + 1));
        }
    }
    // "6 weeks ago", "12 weeks pregnant", "6 months post op", "2 of 3"
    let found = count(tokens, i)?;
    if word(tokens, found.next) == Some("of") {
        let behind = tokens.get(found.next + 1);
        if behind.is_some_and(|t| matches!(t.kind, Kind::Number(_))) {
            return Some(placed(Part::Aside, i..found.next + 2));
        }
    }
    let at = found.next + usize::from(tokens.get(found.next).is_some_and(|t| t.sign('-')));
    if word(tokens, at).is_some_and(|w| words::unit(w, false).is_some())
        && (word(tokens, at + 1).is_some_and(|w| {
            matches!(
                w,
                "ago"
                    | "post"
                    | "postpartum"
                    | "postop"
                    | "pregnant"
                    | "gestation"
                    | "gestational"
                    | "old"
                    | "history"
                    | "s"
                    | "status"
            )
        }) || tokens.get(at + 1).is_some_and(|t| t.sign('-'))
            && word(tokens, at + 2).is_some_and(|w| matches!(w, "old" | "history")))
    {
        return Some(placed(Part::Aside, i..at + 2));
    }
    None
}
