//! The nouns that travel from room to room. No input, no output, no clock; knows nobody.
//!
//! Arrival → Document → Page → Reading → Finding → Prescription → Record → Alert

mod alert;
mod area;
mod arrival;
mod document;
mod field;
mod finding;
mod frequency;
mod held;
mod page;
mod prescription;
mod private;
mod reading;
mod record;
mod transport;

pub use alert::{Letter, Role};
pub use area::Area;
pub use arrival::{Arrival, ArrivalId, Origin, OriginKind, Reception};
pub use document::{Document, MediaType, PaperError, PaperErrorCode, ReadPaper};
pub use field::Field;
pub use finding::{CodeFault, Diagnosis, Evidence, Finding, PaperKind, PersonName, Procedure, Section, Value};
pub use frequency::{Bounds, DayOfWeek, Frequency, FrequencyStatus, PeriodUnit, Phase, Window};
pub use held::HeldMail;
pub use page::{Grey, Page, PageContent};
pub use prescription::{
    Gap, GapLevel, GapReason, OtherPage, Paper, Patient, Payer, PayerKind, Plan, Prescription, Provider,
};
pub use private::Private;
pub use reading::{Alternative, Line, Mark, MarkKind, MarkState, PageTrouble, Reading, Source, Word};
pub use record::{Decision, Record, RecordState};
pub use transport::Tls;
