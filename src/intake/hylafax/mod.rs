//! The receive queue of HylaFAX, which is only read: `recvq/fax000000042.tif`.
//!
//! HylaFAX writes a fax in place under its final name, mode 0600 and locked, and at the end of the call gives it the mode of
//! `RecvFileMode` (faxd/FaxRecv.c++). Until then more documents of the same call may follow. What it knows of the call stands in
//! the tags of the TIFF (faxd/CopyQuality.c++) and in `etc/xferfaxlog` (man xferfaxlog(4F)).

mod log;
mod tags;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::intake::later::Later;
use crate::intake::lock::{HELD_MILLISECONDS_MAX, Lock, lock};
use crate::intake::settle::{Look, Told, described, is_over};
use crate::intake::{FILE_BYTES_MAX, Incoming, IntakeError, Receipt, Room, Seen, arrival};
use crate::model::{OriginKind, Reception};

pub use log::Call;
pub(in crate::intake) use log::clean;

/// A fax that is kept from us longer than any call takes, in seconds, is a matter of its mode.
const CALL_SECONDS_MAX: i64 = 3_600;
/// Read by its group or by all: `RecvFileMode` was set, and the call is over.
const READ_BITS: u32 = 0o044;

/// A receive queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The folder `recvq`.
    pub path: PathBuf,
    /// The log of receptions; `../etc/xferfaxlog` or `../log/xferfaxlog` seen from the queue by default.
    pub log: Option<PathBuf>,
    /// Seconds between two looks.
    #[serde(default = "poll_seconds")]
    pub poll_seconds: u64,
}

fn poll_seconds() -> u64 {
    5
}

/// The queue, and which of its faxes are ours already.
#[derive(Debug)]
pub struct Queue {
    options: Options,
    taken: BTreeMap<PathBuf, Look>,
    told: Told,
    /// What could not be kept.
    later: Later,
    is_told_of_locks: bool,
}

impl Queue {
    /// A queue door; nothing is looked at yet.
    pub fn new(options: Options) -> Self {
        let (told, later) = Default::default();
        Self { options, taken: BTreeMap::new(), told, later, is_told_of_locks: false }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.options.path
    }

    /// Seconds between two looks.
    pub fn poll_seconds(&self) -> u64 {
        self.options.poll_seconds.max(1)
    }

    /// Every reception that the log tells of, oldest first. Empty where there is no log.
    pub fn calls(&self) -> Vec<Call> {
        log::calls(&self.log())
    }

    /// One look. A fax in reception is not waited for: it is not in the queue yet.
    ///
    /// # Errors
    /// Where the folder itself cannot be read.
    pub fn look(&mut self, now: Timestamp) -> Result<Seen, IntakeError> {
        let folder = self.options.path.clone();
        let unreadable = |source| IntakeError::Queue { path: folder.clone(), source };
        let mut faxes: Vec<(PathBuf, Look, Metadata)> = Vec::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if !is_fax(&entry.path()) || !entry.file_type().map_err(unreadable)?.is_file() {
                continue;
            }
            match entry.metadata() {
                Ok(metadata) => {
                    let look = Look { size: metadata.len(), modified: metadata.modified().ok() };
                    faxes.push((entry.path(), look, metadata));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {} // purged since
                Err(error) => return Err(unreadable(error)),
            }
        }
        faxes.sort_by(|a, b| (a.1.modified, &a.0).cmp(&(b.1.modified, &b.0)));
        let there: BTreeSet<&Path> = faxes.iter().map(|(path, ..)| path.as_path()).collect();
        self.taken.retain(|path, _| there.contains(path.as_path()));
        self.told.keep_only(|path| there.contains(path));
        self.later.keep_only(|path| there.contains(path));
        faxes.retain(|(path, look, _)| self.taken.get(path) != Some(look) && !self.later.rests(path, look, now));
        let calls = if faxes.is_empty() { Vec::new() } else { self.calls() };
        let mut seen = Seen { put_off: self.later.waiting(), ..Seen::default() };
        let mut room = Room::default();
        for (path, look, metadata) in faxes {
            if !room.takes(look.size) {
                seen.waiting += 1;
                continue;
            }
            let call = log::of_file(&calls, &path);
            match take(&path, &look, &metadata, call, now) {
                Ok(Taken::Whole(incoming, lock)) => {
                    if lock == Lock::NotHere && !std::mem::replace(&mut self.is_told_of_locks, true) {
                        seen.troubles.push(IntakeError::NoLocks { folder: folder.clone() });
                    }
                    room.take(look.size);
                    seen.incoming.push(*incoming);
                }
                Ok(Taken::Settling) => seen.waiting += 1,
                Ok(Taken::InReception) => {}
                Err(trouble) if self.told.is_news(&path, &look) => seen.troubles.push(trouble),
                Err(_) => {}
            }
        }
        Ok(seen)
    }

    /// The fax is ours; it stays where it is, and is taken again only when it changes.
    pub(in crate::intake) fn release(&mut self, receipt: Receipt) {
        self.later.done(&receipt.path);
        self.taken.insert(receipt.path, receipt.look);
    }

    /// The fax could not be kept: it is tried again later.
    pub(in crate::intake) fn put_off(&mut self, receipt: Receipt, now: Timestamp) {
        self.later.put_off(receipt, false, now);
    }

