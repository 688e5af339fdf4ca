//! What is to be done next, in sled: owed papers, records, letters.
//!
//! Every value is sealed. Keys are ids and times, no patient data. A value is cut into pieces so small that sled keeps them in
//! its log and writes no blob files.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use sled::transaction::{ConflictableTransactionError, TransactionError};
use sled::{Batch, Db, Transactional, Tree};

use crate::model::{Arrival, ArrivalId, Decision, Letter, Record};
use crate::store::damage::{self, Damages};
use crate::store::journal::Journal;
use crate::store::lanes::{self, Lanes, Turn};
use crate::store::originals::read_key;
use crate::store::seal::{open_with_master, seal_with_master};
use crate::store::{MasterKey, StoreError, step};

/// Page cache, in bytes: sled's own default is a gigabyte.
const CACHE_BYTES: u64 = 32 << 20;
/// No paper is put off for longer, in seconds.
const LONGEST_SECONDS: i64 = 7_200;
/// Most letters that are looked at in one round: in a long outage thousands may wait.
const LETTERS_MAX: usize = 5_000;
/// Largest piece of a value, in bytes: sled moves values of some 200 kB into blob files.
const PIECE_BYTES: usize = 64 << 10;

/// The shelves.
pub(in crate::store) struct Shelves {
    db: Db,
    /// Number of arrival and id → not before this time, line feed, door.
    owed: Tree,
    lanes: Lanes,
    /// Id → number of arrival and id: every arrival that is ours.
    arrivals: Tree,
    /// SHA-256 → id of the first arrival with these bytes.
    digests: Tree,
    /// Number of arrival, id and piece number → piece of a sealed record.
    records: Tree,
    /// Message-ID → sealed letter.
    outbox: Tree,
    /// Id of an arrival or Message-ID → what is the matter with it, in a sentence.
    damaged: Tree,
    /// Id → sealed [`HeldMail`](crate::model::HeldMail).
    pub(in crate::store) held: Tree,
    keys: PathBuf,
    log: PathBuf,
    pub(in crate::store) master: Arc<MasterKey>,
    damages: Arc<Damages>,
}

