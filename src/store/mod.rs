//! In: what must not be lost. Out: the same, whatever happened in between.
//!
//! The promise rests on plain sealed files: an original with its sidecar is durable before a door gives its receipt, and at
//! every start an original that the shelves do not know is owed again. The shelves (sled) only say what is to be done next.

mod audit;
mod backup;
mod error;
mod journal;
mod key;
mod lines;
mod originals;
mod seal;
mod shelves;
mod step;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::model::{Arrival, ArrivalId, Decision, Letter, Record};
use crate::store::audit::Audit;
use crate::store::journal::Journal;
use crate::store::originals::Originals;
use crate::store::shelves::Shelves;

pub use audit::{Act, AuditEntry, Verdict, verify as verify_audit};
pub use backup::{Backup, restore};
pub use error::StoreError;
pub use key::{MasterKey, find_or_make as find_or_make_key, rotate as rotate_key};
pub use step::step;

/// Room that the disk must have before anything is begun, in bytes: sled writes segments of half a megabyte, several at once.
const FREE_BYTES_MIN: u64 = 16_000_000;

/// What became of an incoming paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is ours now, and owed.
    New,
    /// The same incoming was ours already.
    Known,
}

/// The engines that can keep the clinic's papers. One machine needs no more than the embedded one.
#[derive(Clone)]
pub enum Store {
    /// sled 0.34 in the data folder.
    Embedded(Arc<Embedded>),
}

/// The embedded store.
pub struct Embedded {
    originals: Originals,
    shelves: Shelves,
    journal: Journal,
    audit: Audit,
    master: Arc<MasterKey>,
    folder: PathBuf,
    /// Papers that somebody is working on right now.
    in_hand: Mutex<BTreeSet<String>>,
    /// Held as long as the store is open: a second daemon on the same folder ends with a sentence.
    _lock: File,
}

impl Store {
    /// Opens the store in `folder`, made if it is not there, and owes again every original that the shelves do not know.
    ///
    /// # Errors
    /// Where another daemon has it, the key does not fit, or the disk does not answer.
    pub fn open(folder: &Path, key: MasterKey) -> Result<Self, StoreError> {
        let store = Embedded::open(folder, key)?;
        store.owe_unknown_originals()?;
        Ok(Self::Embedded(Arc::new(store)))
    }

