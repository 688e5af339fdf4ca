//! What can go wrong between us and the disk.

use std::io;
use std::path::PathBuf;

/// The store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another daemon works on this folder.
    #[error("another rxintake works on {0}; two daemons on one data folder would lose papers")]
    Locked(PathBuf),
    /// A file could not be written, read or made durable.
    #[error("cannot {act} {path}")]
    File {
        /// What was tried.
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The shelves did not answer.
    #[error(
        "the embedded store does not answer; where that stays so, stop the daemon and run `rxintake rebuild`: originals and \
         decisions are safe"
    )]
    Shelves(#[from] sled::Error),
    /// The disk is nearly full.
    #[error(
        "the disk of {path} has only {free_megabytes} MB left; papers wait where they are until there is room again. Remove \
         what is not needed"
    )]
    Full {
        /// The data folder.
        path: PathBuf,
        /// What is left.
        free_megabytes: u64,
    },
    /// The shelves do not open at all.
    #[error(
        "the embedded store in {path} is damaged and does not open. Originals and decisions are safe: run `rxintake rebuild`, \
         then start again ({why})"
    )]
    Damaged {
        /// The folder of the shelves.
        path: PathBuf,
        /// What sled says.
        why: String,
    },
    /// A sealed file or value does not open.
    #[error("{what} does not open: it was changed since it was sealed")]
    Seal {
        /// What it is; no patient data.
        what: String,
    },
    /// A stored value is not what this version writes.
    #[error("{what} was written by another version of rxintake, or is damaged")]
    Shape {
        /// What it is; no patient data.
        what: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
    /// The master key is no key.
    #[error("{path} holds no master key: it must be 64 hexadecimal digits")]
    Key {
        /// The key file.
        path: PathBuf,
    },
    /// The key file is gone, and a new one would open nothing.
    #[error(
        "the master key {path} is not there, but {data} holds records that it sealed. Put the key back from where its copy is \
         kept, or wait until the disk that it is on is there; no new one is made"
    )]
    KeyGone {
        /// Where the key was expected.
        path: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
    /// The key file holds another key.
    #[error(
        "the master key {path} is not the one that sealed what {data} holds. Put the right one back: with this one nothing is \
         read and nothing written"
    )]
    WrongKey {
        /// The key file.
        path: PathBuf,
        /// The data folder.
        data: PathBuf,
    },
    /// The key file can be read by others.
    #[error("{path} can be read by others than its owner; run `chmod 600 {path}`")]
    KeyMode {
        /// The key file.
        path: PathBuf,
    },
    /// The random numbers of the system do not come.
    #[error("the system gives no random numbers")]
    Random,
    /// A folder that must be empty.
    #[error("{0} is not empty; name a folder that is")]
    NotEmpty(PathBuf),
    /// A copy that is not whole.
    #[error("the copy is damaged: {0} is not what was copied")]
    Copy(String),
    /// No record of that id.
    #[error("there is no record {0}")]
    NoRecord(String),
}

impl StoreError {
    /// Whether one thing is damaged or gone, and the others may be whole: waiting mends nothing.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Seal { .. } | Self::Shape { .. } | Self::Shelves(sled::Error::Corruption { .. }) => true,
            // a file that is gone, or that lies on a bad place of the disk
            Self::File { source, .. } => {
                source.kind() == io::ErrorKind::NotFound
                    || source.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
            }
            _ => false,
        }
    }

    pub(in crate::store) fn file(act: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { act, path, source }
    }

    pub(in crate::store) fn shape(what: &str) -> impl FnOnce(serde_json::Error) -> Self {
        let what = what.to_owned();
        move |source| Self::Shape { what, source }
    }
}
