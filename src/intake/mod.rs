//! In: what lies at a door (folder, fax queue, mailbox). Out: an Arrival with its bytes and a receipt to give back.

mod error;
pub mod folder;
pub mod message;
mod settle;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::model::{Arrival, ArrivalId, Origin, OriginKind};

pub use error::IntakeError;

/// Something that came in, still where it was.
#[derive(Debug)]
pub struct Incoming {
    /// Where it came from, and when we saw it.
    pub arrival: Arrival,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// How the source is released once it is ours.
    pub receipt: folder::Receipt,
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
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
