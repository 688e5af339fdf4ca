//! Whether a file has come to rest: it is not growing, and its own structure says that it is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// A file whose structure is whole is taken when it was the same at two looks. One whose structure is not (yet) whole waits
/// this long, in seconds: scanners on a slow share pause between pages.
const UNWHOLE_SECONDS: i64 = 20;
/// What has an end mark of its own, or was finished before it came here (renamed in), is taken when it was the same for so long,
/// in milliseconds.
const MARKED_MILLISECONDS: i128 = 200;
/// What has no end mark is whole between two pages as well (TIFF) or always (text): it must be left alone for so long, in
/// milliseconds.
const MARKLESS_MILLISECONDS: i128 = 2_000;
/// The end mark of a PDF stands in its last bytes (ISO 32000-1, annex H.3.4.1 says 1024; mailers append lines).
const TAIL_BYTES: usize = 2048;

/// What a file looked like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::intake) struct Look {
    pub(in crate::intake) size: u64,
    pub(in crate::intake) modified: Option<std::time::SystemTime>,
}

/// The files of a folder and how long each has been as it is.
#[derive(Debug, Default)]
pub(in crate::intake) struct Settling(BTreeMap<PathBuf, (Look, Timestamp)>);

impl Settling {
    /// Whether `path` was the same at the last look, and since when.
    pub(in crate::intake) fn unchanged_since(&mut self, path: &Path, look: &Look, now: Timestamp) -> Option<Timestamp> {
        match self.0.get(path) {
            Some((last, since)) if last == look => Some(*since),
            _ => {
                self.0.insert(path.to_owned(), (look.clone(), now));
                None
            }
        }
    }

    /// Forgets files that are gone, and says how many are still waited for.
    pub(in crate::intake) fn keep_only(&mut self, paths: &BTreeSet<PathBuf>) {
        self.0.retain(|path, _| paths.contains(path));
    }
}

/// What was told of already: a file that cannot be taken is told once, and again only when it has changed.
#[derive(Debug, Default)]
pub(in crate::intake) struct Told(BTreeMap<PathBuf, Look>);

impl Told {
    /// Whether nobody was told of `path` as it is now; from here on somebody was.
    pub(in crate::intake) fn is_news(&mut self, path: &Path, look: &Look) -> bool {
        self.0.insert(path.to_owned(), look.clone()).as_ref() != Some(look)
    }

    /// Forgets files that are gone.
    pub(in crate::intake) fn keep_only(&mut self, is_there: impl Fn(&Path) -> bool) {
        self.0.retain(|path, _| is_there(path));
    }
}

/// Whether a file that has been the same since `since` has been left alone for long enough to be read.
pub(in crate::intake) fn is_quiet(path: &Path, look: &Look, since: Timestamp, now: Timestamp) -> bool {
    let milliseconds = |from: Timestamp| now.duration_since(from).as_millis();
    let has_end_mark = path.extension().is_some_and(|extension| {
        ["pdf", "png", "jpg", "jpeg"].iter().any(|marked| extension.eq_ignore_ascii_case(marked))
    });
    // a share whose clock is ahead says nothing of a file's age
    let modified = look.modified.and_then(|time| Timestamp::try_from(time).ok());
    let is_old = modified.is_some_and(|time| milliseconds(time) >= MARKLESS_MILLISECONDS);
    let quiet = milliseconds(since);
    quiet >= MARKLESS_MILLISECONDS || quiet >= MARKED_MILLISECONDS && (has_end_mark || is_old)
}

/// Whether a file that has been the same since `since` may be taken.
pub(in crate::intake) fn is_settled(bytes: &[u8], since: Timestamp, now: Timestamp) -> bool {
    is_whole(bytes) || now.duration_since(since).as_secs() >= UNWHOLE_SECONDS
}

/// Whether the structure of a paper reaches its end. What has no end mark of its own is whole.
fn is_whole(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(TAIL_BYTES)..).unwrap_or(bytes);
    let ends = |mark: &[u8]| tail.windows(mark.len()).any(|window| window == mark);
    match bytes {
        [] => false,
        [b'%', b'P', b'D', b'F', ..] => ends(b"%%EOF"),
        [0xff, 0xd8, 0xff, ..] => ends(&[0xff, 0xd9]),
        [0x89, b'P', b'N', b'G', ..] => ends(b"IEND"),
        [b'I', b'I', b'*', 0, ..] => tiff_is_whole(bytes, u32::from_le_bytes, u16::from_le_bytes),
        [b'M', b'M', 0, b'*', ..] => tiff_is_whole(bytes, u32::from_be_bytes, u16::from_be_bytes),
        _ => true,
    }
}

/// Every directory of the chain lies in the file (Adobe TIFF 6.0, section 2). A chain that loops is as whole as it gets.
fn tiff_is_whole(bytes: &[u8], long: fn([u8; 4]) -> u32, short: fn([u8; 2]) -> u16) -> bool {
    let long_at = |at: usize| Some(long(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let mut at = long_at(4);
    for _ in 0..10_000 {
        let Some(directory) = at else { return false };
        if directory == 0 {
            return true;
        }
        let directory = directory as usize;
        let Some(count) =
            bytes.get(directory..directory.saturating_add(2)).and_then(|two| two.try_into().ok()).map(short)
        else {
            return false;
        };
        at = directory.checked_add(2 + 12 * usize::from(count)).and_then(long_at);
    }
    true
}
