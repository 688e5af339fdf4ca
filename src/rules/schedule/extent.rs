//! How long and how many: durations, totals, minutes, units.

use super::counts::{count, phrase_at};
use super::element::{Count, Extent, Part, Placed, Rate};
use super::rate::period;
use super::token::{Kind, Token};
use super::words;
use crate::model::PeriodUnit;

/// The words with which the parts of this file begin; units of time, ordinals, counts and what they count besides.
pub(super) const BEGINNINGS: [&[&str]; 6] = [&LEADS, &NUMBERS, &CAPTIONS, &TOTALS, &SESSIONS, &UNITS];
/// Before a length of time.
const LEADS: [&str; 12] =
    ["for", "over", "within", "in", "during", "duration", "period", "total", "the", "x", "next", "following"];
const NUMBERS: [&str; 2] = ["number", "no"];
const CAPTIONS: [&str; 3] = ["duration", "dur", "length"];
/// Before a number of visits.
const TOTALS: [&str; 10] =
    ["max", "maximum", "requested", "approved", "authorized", "qty", "quantity", "of", "be", "total"];
/// Before the length of a session.
const SESSIONS: [&str; 10] =
    ["session", "visit", "treatment", "appointment", "time", "minutes", "half", "at", "a", "an"];
const UNITS: [&str; 2] = ["units", "unit"];

fn word(tokens: &[Token], i: usize) -> Option<&str> {
    tokens.get(i).and_then(Token::word)
}

fn sign(tokens: &[Token], i: usize, wanted: &str) -> bool {
    matches!(tokens.get(i).map(|t| &t.kind), Some(Kind::Sign(c)) if wanted.contains(*c))
}

fn placed(part: Part, tokens: std::ops::Range<usize>) -> Placed {
    Placed { part, tokens, doubt: None, review: None, inherited: false }
}

/// "for 6 weeks", "x 6 wks", "over the next six weeks", "6-week course", "the first month", "weeks: 6", "x 6".
pub(super) fn extent(tokens: &[Token], i: usize) -> Option<Placed> {
    if let Some(found) = captioned(tokens, i).or_else(|| week_numbers(tokens, i)).or_else(|| boxed(tokens, i)) {
        return Some(found);
    }
    let (lead, at_most, mut at) = lead(tokens, i);
    let ordinal = word(tokens, at).and_then(words::ordinal);
    let next_one = matches!(word(tokens, at), Some("next" | "following"));
    let last_one = matches!(word(tokens, at), Some("last" | "final" | "remaining")) && (lead || at != i);
    at += usize::from(ordinal.is_some() || next_one || last_one);
    // "the first month", "second week"
    if let (Some(_), Some(unit)) = (ordinal, word(tokens, at).and_then(|w| words::unit(w, false))) {
        let extent = Extent { low: 1, high: 1, unit: Some(unit), at_most: false, ordinal: true };
        return Some(placed(Part::Extent(extent), i..at + 1));
    }
    // "for a month", "over the next month"
    let article = matches!(word(tokens, at), Some("a" | "an"));
    if let Some(unit) = word(tokens, at + usize::from(article)).and_then(|w| words::unit(w, false)) {
        let plural = word(tokens, at + usize::from(article)).is_some_and(|w| w.ends_with('s'));
        let said = lead
            && !plural
            && (article || word(tokens, at.wrapping_sub(1)).is_some_and(|w| matches!(w, "next" | "following")));
        if said {
            let extent = Extent { low: 1, high: 1, unit: Some(unit), at_most, ordinal: false };
            return Some(placed(Part::Extent(extent), i..at + 1 + usize::from(article)));
        }
        return None;
    }
    let found = count(tokens, at)?;
    if found.adverbial {
        return None;
    }
    let mut next =
        found.next + usize::from(sign(tokens, found.next, "-.") && tokens.get(found.next).is_some_and(|t| t.glued));
    if word(tokens, next).is_some_and(|w| matches!(w, "full" | "consecutive" | "calendar" | "more" | "additional")) {
        next += 1;
    }
    let tight = tokens.get(next).is_some_and(|t| t.glued);
    let unit = word(tokens, next).and_then(|w| words::unit(w, tight && w != "m"));
    let limited = found.count.low.is_none();
    let (low, high) = (found.count.low.unwrap_or(found.count.most()), found.count.most());
    if let Some(unit) = unit {
        next += 1;
        // "6 weeks' duration", "6 week period"
        while word(tokens, next)
            .is_some_and(|w| matches!(w, "duration" | "period" | "course" | "total" | "timeframe" | "long"))
        {
            next += 1;
        }
        let extent = Extent { low, high, unit: Some(unit), at_most: at_most || limited, ordinal: ordinal.is_some() };
        let mut out = placed(Part::Extent(extent), i..next);
        let plural =
            word(tokens, next.saturating_sub(1)).is_some_and(|w| matches!(w, "weeks" | "wks" | "months" | "mos"));
        let one_of_many = high == 1 && plural;
        out.doubt = found.doubt.or(one_of_many.then_some("\"1\" before a plural: a digit may be lost"));
        // "2x7month"
        let crossed = word(tokens, i) == Some("x") && tokens.get(at).is_some_and(|t| t.glued);
        let slash = low == 7 && high == 7 && !plural && tight && crossed;
        out.doubt = out.doubt.or(slash.then_some("\"7\" may be a slash"));
        out.review = found.review;
        return Some(out);
    }
    // "x 6": the unit is left to the rate
    let crossed = matches!(word(tokens, i), Some("x" | "for")) || sign(tokens, i, "%+");
    let followed = word(tokens, found.next).is_some_and(|w| {
        words::is_times(w)
            || words::is_visit(w)
            || words::is_treatment(w)
            || words::adverb(w).is_some()
            || matches!(
                w,
                "min"
                    | "mins"
                    | "minute"
                    | "minutes"
                    | "hr"
                    | "hrs"
                    | "hour"
                    | "hours"
                    | "units"
                    | "unit"
                    | "per"
                    | "total"
                    | "each"
                    | "more"
            )
    }) || sign(tokens, found.next, "/:");
    if crossed && !followed && high <= 104 {
        let extent = Extent { low, high, unit: None, at_most: false, ordinal: false };
        let mut out = placed(Part::Extent(extent), i..found.next);
        out.doubt = found.doubt;
        out.review = found.review;
        return Some(out);
    }
    None
}

