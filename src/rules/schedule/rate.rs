//! How often: "2x/wk", "twice a week", "every 10-14 days", "TIW", "M/W/F", "3w4", "times per week: 2".

use super::counts::{Counted, count};
use super::element::{Count, Extent, Part, Placed, Rate, Why};
use super::extent::minutes;
use super::latin::latin;
use super::token::{Kind, Token};
use super::words;
use crate::model::{DayOfWeek, PeriodUnit};

/// The words with which a rate begins; units, adverbs, weekdays, counts and what they count besides.
pub(super) const BEGINNINGS: [&[&str]; 7] = [&VAGUE, &NUMBERS, &CAPTIONS, &BOXES, &ABOUT, &EVERY, &["x", "on"]];
const VAGUE: [&str; 6] = ["couple", "few", "several", "some", "multiple", "many"];
const NUMBERS: [&str; 2] = ["number", "no"];
const CAPTIONS: [&str; 2] = ["frequency", "freq"];
const BOXES: [&str; 4] = ["frequency", "freq", "often", "rate"];
const ABOUT: [&str; 4] = ["approximately", "about", "approx", "roughly"];
const EVERY: [&str; 8] = ["semi", "semiweekly", "semimonthly", "every", "each", "q", "alternate", "evry"];

/// The parts of a rate that begins at token `i`; a shorthand ("3w4") gives a rate and a duration.
pub(super) fn rate(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    shorthand(tokens, i)
        .or_else(|| labelled(tokens, i).map(one))
        .or_else(|| boxed(tokens, i).map(one))
        .or_else(|| counted(tokens, i))
        .or_else(|| every(tokens, i).map(one))
        .or_else(|| weekdays(tokens, i).map(one))
        .or_else(|| latin(tokens, i).map(one))
}

/// More visits than these before a comma and "every" are a total.
const FEW: u32 = 3;

/// How many units, at most how many, which unit: "every 10-14 days".
type Period = (u32, Option<u32>, PeriodUnit);

fn one(placed: Placed) -> Vec<Placed> {
    vec![placed]
}

pub(super) fn placed(rate: Rate, tokens: std::ops::Range<usize>) -> Placed {
    Placed { part: Part::Rate(rate), tokens, doubt: None, review: None, inherited: false }
}

pub(super) fn simple(count: Count, period: u32, unit: PeriodUnit) -> Rate {
    Rate { count, period, period_max: None, unit: Some(unit), days: Vec::new() }
}

fn word(tokens: &[Token], i: usize) -> Option<&str> {
    tokens.get(i).and_then(Token::word)
}

/// Home-health shorthand: "3w4", "2wk3" is so many a week for so many weeks.
fn shorthand(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    let [a, w, n] = tokens.get(i..i + 3)? else { return None };
    let (Kind::Number(a), Kind::Number(n)) = (&a.kind, &n.kind) else { return None };
    let unit = w.word().filter(|w| matches!(*w, "w" | "wk")).and_then(|w| words::unit(w, true))?;
    let tight = tokens.get(i + 1)?.glued && tokens.get(i + 2)?.glued;
    if !tight || 7 < *a || *n == 0 || 52 < *n {
        return None;
    }
    let behind = tokens.get(i + 3).and_then(Token::word);
    if behind.is_some_and(|word| words::is_visit(word) || words::unit(word, false).is_some()) {
        return None;
    }
    let extent = Extent { low: *n, high: *n, unit: Some(unit), at_most: false, ordinal: false };
    Some(vec![
        placed(simple(Count::exactly(*a), 1, unit), i..i + 2),
        Placed { part: Part::Extent(extent), tokens: i + 2..i + 3, doubt: None, review: None, inherited: false },
    ])
}

/// Words with two meanings: nothing is guessed.
pub(super) fn refused(tokens: &[Token], i: usize) -> Option<Placed> {
    if let Some(found) = either_or(tokens, i) {
        return Some(found);
    }
    if let Some((length, why)) = &tokens.get(i)?.two_ways {
        let why = Why { says: why.clone(), by_rule: true };
        return Some(Placed {
            part: Part::Refused(why),
            tokens: i..i + length,
            doubt: None,
            review: None,
            inherited: false,
        });
    }
    let (len, why) = match word(tokens, i)? {
        said if VAGUE.contains(&said) => {
            let at = i + 1 + usize::from(word(tokens, i + 1) == Some("of"));
            let times = word(tokens, at).is_some_and(|w| words::is_times(w) || words::is_visit(w));
            let (_, next) = period(tokens, at + usize::from(times))?;
            if !times {
                return None;
            }
            (next - i, "the number of visits is not said in figures")
        }
        _ => return None,
    };
    Some(Placed { part: Part::Refused(why.into()), tokens: i..i + len, doubt: None, review: None, inherited: false })
}

