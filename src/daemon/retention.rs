//! The retention's task: what the clinic's configuration says is over is removed for good, with a line in the audit journal.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::model::RecordState;
use crate::store::StoreError;

/// How often it is looked, in seconds.
const LOOK_SECONDS: u64 = 3_600;
/// A clock that was set ahead by more, in seconds, is not believed: what is removed cannot be brought back.
const AHEAD_SECONDS_MAX: i64 = 86_400;
/// Who removes, in the audit journal.
const BY: &str = "retention";

/// Removes until the daemon stops. Without a word in the configuration nothing is ever removed.
pub(in crate::daemon) async fn purge(shared: Shared) {
    let (since, began) = (clock::now(), Instant::now());
    let mut was_told = false;
    loop {
        let lived = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
        let ahead = clock::now().duration_since(since).as_secs() - lived;
        if ahead <= AHEAD_SECONDS_MAX {
            match look(&shared, clock::now()) {
                Ok(0) => {}
                Ok(removed) => (shared.tell)(Event::Purged { removed }),
                Err(error) => (shared.tell)(trouble(&error)),
            }
        } else if !std::mem::replace(&mut was_told, true) {
            let what = format!(
                "the clock was set ahead by {} days since the daemon began, so no record is removed before its next start; see \
                 that the clock is right",
                ahead / 86_400
            );
            (shared.tell)(Event::Needed { what });
        }
        let pause = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS));
        if shared.stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

fn look(shared: &Shared, now: Timestamp) -> Result<usize, StoreError> {
    let retention = &shared.config.retention;
    let is_over = |received: Timestamp, days: Option<u32>| {
        days.is_some_and(|days| now.duration_since(received) >= SignedDuration::from_hours(24 * i64::from(days)))
    };
    let mut removed = 0;
    for id in shared.store.records()? {
        let Some(record) = shared.store.readable(&id)? else { continue };
        let days = match record.state() {
            RecordState::Open => None,
            RecordState::Complete => retention.complete_days,
            RecordState::SetAside => retention.set_aside_days,
        };
        if is_over(record.arrival.received_at, days) {
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
