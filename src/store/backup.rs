//! A copy of everything that cannot be made again, and the way back. What is sealed stays sealed: without the master key a copy
//! is worth nothing to anybody.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::{Letter, Record};
use crate::store::audit::{self, HEAD, HEAD_FILE};
use crate::store::originals::{prepare, read_key, write_durably};
use crate::store::seal::{open_with_master, seal_with_master};
use crate::store::{Embedded, MasterKey, StoreError, lines};

/// The folders of a copy.
const PARTS: [&str; 5] = ["originals", "keys", "journal", "records", "letters"];
/// Digests of all files, as `sha256sum --check` reads them; written last: a copy without it is not whole.
const MANIFEST: &str = "SHA256SUMS";

/// A copy under construction. The daemon may run: what is copied is never changed in place.
pub struct Backup {
    data: PathBuf,
    target: PathBuf,
    master: MasterKey,
    /// How many were added: their names keep their order.
    records: usize,
    /// The same of letters.
    letters: usize,
}

impl Backup {
    /// Begins a copy of the data folder `data` in the folder `target`, which must be empty or not there.
    ///
    /// # Errors
    /// Where it holds something, or cannot be made.
    pub fn begin(data: &Path, target: &Path, master: MasterKey) -> Result<Self, StoreError> {
        if fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(StoreError::NotEmpty(target.to_owned()));
        }
        for part in PARTS {
            let folder = target.join(part);
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(StoreError::file("make", &folder))?;
        }
        Ok(Self { data: data.to_owned(), target: target.to_owned(), master, records: 0, letters: 0 })
    }

    /// Adds a record, sealed with its own key. Records come in their order. One that was purged since it was read is left out.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add(&mut self, record: &Record) -> Result<(), StoreError> {
        let id = &record.arrival.id;
        self.records += 1;
        let key = match read_key(&self.data.join("keys"), &self.master, &id.0) {
            Err(_) if self.purged()?.contains(&id.0) => return Ok(()),
            key => key?,
        };
        let plain = serde_json::to_vec(record).map_err(StoreError::shape("a record"))?;
        write_durably(
            &self.target.join("records"),
            &format!("{:08}-{id}", self.records),
            &key.seal(&format!("record/{id}"), &plain)?,
        )
    }

    /// Adds a letter that is owed, sealed with the master key.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add_letter(&mut self, letter: &Letter) -> Result<(), StoreError> {
        self.letters += 1;
        let name = format!("{:08}", self.letters);
        let plain = serde_json::to_vec(letter).map_err(StoreError::shape("a letter"))?;
        let sealed = seal_with_master(&self.master, &format!("copied-letter/{name}"), &plain)?;
        write_durably(&self.target.join("letters"), &name, &sealed)
    }

    /// Copies the originals, keys and journal, and closes the copy. The number of originals.
    ///
    /// # Errors
    /// Where something cannot be copied: the copy is not whole then, and has no `SHA256SUMS`.
    pub fn finish(self) -> Result<usize, StoreError> {
        self.copy_journal()?;
        for part in ["originals", "keys"] {
            copy_folder(&self.data.join(part), &self.target.join(part))?;
        }
        self.leave_out_purged()?;
        let mut manifest = Vec::new();
        let mut originals = 0;
        for (name, path) in files(&self.target)? {
            originals += usize::from(name.ends_with(".paper"));
            manifest.extend(format!("{}  {name}\n", digest(&path)?).into_bytes());
        }
        write_durably(&self.target, MANIFEST, &manifest)?;
        Ok(originals)
    }

    /// The audit journal grows while it is copied: as many of its lines belong to the copy as its sealed head counted before.
    fn copy_journal(&self) -> Result<(), StoreError> {
        let (from, to) = (self.data.join("journal"), self.target.join("journal"));
        let head = match fs::read(from.join(HEAD_FILE)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            head => Some(head.map_err(StoreError::file("read", &from.join(HEAD_FILE)))?),
        };
        copy_folder(&from, &to)?;
        let Some(head) = head else { return Ok(()) };
        write_durably(&to, HEAD_FILE, &head)?;
        let counted = open_with_master(&self.master, HEAD, &head).ok();
        let counted = counted.and_then(|head| String::from_utf8_lossy(&head).split(' ').next()?.parse().ok());
        let copied = lines::read(&to.join(audit::FILE))?;
        // where the head does not say how many, all are kept: a check will tell of it
        let lines = copied.iter().take(counted.unwrap_or(usize::MAX)).flat_map(|line| [line.as_str(), "\n"]);
        write_durably(&to, audit::FILE, lines.collect::<String>().as_bytes())
    }

    /// What was purged while it was copied is purged here as well.
    fn leave_out_purged(&self) -> Result<(), StoreError> {
        let purged = self.purged()?;
        for (name, path) in files(&self.target)? {
            let (part, file) = name.split_once('/').unwrap_or_default();
            let id = match part {
                "keys" => file,
                "originals" => file.split('.').next().unwrap_or(file),
                "records" => file.split_once('-').map_or(file, |(_, id)| id),
                _ => continue,
            };
            if purged.contains(id) {
                fs::remove_file(&path).map_err(StoreError::file("remove", &path))?;
            }
        }
        Ok(())
    }

    /// What was purged and did not come in anew.
    fn purged(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut purged: BTreeSet<String> = audit::purged(&self.data)?.into_iter().map(|id| id.0).collect();
        purged.retain(|id| matches!(self.data.join("keys").join(id).try_exists(), Ok(false)));
        Ok(purged)
    }
}

