//! The folder door: the front desk's scans, a network fax machine, a mail dropped by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::intake::later::Later;
use crate::intake::lock::{HELD_MILLISECONDS_MAX, Lock, lock};
use crate::intake::settle::{Look, Rest, Settling, Told, described, has_end_mark, is_quiet, is_settled, look};
use crate::intake::taken::Taken;
use crate::intake::writers::{Writer, Writers};
use crate::intake::{Change, FILE_BYTES_MAX, Incoming, IntakeError, Receipt, Room, Seen, arrival};
use crate::model::OriginKind;

/// How long the answer of the processes counts, in milliseconds: a pass over them takes some ten.
const ASK_MILLISECONDS: i128 = 1_000;

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
    /// By file name: what the change events say.
    changes: BTreeMap<OsString, Change>,
    /// Who writes, as the processes say.
    asked: Option<Asked>,
    /// What could not be kept or moved.
    later: Later,
    /// What was moved lately.
    taken: Taken,
    has_locks: bool,
    is_told_of_locks: bool,
}

/// Which processes write, as they were asked once.
#[derive(Debug)]
struct Asked {
    at: Timestamp,
    names: BTreeSet<OsString>,
    writers: Writers,
}

impl Asked {
    fn milliseconds_ago(&self, now: Timestamp) -> i128 {
        now.duration_since(self.at).as_millis()
    }
}

