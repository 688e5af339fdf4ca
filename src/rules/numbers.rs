//! In: text. Out: NPIs, phone numbers and claim numbers, each with its span, its repairs and why it may be wrong.

use std::ops::Range;

use crate::model::Private;
use crate::rules::Repair;

/// A ten-digit number that may be an NPI; whether it is one a label or its place must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpiHit {
    /// Ten digits.
    pub digits: String,
    /// Begins with 1 or 2 and Luhn over 80840 and the number holds (45 CFR 162.406).
    pub valid: bool,
    /// Where it stands.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look.
    pub doubts: Vec<String>,
}

/// A North American phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneHit {
    /// "+17045550123".
    pub e164: Private<String>,
    /// Digits behind "ext".
    pub extension: Option<String>,
    /// Where it stands.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look.
    pub doubts: Vec<String>,
}

/// A token in a claim slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimHit {
    /// As printed.
    pub number: Private<String>,
    /// Where it stands.
    pub span: Range<usize>,
    /// A word before it says that it is a policy, group or authorisation number.
    pub other_kind: bool,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look; no patient data.
    pub doubts: Vec<String>,
}

/// Ten-digit numbers of an NPI slot, from left to right.
pub fn find_npis(_text: &str) -> Vec<NpiHit> {
    Vec::new()
}

/// Phone numbers, from left to right.
pub fn find_phones(_text: &str) -> Vec<PhoneHit> {
    Vec::new()
}

/// Claim numbers of a claim slot, from left to right.
pub fn find_claim_numbers(_text: &str) -> Vec<ClaimHit> {
    Vec::new()
}
