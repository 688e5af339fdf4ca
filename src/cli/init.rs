//! `rxintake init`: a commented starter configuration, the rule files, the folders.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use crate::intake::senders::Profiles;
use crate::rules::Book;
use crate::store::find_or_make_key;

const CONFIGURATION: &str = include_str!("starter.toml");

/// Writes into `folder`; nothing that is there already is touched.
///
/// # Errors
/// Where a configuration is there already, or the folder cannot be written.
pub(in crate::cli) fn init(folder: &Path, rules: &[(&str, &str)], out: &mut impl Write) -> anyhow::Result<()> {
    let configuration = folder.join("rxintake.toml");
    if configuration.try_exists()? {
        bail!("{} is there already; move it away first, or edit it", configuration.display());
    }
    for part in ["inbox", "rules", "rules/senders", "secrets"] {
        let part = folder.join(part);
        fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
    }
    for (name, text) in rules.iter().chain([&Book::SCHEMA, &Profiles::FILE]) {
        let path = folder.join("rules").join(name);
        if !path.try_exists()? {
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    fs::write(&configuration, CONFIGURATION).with_context(|| format!("cannot write {}", configuration.display()))?;
    let key = folder.join("secrets/master.key");
    find_or_make_key(&key)?;
    writeln!(out, "Wrote {}", configuration.display())?;
    writeln!(out, "Wrote the rule files into {}", folder.join("rules").display())?;
    writeln!(
        out,
        "The master key is {}. Keep a copy elsewhere: without it the records cannot be read.",
        key.display()
    )?;
    writeln!(out, "Next: edit rxintake.toml, then `rxintake doctor --config {}`", configuration.display())?;
    Ok(())
}
