//! In: doors. Out: records and letters, for months.
//!
//! One task a door hands papers to the store; as many workers as cores take what is owed through the pipeline; one mailer
//! empties the outbox. They share nothing but the store, which holds everything that is under way, and wake each other.

pub mod clock;
mod doors;
mod error;
mod event;
mod ledger;
mod mailer;
mod metrics;
mod reminder;
mod retention;
mod rules;
mod socket;
mod trouble;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::alert::Mailer;
use crate::config::{Config, Inbox, Retention};
use crate::intake::Door;
use crate::intake::folder::Folder;
use crate::intake::hylafax::Queue;
use crate::intake::mailbox::Mailbox;
use crate::intake::senders::Profiles;
use crate::pipeline::Pipeline;
use crate::reader::Reader;
use crate::store::{Act, Store};

pub use error::DaemonError;
pub use event::Event;
pub use rules::Rules;
pub use socket::{Records, SocketError, Standing};

/// Where events go as they happen.
pub type Tell = Arc<dyn Fn(Event) + Send + Sync>;

/// What every task of the daemon shares.
#[derive(Clone)]
pub(in crate::daemon) struct Shared {
    pub(in crate::daemon) store: Store,
    pub(in crate::daemon) config: Arc<Config>,
    pub(in crate::daemon) tell: Tell,
    pub(in crate::daemon) stop: CancellationToken,
    /// Papers are owed.
    pub(in crate::daemon) owed: Arc<Notify>,
    /// Letters are owed.
    pub(in crate::daemon) letters: Arc<Notify>,
    /// A held mail was released.
    pub(in crate::daemon) released: Arc<Notify>,
    /// Something changed that `--once` waits for.
    pub(in crate::daemon) progress: Arc<Notify>,
    /// Doors that saw nothing to take or wait for at their last look.
    pub(in crate::daemon) idle_doors: Arc<AtomicUsize>,
    /// How many doors there are.
    pub(in crate::daemon) door_count: usize,
    /// The sender profiles in force.
    pub(in crate::daemon) profiles: Arc<RwLock<Arc<Profiles>>>,
    /// Held while a record is made and kept, so that the papers of a mail are counted one after the other.
    pub(in crate::daemon) finishing: Arc<Mutex<()>>,
    /// What the workers could not do.
    pub(in crate::daemon) faults: Arc<worker::Faults>,
    /// A mail server did not answer when it was last asked.
    pub(in crate::daemon) unreached: Arc<AtomicBool>,
}

impl Shared {
    /// Whether no door sees anything to take or wait for.
    pub(in crate::daemon) fn doors_rest(&self) -> bool {
        self.idle_doors.load(Ordering::SeqCst) == self.door_count
    }

