//! The reminder's task: the digest at its time of day, and a word to the operator about what was left alone.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::alert;
use crate::daemon::event::trouble;
use crate::daemon::{Shared, clock};
use crate::model::{Record, RecordState};
use crate::store::StoreError;

/// How often it is looked whether something is due, in seconds.
const LOOK_SECONDS: u64 = 60;

/// Reminds until the daemon stops.
pub(in crate::daemon) async fn remind(shared: Shared) {
    let mut troubled = false;
    loop {
        let looked = look(&shared);
        if let (Err(error), false) = (&looked, troubled) {
            (shared.tell)(trouble(error));
        }
        troubled = looked.is_err();
        let pause = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS));
        if shared.stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

fn look(shared: &Shared) -> Result<(), StoreError> {
    let options = &shared.config.alerts;
    let now = clock::now();
    let local = now.to_zoned(TimeZone::system());
    let is_digest_due = options.digest_at.is_some_and(|at| local.time() >= at);
    if !is_digest_due && options.escalate_after_hours.is_none() {
        return Ok(());
    }
    let open = open_records(shared)?;
    let staff = &shared.config.staff;
    let digest = is_digest_due.then(|| alert::digest(&open, staff, &options.from, local.date(), now)).flatten();
    let escalations = open
        .iter()
        .filter_map(|record| alert::escalation(record, staff, &options.from, options.escalate_after_hours?, now));
    for letter in digest.into_iter().chain(escalations) {
        if shared.store.owe_letter(&letter)? {
            shared.letters.notify_one();
        }
    }
    Ok(())
}

fn open_records(shared: &Shared) -> Result<Vec<Record>, StoreError> {
    let mut open = Vec::new();
    for id in shared.store.records()? {
        // what was purged since is not open
        open.extend(shared.store.record(&id)?.filter(|record| record.state() == RecordState::Open));
    }
    Ok(open)
}
