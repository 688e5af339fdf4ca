//! `rxintake backup`, `restore`, `rebuild`, `key rotate` and `audit`: what keeps the records safe.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::daemon::{Records, clock};
use crate::store::{
    self, Act, Backup, MasterKey, Store, StoreError, Verdict, find_key, find_or_make_key, rotate_key as rotate_key_file,
};

/// The user of this machine who types.
pub(in crate::cli) fn user() -> String {
    let name = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).or_else(|_| std::env::var("LOGNAME"));
    name.unwrap_or_else(|_| "unknown".to_owned())
}

/// Copies records, originals, keys, journal and the letters that are owed. False where a record is damaged and was left out.
///
/// # Errors
/// Where the folder is not empty, or something cannot be copied.
pub(in crate::cli) fn backup(
    config: &Config,
    folder: &Path,
    records: &Records,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    records.audit(Act::BackedUp, None, &user())?;
    let mut backup = Backup::begin(&config.data_dir, folder, key(config)?)?;
    let (mut copied, mut damaged) = (0, 0);
    for id in records.ids()? {
        match records.record(&id) {
            Ok(Some(record)) => {
                backup.add(&record)?;
                copied += 1;
            }
            Ok(None) => {} // removed since
            Err(error) => {
                damaged += 1;
                writeln!(out, "TROUBLE: record {id} is left out: {:#}", anyhow::Error::from(error))?;
            }
        }
    }
    for letter in records.letters()? {
        backup.add_letter(&letter)?;
    }
    let originals = backup.finish()?;
    let (copied, originals) = (count(copied, "record"), count(originals, "original"));
    writeln!(out, "Copied {copied} and {originals} to {}.", folder.display())?;
    writeln!(
        out,
        "What is in the copy is sealed; it opens with the master key {} alone.",
        config.key_path().display()
    )?;
    Ok(damaged == 0)
}

/// "1 record", "2 records".
fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The master key; made where nothing was sealed yet.
fn key(config: &Config) -> Result<MasterKey, StoreError> {
    Ok(find_or_make_key(&config.key_path(), &config.data_dir)?.0)
}

/// Puts a copy back.
///
/// # Errors
/// Where the data folder holds papers, the copy is damaged, or the key does not fit.
pub(in crate::cli) fn restore(config: &Config, folder: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let key_path = config.key_path();
    // before anything is written: with another key nothing of the copy opens
    let Some(key) = find_key(&key_path, folder)? else {
        bail!("{} is not there; put the master key back first, the copy does not open without it", key_path.display());
    };
    let store::Restored { records, owed } = store::restore(folder, &config.data_dir, key)?;
    let are = |number| if number == 1 { "is" } else { "are" };
    writeln!(out, "{} {} back in {}.", count(records, "record"), are(records), config.data_dir.display())?;
    if owed > 0 {
        writeln!(out, "{} {} looked through by the next `rxintake run`.", count(owed, "original"), are(owed))?;
    }
    Ok(())
}

/// Puts the embedded store aside and makes it anew. False where something is damaged beside it.
///
/// # Errors
/// Where a daemon runs, or the disk does not answer.
pub(in crate::cli) fn rebuild(config: &Config, out: &mut impl Write) -> anyhow::Result<bool> {
    let key = key(config)?; // nothing is put aside where the key is gone or another
    let aside = Store::put_shelves_aside(&config.data_dir, clock::now())?;
    let store = Store::open(&config.data_dir, key)?;
    store.audit(clock::now(), &user(), Act::Rebuilt, None)?;
    if let Some(aside) = aside {
        writeln!(out, "The old store is kept in {}; remove it when all is well.", aside.display())?;
    }
    let (papers, _) = store.owed()?;
    writeln!(
        out,
        "{} will be read again by the next `rxintake run`; decisions come back from the journal,",
        count(papers, "original")
    )?;
    writeln!(out, "and nobody is told again of what was told.")?;
    let damages = store.new_damages();
    for what in &damages {
        writeln!(out, "TROUBLE: {what}")?;
    }
    Ok(damages.is_empty())
}

/// Puts a new master key in the place of the old one.
///
/// # Errors
/// Where a daemon runs, the key is not a file of ours, or something does not open.
pub(in crate::cli) fn rotate_key(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let path = config.key_path();
    // opening proves that no daemon runs and that the present key fits
    drop(Store::open(&config.data_dir, key(config)?).map_err(told_to_stop)?);
    rotate_key_file(&path)?;
    let store = Store::open(&config.data_dir, key(config)?).map_err(told_to_stop)?;
    store.audit(clock::now(), &user(), Act::KeyRotated, None)?;
    writeln!(
        out,
        "{} holds a new key; everything is wrapped by it. Copy it to where you keep the old one.",
        path.display()
    )?;
    writeln!(out, "Backups that were made before open with the old key alone.")?;
    Ok(())
}

fn told_to_stop(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Locked(_) => anyhow::anyhow!("the daemon runs; stop it first, then rotate the key"),
        error => error.into(),
    }
}

/// Holds the audit journal against its chain. True if no line was changed or removed.
///
/// # Errors
/// Where it cannot be read.
pub(in crate::cli) fn verify_audit(config: &Config, out: &mut impl Write) -> anyhow::Result<bool> {
    let key = key(config)?;
    match store::verify_audit(&config.data_dir, &key)? {
        Verdict::Whole(lines) => {
            writeln!(out, "{lines} entries, none changed and none missing.")?;
            Ok(true)
        }
        Verdict::Broken { line, why } => {
            writeln!(out, "Entry {line}: {why}.")?;
            Ok(false)
        }
    }
}

/// Prints the audit journal.
///
/// # Errors
/// Where it cannot be read.
pub(in crate::cli) fn list_audit(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let path = config.data_dir.join("journal/audit");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    for line in text.lines().filter_map(|line| serde_json::from_str::<store::AuditEntry>(line).ok()) {
        let record = line.record.map(|id| format!("  {id}")).unwrap_or_default();
        let act = serde_json::to_value(line.act)?;
        writeln!(out, "{:6}  {}  {:12}  {}{record}", line.number, line.at, line.by, act.as_str().unwrap_or_default())?;
    }
    Ok(())
}
