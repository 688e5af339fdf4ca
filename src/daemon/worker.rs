//! A worker's task: the next owed paper through the pipeline, its record into the store.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::alert::{self, Staff};
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::intake::message::{self, Opened};
use crate::model::{Arrival, ArrivalId, Letter, Paper, PaperError, PaperErrorCode, Reading, Record};
use crate::pipeline::{Pipeline, PipelineError};
use crate::store::{Store, StoreError};

/// How long an owed paper rests after the first fault of ours, in seconds; it doubles each time …
const RETRY_SECONDS: i64 = 30;
/// … up to this, in seconds: reading costs a minute of a core, and what broke needs a person.
const RETRY_SECONDS_MAX: i64 = 3_600;
/// How often an idle worker looks by itself, in seconds: a paper that was put off rings no bell when it is due.
const LOOK_SECONDS: u64 = 5;

/// What did not work, over all workers.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Faults {
    /// How often each paper was put off.
    times: Mutex<BTreeMap<ArrivalId, u32>>,
    /// Somebody was told that the disk is full.
    is_full: AtomicBool,
}

impl Faults {
    /// How long a paper that failed once more rests, in seconds.
    fn rest_seconds(&self, id: &ArrivalId) -> i64 {
        let mut faults = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let times = faults.entry(id.clone()).or_default();
        let seconds = (RETRY_SECONDS << (*times).min(10)).min(RETRY_SECONDS_MAX);
        *times += 1;
        seconds
    }

    fn forget(&self, id: &ArrivalId) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// Works until the daemon stops; the paper in hand is finished, or given back where that takes too long.
pub(in crate::daemon) async fn work(pipeline: Pipeline, shared: Shared) {
    while !shared.stop.is_cancelled() {
        let more = shared.owed.notified();
        // what could not be kept is not read
        let next = if has_room(&shared) { shared.store.next_owed(clock::now()) } else { Ok(None) };
        match next {
            Ok(Some((arrival, bytes))) => {
                take(arrival, &bytes, &pipeline, &shared).await;
                shared.progress.notify_one();
                continue;
            }
            Ok(None) => {}
            Err(error) => (shared.tell)(trouble(&error)),
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = more => {}
            () = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS)) => {}
        }
    }
}

/// Whether the disk can take another record. That it cannot is told once, where a paper waits for it.
fn has_room(shared: &Shared) -> bool {
    let room = shared.store.must_have_room();
    let was_full = shared.faults.is_full.swap(room.is_err(), Ordering::SeqCst);
    match room {
        Err(error) if !was_full && shared.store.owed().is_ok_and(|(papers, _)| papers > 0) => {
            (shared.tell)(trouble(&error));
        }
        _ => {}
    }
    !shared.faults.is_full.load(Ordering::SeqCst)
}

async fn take(arrival: Arrival, bytes: &[u8], pipeline: &Pipeline, shared: &Shared) {
    let open = || message::open(bytes, &message::Limits::default(), &shared.senders());
    let papers = match message::is_mail(&arrival).then(open) {
        Some(Ok(mail)) => return unpack(&arrival, &mail, shared),
        Some(Err(why)) => Err(why),
        None => message::unread(&arrival, bytes).map_or_else(|| Ok(Arc::from(bytes)), |why| Err(why.to_owned())),
    };
    let outcome = tokio::select! {
        outcome = read(&arrival, papers, pipeline, shared) => outcome,
        () = shared.stop.cancelled() => {
            // it stays owed, from this moment on
            if let Err(error) = shared.store.give_back(&arrival.id, clock::now()) {
                (shared.tell)(trouble(&error));
            }
            return;
        }
    };
    let finished = outcome.map_err(|error| trouble(&error)).and_then(|(readings, paper)| {
        let rules = pipeline.book().version().to_owned();
        finish(arrival.clone(), readings, paper, rules, shared).map_err(|error| trouble(&error))
    });
    match finished {
        Ok((record, letters)) => {
            shared.faults.forget(&record.arrival.id);
            let told = told(&letters, shared);
            (shared.tell)(Event::Stored { record: Box::new(record), told });
            shared.letters.notify_one();
        }
        Err(event) => put_off(&arrival.id, event, shared),
    }
}

/// Makes the record with its letters, and keeps both.
fn finish(
    mut arrival: Arrival,
    readings: Vec<Reading>,
    paper: Paper,
    rules: String,
    shared: &Shared,
) -> Result<(Record, Vec<Letter>), StoreError> {
    // one after the other: of the papers of a mail exactly one must see that it is the last
    let _turn = shared.finishing.lock().unwrap_or_else(PoisonError::into_inner);
    let together = pages_together(&arrival, &paper, &shared.store)?;
    if let Some(reception) = arrival.reception.as_mut() {
        reception.pages_together = together;
    }
    let error = paper.error.or_else(|| broken_off(&arrival, paper.pages));
    let paper = Paper { error, ..paper };
    let now = clock::now();
    let record = Record { arrival, readings, paper, decisions: Vec::new(), stored_at: now, rules };
    let config = &shared.config;
    shared.store.finish(record, |record| alert::letters(record, &config.people, &config.alerts, now))
}

