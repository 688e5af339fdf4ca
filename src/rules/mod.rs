//! In: the Readings of a paper. Out: its Sections with their Findings, by the rule files that the clinic owns.

mod codes;
mod dates;
mod numbers;
mod people;
mod repair;
mod schedule;

pub use codes::{
    Agreement, AreaHit, CodeHit, CodeList, CodeListError, CodeStatus, CodeSystem, ProcedureHit, Side, TreatmentFamily,
    TreatmentHit, body_areas, find_codes, find_procedures, treatment_words,
};
pub use dates::{DateHit, DateKind, find_dates};
pub use numbers::{ClaimHit, NpiHit, PhoneHit, find_claim_numbers, find_npis, find_phones};
pub use people::{NameHit, find_names, read_name};
pub use repair::Repair;
pub use schedule::{Schedule, find as find_schedules, from_parts as schedule_from_parts, read as read_schedule};