/// "3/4 weeks": three or four, or a part of one. "1.5 months": one and a half, or one to five.
fn either_or(tokens: &[Token], i: usize) -> Option<Placed> {
    let number = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Number(n)) => Some(*n),
        _ => None,
    };
    let (first, join, second) = (number(i)?, tokens.get(i + 1)?, number(i + 2)?);
    let named = tokens.get(i + 3).and_then(Token::word)?;
    let is_length = words::unit(named, false).is_some();
    let why = if join.sign('/') && (is_length || words::is_visit(named)) && (first, second) != (1, 2) {
        "two numbers with a stroke between them may be one or the other"
    } else if join.sign('.') && join.glued && second == 5 && first < second && (is_length || words::is_times(named)) {
        "a number with a point in it may be a part of one or a range"
    } else {
        return None;
    };
    Some(Placed { part: Part::Refused(why.into()), tokens: i..i + 4, doubt: None, review: None, inherited: false })
}

/// "Times per week: 2", "visits/wk 3": the caption of a box and what stands in it.
fn labelled(tokens: &[Token], i: usize) -> Option<Placed> {
    let mut at = i;
    if tokens.get(at).is_some_and(|t| t.sign('#')) || word(tokens, at).is_some_and(|w| NUMBERS.contains(&w)) {
        at += 1;
        at += usize::from(tokens.get(at).is_some_and(|t| t.sign('.')));
        at += usize::from(word(tokens, at) == Some("of"));
    }
    let caption = |w: &str| words::is_times(w) || words::is_visit(w) || CAPTIONS.contains(&w);
    let unit = if word(tokens, at).is_some_and(caption) {
        at += 1;
        at += usize::from(tokens.get(at).is_some_and(|t| t.sign('(')));
        let (period, next) = period(tokens, at)?;
        at = next;
        (period.0 == 1 && period.1.is_none()).then_some(period.2)?
    } else {
        // "per week: 2", "weekly visits: 2"
        let (_, unit) =
            word(tokens, at).and_then(words::adverb).filter(|_| word(tokens, at + 1).is_some_and(words::is_visit))?;
        at += 2;
        unit
    };
    at += usize::from(tokens.get(at).is_some_and(|t| t.sign(')')));
    let colon = tokens.get(at).is_some_and(|t| t.sign(':') || t.sign('='));
    at += usize::from(colon);
    while matches!(tokens.get(at).map(|t| &t.kind), Some(Kind::Line)) && colon {
        at += 1;
    }
    let counted = count(tokens, at)?;
    let next = counted.next;
    // "times per week 6 weeks": the number belongs to the weeks
    if word(tokens, next).is_some_and(|w| words::unit(w, false).is_some() && !colon) {
        return None;
    }
    let next = next + usize::from(word(tokens, next).is_some_and(words::is_times) && !is_count(tokens, next + 1));
    let mut found = placed(simple(counted.count, 1, unit), i..next);
    found.doubt = counted.doubt;
    found.review = counted.review;
    Some(found)
}

/// "Frequency: 2", "Frequency: 2x": a box whose unit the paper leaves to the form.
fn boxed(tokens: &[Token], i: usize) -> Option<Placed> {
    if !BOXES.contains(&word(tokens, i)?) || !tokens.get(i + 1)?.sign(':') {
        return None;
    }
    let found = count(tokens, i + 2)?;
    let next = found.next + usize::from(word(tokens, found.next).is_some_and(words::is_times));
    let ends = match tokens.get(next) {
        None => true,
        Some(token) => token.kind == Kind::Line || token.sign('|') || token.is("duration") || token.is("dur"),
    };
    if !ends || found.count.most() > 7 {
        return None;
    }
    let rate = Rate { count: found.count, period: 1, period_max: None, unit: None, days: Vec::new() };
    let mut out = placed(rate, i + 2..next);
    out.doubt = found.doubt;
    Some(out)
}

fn is_count(tokens: &[Token], i: usize) -> bool {
    count(tokens, i).is_some()
}

