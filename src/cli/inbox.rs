//! `rxintake inbox`: the mails that are held in their mailboxes, and a person's word on them.

use std::io::Write;

use anyhow::bail;
use jiff::tz::TimeZone;

use crate::daemon::Records;
use crate::model::HeldMail;

/// A line or two a mail.
///
/// # Errors
/// Where the list cannot be had.
pub(in crate::cli) fn held(records: &Records, out: &mut impl Write) -> anyhow::Result<()> {
    let held = records.held()?;
    if held.is_empty() {
        writeln!(out, "No mail is held.")?;
    }
    for mail in held {
        let at = mail.held_at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string();
        let sender = mail.sender.as_ref().map_or("nobody", |sender| sender.reveal().as_str());
        let released = if mail.is_released { "; released, it is taken in at the next look" } else { "" };
        writeln!(out, "{}  {at}  {}  from {}{released}", short(&mail), mail.mailbox, printable(sender))?;
        writeln!(out, "          {}", mail.why)?;
    }
    Ok(())
}

/// Lets mails in that are held. The daemon takes them at once, or at its next start.
///
/// # Errors
/// Where one is not held, or that cannot be written down.
pub(in crate::cli) fn release(records: &Records, ids: &[String], by: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let held = records.held()?;
    let mut found = Vec::new();
    for id in ids {
        let fitting: Vec<&HeldMail> = held.iter().filter(|mail| mail.id.starts_with(id.as_str())).collect();
        match fitting.as_slice() {
            [mail] => found.push(*mail),
            [] => bail!("no held mail begins with {id}; `rxintake inbox held` lists them"),
            several => bail!("{} held mails begin with {id}; give more letters", several.len()),
        }
    }
    for mail in found {
        records.release(&mail.id, by)?;
        writeln!(out, "{} is taken in from {}.", short(mail), mail.mailbox)?;
    }
    if !records.daemon_runs() {
        writeln!(out, "No daemon runs: that is done at the next `rxintake run`.")?;
    }
    Ok(())
}

fn short(mail: &HeldMail) -> String {
    mail.id.chars().take(8).collect()
}

/// A sender writes what he likes; a terminal obeys some of it.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}