/// "for", "over the next", "x"; whether there was one, whether it only limits, and what follows it.
fn lead(tokens: &[Token], i: usize) -> (bool, bool, usize) {
    const PHRASES: &[(&[&str], bool)] = &[
        (&["for", "a", "total", "of"], false),
        (&["for", "a", "period", "of"], false),
        (&["for", "a", "duration", "of"], false),
        (&["over", "a", "period", "of"], true),
        (&["over", "the", "course", "of"], true),
        (&["for", "the", "next"], false),
        (&["for", "the"], false),
        (&["over", "the", "next"], true),
        (&["over", "the"], true),
        (&["within", "the", "next"], true),
        (&["within", "the"], true),
        (&["in", "the", "next"], true),
        (&["during", "the", "next"], true),
        (&["during", "the"], false),
        (&["for", "another"], false),
        (&["for", "an", "additional"], false),
        (&["duration", "of"], false),
        (&["period", "of"], false),
        (&["for", "up", "to"], false),
        (&["total", "of"], false),
        (&["the"], false),
        (&["for"], false),
        (&["x"], false),
        (&["over"], true),
        (&["within"], true),
        (&["during"], true),
        (&["in"], true),
        (&["next"], false),
    ];
    let candidates = if word(tokens, i).is_some_and(|w| LEADS.contains(&w)) { PHRASES } else { &[] };
    for (phrase, at_most) in candidates {
        if phrase_at(tokens, i, phrase) {
            // "for up to 6 weeks": the limit is read with the count
            let back = if phrase.last() == Some(&"to") { 2 } else { usize::from(phrase.last() == Some(&"next")) };
            let weak = matches!(phrase, [word] if *word == "the" || *word == "next");
            return (!weak, *at_most, i + phrase.len() - back);
        }
    }
    if sign(tokens, i, "%+@") {
        return (true, false, i + 1);
    }
    (false, false, i)
}

