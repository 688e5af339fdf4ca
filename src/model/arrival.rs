//! Something came in at a door.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Lower-case hexadecimal digest of where a paper came from and of its bytes: the same incoming twice is one arrival.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArrivalId(pub String);

impl fmt::Display for ArrivalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which kind of door a paper came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// A watched folder.
    Folder,
    /// A HylaFAX receive queue.
    Hylafax,
    /// An IMAP mailbox.
    Imap,
}

/// Where a paper came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The kind of door.
    pub kind: OriginKind,
    /// File name, or Message-ID of the mail. Private: front desks name scans after patients.
    pub name: crate::model::Private<String>,
    /// What makes this incoming unique at its door: path with size and modification time, queue file, or
    /// UIDVALIDITY/UID/part of a mail.
    pub key: crate::model::Private<String>,
    /// The caller's or sender's number or address, where the door knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<crate::model::Private<String>>,
}

/// One paper at one door at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// Digest of origin and bytes.
    pub id: ArrivalId,
    /// Where it came from.
    pub origin: Origin,
    /// When we took it.
    pub received_at: Timestamp,
    /// Size of the original, in bytes.
    pub size_bytes: u64,
    /// SHA-256 of the original's bytes, lower-case hexadecimal.
    pub sha256: String,
    /// The first arrival that had the same bytes, if this is not the first.
    pub same_bytes_as: Option<ArrivalId>,
    /// The mail that brought it, where a mail brought several papers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<ArrivalId>,
    /// What the fax machine says of the reception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reception: Option<Reception>,
}

impl Reception {
    /// How many pages came, to be held against `pages`, where the paper itself has `own`. None where they came in several papers
    /// and this is not the last of them.
    pub fn came(&self, own: u32) -> Option<u32> {
        if self.together.is_empty() { Some(own) } else { self.pages_together }
    }
}

/// What a fax machine knows of a fax beside its pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reception {
    /// The caller's name, as the telephone network tells it.
    pub caller_name: Option<crate::model::Private<String>>,
    /// How many pages the log of receptions says, or the mail of a fax service: of all its papers together.
    pub pages: Option<u32>,
    /// All papers of the fax service's mail, this one too, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<ArrivalId>,
    /// How many pages those papers have together; noted with the last of them that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages_together: Option<u32>,
    /// Why the reception ended early, in the fax machine's words.
    pub error: Option<String>,
    /// The fax service that sent it by mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// When the call began, in the words of the log of receptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    /// Lines that came damaged, over all pages (TIFF tag 326, RFC 2306).
    pub damaged_lines: u32,
}
