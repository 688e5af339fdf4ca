//! Whether a file has come to rest: nobody writes to it any more, and its own structure says that it is whole.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::intake::writers::Writer;

/// A file whose structure is not (yet) whole waits this long, in seconds: scanners on a slow share pause between pages.
const UNWHOLE_SECONDS: i64 = 20;
/// What has an end mark of its own, or was closed by whoever wrote it, is taken when it was the same for so long, in milliseconds.
const FINISHED_MILLISECONDS: i128 = 200;
/// What has no end mark is whole between two pages as well (TIFF) or always (text). Where nobody can say whether it is still
/// written it must be left alone for so long, in milliseconds: a scanner that draws in the next sheet takes up to 10 s.
const MARKLESS_MILLISECONDS: i128 = 15_000;
/// What a process has open for writing must be left alone for so long, in milliseconds: some programs forget to close, and no
/// scanner waits so long for a sheet (paper feeders give up after two to five minutes).
const OPEN_MILLISECONDS: i128 = 600_000;
/// The end mark of a PDF stands in its last bytes (ISO 32000-1, annex H.3.4.1 says 1024; mailers append lines).
const TAIL_BYTES: usize = 2048;

/// What a file looked like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::intake) struct Look {
    pub(in crate::intake) size: u64,
    pub(in crate::intake) modified: Option<std::time::SystemTime>,
}

/// What a file looks like now.
pub(in crate::intake) fn look(metadata: &Metadata) -> Look {
    Look { size: metadata.len(), modified: metadata.modified().ok() }
}

/// A file for people, without its name, which may be a patient's: its size and when it was last written.
pub(in crate::intake) fn described(look: &Look) -> String {
    let modified = look.modified.and_then(|time| Timestamp::try_from(time).ok());
    let written =
        modified.map(|time| time.to_zoned(TimeZone::system()).strftime(", last written %Y-%m-%d %H:%M").to_string());
    format!("{} bytes{}", look.size, written.unwrap_or_default())
}

/// For how long a file has been as it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::intake) struct Rest {
    /// Since then, by our own looks.
    since: Timestamp,
    /// It lay there before our first look: only its own time says how old it is.
    was_there: bool,
}

impl Rest {
    /// How long it has been left alone, in milliseconds.
    pub(in crate::intake) fn milliseconds(&self, look: &Look, now: Timestamp) -> i128 {
        let age = |from: Timestamp| now.duration_since(from).as_millis();
        // a share whose clock is ahead says nothing of a file's age, and one that is behind makes new files look old
        let modified = look.modified.and_then(|time| Timestamp::try_from(time).ok());
        let own = modified.filter(|_| self.was_there).map_or(0, age);
        age(self.since).max(own)
    }
}

/// The files of a folder and how long each has been as it is.
#[derive(Debug, Default)]
pub(in crate::intake) struct Settling {
    files: BTreeMap<PathBuf, (Look, Rest)>,
    /// The first look is over.
    has_looked: bool,
}

impl Settling {
    /// Whether `path` was the same at the last look, and since when.
    pub(in crate::intake) fn unchanged(&mut self, path: &Path, look: &Look, now: Timestamp) -> Option<Rest> {
        match self.files.get(path) {
            // a clock that was set back begins anew
            Some((last, rest)) if last == look && rest.since <= now => Some(*rest),
            last => {
                let was_there = !self.has_looked && last.is_none();
                self.files.insert(path.to_owned(), (look.clone(), Rest { since: now, was_there }));
                None
            }
        }
    }

    /// A look is over: forgets files that are gone.
    pub(in crate::intake) fn keep_only(&mut self, is_there: impl Fn(&Path) -> bool) {
        self.files.retain(|path, _| is_there(path));
        self.has_looked = true;
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

/// Whether a file, by its name, says itself where it ends.
pub(in crate::intake) fn has_end_mark(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["pdf", "png", "jpg", "jpeg"].iter().any(|marked| extension.eq_ignore_ascii_case(marked))
    })
}

