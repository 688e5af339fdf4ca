//! A door's task: look, keep, release.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::daemon::event::{still, trouble};
use crate::daemon::{Event, Shared, clock};
use crate::intake::mailbox::{Fetched, Mailbox};
use crate::intake::{Change, Door, Incoming, IntakeError};
use crate::model::Arrival;
use crate::store::{Accepted, StoreError, step};

/// First wait after a mail server failed, in seconds; it doubles each time.
const FIRST_WAIT_SECONDS: u64 = 5;
/// How soon a folder is looked at again in which a file is waited for, in milliseconds.
const SETTLE_MILLISECONDS: u64 = 200;
/// Longest wait before a mail server is tried again, in seconds.
const LONGEST_WAIT_SECONDS: u64 = 300;

/// A trouble that stays is told again after so long: a shift of staff.
const TELL_AGAIN: Duration = Duration::from_secs(6 * 3_600);

/// Looks into a folder at every change event and at every poll, until the daemon stops.
pub(in crate::daemon) async fn watch(mut door: Door, shared: Shared) {
    let (hint, mut hints) = mpsc::channel(1);
    let mut events = Events::default();
    let mut troubles = Troubles::default();
    let poll = Duration::from_secs(door.poll_seconds());
    let mut idleness = Idleness::default();
    loop {
        events.keep(&door, &hint, &shared);
        events.take().into_iter().for_each(|(name, change)| door.note(name, change));
        let rest = round(&mut door, &mut troubles, &shared);
        idleness.is(rest == Rest::Idle, &shared);
        let is_soon = rest == Rest::Settling;
        let pause = if is_soon { Duration::from_millis(SETTLE_MILLISECONDS).min(poll) } else { poll };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
            Some(()) = hints.recv(), if !is_soon => {}
        }
    }
}

/// What a door waits for after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing is there.
    Idle,
    /// A file is there that may be whole soon.
    Settling,
    /// Papers are there that cannot be kept now.
    Blocked,
}

/// What is wrong with a door as a whole.
#[derive(Default)]
struct Troubles {
    unreadable: Standing,
    unkept: Standing,
    unmoved: Standing,
}

/// A trouble that lasts: it is told when it begins, and then seldom.
#[derive(Default)]
struct Standing {
    told_at: Option<Instant>,
}

impl Standing {
    fn tell(&mut self, error: &(dyn std::error::Error + 'static), shared: &Shared) {
        let is_due = self.told_at.is_none_or(|told_at| told_at.elapsed() >= TELL_AGAIN);
        if is_due {
            self.told_at = Some(Instant::now());
        }
        (shared.tell)(if is_due { trouble(error) } else { still(error) });
    }

    fn is_over(&mut self) {
        self.told_at = None;
    }
}

/// Looks once, keeps what is there, and releases what is kept.
fn round(door: &mut Door, troubles: &mut Troubles, shared: &Shared) -> Rest {
    // a paper that the disk has no room for is not even read
    if let Err(error) = shared.store.must_have_room() {
        troubles.unkept.tell(&error, shared);
        return Rest::Blocked;
    }
    let seen = match door.look(clock::now()) {
        Ok(seen) => seen,
        Err(error) => {
            troubles.unreadable.tell(&error, shared);
            return Rest::Idle;
        }
    };
    troubles.unreadable.is_over();
    let is_settling = seen.waiting > 0 || !seen.incoming.is_empty();
    let mut put_off = seen.put_off;
    for incoming in seen.incoming {
        put_off += usize::from(!take(door, incoming, troubles, shared));
    }
    if put_off == 0 {
        troubles.unkept.is_over();
    }
    // each is told once by the door
    seen.troubles.iter().for_each(|error| (shared.tell)(trouble(error)));
    match seen.unmoved {
        Some(error) => troubles.unmoved.tell(&error, shared),
        None if door.unmoved() == 0 => troubles.unmoved.is_over(),
        None => {}
    }
    match (is_settling, put_off) {
        (true, _) => Rest::Settling,
        (false, 0) => Rest::Idle,
        (false, _) => Rest::Blocked,
    }
}

/// Ours first, released then. What cannot be kept stays where it is and is seen again. False where it was not kept.
fn take(door: &mut Door, incoming: Incoming, troubles: &mut Troubles, shared: &Shared) -> bool {
    let Incoming { arrival, bytes, receipt } = incoming;
    if let Err(error) = keep(arrival, &bytes, shared) {
        troubles.unkept.tell(&error, shared);
        door.put_off(receipt, clock::now());
        return false;
    }
    match door.release(receipt, clock::now()) {
        Ok(()) => {}
        Err(error @ IntakeError::Unmoved { .. }) => troubles.unmoved.tell(&error, shared),
        Err(error) => (shared.tell)(trouble(&error)),
    }
    step("file released");
    true
}

/// The change events of a folder. They are only a hint: shares send none. A folder that was removed and made anew sends no more
/// to whoever watched the old one, so it is watched anew.
#[derive(Default)]
struct Events {
    watcher: Option<notify::RecommendedWatcher>,
    /// Device and inode of the folder that is watched.
    of: Option<(u64, u64)>,
    /// By file name, since the last look.
    changes: Arc<Mutex<BTreeMap<OsString, Change>>>,
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
        let changes = self.changes.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // our own look opens the folder and reads in it: to be woken by that would be to look for ever
            let is_ours = event.as_ref().is_ok_and(|event| match event.kind {
                EventKind::Access(AccessKind::Close(mode)) => mode != AccessMode::Write,
                EventKind::Access(_) => true,
                _ => false,
            });
            if let Ok(event) = &event {
                remember(event, &mut changes.lock().unwrap_or_else(PoisonError::into_inner));
            }
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

