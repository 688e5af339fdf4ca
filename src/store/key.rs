//! The master key: where it is, and how it is made.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use chacha20poly1305::Key;
use chacha20poly1305::aead::Generate;
use zeroize::Zeroizing;

use crate::store::StoreError;

/// The key that wraps every record's own key. Never printed.
pub struct MasterKey(pub(in crate::store) Zeroizing<[u8; 32]>);

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
    match fs::read_to_string(path) {
        Ok(text) => {
            let mode = fs::metadata(path).map_err(StoreError::file("look at", path))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(StoreError::KeyMode { path: path.to_owned() });
            }
            Ok((parse(&Zeroizing::new(text)).ok_or_else(|| StoreError::Key { path: path.to_owned() })?, false))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(path).map(|key| (key, true)),
        Err(error) => Err(StoreError::file("read", path)(error)),
    }
}

fn make(path: &Path) -> Result<MasterKey, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(StoreError::file("make", folder))?;
    }
    let key = Key::try_generate().map_err(|_| StoreError::Random)?;
    let key = MasterKey(Zeroizing::new(key.into()));
    let digits: Zeroizing<String> = Zeroizing::new(key.0.iter().map(|byte| format!("{byte:02x}")).collect());
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
    Ok(key)
}

fn parse(text: &str) -> Option<MasterKey> {
    let digits = text.trim();
    if digits.len() != 64 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(MasterKey(key))
}
