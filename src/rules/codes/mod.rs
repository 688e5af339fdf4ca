//! In: text and the dated code list. Out: diagnoses, procedures, treatment words and body areas, each with its span.

mod list;

use std::ops::Range;

use jiff::civil::Date;

pub use list::{Agreement, CodeList, CodeListError, CodeStatus};

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

/// All diagnosis codes of `text`, from left to right. `labelled`: the text stands in a diagnosis slot, so short and damaged
/// tokens count too.
pub fn find_codes(_text: &str, _list: &CodeList, _on: Date, _labelled: bool) -> Vec<CodeHit> {
    Vec::new()
}

/// A procedure code in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureHit {
    /// CPT or HCPCS.
    pub code: &'static str,
    /// Our own short label.
    pub label: &'static str,
    /// Billed by 15 minutes.
    pub timed: bool,
    /// The code that took its place, for a code that was deleted.
    pub replaced_by: Option<&'static str>,
    /// Billing units a visit, where they stand beside it.
    pub units: Option<u32>,
    /// Where it stands, with its units.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look.
    pub doubts: Vec<String>,
}

/// All procedure codes of `text`, from left to right.
pub fn find_procedures(_text: &str) -> Vec<ProcedureHit> {
    Vec::new()
}

/// What a treatment word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreatmentFamily {
    /// 97124.
    Massage,
    /// 97140.
    ManualTherapy,
    /// Something beside it: heat, exercise, ultrasound.
    Adjunct,
    /// "Evaluate and treat": the therapist chooses.
    Delegation,
    /// A limit or a precaution: "no deep tissue", "avoid", "contraindicated".
    Precaution,
}

/// A treatment word in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatmentHit {
    /// What it asks for.
    pub family: TreatmentFamily,
    /// Where it stands.
    pub span: Range<usize>,
    /// A "no", "avoid", "hold" or "discontinue" stands before it: it is not ordered.
    pub negated: bool,
}

/// All treatment words of `text`, from left to right.
pub fn treatment_words(_text: &str) -> Vec<TreatmentHit> {
    Vec::new()
}

/// Left, right or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Left.
    Left,
    /// Right.
    Right,
    /// Both.
    Both,
}

/// A body area in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaHit {
    /// Our plain word for it ("neck", "lower back").
    pub area: &'static str,
    /// The side that stands before or behind it.
    pub side: Option<Side>,
    /// Where it stands.
    pub span: Range<usize>,
}

/// All body areas of `text`, from left to right.
pub fn body_areas(_text: &str) -> Vec<AreaHit> {
    Vec::new()
}
