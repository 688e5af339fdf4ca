//! The mailer's task: empties the outbox.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::alert::{Mailer, next_attempt};
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::model::Letter;

/// How often the outbox is looked at by itself, in seconds: a letter that was put off rings no bell when it is due.
const LOOK_SECONDS: u64 = 5;
/// A letter that failed this often is told about at every further attempt, not only at the first.
const PATIENCE_ATTEMPTS: u32 = 10;

/// Delivers until the daemon stops; in the quiet hours letters wait, unless all is to be done at `once`.
pub(in crate::daemon) async fn deliver(mailer: Mailer, once: bool, shared: Shared) {
    let mut is_down = false;
    while !shared.stop.is_cancelled() {
        let more = shared.letters.notified();
        let now = clock::now();
        let is_quiet = !once && shared.config.alerts.is_quiet(now.to_zoned(TimeZone::system()).time());
        match if is_quiet { Ok(None) } else { shared.store.next_letter(now) } {
            Ok(Some(letter)) => {
                is_down = !send(&mailer, letter, is_down, &shared).await;
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

/// True if the letter was taken. An outage is told once, not for each letter that waits.
async fn send(mailer: &Mailer, mut letter: Letter, is_down: bool, shared: &Shared) -> bool {
    let sent = mailer.send(&letter).await;
    let is_sent = sent.is_ok();
    let kept = match sent {
        Ok(()) => {
            (shared.tell)(Event::LetterSent { subject: letter.subject.clone() });
            shared.store.sent(&letter)
        }
        Err(error) => {
            if !is_down || letter.attempts >= PATIENCE_ATTEMPTS {
                (shared.tell)(trouble(&error));
            }
            letter.attempts += 1;
            letter.due_at = next_attempt(letter.attempts, mailer.first_retry_seconds(), clock::now());
            shared.store.put_off_letter(&letter)
        }
    };
    if let Err(error) = kept {
        (shared.tell)(trouble(&error));
    }
    is_sent
}
