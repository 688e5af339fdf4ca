//! Originals and their sidecars as plain sealed files: what the promise that nothing is lost rests on.
//!
//! `originals/ID.paper` holds the bytes, `originals/ID.arrival` says where they came from, `keys/ID` is the record's own key,
//! wrapped by the master key. Each is written under another name, made durable, renamed, and the folder made durable.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::{Arrival, ArrivalId};
use crate::store::damage::{self, Damages};
use crate::store::seal::RecordKey;
use crate::store::{MasterKey, StoreError, step};

/// The folders of originals and keys.
pub(in crate::store) struct Originals {
    originals: PathBuf,
    keys: PathBuf,
    master: Arc<MasterKey>,
}

/// Makes the data folder with its parts, for the owner alone, and locks it.
pub(in crate::store) fn prepare(folder: &Path) -> Result<File, StoreError> {
    for part in [folder.to_owned(), folder.join("originals"), folder.join("keys"), folder.join("journal")] {
        DirBuilder::new().recursive(true).mode(0o700).create(&part).map_err(StoreError::file("make", &part))?;
    }
    let path = folder.join("lock");
    let mut open = OpenOptions::new();
    let lock = open
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(StoreError::file("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::file("lock", &path)(error)),
    }
}

impl Originals {
    pub(in crate::store) fn new(folder: &Path, master: Arc<MasterKey>) -> Self {
        Self { originals: folder.join("originals"), keys: folder.join("keys"), master }
    }

    /// The paper comes last: where it is there, all is there.
    pub(in crate::store) fn put(&self, arrival: &Arrival, bytes: &[u8]) -> Result<(), StoreError> {
        let id = &arrival.id.0;
        let key = RecordKey::generate()?;
        write_durably(&self.keys, id, &key.wrap(&self.master, id)?)?;
        step("key written");
        let sidecar = serde_json::to_vec(arrival).map_err(StoreError::shape("an arrival"))?;
        write_durably(&self.originals, &format!("{id}.arrival"), &key.seal(&format!("arrival/{id}"), &sidecar)?)?;
        step("sidecar written");
        write_durably(&self.originals, &format!("{id}.paper"), &key.seal(&format!("paper/{id}"), bytes)?)?;
        step("original written");
        Ok(())
    }

    pub(in crate::store) fn get(&self, id: &ArrivalId) -> Result<(Arrival, Vec<u8>), StoreError> {
        let arrival = self.arrival(id)?;
        let id = &id.0;
        let key = read_key(&self.keys, &self.master, id)?;
        let sealed = read(&self.originals.join(format!("{id}.paper")))?;
        Ok((arrival, key.open(&format!("paper/{id}"), &sealed)?))
    }

    /// Where a paper came from.
    pub(in crate::store) fn arrival(&self, id: &ArrivalId) -> Result<Arrival, StoreError> {
        let id = &id.0;
        let key = read_key(&self.keys, &self.master, id)?;
        let sealed = read(&self.originals.join(format!("{id}.arrival")))?;
        let sidecar = key.open(&format!("arrival/{id}"), &sealed)?;
        serde_json::from_slice(&sidecar).map_err(StoreError::shape("an arrival"))
    }

    /// A record's own key.
    pub(in crate::store) fn key(&self, id: &ArrivalId) -> Result<RecordKey, StoreError> {
        read_key(&self.keys, &self.master, &id.0)
    }

    /// Whether a record's key is there, whole or not.
    pub(in crate::store) fn has_key(&self, id: &ArrivalId) -> Result<bool, StoreError> {
        is_there(&self.keys.join(&id.0))
    }

    /// Whether something of a paper is there, but its key is gone.
    pub(in crate::store) fn is_left_over(&self, id: &ArrivalId) -> Result<bool, StoreError> {
        let [_, arrival, paper] = self.files(id);
        Ok(!self.has_key(id)? && (is_there(&arrival)? || is_there(&paper)?))
    }

    fn files(&self, id: &ArrivalId) -> [PathBuf; 3] {
        let file = |end: &str| self.originals.join(format!("{id}.{end}"));
        [self.keys.join(&id.0), file("arrival"), file("paper")]
    }

    /// Wraps every record's key anew, with the master key in force. A damaged one stays as it is, and is told.
    pub(in crate::store) fn wrap_anew(&self, damages: &Damages) -> Result<(), StoreError> {
        for entry in fs::read_dir(&self.keys).map_err(StoreError::file("read", &self.keys))? {
            let name = entry.map_err(StoreError::file("read", &self.keys))?.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue; // never came to its end
            }
            match read_key(&self.keys, &self.master, &name) {
                Ok(key) => write_durably(&self.keys, &name, &key.wrap(&self.master, &name)?)?,
                Err(error) if error.is_damage() => damages.note(damage::record(&ArrivalId(name), &error)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Destroys the key first: what is left cannot be read by anybody, whatever happens in between.
    pub(in crate::store) fn destroy(&self, id: &ArrivalId) -> Result<(), StoreError> {
        let [key, arrival, paper] = self.files(id);
        remove(&key)?;
        sync(&self.keys)?;
        step("key destroyed");
        remove(&arrival)?;
        remove(&paper)?;
        sync(&self.originals)
    }

    /// The ids of all originals.
    pub(in crate::store) fn ids(&self) -> Result<Vec<ArrivalId>, StoreError> {
        let entries = fs::read_dir(&self.originals).map_err(StoreError::file("read", &self.originals))?;
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(StoreError::file("read", &self.originals))?.file_name();
            if let Some(id) = name.to_string_lossy().strip_suffix(".paper") {
                ids.push(ArrivalId(id.to_owned()));
            }
        }
        ids.sort();
        Ok(ids)
    }
}

/// The own key of a record.
pub(in crate::store) fn read_key(keys: &Path, master: &MasterKey, id: &str) -> Result<RecordKey, StoreError> {
    RecordKey::unwrap(master, id, &read(&keys.join(id))?)
}

fn is_there(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(StoreError::file("look at", path))
}

/// Removes a file that may be gone already.
fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::file("remove", path)(error)),
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::file("make durable", folder))
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    fs::read(path).map_err(StoreError::file("read", path))
}

/// Another name, fsync, rename, fsync of the folder: the file is wholly there or not at all, whatever happens.
pub(in crate::store) fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let temporary = folder.join(format!(".{name}.new"));
    let path = folder.join(name);
    let mut open = OpenOptions::new();
    let mut file = open
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(StoreError::file("make", &temporary))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(StoreError::file("write", &temporary))?;
    fs::rename(&temporary, &path).map_err(StoreError::file("rename", &temporary))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::file("make durable", folder))
}