/// What was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Records, as they were.
    pub records: usize,
    /// Originals that the next run looks through: mails, papers that were no records yet, and those about which something was
    /// decided while the copy was made.
    pub owed: usize,
}

/// Puts a copy back into the data folder `data`, which must hold no papers.
///
/// # Errors
/// Where the copy is not whole, the key does not fit, or the folder holds papers already.
pub fn restore(copy: &Path, data: &Path, master: MasterKey) -> Result<Restored, StoreError> {
    let manifest = copy.join(MANIFEST);
    let sums = fs::read_to_string(&manifest).map_err(StoreError::file("read", &manifest))?;
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").ok_or_else(|| StoreError::Copy(line.to_owned()))?;
        if digest(&copy.join(name))? != sum {
            return Err(StoreError::Copy(name.to_owned()));
        }
    }
    if fs::read_dir(data.join("originals")).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(StoreError::NotEmpty(data.to_owned()));
    }
    let lock = prepare(data)?;
    for part in ["keys", "originals", "journal"] {
        copy_folder(&copy.join(part), &data.join(part))?;
    }
    drop(lock);
    let keys = data.join("keys");
    let letters = letters(&copy.join("letters"), &master)?;
    let master = Arc::new(master);
    let mut records = Vec::new();
    for (name, path) in files(&copy.join("records"))? {
        let sealed = fs::read(&path).map_err(StoreError::file("read", &path))?;
        let id = name.split_once('-').map_or(name.as_str(), |(_, id)| id);
        let plain = read_key(&keys, &master, id)?.open(&format!("record/{id}"), &sealed)?;
        records.push(serde_json::from_slice::<Record>(&plain).map_err(StoreError::shape("a record"))?);
    }
    let master = Arc::into_inner(master).unwrap_or_else(|| unreachable!("nobody else holds it"));
    let store = Embedded::open(data, master)?;
    // what was decided while the copy was made stands in its journal: that record is worked out again, with its letters
    let is_behind = |record: &Record| {
        let decided = store.journal.decision_count(&record.arrival.id);
        decided > record.decisions.len() && store.originals.arrival(&record.arrival.id).is_ok()
    };
    records.retain(|record| !is_behind(record));
    records.iter().try_for_each(|record| store.shelves.put_back(record))?;
    // those that went out while the copy was made stand in its journal
    let owed = letters.iter().filter(|letter| !store.journal.was_sent(&letter.message_id));
    owed.into_iter().try_for_each(|letter| store.shelves.put_letter(letter))?;
    // what was still owed, and the mails whose papers are records
    store.begin()?;
    Ok(Restored { records: records.len(), owed: store.shelves.owed()?.0 })
}

/// The letters that were owed when the copy was made. Copies of older versions hold none.
fn letters(folder: &Path, master: &MasterKey) -> Result<Vec<Letter>, StoreError> {
    if matches!(folder.try_exists(), Ok(false)) {
        return Ok(Vec::new());
    }
    let open = |(name, path): (String, PathBuf)| {
        let sealed = fs::read(&path).map_err(StoreError::file("read", &path))?;
        let plain = open_with_master(master, &format!("copied-letter/{name}"), &sealed)?;
        serde_json::from_slice(&plain).map_err(StoreError::shape("a letter"))
    };
    files(folder)?.into_iter().map(open).collect()
}

/// Every file below a folder with its path seen from there, sorted. Unfinished ones are left out.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(StoreError::file("read", folder))? {
        let entry = entry.map_err(StoreError::file("read", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name == MANIFEST {
            continue;
        }
        if entry.path().is_dir() {
            found.extend(files(&entry.path())?.into_iter().map(|(below, path)| (format!("{name}/{below}"), path)));
        } else {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    for (name, path) in files(from)? {
        match fs::read(&path) {
            // purged in the meantime
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            bytes => write_durably(to, &name, &bytes.map_err(StoreError::file("read", &path))?)?,
        }
    }
    Ok(())
}

fn digest(path: &Path) -> Result<String, StoreError> {
    let mut file = File::open(path).map_err(StoreError::file("read", path))?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece).map_err(StoreError::file("read", path))?;
        if read == 0 {
            break;
        }
        digest.update(piece.get(..read).unwrap_or_default());
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