/// "2x/wk", "two (2) times per week", "2 visits every 3 weeks", "x2 per week", "1-2 times weekly".
fn counted(tokens: &[Token], i: usize) -> Option<Vec<Placed>> {
    // "approximately" changes nothing but the doubt
    let about = word(tokens, i).is_some_and(|w| ABOUT.contains(&w));
    let start = i + usize::from(about);
    // "x2 per week"
    let crossed =
        word(tokens, start) == Some("x") && tokens.get(start + 1).is_some_and(|t| matches!(t.kind, Kind::Number(_)));
    let from = start + usize::from(crossed);
    if fraction(tokens, from) {
        let next = period(tokens, from + 4).map_or(from + 4, |(_, next)| next);
        let next = next + usize::from(word(tokens, next).is_some_and(|w| words::adverb(w).is_some()));
        let why = "a fraction before the period: a rate or a part of one";
        return Some(vec![Placed {
            part: Part::Refused(why.into()),
            tokens: i..next,
            doubt: None,
            review: None,
            inherited: false,
        }]);
    }
    let mut found = count(tokens, from).or_else(|| bracketed(tokens, from))?;
    if crossed {
        // "12 visits x 6 weeks": a length, unless the period is said behind it
        let per = tokens.get(found.next).is_some_and(|t| t.sign('/') || t.is("per"));
        if !per {
            return None;
        }
    }
    if about {
        found.doubt = found.doubt.or(Some("the order says \"about\""));
    }
    // "one 60-minute session per week": the minutes stand between the count and what it counts
    let session = minutes(tokens, found.next).filter(|session| {
        session
            .tokens
            .end
            .checked_sub(1)
            .and_then(|last| word(tokens, last))
            .is_some_and(|w| words::is_visit(w) || w == "massage")
    });
    let (times, at) = match &session {
        Some(session) => (true, session.tokens.end),
        None => times(tokens, &found),
    };
    // "6 weekly visits": one a week, six in all
    if let Some((n, unit)) = word(tokens, found.next).and_then(words::adverb)
        && !found.adverbial
        && word(tokens, found.next + 1).is_some_and(words::is_visit)
        && found.count.low == found.count.high
    {
        let total = Placed {
            part: Part::Total(found.count),
            tokens: i..found.next,
            doubt: found.doubt,
            review: None,
            inherited: false,
        };
        return Some(vec![total, placed(simple(Count::exactly(1), n, unit), found.next..found.next + 2)]);
    }
    let ((period, period_max, unit), next) = ending(tokens, at, times || found.adverbial, &found)?;
    if 200 < found.count.most() {
        return None;
    }
    let (count, next) = limited(tokens, next, found.count);
    let mut whole = placed(Rate { count, period, period_max, unit: Some(unit), days: Vec::new() }, i..next);
    whole.doubt = found.doubt;
    whole.review = found.review;
    let slashed = tokens.get(at).is_some_and(|t| t.sign('/'))
        && matches!(tokens.get(at + 1).map(|t| &t.kind), Some(Kind::Number(_)));
    if slashed {
        whole.review = whole.review.or(Some("a number behind the slash: taken as \"every so many\""));
    }
    if slash_read_as_one(tokens, at) {
        whole.review = Some("\"1\" between the x and the period was taken for a slash");
    }
    let mut parts = vec![whole];
    parts.extend(session);
    Some(parts)
}

/// "2x/wk max", "2x/wk minimum": the limit behind the rate. "2x/wk, max 12 visits" limits the visits.
fn limited(tokens: &[Token], at: usize, found: Count) -> (Count, usize) {
    let from = at + usize::from(tokens.get(at).is_some_and(|t| t.sign('(') || t.sign(',')));
    let most = matches!(word(tokens, from), Some("max" | "maximum"));
    let least = matches!(word(tokens, from), Some("minimum"));
    let next = from + 1;
    let limits_another = is_count(tokens, next)
        || tokens.get(next).is_some_and(|t| t.sign(':'))
        || word(tokens, next).is_some_and(|w| words::is_visit(w) || matches!(w, "of" | "number" | "total"));
    match found {
        Count { low: Some(_), high: Some(high) } if most && !limits_another => {
            (Count { low: None, high: Some(high) }, next)
        }
        Count { low: Some(low), high: Some(_) } if least && !limits_another => {
            (Count { low: Some(low), high: None }, next)
        }
        _ => (found, at),
    }
}

