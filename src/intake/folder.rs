//! The folder door: the front desk's scans, a network fax machine, a mail dropped by hand.

use std::collections::BTreeSet;
use std::fs::{self, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::intake::settle::{Look, Settling, Told, is_quiet, is_settled};
use crate::intake::{Incoming, IntakeError, Receipt, Seen, arrival};
use crate::model::OriginKind;

/// Most files that are taken at one look; the rest waits for the next, so that other doors get their turn.
const FILES_A_LOOK_MAX: usize = 64;
/// Files larger than this are not read into memory; they stay where they are and staff are told. Scans are below 200 MB.
const FILE_BYTES_MAX: u64 = 250_000_000;

/// A folder to watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The folder.
    pub path: PathBuf,
    /// Where taken papers go; `done` inside the folder by default.
    pub done: Option<PathBuf>,
    /// Seconds between two looks, also where change events do not reach (SMB, NFS).
    #[serde(default = "poll_seconds")]
    pub poll_seconds: u64,
}

fn poll_seconds() -> u64 {
    2
}

/// A watched folder with what it knows of its files.
#[derive(Debug)]
pub struct Folder {
    options: Options,
    settling: Settling,
    told: Told,
}

impl Folder {
    /// A folder door; nothing is looked at yet.
    pub fn new(options: Options) -> Self {
        Self { options, settling: Settling::default(), told: Told::default() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.options.path
    }

    /// Seconds between two looks.
    pub fn poll_seconds(&self) -> u64 {
        self.options.poll_seconds.max(1)
    }

    /// Makes the folders that are not there.
    ///
    /// # Errors
    /// Where that is not possible.
    pub fn prepare(&self) -> Result<(), IntakeError> {
        for folder in [self.options.path.clone(), self.done()] {
            fs::create_dir_all(&folder).map_err(|source| IntakeError::Folder { act: "make", path: folder, source })?;
        }
        Ok(())
    }

    /// Where taken papers go.
    pub fn done(&self) -> PathBuf {
        self.options.done.clone().unwrap_or_else(|| self.options.path.join("done"))
    }

    /// One look. Links and special files are never followed but told; hidden and half-written names are left alone.
    ///
    /// # Errors
    /// Where the folder itself cannot be read.
    pub fn look(&mut self, now: Timestamp) -> Result<Seen, IntakeError> {
        let folder = self.options.path.clone();
        let done = self.done();
        let unreadable = |source| IntakeError::Folder { act: "read", path: folder.clone(), source };
        let mut seen = Seen::default();
        let mut files: Vec<(PathBuf, Look)> = Vec::new();
        let mut others: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            if is_half_written(&path) || path == done {
                continue;
            }
            // the entry's own: a link is a link, whatever it points to
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue, // moved away since
                Err(error) => return Err(unreadable(error)),
            };
            if metadata.is_file() {
                files.push((path, look(&metadata)));
                continue;
            }
            if self.told.is_news(&path, &Look { size: 0, modified: None }) {
                seen.troubles.push(IntakeError::NoFile { folder: folder.clone(), what: kind(&metadata) });
            }
            others.push(path);
        }
        files.sort_by(|a, b| (a.1.modified, &a.0).cmp(&(b.1.modified, &b.0)));
        let paths: BTreeSet<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
        self.settling.keep_only(&paths);
        self.told.keep_only(|path| paths.contains(path) || others.iter().any(|other| other == path));
        for (path, look) in files {
            let since = self.settling.unchanged_since(&path, &look, now);
            if seen.incoming.len() == FILES_A_LOOK_MAX {
                seen.waiting += 1;
                continue;
            }
            match since.map(|since| self.take(&path, &look, since, now)) {
                None | Some(Ok(None)) => seen.waiting += 1,
                Some(Ok(Some(incoming))) => seen.incoming.push(incoming),
                Some(Err(trouble)) if self.told.is_news(&path, &look) => seen.troubles.push(trouble),
                Some(Err(_)) => {}
            }
        }
        Ok(seen)
    }

    fn take(
        &self,
        path: &Path,
        seen: &Look,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Incoming>, IntakeError> {
        let folder = &self.options.path;
        let trouble = |act| move |source| IntakeError::File { act, folder: folder.clone(), source };
        if !is_quiet(path, seen, since, now) {
            return Ok(None);
        }
        if seen.size > FILE_BYTES_MAX {
            return Err(IntakeError::TooLarge { what: "a file in the inbox", limit: FILE_BYTES_MAX });
        }
        // what was a file at the look may be a link or a pipe by now: neither is followed or waited for
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_else(|_| unreachable!("open(2) takes an int"));
        let mut file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(trouble("read"))?,
        };
        // whoever still writes may hold a lock
        if !file.metadata().map_err(trouble("look at"))?.is_file() || file.try_lock_shared().is_err() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        (&mut file).take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(trouble("read"))?;
        let after = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            after => after.map_err(trouble("look at"))?,
        };
        let same = after.is_file() && look(&after) == *seen && bytes.len() as u64 == seen.size;
        if !same || !is_settled(&bytes, since, now) {
            return Ok(None);
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let modified = seen
            .modified
            .and_then(|time| Timestamp::try_from(time).ok())
            .map(|time| time.to_string())
            .unwrap_or_default();
        let key = format!("folder:{}:{}:{modified}", path.display(), seen.size);
        let arrival = arrival(OriginKind::Folder, name, key, &bytes, now);
        let receipt = Receipt { path: path.to_owned(), look: seen.clone(), taken_at: now };
        Ok(Some(Incoming { arrival, bytes, receipt }))
    }

    /// The file moves to the folder of taken papers, under a name that sorts by arrival.
    pub(in crate::intake) fn release(&self, receipt: &Receipt) -> Result<(), IntakeError> {
        let done = self.done();
        let trouble = |source| IntakeError::File { act: "move", folder: done.clone(), source };
        match fs::symlink_metadata(&receipt.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            // another version under the same name, written since we read ours: it is taken at a later look
            Ok(metadata) if look(&metadata) != receipt.look => return Ok(()),
            _ => {}
        }
        // the inbox may have been made anew, without it
        fs::create_dir_all(&done).map_err(trouble)?;
        let stamp = receipt.taken_at.to_zoned(TimeZone::system()).strftime("%Y%m%d-%H%M%S").to_string();
        let name = receipt.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let names =
            std::iter::once(format!("{stamp}-{name}")).chain((2..).map(|number| format!("{stamp}-{number}-{name}")));
        let free = names.map(|name| done.join(name)).find(|path| matches!(path.try_exists(), Ok(false) | Err(_)));
        let target = free.unwrap_or_else(|| unreachable!("there is no last number"));
        match fs::rename(&receipt.path, &target) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
                fs::copy(&receipt.path, &target).map_err(trouble)?;
                fs::remove_file(&receipt.path).map_err(trouble)
            }
            other => other.map_err(trouble),
        }
    }
}

fn look(metadata: &Metadata) -> Look {
    Look { size: metadata.len(), modified: metadata.modified().ok() }
}

fn kind(metadata: &Metadata) -> &'static str {
    match metadata.file_type() {
        kind if kind.is_symlink() => "a link",
        kind if kind.is_dir() => "a folder",
        _ => "a special file",
    }
}

/// Names that scanners, browsers and copy programs give to what they have not finished.
fn is_half_written(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    name.starts_with(['.', '~'])
        || [".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp"].iter().any(|end| name.ends_with(end))
}
