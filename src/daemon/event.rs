//! What the daemon tells as it happens, to the terminal and to the log.

use jiff::SignedDuration;

use crate::alert::Pages;
use crate::intake::IntakeError;
use crate::model::{ArrivalId, Private, Record};

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// A paper is ours. Its name is private: front desks name scans after patients.
    Accepted {
        /// The record-to-be.
        id: ArrivalId,
        /// File name or Message-ID.
        name: Private<String>,
    },
    /// A page was read.
    Page {
        /// The record-to-be.
        id: ArrivalId,
        /// File name or Message-ID.
        name: Private<String>,
        /// From 1.
        page: u32,
        /// How many there are.
        page_count: u32,
    },
    /// A record is stored, and these people will be told.
    Stored {
        /// The record.
        record: Box<Record>,
        /// The names of the staff who are told.
        told: Vec<String>,
    },
    /// A letter was handed over.
    LetterSent {
        /// Its subject: no patient data.
        subject: String,
        /// From its writing to its handing over.
        waited: SignedDuration,
    },
    /// Something does not work; it is tried again by itself.
    Trouble {
        /// What and what to do; no patient data.
        what: String,
    },
    /// The kernel leaves open what should be shut to the reader child: said once, at the start.
    Sandbox {
        /// What is open.
        what: String,
    },
    /// Something waits for a person; nothing mends it by itself.
    Needed {
        /// What and what to do; no patient data.
        what: String,
    },
    /// A trouble that was told is still there: for whoever counts how long it stands.
    Still {
        /// In the words in which it was told.
        what: String,
    },
    /// The day's pages, held against what the fax machine and the fax services counted.
    Reconciled(Pages),
    /// Records whose time was over were removed for good.
    Purged {
        /// How many.
        removed: usize,
    },
    /// Changed rule files are in force.
    Rules {
        /// The version of the rule book.
        version: String,
        /// What was told of the files while they were broken.
        mended: Vec<String>,
    },
    /// The daemon was asked to stop, or is done.
    Stopping,
}

/// An error with all its causes, in one line, and whether it mends itself.
pub(in crate::daemon) fn trouble(error: &(dyn std::error::Error + 'static)) -> Event {
    let what = words(error);
    if error.downcast_ref().is_some_and(needs_person) { Event::Needed { what } } else { Event::Trouble { what } }
}

/// The same where it was told before.
pub(in crate::daemon) fn still(error: &(dyn std::error::Error + 'static)) -> Event {
    Event::Still { what: words(error) }
}

/// What a door leaves where it is until somebody looks at it.
fn needs_person(error: &IntakeError) -> bool {
    matches!(
        error,
        IntakeError::Unfetchable { .. }
            | IntakeError::NoFile { .. }
            | IntakeError::File { .. }
            | IntakeError::TooLarge { .. }
            | IntakeError::FaxKept { .. }
    )
}

fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut what = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let why = error.to_string();
        // some errors say their cause themselves
        if !what.contains(&why) {
            what.push_str(": ");
            what.push_str(&why);
        }
        cause = error.source();
    }
    what
}