/// "1/2 x": a part of a visit, or a range whose dash became a slash.
fn fraction(tokens: &[Token], i: usize) -> bool {
    let number = |i: usize| matches!(tokens.get(i).map(|t| &t.kind), Some(Kind::Number(_)));
    number(i)
        && tokens.get(i + 1).is_some_and(|t| t.sign('/'))
        && number(i + 2)
        && word(tokens, i + 3).is_some_and(|w| words::is_times(w) || words::adverb(w).is_some())
}

/// "(2x) weekly": the count with its "x" in brackets.
fn bracketed(tokens: &[Token], i: usize) -> Option<Counted> {
    tokens.get(i).filter(|token| token.sign('('))?;
    let inner = count(tokens, i + 1)?;
    let (any, at) = times(tokens, &inner);
    (any && tokens.get(at)?.sign(')')).then_some(Counted { next: at + 1, adverbial: true, ..inner })
}

/// Skips "x", "times", "massage therapy visits"; whether there was one.
fn times(tokens: &[Token], found: &Counted) -> (bool, usize) {
    let mut at = found.next;
    let mut any = false;
    let mut skipped = 0;
    // "2%/wk"
    if tokens.get(at).is_some_and(|t| t.sign('%') || t.sign('+')) && tokens.get(at + 1).is_some_and(|t| t.sign('/')) {
        return (true, at + 1);
    }
    while let Some(word) = word(tokens, at) {
        let takes = words::is_times(word) || (words::is_visit(word));
        if takes {
            any = true;
        } else if matches!(word, "day" | "days") && !any {
            // "3 days per week"
            let weekly = adverb_at(tokens, at + 1) || per(tokens, at + 1) && !minutes_per(tokens, at + 1);
            return if weekly { (true, at + 1) } else { (any, at) };
        } else if !(words::is_treatment(word) || (word == "of" && any)) || 4 < skipped {
            break;
        }
        skipped += 1;
        at += 1;
        // "tx's.", "x."
        if tokens.get(at).is_some_and(|t| t.sign('.') && t.glued) && takes && period(tokens, at + 1).is_some() {
            at += 1;
        }
    }
    (any, at)
}

/// What stands behind the count: "/wk", "per week", "weekly", "each of every 2 weeks".
fn ending(tokens: &[Token], at: usize, times: bool, found: &Counted) -> Option<(Period, usize)> {
    // "8 sessions, every other week" are eight in all
    let all_told =
        FEW < found.count.most() && word(tokens, at + 1).is_some_and(|w| matches!(w, "every" | "each" | "q"));
    let joined = tokens.get(at).is_some_and(|t| t.sign('-') || t.sign(',') && !all_told);
    let at = at + usize::from(times && joined && per(tokens, at + 1));
    // "2 weekly" without "times" is taken: there is nothing else it can be
    if let Some((n, unit)) = word(tokens, at).and_then(words::adverb) {
        return Some(((n, None, unit), at + 1));
    }
    if slash_read_as_one(tokens, at) {
        let unit = word(tokens, at + 1).and_then(|w| words::unit(w, false))?;
        return Some(((1, None, unit), at + 2));
    }
    let bare = word(tokens, at).and_then(|w| words::unit(w, tokens.get(at).is_some_and(|t| t.glued)));
    if let Some(unit) = bare {
        // "2x wk", "3xwk"; but "6 weeks" is a length
        return (times && !found.adverbial || (found.adverbial && at == found.next))
            .then_some(((1, None, unit), at + 1));
    }
    let (period, next) = period(tokens, at)?;
    let slashed = tokens.get(at).is_some_and(|t| t.sign('/'));
    let minutes = word(tokens, next).is_some_and(|w| w == "min" || w == "minutes");
    let numbered = slashed && (1 < period.0);
    if minutes || (numbered && (4 < period.0 || 1 < found.count.most())) {
        return None;
    }
    Some((period, next))
}

fn adverb_at(tokens: &[Token], i: usize) -> bool {
    word(tokens, i).and_then(words::adverb).is_some_and(|(_, unit)| unit != PeriodUnit::Day)
}

/// "7 days / 60 minutes": nothing that comes again.
fn minutes_per(tokens: &[Token], i: usize) -> bool {
    !word(tokens, i + 1).is_some_and(|w| matches!(words::unit(w, true), Some(PeriodUnit::Week | PeriodUnit::Month)))
}