impl Shelves {
    pub(in crate::store) fn open(
        folder: &Path,
        master: Arc<MasterKey>,
        damages: Arc<Damages>,
    ) -> Result<Self, StoreError> {
        let path = folder.join("shelves");
        let options = sled::Config::new().path(&path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let damaged = |why: &dyn std::fmt::Display| StoreError::Damaged { path: path.clone(), why: why.to_string() };
        // on a torn snapshot sled 0.34 panics
        let db = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| options.open()))
            .map_err(|_| damaged(&"it broke while opening"))?
            .map_err(|error| damaged(&error.to_string().lines().next().unwrap_or_default()))?;
        let shelves = Self {
            owed: db.open_tree("owed")?,
            lanes: Lanes::default(),
            arrivals: db.open_tree("arrivals")?,
            digests: db.open_tree("digests")?,
            records: db.open_tree("records")?,
            outbox: db.open_tree("outbox")?,
            damaged: db.open_tree("damaged")?,
            held: db.open_tree("held")?,
            keys: folder.join("keys"),
            log: path.join("db"),
            db,
            master,
            damages,
        };
        for entry in &shelves.owed {
            let (place, owed) = entry?;
            shelves.lanes.add(&due_and_door(&owed).1, &place);
        }
        shelves.make_durable()?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::file("make durable", folder))?;
        Ok(shelves)
    }

    pub(in crate::store) fn knows(&self, id: &ArrivalId) -> Result<bool, StoreError> {
        Ok(self.arrivals.contains_key(&id.0)?)
    }

    pub(in crate::store) fn first_with(&self, sha256: &str) -> Result<Option<ArrivalId>, StoreError> {
        Ok(self.digests.get(sha256)?.map(|id| ArrivalId(String::from_utf8_lossy(&id).into_owned())))
    }

    pub(in crate::store) fn owe(&self, arrival: &Arrival) -> Result<(), StoreError> {
        // a number that only grows: papers are worked on in the order in which they came
        let place = format!("{:020}/{}", self.db.generate_id()?, arrival.id);
        let door = lanes::door(arrival);
        let done = (&self.owed, &self.arrivals, &self.digests).transaction(|(owed, arrivals, digests)| {
            owed.insert(place.as_bytes(), format!("\n{door}").as_bytes())?;
            arrivals.insert(arrival.id.0.as_bytes(), place.as_bytes())?;
            if digests.get(&arrival.sha256)?.is_none() {
                digests.insert(arrival.sha256.as_bytes(), arrival.id.0.as_bytes())?;
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        finished(done)?;
        self.lanes.add(&door, place.as_bytes());
        self.make_durable()
    }

    pub(in crate::store) fn next_owed(
        &self,
        now: Timestamp,
        in_hand: &BTreeSet<String>,
    ) -> Result<Option<ArrivalId>, StoreError> {
        let turn = |place: &[u8]| {
            let Some(owed) = self.owed.get(place)? else { return Ok(Turn::Over) };
            let is_free = !in_hand.contains(&id_of(place).0) && is_due(&due_and_door(&owed).0, now);
            Ok(if is_free { Turn::Now } else { Turn::Later })
        };
        Ok(self.lanes.next(turn)?.map(|place| id_of(&place)))
    }

    /// Whether an arrival of ours is neither owed nor a record nor set aside: a mail that was taken apart.
    pub(in crate::store) fn is_done_without_record(&self, id: &ArrivalId) -> Result<bool, StoreError> {
        let Some(place) = self.arrivals.get(&id.0)? else { return Ok(false) }; // the next start owes it
        let record = [&place, b"/000000".as_slice()].concat();
        Ok(!self.owed.contains_key(&place)?
            && !self.records.contains_key(record)?
            && !self.damaged.contains_key(&id.0)?)
    }

    /// Puts a damaged paper aside: nobody works on it, and it is not forgotten.
    pub(in crate::store) fn set_aside(&self, id: &ArrivalId, what: &str) -> Result<(), StoreError> {
        self.damaged.insert(&id.0, what.as_bytes())?;
        if let Some(place) = self.arrivals.get(&id.0)? {
            self.owed.remove(place)?;
        }
        self.make_durable()
    }

    /// A paper that was set aside is whole again.
    pub(in crate::store) fn owe_again(&self, arrival: &Arrival) -> Result<(), StoreError> {
        match self.arrivals.get(&arrival.id.0)? {
            Some(place) => {
                let door = lanes::door(arrival);
                self.owed.insert(&place, format!("\n{door}").as_bytes())?;
                self.lanes.add(&door, &place);
            }
            None => self.owe(arrival)?,
        }
        self.damaged.remove(&arrival.id.0)?;
        self.make_durable()
    }

    /// What was set aside, and what is the matter with it.
    pub(in crate::store) fn damaged(&self) -> Result<Vec<(String, String)>, StoreError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.damaged
            .iter()
            .map(|entry| entry.map(|(name, what)| (text(&name), text(&what))).map_err(Into::into))
            .collect()
    }

    pub(in crate::store) fn put_off(&self, id: &ArrivalId, due: Timestamp) -> Result<(), StoreError> {
        if let Some(place) = self.arrivals.get(&id.0)? {
            let door = self.owed.get(&place)?.map(|owed| due_and_door(&owed).1).unwrap_or_default();
            self.owed.insert(&place, format!("{due}\n{door}").as_bytes())?;
            self.lanes.add(&door, &place);
        }
        self.make_durable()
    }

    /// Nothing is owed for this arrival any more.
    pub(in crate::store) fn settle(&self, id: &ArrivalId) -> Result<(), StoreError> {
        self.owed.remove(self.place(id)?)?;
        self.make_durable()
    }

    pub(in crate::store) fn finish(&self, record: &Record, letters: &[Letter]) -> Result<(), StoreError> {
        let place = self.place(&record.arrival.id)?;
        let pieces = self.sealed_pieces(record)?;
        let mut shelf = Batch::default();
        for (number, piece) in pieces.iter().enumerate() {
            shelf.insert(format!("{place}/{number:06}").as_bytes(), piece.as_slice());
        }
        let sealed = self.sealed_letters(letters)?;
        let done = (&self.owed, &self.records, &self.outbox).transaction(|(owed, records, outbox)| {
            owed.remove(place.as_bytes())?;
            records.apply_batch(&shelf)?;
            for (message_id, letter) in &sealed {
                outbox.insert(message_id.as_bytes(), letter.as_slice())?;
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        finished(done)?;
        self.make_durable()
    }

    pub(in crate::store) fn owed(&self) -> Result<(usize, usize), StoreError> {
        Ok((self.owed.len(), self.outbox.len()))
    }

    /// All letters that are owed, the oldest first. A damaged one is set aside.
    pub(in crate::store) fn letters(&self) -> Result<Vec<Letter>, StoreError> {
        let mut letters: Vec<Letter> = Vec::new();
        for entry in self.outbox.iter().take(LETTERS_MAX) {
            let (message_id, sealed) = entry?;
            let message_id = String::from_utf8_lossy(&message_id).into_owned();
            let plain = open_with_master(&self.master, &format!("letter/{message_id}"), &sealed);
            let read = |plain: Vec<u8>| serde_json::from_slice(&plain).map_err(StoreError::shape("a letter"));
            match plain.and_then(read) {
                Ok(letter) => letters.push(letter),
                Err(error) => self.set_letter_aside(&message_id, &error)?,
            }
        }
        letters.sort_by(|a, b| (a.written_at, &a.message_id).cmp(&(b.written_at, &b.message_id)));
        Ok(letters)
    }

    fn set_letter_aside(&self, message_id: &str, error: &StoreError) -> Result<(), StoreError> {
        let what = damage::letter(message_id, error);
        self.damaged.insert(message_id, what.as_bytes())?;
        self.outbox.remove(message_id)?;
        self.make_durable()?;
        self.damages.note(what);
        Ok(())
    }

    /// One letter in the place of those that it stands for, in one step.
    pub(in crate::store) fn gather(&self, letter: &Letter) -> Result<(), StoreError> {
        let sealed = self.sealed_letter(letter)?;
        let mut change = Batch::default();
        letter.instead_of.iter().for_each(|message_id| change.remove(message_id.as_bytes()));
        change.insert(letter.message_id.as_bytes(), sealed);
        self.outbox.apply_batch(change)?;
        self.make_durable()
    }

    pub(in crate::store) fn owes_letter(&self, message_id: &str) -> Result<bool, StoreError> {
        Ok(self.outbox.contains_key(message_id)?)
    }

    pub(in crate::store) fn put_letter(&self, letter: &Letter) -> Result<(), StoreError> {
        self.outbox.insert(&letter.message_id, self.sealed_letter(letter)?)?;
        self.make_durable()
    }

    pub(in crate::store) fn remove_letter(&self, letter: &Letter) -> Result<(), StoreError> {
        self.outbox.remove(&letter.message_id)?;
        self.make_durable()
    }

    pub(in crate::store) fn record(&self, id: &ArrivalId) -> Result<Option<Record>, StoreError> {
        let Some(place) = self.arrivals.get(&id.0)? else { return Ok(None) };
        let mut sealed = Vec::new();
        for piece in self.records.scan_prefix([&place, b"/".as_slice()].concat()) {
            sealed.extend_from_slice(&piece?.1);
        }
        if sealed.is_empty() {
            return Ok(None);
        }
        let key = read_key(&self.keys, &self.master, &id.0)?;
        let plain = key.open(&format!("record/{id}"), &sealed)?;
        Ok(Some(serde_json::from_slice(&plain).map_err(StoreError::shape("a record"))?))
    }

    pub(in crate::store) fn records(&self) -> Result<Vec<ArrivalId>, StoreError> {
        let mut ids = Vec::new();
        for entry in self.records.iter().keys() {
            let key = entry?;
            if let Some(place) = key.strip_suffix(b"/000000") {
                ids.push(id_of(place));
            }
        }
        Ok(ids)
    }

    /// Nothing of this arrival is known any more, its digest neither: the same bytes are a new paper then.
    pub(in crate::store) fn forget(&self, id: &ArrivalId) -> Result<(), StoreError> {
        for entry in &self.digests {
            let (digest, first) = entry?;
            if first == id.0.as_bytes() {
                self.digests.remove(digest)?;
            }
        }
        self.damaged.remove(&id.0)?;
        let Some(place) = self.arrivals.get(&id.0)? else { return self.make_durable() };
        let mut shelf = Batch::default();
        for piece in self.records.scan_prefix([&place, b"/".as_slice()].concat()).keys() {
            shelf.remove(piece?);
        }
        self.records.apply_batch(shelf)?;
        self.owed.remove(&place)?;
        self.arrivals.remove(&id.0)?;
        self.make_durable()
    }

    /// Puts a record back as it was; its letters come by themselves.
    pub(in crate::store) fn put_back(&self, record: &Record) -> Result<(), StoreError> {
        if !self.knows(&record.arrival.id)? {
            self.owe(&record.arrival)?;
        }
        self.finish(record, &[])
    }

    /// Seals every letter anew, with the master key in force. A damaged one is set aside.
    pub(in crate::store) fn seal_letters_anew(&self) -> Result<(), StoreError> {
        for entry in &self.outbox {
            let (message_id, sealed) = entry?;
            let what = format!("letter/{}", String::from_utf8_lossy(&message_id));
            match open_with_master(&self.master, &what, &sealed) {
                Ok(plain) => {
                    self.outbox.insert(message_id, seal_with_master(&self.master, &what, &plain)?)?;
                }
                Err(error) => self.set_letter_aside(&String::from_utf8_lossy(&message_id), &error)?,
            }
        }
        self.make_durable()
    }

    /// `record` with the decision in it takes the place of the one before, and its letters are owed, in one step.
    pub(in crate::store) fn decide(
        &self,
        journal: &Journal,
        record: &Record,
        decision: &Decision,
        letters: &[Letter],
    ) -> Result<(), StoreError> {
        let id = &record.arrival.id;
        journal.decide(id, &read_key(&self.keys, &self.master, &id.0)?, decision)?;
        step("decision noted");
        let place = self.place(id)?;
        let pieces = self.sealed_pieces(record)?;
        let sealed = self.sealed_letters(letters)?;
        let mut shelf = Batch::default();
        for old in self.records.scan_prefix(format!("{place}/")).keys() {
            shelf.remove(old?);
        }
        for (number, piece) in pieces.iter().enumerate() {
            shelf.insert(format!("{place}/{number:06}").as_bytes(), piece.as_slice());
        }
        let done = (&self.records, &self.outbox).transaction(|(records, outbox)| {
            records.apply_batch(&shelf)?;
            for (message_id, letter) in &sealed {
                outbox.insert(message_id.as_bytes(), letter.as_slice())?;
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        finished(done)?;
        self.make_durable()?;
        step("decision stored");
        Ok(())
    }

    fn sealed_pieces(&self, record: &Record) -> Result<Vec<Vec<u8>>, StoreError> {
        let id = &record.arrival.id;
        let key = read_key(&self.keys, &self.master, &id.0)?;
        let plain = serde_json::to_vec(record).map_err(StoreError::shape("a record"))?;
        let sealed = key.seal(&format!("record/{id}"), &plain)?;
        Ok(sealed.chunks(PIECE_BYTES).map(<[u8]>::to_vec).collect())
    }

    /// By Message-ID.
    fn sealed_letters(&self, letters: &[Letter]) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        letters.iter().map(|letter| Ok((letter.message_id.clone(), self.sealed_letter(letter)?))).collect()
    }

    fn sealed_letter(&self, letter: &Letter) -> Result<Vec<u8>, StoreError> {
        let plain = serde_json::to_vec(letter).map_err(StoreError::shape("a letter"))?;
        seal_with_master(&self.master, &format!("letter/{}", letter.message_id), &plain)
    }

    /// Where an arrival stands in the order of arrivals: `00000000000000000042/ID`.
    fn place(&self, id: &ArrivalId) -> Result<String, StoreError> {
        let place = self.arrivals.get(&id.0)?.ok_or_else(|| StoreError::NoRecord(id.to_string()))?;
        Ok(String::from_utf8_lossy(&place).into_owned())
    }

    /// sled's own flush ends in `sync_file_range`, which a power cut can undo; the fsync behind it cannot be undone.
    pub(in crate::store) fn make_durable(&self) -> Result<(), StoreError> {
        self.db.flush()?;
        File::open(&self.log).and_then(|log| log.sync_all()).map_err(StoreError::file("make durable", &self.log))
    }
}

fn id_of(place: &[u8]) -> ArrivalId {
    let place = String::from_utf8_lossy(place);
    ArrivalId(place.rsplit('/').next().unwrap_or_default().to_owned())
}

/// What stands on the shelf of owed papers: not before this time, and the door.
fn due_and_door(owed: &[u8]) -> (String, String) {
    let owed = String::from_utf8_lossy(owed);
    let (due, door) = owed.split_once('\n').unwrap_or((&owed, ""));
    (due.to_owned(), door.to_owned())
}

/// A clock that was set back must not put anything off for a year.
fn is_due(due: &str, now: Timestamp) -> bool {
    let seconds = due.parse::<Timestamp>().ok().map(|due| due.duration_since(now).as_secs());
    seconds.is_none_or(|seconds| seconds <= 0 || seconds > LONGEST_SECONDS)
}

fn finished(done: Result<(), TransactionError<()>>) -> Result<(), StoreError> {
    match done {
        Ok(()) => Ok(()),
        Err(TransactionError::Storage(error)) => Err(error.into()),
        Err(TransactionError::Abort(())) => unreachable!("no transaction aborts"),
    }
}
