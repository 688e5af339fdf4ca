//! A door's task: look, keep, release.

use std::sync::atomic::Ordering;
use std::time::Duration;

use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::intake::Incoming;
use crate::intake::folder::Folder;
use crate::store::Accepted;

/// Looks into a folder at every change event and at every poll, until the daemon stops.
pub(in crate::daemon) async fn watch(mut door: Folder, shared: Shared) {
    let (hint, mut hints) = mpsc::channel(1);
    // the event is only a hint: shares send none, and a folder that was made anew sends no more
    let watcher = notify::recommended_watcher(move |_| {
        // a full channel already says that there is something to see
        hint.try_send(()).ok();
    });
    let _watcher = watcher
        .and_then(|mut watcher| watcher.watch(door.path(), RecursiveMode::NonRecursive).map(|()| watcher))
        .inspect_err(|error| {
            (shared.tell)(Event::Trouble {
                what: format!(
                    "change events do not arrive ({error}); the inbox is looked at every {} seconds",
                    door.poll_seconds()
                ),
            });
        });
    let poll = Duration::from_secs(door.poll_seconds());
    let mut was_idle = false;
    let mut troubled = false;
    loop {
        let busy = match door.look(clock::now()) {
            Ok(seen) => {
                let busy = seen.waiting > 0 || !seen.incoming.is_empty();
                let troubles = !seen.troubles.is_empty();
                for incoming in seen.incoming {
                    keep(incoming, &shared);
                }
                // told once, not at every look
                if troubles && !troubled {
                    seen.troubles.iter().for_each(|error| (shared.tell)(trouble(error)));
                }
                troubled = troubles;
                busy
            }
            Err(error) => {
                if !troubled {
                    (shared.tell)(trouble(&error));
                }
                troubled = true;
                false
            }
        };
        if busy == was_idle {
            was_idle = !busy;
            if was_idle {
                shared.idle_doors.fetch_add(1, Ordering::SeqCst);
            } else {
                shared.idle_doors.fetch_sub(1, Ordering::SeqCst);
            }
        }
        shared.progress.notify_one();
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(poll) => {}
            Some(()) = hints.recv(), if !busy => {}
        }
    }
}

/// Ours first, released then. What cannot be kept stays where it is and is seen again.
fn keep(incoming: Incoming, shared: &Shared) {
    let Incoming { mut arrival, bytes, receipt } = incoming;
    let kept = shared.store.first_with(&arrival.sha256).and_then(|first| {
        arrival.same_bytes_as = first.filter(|first| *first != arrival.id);
        shared.store.accept(&arrival, &bytes)
    });
    match kept {
        Ok(accepted) => {
            if accepted == Accepted::New {
                (shared.tell)(Event::Accepted { id: arrival.id, name: arrival.origin.name });
                shared.owed.notify_waiters();
            }
            if let Err(error) = receipt.give() {
                (shared.tell)(trouble(&error));
            }
        }
        Err(error) => (shared.tell)(trouble(&error)),
    }
}