    fn take(&self) -> BTreeMap<OsString, Change> {
        std::mem::take(&mut self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What an event says of who writes. The number of names is that of the folder's files, as each look takes them out.
fn remember(event: &notify::Event, changes: &mut BTreeMap<OsString, Change>) {
    let change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Change::Finished,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Change::Finished,
        EventKind::Modify(ModifyKind::Data(_)) => Change::Written,
        _ => return,
    };
    let names = event.paths.iter().filter_map(|path| path.file_name());
    changes.extend(names.map(|name| (name.to_owned(), change)));
}

/// Takes every new mail of a mailbox, and waits for the next, until the daemon stops. A server that does not answer is tried
/// again with growing delay.
pub(in crate::daemon) async fn watch_mailbox(mut door: Mailbox, shared: Shared) {
    let mut idleness = Idleness::default();
    let mut failures = 0;
    let mut unkept = Standing::default();
    loop {
        let round = shared.stop.run_until_cancelled(empty(&mut door, &mut unkept, &shared)).await;
        let Some(round) = round else { break };
        let waited = match round {
            Ok(()) => {
                failures = 0;
                idleness.is(true, &shared);
                shared.stop.run_until_cancelled(wait(&mut door, &shared)).await
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

/// Until there is new mail, or a held one was released. A wait that is cut short costs a new connection.
async fn wait(door: &mut Mailbox, shared: &Shared) -> Result<(), IntakeError> {
    tokio::select! {
        waited = door.wait() => waited,
        () = shared.released.notified() => Ok(()),
    }
}

async fn empty(door: &mut Mailbox, unkept: &mut Standing, shared: &Shared) -> Result<(), IntakeError> {
    let held = match shared.store.held() {
        Ok(held) => held,
        Err(error) => {
            unkept.tell(&error, shared);
            return Ok(());
        }
    };
    let looked = door.look(&held).await?;
    for mail in &looked.gone {
        note(shared.store.forget_held(mail), shared);
    }
    for uid in looked.unlisted {
        let mail = door.describe_held(uid, clock::now()).await?;
        note(shared.store.hold(&mail), shared);
    }
    let new = looked.new.into_iter().map(|uid| (uid, None));
    for (uid, released) in looked.released.into_iter().map(|mail| (mail.uid, Some(mail))).chain(new) {
        // what the disk has no room for is not even fetched
        if let Err(error) = shared.store.must_have_room() {
            unkept.tell(&error, shared);
            break;
        }
        match door.fetch(uid, released.is_some(), clock::now(), &shared.senders()).await {
            Ok(Fetched::Gone) => {}
            Ok(Fetched::Held(mail)) => {
                note(shared.store.hold(&mail), shared);
                (shared.tell)(Event::Needed { what: mail.why });
            }
            Ok(Fetched::Mail(mail)) => match keep(mail.arrival.clone(), &mail.bytes, shared) {
                Ok(()) => {
                    unkept.is_over();
                    step("mail kept");
                    match door.release(&mail).await {
                        Ok(()) => {
                            if let Some(mail) = &released {
                                note(shared.store.forget_held(mail), shared);
                            }
                        }
                        // ours, but it stays in the folder; the others go on
                        Err(error) if error.is_answered() => {
                            if door.put_off(&mail) {
                                (shared.tell)(trouble(&error));
                            }
                        }
                        Err(error) => return Err(error),
                    }
                    step("mail released");
                }
                Err(error) => unkept.tell(&error, shared),
            },
            // this one stays on the server; the others go on
            Err(IntakeError::Unfetchable { is_news: false, .. }) => {}
            Err(error @ IntakeError::Unfetchable { .. }) => (shared.tell)(trouble(&error)),
            Err(error) => return Err(error),
        }
    }
    shared.unreached.store(false, Ordering::SeqCst);
    Ok(())
}

/// What could not be written into the list of held mails is written at the next look.
fn note(noted: Result<(), StoreError>, shared: &Shared) {
    if let Err(error) = noted {
        (shared.tell)(trouble(&error));
    }
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