/// How many pages the papers of a fax service's mail have together. None where another is still to be read, or one could not be
/// read whole, which is told by itself.
fn pages_together(arrival: &Arrival, paper: &Paper, store: &Store) -> Result<Option<u32>, StoreError> {
    let together = arrival.reception.as_ref().map(|reception| reception.together.as_slice()).unwrap_or(&[]);
    if together.is_empty() || paper.error.is_some() {
        return Ok(None);
    }
    let mut pages = paper.pages;
    for other in together.iter().filter(|other| **other != arrival.id) {
        match store.readable(other)? {
            Some(record) if record.paper.error.is_none() => pages += record.paper.pages,
            _ => return Ok(None),
        }
    }
    Ok(Some(pages))
}

/// Each paper of a mail is a record of its own; the mail stays with the originals.
fn unpack(mail: &Arrival, opened: &Opened, shared: &Shared) {
    match shared.store.unpack(&mail.id, message::parts(mail, opened)) {
        Ok(()) => shared.owed.notify_waiters(),
        Err(error) => put_off(&mail.id, trouble(&error), shared),
    }
}

async fn read(
    arrival: &Arrival,
    paper: Result<Arc<[u8]>, String>,
    pipeline: &Pipeline,
    shared: &Shared,
) -> Result<(Vec<Reading>, Paper), PipelineError> {
    let on = arrival.received_at.to_zoned(TimeZone::system()).date();
    let sender = arrival.origin.sender.as_ref().map(|sender| sender.reveal().as_str());
    let progress = |progress: crate::reader::Progress| {
        let (id, name) = (arrival.id.clone(), arrival.origin.name.clone());
        (shared.tell)(Event::Page { id, name, page: progress.page, page_count: progress.page_count });
    };
    Ok(match paper {
        Ok(bytes) => {
            let (readings, mut paper) = pipeline.take(std::slice::from_ref(&bytes), on, sender, &progress).await?;
            if let Some(error) = paper.error.as_mut().filter(|error| error.code == PaperErrorCode::NotAPaper)
                && let Some(better) = message::explain(&bytes)
            {
                error.message = better.to_owned();
            }
            (readings, paper)
        }
        Err(message) => {
            let error = Some(PaperError { code: PaperErrorCode::NotAPaper, message });
            let sha256 = arrival.sha256.clone();
            (Vec::new(), Paper { sha256, pages: 0, error, other_pages: Vec::new(), prescriptions: Vec::new() })
        }
    })
}

/// The paper looks whole, but the fax machine or the fax service says that something of it did not come.
fn broken_off(arrival: &Arrival, pages: u32) -> Option<PaperError> {
    let reception = arrival.reception.as_ref()?;
    let fewer = reception.pages.zip(reception.came(pages)).filter(|(said, came)| said > came);
    let message = match (&reception.error, fewer, &reception.service) {
        (Some(error), ..) => format!(
            "The fax broke off while it came in ({error}); the pages that came were read. Ask the sender to send it again."
        ),
        (None, Some((said, came)), Some(service)) => {
            let papers = alert::in_papers(reception);
            format!("{service} announced {said} pages, but only {came} came{papers}. Ask the sender to send it again.")
        }
        (None, Some((logged, came)), None) => {
            format!("The fax machine's log says {logged} pages, but only {came} came. Ask the sender to send it again.")
        }
        _ => return None,
    };
    Some(PaperError { code: PaperErrorCode::Truncated, message })
}

/// It is our turn: the paper stays owed and is tried again, each time later.
fn put_off(id: &ArrivalId, event: Event, shared: &Shared) {
    (shared.tell)(event);
    let seconds = shared.faults.rest_seconds(id);
    let now = clock::now();
    let due = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
    if let Err(error) = shared.store.give_back(id, due) {
        (shared.tell)(trouble(&error));
        tokio::spawn(give_back_later(id.clone(), seconds, shared.clone()));
    }
}

/// Nobody reads a paper that is in hand. Where the store could not note that it rests, it rests in hand, until the store can.
async fn give_back_later(id: ArrivalId, seconds: i64, shared: Shared) {
    loop {
        let rest = tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs()));
        if shared.stop.run_until_cancelled(rest).await.is_none() {
            return; // the next start owes it
        }
        if shared.store.give_back(&id, clock::now()).is_ok() {
            shared.owed.notify_waiters();
            return;
        }
    }
}

/// The names of those whom some letters go to.
fn told(letters: &[Letter], shared: &Shared) -> Vec<String> {
    let is_told = |person: &&Staff| letters.iter().any(|letter| letter.to.contains(&person.email));
    shared.config.people.staff().iter().filter(is_told).map(|person| person.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paper_that_fails_again_rests_longer() {
        let faults = Faults::default();
        let (id, other) = (ArrivalId("a".to_owned()), ArrivalId("b".to_owned()));
        let rests: Vec<i64> = (0..9).map(|_| faults.rest_seconds(&id)).collect();
        assert_eq!(rests, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(faults.rest_seconds(&other), 30);
        faults.forget(&id);
        assert_eq!(faults.rest_seconds(&id), 30);
    }
}