/// "Weeks: 6", "# of weeks 6", "duration (weeks): 6".
fn captioned(tokens: &[Token], i: usize) -> Option<Placed> {
    let mut at = i;
    let hash = sign(tokens, at, "#") || word(tokens, at).is_some_and(|w| NUMBERS.contains(&w));
    if hash {
        at += 1;
        at += usize::from(sign(tokens, at, "."));
        at += usize::from(word(tokens, at) == Some("of"));
    }
    if word(tokens, at).is_some_and(|w| CAPTIONS.contains(&w)) {
        at += 1;
        at += usize::from(word(tokens, at) == Some("in"));
        at += usize::from(sign(tokens, at, "("));
    }
    let unit = word(tokens, at).and_then(|w| words::unit(w, false))?;
    at += 1;
    at += usize::from(sign(tokens, at, ")"));
    let colon = sign(tokens, at, ":=");
    if !(colon || hash) {
        return None;
    }
    at += usize::from(colon);
    while colon && matches!(tokens.get(at).map(|t| &t.kind), Some(Kind::Line)) {
        at += 1;
    }
    let found = count(tokens, at)?;
    let behind = word(tokens, found.next);
    if behind.is_some_and(|w| words::is_times(w) || words::is_visit(w)) || sign(tokens, found.next, "/") {
        return None;
    }
    let own_unit = behind.and_then(|w| words::unit(w, false));
    let next = found.next + usize::from(own_unit.is_some());
    let extent = Extent {
        low: found.count.low.unwrap_or(found.count.most()),
        high: found.count.most(),
        unit: own_unit.or(Some(unit)),
        at_most: found.count.low.is_none(),
        ordinal: false,
    };
    let mut out = placed(Part::Extent(extent), i..next);
    out.doubt = found.doubt;
    out.review = found.review;
    Some(out)
}

/// "Duration: 6": the unit is left to the rate.
fn boxed(tokens: &[Token], i: usize) -> Option<Placed> {
    if !matches!(word(tokens, i), Some("duration" | "dur")) || !sign(tokens, i + 1, ":") {
        return None;
    }
    let found = count(tokens, i + 2)?;
    let ends = tokens.get(found.next).is_none_or(|token| token.kind == Kind::Line || token.sign('|'));
    let extent = Extent {
        low: found.count.low.unwrap_or(found.count.most()),
        high: found.count.most(),
        unit: None,
        at_most: found.count.low.is_none(),
        ordinal: false,
    };
    let mut out = placed(Part::Extent(extent), i + 2..found.next);
    out.doubt = found.doubt;
    ends.then_some(out)
}

/// "weeks 1-4": the four weeks of a taper.
fn week_numbers(tokens: &[Token], i: usize) -> Option<Placed> {
    let plural = word(tokens, i).filter(|w| matches!(*w, "weeks" | "wks" | "months" | "week" | "wk" | "month"))?;
    let unit = words::unit(plural, false)?;
    let found = count(tokens, i + 1)?;
    let (first, last) = (found.count.low?, found.count.high?);
    let ranged = first < last && last <= 52;
    let colon = sign(tokens, found.next, ":");
    if !ranged || found.review.is_some() {
        return None;
    }
    let length = last - first + 1;
    let extent = Extent { low: length, high: length, unit: Some(unit), at_most: false, ordinal: true };
    Some(placed(Part::Extent(extent), i..found.next + usize::from(colon)))
}

