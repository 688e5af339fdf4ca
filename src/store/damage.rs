//! What was found damaged. It is set aside by itself and told in a sentence that says what to do; all else goes on.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::model::ArrivalId;
use crate::store::StoreError;

/// What was found since the store was opened.
#[derive(Default)]
pub(in crate::store) struct Damages(Mutex<Found>);

#[derive(Default)]
struct Found {
    /// Every sentence so far: what is met again is not told again.
    known: BTreeSet<String>,
    untold: Vec<String>,
}

impl Damages {
    /// Something is damaged.
    pub(in crate::store) fn note(&self, what: String) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if found.known.insert(what.clone()) {
            found.untold.push(what);
        }
    }

    /// What nobody was told of yet.
    pub(in crate::store) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).untold)
    }
}

/// The original of a paper, its sidecar or its key.
pub(in crate::store) fn paper(id: &ArrivalId, error: &StoreError) -> String {
    format!(
        "the paper of record {id} is damaged and is set aside ({}). Put originals/{id}.arrival, originals/{id}.paper and \
         keys/{id} in the data folder back from a backup and start again, or ask the sender to send it again",
        with_cause(error)
    )
}

/// A record on the shelves, or its key.
pub(in crate::store) fn record(id: &ArrivalId, error: &StoreError) -> String {
    format!(
        "record {id} is damaged and is left out ({}). Stop the daemon and run `rxintake rebuild`, which reads its paper again; \
         where that does not help, put keys/{id} in the data folder back from a backup first, or ask the sender to send it again",
        with_cause(error)
    )
}

/// A letter in the outbox.
pub(in crate::store) fn letter(message_id: &str, error: &StoreError) -> String {
    format!(
        "the letter {message_id} is damaged and was not sent ({}). Stop the daemon and run `rxintake rebuild`: letters about a \
         record are written again",
        with_cause(error)
    )
}

/// A line of the journal of decisions.
pub(in crate::store) fn decision(record: Option<&ArrivalId>) -> String {
    let record = record.map_or_else(|| "a record that cannot be told any more".to_owned(), |id| format!("record {id}"));
    format!(
        "a decision about {record} in journal/decisions is damaged and is left out. Put that file back from a backup and run \
         `rxintake rebuild`, or decide again with `rxintake records resolve`"
    )
}

/// The journal of who did what.
pub(in crate::store) fn audit(why: &str) -> String {
    format!(
        "the journal of who did what is not as it was written: {why}. `rxintake audit verify` holds all of it against its chain; put \
         journal/audit and journal/audit.head in the data folder back from a backup"
    )
}

/// An error and what it comes from.
fn with_cause(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
