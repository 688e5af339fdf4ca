//! What people decided and which letters went out, in files that only grow: what the shelves know of these is worked out again
//! from here when they are damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::{ArrivalId, Decision, Letter};
use crate::store::StoreError;
use crate::store::lines::{self, Lines};
use crate::store::seal::RecordKey;

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
    /// Whether a line cannot be read.
    damaged: bool,
}

impl Journal {
    /// Opens the journal in the data folder `folder`.
    pub(in crate::store) fn open(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder.join("journal");
        let (decisions, sent) = (folder.join("decisions"), folder.join("sent"));
        let known_sent = Mutex::new(lines::read(&sent)?.into_iter().collect());
        let mut known_decisions: BTreeMap<ArrivalId, Vec<String>> = BTreeMap::new();
        // a cut end is closed by now: where only its line feed is missing, the decision counts
        let lines = Lines::open(decisions.clone())?;
        let mut damaged = false;
        for line in lines::read(&decisions)? {
            match serde_json::from_str(&line) {
                Ok(DecisionLine { record, sealed }) => known_decisions.entry(record).or_default().push(sealed),
                // a line that was cut in a crash was never acknowledged
                Err(error) if error.is_eof() => {}
                Err(_) => damaged = true,
            }
        }
        Ok(Self { decisions: lines, sent: Lines::open(sent)?, known_sent, known_decisions, damaged })
    }

    /// Whether a line could not be read when the journal was opened.
    pub(in crate::store) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The records about which something had been decided when the journal was opened.
    pub(in crate::store) fn decided(&self) -> impl Iterator<Item = &ArrivalId> {
        self.known_decisions.keys()
    }

    /// Whether something had been decided about a record when the journal was opened.
    pub(in crate::store) fn has_decided(&self, record: &ArrivalId) -> bool {
        self.known_decisions.contains_key(record)
    }

    /// How often something had been decided about a record when the journal was opened.
    pub(in crate::store) fn decision_count(&self, record: &ArrivalId) -> usize {
        self.known_decisions.get(record).map_or(0, Vec::len)
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

    /// The decisions that stood in the journal when it was opened, for a record that is worked out again, and whether one of them
    /// does not open and is left out.
    pub(in crate::store) fn decisions(&self, record: &ArrivalId, key: &RecordKey) -> (Vec<Decision>, bool) {
        let sealed = self.known_decisions.get(record).map(Vec::as_slice).unwrap_or_default();
        let open = |sealed: &String| {
            let bytes: Option<Vec<u8>> =
                (0..sealed.len() / 2).map(|at| u8::from_str_radix(sealed.get(2 * at..2 * at + 2)?, 16).ok()).collect();
            let what = format!("decision/{record}");
            let bytes = bytes.ok_or_else(|| StoreError::Seal { what: what.clone() })?;
            serde_json::from_slice(&key.open(&what, &bytes)?).map_err(StoreError::shape("a decision"))
        };
        let opened: Vec<Result<Decision, StoreError>> = sealed.iter().map(open).collect();
        let damaged = opened.iter().any(Result::is_err);
        (opened.into_iter().filter_map(Result::ok).collect(), damaged)
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
