//! In: the parts of a schedule. Out: the schedule: phases, totals, and how far the words settle it.

use std::sync::Arc;

use jiff::civil::Date;

use super::Schedule;
use super::arithmetic::{Visits, visits};
use super::element::{Count, Extent, Part, Placed, Rate, Why};
use super::token::{Kind, Token};
use crate::model::{Bounds, Frequency, FrequencyStatus, PeriodUnit, Phase, Window};

/// Puts the parts together. None when none of them speaks of how often or how long.
pub(super) fn build(text: &str, tokens: &[Token], parts: &[Placed], left: &[usize]) -> Option<Schedule> {
    let speaks = |part: &Part| {
        !matches!(
            part,
            Part::Procedure
                | Part::Units(_)
                | Part::Day
                | Part::Aside
                | Part::Then
                | Part::Or
                | Part::Recheck
                | Part::From(_)
                | Part::Valid(_)
                | Part::Until(_)
                | Part::NoExpiry
        )
    };
    if !parts.iter().any(|placed| speaks(&placed.part)) {
        return None;
    }
    let mut draft = Draft::default();
    for (index, placed) in parts.iter().enumerate() {
        draft.take(placed, parts.get(index + 1..).unwrap_or_default());
    }
    draft.close();
    if 1 < draft.phases.len()
        && let Some(why) = apart(tokens, parts)
    {
        draft.doubt(why);
    }
    Some(draft.finish(text, tokens, parts, left))
}

/// Why two schedules may be two orders and no taper: nothing joins them, a word that orders anew stands between them, or a code.
fn apart(tokens: &[Token], parts: &[Placed]) -> Option<&'static str> {
    let rates: Vec<usize> = (0..parts.len()).filter(|i| matches!(parts[*i].part, Part::Rate(_))).collect();
    rates.windows(2).find_map(|pair| {
        let [first, second] = pair else { return None };
        let between = parts.get(first + 1..*second)?;
        // "2x/wk (twice weekly)" is one rate
        if !between.iter().any(|placed| matches!(placed.part, Part::Extent(_))) {
            return None;
        }
        let joined = between.iter().any(|placed| matches!(placed.part, Part::Then));
        let taken = |at: usize| between.iter().any(|placed| placed.tokens.contains(&at));
        let gap = (parts[*first].tokens.end..parts[*second].tokens.start).filter(|at| !taken(*at));
        let gap: Vec<&Token> = gap.filter_map(|at| tokens.get(at)).collect();
        let anew = gap
            .iter()
            .filter_map(|token| token.word())
            .any(|word| matches!(word, "please" | "treat" | "provide" | "order"));
        if between.iter().any(|placed| matches!(placed.part, Part::Procedure)) && !joined {
            Some("each of two treatments has a frequency of its own")
        } else if anew && !joined {
            Some("two frequencies stand on the page")
        } else {
            // "2w4 1w4": each in one word
            let behind = between.last().map_or(0, |placed| placed.tokens.end);
            let own = tokens.get(parts[*first].tokens.start + 1..behind).unwrap_or_default();
            let terse = own.iter().all(|token| token.glued);
            (gap.is_empty() && !joined && !terse && between.len() == 1).then_some("nothing joins two frequencies")
        }
    })
}

/// So near a number or a damaged word may belong to the schedule.
const NEAR_BYTES: usize = 20;

/// A slot that holds nothing but a number ("12", "2x"): something is ordered, and nobody can say what.
pub(super) fn bare_number(text: &str, tokens: &[Token]) -> Option<Schedule> {
    let is_number = |token: &&Token| {
        matches!(token.kind, Kind::Number(1..=99)) || token.word().and_then(super::words::count).is_some()
    };
    let mut numbers = tokens.iter().filter(is_number);
    let first = numbers.next()?;
    let quiet = tokens.iter().all(|token| match &token.kind {
        Kind::Number(n) => *n <= 99,
        Kind::Word(word) => super::words::is_filler(word) || super::words::count(word).is_some(),
        Kind::Sign(sign) => matches!(sign, ':' | '.' | ',' | '(' | ')' | '-'),
        Kind::Line => true,
        Kind::Other | Kind::Day(_) => false,
    });
    if !quiet || numbers.next().is_some() {
        return None;
    }
    let draft = Draft { doubts: vec!["the paper does not say what the number counts".to_owned()], ..Draft::default() };
    let placed = Placed { part: Part::Vague, tokens: 0..tokens.len(), doubt: None, review: None, inherited: false };
    let mut schedule = draft.finish(text, tokens, &[placed], &[]);
    schedule.span = first.span.clone();
    schedule.used = vec![first.span.clone()];
    Some(schedule)
}