/// "12 visits", "# of visits: 12", "visits requested 12", "total of 12 treatments", "#12", "x 6 visits".
pub(super) fn total(tokens: &[Token], i: usize) -> Option<Placed> {
    if let Some(found) = total_behind_caption(tokens, i) {
        return Some(found);
    }
    let mut at = i;
    let mut marked = false;
    loop {
        match tokens.get(at).map(|t| &t.kind) {
            Some(Kind::Word(w)) if w == "total" || w == "qty" || w == "quantity" => marked = true,
            Some(Kind::Word(w)) if matches!(w.as_str(), "for" | "x" | "of" | "a" | "be" | "the" | "in" | "number") => {}
            Some(Kind::Sign('#' | '=')) => marked = true,
            Some(Kind::Sign('(' | ':' | '.')) if at != i || sign(tokens, at, "(") => {}
            _ => break,
        }
        at += 1;
        if i + 5 < at {
            return None;
        }
    }
    if sign(tokens, at, "(") {
        at += 1;
    }
    let found = count(tokens, at)?;
    if found.adverbial || 200 < found.count.most() {
        return None;
    }
    let mut next = found.next;
    // "12 one-hour visits": the minutes stand between the number and what it counts
    if let Some(session) = minutes(tokens, next).filter(|session| next < session.tokens.end) {
        let visits = session.tokens.end.checked_sub(1).and_then(|last| word(tokens, last)).is_some_and(words::is_visit);
        let again = tokens
            .get(session.tokens.end)
            .is_some_and(|t| t.sign('/') || t.is("per") || t.is("a") || t.is("every") || t.is("each"));
        return (visits && !again).then(|| placed(Part::Total(found.count), i..next));
    }
    let mut adjectives = 0;
    while word(tokens, next).is_some_and(|w| {
        (words::is_treatment(w) && w != "treatment")
            || matches!(w, "total" | "additional" | "more" | "follow-up" | "x" | "minute")
    }) && adjectives < 5
        || word(tokens, next) == Some("treatment") && word(tokens, next + 1).is_some_and(words::is_visit)
    {
        if word(tokens, next) == Some("x") {
            return None;
        }
        marked |= word(tokens, next) == Some("total");
        adjectives += 1;
        next += 1;
    }
    let visit = word(tokens, next)
        .is_some_and(|w| words::is_visit(w) && (w != "v" || tokens.get(next).is_some_and(|t| t.glued)) || w == "times");
    let times_only = word(tokens, next) == Some("times");
    if visit {
        next += 1;
    } else if !marked || followed_by_unit(tokens, next) {
        return None;
    }
    let over = word(tokens, next).is_some_and(|w| matches!(w, "over" | "within"));
    // "(1 visit per week": a rate, not a total
    if visit && period(tokens, next).is_some() {
        return None;
    }
    if times_only && !marked && !over && word(tokens, i).is_none_or(|w| w != "total") {
        return None;
    }
    // "60 minute visits": the number belongs to the minutes
    while word(tokens, next).is_some_and(|w| {
        matches!(
            w,
            "total" | "max" | "maximum" | "requested" | "approved" | "authorized" | "allowed" | "only" | "altogether"
        )
    }) {
        next += 1;
    }
    next += usize::from(sign(tokens, next, ")") && (i..at).any(|k| sign(tokens, k, "(")));
    let mut out = placed(Part::Total(found.count), i..next);
    out.doubt = found.doubt;
    out.review = found.review;
    Some(out)
}

fn followed_by_unit(tokens: &[Token], i: usize) -> bool {
    word(tokens, i).is_some_and(|w| {
        words::unit(w, true).is_some()
            || words::is_times(w)
            || words::adverb(w).is_some()
            || matches!(
                w,
                "min"
                    | "mins"
                    | "minute"
                    | "minutes"
                    | "hr"
                    | "hrs"
                    | "hour"
                    | "hours"
                    | "unit"
                    | "units"
                    | "per"
                    | "refills"
            )
    }) || sign(tokens, i, "/-")
}

fn total_behind_caption(tokens: &[Token], i: usize) -> Option<Placed> {
    let mut at = i;
    while word(tokens, at).is_some_and(|w| {
        matches!(w, "total" | "number" | "no" | "of" | "max" | "maximum" | "requested" | "approved" | "authorized")
    }) || sign(tokens, at, "#.")
    {
        at += 1;
    }
    if !word(tokens, at).is_some_and(|w| words::is_visit(w) && w != "v" && w != "treatment" && w != "tx") {
        return None;
    }
    let led = at != i;
    at += 1;
    let mut said = false;
    while word(tokens, at).is_some_and(|w| {
        matches!(
            w,
            "requested" | "approved" | "authorized" | "ordered" | "total" | "allowed" | "needed" | "recommended"
        )
    }) {
        at += 1;
        said = true;
    }
    let colon = sign(tokens, at, ":=");
    if !(colon || said || led) {
        return None;
    }
    at += usize::from(colon);
    while colon && matches!(tokens.get(at).map(|t| &t.kind), Some(Kind::Line)) {
        at += 1;
    }
    let found = count(tokens, at)?;
    if found.adverbial {
        return None;
    }
    let mut next = found.next;
    if word(tokens, next).is_some_and(words::is_visit) {
        next += 1;
    }
    if followed_by_unit(tokens, next) {
        return None;
    }
    let mut out = placed(Part::Total(found.count), i..next);
    out.doubt = found.doubt;
    out.review = found.review;
    Some(out)
}