fn per(tokens: &[Token], i: usize) -> bool {
    tokens.get(i).is_some_and(|t| t.sign('/'))
        || word(tokens, i).is_some_and(|w| matches!(w, "per" | "a" | "each" | "every"))
}

fn slash_read_as_one(tokens: &[Token], at: usize) -> bool {
    let crossed = at.checked_sub(1).and_then(|before| word(tokens, before)) == Some("x");
    crossed
        && matches!(tokens.get(at), Some(Token { kind: Kind::Number(1), glued: true, .. }))
        && tokens.get(at + 1).is_some_and(|t| t.glued)
        && word(tokens, at + 1).is_some_and(|w| matches!(w, "week" | "wk" | "month" | "mo" | "day"))
}

/// "/wk", "per week", "a week", "every other week", "q 3 wks", "each calendar month".
pub(super) fn period(tokens: &[Token], i: usize) -> Option<(Period, usize)> {
    let lead = tokens.get(i)?;
    let slash = lead.sign('/') || lead.sign('%') && tokens.get(i + 1).is_some_and(|t| t.glued);
    let per = lead
        .word()
        .is_some_and(|w| matches!(w, "per" | "a" | "an" | "each" | "every" | "ea" | "q" | "p" | "evry" | "any"));
    let r#in =
        (lead.is("in") || lead.is("x")) && tokens.get(i + 1).is_some_and(|t| t.is("a") || t.is("each") || t.is("per"));
    if !(slash || per || r#in) {
        return None;
    }
    let mut at = i + 1 + usize::from(r#in);
    at += usize::from(tokens.get(at).is_some_and(|t| t.sign('.') || t.sign('-')));
    at += usize::from(word(tokens, at).is_some_and(|w| matches!(w, "calendar" | "single")));
    if word(tokens, at) == Some("other") || (word(tokens, at) == Some("alternate")) {
        let unit = word(tokens, at + 1).and_then(|w| words::unit(w, false))?;
        return Some(((2, None, unit), at + 2));
    }
    if let Some(n) = word(tokens, at).and_then(words::ordinal).filter(|n| 1 < *n)
        && let Some(unit) = word(tokens, at + 1).and_then(|w| words::unit(w, false))
    {
        return Some(((n, None, unit), at + 2));
    }
    if let Some(unit) =
        word(tokens, at).and_then(|w| words::unit(w, slash || lead.is("q") || tokens.get(at).is_some_and(|t| t.glued)))
    {
        return Some(((1, None, unit), dot(tokens, at + 1)));
    }
    if lead.is("a") || lead.is("an") {
        return None;
    }
    let n = count(tokens, at)?;
    let unit_at = n.next + usize::from(tokens.get(n.next).is_some_and(|t| t.sign('-')));
    let unit = word(tokens, unit_at).and_then(|w| words::unit(w, tokens.get(unit_at).is_some_and(|t| t.glued)))?;
    let (low, high) = (n.count.low?, n.count.high?);
    Some(((low, (high != low).then_some(high), unit), unit_at + 1))
}

/// The dot of an abbreviation belongs to it.
fn dot(tokens: &[Token], i: usize) -> usize {
    i + usize::from(
        tokens.get(i).is_some_and(|t| t.sign('.') && t.glued)
            && tokens.get(i + 1).is_some_and(|t| !matches!(t.kind, Kind::Line)),
    )
}

/// "weekly", "every week", "q 2 wks", "every 10-14 days".
fn every(tokens: &[Token], i: usize) -> Option<Placed> {
    if let Some((n, unit)) = word(tokens, i).and_then(words::adverb) {
        let next = i + 1 + usize::from(word(tokens, i + 1).is_some_and(words::is_visit));
        return Some(placed(simple(Count::exactly(1), n, unit), i..next));
    }
    if word(tokens, i).is_some_and(|w| w == "semi") {
        let at = i + 1 + usize::from(tokens.get(i + 1).is_some_and(|t| t.sign('-')));
        let (_, unit) = word(tokens, at).and_then(words::adverb)?;
        return Some(placed(simple(Count::exactly(2), 1, unit), i..at + 1));
    }
    match word(tokens, i)? {
        "semiweekly" => return Some(placed(simple(Count::exactly(2), 1, PeriodUnit::Week), i..i + 1)),
        "semimonthly" => return Some(placed(simple(Count::exactly(2), 1, PeriodUnit::Month), i..i + 1)),
        "every" | "each" | "q" | "alternate" | "evry" => {}
        "visit" | "visits" | "session" | "sessions" | "treatment" | "treatments" => {
            // "visits every two weeks"
            return None;
        }
        _ => return None,
    }
    if word(tokens, i) == Some("alternate") {
        let unit = word(tokens, i + 1).and_then(|w| words::unit(w, false))?;
        return Some(placed(simple(Count::exactly(1), 2, unit), i..i + 2));
    }
    // "every other Tuesday"
    if word(tokens, i + 1) == Some("other")
        && let Some(day) = word(tokens, i + 2).and_then(|w| words::weekday(w, false))
    {
        let rate = Rate { days: vec![day], ..simple(Count::exactly(1), 2, PeriodUnit::Week) };
        return Some(placed(rate, i..i + 3));
    }
    let ((n, high, unit), next) = period(tokens, i)?;
    let rate = Rate { count: Count::exactly(1), period: n, period_max: high, unit: Some(unit), days: Vec::new() };
    // "q wk x 6": plain; "q 6 mo" is plausible too
    Some(placed(rate, i..next))
}

/// "M/W/F", "Tues & Thurs", "every Monday".
fn weekdays(tokens: &[Token], i: usize) -> Option<Placed> {
    let mut at = i + usize::from(word(tokens, i).is_some_and(|w| matches!(w, "every" | "each" | "on")));
    let named = at != i;
    let mut days = words::weekdays(word(tokens, at)?).to_vec();
    let mut full = named;
    if days.is_empty() {
        loop {
            let token = tokens.get(at)?;
            let short = token.word()?;
            let Some(day) = words::weekday(short, true) else { break };
            full |= 3 <= short.chars().count();
            days.push(day);
            at += 1;
            at += usize::from(tokens.get(at).is_some_and(|t| t.sign('.') && t.glued));
            let mut join = at;
            while tokens
                .get(join)
                .is_some_and(|t| t.sign('/') || t.sign(',') || t.sign('&') || t.sign('-') || t.is("and") || t.sign('+'))
            {
                join += 1;
            }
            let to = (join == at + 1 && tokens.get(at).is_some_and(|t| t.sign('-')))
                || tokens.get(join).is_some_and(|t| t.is("through") || t.is("thru") || t.is("to"));
            let last_at =
                join + usize::from(tokens.get(join).is_some_and(|t| t.is("through") || t.is("thru") || t.is("to")));
            // "Monday through Friday", "Mon-Fri"
            if let Some(last) = to.then(|| word(tokens, last_at).and_then(|w| words::weekday(w, true))).flatten()
                && let Some(between) = days_between(day, last)
            {
                days.extend(between);
                at = last_at + 1;
                break;
            }
            let follows = join != at && word(tokens, join).is_some_and(|w| words::weekday(w, true).is_some());
            if !follows {
                break;
            }
            at = join;
        }
    } else {
        at += 1;
        full = true;
    }
    days.sort_unstable();
    days.dedup();
    // a lone letter or a lone day's name is no rate; "every Monday" is
    let enough = 2 <= days.len() || (named && !days.is_empty()) || days.len() == 1 && plural(tokens, i);
    if !enough || (!full && days.len() < 2) {
        return None;
    }
    let n = u32::try_from(days.len()).ok()?;
    let rate = Rate { count: Count::exactly(n), period: 1, period_max: None, unit: Some(PeriodUnit::Week), days };
    Some(placed(rate, i..at))
}

/// The days from one to another of a week, both left out; none where they follow each other ("Tue-Wed" are two days).
fn days_between(first: DayOfWeek, last: DayOfWeek) -> Option<Vec<DayOfWeek>> {
    use DayOfWeek::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    let week = [Mon, Tue, Wed, Thu, Fri, Sat, Sun];
    let from = week.iter().position(|day| *day == first)?;
    let to = week.iter().position(|day| *day == last)?;
    // "Mon-Thu" in a list of two may be the two days: only a run to the end of the working week is said so
    (to > from + 2 && matches!(last, Fri | Sat | Sun)).then(|| week[from + 1..=to].to_vec())
}

fn plural(tokens: &[Token], i: usize) -> bool {
    word(tokens, i).is_some_and(|w| w.ends_with("days"))
}