#[derive(Debug)]
struct Open {
    rate: Rate,
    extent: Option<Extent>,
    /// "then" stood before it.
    then: bool,
}

#[derive(Debug, Default)]
struct Draft {
    phases: Vec<Open>,
    pending: Option<Extent>,
    /// Each with the number of phases before it.
    totals: Vec<(Count, usize)>,
    minutes: Option<Count>,
    units: Option<u32>,
    then: bool,
    or: bool,
    as_needed: bool,
    as_needed_after: bool,
    delegated: bool,
    evaluate: bool,
    earlier: bool,
    open_end: bool,
    no_expiry: bool,
    /// How long the paper is good.
    valid: Option<Extent>,
    from: Option<Date>,
    until: Option<Date>,
    refused: Option<Why>,
    refused_after_then: bool,
    re_evaluate: bool,
    inherited: bool,
    conflict: Option<&'static str>,
    review: Option<Arc<str>>,
    doubts: Vec<String>,
}

impl Draft {
    fn take(&mut self, placed: &Placed, rest: &[Placed]) {
        self.inherited |= placed.inherited;
        if self.review.is_none() {
            self.review = placed.review.map(Arc::from);
        }
        if let Some(doubt) = placed.doubt.or(placed.review) {
            self.doubt(doubt);
        }
        match &placed.part {
            Part::Rate(rate) => self.rate(rate),
            Part::Extent(extent) => self.extent(*extent, rest),
            Part::Total(count) => self.totals.push((*count, self.phases.len())),
            Part::Minutes(count) => match self.minutes {
                Some(known) if known != *count => self.doubt("two lengths of a visit are given"),
                _ => self.minutes = Some(*count),
            },
            Part::Units(units) => self.units = Some(self.units.unwrap_or(0).saturating_add(*units)),
            Part::AsNeeded if self.then && !self.phases.is_empty() => self.as_needed_after = true,
            Part::AsNeeded => self.as_needed = true,
            Part::Then => self.then = true,
            Part::Or => self.or = true,
            Part::Recheck => self.re_evaluate = true,
            Part::Delegated => self.delegated = true,
            Part::EvaluateAndTreat => self.evaluate = true,
            Part::Earlier => self.earlier = true,
            Part::OpenEnd => self.open_end = true,
            Part::NoExpiry => self.no_expiry = true,
            Part::Valid(extent) => self.valid = self.valid.or(Some(*extent)),
            Part::From(day) => self.from = self.from.or(Some(*day)),
            Part::Until(day) => self.until = self.until.or(Some(*day)),
            Part::Refused(why) => {
                self.refused.get_or_insert_with(|| why.clone());
                self.refused_after_then |= self.then;
            }
            Part::Procedure | Part::Vague | Part::Day | Part::Aside => {}
        }
        if !matches!(placed.part, Part::Or) && !matches!(placed.part, Part::Extent(_)) {
            self.or = false;
        }
    }

    fn doubt(&mut self, why: &str) {
        if !self.doubts.iter().any(|known| known == why) {
            self.doubts.push(why.to_owned());
        }
    }

