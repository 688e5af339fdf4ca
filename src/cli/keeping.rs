//! `rxintake backup`, `restore`, `rebuild`, `key rotate` and `audit`: what keeps the records safe.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::daemon::{Records, clock};
use crate::store::{self, Act, Backup, Store, StoreError, Verdict, find_or_make_key, rotate_key as rotate_key_file};

/// The user of this machine who types.
pub(in crate::cli) fn user() -> String {
    let name = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).or_else(|_| std::env::var("LOGNAME"));
    name.unwrap_or_else(|_| "unknown".to_owned())
}

/// Copies records, originals, keys and journal.
///
/// # Errors
/// Where the folder is not empty, or something cannot be copied.
pub(in crate::cli) fn backup(
    config: &Config,
    folder: &Path,
    records: &Records,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    records.audit(Act::BackedUp, None, &user())?;
    let mut backup = Backup::begin(&config.data_dir, folder, find_or_make_key(&config.key_path())?.0)?;
    let ids = records.ids()?;
    for id in &ids {
        backup.add(&records.record(id)?.with_context(|| format!("record {id} is gone"))?)?;
    }
    let originals = backup.finish()?;
    writeln!(out, "Copied {} records and {originals} originals to {}.", ids.len(), folder.display())?;
    writeln!(
        out,
        "What is in the copy is sealed; it opens with the master key {} alone.",
        config.key_path().display()
    )?;
    Ok(())
}

/// Puts a copy back.
///
/// # Errors
/// Where the data folder holds papers, the copy is damaged, or the key does not fit.
pub(in crate::cli) fn restore(config: &Config, folder: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let key_path = config.key_path();
    if !key_path.try_exists()? {
        bail!("{} is not there; put the master key back first, the copy does not open without it", key_path.display());
    }
    let records = store::restore(folder, &config.data_dir, find_or_make_key(&key_path)?.0)?;
    writeln!(out, "{records} records are back in {}.", config.data_dir.display())?;
    Ok(())
}

/// Puts the embedded store aside and makes it anew.
///
/// # Errors
/// Where a daemon runs, or the disk does not answer.
pub(in crate::cli) fn rebuild(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let aside = Store::put_shelves_aside(&config.data_dir, clock::now())?;
    let store = Store::open(&config.data_dir, find_or_make_key(&config.key_path())?.0)?;
    store.audit(clock::now(), &user(), Act::Rebuilt, None)?;
    if let Some(aside) = aside {
        writeln!(out, "The old store is kept in {}; remove it when all is well.", aside.display())?;
    }
    let (papers, _) = store.owed()?;
    writeln!(
        out,
        "{papers} originals will be read again by the next `rxintake run`; decisions come back from the journal,"
    )?;
    writeln!(out, "and nobody is told again of what was told.")?;
    Ok(())
}

/// Puts a new master key in the place of the old one.
///
/// # Errors
/// Where a daemon runs, the key is not a file of ours, or something does not open.
pub(in crate::cli) fn rotate_key(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    let path = config.key_path();
    // opening proves that no daemon runs and that the present key fits
    drop(Store::open(&config.data_dir, find_or_make_key(&path)?.0).map_err(told_to_stop)?);
    rotate_key_file(&path)?;
    let store = Store::open(&config.data_dir, find_or_make_key(&path)?.0).map_err(told_to_stop)?;
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
    let key = find_or_make_key(&config.key_path())?.0;
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
