//! The rules that papers are read by: found at the start, and changed while the daemon runs, all or none.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared};
use crate::decide::decide;
use crate::intake::senders::Profiles;
use crate::pipeline::Pipeline;
use crate::rules::Book;
use crate::store::Store;
use crate::written::{is_rule_file, names_in, was_meant_to_be_one};

/// How often the rule files are looked at, in seconds. A change is taken up when two looks saw the same.
const LOOK_SECONDS: u64 = 2;
/// Broken files are read again after so many looks, also unchanged: a share or a folder above them may be back.
const AGAIN_LOOKS: u32 = 15;

/// Rule book and sender profiles of one folder: both sound.
pub struct Rules {
    /// The rule book.
    pub book: Book,
    /// The sender profiles.
    pub senders: Arc<Profiles>,
    /// What both were read from; None of the built-in ones.
    pub(in crate::daemon) files: Option<Files>,
    /// Why these are in force and not those that the configuration names.
    pub(in crate::daemon) broken: Option<String>,
}

/// Names and texts of the files that book and profiles are read from, in the order of their names.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::daemon) struct Files {
    rules: Vec<(String, String)>,
    /// None where there is no such folder.
    senders: Option<Vec<(String, String)>>,
    codes: Option<String>,
}

impl Rules {
    /// The rules that `config` names.
    ///
    /// # Errors
    /// All faults.
    pub fn named(config: &Config) -> Result<Self, String> {
        let built_in =
            || Self { book: Book::built_in(), senders: Profiles::built_in().into(), files: None, broken: None };
        config.rules_dir.as_deref().map_or_else(|| Ok(built_in()), Self::load)
    }

    /// The rules that were last in force, in the place of broken ones.
    ///
    /// # Errors
    /// The `faults` of those, where no others were ever in force.
    pub fn kept(store: &Store, faults: String) -> Result<Self, String> {
        let kept = match store.kept_rules() {
            Ok(Some(kept)) => kept,
            Ok(None) => return Err(faults),
            Err(error) => return Err(format!("{faults}\n{error}")),
        };
        let rules = serde_json::from_slice(&kept).map_err(|error| error.to_string()).and_then(Self::of);
        let rules = rules.map_err(|why| format!("{faults}\nthose that were in force before cannot be used: {why}"))?;
        Ok(Self { broken: Some(broken(&rules.book, &faults)), ..rules })
    }

    /// Those of a folder that may take the place of `in_force`: sound, and all their examples come out.
    fn changed(folder: &Path, in_force: &Book) -> Result<Self, String> {
        let rules = Self::load(folder).map_err(|faults| broken(in_force, &faults))?;
        let (version, mut failures) = (in_force.version(), rules.senders.test().1);
        if rules.book.version() != version {
            failures.extend(rules.book.failing_tests(decide).iter().map(ToString::to_string));
        }
        if failures.is_empty() {
            return Ok(rules);
        }
        let failures = failures.join("\n");
        Err(format!(
            "tests in the changed rule files do not come out; version {version} stays in force. `rxintake rules test` shows this:\n\
             {failures}"
        ))
    }

    fn of(files: Files) -> Result<Self, String> {
        let book = Book::from_files(files.rules.clone(), files.codes.clone()).map_err(|faults| faults.to_string())?;
        let senders = files.senders.as_deref().map_or_else(|| Ok(Profiles::built_in()), Profiles::from_files);
        let senders = senders.map_err(|faults| faults.to_string())?.into();
        Ok(Self { book, senders, files: Some(files), broken: None })
    }

