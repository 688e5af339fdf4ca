//! Why the daemon cannot run.

use crate::alert::AlertError;
use crate::intake::IntakeError;
use crate::store::StoreError;

/// The daemon cannot run, or ended by a fault of its own.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Alerts cannot be sent at all.
    #[error("alerts cannot be sent")]
    Alerts(#[source] AlertError),
    /// A door cannot be opened.
    #[error("an inbox cannot be watched")]
    Door(#[source] IntakeError),
    /// The store does not take a line of the audit journal.
    #[error("the start cannot be written into the audit journal")]
    Store(#[source] StoreError),
    /// A mail server did not answer, and nobody waits for it.
    #[error("a mailbox could not be emptied: its server did not answer; mails wait there")]
    Unreached,
    /// Signals cannot be received.
    #[error("cannot wait for signals")]
    Signals(#[source] std::io::Error),
    /// A task panicked.
    #[error("a part of the daemon broke; papers are safe, start it again")]
    Task(#[source] tokio::task::JoinError),
}