impl Folder {
    /// A folder door; nothing is looked at yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            settling: Settling::default(),
            told: Told::default(),
            changes: BTreeMap::new(),
            asked: None,
            later: Later::default(),
            taken: Taken::default(),
            has_locks: true,
            is_told_of_locks: false,
        }
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

    /// What the change events say of the file called `name`.
    pub(in crate::intake) fn note(&mut self, name: OsString, change: Change) {
        self.changes.insert(name, change);
    }

    /// How many papers are ours and could not be moved away.
    pub(in crate::intake) fn unmoved(&self) -> usize {
        self.later.unmoved()
    }

    /// The paper could not be kept: it is tried again later, and does not stand in the way of the others.
    pub(in crate::intake) fn put_off(&mut self, receipt: Receipt, now: Timestamp) {
        self.later.put_off(receipt, false, now);
    }

    /// One look. Links and special files are never followed but told; hidden and half-written names are left alone.
    ///
    /// # Errors
    /// Where the folder itself cannot be read.
    pub fn look(&mut self, now: Timestamp) -> Result<Seen, IntakeError> {
        let mut seen = Seen::default();
        let mut files = self.list(&mut seen)?;
        let grown = self.taken.grown();
        let is_there = |path: &Path| files.iter().chain(&grown).any(|(there, _)| there == path);
        self.later.keep_only(is_there);
        self.move_again(now, &mut seen);
        files.retain(|(path, look)| !self.later.rests(path, look, now));
        seen.put_off = self.later.waiting();
        files.extend(grown);
        let rests: Vec<Option<Rest>> =
            files.iter().map(|(path, look)| self.settling.unchanged(path, look, now)).collect();
        let paths: BTreeSet<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        self.settling.keep_only(|path| paths.contains(path));
        self.ask_who_writes(&files, &rests, now);
        let mut room = Room::default();
        for ((path, look), rest) in files.iter().zip(rests) {
            let Some(rest) = rest.filter(|_| room.takes(look.size)) else {
                seen.waiting += 1;
                continue;
            };
            match self.take(path, look, rest.milliseconds(look, now), now) {
                Ok(Some(incoming)) => {
                    room.take(look.size);
                    seen.incoming.push(incoming);
                }
                Ok(None) => seen.waiting += 1,
                Err(trouble) if self.told.is_news(path, look) => seen.troubles.push(trouble),
                Err(_) => {}
            }
        }
        if !self.has_locks && !std::mem::replace(&mut self.is_told_of_locks, true) {
            seen.troubles.push(IntakeError::NoLocks { folder: self.options.path.clone() });
        }
        Ok(seen)
    }

    /// The files of the folder, oldest first.
    fn list(&mut self, seen: &mut Seen) -> Result<Vec<(PathBuf, Look)>, IntakeError> {
        let folder = self.options.path.clone();
        let done = self.done();
        let unreadable = |source| IntakeError::Folder { act: "read", path: folder.clone(), source };
        let mut files: Vec<(PathBuf, Look)> = Vec::new();
        let mut others: BTreeSet<PathBuf> = BTreeSet::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            if is_half_written(&path) || path == done {
                continue;
            }
            // the entry's own: a link is a link, whatever it points to
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == ErrorKind::NotFound => continue, // moved away since
                Err(error) => return Err(unreadable(error)),
            };
            if metadata.is_file() {
                files.push((path, look(&metadata)));
                continue;
            }
            if self.told.is_news(&path, &Look { size: 0, modified: None }) {
                seen.troubles.push(IntakeError::NoFile { folder: folder.clone(), what: kind(&metadata) });
            }
            others.insert(path);
        }
        files.sort_by(|a, b| (a.1.modified, &a.0).cmp(&(b.1.modified, &b.0)));
        let paths: BTreeSet<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        self.told.keep_only(|path| paths.contains(path) || others.contains(path));
        self.changes.retain(|name, _| paths.contains(folder.join(name).as_path()));
        Ok(files)
    }

    /// What is ours and could not be moved.
    fn move_again(&mut self, now: Timestamp, seen: &mut Seen) {
        for receipt in self.later.to_move(now) {
            match self.release(receipt, now) {
                Ok(()) => {}
                Err(error) => seen.unmoved = Some(error),
            }
        }
    }

    /// Where the events do not say who writes, the processes are asked, seldom: that takes milliseconds.
    fn ask_who_writes(&mut self, files: &[(PathBuf, Look)], rests: &[Option<Rest>], now: Timestamp) {
        if self.asked.as_ref().is_some_and(|asked| (0..ASK_MILLISECONDS).contains(&asked.milliseconds_ago(now))) {
            return;
        }
        self.asked = None;
        let mut names = BTreeSet::new();
        for ((path, look), rest) in files.iter().zip(rests) {
            let Some((rest, name)) = rest.as_ref().zip(path.file_name()) else { continue };
            let quiet = rest.milliseconds(look, now);
            let is_known = self.changes.get(name) == Some(&Change::Finished) || has_end_mark(path);
            if !is_known && is_quiet(path, quiet, Writer::Gone) {
                names.insert(name.to_owned());
            }
        }
        if !names.is_empty() {
            let writers = Writers::look(&self.options.path, &names);
            self.asked = Some(Asked { at: now, names, writers });
        }
    }

    fn writer(&self, name: &OsStr, file: &Metadata) -> Writer {
        let change = self.changes.get(name);
        let asked = self.asked.as_ref().filter(|asked| asked.names.contains(name));
        match (change, asked.map_or(Writer::Unknown, |asked| asked.writers.of(file))) {
            (Some(Change::Finished), _) => Writer::Gone,
            // it was written and never closed
            (Some(Change::Written), Writer::Unknown) => Writer::There,
            (_, writer) => writer,
        }
    }

    fn take(
        &mut self,
        path: &Path,
        seen: &Look,
        quiet_milliseconds: i128,
        now: Timestamp,
    ) -> Result<Option<Incoming>, IntakeError> {
        let folder = self.options.path.clone();
        let trouble = |act| {
            let (folder, of) = (folder.clone(), described(seen));
            move |source| IntakeError::File { act, folder, of, source }
        };
        // nobody can be surer than this
        if !is_quiet(path, quiet_milliseconds, Writer::Gone) {
            return Ok(None);
        }
        if seen.size > FILE_BYTES_MAX {
            return Err(IntakeError::TooLarge { what: "a file in the inbox", limit: FILE_BYTES_MAX });
        }
        // what was a file at the look may be a link or a pipe by now: neither is followed or waited for
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_else(|_| unreachable!("open(2) takes an int"));
        let mut file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(trouble("read"))?,
        };
        let metadata = file.metadata().map_err(trouble("look at"))?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let writer = self.writer(path.file_name().unwrap_or_default(), &metadata);
        if !is_quiet(path, quiet_milliseconds, writer) {
            return Ok(None);
        }
        match lock(&file) {
            // whoever still writes may hold a lock
            Lock::Held if quiet_milliseconds < HELD_MILLISECONDS_MAX => return Ok(None),
            Lock::Held => return Err(IntakeError::Locked { folder, of: described(seen) }),
            Lock::Free => {}
            Lock::NotHere => self.has_locks = false,
        }
        let mut bytes = Vec::with_capacity(usize::try_from(seen.size).unwrap_or_default());
        (&mut file).take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(trouble("read"))?;
        let after = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            after => after.map_err(trouble("look at"))?,
        };
        let same = after.is_file() && look(&after) == *seen && bytes.len() as u64 == seen.size;
        if !same || !is_settled(&bytes, quiet_milliseconds, writer) {
            return Ok(None);
        }
        let name = self.taken.name(path).or_else(|| path.file_name());
        let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
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

    /// The paper is ours: its file moves to the folder of taken papers. Where that is not possible it is tried again later.
    pub(in crate::intake) fn release(&mut self, receipt: Receipt, now: Timestamp) -> Result<(), IntakeError> {
        if self.taken.is_known_as(&receipt) {
            return Err(IntakeError::Grown { folder: self.done() });
        }
        match self.moved(&receipt) {
            Ok(target) => {
                self.later.done(&receipt.path);
                if let Some(target) = target {
                    self.taken.add(&receipt, target);
                }
                Ok(())
            }
            Err(error) => {
                self.later.put_off(receipt, true, now);
                Err(error)
            }
        }
    }

    /// Moves a file, under a name that sorts by arrival: the new path, where there was something to be moved.
    fn moved(&self, receipt: &Receipt) -> Result<Option<PathBuf>, IntakeError> {
        let done = self.done();
        let trouble = |source| IntakeError::Unmoved { done: done.clone(), source };
        match fs::symlink_metadata(&receipt.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // another version under the same name, written since we read ours: it is taken at a later look
            Ok(metadata) if look(&metadata) != receipt.look => return Ok(None),
            _ => {}
        }
        // the inbox may have been made anew, without it
        fs::create_dir_all(&done).map_err(trouble)?;
        let stamp = receipt.taken_at.to_zoned(TimeZone::system()).strftime("%Y%m%d-%H%M%S-%3f").to_string();
        let name = receipt.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let names =
            std::iter::once(format!("{stamp}-{name}")).chain((2..).map(|number| format!("{stamp}-{number}-{name}")));
        let free = names.map(|name| done.join(name)).find(|path| matches!(path.try_exists(), Ok(false) | Err(_)));
        let target = free.unwrap_or_else(|| unreachable!("there is no last number"));
        match fs::rename(&receipt.path, &target) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                fs::copy(&receipt.path, &target).map_err(trouble)?;
                fs::remove_file(&receipt.path).map_err(trouble)?;
                Ok(None) // whoever still has the old file open writes into what is gone
            }
            other => other.map_err(trouble).map(|()| Some(target)),
        }
    }
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