    /// Whether faxes can be read, and what to do where not. For `doctor`.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn check(&self, now: Timestamp) -> Result<String, String> {
        let folder = self.options.path.display();
        let entries = fs::read_dir(&self.options.path).map_err(|error| {
            format!(
                "cannot be read: {error}; is HylaFAX's receive queue really at {folder}? Let this user read it, for \
                 instance: usermod -aG uucp rxintake"
            )
        })?;
        let faxes: Vec<PathBuf> =
            entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_fax(path)).collect();
        let unreadable: Vec<&PathBuf> = faxes.iter().filter(|path| File::open(path).is_err()).collect();
        let calls = if unreadable.is_empty() { Vec::new() } else { self.calls() };
        // a fax in reception is closed to all but faxd, whatever RecvFileMode says
        let is_finished = |path: &Path| {
            log::of_file(&calls, path).is_some()
                || fs::metadata(path).is_ok_and(|metadata| is_open(&metadata) || is_old(&metadata, now))
        };
        let closed = unreadable.iter().filter(|path| is_finished(path)).count();
        let coming = unreadable.len() - closed;
        if closed > 0 {
            return Err(format!(
                "{closed} of {} faxes in {folder} cannot be read: write `RecvFileMode: 0640` into the modem's \
                 configuration (etc/config.DEVICE), and put this user into the group of the files, for instance: \
                 usermod -aG uucp rxintake",
                faxes.len()
            ));
        }
        let log = self.log();
        let log = match File::open(&log) {
            Ok(_) => format!("pages are held against {}", log.display()),
            Err(error) => format!("the log {} cannot be read ({error}), so page counts are not checked", log.display()),
        };
        let coming = if coming == 0 { String::new() } else { format!(", {coming} more coming in") };
        Ok(format!("{} faxes in {folder} can be read{coming}; {log}", faxes.len() - unreadable.len()))
    }

    fn log(&self) -> PathBuf {
        if let Some(log) = &self.options.log {
            return log.clone();
        }
        let spool = self.options.path.parent().unwrap_or(Path::new("/"));
        let places = [spool.join("etc/xferfaxlog"), spool.join("log/xferfaxlog")];
        let [usual, other] = places;
        if matches!(usual.try_exists(), Ok(false)) && matches!(other.try_exists(), Ok(true)) { other } else { usual }
    }
}

/// `fax` and digits, as `Sequence::getNext` makes them; PDF where a conversion is configured.
fn is_fax(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(rest) = name.strip_prefix("fax") else { return false };
    let Some((number, kind)) = rest.split_once('.') else { return false };
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && matches!(kind, "tif" | "tiff" | "pdf")
}

/// `RecvFileMode` was set, and the call is over.
fn is_open(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & READ_BITS != 0
}

/// Its call is over, however long it was.
fn is_old(metadata: &Metadata, now: Timestamp) -> bool {
    let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    modified.is_some_and(|time| now.duration_since(time).as_secs() > CALL_SECONDS_MAX)
}

enum Taken {
    Whole(Box<Incoming>, Lock),
    /// Released by HylaFAX, but its structure does not reach its end.
    Settling,
    InReception,
}

fn take(
    path: &Path,
    look: &Look,
    metadata: &Metadata,
    call: Option<&Call>,
    now: Timestamp,
) -> Result<Taken, IntakeError> {
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    let trouble = |source| IntakeError::Fax { folder: folder.clone(), of: described(look), source };
    if look.size > FILE_BYTES_MAX {
        return Err(IntakeError::TooLarge { what: "a fax in the receive queue", limit: FILE_BYTES_MAX });
    }
    // where RecvFileMode was left at 0600 only the log says that the document is whole
    let is_released = is_open(metadata) || call.is_some();
    let modified = look.modified.and_then(|time| Timestamp::try_from(time).ok());
    let file = match File::open(path) {
        Ok(file) if is_released => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Taken::InReception),
        Err(source) if is_released => return Err(trouble(source)),
        _ if is_old(metadata, now) => return Err(IntakeError::FaxKept { folder }),
        _ => return Ok(Taken::InReception),
    };
    let lock = lock(&file);
    if lock == Lock::Held {
        let is_stuck = modified.is_some_and(|time| now.duration_since(time).as_millis() > HELD_MILLISECONDS_MAX);
        let stuck = IntakeError::FaxLocked { folder, of: described(look) };
        return if is_stuck { Err(stuck) } else { Ok(Taken::InReception) };
    }
    let bytes = fs::read(path).map_err(trouble)?;
    if bytes.len() as u64 != look.size || fs::metadata(path).and_then(|after| after.modified()).ok() != look.modified {
        return Ok(Taken::Settling); // it changed under our hands: the next look
    }
    if modified.is_some_and(|since| !is_over(&bytes, since, now)) {
        return Ok(Taken::Settling);
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // the bytes are part of the id: a number that comes round again is another fax
    let mut arrival = arrival(OriginKind::Hylafax, name, format!("hylafax:{}", path.display()), &bytes, now);
    let tags = tags::read(&bytes);
    arrival.origin.sender = call
        .and_then(|call| call.caller_number.clone())
        .or(tags.caller_number)
        .or(tags.station)
        .or_else(|| call.and_then(|call| call.station.clone()))
        .map(Into::into);
    arrival.reception = Some(Reception {
        caller_name: call.and_then(|call| call.caller_name.clone()).or(tags.caller_name).map(Into::into),
        pages: call.map(|call| call.pages),
        error: call.and_then(|call| call.error.clone()).or(tags.error),
        began: call.map(|call| call.began.clone()),
        damaged_lines: tags.damaged_lines,
        ..Reception::default()
    });
    let receipt = Receipt { path: path.to_owned(), look: look.clone(), taken_at: now };
    Ok(Taken::Whole(Box::new(Incoming { arrival, bytes, receipt }), lock))
}
