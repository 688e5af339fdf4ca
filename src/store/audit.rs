//! Who did what, without patient data: a file that only grows, each line chained to the one before by its hash
//! (45 CFR 164.312(b)). The head of the chain is kept sealed beside it, so that a cut end shows as well.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::ArrivalId;
use crate::store::lines::{self, Lines};
use crate::store::seal::{open_with_master, seal_with_master};
use crate::store::{MasterKey, StoreError, originals};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The daemon began.
    Started,
    /// A record was shown.
    Viewed,
    /// The original of a record was written to a file outside.
    TakenOut,
    /// The records were listed or exported.
    Exported,
    /// A decision was added to a record.
    Decided,
    /// Changed rule files came into force.
    RulesChanged,
    /// A record was removed because its time was over.
    Purged,
    /// The master key was changed.
    KeyRotated,
    /// A copy was made.
    BackedUp,
    /// The shelves were made anew.
    Rebuilt,
    /// A mail that was held in its mailbox was let in.
    Released,
}

/// One line of the audit journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a user of this machine.
    pub by: String,
    /// What.
    pub act: Act,
    /// Which record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<ArrivalId>,
    /// Hash of the line before; empty for the first.
    pub before: String,
}

/// What `verify` found.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// So many lines, none changed, none missing.
    Whole(u64),
    /// The first line that is not as it was written, and why.
    Broken {
        /// From 1.
        line: u64,
        /// In words.
        why: &'static str,
    },
}

/// The audit journal, open for appending.
pub(in crate::store) struct Audit {
    lines: Lines,
    /// Number of lines and hash of the last.
    head: Mutex<(u64, String)>,
    /// What had been purged when the journal was opened.
    purged: BTreeSet<ArrivalId>,
    folder: PathBuf,
    master: Arc<MasterKey>,
}

impl Audit {
    pub(in crate::store) fn open(folder: &Path, master: Arc<MasterKey>) -> Result<Self, StoreError> {
        let folder = folder.join("journal");
        let path = folder.join(FILE);
        let known = lines::read(&path)?;
        let head = (known.len() as u64, known.last().map(|line| hash(line)).unwrap_or_default());
        let purged = purged_in(&known).collect();
        Ok(Self { lines: Lines::open(path)?, head: Mutex::new(head), purged, folder, master })
    }

    /// What had been purged when the journal was opened.
    pub(in crate::store) fn purged(&self) -> impl Iterator<Item = &ArrivalId> {
        self.purged.iter()
    }

    /// Whether it had been purged when the journal was opened; it may have come in anew since.
    pub(in crate::store) fn was_purged(&self, id: &ArrivalId) -> bool {
        self.purged.contains(id)
    }

    /// Adds a line, durable when this returns. Whoever acts does so only after this.
    pub(in crate::store) fn add(
        &self,
        at: Timestamp,
        by: &str,
        act: Act,
        record: Option<ArrivalId>,
    ) -> Result<(), StoreError> {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = AuditEntry { number: head.0 + 1, at, by: by.to_owned(), act, record, before: head.1.clone() };
        let line = serde_json::to_string(&entry).map_err(StoreError::shape("an audit entry"))?;
        self.lines.append(&line)?;
        *head = (entry.number, hash(&line));
        self.keep_head(&head)
    }

    /// The head as it is, sealed with the master key in force.
    pub(in crate::store) fn seal_head_anew(&self) -> Result<(), StoreError> {
        let head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        if head.0 == 0 { Ok(()) } else { self.keep_head(&head) }
    }

    fn keep_head(&self, (number, hash): &(u64, String)) -> Result<(), StoreError> {
        let sealed = seal_with_master(&self.master, HEAD, format!("{number} {hash}").as_bytes())?;
        originals::write_durably(&self.folder, HEAD_FILE, &sealed)
    }
}

/// What was purged, as the journal of a data folder says now.
pub(in crate::store) fn purged(data: &Path) -> Result<Vec<ArrivalId>, StoreError> {
    let known = lines::read(&data.join("journal").join(FILE))?;
    Ok(purged_in(&known).collect())
}

fn purged_in(known: &[String]) -> impl Iterator<Item = ArrivalId> {
    let entries = known.iter().filter_map(|line| serde_json::from_str::<AuditEntry>(line).ok());
    entries.filter(|entry| entry.act == Act::Purged).filter_map(|entry| entry.record)
}

/// Its file in the journal's folder.
pub(in crate::store) const FILE: &str = "audit";
/// What the sealed head is bound to.
pub(in crate::store) const HEAD: &str = "audit/head";
/// That of the head.
pub(in crate::store) const HEAD_FILE: &str = "audit.head";

/// Holds the audit journal of a data folder against its chain.
///
/// # Errors
/// Where it cannot be read.
pub fn verify(folder: &Path, master: &MasterKey) -> Result<Verdict, StoreError> {
    let folder = folder.join("journal");
    let lines = lines::read(&folder.join(FILE))?;
    let mut before = String::new();
    for (number, line) in (1..).zip(&lines) {
        let Ok(entry) = serde_json::from_str::<AuditEntry>(line) else {
            return Ok(Verdict::Broken { line: number, why: "it is no entry" });
        };
        if entry.before != before || entry.number != number {
            return Ok(Verdict::Broken {
                line: number,
                why: "it does not follow from the line before, which was changed or is gone",
            });
        }
        before = hash(line);
    }
    let count = lines.len() as u64;
    let path = folder.join(HEAD_FILE);
    let sealed = match std::fs::read(&path) {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && count == 0 => return Ok(Verdict::Whole(0)),
        Err(error) => return Err(StoreError::file("read", &path)(error)),
    };
    let head = open_with_master(master, HEAD, &sealed)?;
    let said = String::from_utf8_lossy(&head).into_owned();
    let (said_count, said_hash) = said.split_once(' ').unwrap_or_default();
    // a crash between the line and the head leaves one line more than the head says
    let behind_by_one = lines.len().checked_sub(2).and_then(|at| lines.get(at)).map(|line| hash(line));
    let is_head = said_hash == before && said_count.parse() == Ok(count);
    let was_cut_off = said_count.parse() == Ok(count.saturating_sub(1))
        && (Some(said_hash.to_owned()) == behind_by_one || count == 1);
    if is_head || was_cut_off {
        Ok(Verdict::Whole(count))
    } else {
        Ok(Verdict::Broken { line: count + 1, why: "lines at the end were changed or are gone" })
    }
}

fn hash(line: &str) -> String {
    Sha256::digest(line.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
