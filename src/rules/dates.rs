//! In: text. Out: the days it names, each with its span, its repairs and why it may be wrong.

use std::ops::Range;

use jiff::civil::Date;

use crate::model::Private;
use crate::rules::Repair;

/// What a date is about: settles two-digit years and what is plausible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateKind {
    /// A birth: 0 to 115 years before `on`.
    Birth,
    /// When a paper was written or signed, or expires.
    Order,
    /// When an accident happened.
    Injury,
}

/// A day that the text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateHit {
    /// The day.
    pub date: Private<Date>,
    /// Where it stands.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look; no patient data.
    pub doubts: Vec<String>,
}

/// All days that `text` names, from left to right. `on` is the day of receipt. An impossible day is none.
pub fn find_dates(_text: &str, _kind: DateKind, _on: Date) -> Vec<DateHit> {
    Vec::new()
}
