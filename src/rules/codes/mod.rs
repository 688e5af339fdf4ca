//! In: text and the dated code list. Out: diagnoses, procedures, treatment words and body areas, each with its span.

mod agreement;
mod areas;
mod find;
mod icd9;
mod list;
mod meaning;
mod order;
mod phrase;
mod procedures;
mod scope;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod treatment;

use std::ops::Range;

pub use agreement::{Agreement, look_alike};
pub(in crate::rules) use agreement::{without_joints, word_starts};
pub use areas::{AreaHit, Side};
pub(in crate::rules) use areas::{Areas, names_a_side};
pub use find::find_codes;
pub use list::{CodeList, CodeStatus, fiscal_year};
pub(in crate::rules) use phrase::Words;
pub use procedures::{ProcedureHit, find_procedures};
pub(in crate::rules) use scope::{Scope, Scopes};
pub(in crate::rules) use shape::{begins_with_mark, code_shapes, opens_with_mark, without_marks};
pub use table::CodeListError;
pub(in crate::rules) use treatment::Treatments;
pub use treatment::{TreatmentFamily, TreatmentHit};

use jiff::civil::Date;

use crate::model::CodeFault;
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
    /// What is wrong with it on the day asked for.
    pub fault: Option<CodeFault>,
    /// Codes that may be meant instead, for the sentence to staff; never taken by themselves.
    pub suggestions: Vec<String>,
}

impl CodeHit {
    /// What the list says against the code on a day, and what it names instead.
    fn find_fault(&mut self, list: &CodeList, on: Date) {
        (self.fault, self.suggestions) = match &self.status {
            CodeStatus::Billable if list.ends_with_the_year(&self.code, on) => {
                (Some(CodeFault::Ending), list.successors(&self.code))
            }
            CodeStatus::Billable | CodeStatus::Unsettled { .. } | CodeStatus::Unknown => (None, Vec::new()),
            CodeStatus::Header { children } if differ_in_the_last(children) => {
                (Some(CodeFault::CutShort), children.clone())
            }
            CodeStatus::Header { children } => (Some(CodeFault::Heading), children.clone()),
            CodeStatus::Retired { successors, .. } => (Some(CodeFault::Replaced), successors.clone()),
            CodeStatus::NotYetValid { .. } => (Some(CodeFault::NotYetValid), Vec::new()),
        };
    }
}

/// "S13.4XXA", "S13.4XXD", "S13.4XXS": only the seventh character is open.
fn differ_in_the_last(codes: &[String]) -> bool {
    let stem = |code: &String| code.get(..code.len().saturating_sub(1)).map(str::to_owned);
    let first = codes.first().and_then(stem);
    codes.iter().all(|code| code.len() == FULL_LENGTH && stem(code) == first)
}

/// Seven characters and the dot.
const FULL_LENGTH: usize = 8;
