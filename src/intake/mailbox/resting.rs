//! Mails that are left alone, by UID: for good, or until they are tried again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The first wait; it doubles each time …
const FIRST: Duration = Duration::from_secs(60);
/// … up to this: each attempt fetches the whole mail.
const LONGEST: Duration = Duration::from_secs(6 * 3_600);
/// So many doublings reach the longest wait.
const DOUBLINGS_MAX: u32 = 9;

/// What is left alone. Times are those of a clock that nobody sets.
#[derive(Debug, Default)]
pub(in crate::intake::mailbox) struct Resting(BTreeMap<u32, Rest>);

#[derive(Debug)]
enum Rest {
    /// Ours: not looked at again before the next start.
    Left,
    Until {
        due: Instant,
        attempts: u32,
    },
}

impl Resting {
    /// It is not looked at again.
    pub(in crate::intake::mailbox) fn leave(&mut self, uid: u32) {
        self.0.insert(uid, Rest::Left);
    }

    /// It is tried again later. Whether that is news: at the first time, and where the wait is long.
    pub(in crate::intake::mailbox) fn put_off(&mut self, uid: u32) -> bool {
        let attempts = match self.0.get(&uid) {
            Some(Rest::Until { attempts, .. }) => attempts.saturating_add(1),
            _ => 0,
        };
        let wait = FIRST.saturating_mul(1 << attempts.min(DOUBLINGS_MAX)).min(LONGEST);
        self.0.insert(uid, Rest::Until { due: Instant::now() + wait, attempts });
        attempts == 0 || wait == LONGEST
    }

    pub(in crate::intake::mailbox) fn rests(&self, uid: u32) -> bool {
        match self.0.get(&uid) {
            Some(Rest::Left) => true,
            Some(Rest::Until { due, .. }) => Instant::now() < *due,
            None => false,
        }
    }

    pub(in crate::intake::mailbox) fn keep_only(&mut self, is_there: impl Fn(u32) -> bool) {
        self.0.retain(|uid, _| is_there(*uid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_told_once_and_then_seldom() {
        let mut resting = Resting::default();
        let told: Vec<bool> = (0..11).map(|_| resting.put_off(7)).collect();
        assert_eq!(told.iter().filter(|told| **told).count(), 3, "{told:?}");
        assert!(told[0] && told[9] && told[10]);
        assert!(resting.rests(7) && !resting.rests(8));
        resting.leave(8);
        resting.keep_only(|uid| uid == 8);
        assert!(resting.rests(8) && !resting.rests(7));
    }
}
