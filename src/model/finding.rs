//! What a rule found, where, and how sure it is.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::{Area, Field, Frequency, PayerKind, Private};

/// Pages that belong together, what they are, and what was found on them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Page numbers, ascending.
    pub pages: Vec<u32>,
    /// What the pages are.
    pub kind: PaperKind,
    /// All candidates, the likeliest of each field first. `decide` chooses, doubts and tells.
    pub findings: Vec<Finding>,
    /// Names of facts that no field holds and that stand on the pages, of those that the rule files ask for.
    pub facts: Vec<String>,
    /// Of the pages that they count themselves as ("Page 1 of 3") those that did not come with the paper.
    pub pages_lacking: Vec<u32>,
}

/// What a run of pages is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// A prescription, order or referral.
    Order,
    /// A letter that orders or supports treatment as medically necessary.
    LetterOfMedicalNecessity,
    /// A plan of care that a provider signed back.
    PlanOfCare,
    /// A fax cover sheet.
    CoverSheet,
    /// "Massage is safe for this patient": no order.
    Clearance,
    /// A payer's authorisation of visits: limits an order, is none.
    Authorization,
    /// Somebody asks for records.
    RecordsRequest,
    /// An explanation of benefits or remittance.
    ExplanationOfBenefits,
    /// Laboratory or imaging results.
    LabReport,
    /// Advertising.
    Advert,
    /// No ink to speak of.
    Blank,
    /// Ink, but no words could be read.
    Unreadable,
    /// Something else.
    Other,
}

impl PaperKind {
    /// Whether a paper of this kind is a prescription.
    pub fn is_prescription(self) -> bool {
        matches!(self, Self::Order | Self::LetterOfMedicalNecessity | Self::PlanOfCare)
    }
}

/// A value with the ink it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which fact.
    pub field: Field,
    /// The fact itself.
    pub value: Value,
    /// The ink: never empty.
    pub evidence: Vec<Evidence>,
    /// 0 to 1: of the findings that say 0.98 about 98 in 100 are right.
    pub confidence: f32,
    /// The rule that found it: `file:line`.
    pub rule: String,
    /// Why a person should check the value against the picture, in plain words without patient data; empty where nothing
    /// speaks against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
}

/// Ink on a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Page number, from 1.
    pub page: u32,
    /// Where on the upright page.
    #[serde(rename = "box")]
    pub area: Area,
    /// The words as read; empty for a mark without words.
    pub text: Private<String>,
    /// 0 to 1: how sure the reading of the ink is.
    pub confidence: f32,
    /// The rule that took it: `file:line`.
    pub rule: String,
}

/// A fact that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "value")]
pub enum Value {
    /// Free words (insurer, adjuster, credential, words of the plan).
    Text(Private<String>),
    /// A person's name.
    Name(PersonName),
    /// A day.
    Date(Private<Date>),
    /// E.164.
    Phone(Private<String>),
    /// One diagnosis.
    Diagnosis(Diagnosis),
    /// One ordered procedure.
    Procedure(Procedure),
    /// How often.
    Frequency(Frequency),
    /// Who pays.
    PayerKind(PayerKind),
    /// A claim number as printed.
    ClaimNumber(Private<String>),
    /// Ten digits; `valid` says whether the check digit holds.
    Npi {
        /// Ten digits.
        digits: String,
        /// Luhn over 80840 and the number holds (45 CFR 162.406).
        valid: bool,
    },
    /// A signature: true for ink or an electronic signature, false for "signature pending" or an empty line.
    Signed(bool),
    /// Ink where the value belongs that could not be read, or a page too poor to say that the value is not on it: neither
    /// present nor missing.
    Unread,
}

/// A person, given name first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// Given names and family name, without titles and credentials.
    pub full: Private<String>,
    /// The credential printed behind the name ("MD", "PA-C").
    pub credential: Option<String>,
}

/// One diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// ICD-10-CM with its dot; None for words alone.
    pub code: Option<String>,
    /// The words beside it, as read, else the official short title.
    pub text: Option<String>,
    /// Whether the code is billable on the day asked for; None where the code list does not know it or there is no code.
    pub billable: Option<bool>,
    /// What is wrong with the code as it stands; None where nothing is known against it, or where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<CodeFault>,
    /// ICD-10-CM codes that may be meant instead, for whoever asks the HCP's office; never taken by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<String>,
}

impl Diagnosis {
    /// Words without a code.
    pub fn in_words(text: String) -> Self {
        Self { code: None, text: Some(text), billable: None, fault: None, instead: Vec::new() }
    }
}

/// What is wrong with a diagnosis code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeFault {
    /// A code of ICD-9-CM, which ended for US claims on 30 September 2015; its digits stand in the diagnosis' text.
    Icd9,
    /// It was billable once; newer codes took its place.
    Replaced,
    /// A heading: the codes below it are billable, it is not.
    Heading,
    /// Its last character, which tells the encounter, or a placeholder X before it is missing.
    CutShort,
    /// It may be billed from a later fiscal year on.
    NotYetValid,
    /// Billable on the day, but not from the next first of October on.
    Ending,
}

impl CodeFault {
    /// Its name among the faults of the rule files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Icd9 => "code_icd9",
            Self::Replaced => "code_replaced",
            Self::Heading => "code_heading",
            Self::CutShort => "code_cut_short",
            Self::NotYetValid => "code_not_yet_valid",
            Self::Ending => "code_ending",
        }
    }
}

/// One procedure that was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// CPT or HCPCS; None where only words name the treatment.
    pub code: Option<String>,
    /// Billing units a visit.
    pub units: Option<u32>,
}
