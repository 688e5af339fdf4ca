//! In: the Readings of a paper. Out: its Sections with their Findings, by the rule files that the clinic owns.

mod book;
mod clause;
mod codes;
mod context;
mod dates;
mod draft;
mod explain;
mod forms;
mod help;
mod join;
mod label;
mod lint;
mod near;
mod numbers;
mod own;
mod pattern;
mod people;
mod phrase;
mod place;
mod repair;
mod schedule;
mod schema;
mod section;
mod sheet;
mod slots;
mod span;
mod take;
mod test;
mod ticks;
mod wording;

use jiff::civil::Date;

use crate::model::{Reading, Section};
pub use crate::written::{Fault, FaultKind, Faults};

pub use book::Book;
pub use codes::{
    Agreement, AreaHit, CodeHit, CodeList, CodeListError, CodeStatus, CodeSystem, ProcedureHit, Side, TreatmentFamily,
    TreatmentHit, find_codes, find_procedures, fiscal_year, look_alike,
};
pub use dates::{DateHit, DateKind, find_dates};
pub use explain::{EmptyLabel, FieldStory, NearLabel, PageStory, PassedOver};
pub use forms::FormStory;
pub use help::help;
pub use numbers::{ClaimHit, NpiHit, PhoneHit, find_claim_numbers, find_npis, find_phones};
pub use people::{NameHit, find_names, read_name};
pub use repair::Repair;
pub use schedule::Schedule;
pub(in crate::rules) use schedule::{find as find_schedules, from_parts as schedule_from_parts, read as read_schedule};
pub use schema::{CheckName, PayerRule, RequireRule, TellRule};
pub use section::KindStory;
pub use test::{Decide, TestFailure, TestReport};

impl Book {
    /// Sorts the pages of a paper and takes from them what the rules find. `on` is the day of receipt.
    pub fn sort(&self, readings: &[Reading], on: Date) -> Vec<Section> {
        self.sort_from(readings, on, None)
    }

    /// The same where the door knows who sent the paper: a fax number or an address, by which a clinic's own form is known.
    pub fn sort_from(&self, readings: &[Reading], on: Date, sender: Option<&str>) -> Vec<Section> {
        section::sort(&self.0, readings, on, sender)
    }
}
