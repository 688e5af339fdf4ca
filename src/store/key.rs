//! The master key: where it is, and how it is made.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::Key;
use chacha20poly1305::aead::Generate;
use zeroize::Zeroizing;

use crate::store::StoreError;
use crate::store::audit;
use crate::store::seal::{RecordKey, open_with_master};

/// The key that wraps every record's own key. Never printed.
pub struct MasterKey {
    pub(in crate::store) key: Zeroizing<[u8; 32]>,
    /// The key before this one and its file, while a rotation is under way.
    pub(in crate::store) before: Option<(Zeroizing<[u8; 32]>, PathBuf)>,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[master key]")
    }
}

/// The key in the file at `path`, which opens what is sealed in the data folder `data`; made if there is none and nothing is
/// sealed there. The flag says whether it was made.
///
/// # Errors
/// As with [`find`], or where it cannot be written.
pub fn find_or_make(path: &Path, data: &Path) -> Result<(MasterKey, bool), StoreError> {
    match find(path, data)? {
        Some(key) => Ok((key, false)),
        None => Ok((MasterKey { key: make(path)?, before: None }, true)),
    }
}

/// The key in the file at `path`. None where there is none and nothing is sealed in the data folder `data`, so that one may be
/// made. Writes nothing.
///
/// # Errors
/// Where the file is no key or can be read by others, where it is gone although something is sealed, or another key sealed it.
pub fn find(path: &Path, data: &Path) -> Result<Option<MasterKey>, StoreError> {
    let before = before(path);
    let before = read(&before)?.map(|key| (key, before));
    let gone = || StoreError::KeyGone { path: path.to_owned(), data: data.to_owned() };
    match (read(path)?, before) {
        (Some(key), before) => {
            let key = MasterKey { key, before };
            if fits(&key, data)? {
                Ok(Some(key))
            } else {
                Err(StoreError::WrongKey { path: path.to_owned(), data: data.to_owned() })
            }
        }
        (None, None) if !holds_anything_sealed(data)? => Ok(None),
        (None, _) => Err(gone()),
    }
}

/// Whether the key opens what is sealed in a data folder or a copy of one: the head of the audit journal, which the first start
/// writes, or, where that is damaged, the key of any record. Where nothing is sealed, every key fits.
fn fits(key: &MasterKey, data: &Path) -> Result<bool, StoreError> {
    let head = data.join("journal").join(audit::HEAD_FILE);
    let mut is_sealed = false;
    if let Some(sealed) = bytes(&head)? {
        if open_with_master(key, audit::HEAD, &sealed).is_ok() {
            return Ok(true);
        }
        is_sealed = true;
    }
    for name in names(&data.join("keys"))? {
        is_sealed = true;
        let sealed = bytes(&data.join("keys").join(&name))?;
        if sealed.is_some_and(|sealed| RecordKey::unwrap(key, &name, &sealed).is_ok()) {
            return Ok(true);
        }
    }
    Ok(!is_sealed)
}

/// Whether something lies in a data folder that a key has sealed.
fn holds_anything_sealed(data: &Path) -> Result<bool, StoreError> {
    for folder in ["keys", "originals", "shelves"] {
        if !names(&data.join(folder))?.is_empty() {
            return Ok(true);
        }
    }
    Ok(bytes(&data.join("journal").join(audit::HEAD_FILE))?.is_some())
}

/// The names in a folder, without those of unfinished files. A folder that is not there has none.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::file("read", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(StoreError::file("read", folder))?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names)
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::file("read", path)(error)),
    }
}

/// Puts a new key in the place of the one at `path`; the old one stays beside it until a [`crate::store::Store::open`] has
/// wrapped everything anew. A crash in between costs nothing.
///
/// # Errors
/// Where an earlier rotation is not at its end, or the files cannot be written.
pub fn rotate(path: &Path) -> Result<(), StoreError> {
    let before = before(path);
    if read(&before)?.is_some() {
        return Ok(()); // under way already
    }
    let Some(old) = read(path)? else { return Err(StoreError::Key { path: path.to_owned() }) };
    write(&before, &old)?;
    let beside = path.with_extension("new");
    let new = Zeroizing::new(Key::try_generate().map_err(|_| StoreError::Random)?.into());
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::file("remove", &beside)(error));
        }
        _ => {}
    }
    write(&beside, &new)?;
    fs::rename(&beside, path).map_err(StoreError::file("rename", &beside))?;
    sync_folder(path)
}

/// Whether others than its owner may read a key file of this mode. A systemd credential is opened to the daemon's user alone by an
/// ACL, whose mask stands in the place of the group's bits (systemd.exec(5), acl(5)).
pub fn is_open_to_others(path: &Path, mode: u32) -> bool {
    let is_credential = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
    mode & if is_credential { 0o037 } else { 0o077 } != 0
}

fn before(path: &Path) -> PathBuf {
    path.with_extension("before")
}

fn read(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let mode = fs::metadata(path).map_err(StoreError::file("look at", path))?.permissions().mode();
            if is_open_to_others(path, mode) {
                return Err(StoreError::KeyMode { path: path.to_owned() });
            }
            parse(&Zeroizing::new(text)).map(Some).ok_or_else(|| StoreError::Key { path: path.to_owned() })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::file("read", path)(error)),
    }
}

fn make(path: &Path) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(StoreError::file("make", folder))?;
    }
    let key = Zeroizing::new(Key::try_generate().map_err(|_| StoreError::Random)?.into());
    write(path, &key)?;
    Ok(key)
}

fn write(path: &Path, key: &[u8; 32]) -> Result<(), StoreError> {
    let digits: Zeroizing<String> = Zeroizing::new(key.iter().map(|byte| format!("{byte:02x}")).collect());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::file("make", path))?;
    file.write_all(digits.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .map_err(StoreError::file("write", path))?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::file("make durable", folder))
}

fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let digits = text.trim();
    if digits.len() != 64 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}
