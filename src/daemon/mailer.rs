//! The mailer's task: empties the outbox.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::alert::{self, AlertError, GATHERED_MAX, Mailer, Storm, next_attempt};
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::model::{Letter, RecordState, Role};
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
/// A letter that failed so often may itself be at fault: another is tried behind it.
const DOUBTED_ATTEMPTS: u32 = 5;
/// No letter waits longer, in seconds: where one seems to, the clock was set back.
const LONGEST_SECONDS: i64 = DEAD_SECONDS + 7_200;
/// A storm is over when no letter was added for so long, in seconds, and no paper is owed.
const CALM_SECONDS: i64 = 30;

/// Delivers until the daemon stops; in the quiet hours letters wait, unless all is to be done at `once`.
pub(in crate::daemon) async fn deliver(mailer: Mailer, once: bool, shared: Shared) {
    let options = &shared.config.alerts;
    let storm = Storm::new(options.storm_letters, options.storm_minutes);
    let mut post = Post { mailer, storm, once, outage: None, is_down: false, recovered_at: None };
    if let Err(error) = post.begin(&shared) {
        (shared.tell)(trouble(&error));
    }
    while !shared.stop.is_cancelled() {
        let more = shared.letters.notified();
        let is_quiet = !once && options.is_quiet(clock::now().to_zoned(TimeZone::system()).time());
        let round = if is_quiet { Ok(false) } else { post.round(&shared).await };
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

/// How the mail goes right now.
struct Post {
    mailer: Mailer,
    storm: Storm,
    once: bool,
    /// The server takes nothing: not tried again before. By a clock that nobody sets.
    outage: Option<Instant>,
    /// That something failed was told.
    is_down: bool,
    /// When an outage ended: what waited for that is no storm.
    recovered_at: Option<Timestamp>,
}

/// What became of a letter.
enum Outcome {
    Taken,
    /// Failed, and is tried again.
    PutOff(Box<Letter>, Fault),
    /// Failed for good.
    Dead,
}

/// Why a letter failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The server took the others and not this one, or may.
    OfLetter,
    /// The server is away.
    OfServer,
    /// The server broke off, or said nothing.
    Unclear,
}

/// Who waits behind a letter that failed, so that nobody gets a later letter before an earlier one.
#[derive(Default)]
struct Queue {
    waiting: BTreeSet<String>,
    /// Letters that may themselves be at fault; one more to the same people is tried.
    doubted: Vec<(Letter, Fault)>,
}

impl Queue {
    fn waits(&self, letter: &Letter) -> bool {
        letter.to.iter().any(|to| self.waiting.contains(to))
    }

    fn wait_behind(&mut self, letter: &Letter) {
        if !letter.is_dead && !letter.stands_back {
            self.waiting.extend(letter.to.iter().cloned());
        }
    }

    /// Whether nothing else may be tried in this round.
    fn failed(&mut self, letter: Letter, fault: Fault) -> bool {
        let is_witness = |(doubted, of): &(Letter, Fault)| *of != Fault::OfLetter || shares(doubted, &letter);
        let has_witness = self.doubted.iter().any(is_witness);
        if letter.attempts < DOUBTED_ATTEMPTS || has_witness || fault == Fault::OfServer {
            self.wait_behind(&letter);
            return fault != Fault::OfLetter;
        }
        if !letter.stands_back {
            self.doubted.push((letter, fault));
        }
        false
    }

    /// Another letter was taken: these were at fault themselves.
    fn taken(&mut self, letter: &Letter) -> Vec<Letter> {
        let is_shown = |(doubted, of): &(Letter, Fault)| *of != Fault::OfLetter || shares(doubted, letter);
        let (shown, others) = std::mem::take(&mut self.doubted).into_iter().partition(is_shown);
        self.doubted = others;
        shown.into_iter().map(|(letter, _)| letter).collect()
    }
}

fn shares(one: &Letter, other: &Letter) -> bool {
    one.to.iter().any(|to| other.to.contains(to))
}

impl Post {
    fn begin(&mut self, shared: &Shared) -> Result<(), StoreError> {
        revive(shared)?;
        // an earlier life was in the middle of an outage
        if shared.store.letters()?.iter().any(|letter| letter.attempts > 0 && !letter.is_dead) {
            self.recovered_at = Some(clock::now());
        }
        Ok(())
    }

    /// Sends what is due, to each in the order in which it was written. True if there is more to do at once.
    async fn round(&mut self, shared: &Shared) -> Result<bool, StoreError> {
        if self.outage.is_some_and(|until| Instant::now() < until) {
            return Ok(false);
        }
        let mut held: BTreeMap<Vec<String>, Vec<Letter>> = BTreeMap::new();
        let mut digested: BTreeMap<Vec<String>, Vec<Letter>> = BTreeMap::new();
        let mut queue = Queue::default();
        let mut did_something = false;
        let now = clock::now();
        for letter in shared.store.letters()? {
            if shared.stop.is_cancelled() {
                return Ok(false);
            }
            let is_due = is_due(&letter, now) || self.once && letter.is_for_digest;
            if queue.waits(&letter) {
                continue;
            }
            if !is_due {
                if !letter.is_for_digest {
                    queue.wait_behind(&letter);
                }
                continue;
            }
            if is_closed(&letter.message_id, shared)? {
                shared.store.sent(&letter)?; // what somebody closed in the meantime is not mentioned
                did_something = true;
                continue;
            }
            // what is retried, and what stands for others, is not held
            let is_new = letter.attempts == 0 && letter.instead_of.is_empty() && letter.record.is_some();
            if is_new && letter.is_for_digest {
                digested.entry(letter.to.clone()).or_default().push(letter);
                continue;
            }
            let waited_for_server = self.recovered_at.is_some_and(|at| letter.written_at <= at);
            if is_new && !waited_for_server && self.storm.is_raging(&letter.to, clock::now()) {
                held.entry(letter.to.clone()).or_default().push(letter);
                continue;
            }
            did_something = true;
            if self.send_in_turn(letter, &mut queue, shared).await? {
                return Ok(false);
            }
            shared.progress.notify_one();
        }
        for letters in digested.into_values() {
            did_something = true;
            let mut letters = letters;
            if letters.len() == 1 {
                for letter in letters.drain(..) {
                    self.send_in_turn(letter, &mut queue, shared).await?;
                }
            }
            for letters in letters.chunks(GATHERED_MAX) {
                shared.store.gather(&alert::gathered(letters, &shared.config.alerts, now))?;
            }
            shared.progress.notify_one();
        }
        for letters in held.into_values() {
            let (Some(first), Some(last)) = (letters.first(), letters.last()) else { continue };
            let is_fresh = (0..CALM_SECONDS).contains(&now.duration_since(last.written_at).as_secs());
            let is_calm = self.once || !is_fresh;
            let is_over = is_calm && shared.doors_rest() && shared.store.owed()?.0 == 0;
            if is_over || self.storm.is_over(first.written_at, now) {
                for letters in letters.chunks(GATHERED_MAX) {
                    shared.store.gather(&alert::gathered(letters, &shared.config.alerts, now))?;
                }
                did_something = true;
            }
        }
        Ok(did_something)
    }

    /// True if nothing else is to be tried now.
    async fn send_in_turn(&mut self, letter: Letter, queue: &mut Queue, shared: &Shared) -> Result<bool, StoreError> {
        let sent = letter.clone();
        match self.send(letter, shared).await? {
            Outcome::Taken => {
                self.storm.note(&sent.to, clock::now());
                if self.is_down {
                    self.recovered_at = Some(clock::now());
                }
                (self.is_down, self.outage) = (false, None);
                for mut letter in queue.taken(&sent) {
                    letter.stands_back = true;
                    shared.store.put_off_letter(&letter)?;
                }
                Ok(false)
            }
            Outcome::PutOff(letter, fault) => {
                self.is_down = true;
                if fault != Fault::OfLetter {
                    let wait = letter.due_at.duration_since(clock::now());
                    self.outage = Some(Instant::now() + wait.try_into().unwrap_or(Duration::ZERO));
                }
                Ok(queue.failed(*letter, fault))
            }
            Outcome::Dead => Ok(false),
        }
    }

    /// Hands a letter over, and notes what became of it. An outage is told once, not for each letter that waits.
    async fn send(&mut self, mut letter: Letter, shared: &Shared) -> Result<Outcome, StoreError> {
        let mut closed = BTreeSet::new();
        for message_id in &letter.instead_of {
            if is_closed(message_id, shared)? {
                closed.insert(message_id.clone());
            }
        }
        if !closed.is_empty() {
            match alert::without(&letter, |message_id| closed.contains(message_id), &shared.config.alerts) {
                Some(rest) => letter = rest,
                None => {
                    shared.store.sent(&letter)?;
                    return Ok(Outcome::Taken);
                }
            }
        }
        let mut handed_over = self.mailer.send(&letter).await;
        // before another goes in its stead: does the server answer at all, or has it just come back?
        let mut is_away = false;
        let may_be_at_fault = |error: &AlertError| !error.is_of_letter() && letter.attempts + 1 >= DOUBTED_ATTEMPTS;
        if handed_over.as_ref().is_err_and(may_be_at_fault) && !shared.stop.is_cancelled() {
            match self.mailer.check().await {
                Ok(()) => handed_over = self.mailer.send(&letter).await,
                Err(_) => is_away = true,
            }
        }
        match handed_over {
            Ok(()) => {
                shared.store.sent(&letter)?;
                let waited = clock::now().duration_since(letter.written_at);
                (shared.tell)(Event::LetterSent { subject: letter.subject, waited });
                Ok(Outcome::Taken)
            }
            Err(error) => self.put_off(letter, &error, is_away, shared),
        }
    }

    fn put_off(
        &self,
        mut letter: Letter,
        error: &AlertError,
        is_away: bool,
        shared: &Shared,
    ) -> Result<Outcome, StoreError> {
        let options = &shared.config.alerts;
        letter.attempts += 1;
        let is_dead = error.is_permanent() && letter.attempts >= REFUSALS_MAX || letter.attempts >= ATTEMPTS_MAX;
        let now = clock::now();
        if !is_dead {
            if !self.is_down || letter.attempts >= PATIENCE_ATTEMPTS {
                (shared.tell)(trouble(error));
            }
            letter.due_at = next_attempt(letter.attempts, self.mailer.first_retry_seconds(), now);
            shared.store.put_off_letter(&letter)?;
            let fault = match error.is_of_letter() {
                true => Fault::OfLetter,
                false if is_away => Fault::OfServer,
                false => Fault::Unclear,
            };
            return Ok(Outcome::PutOff(Box::new(letter), fault));
        }
        letter.is_dead = true;
        letter.due_at = now.checked_add(SignedDuration::from_secs(DEAD_SECONDS)).unwrap_or(now);
        shared.store.put_off_letter(&letter)?;
        let Event::Trouble { what } = trouble(error) else { return Ok(Outcome::Dead) };
        if let Some(word) = alert::undeliverable(&letter, &what, &shared.config.people, options, now) {
            shared.store.owe_letter(&word)?;
            shared.letters.notify_one();
        }
        let to = letter.to.join(", ");
        (shared.tell)(Event::Trouble {
            what: format!(
                "a letter to {to} cannot be delivered and is tried once a day; `rxintake doctor` lists it: {what}"
            ),
        });
        Ok(Outcome::Dead)
    }
}

/// A clock that was set back must not put anything off for a year.
fn is_due(letter: &Letter, now: Timestamp) -> bool {
    let seconds = letter.due_at.duration_since(now).as_secs();
    seconds <= 0 || seconds > LONGEST_SECONDS
}

/// Whether a letter is about what is open in a record that somebody closed.
fn is_closed(message_id: &str, shared: &Shared) -> Result<bool, StoreError> {
    let Some(id) = alert::record_to_close(message_id) else { return Ok(false) };
    let record = shared.store.readable(&id)?;
    Ok(record.is_some_and(|record| !record.decisions.is_empty() && record.state() != RecordState::Open))
}

/// Dead letters are tried again at every start, at the addresses that the configuration has now.
fn revive(shared: &Shared) -> Result<(), StoreError> {
    let people = &shared.config.people;
    for mut letter in shared.store.letters()?.into_iter().filter(|letter| letter.is_dead) {
        let is_known = letter.to.iter().any(|to| people.is_reached_at(to));
        let to = match letter.role {
            Some(role) => people.with_role(role),
            // whoever it was for is not there any more
            None if !is_known => people.with_role(Role::FrontDesk),
            None => Vec::new(),
        };
        if !to.is_empty() {
            letter.to = to;
        }
        letter.due_at = clock::now();
        shared.store.put_off_letter(&letter)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(to: &str, attempts: u32) -> Letter {
        let text = serde_json::json!({
            "message_id": format!("<{attempts}@c>"), "record": null, "to": [to], "subject": "", "text": "", "html": "",
            "written_at": "2026-01-01T00:00:00Z", "attempts": attempts, "due_at": "2026-01-01T00:00:00Z",
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn later_letters_wait_behind_an_earlier_one_but_not_for_ever() {
        let mut queue = Queue::default();
        assert!(!queue.failed(letter("ann", 1), Fault::OfLetter), "others may have theirs");
        assert!(queue.waits(&letter("ann", 0)) && !queue.waits(&letter("ben", 0)));
        let mut queue = Queue::default();
        assert!(queue.failed(letter("ann", 1), Fault::Unclear), "the server is away");
        let mut queue = Queue::default();
        assert!(
            !queue.failed(letter("ann", 5), Fault::OfLetter) && !queue.waits(&letter("ann", 0)),
            "one more is tried"
        );
        assert!(
            !queue.failed(letter("ann", 0), Fault::OfLetter) && queue.waits(&letter("ann", 0)),
            "it failed as well"
        );
        assert!(queue.taken(&letter("ben", 0)).is_empty());
        assert_eq!(queue.taken(&letter("ann", 0)).len(), 1, "the first was at fault");
        let mut queue = Queue::default();
        assert!(queue.failed(letter("ann", 9), Fault::OfServer) && queue.waits(&letter("ann", 0)), "nobody goes first");
    }

    #[test]
    fn a_clock_that_was_set_back_puts_nothing_off() {
        let letter = letter("ann", 1);
        let now = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(!is_due(&letter, now("2025-12-31T23:59:00Z")));
        assert!(is_due(&letter, now("2024-12-31T23:59:00Z")) && is_due(&letter, now("2026-01-01T00:00:00Z")));
    }
}