    /// The sender profiles in force.
    pub(in crate::daemon) fn senders(&self) -> Arc<Profiles> {
        self.profiles.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Runs until SIGTERM or SIGINT, or, with `once`, until every inbox is empty, nothing is owed and the outbox is empty. The
/// paper in hand is finished or given back.
///
/// # Errors
/// Where a door or the mailer cannot work at all.
pub async fn run(
    config: Config,
    reader: Reader,
    rules: Rules,
    store: Store,
    once: bool,
    tell: Tell,
) -> Result<(), DaemonError> {
    let mailer = Mailer::new(&config.alerts).map_err(DaemonError::Alerts)?;
    let pipeline = Pipeline::new(reader, rules.book);
    let (mut doors, mut mailboxes) = (Vec::new(), Vec::new());
    for inbox in &config.inbox {
        match inbox {
            Inbox::Folder(options) => doors.push(Door::Folder(Folder::new(options.clone()))),
            Inbox::Hylafax(options) => doors.push(Door::Hylafax(Queue::new(options.clone()))),
            Inbox::Imap(options) => mailboxes.push(Mailbox::new(*options.clone()).map_err(DaemonError::Door)?),
        }
    }
    for door in &doors {
        door.prepare().map_err(DaemonError::Door)?;
    }
    let metrics = Arc::new(metrics::Metrics::new());
    let troubles = Arc::new(trouble::Troubles::default());
    let tell: Tell = {
        let (metrics, troubles) = (metrics.clone(), troubles.clone());
        Arc::new(move |event| {
            metrics.note(&event);
            troubles.note(&event, clock::now());
            tell(event);
        })
    };
    let shared = Shared {
        store,
        config: Arc::new(config),
        tell,
        stop: CancellationToken::new(),
        owed: Arc::new(Notify::new()),
        letters: Arc::new(Notify::new()),
        released: Arc::new(Notify::new()),
        progress: Arc::new(Notify::new()),
        idle_doors: Arc::new(AtomicUsize::new(0)),
        door_count: doors.len() + mailboxes.len(),
        profiles: Arc::new(RwLock::new(rules.senders)),
        finishing: Arc::new(Mutex::new(())),
        faults: Arc::default(),
        unreached: Arc::new(AtomicBool::new(false)),
    };
    shared.store.audit(clock::now(), "daemon", Act::Started, None).map_err(DaemonError::Store)?;
    trouble::tell_damages(&shared);
    match (&rules.broken, rules.files) {
        (Some(what), _) => (shared.tell)(Event::Needed { what: what.clone() }),
        (None, Some(files)) => drop(rules::keep(files, &shared).await),
        (None, None) => {}
    }
    let mut tasks = JoinSet::new();
    tasks.spawn(trouble::watch(troubles, once, shared.clone()));
    for door in doors {
        tasks.spawn(doors::watch(door, shared.clone()));
    }
    for mailbox in mailboxes {
        tasks.spawn(doors::watch_mailbox(mailbox, shared.clone()));
    }
    let sandbox_told = tokio::spawn(tell_sandbox(pipeline.clone(), shared.tell.clone()));
    for _ in 0..shared.config.reader.jobs.max(1) {
        tasks.spawn(worker::work(pipeline.clone(), shared.clone()));
    }
    if let Some(folder) = shared.config.rules_dir.clone() {
        tasks.spawn(rules::watch(folder, rules.broken, pipeline.clone(), shared.clone()));
    }
    if !once {
        tasks.spawn(reminder::remind(shared.clone()));
        if shared.config.retention != Retention::default() {
            tasks.spawn(retention::purge(shared.clone()));
        }
    }
    if let Some(options) = &shared.config.metrics {
        tasks.spawn(metrics::serve(options.listen, metrics, shared.clone()));
    }
    tasks.spawn(mailer::deliver(mailer, once, shared.clone()));
    tasks.spawn(socket::answer(shared.clone()));

    tokio::select! {
        signal = stop_signal() => signal.map_err(DaemonError::Signals)?,
        () = until_done(&shared), if once => {}
        ended = tasks.join_next() => {
            // a task ends by itself only by a fault of ours
            if let Some(Err(error)) = ended {
                shared.stop.cancel();
                return Err(DaemonError::Task(error));
            }
        }
    }
    sandbox_told.await.map_err(DaemonError::Task)?;
    trouble::tell_damages(&shared);
    (shared.tell)(Event::Stopping);
    shared.stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(DaemonError::Task)?;
    }
    if once && shared.unreached.load(Ordering::SeqCst) {
        return Err(DaemonError::Unreached);
    }
    Ok(())
}

/// Tells once where the kernel does not hold the reader child in. A child that does not start is told with the first paper.
async fn tell_sandbox(pipeline: Pipeline, tell: Tell) {
    if let Ok(report) = pipeline.check().await
        && !report.sandbox.is_shut()
    {
        tell(Event::Sandbox { what: report.sandbox.tell() });
    }
}

async fn until_done(shared: &Shared) {
    loop {
        let changed = shared.progress.notified();
        let owed = shared.store.owed().unwrap_or((1, 1)); // a store that does not answer is not done
        if owed == (0, 0) && shared.doors_rest() {
            return;
        }
        changed.await;
    }
}

async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