/// Whether a file that has been left alone for so long may be read, as far as its name says what it is.
pub(in crate::intake) fn is_quiet(path: &Path, milliseconds: i128, writer: Writer) -> bool {
    milliseconds >= needed(has_end_mark(path), writer)
}

/// Whether a file that has been left alone for so long may be taken, as its content says what it is.
pub(in crate::intake) fn is_settled(bytes: &[u8], milliseconds: i128, writer: Writer) -> bool {
    if !is_whole(bytes) {
        let unwhole = i128::from(UNWHOLE_SECONDS) * 1_000;
        return milliseconds >= if writer == Writer::There { OPEN_MILLISECONDS } else { unwhole };
    }
    milliseconds >= needed(ends_in_a_mark(bytes), writer)
}

/// Whether a paper of the fax queue, where the lock says who writes, is whole, or will not become so.
pub(in crate::intake) fn is_over(bytes: &[u8], since: Timestamp, now: Timestamp) -> bool {
    is_whole(bytes) || now.duration_since(since).as_secs() >= UNWHOLE_SECONDS
}

fn needed(has_end_mark: bool, writer: Writer) -> i128 {
    match writer {
        _ if has_end_mark => FINISHED_MILLISECONDS,
        Writer::Gone => FINISHED_MILLISECONDS,
        Writer::Unknown => MARKLESS_MILLISECONDS,
        Writer::There => OPEN_MILLISECONDS,
    }
}

fn ends_in_a_mark(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF") || bytes.starts_with(&[0xff, 0xd8, 0xff]) || bytes.starts_with(b"\x89PNG")
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of a TIFF without any, and the same with another directory behind it that is not there yet.
    const TIFF: &[u8] = b"II*\0\x08\0\0\0\0\0\0\0\0\0";
    const CUT: &[u8] = b"II*\0\x08\0\0\0\0\0\x99\0\0\0";

    #[test]
    fn how_long_a_paper_waits_depends_on_who_may_write() {
        use Writer::{Gone, There, Unknown};
        for (bytes, writer, milliseconds) in [
            (TIFF, Gone, 200),
            (TIFF, Unknown, 15_000),
            (TIFF, There, 600_000),
            (b"Patient: Zebra", Unknown, 15_000),
            (b"%PDF-1.4 %%EOF", There, 200),
            (CUT, Gone, 20_000),
            (CUT, There, 600_000),
            (b"%PDF-1.4", Unknown, 20_000),
        ] {
            let settled = |milliseconds| is_settled(bytes, milliseconds, writer);
            assert!(settled(milliseconds) && !settled(milliseconds - 1), "{writer:?} {milliseconds}");
        }
        assert!(is_quiet(Path::new("a.PDF"), 200, Unknown) && !is_quiet(Path::new("a.tif"), 14_999, Unknown));
    }

    #[test]
    fn only_what_lay_there_before_is_as_old_as_its_time_says() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let look = Look { size: 1, modified: Some(at(0).into()) };
        let (old, new) = (Path::new("old.tif"), Path::new("new.tif"));
        let mut settling = Settling::default();
        assert!(settling.unchanged(old, &look, at(100)).is_none());
        settling.keep_only(|_| true);
        assert!(settling.unchanged(new, &look, at(101)).is_none());
        let mut waited = |path| settling.unchanged(path, &look, at(103)).map(|rest| rest.milliseconds(&look, at(103)));
        assert_eq!((waited(old), waited(new)), (Some(103_000), Some(2_000)));
        let other = Look { size: 2, ..look.clone() };
        assert!(settling.unchanged(old, &other, at(104)).is_none(), "it has grown");
        assert_eq!(
            settling.unchanged(old, &other, at(105)).map(|rest| rest.milliseconds(&other, at(105))),
            Some(1_000)
        );
        assert!(settling.unchanged(new, &look, at(50)).is_none(), "the clock was set back");
    }
}
