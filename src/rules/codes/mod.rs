//! In: text and the dated code list. Out: diagnoses, procedures, treatment words and body areas, each with its span.

mod agreement;
mod areas;
mod find;
mod list;
mod meaning;
mod phrase;
mod procedures;
mod shape;
#[cfg(test)]
mod tests;
mod treatment;

use std::ops::Range;

pub use agreement::{Agreement, look_alike};
pub use areas::{AreaHit, Side, body_areas};
pub use find::find_codes;
pub use list::{CodeList, CodeListError, CodeStatus};
pub use procedures::{ProcedureHit, find_procedures};
pub use treatment::{TreatmentFamily, TreatmentHit, treatment_words};

use crate::rules::Repair;

/// Which code book a diagnosis code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSystem {
    /// ICD-10-CM.
    Icd10,
    /// ICD-9-CM, which ended for US claims on 30 September 2015: named, never converted.
    Icd9,
}

/// A diagnosis code in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeHit {
    /// With its dot, upper case.
    pub code: String,
    /// Which code book.
    pub system: CodeSystem,
    /// What the list says of it on the day asked for.
    pub status: CodeStatus,
    /// Where it stands.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look.
    pub doubts: Vec<String>,
    /// Codes that may be meant instead, for the sentence to staff; never taken by themselves.
    pub suggestions: Vec<String>,
}