    fn rate(&mut self, rate: &Rate) {
        let alternative = self.or;
        let then = std::mem::take(&mut self.then);
        if let Some(last) = self.phases.last_mut() {
            let same_period = (last.rate.period, last.rate.unit) == (rate.period, rate.unit);
            if alternative && same_period && last.extent.is_none() {
                last.rate.count.high = rate.count.high.max(last.rate.count.high);
                last.rate.count.low = rate.count.low.min(last.rate.count.low);
                return;
            }
            if last.extent.is_none() && !then && self.pending.is_none() {
                // "twice weekly (2x/wk)"; "2x/wk, M/W" names the days of the same rate
                let same = last.rate.count == rate.count && same_period;
                if same {
                    if last.rate.days.is_empty() {
                        last.rate.days.clone_from(&rate.days);
                    }
                    return;
                }
                if last.rate.unit.is_none() && last.rate.count == rate.count {
                    last.rate = rate.clone();
                    return;
                }
                self.conflict = Some("two different rates are given");
            } else if alternative {
                self.conflict = Some("two schedules are joined by \"or\"");
            }
        }
        self.phases.push(Open { rate: rate.clone(), extent: self.pending.take(), then });
    }

    fn extent(&mut self, extent: Extent, rest: &[Placed]) {
        let before_a_rate = rest
            .iter()
            .find(|placed| matches!(placed.part, Part::Rate(_) | Part::Extent(_) | Part::Then | Part::Refused(_)))
            .is_some_and(|placed| matches!(placed.part, Part::Rate(_)));
        match self.phases.last_mut() {
            Some(last) if last.extent.is_none() && !(self.then && before_a_rate) => last.extent = Some(extent),
            Some(last) if !before_a_rate => {
                let known = last.extent.unwrap_or(extent);
                let same = known.low == extent.low
                    && known.high == extent.high
                    && (known.unit == extent.unit || known.unit.is_none() || extent.unit.is_none());
                let whole = self.phases.iter().map(|phase| phase.extent.map_or(0, |extent| extent.high)).sum::<u32>()
                    == extent.high;
                if same {
                    if let Some(phase) = self.phases.last_mut() {
                        phase.extent = Some(Extent { unit: known.unit.or(extent.unit), ..known });
                    }
                } else if !(whole && 1 < self.phases.len()) {
                    self.conflict = Some("two different lengths of time are given");
                }
            }
            _ => {
                if self.pending.is_some_and(|known| (known.low, known.unit) != (extent.low, extent.unit)) {
                    self.conflict = Some("two different lengths of time are given");
                }
                self.pending = Some(extent);
            }
        }
    }

    /// A phase that stands twice is one; a unit that is not said is inherited.
    fn close(&mut self) {
        let twice = |a: &Open, b: &Open| a.rate == b.rate && a.extent == b.extent && a.extent.is_some();
        let all_same = self.phases.first().is_some_and(|first| self.phases.iter().all(|phase| twice(first, phase)));
        if all_same && self.phases.iter().all(|phase| !phase.then) {
            self.phases.truncate(1);
        }
        let mut inherited = false;
        let mut doubt = false;
        // "2x" alone: nothing says of what
        let said = |phase: &Open| phase.rate.unit.is_some() || phase.extent.is_some_and(|extent| extent.unit.is_some());
        let before = self.phases.len();
        self.phases.retain(said);
        doubt |= self.phases.len() < before;
        for phase in &mut self.phases {
            if phase.rate.unit.is_none() {
                let unit = phase.extent.and_then(|extent| extent.unit).unwrap_or(PeriodUnit::Week);
                phase.rate.unit = Some(if unit == PeriodUnit::Day { PeriodUnit::Week } else { unit });
                inherited = true;
                doubt = true;
            }
            if let Some(extent) = &mut phase.extent
                && extent.unit.is_none()
            {
                extent.unit = phase.rate.unit;
                inherited = true;
                doubt |= phase.rate.period != 1;
            }
        }
        if doubt {
            self.doubt("the paper does not say what the number counts");
        }
        self.inherited |= inherited;
    }

