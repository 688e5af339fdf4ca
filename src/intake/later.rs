//! Papers that could not be kept or moved away: when each is tried again. They do not stand in the way of the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::intake::Receipt;
use crate::intake::settle::Look;

/// The first wait, in seconds; it doubles each time …
const FIRST_SECONDS: i64 = 5;
/// … up to this, in seconds: so long after the cause is gone the paper is taken.
const LONGEST_SECONDS: i64 = 300;

/// What is put off, by path.
#[derive(Debug, Default)]
pub(in crate::intake) struct Later(BTreeMap<PathBuf, Entry>);

#[derive(Debug)]
struct Entry {
    receipt: Receipt,
    /// It is ours, and only has to be moved.
    is_kept: bool,
    attempts: u32,
    due: Timestamp,
}

impl Later {
    /// It did not work: it is tried again later.
    pub(in crate::intake) fn put_off(&mut self, receipt: Receipt, is_kept: bool, now: Timestamp) {
        let last = self.0.get(&receipt.path).filter(|last| last.receipt.look == receipt.look);
        let attempts = last.map_or(0, |last| last.attempts.saturating_add(1));
        let seconds = (FIRST_SECONDS << attempts.min(10)).min(LONGEST_SECONDS);
        let due = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
        self.0.insert(receipt.path.clone(), Entry { receipt, is_kept, attempts, due });
    }

    /// Whether a file is to be left alone for now. One that has changed is another paper.
    pub(in crate::intake) fn rests(&mut self, path: &Path, look: &Look, now: Timestamp) -> bool {
        match self.0.get(path) {
            Some(entry) if entry.receipt.look != *look => {
                self.0.remove(path);
                false
            }
            Some(entry) => entry.is_kept || !is_due(entry, now),
            None => false,
        }
    }

    /// What is ours and may be moved now.
    pub(in crate::intake) fn to_move(&self, now: Timestamp) -> Vec<Receipt> {
        let due = self.0.values().filter(|entry| entry.is_kept && is_due(entry, now));
        due.map(|entry| entry.receipt.clone()).collect()
    }

    /// It worked.
    pub(in crate::intake) fn done(&mut self, path: &Path) {
        self.0.remove(path);
    }

    /// How many are not ours yet, and wait.
    pub(in crate::intake) fn waiting(&self) -> usize {
        self.0.len() - self.unmoved()
    }

    /// How many are ours and could not be moved.
    pub(in crate::intake) fn unmoved(&self) -> usize {
        self.0.values().filter(|entry| entry.is_kept).count()
    }

    /// Forgets files that are gone.
    pub(in crate::intake) fn keep_only(&mut self, is_there: impl Fn(&Path) -> bool) {
        self.0.retain(|path, _| is_there(path));
    }
}

/// A clock that was set back must not put anything off for a year.
fn is_due(entry: &Entry, now: Timestamp) -> bool {
    let seconds = entry.due.duration_since(now).as_secs();
    seconds <= 0 || seconds > LONGEST_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn waits_grow_and_a_changed_file_is_another() {
        let look = |size| Look { size, modified: None };
        let path = Path::new("inbox/scan.tif");
        let receipt = Receipt { path: path.to_owned(), look: look(1), taken_at: at(0) };
        let mut later = Later::default();
        let mut now = 0;
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            later.put_off(receipt.clone(), false, at(now));
            assert!(later.rests(path, &look(1), at(now + seconds - 1)), "{seconds}");
            assert!(!later.rests(path, &look(1), at(now + seconds)), "{seconds}");
            now += seconds;
        }
        later.put_off(receipt.clone(), true, at(now));
        assert!(!later.rests(path, &look(1), at(-40_000_000)) || !later.to_move(at(-40_000_000)).is_empty());
        assert!(later.rests(path, &look(1), at(now + 999)), "what is ours is not read again");
        assert_eq!((later.to_move(at(now + 299)).len(), later.to_move(at(now + 300)).len()), (0, 1));
        assert!(!later.rests(path, &look(2), at(now)));
        assert_eq!(later.unmoved(), 0);
    }
}