    /// Whether the disk has room for another paper.
    ///
    /// # Errors
    /// Where it has none, and how much is left.
    pub fn must_have_room(&self) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.must_have_room(0)
    }

    /// Keeps an original and owes it. When this returns, the paper survives a power cut.
    ///
    /// # Errors
    /// Where it could not be made durable: the source must not be released then.
    pub fn accept(&self, arrival: &Arrival, bytes: &[u8]) -> Result<Accepted, StoreError> {
        let Self::Embedded(store) = self;
        if store.shelves.knows(&arrival.id)? {
            return Ok(Accepted::Known);
        }
        store.must_have_room(bytes.len() as u64)?;
        store.originals.put(arrival, bytes)?;
        store.shelves.owe(arrival)?;
        step("paper owed");
        Ok(Accepted::New)
    }

    /// Keeps the papers that a mail brought and owes them instead of the mail, whose original stays.
    ///
    /// # Errors
    /// Where they could not be made durable; the mail stays owed.
    pub fn unpack(&self, mail: &ArrivalId, parts: Vec<(Arrival, Arc<[u8]>)>) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        for (mut arrival, bytes) in parts {
            arrival.same_bytes_as = self.first_with(&arrival.sha256)?.filter(|first| *first != arrival.id);
            self.accept(&arrival, &bytes)?;
        }
        step("papers of a mail owed");
        store.shelves.settle(mail)?;
        step("mail unpacked");
        store.hands().remove(&mail.0);
        Ok(())
    }

    /// The first arrival that had these bytes.
    ///
    /// # Errors
    /// Where the shelves cannot be read.
    pub fn first_with(&self, sha256: &str) -> Result<Option<ArrivalId>, StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.first_with(sha256)
    }

    /// The next paper to work on, oldest first, and its bytes. It stays in hand until `finish` or `give_back`.
    ///
    /// # Errors
    /// Where the original cannot be read.
    pub fn next_owed(&self, now: Timestamp) -> Result<Option<(Arrival, Vec<u8>)>, StoreError> {
        let Self::Embedded(store) = self;
        let mut in_hand = store.hands();
        let Some(id) = store.shelves.next_owed(now, &in_hand)? else { return Ok(None) };
        let original = store.originals.get(&id)?;
        in_hand.insert(id.0);
        Ok(Some(original))
    }

    /// The paper could not be worked on, through no fault of its own: it is tried again not before `due`.
    ///
    /// # Errors
    /// Where the shelves cannot be written.
    pub fn give_back(&self, id: &ArrivalId, due: Timestamp) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.put_off(id, due)?;
        store.hands().remove(&id.0);
        Ok(())
    }

    /// Keeps a record and owes its letters, in one step, durable when this returns.
    ///
    /// # Errors
    /// Where it could not be made durable; the paper stays owed.
    pub fn finish(&self, record: &Record, letters: &[Letter]) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.must_have_room(0)?;
        // a record that is worked out again gets its decisions back, and rings no bell that was rung
        let mut decisions = store.shelves.decisions(&store.journal, &record.arrival.id)?;
        decisions.extend(record.decisions.clone());
        let record = Record { decisions, ..record.clone() };
        let unsent: Vec<Letter> =
            letters.iter().filter(|letter| !store.journal.was_sent(&letter.message_id)).cloned().collect();
        step("record made");
        store.shelves.finish(&record, &unsent)?;
        step("record stored");
        store.hands().remove(&record.arrival.id.0);
        Ok(())
    }

    /// How many papers and how many letters are owed.
    ///
    /// # Errors
    /// Where the shelves cannot be read.
    pub fn owed(&self) -> Result<(usize, usize), StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.owed()
    }

    /// The letters that are owed, the oldest first, also those that are not due yet.
    ///
    /// # Errors
    /// Where the shelves cannot be read.
    pub fn letters(&self) -> Result<Vec<Letter>, StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.letters()
    }

    /// Puts one letter in the place of those that it stands for.
    ///
    /// # Errors
    /// Where the shelves cannot be written: all stay as they are.
    pub fn gather(&self, letter: &Letter) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        step("letters to be gathered");
        store.shelves.gather(letter)?;
        step("letters gathered");
        Ok(())
    }

    /// Owes a letter that belongs to no new record. False where it is owed already, or went out.
    ///
    /// # Errors
    /// Where the shelves cannot be written.
    pub fn owe_letter(&self, letter: &Letter) -> Result<bool, StoreError> {
        let Self::Embedded(store) = self;
        if store.journal.was_sent(&letter.message_id) || store.shelves.owes_letter(&letter.message_id)? {
            return Ok(false);
        }
        store.shelves.put_letter(letter)?;
        Ok(true)
    }

    /// A letter was handed over.
    ///
    /// # Errors
    /// Where the shelves cannot be written: it will be sent once more, under the same Message-ID.
    pub fn sent(&self, letter: &Letter) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        step("letter sent");
        store.journal.sent(letter)?;
        step("letter noted as sent");
        store.shelves.remove_letter(letter)?;
        step("letter removed");
        Ok(())
    }

    /// A letter could not be handed over: it is kept as it is now, with its next attempt.
    ///
    /// # Errors
    /// Where the shelves cannot be written.
    pub fn put_off_letter(&self, letter: &Letter) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.put_letter(letter)
    }

    /// One record.
    ///
    /// # Errors
    /// Where it cannot be read or opened.
    pub fn record(&self, id: &ArrivalId) -> Result<Option<Record>, StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.record(id)
    }

    /// The bytes of a record's paper, as they came in.
    ///
    /// # Errors
    /// Where there is no such record, or its original cannot be read or opened.
    pub fn original(&self, id: &ArrivalId) -> Result<Vec<u8>, StoreError> {
        let Self::Embedded(store) = self;
        if store.shelves.record(id)?.is_none() {
            return Err(StoreError::NoRecord(id.to_string()));
        }
        Ok(store.originals.get(id)?.1)
    }

    /// When a record whose id begins with `id` was removed for good; None where none was.
    ///
    /// # Errors
    /// Where the audit journal cannot be read.
    pub fn purged_at(&self, id: &str) -> Result<Option<Timestamp>, StoreError> {
        let Self::Embedded(store) = self;
        let lines = lines::read(&store.folder.join("journal/audit"))?;
        let entries = lines.iter().rev().filter_map(|line| serde_json::from_str::<AuditEntry>(line).ok());
        let is_its_end = |entry: &AuditEntry| {
            entry.act == Act::Purged && entry.record.as_ref().is_some_and(|it| it.0.starts_with(id))
        };
        Ok(entries.filter(is_its_end).map(|entry| entry.at).next())
    }

    /// The ids of all records, oldest first.
    ///
    /// # Errors
    /// Where the shelves cannot be read.
    pub fn records(&self) -> Result<Vec<ArrivalId>, StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.records()
    }

    /// Appends a person's decision to a record: to the journal first, which outlives the shelves.
    ///
    /// # Errors
    /// Where there is no such record, or it cannot be written.
    pub fn decide(&self, id: &ArrivalId, decision: Decision) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        self.audit(decision.decided_at, &decision.by, Act::Decided, Some(id.clone()))?;
        store.shelves.decide(&store.journal, id, decision)
    }

    /// Writes down who does what. Whoever acts does so only after this.
    ///
    /// # Errors
    /// Where it cannot be made durable: then nothing is to be done.
    pub fn audit(&self, at: Timestamp, by: &str, act: Act, record: Option<ArrivalId>) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        store.audit.add(at, by, act, record)
    }

    /// Removes a record for good: its key is destroyed, and with it everything that was sealed by it.
    ///
    /// # Errors
    /// Where that cannot be written down first, or the files cannot be removed.
    pub fn purge(&self, at: Timestamp, by: &str, id: &ArrivalId) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        self.audit(at, by, Act::Purged, Some(id.clone()))?;
        store.originals.destroy(id)?;
        store.shelves.forget(id)
    }

    /// When the first daemon began on this data folder; None where none did.
    ///
    /// # Errors
    /// Where the audit journal cannot be read.
    pub fn began_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let Self::Embedded(store) = self;
        let lines = lines::read(&store.folder.join("journal/audit"))?;
        Ok(lines.first().and_then(|line| serde_json::from_str::<AuditEntry>(line).ok()).map(|entry| entry.at))
    }

    /// Arrivals that became no record of their own and are not owed: mails whose papers are records.
    ///
    /// # Errors
    /// Where the originals or the shelves cannot be read.
    pub fn unpacked(&self) -> Result<Vec<Arrival>, StoreError> {
        let Self::Embedded(store) = self;
        let mut unpacked = Vec::new();
        for id in store.originals.ids()? {
            if !store.shelves.is_owed(&id)? && store.shelves.record(&id)?.is_none() {
                unpacked.push(store.originals.arrival(&id)?);
            }
        }
        Ok(unpacked)
    }

    /// Puts the shelves aside, damaged as they are: the next [`Store::open`] makes them anew and owes every original again.
    /// The name of the folder that they are in now.
    ///
    /// # Errors
    /// Where another daemon has the folder, or the disk does not answer.
    pub fn put_shelves_aside(folder: &Path, at: Timestamp) -> Result<Option<PathBuf>, StoreError> {
        let _lock = originals::prepare(folder)?;
        let shelves = folder.join("shelves");
        if matches!(shelves.try_exists(), Ok(false)) {
            return Ok(None);
        }
        let aside = folder.join(format!("shelves.damaged-{}", at.strftime("%Y%m%d-%H%M%S")));
        std::fs::rename(&shelves, &aside).map_err(StoreError::file("rename", &shelves))?;
        Ok(Some(aside))
    }
}

