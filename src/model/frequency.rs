//! How often and how long, in the words of FHIR R4 Timing.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::Private;

/// The whole answer to "how often": phases, totals and how far the words settle it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frequency {
    /// The words as they stand on the paper.
    pub text: Private<String>,
    /// How far the words settle it.
    pub status: FrequencyStatus,
    /// One after the other; none where the phrase is ambiguous or gives no rate.
    pub phases: Vec<Phase>,
    /// Fewest visits in all, stated or worked out; None where nothing settles it or months make it inexact.
    pub visits: Option<u32>,
    /// Most visits in all; None where nothing settles it.
    pub visits_max: Option<u32>,
    /// The time in which a bare number of visits is to be used.
    pub window: Option<Window>,
    /// The whole order is "as needed".
    pub as_needed: bool,
    /// The order leaves it to the therapist.
    pub delegated: bool,
    /// Minutes a visit.
    pub session_minutes: Option<u32>,
    /// Most minutes a visit.
    pub session_minutes_max: Option<u32>,
    /// Billing units a visit (15 minutes each).
    pub units_per_visit: Option<u32>,
    /// What a person should know about the reading ("BIW is error-prone"), for the gap's sentence. No patient data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How far the words settle it (reference: FHIR R4 Timing plus the clinic's need to be told).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrequencyStatus {
    /// Everything is said.
    Ok,
    /// A unit was inherited or months were converted.
    Derived,
    /// An error-prone abbreviation: accept, but show the words.
    Review,
    /// Two readings are possible; nothing is guessed.
    Ambiguous,
    /// The words contradict each other (rate times duration is not the stated total).
    Conflict,
    /// Something is left open.
    Incomplete,
    /// Left to the therapist.
    Discretion,
    /// Points to an earlier order ("continue as before").
    Reference,
}

/// A stretch of treatment at one rate (FHIR R4 Timing.repeat).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Visits in each period; None for "up to".
    pub frequency: Option<u32>,
    /// Most visits in each period; None for "at least".
    pub frequency_max: Option<u32>,
    /// Length of a period, in `period_unit`.
    pub period: u32,
    /// Longest length of a period ("every 10-14 days").
    pub period_max: Option<u32>,
    /// Unit of the period.
    pub period_unit: PeriodUnit,
    /// How long the phase lasts.
    pub bounds: Option<Bounds>,
    /// The days named, Monday first.
    pub days_of_week: Vec<DayOfWeek>,
}

/// How long a phase lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Length, in `unit`.
    pub value: u32,
    /// Greatest length, for a range.
    pub value_max: Option<u32>,
    /// Unit of the length.
    pub unit: PeriodUnit,
}

/// The time in which a number of visits is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Length, in `unit`; None where only the end is given.
    pub value: Option<u32>,
    /// Unit of the length.
    pub unit: Option<PeriodUnit>,
    /// First day, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Date>,
    /// Last day, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
}

/// UCUM units of time that orders use (FHIR R4 UnitsOfTime).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeriodUnit {
    /// Day.
    #[serde(rename = "d")]
    Day,
    /// Week.
    #[serde(rename = "wk")]
    Week,
    /// Month.
    #[serde(rename = "mo")]
    Month,
    /// Year.
    #[serde(rename = "a")]
    Year,
}

/// Day of the week (FHIR R4 DaysOfWeek).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOfWeek {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}
