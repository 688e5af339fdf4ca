//! The reminder's task: the digest at its time of day, a word to the operator about what was left alone, and a word about a fax
//! that the fax machine received and that never came here.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::alert;
use crate::config::Inbox;
use crate::daemon::event::{still, trouble};
use crate::daemon::ledger::Ledger;
use crate::daemon::{Event, Shared, clock};
use crate::intake::hylafax::{Call, Queue};
use crate::store::StoreError;

/// How often it is looked whether something is due, in seconds.
const LOOK_SECONDS: u64 = 60;
/// Faxes that came so long before the first start, in seconds, are still in the queue and ours to take.
const BEFORE_SECONDS: i64 = 86_400;

/// Reminds until the daemon stops.
pub(in crate::daemon) async fn remind(shared: Shared) {
    let mut troubled = false;
    let mut ledger = Ledger::default();
    loop {
        let looked = look(&mut ledger, &shared);
        if let Err(error) = &looked {
            (shared.tell)(if troubled { still(error) } else { trouble(error) });
        }
        troubled = looked.is_err();
        let pause = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS));
        if shared.stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

fn look(ledger: &mut Ledger, shared: &Shared) -> Result<(), StoreError> {
    let options = &shared.config.alerts;
    let people = &shared.config.people;
    let now = clock::now();
    let local = now.to_zoned(TimeZone::system());
    let is_digest_due = options.digest_at.is_some_and(|at| local.time() >= at);
    let calls = calls(shared);
    if !is_digest_due && options.escalate_after_hours.is_none() && calls.is_empty() {
        return Ok(());
    }
    let open = ledger.refresh(&shared.store)?;
    if is_digest_due {
        let pages = ledger.pages(&calls, now);
        let mut is_new = false;
        for digest in alert::digests(&open, pages, people, options, local.date(), now) {
            is_new |= owe(Some(digest), shared)?;
        }
        if let (true, Some(pages)) = (is_new, pages) {
            (shared.tell)(Event::Reconciled(pages));
        }
    }
    for record in &open {
        let escalation =
            options.escalate_after_hours.map(|hours| alert::escalation(record, people, options, hours, now));
        owe(escalation.flatten(), shared)?;
    }
    // a fax that is ours but not read yet is not missing
    if !calls.is_empty() && shared.store.owed()?.0 == 0 {
        let began = shared.store.began_at()?.unwrap_or(now);
        let since = began.checked_sub(SignedDuration::from_secs(BEFORE_SECONDS)).unwrap_or(Timestamp::MIN);
        for fax in ledger.missing(&calls, since, now) {
            if owe(alert::missing_fax(&fax, people, options, now), shared)? {
                let what = format!(
                    "the fax machine received {} at {}, but it never came here; the front desk is told",
                    fax.file, fax.began
                );
                (shared.tell)(Event::Trouble { what });
            }
        }
    }
    Ok(())
}

/// True if it is a letter that nobody got yet.
fn owe(letter: Option<crate::model::Letter>, shared: &Shared) -> Result<bool, StoreError> {
    let Some(letter) = letter else { return Ok(false) };
    let is_new = shared.store.owe_letter(&letter)?;
    if is_new {
        shared.letters.notify_one();
    }
    Ok(is_new)
}

fn calls(shared: &Shared) -> Vec<Call> {
    let queues = shared.config.inbox.iter().filter_map(|inbox| match inbox {
        Inbox::Hylafax(options) => Some(Queue::new(options.clone())),
        _ => None,
    });
    queues.flat_map(|queue| queue.calls()).collect()
}
