//! In: what lies at a door (folder, fax queue, mailbox). Out: an Arrival with its bytes and a receipt to give back.

mod authentication;
mod error;
pub mod folder;
pub mod hylafax;
pub mod mailbox;
pub mod message;
pub mod senders;
mod settle;
mod tnef;

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
#[derive(Debug)]
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
    /// What cannot be taken: unreadable, too large, no file. Each is told once.
    pub troubles: Vec<IntakeError>,
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

    /// To be called only when the paper is durable with us. A file that is gone already is released.
    ///
    /// # Errors
    /// Where the file cannot be moved; it is then seen again, and known as the same arrival.
    pub fn release(&mut self, receipt: Receipt) -> Result<(), IntakeError> {
        match self {
            Self::Folder(folder) => folder.release(&receipt),
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
