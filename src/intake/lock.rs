//! Whether somebody holds a lock on a file (flock(2)).

use std::fs::{File, TryLockError};

/// A lock that is held for so long over a file that does not change is told, in milliseconds: no call and no scan takes an hour.
pub(in crate::intake) const HELD_MILLISECONDS_MAX: i128 = 3_600_000;

/// What the lock of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intake) enum Lock {
    /// Nobody holds it.
    Free,
    /// Somebody does.
    Held,
    /// The file system gives no locks: NFS without its lock daemon (ENOLCK), some FUSE file systems (EOPNOTSUPP, ENOSYS).
    NotHere,
}

/// Asks for the lock. Where it is got, it is held until the file is closed.
pub(in crate::intake) fn lock(file: &File) -> Lock {
    match file.try_lock_shared() {
        Ok(()) => Lock::Free,
        Err(TryLockError::WouldBlock) => Lock::Held,
        Err(TryLockError::Error(_)) => Lock::NotHere,
    }
}
