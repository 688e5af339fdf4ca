//! The facts a prescription is asked for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A fact on a prescription, under the name that records, gaps and rule files use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Field {
    #[serde(rename = "patient.name")]
    /// Patient's name.
    PatientName,
    #[serde(rename = "patient.birth_date")]
    /// Patient's date of birth.
    PatientBirthDate,
    #[serde(rename = "patient.phone")]
    /// Patient's phone.
    PatientPhone,
    #[serde(rename = "diagnoses")]
    /// ICD-10-CM codes and words.
    Diagnoses,
    #[serde(rename = "plan")]
    /// What to do: CPT/HCPCS codes and words.
    Plan,
    #[serde(rename = "plan.body_areas")]
    /// Where to treat.
    PlanBodyAreas,
    #[serde(rename = "frequency")]
    /// How often and how long.
    Frequency,
    #[serde(rename = "payer.kind")]
    /// Who pays, by kind.
    PayerKind,
    #[serde(rename = "payer.insurer")]
    /// The insurer's name.
    PayerInsurer,
    #[serde(rename = "payer.claim_number")]
    /// The insurer's claim number.
    PayerClaimNumber,
    #[serde(rename = "payer.date_of_injury")]
    /// Day of the accident.
    PayerDateOfInjury,
    #[serde(rename = "payer.adjuster")]
    /// The insurer's adjuster.
    PayerAdjuster,
    #[serde(rename = "provider.name")]
    /// The HCP who orders.
    ProviderName,
    #[serde(rename = "provider.credential")]
    /// The HCP's credential.
    ProviderCredential,
    #[serde(rename = "provider.npi")]
    /// National Provider Identifier.
    ProviderNpi,
    #[serde(rename = "provider.phone")]
    /// The HCP's phone.
    ProviderPhone,
    #[serde(rename = "provider.fax")]
    /// The HCP's fax.
    ProviderFax,
    #[serde(rename = "provider.signature")]
    /// Whether the HCP signed.
    ProviderSignature,
    #[serde(rename = "written_on")]
    /// Day the prescription was written.
    WrittenOn,
    #[serde(rename = "expires_on")]
    /// Last day the prescription is good for.
    ExpiresOn,
}

impl Field {
    /// All of them, in the order of a prescription.
    pub const ALL: [Self; 20] = [
        Self::PatientName,
        Self::PatientBirthDate,
        Self::PatientPhone,
        Self::Diagnoses,
        Self::Plan,
        Self::PlanBodyAreas,
        Self::Frequency,
        Self::PayerKind,
        Self::PayerInsurer,
        Self::PayerClaimNumber,
        Self::PayerDateOfInjury,
        Self::PayerAdjuster,
        Self::ProviderName,
        Self::ProviderCredential,
        Self::ProviderNpi,
        Self::ProviderPhone,
        Self::ProviderFax,
        Self::ProviderSignature,
        Self::WrittenOn,
        Self::ExpiresOn,
    ];

    /// What staff call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::PatientName => "patient's name",
            Self::PatientBirthDate => "date of birth",
            Self::PatientPhone => "patient's phone",
            Self::Diagnoses => "diagnosis",
            Self::Plan => "treatment",
            Self::PlanBodyAreas => "body areas",
            Self::Frequency => "frequency",
            Self::PayerKind => "who pays",
            Self::PayerInsurer => "insurer",
            Self::PayerClaimNumber => "claim number",
            Self::PayerDateOfInjury => "date of injury",
            Self::PayerAdjuster => "adjuster",
            Self::ProviderName => "prescriber's name",
            Self::ProviderCredential => "prescriber's credential",
            Self::ProviderNpi => "NPI",
            Self::ProviderPhone => "prescriber's phone",
            Self::ProviderFax => "prescriber's fax",
            Self::ProviderSignature => "signature",
            Self::WrittenOn => "date written",
            Self::ExpiresOn => "expiry date",
        }
    }

    /// The name in records, gaps and rule files.
    pub fn name(self) -> &'static str {
        match self {
            Self::PatientName => "patient.name",
            Self::PatientBirthDate => "patient.birth_date",
            Self::PatientPhone => "patient.phone",
            Self::Diagnoses => "diagnoses",
            Self::Plan => "plan",
            Self::PlanBodyAreas => "plan.body_areas",
            Self::Frequency => "frequency",
            Self::PayerKind => "payer.kind",
            Self::PayerInsurer => "payer.insurer",
            Self::PayerClaimNumber => "payer.claim_number",
            Self::PayerDateOfInjury => "payer.date_of_injury",
            Self::PayerAdjuster => "payer.adjuster",
            Self::ProviderName => "provider.name",
            Self::ProviderCredential => "provider.credential",
            Self::ProviderNpi => "provider.npi",
            Self::ProviderPhone => "provider.phone",
            Self::ProviderFax => "provider.fax",
            Self::ProviderSignature => "provider.signature",
            Self::WrittenOn => "written_on",
            Self::ExpiresOn => "expires_on",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