/// "60 minutes", "1 hr", "half hour", "60-90 min sessions", "not to exceed 60 minutes per day", "15 min increments x 4".
pub(super) fn minutes(tokens: &[Token], i: usize) -> Option<Placed> {
    if let Some(found) = minutes_behind_caption(tokens, i) {
        return Some(found);
    }
    let mut at = i + usize::from(sign(tokens, i, "@") || matches!(word(tokens, i), Some("for" | "of" | "at")));
    let half = matches!(word(tokens, at), Some("half"));
    let fraction = matches!(tokens.get(at).map(|t| &t.kind), Some(Kind::Number(1)))
        && sign(tokens, at + 1, "/")
        && matches!(tokens.get(at + 2).map(|t| &t.kind), Some(Kind::Number(2)));
    let (counted, mut review) = if half || fraction {
        at += if half { 1 } else { 3 };
        at += usize::from(sign(tokens, at, "-"));
        at += usize::from(matches!(word(tokens, at), Some("an" | "a")));
        (None, None)
    } else if matches!(word(tokens, at), Some("an" | "a")) && word(tokens, at + 1).is_some_and(is_hour) {
        at += 1;
        (Some(Count::exactly(1)), None)
    } else {
        let found = count(tokens, at)?;
        at = found.next;
        (Some(found.count), found.doubt)
    };
    at += usize::from(sign(tokens, at, "-"));
    let unit = word(tokens, at)?;
    let hours = is_hour(unit);
    if !(hours
        || is_minute(unit)
        || unit == "m" && tokens.get(at).is_some_and(|t| t.glued) && counted.is_some_and(|c| 15 <= c.most()))
    {
        return None;
    }
    at += 1;
    at += usize::from(sign(tokens, at, ".") && tokens.get(at).is_some_and(|t| t.glued));
    let scale = |n: u32| if hours { n.saturating_mul(60) } else { n };
    let mut length = match counted {
        Some(count) => Count { low: count.low.map(scale), high: count.high.map(scale) },
        None if hours => Count::exactly(30),
        None => return None,
    };
    // "15 min increments x 4", "15 min units x 4"
    if matches!(word(tokens, at), Some("increments" | "increment" | "units" | "unit" | "blocks")) {
        at += 1;
        if word(tokens, at) == Some("x")
            && let Some(found) = count(tokens, at + 1)
        {
            let times = found.count.most();
            length = Count {
                low: length.low.map(|n| n.saturating_mul(times)),
                high: length.high.map(|n| n.saturating_mul(times)),
            };
            at = found.next;
        }
    }
    let per = sign(tokens, at, "/") || matches!(word(tokens, at), Some("per" | "each" | "a" | "every"));
    let visit_at = at + usize::from(per);
    let is_session =
        |w: &str| words::is_visit(w) || w == "long" || w == "duration" || w == "day" && per || w == "massage";
    if word(tokens, visit_at).is_some_and(is_session) {
        at = visit_at + 1;
        at += usize::from(word(tokens, visit_at) == Some("massage") && word(tokens, at).is_some_and(words::is_visit));
    } else if word(tokens, at) == Some("each") {
        at += 1;
    } else if per && word(tokens, visit_at).is_some_and(|w| words::unit(w, false).is_some()) && length.low.is_some() {
        // "30 minutes per week": minutes, but not of a visit
        return None;
    }
    if length.most() < 10 || 180 < length.most() {
        review = review.or(Some("an unlikely number of minutes"));
    }
    let mut out = placed(Part::Minutes(length), i..at);
    out.doubt = review;
    Some(out)
}

