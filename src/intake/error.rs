//! What can go wrong at a door.

use std::io;
use std::path::PathBuf;

/// A door could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The watched folder cannot be read.
    #[error("cannot {act} the inbox folder {path}; see that it is there and that this user may read and write it")]
    Folder {
        /// What was tried.
        act: &'static str,
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file in the inbox cannot be read or moved. Its name may be a patient's, so it is not said.
    #[error("cannot {act} a file in the inbox folder {folder}")]
    File {
        /// What was tried.
        act: &'static str,
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The bytes are no mail.
    #[error("this is no e-mail message")]
    NoMessage,
    /// A mail or archive is larger than is taken.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}
