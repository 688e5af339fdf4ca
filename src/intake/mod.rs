//! In: what lies at a door (folder, fax queue, mailbox). Out: an Arrival with its bytes and a receipt to give back.

mod authentication;
mod error;
pub mod folder;
pub mod hylafax;
mod later;
mod lock;
pub mod mailbox;
pub mod message;
pub mod senders;
mod settle;
mod taken;
mod tnef;
mod writers;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::intake::folder::Folder;
use crate::intake::hylafax::Queue;
use crate::intake::settle::Look;
use crate::model::{Arrival, ArrivalId, Origin, OriginKind};

pub use error::IntakeError;

/// Something that came in as a file, still where it was.
#[derive(Debug)]
pub struct Incoming {
    /// Where it came from, and when we saw it.
    pub arrival: Arrival,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What the door wants back once the paper is ours.
    pub receipt: Receipt,
}

/// Which file a door gave, to be released when it is durable with us.
#[derive(Debug, Clone)]
pub struct Receipt {
    path: PathBuf,
    look: Look,
    taken_at: Timestamp,
}

/// What a look through a door gave.
#[derive(Debug, Default)]
pub struct Seen {
    /// Finished files, oldest first.
    pub incoming: Vec<Incoming>,
    /// How many files are still waited for.
    pub waiting: usize,
    /// How many could not be kept and are tried again later.
    pub put_off: usize,
    /// What cannot be taken: unreadable, too large, no file. Each is told once.
    pub troubles: Vec<IntakeError>,
    /// Papers are ours and could not be moved away, tried again just now.
    pub unmoved: Option<IntakeError>,
}

/// What a change event says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was written to, and is still open.
    Written,
    /// Whoever wrote closed it, or renamed it into the folder.
    Finished,
}

/// Files larger than this are not read into memory; they stay where they are and staff are told. Scans are below 200 MB, and a page
/// of a fax takes some 50 kB.
const FILE_BYTES_MAX: u64 = 250_000_000;
/// Most files that are taken at one look; the rest waits for the next, so that other doors get their turn …
const FILES_A_LOOK_MAX: usize = 64;
/// … and most bytes, beside one file: all are in memory at once.
const BYTES_A_LOOK_MAX: u64 = 32_000_000;

/// What one look may still take. When something did not fit, what is behind it waits, too: the order is kept.
#[derive(Debug, Default)]
pub(in crate::intake) struct Room {
    files: usize,
    bytes: u64,
    is_full: bool,
}

impl Room {
    pub(in crate::intake) fn takes(&mut self, size: u64) -> bool {
        // what is too large is told, and not read
        let fits = self.files == 0 || size > FILE_BYTES_MAX || self.bytes.saturating_add(size) <= BYTES_A_LOOK_MAX;
        self.is_full |= !fits || self.files == FILES_A_LOOK_MAX;
        !self.is_full
    }

    pub(in crate::intake) fn take(&mut self, size: u64) {
        self.files += 1;
        self.bytes += size;
    }
}

/// A door that is a folder on this machine.
#[derive(Debug)]
pub enum Door {
    /// Papers are moved away when they are ours.
    Folder(Folder),
    /// The receive queue of HylaFAX, which is only read.
    Hylafax(Queue),
}

impl Door {
    /// The folder that is watched.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder.path(),
            Self::Hylafax(queue) => queue.path(),
        }
    }

    /// Seconds between two looks.
    pub fn poll_seconds(&self) -> u64 {
        match self {
            Self::Folder(folder) => folder.poll_seconds(),
            Self::Hylafax(queue) => queue.poll_seconds(),
        }
    }

    /// Makes what is ours to make.
    ///
    /// # Errors
    /// Where that is not possible.
    pub fn prepare(&self) -> Result<(), IntakeError> {
        match self {
            Self::Folder(folder) => folder.prepare(),
            Self::Hylafax(_) => Ok(()),
        }
    }

    /// One look.
    ///
    /// # Errors
    /// Where the folder itself cannot be read.
    pub fn look(&mut self, now: Timestamp) -> Result<Seen, IntakeError> {
        match self {
            Self::Folder(folder) => folder.look(now),
            Self::Hylafax(queue) => queue.look(now),
        }
    }

    /// What a change event says of the file called `name`.
    pub fn note(&mut self, name: OsString, change: Change) {
        match self {
            Self::Folder(folder) => folder.note(name, change),
            Self::Hylafax(_) => {} // its lock and its mode say more
        }
    }

    /// How many papers are ours and could not be moved away.
    pub fn unmoved(&self) -> usize {
        match self {
            Self::Folder(folder) => folder.unmoved(),
            Self::Hylafax(_) => 0,
        }
    }

    /// The paper could not be kept: it stays where it is, and is tried again with growing delay.
    pub fn put_off(&mut self, receipt: Receipt, now: Timestamp) {
        match self {
            Self::Folder(folder) => folder.put_off(receipt, now),
            Self::Hylafax(queue) => queue.put_off(receipt, now),
        }
    }

    /// To be called only when the paper is durable with us. A file that is gone already is released.
    ///
    /// # Errors
    /// Where the file cannot be moved; that is tried again by itself, with growing delay. Where the paper is a new version of one
    /// that was taken too early.
    pub fn release(&mut self, receipt: Receipt, now: Timestamp) -> Result<(), IntakeError> {
        match self {
            Self::Folder(folder) => folder.release(receipt, now),
            Self::Hylafax(queue) => {
                queue.release(receipt);
                Ok(())
            }
        }
    }
}

/// An arrival: its id is the digest of where it came from and of its bytes.
pub(in crate::intake) fn arrival(kind: OriginKind, name: String, key: String, bytes: &[u8], now: Timestamp) -> Arrival {
    let mut digest = Sha256::new();
    digest.update(key.as_bytes());
    digest.update([0]);
    digest.update(bytes);
    let id = hexadecimal(&digest.finalize().as_slice()[..16]);
    Arrival {
        id: ArrivalId(id),
        origin: Origin { kind, name: name.into(), key: key.into(), sender: None },
        received_at: now,
        size_bytes: bytes.len() as u64,
        sha256: hexadecimal(&Sha256::digest(bytes)),
        same_bytes_as: None,
        part_of: None,
        reception: None,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_takes_so_many_bytes_and_keeps_the_order() {
        let taken = |sizes: &[u64]| {
            let mut room = Room::default();
            let mut takes = |size: &&u64| {
                let takes = room.takes(**size);
                if takes {
                    room.take(**size);
                }
                takes
            };
            sizes.iter().filter(|size| takes(size)).count()
        };
        assert_eq!(taken(&[30_000_000; 40]), 1);
        assert_eq!(taken(&[FILE_BYTES_MAX, 1]), 1, "a large one comes alone");
        assert_eq!(taken(&[10_000_000, 30_000_000, 1]), 1, "nothing passes what did not fit");
        assert_eq!(taken(&[1; 100]), FILES_A_LOOK_MAX);
    }
}
