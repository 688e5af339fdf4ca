//! What a therapist may act on, what is missing in it, and what a person should check.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::{Diagnosis, Evidence, Field, Frequency, PaperError, PaperKind, Private, Procedure};

/// Everything that a paper says: what `parse` prints, without the path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// SHA-256 of the paper's bytes, lower-case hexadecimal.
    pub sha256: String,
    /// How many pages it has.
    pub pages: u32,
    /// Why it could not be read, or not wholly.
    pub error: Option<PaperError>,
    /// Pages that are no prescription. With `prescriptions` every page is in exactly one place.
    pub other_pages: Vec<OtherPage>,
    /// The prescriptions, in page order.
    pub prescriptions: Vec<Prescription>,
}

impl Paper {
    /// The numbers of the pages of which the reading cannot tell what stands on them.
    pub fn unreadable_pages(&self) -> Vec<u32> {
        let unreadable = self.other_pages.iter().filter(|other| other.kind == PaperKind::Unreadable);
        unreadable.flat_map(|other| &other.pages).copied().collect()
    }

    /// Whether there is such a page.
    pub fn has_unreadable_page(&self) -> bool {
        !self.unreadable_pages().is_empty()
    }
}

/// Pages that are no prescription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherPage {
    /// Page numbers, ascending.
    pub pages: Vec<u32>,
    /// What they are.
    pub kind: PaperKind,
}

/// One prescription. Always whole: what is absent is None and told in `gaps`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prescription {
    /// Page numbers, ascending.
    pub pages: Vec<u32>,
    /// `order`, `letter_of_medical_necessity` or `plan_of_care`.
    pub kind: PaperKind,
    /// Who is to be treated.
    pub patient: Patient,
    /// What is wrong.
    pub diagnoses: Vec<Diagnosis>,
    /// What to do.
    pub plan: Plan,
    /// How often; None where nothing says so.
    pub frequency: Option<Frequency>,
    /// Who pays.
    pub payer: Payer,
    /// Who ordered.
    pub provider: Provider,
    /// The day it was written.
    pub written_on: Option<Date>,
    /// The last day it is good for.
    pub expires_on: Option<Date>,
    /// What is missing or wrong, the gravest first.
    pub gaps: Vec<Gap>,
    /// Fields whose value a person should check against the picture, in the order of [`Field::ALL`].
    pub doubts: Vec<Field>,
    /// Why a doubted field is to be checked, where the program can say it. May name a diagnosis code: for the record, not for letters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<Field, Vec<String>>,
    /// The ink behind each field.
    pub evidence: BTreeMap<Field, Vec<Evidence>>,
    /// Nothing that stops treatment is missing.
    pub ready_to_treat: bool,
    /// Nothing that stops or hinders the bill is missing.
    pub ready_to_bill: bool,
}

/// Who is to be treated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patient {
    /// Given name first.
    pub name: Option<Private<String>>,
    /// Date of birth.
    pub birth_date: Option<Private<Date>>,
    /// E.164.
    pub phone: Option<Private<String>>,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The procedures ordered.
    pub procedures: Vec<Procedure>,
    /// The words of the plan, as read.
    pub text: Option<Private<String>>,
    /// Where to treat ("neck", "lower back").
    pub body_areas: Vec<String>,
    /// "Evaluate and treat": what to do is left to the therapist.
    pub delegated: bool,
}

/// Who pays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payer {
    /// The kind of payer.
    pub kind: Option<PayerKind>,
    /// The insurer's name.
    pub insurer: Option<String>,
    /// The claim number, as printed.
    pub claim_number: Option<Private<String>>,
    /// The day of the accident.
    pub date_of_injury: Option<Private<Date>>,
    /// The adjuster's name.
    pub adjuster: Option<Private<String>>,
}

/// The kinds of payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayerKind {
    /// An auto insurer (PIP, MedPay).
    Auto,
    /// Workers' compensation.
    WorkersComp,
    /// A health plan.
    HealthPlan,
    /// The Department of Veterans Affairs.
    Va,
    /// Health savings or flexible spending account.
    HsaFsa,
    /// The patient.
    SelfPay,
}

/// Who ordered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Given name first.
    pub name: Option<Private<String>>,
    /// "MD", "DC", "PA-C".
    pub credential: Option<String>,
    /// Ten digits.
    pub npi: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// E.164.
    pub fax: Option<String>,
    /// Signed by ink or electronically; None where it cannot be told.
    pub signed: Option<bool>,
}

/// Something that is missing or wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The field that is concerned.
    pub field: Field,
    /// What is wrong with it.
    pub reason: GapReason,
    /// How grave it is.
    pub level: GapLevel,
    /// The sentence for the staff: what to do and whom to ask. Holds no patient data.
    pub tell: String,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// It is not there.
    Missing,
    /// Something is there that could not be read.
    Unreadable,
    /// It can be read in two ways.
    Ambiguous,
    /// Two places contradict each other.
    Conflict,
    /// The code is not billable on the day.
    NotBillable,
    /// The payer does not allow it.
    NotAllowed,
    /// Its time has run out.
    Expired,
    /// It cannot be right.
    Implausible,
}

/// How grave a gap is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapLevel {
    /// Do not treat before it is closed.
    Stop,
    /// Treat, but the bill will be denied without it.
    Warn,
    /// Good to know.
    Note,
}
