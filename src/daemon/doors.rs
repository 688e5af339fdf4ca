//! A door's task: look, keep, release.

use std::os::unix::fs::MetadataExt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::daemon::event::{still, trouble};
use crate::daemon::{Event, Shared, clock};
use crate::intake::mailbox::Mailbox;
use crate::intake::{Door, Incoming, IntakeError};
use crate::model::Arrival;
use crate::store::{Accepted, StoreError, step};

/// First wait after a mail server failed, in seconds; it doubles each time.
const FIRST_WAIT_SECONDS: u64 = 5;
/// How soon a folder is looked at again in which a file is waited for, in milliseconds.
const SETTLE_MILLISECONDS: u64 = 200;
/// Longest wait before a mail server is tried again, in seconds.
const LONGEST_WAIT_SECONDS: u64 = 300;

/// Looks into a folder at every change event and at every poll, until the daemon stops.
pub(in crate::daemon) async fn watch(mut door: Door, shared: Shared) {
    let (hint, mut hints) = mpsc::channel(1);
    let mut events = Events::default();
    let poll = Duration::from_secs(door.poll_seconds());
    let mut idleness = Idleness::default();
    let mut troubled = false;
    loop {
        events.keep(&door, &hint, &shared);
        let busy = match door.look(clock::now()) {
            Ok(seen) => {
                let busy = seen.waiting > 0 || !seen.incoming.is_empty();
                for incoming in seen.incoming {
                    take(&mut door, incoming, &shared);
                }
                // each is told once by the door
                seen.troubles.iter().for_each(|error| (shared.tell)(trouble(error)));
                troubled = false;
                busy
            }
            Err(error) => {
                // told once, not at every look
                (shared.tell)(if troubled { still(&error) } else { trouble(&error) });
                troubled = true;
                false
            }
        };
        idleness.is(!busy, &shared);
        let pause = if busy { Duration::from_millis(SETTLE_MILLISECONDS).min(poll) } else { poll };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            Some(()) = hints.recv(), if !busy => {}
        }
    }
}

/// The change events of a folder. They are only a hint: shares send none. A folder that was removed and made anew sends no more
/// to whoever watched the old one, so it is watched anew.
#[derive(Default)]
struct Events {
    watcher: Option<notify::RecommendedWatcher>,
    /// Device and inode of the folder that is watched.
    of: Option<(u64, u64)>,
}

impl Events {
    fn keep(&mut self, door: &Door, hint: &mpsc::Sender<()>, shared: &Shared) {
        let here = std::fs::metadata(door.path()).map(|metadata| (metadata.dev(), metadata.ino())).ok();
        if here == self.of {
            return;
        }
        self.of = here;
        self.watcher = None;
        if here.is_none() {
            return; // the look tells of it
        }
        let hint = hint.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // our own look opens the folder and reads in it: to be woken by that would be to look for ever
            let is_ours = event.is_ok_and(|event| match event.kind {
                EventKind::Access(AccessKind::Close(mode)) => mode != AccessMode::Write,
                EventKind::Access(_) => true,
                _ => false,
            });
            if !is_ours {
                // a full channel already says that there is something to see
                hint.try_send(()).ok();
            }
        });
        let watched = watcher
            .and_then(|mut watcher| watcher.watch(door.path(), RecursiveMode::NonRecursive).map(|()| watcher))
            .inspect_err(|error| {
                let seconds = door.poll_seconds();
                let what =
                    format!("change events do not arrive ({error}); the inbox is looked at every {seconds} seconds");
                (shared.tell)(Event::Trouble { what });
            });
        self.watcher = watched.ok();
    }
}

/// Ours first, released then. What cannot be kept stays where it is and is seen again.
fn take(door: &mut Door, incoming: Incoming, shared: &Shared) {
    let Incoming { arrival, bytes, receipt } = incoming;
    match keep(arrival, &bytes, shared) {
        Ok(()) => {
            if let Err(error) = door.release(receipt) {
                (shared.tell)(trouble(&error));
            }
            step("file released");
        }
        Err(error) => (shared.tell)(trouble(&error)),
    }
}

/// Takes every new mail of a mailbox, and waits for the next, until the daemon stops. A server that does not answer is tried
/// again with growing delay.
pub(in crate::daemon) async fn watch_mailbox(mut door: Mailbox, shared: Shared) {
    let mut idleness = Idleness::default();
    let mut failures = 0;
    loop {
        let round = shared.stop.run_until_cancelled(empty(&mut door, &shared)).await;
        let Some(round) = round else { break };
        let waited = match round {
            Ok(()) => {
                failures = 0;
                idleness.is(true, &shared);
                shared.stop.run_until_cancelled(door.wait()).await
            }
            Err(error) => Some(Err(error)),
        };
        match waited {
            None => break,
            Some(Ok(())) => {}
            Some(Err(error)) => {
                (shared.tell)(if failures == 0 { trouble(&error) } else { still(&error) });
                shared.unreached.store(true, Ordering::SeqCst);
                idleness.is(true, &shared); // `--once` does not wait for a server that is away
                let wait = (FIRST_WAIT_SECONDS << failures.min(10)).min(LONGEST_WAIT_SECONDS);
                failures += 1;
                if shared.stop.run_until_cancelled(tokio::time::sleep(Duration::from_secs(wait))).await.is_none() {
                    break;
                }
            }
        }
    }
    door.close().await;
}

async fn empty(door: &mut Mailbox, shared: &Shared) -> Result<(), IntakeError> {
    for uid in door.look().await? {
        match door.fetch(uid, clock::now(), &shared.senders()).await {
            Ok(None) => {}
            Ok(Some(mail)) => match keep(mail.arrival.clone(), &mail.bytes, shared) {
                Ok(()) => {
                    step("mail kept");
                    door.release(&mail).await?;
                    step("mail released");
                }
                Err(error) => (shared.tell)(trouble(&error)),
            },
            // this one stays on the server; the others go on
            Err(
                error @ (IntakeError::Held { .. } | IntakeError::Unverified { .. } | IntakeError::Unfetchable { .. }),
            ) => (shared.tell)(trouble(&error)),
            Err(error) => return Err(error),
        }
    }
    shared.unreached.store(false, Ordering::SeqCst);
    Ok(())
}

/// Makes a paper ours: when this returns it survives a power cut. What is ours already stays as it is.
fn keep(mut arrival: Arrival, bytes: &[u8], shared: &Shared) -> Result<(), StoreError> {
    let first = shared.store.first_with(&arrival.sha256)?;
    arrival.same_bytes_as = first.filter(|first| *first != arrival.id);
    if shared.store.accept(&arrival, bytes)? == Accepted::New {
        (shared.tell)(Event::Accepted { id: arrival.id, name: arrival.origin.name });
        shared.owed.notify_waiters();
    }
    Ok(())
}

/// Whether a door sees nothing to take or wait for, counted over all doors.
#[derive(Default)]
struct Idleness {
    is_idle: bool,
}

impl Idleness {
    fn is(&mut self, is_idle: bool, shared: &Shared) {
        if is_idle != self.is_idle {
            self.is_idle = is_idle;
            if is_idle {
                shared.idle_doors.fetch_add(1, Ordering::SeqCst);
            } else {
                shared.idle_doors.fetch_sub(1, Ordering::SeqCst);
            }
        }
        shared.progress.notify_one();
    }
}
