//! A worker's task: the next owed paper through the pipeline, its record into the store.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::alert::{self, Staff};
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::intake::message;
use crate::model::{Arrival, Letter, Paper, PaperError, PaperErrorCode, Reading, Record};
use crate::pipeline::{Pipeline, PipelineError};

/// How long an owed paper rests after a fault of ours, in seconds.
const RETRY_SECONDS: i64 = 30;
/// How often an idle worker looks by itself, in seconds: a paper that was put off rings no bell when it is due.
const LOOK_SECONDS: u64 = 5;

/// Works until the daemon stops; the paper in hand is finished, or given back where that takes too long.
pub(in crate::daemon) async fn work(pipeline: Pipeline, shared: Shared) {
    while !shared.stop.is_cancelled() {
        let more = shared.owed.notified();
        match shared.store.next_owed(clock::now()) {
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

async fn take(arrival: Arrival, bytes: &[u8], pipeline: &Pipeline, shared: &Shared) {
    let outcome = tokio::select! {
        outcome = read(&arrival, bytes, pipeline, shared) => outcome,
        () = shared.stop.cancelled() => {
            // it stays owed, from this moment on
            if let Err(error) = shared.store.give_back(&arrival.id, clock::now()) {
                (shared.tell)(trouble(&error));
            }
            return;
        }
    };
    let finished = outcome.map_err(|error| trouble(&error)).and_then(|(readings, paper)| {
        let now = clock::now();
        let rules = pipeline.book().version().to_owned();
        let record = Record { arrival: arrival.clone(), readings, paper, decisions: Vec::new(), stored_at: now, rules };
        let letters = alert::letters(&record, &shared.config.staff, &shared.config.alerts.from, now);
        shared.store.finish(&record, &letters).map_err(|error| trouble(&error))?;
        Ok((record, letters))
    });
    match finished {
        Ok((record, letters)) => {
            let told = told(&letters, shared);
            (shared.tell)(Event::Stored { record: Box::new(record), told });
            shared.letters.notify_one();
        }
        Err(event) => {
            (shared.tell)(event);
            let now = clock::now();
            let due = now.checked_add(SignedDuration::from_secs(RETRY_SECONDS)).unwrap_or(now);
            if let Err(error) = shared.store.give_back(&arrival.id, due) {
                (shared.tell)(trouble(&error));
            }
        }
    }
}

async fn read(
    arrival: &Arrival,
    bytes: &[u8],
    pipeline: &Pipeline,
    shared: &Shared,
) -> Result<(Vec<Reading>, Paper), PipelineError> {
    let on = arrival.received_at.to_zoned(TimeZone::system()).date();
    let is_mail = arrival.origin.name.reveal().to_lowercase().ends_with(".eml");
    let parts: Result<Vec<Arc<[u8]>>, String> = if is_mail { mail_parts(bytes) } else { Ok(vec![Arc::from(bytes)]) };
    let progress = |progress: crate::reader::Progress| {
        let (id, name) = (arrival.id.clone(), arrival.origin.name.clone());
        (shared.tell)(Event::Page { id, name, page: progress.page, page_count: progress.page_count });
    };
    match parts {
        Ok(parts) => pipeline.take(&parts, on, &progress).await,
        Err(message) => {
            let error = Some(PaperError { code: PaperErrorCode::NotAPaper, message });
            let sha256 = arrival.sha256.clone();
            Ok((Vec::new(), Paper { sha256, pages: 0, error, other_pages: Vec::new(), prescriptions: Vec::new() }))
        }
    }
}

fn mail_parts(bytes: &[u8]) -> Result<Vec<Arc<[u8]>>, String> {
    let mail = message::papers(bytes, &message::Limits::default())
        .map_err(|error| format!("The mail cannot be taken apart: {error}."))?;
    if mail.papers.is_empty() {
        return Err(
            "The mail holds no paper. Open it: the sender may have put a link in it, or forgotten the attachment."
                .to_owned(),
        );
    }
    Ok(mail.papers.into_iter().map(|paper| Arc::from(paper.bytes)).collect())
}

/// The names of those whom some letters go to.
fn told(letters: &[Letter], shared: &Shared) -> Vec<String> {
    let is_told = |person: &&Staff| letters.iter().any(|letter| letter.to.contains(&person.email));
    shared.config.staff.iter().filter(is_told).map(|person| person.name.clone()).collect()
}
