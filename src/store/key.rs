//! The master key: where it is, and how it is made.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::Key;
use chacha20poly1305::aead::Generate;
use zeroize::Zeroizing;

use crate::store::StoreError;

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

/// The key in the file at `path`; made if there is none. The flag says whether it was made.
///
/// # Errors
/// Where the file is no key, can be read by others, or cannot be written.
pub fn find_or_make(path: &Path) -> Result<(MasterKey, bool), StoreError> {
    let before = before(path);
    let before = read(&before)?.map(|key| (key, before));
    match read(path)? {
        Some(key) => Ok((MasterKey { key, before }, false)),
        None => Ok((MasterKey { key: make(path)?, before }, true)),
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

fn before(path: &Path) -> PathBuf {
    path.with_extension("before")
}

fn read(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let mode = fs::metadata(path).map_err(StoreError::file("look at", path))?.permissions().mode();
            if mode & 0o077 != 0 {
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