impl Embedded {
    fn open(folder: &Path, key: MasterKey) -> Result<Self, StoreError> {
        let lock = originals::prepare(folder)?;
        let key = Arc::new(key);
        let originals = Originals::new(folder, key.clone());
        let journal = Journal::open(folder)?;
        let audit = Audit::open(folder, key.clone())?;
        let shelves = Shelves::open(folder, key.clone())?;
        let store = Embedded {
            originals,
            shelves,
            journal,
            audit,
            master: key,
            folder: folder.to_owned(),
            in_hand: Mutex::new(BTreeSet::new()),
            _lock: lock,
        };
        store.end_rotation()?;
        Ok(store)
    }

    fn hands(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is begun that the disk may not hold: sled 0.34 does not survive a full one.
    fn must_have_room(&self, bytes: u64) -> Result<(), StoreError> {
        let path = &self.folder;
        let disk =
            rustix::fs::statvfs(path).map_err(|error| StoreError::file("look at the disk of", path)(error.into()))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < FREE_BYTES_MIN.saturating_add(2 * bytes) {
            return Err(StoreError::Full { path: path.clone(), free_megabytes: free / 1_000_000 });
        }
        Ok(())
    }

    /// Everything is wrapped by the new master key before the old one goes.
    fn end_rotation(&self) -> Result<(), StoreError> {
        let Some((_, path)) = &self.master.before else { return Ok(()) };
        self.originals.wrap_anew()?;
        self.shelves.seal_letters_anew()?;
        self.audit.seal_head_anew()?;
        std::fs::remove_file(path).map_err(StoreError::file("remove", path))
    }

    fn owe_unknown_originals(&self) -> Result<(), StoreError> {
        let mut unknown = Vec::new();
        for id in self.originals.ids()? {
            if !self.shelves.knows(&id)? {
                unknown.push(self.originals.arrival(&id)?);
            }
        }
        // in the order in which they came
        unknown.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
        unknown.iter().try_for_each(|arrival| self.shelves.owe(arrival))
    }
}
