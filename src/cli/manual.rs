//! `rxintake manual`: the man pages and the completions of the shells, made from the arguments themselves.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Arguments;

/// Writes them into `folder`.
///
/// # Errors
/// Where the folder cannot be written.
pub(in crate::cli) fn write(folder: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let cannot = || format!("cannot write into {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    clap_mangen::generate_to(Arguments::command(), folder).with_context(cannot)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "rxintake", &mut script);
        fs::write(folder.join(format!("rxintake.{shell}")), script).with_context(cannot)?;
    }
    writeln!(out, "The man pages and completions are in {}.", folder.display())?;
    Ok(())
}
