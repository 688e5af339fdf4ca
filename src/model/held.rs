//! A mail that waits at its door for a person's word.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Private;

/// A mail that was not taken in: its sender is not on the list, or may be somebody else. It stays in its mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldMail {
    /// Digest of mailbox, UIDVALIDITY and UID, lower-case hexadecimal: the same mail is held once.
    pub id: String,
    /// The mailbox, as `user@host/folder`.
    pub mailbox: String,
    /// Without it a UID means nothing (RFC 3501, section 2.3.1.1).
    pub uid_validity: u32,
    /// Its number there.
    pub uid: u32,
    /// The address that its From line gives.
    pub sender: Option<Private<String>>,
    /// Why it is held, in a sentence.
    pub why: String,
    /// When that was seen.
    pub held_at: Timestamp,
    /// A person said that it is to be taken in.
    pub is_released: bool,
}
