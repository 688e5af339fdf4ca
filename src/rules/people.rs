//! In: text of a name slot, or a sentence. Out: people's names, given name first, with the credential set apart.

use std::ops::Range;

use crate::model::PersonName;
use crate::rules::Repair;

/// A name that the text holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHit {
    /// Given name first, without titles; the first credential apart.
    pub name: PersonName,
    /// All credentials, as printed, without dots ("PA-C", "MPAS").
    pub credentials: Vec<String>,
    /// Whether a title ("Dr.") stood before it.
    pub titled: bool,
    /// Where it stands, with title and credentials.
    pub span: Range<usize>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look; no patient data.
    pub doubts: Vec<String>,
}

/// Reads a name slot. None for label words, organisations, addresses and sentences.
pub fn read_name(_text: &str) -> Option<NameHit> {
    None
}

/// Names in running words: "RE: Maria Lopez, DOB 3/2/84", "I am treating Maria Lopez for".
pub fn find_names(_text: &str) -> Vec<NameHit> {
    Vec::new()
}
