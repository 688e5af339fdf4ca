//! What staff are told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ArrivalId;

/// Who does what in the clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes the papers in and calls the HCP's office.
    FrontDesk,
    /// Treats.
    Therapist,
    /// Sends the bills.
    Biller,
    /// Keeps the machine running.
    Operator,
}

/// One mail that is owed. Carries no patient data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Stable over every attempt: a letter sent twice can be told.
    pub message_id: String,
    /// The record it is about; None for letters to the operator.
    pub record: Option<ArrivalId>,
    /// Mail addresses.
    pub to: Vec<String>,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Attempts so far.
    pub attempts: u32,
    /// Not before this time.
    pub due_at: Timestamp,
    /// Whom it is for; None where it goes to several roles.
    #[serde(default)]
    pub role: Option<Role>,
    /// The Message-IDs of the letters that this one stands for, in a storm.
    #[serde(default)]
    pub instead_of: Vec<String>,
    /// Their subjects, in the same order.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// The server will not take it: it is tried once a day, and the operator is told.
    #[serde(default)]
    pub is_dead: bool,
    /// It leaves at the time of the digest, as one with the others that do.
    #[serde(default)]
    pub is_for_digest: bool,
    /// The server took a later letter to the same people and not this one: the others do not wait for it.
    #[serde(default)]
    pub stands_back: bool,
}