    fn finish(mut self, text: &str, tokens: &[Token], parts: &[Placed], left: &[usize]) -> Schedule {
        self.fence();
        let computed = self.computed();
        let stated = self.stated();
        let total = self.total(computed, stated);
        let window = self.window(stated);
        let status = self.status(computed, stated, window);
        let refused = status == FrequencyStatus::Ambiguous && self.refused.is_some();
        let total = if refused { stated.unwrap_or(Count { low: None, high: None }) } else { total };
        let phases = if refused { Vec::new() } else { self.phases.iter().map(phase).collect() };
        let refused_because = self.refused.as_ref().map(|why| &*why.says);
        let note = refused_because.or(self.conflict).or(self.review.as_deref()).map(str::to_owned);
        let note = note.or(self.as_needed_after.then(|| "afterwards as needed".to_owned()));
        let in_use = |placed: &&Placed| {
            !matches!(placed.part, Part::Aside | Part::Day | Part::Procedure | Part::Or | Part::Then)
        };
        let used: Vec<_> = parts.iter().filter(in_use).filter_map(|placed| bytes(tokens, placed)).collect();
        let start = used.iter().map(|span| span.start).min().unwrap_or(0);
        let end = used.iter().map(|span| span.end).max().unwrap_or(text.len());
        let inside = |token: &&Token| start <= token.span.start && token.span.end <= end;
        let leftovers: Vec<&Token> = left.iter().filter_map(|i| tokens.get(*i)).filter(inside).collect();
        // a number right before or behind the phrase may belong to it
        let (from, to) = neighbourhood(text, start, end);
        let near = |token: &&Token| from <= token.span.start && token.span.end <= to;
        let beside: Vec<&Token> = left.iter().filter_map(|i| tokens.get(*i)).filter(near).collect();
        if beside.iter().any(|token| matches!(token.kind, Kind::Number(_))) {
            self.doubt("a number was not understood");
        }
        let from = tokens.partition_point(|token| token.span.start < start);
        let behind = tokens.partition_point(|token| token.span.start < end);
        let stroke = tokens.get(from..behind).unwrap_or_default().iter().any(|token| token.sign('!'));
        let letter = |token: &&&Token| {
            token.also.is_some() && !token.is("i") && start <= token.span.end + 4 && token.span.start <= end + 4
        };
        if beside.iter().any(|token| letter(&token)) {
            push(&mut self.doubts, "a letter beside it may be a digit");
        }
        if stroke || beside.iter().any(|token| token.word().is_some_and(super::words::is_suspicious)) {
            self.doubt("a word beside it was not understood");
        }
        if self.phases.is_empty() && stated.is_some_and(|count| count.most() <= 3) && window.is_some() {
            self.doubt("so few visits in so long a time: a rate may be lost");
        }
        if leftovers.iter().any(|token| {
            token.word().is_some_and(|word| {
                matches!(word, "not" | "except" | "unless" | "instead" | "without" | "extend" | "reduce" | "increase")
            })
        }) {
            self.doubt("a word turns the meaning");
        }
        if matches!(status, FrequencyStatus::Ambiguous | FrequencyStatus::Conflict)
            && let Some(why) =
                self.refused.as_ref().map(|why| why.says.to_string()).or(self.conflict.map(str::to_owned))
        {
            self.doubt(&why);
        }
        let repairs =
            tokens.get(from..behind).unwrap_or_default().iter().filter_map(|token| token.repair.clone()).collect();
        let words = text.get(start..end).unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let frequency = Frequency {
            text: words.into(),
            status,
            phases,
            visits: total.low,
            visits_max: total.high,
            window,
            as_needed: self.as_needed,
            delegated: self.delegated || (self.evaluate && self.phases.is_empty() && stated.is_none()),
            session_minutes: self.minutes.and_then(|count| count.low),
            session_minutes_max: self.minutes.and_then(|count| count.high),
            units_per_visit: self.units,
            note,
        };
        Schedule {
            frequency,
            span: start..end,
            used,
            leftovers: leftovers.into_iter().map(|token| token.span.clone()).collect(),
            repairs,
            doubts: self.doubts,
            re_evaluate: self.re_evaluate,
        }
    }

