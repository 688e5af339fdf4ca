//! The mailer's task: empties the outbox.

use std::time::Duration;

use crate::alert::{Mailer, next_attempt};
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};

/// How often the outbox is looked at by itself, in seconds: a letter that was put off rings no bell when it is due.
const LOOK_SECONDS: u64 = 5;
/// A letter that failed this often is told about at every further attempt, not only at the first.
const PATIENCE_ATTEMPTS: u32 = 10;

/// Delivers until the daemon stops.
pub(in crate::daemon) async fn deliver(mailer: Mailer, shared: Shared) {
    while !shared.stop.is_cancelled() {
        let more = shared.letters.notified();
        match shared.store.next_letter(clock::now()) {
            Ok(Some(letter)) => {
                send(&mailer, letter, &shared).await;
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

async fn send(mailer: &Mailer, mut letter: crate::model::Letter, shared: &Shared) {
    let kept = match mailer.send(&letter).await {
        Ok(()) => {
            (shared.tell)(Event::LetterSent { subject: letter.subject.clone() });
            shared.store.sent(&letter)
        }
        Err(error) => {
            if letter.attempts == 0 || letter.attempts >= PATIENCE_ATTEMPTS {
                (shared.tell)(trouble(&error));
            }
            letter.attempts += 1;
            letter.due_at = next_attempt(letter.attempts, clock::now());
            shared.store.put_off_letter(&letter)
        }
    };
    if let Err(error) = kept {
        (shared.tell)(trouble(&error));
    }
}