    fn load(folder: &Path) -> Result<Self, String> {
        match (Book::load(folder), Profiles::load(folder)) {
            (Ok(book), Ok(senders)) => {
                let files =
                    Files::read(folder).map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
                Ok(Self { book, senders: senders.into(), files: Some(files), broken: None })
            }
            (book, senders) => {
                let faults = [book.err().map(|it| it.to_string()), senders.err().map(|it| it.to_string())];
                Err(faults.into_iter().flatten().collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

impl Files {
    fn read(folder: &Path) -> io::Result<Self> {
        let (senders, codes) = (folder.join("senders"), folder.join(Book::CODES_FILE));
        Ok(Self {
            rules: Self::texts(folder)?,
            senders: senders.is_dir().then(|| Self::texts(&senders)).transpose()?,
            codes: codes.try_exists()?.then(|| fs::read_to_string(&codes)).transpose()?,
        })
    }

    fn texts(folder: &Path) -> io::Result<Vec<(String, String)>> {
        let names = names_in(folder)?.into_iter().filter(|name| is_rule_file(name));
        names.map(|name| fs::read_to_string(folder.join(&name)).map(|text| (name, text))).collect()
    }
}

fn broken(in_force: &Book, faults: &str) -> String {
    let version = in_force.version();
    format!("the rule files are broken; version {version} stays in force. `rxintake rules check` shows this:\n{faults}")
}

/// Watches the folder of rule files until the daemon stops. `told` is what was told of it at the start.
pub(in crate::daemon) async fn watch(folder: PathBuf, told: Option<String>, pipeline: Pipeline, shared: Shared) {
    shared.stop.run_until_cancelled(take_changes(folder, told, pipeline, &shared)).await;
}

/// For ever. A broken book is told once, and the one before stays in force.
async fn take_changes(folder: PathBuf, told: Option<String>, pipeline: Pipeline, shared: &Shared) {
    let mut told = Vec::from_iter(told);
    // nothing was seen at first: the files may have changed since the book was read
    let (mut tried, mut last) = (Seen::new(), Seen::new());
    let pause = Duration::from_secs(LOOK_SECONDS);
    let mut looks: u32 = 0;
    loop {
        tokio::time::sleep(pause).await;
        looks = looks.wrapping_add(1);
        let is_again = !told.is_empty() && looks.is_multiple_of(AGAIN_LOOKS);
        let seen = look_apart(&folder).await;
        let has_settled = seen == last;
        last.clone_from(&seen);
        if !has_settled || seen == tried && !is_again {
            continue;
        }
        tried = seen;
        let (read, in_force) = (folder.clone(), pipeline.book());
        let loaded = apart(move || Rules::changed(&read, &in_force)).await;
        if look_apart(&folder).await != tried {
            continue; // what was read is no more what is there; a later look takes it up
        }
        match loaded {
            Ok(rules) => take(rules, &mut told, &pipeline, shared).await,
            Err(what) => {
                if !told.contains(&what) {
                    (shared.tell)(Event::Needed { what: what.clone() });
                    told.push(what);
                }
            }
        }
    }
}

/// Puts sound rules in force. Whoever was told that they are broken is told that they are not.
async fn take(rules: Rules, told: &mut Vec<String>, pipeline: &Pipeline, shared: &Shared) {
    let is_other = rules.book.version() != pipeline.book().version();
    let version = rules.book.version().to_owned();
    pipeline.set_book(rules.book);
    *shared.profiles.write().unwrap_or_else(PoisonError::into_inner) = rules.senders;
    let are_kept_anew = match rules.files {
        Some(files) => keep(files, shared).await,
        None => false,
    };
    let mended = std::mem::take(told);
    if is_other || are_kept_anew || !mended.is_empty() {
        (shared.tell)(Event::Rules { version, mended });
    }
}

/// Keeps a copy of the rules in force for a start with broken ones. True if it differs from the one before.
pub(in crate::daemon) async fn keep(files: Files, shared: &Shared) -> bool {
    let store = shared.store.clone();
    let kept = apart(move || {
        let known = store.kept_rules();
        let damage = known.as_ref().err().map(ToString::to_string);
        let known = known.ok().flatten().and_then(|known| serde_json::from_slice::<Files>(&known).ok());
        if known.as_ref() == Some(&files) {
            return Ok((false, damage));
        }
        let text = serde_json::to_vec(&files).unwrap_or_else(|error| unreachable!("names and texts are JSON: {error}"));
        store.keep_rules(&text).map(|()| (true, damage))
    });
    match kept.await {
        Ok((is_other, damage)) => {
            if let Some(damage) = damage {
                (shared.tell)(Event::Trouble { what: format!("{damage}; rules-in-force is written anew") });
            }
            is_other
        }
        Err(error) => {
            (shared.tell)(trouble(&error));
            false
        }
    }
}

/// On a thread of its own: a network share may let it wait.
async fn apart<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    let acted = tokio::task::spawn_blocking(act).await;
    acted.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))
}

/// What the book is read from: each file and folder with what tells a change of it, and of what a link leads to.
type Seen = Vec<(PathBuf, Option<Stamp>, Option<Stamp>)>;
/// Device, number, mode, owners; and of a file its size and its times in nanoseconds, of content and of mode.
type Stamp = ([u64; 5], [i128; 3]);

async fn look_apart(folder: &Path) -> Seen {
    let folder = folder.to_owned();
    apart(move || look(&folder)).await
}

/// What cannot be looked at is told when the book is read.
fn look(folder: &Path) -> Seen {
    let is_meant = |name: &str| is_rule_file(name) || was_meant_to_be_one(name);
    let is_read = |path: &Path| {
        path.file_name().is_some_and(|name| is_meant(&name.to_string_lossy())) || path.ends_with(Book::CODES_FILE)
    };
    let mut seen = Seen::new();
    for folder in [folder.to_owned(), folder.join("codes"), folder.join("senders")] {
        let entries = fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        seen.extend(entries.filter(|path| is_read(path)).map(stamped));
        seen.push(stamped(folder));
    }
    seen.sort();
    seen
}

fn stamped(path: PathBuf) -> (PathBuf, Option<Stamp>, Option<Stamp>) {
    let stamps = [fs::symlink_metadata(&path), fs::metadata(&path)].map(stamp);
    let [of_itself, behind] = stamps;
    (path, of_itself, behind)
}

fn stamp(metadata: io::Result<Metadata>) -> Option<Stamp> {
    let it = metadata.ok()?;
    let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    let times = [nanoseconds(it.mtime(), it.mtime_nsec()), nanoseconds(it.ctime(), it.ctime_nsec()), it.size().into()];
    // a folder's times change with every file that an editor lays beside the rules
    let times = if it.is_dir() { [0; 3] } else { times };
    Some(([it.dev(), it.ino(), it.mode().into(), it.uid().into(), it.gid().into()], times))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn whatever_the_book_is_read_from_is_seen_to_change() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut last = look(folder.path());
        let mut changes = |what: &str| {
            let seen = look(folder.path());
            let is_other = seen != last;
            last = seen;
            assert_eq!(is_other, !what.ends_with("unseen"), "{what}");
        };
        fs::write(path("a.toml"), "a").unwrap();
        changes("a new file");
        fs::set_permissions(path("a.toml"), fs::Permissions::from_mode(0o600)).unwrap();
        changes("its mode");
        fs::write(path("elsewhere"), "b").unwrap();
        changes("a file that is not read is unseen");
        symlink(path("elsewhere"), path("b.toml")).unwrap();
        changes("a link");
        fs::write(path("elsewhere"), "bb").unwrap();
        changes("what it leads to");
        fs::remove_file(path("elsewhere")).unwrap();
        changes("that it leads nowhere");
        fs::create_dir(path("c.toml")).unwrap();
        changes("a folder named like a file");
        fs::write(path("66-mine.toml.txt"), "a").unwrap();
        changes("a file with the wrong name, which is a fault");
        symlink("nobody@host", path(".#a.toml")).unwrap();
        changes("an editor's lock is unseen");
        fs::create_dir(path("codes")).unwrap();
        changes("a folder");
        fs::write(path("codes/icd10cm.tsv"), "").unwrap();
        changes("a table");
        changes("nothing is unseen");
    }
}
