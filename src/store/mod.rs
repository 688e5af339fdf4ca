//! In: what must not be lost. Out: the same, whatever happened in between.
//!
//! The promise rests on plain sealed files: an original with its sidecar is durable before a door gives its receipt, and at
//! every start an original that the shelves do not know is owed again. The shelves (sled) only say what is to be done next.

mod audit;
mod backup;
mod damage;
mod error;
mod held;
mod journal;
mod key;
mod lanes;
mod lines;
mod mark;
mod originals;
mod rules;
mod seal;
mod shelves;
mod step;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::model::{Arrival, ArrivalId, Decision, Letter, Record};
use crate::store::audit::Audit;
use crate::store::damage::Damages;
use crate::store::journal::Journal;
use crate::store::originals::Originals;
use crate::store::shelves::Shelves;

pub use audit::{Act, AuditEntry, Verdict, verify as verify_audit};
pub use backup::{Backup, Restored, restore};
pub use error::StoreError;
pub use key::{MasterKey, find as find_key, find_or_make as find_or_make_key, is_open_to_others, rotate as rotate_key};
pub use step::step;

/// Room that the disk must have before anything is begun, in bytes: sled writes segments of half a megabyte, several at once.
const FREE_BYTES_MIN: u64 = 16_000_000;

/// How long a paper rests whose original the disk does not give, in seconds.
const RETRY_SECONDS: i64 = 30;

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
    damages: Arc<Damages>,
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
        store.begin()?;
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
    /// A damaged one is set aside, and the next is taken.
    ///
    /// # Errors
    /// Where the shelves or an original cannot be read; that one is put off, so that the next call takes another.
    pub fn next_owed(&self, now: Timestamp) -> Result<Option<(Arrival, Vec<u8>)>, StoreError> {
        let Self::Embedded(store) = self;
        let mut in_hand = store.hands();
        while let Some(id) = store.shelves.next_owed(now, &in_hand)? {
            match store.originals.get(&id) {
                Ok(original) => {
                    in_hand.insert(id.0);
                    return Ok(Some(original));
                }
                Err(error) if error.is_damage() => store.set_aside(&id, &error)?,
                Err(error) => {
                    let due = now.checked_add(SignedDuration::from_secs(RETRY_SECONDS)).unwrap_or(now);
                    store.shelves.put_off(&id, due)?;
                    return Err(error);
                }
            }
        }
        Ok(None)
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

    /// Keeps a record and owes the letters that `letters` writes about it, in one step, durable when this returns. Both as they
    /// are kept: a record that is worked out again gets its decisions back, and rings no bell that was rung.
    ///
    /// # Errors
    /// Where it could not be made durable; the paper stays owed.
    pub fn finish(
        &self,
        record: Record,
        letters: impl FnOnce(&Record) -> Vec<Letter>,
    ) -> Result<(Record, Vec<Letter>), StoreError> {
        let Self::Embedded(store) = self;
        store.must_have_room(0)?;
        let mut decisions = store.known_decisions(&record.arrival.id)?;
        decisions.extend(record.decisions);
        let record = Record { decisions, ..record };
        let mut letters = letters(&record);
        letters.retain(|letter| !store.journal.was_sent(&letter.message_id));
        step("record made");
        store.shelves.finish(&record, &letters)?;
        step("record stored");
        store.hands().remove(&record.arrival.id.0);
        Ok((record, letters))
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

    /// Whether a letter went out.
    pub fn was_sent(&self, message_id: &str) -> bool {
        let Self::Embedded(store) = self;
        store.journal.was_sent(message_id)
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

    /// One record; None also where it is damaged, which is told, or was purged since. For whoever goes through all of them.
    ///
    /// # Errors
    /// Where the shelves do not answer.
    pub fn readable(&self, id: &ArrivalId) -> Result<Option<Record>, StoreError> {
        let Self::Embedded(store) = self;
        match store.shelves.record(id) {
            Err(error) if error.is_damage() => {
                store.damages.note(damage::record(id, &error));
                Ok(None)
            }
            record => record,
        }
    }

    /// What was found damaged since this was last asked, a sentence each that says what to do.
    pub fn new_damages(&self) -> Vec<String> {
        let Self::Embedded(store) = self;
        store.damages.take()
    }

    /// Papers and letters that were set aside because they are damaged: of which arrival or letter, and a sentence.
    ///
    /// # Errors
    /// Where the shelves cannot be read.
    pub fn damaged(&self) -> Result<Vec<(String, String)>, StoreError> {
        let Self::Embedded(store) = self;
        store.shelves.damaged()
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

    /// Appends a person's decision to a record: to the journal first, which outlives the shelves. The letters that `letters`
    /// writes about the record before and after are owed with it, in one step.
    ///
    /// # Errors
    /// Where there is no such record, or it cannot be written.
    pub fn decide(
        &self,
        id: &ArrivalId,
        decision: Decision,
        letters: impl FnOnce(&Record, &Record) -> Vec<Letter>,
    ) -> Result<(), StoreError> {
        let Self::Embedded(store) = self;
        self.audit(decision.decided_at, &decision.by, Act::Decided, Some(id.clone()))?;
        let _turn = store.hands(); // two decisions at once would each take the record before the other
        let before = store.shelves.record(id)?.ok_or_else(|| StoreError::NoRecord(id.to_string()))?;
        let mut after = before.clone();
        after.decisions.push(decision.clone());
        let mut letters = letters(&before, &after);
        letters.retain(|letter| !store.journal.was_sent(&letter.message_id));
        store.shelves.decide(&store.journal, &after, &decision, &letters)
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
        // the mail that brought it goes first: a store that is made anew would read the paper again from it. Other papers of
        // that mail have originals of their own
        if let Ok(Arrival { part_of: Some(mail), .. }) = store.originals.arrival(id)
            && store.originals.has_key(&mail)?
        {
            self.purge(at, by, &mail)?;
        }
        self.audit(at, by, Act::Purged, Some(id.clone()))?;
        step("purge noted");
        store.end_purge(id)
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

    /// Mails whose papers are all gone from here: neither a record nor owed. None is named where a damaged paper cannot say which
    /// mail brought it, and may have to come back from there.
    ///
    /// # Errors
    /// Where the originals or the shelves cannot be read.
    pub fn emptied_mails(&self) -> Result<Vec<Arrival>, StoreError> {
        let Self::Embedded(store) = self;
        let (mut mails, mut needed) = (Vec::new(), BTreeSet::new());
        for id in store.originals.ids()? {
            match store.originals.arrival(&id) {
                Ok(Arrival { part_of: Some(mail), .. }) => {
                    needed.insert(mail);
                }
                Ok(arrival) if store.shelves.is_done_without_record(&id)? => mails.push(arrival),
                Ok(_) => {}
                Err(error) if error.is_damage() => return Ok(Vec::new()),
                Err(error) => return Err(error),
            }
        }
        mails.retain(|mail| !needed.contains(&mail.id));
        Ok(mails)
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
        let damages = Arc::new(Damages::default());
        let shelves = Shelves::open(folder, key.clone(), damages.clone())?;
        let store = Embedded {
            originals,
            shelves,
            journal,
            audit,
            damages,
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
        self.originals.wrap_anew(&self.damages)?;
        self.shelves.seal_letters_anew()?;
        self.shelves.seal_held_anew()?;
        self.seal_rules_anew()?;
        self.audit.seal_head_anew()?;
        std::fs::remove_file(path).map_err(StoreError::file("remove", path))
    }

    /// What every start does: a purge that was cut short comes to its end, what was set aside is looked at again, and originals
    /// that the shelves do not know are owed.
    fn begin(&self) -> Result<(), StoreError> {
        for id in self.audit.purged() {
            // without its key it can be read by nobody; a key means that it came in anew, or that the purge did not begin
            if self.originals.is_left_over(id)? || (self.shelves.knows(id)? && !self.originals.has_key(id)?) {
                self.end_purge(id)?;
            }
        }
        for (name, what) in self.shelves.damaged()? {
            let id = ArrivalId(name);
            match self.originals.get(&id) {
                Ok((arrival, _)) => self.shelves.owe_again(&arrival)?,
                Err(_) => self.damages.note(what),
            }
        }
        match audit::verify(&self.folder, &self.master) {
            Ok(Verdict::Whole(_)) => {}
            Ok(Verdict::Broken { line, why }) => self.damages.note(damage::audit(&format!("entry {line}, {why}"))),
            Err(error) => self.damages.note(damage::audit(&error.to_string())),
        }
        if self.journal.is_damaged() {
            self.damages.note(damage::decision(None));
        }
        for id in self.journal.decided() {
            if !self.originals.has_key(id)? && !self.audit.was_purged(id) {
                self.damages.note(damage::decision(Some(id)));
            }
        }
        self.owe_unknown_originals()
    }

    /// Destroys what is sealed, then forgets it; may be done again from the beginning.
    fn end_purge(&self, id: &ArrivalId) -> Result<(), StoreError> {
        self.originals.destroy(id)?;
        step("original purged");
        self.shelves.forget(id)?;
        step("record purged");
        Ok(())
    }

    fn set_aside(&self, id: &ArrivalId, error: &StoreError) -> Result<(), StoreError> {
        let what = damage::paper(id, error);
        self.shelves.set_aside(id, &what)?;
        self.damages.note(what);
        Ok(())
    }

    /// What the journal knew of a record when it was opened.
    fn known_decisions(&self, id: &ArrivalId) -> Result<Vec<Decision>, StoreError> {
        if !self.journal.has_decided(id) {
            return Ok(Vec::new());
        }
        let key = self.originals.key(id)?;
        let (decisions, damaged) = self.journal.decisions(id, &key);
        // those of a paper that was purged and came in anew were sealed with a key that is destroyed
        if damaged && !self.audit.was_purged(id) {
            self.damages.note(damage::decision(Some(id)));
        }
        Ok(decisions)
    }

    fn owe_unknown_originals(&self) -> Result<(), StoreError> {
        let mut unknown = Vec::new();
        for id in self.originals.ids()? {
            if self.shelves.knows(&id)? {
                continue;
            }
            match self.originals.arrival(&id) {
                Ok(arrival) => unknown.push(arrival),
                Err(error) if error.is_damage() => self.set_aside(&id, &error)?,
                Err(error) => return Err(error),
            }
        }
        // in the order in which they came
        unknown.sort_by(|a, b| (a.received_at, &a.id).cmp(&(b.received_at, &b.id)));
        unknown.iter().try_for_each(|arrival| self.shelves.owe(arrival))
    }
}
