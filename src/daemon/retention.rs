//! The retention's task: what the clinic's configuration says is over is removed for good, with a line in the audit journal.
//!
//! What is removed cannot be brought back, so a clock is believed only where it goes on from the last time that was believed.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::model::RecordState;
use crate::store::StoreError;

/// How often it is looked, in seconds.
const LOOK_SECONDS: u64 = 3_600;
/// How far the clock may be ahead of where it should be, in seconds: a machine that slept counts no time.
const AHEAD_SECONDS_MAX: i64 = 86_400;
/// The same at a start: the machine may have been off over a clinic's holidays.
const OFF_SECONDS_MAX: i64 = 30 * 86_400;
/// And how far behind: clocks are set right by minutes.
const BEHIND_SECONDS_MAX: i64 = 3_600;
/// A clock that went on so long as it was doubted is believed, in seconds: somebody was told every day.
const DOUBT_SECONDS: u64 = 7 * 86_400;
/// No paper came in before this program was there: its clock had forgotten the time (2020-01-01).
const FIRST_SECOND: i64 = 1_577_836_800;
/// Who removes, in the audit journal.
const BY: &str = "retention";

/// Removes until the daemon stops. Without a word in the configuration nothing is ever removed.
pub(in crate::daemon) async fn purge(shared: Shared) {
    let mut belief = None;
    loop {
        match round(&mut belief, &shared) {
            Ok(0) => {}
            Ok(removed) => (shared.tell)(Event::Purged { removed }),
            Err(error) => (shared.tell)(trouble(&error)),
        }
        let pause = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS));
        if shared.stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

fn round(belief: &mut Option<Belief>, shared: &Shared) -> Result<usize, StoreError> {
    let (now, tick) = (clock::now(), Instant::now());
    let belief = match belief {
        Some(belief) => belief,
        None => belief.insert(Belief::new(shared.store.believed_at()?, now, tick)),
    };
    match belief.judge(now, tick) {
        Clock::Believed => {
            shared.store.believe(now)?;
            look(shared, now)
        }
        Clock::Behind => Ok(0),
        Clock::Ahead { days } => {
            let what = format!(
                "the clock says {}, {days} days more than have passed since it was last believed; no record is removed until it \
                 has gone on like that for 7 days. See that it is right (`date`, `timedatectl`)",
                now.strftime("%B %-d, %Y")
            );
            (shared.tell)(Event::Needed { what });
            Ok(0)
        }
    }
}

/// What a clock is worth.
#[derive(Debug, PartialEq, Eq)]
enum Clock {
    Believed,
    /// It stands before the last time that was believed: nothing can be over.
    Behind,
    /// By so many days.
    Ahead {
        days: i64,
    },
}

/// A time, and the same moment by the clock that nobody sets.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Timestamp,
    tick: Instant,
}

impl Moment {
    /// By how many seconds a clock that says `now` is ahead of where it would be had it gone on from here.
    fn ahead_seconds(&self, now: Timestamp, tick: Instant) -> i64 {
        let passed = i64::try_from(tick.duration_since(self.tick).as_secs()).unwrap_or(i64::MAX);
        now.duration_since(self.at).as_secs().saturating_sub(passed)
    }
}

struct Belief {
    last: Moment,
    /// Since when the clock goes on as it does, where it is doubted.
    doubted: Option<Moment>,
    ahead_seconds_max: i64,
}

impl Belief {
    fn new(last: Option<Timestamp>, now: Timestamp, tick: Instant) -> Self {
        let last = Moment { at: last.unwrap_or(now), tick };
        Self { last, doubted: None, ahead_seconds_max: OFF_SECONDS_MAX }
    }

    fn judge(&mut self, now: Timestamp, tick: Instant) -> Clock {
        let here = Moment { at: now, tick };
        let ahead = self.last.ahead_seconds(now, tick);
        let goes_on = |doubted: &Moment| doubted.ahead_seconds(now, tick).abs() <= BEHIND_SECONDS_MAX;
        let doubted = self.doubted.filter(goes_on).unwrap_or(here);
        let is_old = tick.duration_since(doubted.tick) >= Duration::from_secs(DOUBT_SECONDS);
        if (-BEHIND_SECONDS_MAX..=self.ahead_seconds_max).contains(&ahead) || is_old {
            *self = Self { last: here, doubted: None, ahead_seconds_max: AHEAD_SECONDS_MAX };
            return Clock::Believed;
        }
        self.doubted = Some(doubted);
        if ahead < 0 { Clock::Behind } else { Clock::Ahead { days: ahead / 86_400 } }
    }
}

fn look(shared: &Shared, now: Timestamp) -> Result<usize, StoreError> {
    let retention = &shared.config.retention;
    let is_over = |received: Timestamp, days: Option<u32>| {
        days.is_some_and(|days| now.duration_since(received) >= SignedDuration::from_hours(24 * i64::from(days)))
    };
    let mut removed = 0;
    // papers stand in the order in which they came: one that seems older than those before it came while the clock was wrong
    let mut came = Timestamp::from_second(FIRST_SECOND).unwrap_or(Timestamp::UNIX_EPOCH);
    for id in shared.store.records()? {
        let Some(record) = shared.store.readable(&id)? else { continue };
        let days = match record.state() {
            RecordState::Open => None,
            RecordState::Complete => retention.complete_days,
            RecordState::SetAside => retention.set_aside_days,
        };
        let received = record.arrival.received_at.max(came);
        if received <= now {
            came = received;
        }
        if is_over(received, days) {
            shared.store.purge(now, BY, &id)?;
            removed += 1;
        }
    }
    // what is left of mails whose papers went without them
    let shortest = retention.complete_days.into_iter().chain(retention.set_aside_days).min();
    for mail in shared.store.emptied_mails()? {
        if is_over(mail.received_at, shortest) {
            shared.store.purge(now, BY, &mail.id)?;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_believed_where_it_goes_on_or_after_a_week_of_doubt() {
        let start = Instant::now();
        let day = |days: i64| Timestamp::from_second(1_800_000_000 + days * 86_400).unwrap();
        let tick = |days: u64| start + Duration::from_secs(days * 86_400);
        let begun = |last: Option<i64>, now: i64| Belief::new(last.map(day), day(now), start);
        assert_eq!(begun(None, 0).judge(day(0), start), Clock::Believed, "there is nothing to hold it against");
        assert_eq!(begun(Some(0), 29).judge(day(29), start), Clock::Believed, "it was off");
        assert_eq!(begun(Some(0), -9_000).judge(day(-9_000), start), Clock::Behind);
        let mut belief = begun(Some(0), 5_000);
        for days in 0..7 {
            let judged = belief.judge(day(5_000 + i64::try_from(days).unwrap()), tick(days));
            assert_eq!(judged, Clock::Ahead { days: 5_000 }, "on day {days}");
        }
        assert_eq!(belief.judge(day(5_007), tick(7)), Clock::Believed);
        assert_eq!(belief.judge(day(5_010), tick(8)), Clock::Ahead { days: 2 }, "set while it runs");
        assert_eq!(belief.judge(day(5_008), tick(8)), Clock::Believed, "set back");
        let mut belief = begun(Some(0), 5_000);
        assert_eq!(belief.judge(day(5_000), start), Clock::Ahead { days: 5_000 });
        assert_eq!(belief.judge(day(6_006), tick(6)), Clock::Ahead { days: 6_000 });
        assert_eq!(belief.judge(day(6_008), tick(8)), Clock::Ahead { days: 6_000 }, "the week begins anew");
        assert_eq!(belief.judge(day(9), tick(9)), Clock::Believed, "set right");
    }
}