    /// What no order says: such a reading is an error of OCR or of the pen.
    fn fence(&mut self) {
        for phase in &self.phases {
            let most = phase.rate.count.most();
            let (reject, warn) = match phase.rate.unit {
                Some(PeriodUnit::Day) => (4, 2),
                Some(PeriodUnit::Month) => (31, 20),
                Some(PeriodUnit::Year) => (366, 104),
                _ => (8, 6),
            };
            if phase.rate.period == 1 && reject <= most {
                let why = "so many visits in a period are not plausible: a dash or a blank may be lost";
                self.refused = Some(why.into());
            } else if phase.rate.period == 1 && warn <= most {
                push(&mut self.doubts, "an unlikely number of visits in a period");
            }
            let long = phase.extent.is_some_and(|extent| match extent.unit {
                Some(PeriodUnit::Day) => 366 < extent.high,
                Some(PeriodUnit::Month) => 12 < extent.high,
                Some(PeriodUnit::Year) => 1 < extent.high,
                // "46 weeks" may be 4-6 weeks
                _ => {
                    52 < extent.high
                        || extent.low == extent.high && 26 < extent.high && extent.high / 10 < extent.high % 10
                }
            });
            if long {
                push(&mut self.doubts, "an unlikely length of time");
            }
        }
        if self.totals.iter().any(|(count, _)| 60 < count.most()) {
            push(&mut self.doubts, "an unlikely number of visits");
        }
        if self.minutes.is_some_and(|count| 120 < count.most() || count.most() < 15) {
            push(&mut self.doubts, "an unlikely number of minutes");
        }
        if self.units.is_some_and(|units| units == 0 || 8 < units) {
            push(&mut self.doubts, "an unlikely number of units");
        }
    }

    fn computed(&self) -> Visits {
        let mut sum = Visits::none_yet();
        for phase in &self.phases {
            sum = sum.and(visits(&phase.rate, phase.extent));
        }
        sum
    }

    /// The total that stands on the paper; several for several phases are added.
    fn stated(&mut self) -> Option<Count> {
        let (first, _) = *self.totals.first()?;
        let distinct = self.totals.iter().any(|(count, _)| *count != first);
        let places: Vec<usize> = self.totals.iter().map(|(_, place)| *place).collect();
        let one_each = 1 < places.len()
            && places.len() == self.phases.len()
            && places.windows(2).all(|pair| pair.first() < pair.last())
            && self.phases.iter().all(|phase| phase.extent.is_none());
        if one_each {
            let add =
                |side: fn(&Count) -> Option<u32>| self.totals.iter().map(|(count, _)| side(count)).sum::<Option<u32>>();
            return Some(Count { low: add(|count| count.low), high: add(|count| count.high) });
        }
        if distinct {
            // "12 visits, up to 24": one of them may be a limit; two plain numbers are a conflict
            self.conflict = Some("two different numbers of visits are given");
        }
        Some(first)
    }

    fn total(&mut self, computed: Visits, stated: Option<Count>) -> Count {
        let Some(stated) = stated else { return computed.exact() };
        if self.conflict.is_none() && !computed.allows(stated) {
            self.conflict = Some("rate times duration is not the stated number of visits");
        }
        stated
    }

    fn window(&self, stated: Option<Count>) -> Option<Window> {
        let extent = self.pending.or(self.valid).filter(|_| {
            self.phases.is_empty()
                && (stated.is_some() || self.as_needed || self.delegated || self.evaluate || self.refused.is_none())
        });
        let value = extent.map(|extent| extent.high);
        let unit = extent.and_then(|extent| extent.unit);
        let any = (value.is_some() && unit.is_some()) || self.from.is_some() || self.until.is_some();
        any.then_some(Window { value: unit.and(value), unit, start: self.from, end: self.until })
    }

