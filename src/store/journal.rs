//! What people decided and which letters went out, in files that only grow: what the shelves know of these is worked out again
//! from here when they are damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::{ArrivalId, Decision, Letter};
use crate::store::lines::{self, Lines};
use crate::store::seal::RecordKey;
use crate::store::{MasterKey, StoreError, originals};

/// One decision, sealed with its record's own key: it goes with the record.
#[derive(Serialize, Deserialize)]
struct DecisionLine {
    record: ArrivalId,
    /// Hexadecimal.
    sealed: String,
}

pub(in crate::store) struct Journal {
    decisions: Lines,
    sent: Lines,
    known_sent: Mutex<BTreeSet<String>>,
    known_decisions: BTreeMap<ArrivalId, Vec<String>>,
}

impl Journal {
    /// Opens the journal in the data folder `folder`.
    pub(in crate::store) fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder.join("journal");
        let (decisions, sent) = (folder.join("decisions"), folder.join("sent"));
        let known_sent = Mutex::new(lines::read(&sent)?.into_iter().collect());
        let mut known_decisions: BTreeMap<ArrivalId, Vec<String>> = BTreeMap::new();
        for line in lines::read(&decisions)? {
            // a line that was cut in a crash was never acknowledged
            if let Ok(DecisionLine { record, sealed }) = serde_json::from_str(&line) {
                known_decisions.entry(record).or_default().push(sealed);
            }
        }
        Ok(Self { decisions: Lines::open(decisions)?, sent: Lines::open(sent)?, known_sent, known_decisions })
    }

    /// Keeps a decision, durable when this returns.
    pub(in crate::store) fn decide(
        &self,
        record: &ArrivalId,
        key: &RecordKey,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let plain = serde_json::to_vec(decision).map_err(StoreError::shape("a decision"))?;
        let sealed = key.seal(&format!("decision/{record}"), &plain)?;
        let sealed = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        let line = serde_json::to_string(&DecisionLine { record: record.clone(), sealed });
        self.decisions.append(&line.map_err(StoreError::shape("a decision"))?)
    }

    /// The decisions that stood in the journal when it was opened, for a record that is worked out again.
    pub(in crate::store) fn decisions(
        &self,
        record: &ArrivalId,
        keys: &Path,
        master: &MasterKey,
    ) -> Result<Vec<Decision>, StoreError> {
        let Some(sealed) = self.known_decisions.get(record) else { return Ok(Vec::new()) };
        let key = originals::read_key(keys, master, &record.0)?;
        let open = |sealed: &String| {
            let bytes: Option<Vec<u8>> =
                (0..sealed.len() / 2).map(|at| u8::from_str_radix(sealed.get(2 * at..2 * at + 2)?, 16).ok()).collect();
            let what = format!("decision/{record}");
            let bytes = bytes.ok_or_else(|| StoreError::Seal { what: what.clone() })?;
            serde_json::from_slice(&key.open(&what, &bytes)?).map_err(StoreError::shape("a decision"))
        };
        sealed.iter().map(open).collect()
    }

    /// A letter went out, durable when this returns.
    pub(in crate::store) fn sent(&self, letter: &Letter) -> Result<(), StoreError> {
        let all: Vec<&str> = letter.instead_of.iter().chain([&letter.message_id]).map(String::as_str).collect();
        self.sent.append(&all.join("\n"))?;
        self.known().extend(all.into_iter().map(str::to_owned));
        Ok(())
    }

    /// Whether a letter went out already.
    pub(in crate::store) fn was_sent(&self, message_id: &str) -> bool {
        self.known().contains(message_id)
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.known_sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