/// "1 hour per week", "60 min/wk": one visit a week of that length, which a person should check.
pub(super) fn minutes_a_period(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    let found = count(tokens, i)?;
    let at = found.next + usize::from(sign(tokens, found.next, "-"));
    let scale = match word(tokens, at)? {
        unit if is_hour(unit) => 60,
        unit if is_minute(unit) => 1,
        _ => return None,
    };
    let per = sign(tokens, at + 1, "/") || matches!(word(tokens, at + 1), Some("per" | "a" | "each" | "every"));
    let unit = word(tokens, at + 2).and_then(|w| words::unit(w, false)).filter(|unit| *unit != PeriodUnit::Day)?;
    let length = found.count.most().saturating_mul(scale);
    if !per || found.count.low != found.count.high || !(30..=120).contains(&length) {
        return None;
    }
    let rate = Rate { count: Count::exactly(1), period: 1, period_max: None, unit: Some(unit), days: Vec::new() };
    let mut one = placed(Part::Rate(rate), i..at + 3);
    one.inherited = true;
    one.doubt = Some("so many minutes a period: taken for one visit");
    Some(vec![one, placed(Part::Minutes(Count::exactly(length)), i..at + 1)])
}

fn is_hour(word: &str) -> bool {
    matches!(word, "hr" | "hrs" | "hour" | "hours" | "hourly")
}

pub(super) fn is_minute(word: &str) -> bool {
    matches!(word, "min" | "mins" | "minute" | "minutes" | "mns")
}

fn minutes_behind_caption(tokens: &[Token], i: usize) -> Option<Placed> {
    let mut at = i;
    if matches!(word(tokens, at), Some("session" | "visit" | "treatment" | "appointment"))
        && matches!(word(tokens, at + 1), Some("length" | "time" | "duration" | "minutes"))
    {
        at += 2;
    } else if phrase_at(tokens, at, &["length", "of", "session"])
        || phrase_at(tokens, at, &["length", "of", "visit"])
        || phrase_at(tokens, at, &["length", "of", "treatment"])
        || phrase_at(tokens, at, &["time", "per", "visit"])
        || phrase_at(tokens, at, &["minutes", "per", "visit"])
        || phrase_at(tokens, at, &["minutes", "per", "session"])
        || phrase_at(tokens, at, &["time", "per", "session"])
    {
        at += 3;
    } else if word(tokens, at).is_some_and(is_minute) && sign(tokens, at + 1, ":") {
        at += 1;
    } else {
        return None;
    }
    if sign(tokens, at, "(") && word(tokens, at + 1).is_some_and(is_minute) {
        at += 2 + usize::from(sign(tokens, at + 2, ")"));
    }
    at += usize::from(sign(tokens, at, ":="));
    let found = count(tokens, at)?;
    let behind = word(tokens, found.next);
    if behind.is_some_and(is_hour) {
        return minutes(tokens, at).map(|inner| Placed { tokens: i..inner.tokens.end, ..inner });
    }
    // "length of treatment: 12 weeks"
    if behind.is_some_and(|unit| words::unit(unit, false).is_some()) {
        return None;
    }
    let next = found.next + usize::from(behind.is_some_and(is_minute));
    if found.count.most() < 10 {
        return None;
    }
    let mut out = placed(Part::Minutes(found.count), i..next);
    out.doubt = found.doubt;
    Some(out)
}

/// "4 units", "x 4 units", "units per visit: 4".
pub(super) fn units(tokens: &[Token], i: usize) -> Option<Placed> {
    if word(tokens, i).is_some_and(|w| UNITS.contains(&w)) {
        let mut at = i + 1;
        if matches!(word(tokens, at), Some("per" | "each")) && word(tokens, at + 1).is_some_and(words::is_visit)
            || sign(tokens, at, "/")
        {
            at += 2;
        }
        if !sign(tokens, at, ":=") {
            return None;
        }
        let found = count(tokens, at + 1)?;
        return Some(placed(Part::Units(found.count.most()), i..found.next));
    }
    let at = i + usize::from(word(tokens, i) == Some("x") || sign(tokens, i, "("));
    let found = count(tokens, at)?;
    if !matches!(word(tokens, found.next), Some("unit" | "units" | "u")) || found.adverbial {
        return None;
    }
    let mut next = found.next + 1;
    let per = sign(tokens, next, "/") || matches!(word(tokens, next), Some("per" | "each" | "a"));
    if per && word(tokens, next + 1).is_some_and(words::is_visit) {
        next += 2;
    } else if word(tokens, next) == Some("each") {
        next += 1;
    }
    Some(placed(Part::Units(found.count.most()), i..next))
}
