//! The mailer's task: empties the outbox.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use crate::alert::{self, GATHERED_MAX, Mailer, Storm, next_attempt};
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::model::{ArrivalId, Letter, RecordState, Role};
use crate::store::StoreError;

/// How often the outbox is looked at by itself, in seconds: a letter that was put off rings no bell when it is due.
const LOOK_SECONDS: u64 = 5;
/// A letter that failed this often is told about at every further attempt, not only at the first.
const PATIENCE_ATTEMPTS: u32 = 10;
/// A letter that the server refused for good so often is dead.
const REFUSALS_MAX: u32 = 3;
/// A letter that could not be handed over so often is dead: with an hour between attempts, after three days.
const ATTEMPTS_MAX: u32 = 80;
/// A dead letter is tried again after so long, in seconds, and at every start.
const DEAD_SECONDS: i64 = 86_400;
/// A storm is over when no letter was added for so long, in seconds, and no paper is owed.
const CALM_SECONDS: i64 = 30;

/// Delivers until the daemon stops; in the quiet hours letters wait, unless all is to be done at `once`.
pub(in crate::daemon) async fn deliver(mut mailer: Mailer, once: bool, shared: Shared) {
    let options = &shared.config.alerts;
    let mut storm = Storm::new(options.storm_letters, options.storm_minutes);
    let mut is_down = false;
    if let Err(error) = revive(&shared) {
        (shared.tell)(trouble(&error));
    }
    while !shared.stop.is_cancelled() {
        let more = shared.letters.notified();
        let is_quiet = !once && options.is_quiet(clock::now().to_zoned(TimeZone::system()).time());
        let round =
            if is_quiet { Ok(false) } else { round(&mut mailer, &mut storm, once, &mut is_down, &shared).await };
        match round {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => (shared.tell)(trouble(&error)),
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = more => {}
            () = tokio::time::sleep(Duration::from_secs(LOOK_SECONDS)) => {}
        }
    }
}

/// Sends what is due. True if there is more to do at once.
async fn round(
    mailer: &mut Mailer,
    storm: &mut Storm,
    once: bool,
    is_down: &mut bool,
    shared: &Shared,
) -> Result<bool, StoreError> {
    let mut held: BTreeMap<Vec<String>, Vec<Letter>> = BTreeMap::new();
    let mut did_something = false;
    let now = clock::now();
    for letter in shared.store.letters()?.into_iter().filter(|letter| letter.due_at <= now) {
        if shared.stop.is_cancelled() {
            return Ok(false);
        }
        // what is retried, and what stands for others, is not held
        if is_settled(&letter, shared)? {
            shared.store.sent(&letter)?; // what somebody closed in the meantime is not mentioned
            did_something = true;
            continue;
        }
        let is_new = letter.attempts == 0 && letter.instead_of.is_empty() && letter.record.is_some();
        if is_new && storm.is_raging(&letter.to, clock::now()) {
            held.entry(letter.to.clone()).or_default().push(letter);
            continue;
        }
        storm.note(&letter.to, clock::now());
        *is_down = !send(mailer, letter, *is_down, shared).await?;
        did_something = true;
        shared.progress.notify_one();
    }
    for letters in held.into_values() {
        let (Some(first), Some(last)) = (letters.first(), letters.last()) else { continue };
        let is_calm = once || now.duration_since(last.written_at).as_secs() >= CALM_SECONDS;
        let is_over = is_calm && shared.doors_rest() && shared.store.owed()?.0 == 0;
        if is_over || storm.is_over(first.written_at, now) {
            for letters in letters.chunks(GATHERED_MAX) {
                shared.store.gather(&alert::gathered(letters, &shared.config.alerts, now))?;
            }
            did_something = true;
        }
    }
    Ok(did_something)
}

/// True if the letter was taken. An outage is told once, not for each letter that waits.
async fn send(mailer: &mut Mailer, mut letter: Letter, is_down: bool, shared: &Shared) -> Result<bool, StoreError> {
    if letter.instead_of.iter().any(|message_id| is_closed(message_id, shared)) {
        match alert::without(&letter, |message_id| is_closed(message_id, shared), &shared.config.alerts) {
            Some(rest) => letter = rest,
            None => {
                shared.store.sent(&letter)?;
                return Ok(true);
            }
        }
    }
    let error = match mailer.send(&letter).await {
        Ok(()) => {
            shared.store.sent(&letter)?;
            let waited = clock::now().duration_since(letter.written_at);
            (shared.tell)(Event::LetterSent { subject: letter.subject, waited });
            return Ok(true);
        }
        Err(error) => error,
    };
    let options = &shared.config.alerts;
    letter.attempts += 1;
    let is_dead = error.is_permanent() && letter.attempts >= REFUSALS_MAX || letter.attempts >= ATTEMPTS_MAX;
    let now = clock::now();
    if is_dead {
        letter.is_dead = true;
        letter.due_at = now.checked_add(SignedDuration::from_secs(DEAD_SECONDS)).unwrap_or(now);
        shared.store.put_off_letter(&letter)?;
        let Event::Trouble { what } = trouble(&error) else { return Ok(false) };
        if let Some(word) = alert::undeliverable(&letter, &what, &shared.config.staff, options, now) {
            shared.store.owe_letter(&word)?;
            shared.letters.notify_one();
        }
        let to = letter.to.join(", ");
        (shared.tell)(Event::Trouble {
            what: format!(
                "a letter to {to} cannot be delivered and is tried once a day; `rxintake doctor` lists it: {what}"
            ),
        });
    } else {
        if !is_down || letter.attempts >= PATIENCE_ATTEMPTS {
            (shared.tell)(trouble(&error));
        }
        letter.due_at = next_attempt(letter.attempts, mailer.first_retry_seconds(), now);
        shared.store.put_off_letter(&letter)?;
    }
    Ok(false)
}

/// Whether a person closed everything that the letter is about.
fn is_settled(letter: &Letter, shared: &Shared) -> Result<bool, StoreError> {
    let (Some(id), Some(Role::FrontDesk | Role::Operator)) = (&letter.record, letter.role) else { return Ok(false) };
    let record = shared.store.readable(id)?;
    Ok(record.is_some_and(|record| !record.decisions.is_empty() && record.state() != RecordState::Open))
}

/// Whether a letter that another stands for was about a record that somebody closed: `<RECORD.frontdesk@DOMAIN>`.
fn is_closed(message_id: &str, shared: &Shared) -> bool {
    let mut parts = message_id.trim_start_matches('<').split(['.', '@']);
    let (Some(record), Some("frontdesk" | "escalation")) = (parts.next(), parts.next()) else { return false };
    // a letter too much is better than one too few
    let record = shared.store.readable(&ArrivalId(record.to_owned())).unwrap_or_default();
    record.is_some_and(|record| !record.decisions.is_empty() && record.state() != RecordState::Open)
}

/// Dead letters are tried again at every start, at the addresses that the configuration has now.
fn revive(shared: &Shared) -> Result<(), StoreError> {
    for mut letter in shared.store.letters()?.into_iter().filter(|letter| letter.is_dead) {
        let to = letter.role.map(|role| alert::addresses(&shared.config.staff, role)).unwrap_or_default();
        if !to.is_empty() {
            letter.to = to;
        }
        letter.due_at = clock::now();
        shared.store.put_off_letter(&letter)?;
    }
    Ok(())
}
