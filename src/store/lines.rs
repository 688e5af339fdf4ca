//! A file that only grows, a line at a time. A line is durable when `append` returns; one that a crash cut is left out.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::store::StoreError;

/// An append-only file of lines.
pub(in crate::store) struct Lines {
    path: PathBuf,
    file: Mutex<File>,
}

impl Lines {
    /// Opens the file, made if it is not there. A cut line at its end is closed, so that the next begins on its own.
    pub(in crate::store) fn open(path: PathBuf) -> Result<Self, StoreError> {
        let mut open = OpenOptions::new();
        let mut file = open
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(StoreError::file("open", &path))?;
        let ends_whole = ends_in_line_feed(&mut file).map_err(StoreError::file("read", &path))?;
        if !ends_whole {
            file.write_all(b"\n").map_err(StoreError::file("write", &path))?;
        }
        file.sync_all().map_err(StoreError::file("make durable", &path))?;
        if let Some(folder) = path.parent() {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(StoreError::file("make durable", folder))?;
        }
        Ok(Self { path, file: Mutex::new(file) })
    }

    /// Appends a line, or several with line feeds between them, durable when this returns.
    pub(in crate::store) fn append(&self, line: &str) -> Result<(), StoreError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let length = file.metadata().map_err(StoreError::file("look at", &self.path))?.len();
        file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
            // what was not acknowledged is not there: neither a piece of a line nor one that the next would repeat
            file.set_len(length).ok(); // the disk may not take that either; then a reader leaves out what is cut
            StoreError::file("write", &self.path)(error)
        })
    }
}

/// The lines of a file, without those that a crash left empty or cut. A file that is not there has none.
pub(in crate::store) fn read(path: &Path) -> Result<Vec<String>, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            Ok(whole.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StoreError::file("read", path)(error)),
    }
}

fn ends_in_line_feed(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
