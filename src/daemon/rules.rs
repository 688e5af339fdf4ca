//! The rule book's task: changed rule files come into force while the daemon runs, all or none.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use crate::daemon::{Event, Shared};
use crate::intake::senders::Profiles;
use crate::pipeline::Pipeline;
use crate::rules::Book;

/// How often the rule files are looked at, in seconds. A change is taken up when two looks saw the same.
const LOOK_SECONDS: u64 = 2;

/// Name, size and time of every file that the book is read from.
type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Watches the folder of rule files until the daemon stops. A broken book is told once, and the one before stays in force.
pub(in crate::daemon) async fn watch(folder: PathBuf, pipeline: Pipeline, shared: Shared) {
    // empty at first: the files may have changed since the book was read
    let (mut in_force, mut last) = (Seen::new(), Seen::new());
    let pause = Duration::from_secs(LOOK_SECONDS);
    while shared.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        let seen = look(&folder);
        let has_settled = seen == last;
        last.clone_from(&seen);
        if seen == in_force || !has_settled {
            continue;
        }
        in_force = seen;
        match Profiles::load(&folder) {
            Ok(profiles) => *shared.profiles.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(profiles),
            Err(fault) => {
                let what = format!("the changed sender profiles are broken, those before stay in force: {fault}");
                (shared.tell)(Event::Needed { what });
            }
        }
        match Book::load(&folder) {
            Ok(book) if book.version() == pipeline.book().version() => {}
            Ok(book) => {
                let version = book.version().to_owned();
                pipeline.set_book(book);
                (shared.tell)(Event::Rules { version });
            }
            Err(faults) => {
                let version = pipeline.book().version().to_owned();
                let what = format!(
                    "the changed rule files are broken; version {version} stays in force. `rxintake rules check` shows this:\n{faults}"
                );
                (shared.tell)(Event::Needed { what });
            }
        }
    }
}

/// What cannot be looked at is told when the book is read.
fn look(folder: &Path) -> Seen {
    let entries = [folder.to_owned(), folder.join("codes"), folder.join("senders")]
        .into_iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let files = entries.flatten().filter_map(Result::ok).filter_map(|entry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some((entry.path(), metadata.len(), metadata.modified().ok()))
    });
    let mut seen: Seen = files.collect();
    seen.sort();
    seen
}