    fn status(&mut self, computed: Visits, stated: Option<Count>, window: Option<Window>) -> FrequencyStatus {
        if let Some(status) = self.refusal() {
            return status;
        }
        if self.conflict.is_some() {
            return FrequencyStatus::Conflict;
        }
        if self.phases.is_empty() {
            return self.status_without_rate(stated, window);
        }
        let daily = self.phases.iter().any(|phase| {
            phase.rate.unit == Some(PeriodUnit::Day)
                && phase.rate.period == 1
                && phase.extent.is_some_and(|extent| extent.unit != Some(PeriodUnit::Day))
        });
        if daily && stated.is_none() {
            self.doubt("daily over weeks: calendar days or working days");
            return FrequencyStatus::Ambiguous;
        }
        let open = self.phases.iter().any(|phase| phase.extent.is_none());
        if open && stated.is_none() {
            return if self.until.is_some() { FrequencyStatus::Derived } else { FrequencyStatus::Incomplete };
        }
        if self.review.is_some() {
            return FrequencyStatus::Review;
        }
        let inexact = stated.is_none() && computed.inexact;
        if self.inherited || inexact { FrequencyStatus::Derived } else { FrequencyStatus::Ok }
    }

    /// A word with two meanings stands, unless the paper itself says which: "biweekly (2x/wk)".
    fn refusal(&mut self) -> Option<FrequencyStatus> {
        let why = self.refused.clone()?;
        let [only] = self.phases.as_slice() else { return Some(FrequencyStatus::Ambiguous) };
        let rate = &only.rate;
        let explains = matches!(
            (rate.count.low, rate.period, rate.unit),
            (Some(2), 1, Some(PeriodUnit::Week | PeriodUnit::Month))
                | (Some(1), 2, Some(PeriodUnit::Week | PeriodUnit::Month))
        );
        if explains && why.by_rule && !self.refused_after_then && rate.count.low == rate.count.high {
            self.refused = None;
            push(&mut self.doubts, &why.says);
            self.review = Some(why.says);
            return (self.conflict.is_none() && (only.extent.is_some() || !self.totals.is_empty()))
                .then_some(FrequencyStatus::Review);
        }
        Some(FrequencyStatus::Ambiguous)
    }

    fn status_without_rate(&self, stated: Option<Count>, window: Option<Window>) -> FrequencyStatus {
        let settled = stated.is_some()
            && (window.is_some_and(|window| window.value.is_some() || window.end.is_some()) || self.no_expiry);
        if self.delegated || (self.evaluate && stated.is_none()) {
            FrequencyStatus::Discretion
        } else if settled {
            if self.review.is_some() { FrequencyStatus::Review } else { FrequencyStatus::Ok }
        } else if self.earlier && stated.is_none() {
            FrequencyStatus::Reference
        } else {
            FrequencyStatus::Incomplete
        }
    }
}

fn push(doubts: &mut Vec<String>, why: &str) {
    if !doubts.iter().any(|known| known == why) {
        doubts.push(why.to_owned());
    }
}

fn phase(open: &Open) -> Phase {
    Phase {
        frequency: open.rate.count.low,
        frequency_max: open.rate.count.high,
        period: open.rate.period,
        period_max: open.rate.period_max,
        period_unit: open.rate.unit.unwrap_or(PeriodUnit::Week),
        bounds: open.extent.map(|extent| Bounds {
            value: extent.low,
            value_max: (extent.low != extent.high).then_some(extent.high),
            unit: extent.unit.unwrap_or(PeriodUnit::Week),
        }),
        days_of_week: open.rate.days.clone(),
    }
}

/// The bytes around a phrase whose words may belong to it: a few to either side, not past a line's or a sentence's end.
fn neighbourhood(text: &str, start: usize, end: usize) -> (usize, usize) {
    let before = text.get(..start).unwrap_or_default();
    let last = before.rfind('\n').max(before.rfind(". ")).max(before.rfind("  ")).map_or(0, |at| at + 1);
    let behind = text.get(end..).unwrap_or_default();
    // two blanks are the gap before another cell
    let first =
        [behind.find('\n'), behind.find(". "), behind.find("  ")].into_iter().flatten().min().unwrap_or(behind.len());
    (last.max(start.saturating_sub(NEAR_BYTES)), end + first.min(NEAR_BYTES))
}

fn bytes(tokens: &[Token], placed: &Placed) -> Option<std::ops::Range<usize>> {
    let inside = tokens.get(placed.tokens.clone())?;
    Some(inside.first()?.span.start..inside.last()?.span.end)
}
