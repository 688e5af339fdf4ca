//! The parts of which a schedule is made.

use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::{DayOfWeek, PeriodUnit};

/// Fewest and most; None for an open side ("up to 2", "at least 1").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) low: Option<u32>,
    pub(super) high: Option<u32>,
}

impl Count {
    pub(super) fn exactly(n: u32) -> Self {
        Self { low: Some(n), high: Some(n) }
    }

    /// The greatest number that it names.
    pub(super) fn most(self) -> u32 {
        self.high.or(self.low).unwrap_or_default()
    }
}

/// Visits in each period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) count: Count,
    pub(super) period: u32,
    pub(super) period_max: Option<u32>,
    /// None where the paper leaves the unit to its label or to the duration.
    pub(super) unit: Option<PeriodUnit>,
    pub(super) days: Vec<DayOfWeek>,
}

/// How long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) low: u32,
    pub(super) high: u32,
    pub(super) unit: Option<PeriodUnit>,
    /// "within", "over", "up to": not the length of a phase but the time in which visits are to be used.
    pub(super) at_most: bool,
    /// "the first month": opens a phase of its own.
    pub(super) ordinal: bool,
}

/// One part.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Rate(Rate),
    Extent(Extent),
    Total(Count),
    Minutes(Count),
    Units(u32),
    Procedure,
    AsNeeded,
    Then,
    Or,
    Recheck,
    /// The therapist decides.
    Delegated,
    /// "Evaluate and treat".
    EvaluateAndTreat,
    /// "As before".
    Earlier,
    /// "Regular", "several", "as directed".
    Vague,
    /// "Until resolved", "ongoing".
    OpenEnd,
    /// "No expiration".
    NoExpiry,
    /// "Valid for 90 days": how long the paper is good.
    Valid(Extent),
    Until(Date),
    From(Date),
    /// A date that says nothing of the schedule.
    Day,
    /// Two readings are possible; the sentence says which.
    Refused(Why),
    /// Refills, history, follow-ups: understood, and none of our business.
    Aside,
}

/// Why two readings are possible.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Why {
    /// For staff.
    pub(super) says: Arc<str>,
    /// A rule file names the words, and the paper itself may say which of the two is meant.
    pub(super) by_rule: bool,
}

impl From<&str> for Why {
    fn from(says: &str) -> Self {
        Self { says: says.into(), by_rule: false }
    }
}

/// A part where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) part: Part,
    /// Tokens, not bytes.
    pub(super) tokens: Range<usize>,
    /// A reading that is right only if OCR or the writer erred; for staff.
    pub(super) doubt: Option<&'static str>,
    /// An error-prone abbreviation or an uncertain repair.
    pub(super) review: Option<&'static str>,
    /// Said by a convention and not by a word.
    pub(super) inherited: bool,
}
