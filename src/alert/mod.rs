//! In: a Record. Out: letters to the people who must know, sent until they are delivered.

mod compose;
mod connection;
mod error;
mod mailer;
mod open;
mod options;
mod remind;
mod storm;
mod tell;

pub use compose::{Staff, letters, letters_of_decision, record_to_close};
pub use error::AlertError;
pub use mailer::Mailer;
pub use open::in_papers;
pub use options::{Options, Smtp};
pub use remind::{MissingFax, Pages, Trouble, digests, escalation, missing_fax, troubles, undeliverable};
pub use storm::{GATHERED_MAX, Storm, gathered, without};
pub use tell::{Matter, People, Tell, TellFault, When};

use jiff::{SignedDuration, Timestamp};

/// Longest wait between two attempts, in seconds.
const LONGEST_WAIT_SECONDS: i64 = 3_600;

/// When a letter that failed `attempts` times is tried again: after `first_seconds`, then after twice that, and so on.
pub fn next_attempt(attempts: u32, first_seconds: i64, now: Timestamp) -> Timestamp {
    let wait = first_seconds.saturating_mul(1 << attempts.saturating_sub(1).min(10)).min(LONGEST_WAIT_SECONDS);
    now.checked_add(SignedDuration::from_secs(wait)).unwrap_or(now)
}
