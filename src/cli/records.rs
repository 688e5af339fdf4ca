//! `rxintake records`: what is stored.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::cli::keeping::user;
use crate::cli::{kind_words, pretty};
use crate::config::Config;
use crate::daemon::{Records, clock};
use crate::model::{ArrivalId, Decision, Field, MediaType, OriginKind, Paper, RecordState};
use crate::pages;
use crate::store::Act;

#[derive(Serialize)]
struct Line<'a> {
    id: &'a ArrivalId,
    received_at: String,
    origin: OriginLine<'a>,
    state: RecordState,
    ready_to_treat: bool,
    ready_to_bill: bool,
    same_bytes_as: Option<&'a ArrivalId>,
    decisions: Vec<DecisionLine<'a>>,
    #[serde(flatten)]
    paper: &'a Paper,
}

#[derive(Serialize)]
struct DecisionLine<'a> {
    decided_at: String,
    by: &'a str,
    /// None for the whole record.
    field: Option<Field>,
    note: Option<&'a str>,
}

fn decision_line(decision: &Decision) -> DecisionLine<'_> {
    DecisionLine {
        decided_at: decision.decided_at.to_string(),
        by: &decision.by,
        field: decision.field,
        note: decision.note.as_ref().map(|note| note.reveal().as_str()),
    }
}

#[derive(Serialize)]
struct OriginLine<'a> {
    kind: OriginKind,
    name: &'a str,
}

/// One line a record, oldest first. False where something is damaged: it has a line too, and the others have theirs.
///
/// # Errors
/// Where the store cannot be read.
pub(in crate::cli) fn list(records: &Records, out: &mut impl Write) -> anyhow::Result<bool> {
    records.audit(Act::Exported, None, &user())?;
    let mut damaged = 0;
    for id in records.ids()? {
        let record = match records.record(&id) {
            Ok(Some(record)) => record,
            Ok(None) => continue, // removed since
            Err(error) => {
                damaged += 1;
                let short: String = id.0.chars().take(8).collect();
                let error = anyhow::Error::from(error);
                writeln!(
                    out,
                    "{short}  ----------------  damaged    {error:#}; `rxintake rebuild` reads its paper again"
                )?;
                continue;
            }
        };
        let short: String = record.arrival.id.0.chars().take(8).collect();
        let received = record.arrival.received_at.strftime("%Y-%m-%d %H:%M");
        let state = match record.state() {
            RecordState::Open => "open",
            RecordState::Complete => "complete",
            RecordState::SetAside => "set aside",
        };
        let prescriptions = record.paper.prescriptions.iter().map(|prescription| kind_words(prescription.kind));
        let others = record.paper.other_pages.iter().map(|other| kind_words(other.kind));
        let mut kinds: Vec<&str> = prescriptions.chain(others).collect();
        if record.paper.error.is_some() {
            kinds.push("not read whole");
        }
        let mut kinds = kinds.join(", ");
        if let Some(first) = &record.arrival.same_bytes_as {
            let first: String = first.0.chars().take(8).collect();
            kinds.push_str(&format!("; the same bytes as {first}"));
            if record.may_be_renewal() {
                kinds.push_str(": a renewal, or sent twice?");
            }
        }
        writeln!(out, "{short}  {received}  {state:9}  {kinds}")?;
    }
    let aside = records.standing()?.damaged;
    // where no daemon runs, the opening of the store has told it
    for what in aside.iter().filter(|_| records.daemon_runs()) {
        writeln!(out, "TROUBLE: {what}")?;
    }
    Ok(damaged == 0 && aside.is_empty())
}

/// One record with its history. `id` may be the beginning of an id.
///
/// # Errors
/// Where there is no such record, or more than one.
pub(in crate::cli) fn show(records: &Records, id: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let id = &find(records, id)?;
    records.audit(Act::Viewed, Some(id), &user())?;
    let record = records.record(id)?.context("the record is gone")?;
    writeln!(out, "Record {id}, received {}, read by rules {}", record.arrival.received_at, record.rules)?;
    if let Some(sender) = &record.arrival.origin.sender {
        writeln!(out, "  from {}", sender.reveal())?;
    }
    if let Some(reception) = &record.arrival.reception {
        if let Some(name) = &reception.caller_name {
            writeln!(out, "  who called says it is {}", name.reveal())?;
        }
        if reception.damaged_lines > 0 {
            let lines = reception.damaged_lines;
            writeln!(out, "  {lines} lines of the fax came damaged: check against the picture what was read")?;
        }
    }
    if let Some(first) = record.arrival.same_bytes_as.as_ref().filter(|_| record.may_be_renewal()) {
        writeln!(
            out,
            "  the same bytes came before as {first}: a renewal, or sent twice? Open until somebody closes it."
        )?;
    }
    pretty::print(record.arrival.origin.name.reveal(), &record.paper, out)?;
    for decision in &record.decisions {
        let field = decision.field.map_or_else(|| "all".to_owned(), |field| field.to_string());
        let note = decision.note.as_ref().map(|note| note.reveal().clone()).unwrap_or_default();
        writeln!(out, "  {} {} decided {field}: {note}", decision.decided_at, decision.by)?;
    }
    Ok(())
}

/// Writes the paper of a record to the file `to`, as it came in, for its owner alone. `to` is there whole or not at all; a name
/// without an ending gets that of the paper.
///
/// # Errors
/// Where there is no such record, `to` is there already or cannot be written, or the paper cannot be had.
pub(in crate::cli) fn original(records: &Records, id: &str, to: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let folder = match to.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => bail!("{} is no file; name one, such as paper.pdf", to.display()),
    };
    must_be_free(to)?;
    if !folder.is_dir() {
        bail!("there is no folder {}; make it first, or name a file in another", folder.display());
    }
    let id = &find(records, id)?;
    records.audit(Act::TakenOut, Some(id), &user())?;
    let paper = records.original(id)?;
    let (ending, form) = form(&paper);
    let with_ending = to.with_extension(ending); // none where none is known
    let to = if to.extension().is_none() { &with_ending } else { to };
    must_be_free(to)?;
    write_whole(folder, to, &paper).with_context(|| format!("cannot write {}", to.display()))?;
    writeln!(out, "{} holds the paper of record {id}, {} bytes, {form}.", to.display(), paper.len())?;
    writeln!(out, "It is not sealed: remove it when you have looked at it.")?;
    Ok(())
}

/// A file of mode 0600 under another name (`NamedTempFile`), made durable and renamed; never over another file.
fn write_whole(folder: &Path, to: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(to)?;
    Ok(())
}

fn must_be_free(to: &Path) -> anyhow::Result<()> {
    if fs::symlink_metadata(to).is_ok() {
        bail!("{} is there already; name another file, or remove it first", to.display());
    }
    Ok(())
}

/// The ending by which a desktop knows what shows it, and what a program must be able to show.
fn form(paper: &[u8]) -> (&'static str, &'static str) {
    match pages::sniff(paper, &pages::Limits::default()) {
        Ok(MediaType::Pdf) => ("pdf", "a PDF"),
        Ok(MediaType::Tiff) => ("tif", "a TIFF picture"),
        Ok(MediaType::Jpeg) => ("jpg", "a JPEG picture"),
        Ok(MediaType::Png) => ("png", "a PNG picture"),
        Ok(MediaType::Text) => ("txt", "a text"),
        Err(_) => ("", "of another kind than is read here"),
    }
}

/// Closes the gaps and doubts of `fields`, or all of a record. The reading stays as it was; the decision stands beside it.
///
/// # Errors
/// Where there is no such record or field, or it cannot be kept.
pub(in crate::cli) fn resolve(
    records: &Records,
    config: &Config,
    id: &str,
    fields: &[String],
    by: &str,
    note: Option<String>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let id = &find(records, id)?;
    let named = |name: &String| {
        let field = Field::ALL.into_iter().find(|field| field.to_string() == *name);
        let known = || Field::ALL.map(|field| field.to_string()).join(", ");
        field.with_context(|| format!("there is no field {name}; the fields are {}", known()))
    };
    let fields: Vec<Field> = fields.iter().map(named).collect::<anyhow::Result<_>>()?;
    let whole = fields.is_empty().then_some(None);
    for field in whole.into_iter().chain(fields.into_iter().map(Some)) {
        let note = note.clone().map(Into::into);
        records.decide(id, Decision { decided_at: clock::now(), by: by.to_owned(), field, note }, config)?;
    }
    let record = records.record(id)?.context("the record is gone")?;
    let state = match record.state() {
        RecordState::Open => "still open",
        RecordState::Complete => "complete",
        RecordState::SetAside => "set aside",
    };
    writeln!(out, "Record {id} is {state}.")?;
    Ok(())
}

/// The one record whose id begins with `id`.
fn find(records: &Records, id: &str) -> anyhow::Result<ArrivalId> {
    let mut ids: Vec<ArrivalId> = records.ids()?.into_iter().filter(|known| known.0.starts_with(id)).collect();
    match (ids.pop(), ids.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => match records.purged_at(id)? {
            Some(at) => bail!(
                "record {id} was removed for good at {at}, with its paper: the time that [retention] gives was over"
            ),
            None => bail!("there is no record {id}; `rxintake records list` shows them"),
        },
        (Some(_), more) => bail!("{} records begin with {id}; give more of the id", more + 1),
    }
}

/// One JSON line a record, oldest first. False where one is damaged: it is told on standard error and left out.
///
/// # Errors
/// Where the store cannot be read.
pub(in crate::cli) fn export(records: &Records, out: &mut impl Write) -> anyhow::Result<bool> {
    records.audit(Act::Exported, None, &user())?;
    let mut well = true;
    for id in records.ids()? {
        let record = match records.record(&id) {
            Ok(Some(record)) => record,
            Ok(None) => continue, // removed since
            Err(error) => {
                well = false;
                writeln!(io::stderr(), "rxintake: record {id} is left out: {:#}", anyhow::Error::from(error))?;
                continue;
            }
        };
        let line = Line {
            id: &record.arrival.id,
            received_at: record.arrival.received_at.to_string(),
            origin: OriginLine { kind: record.arrival.origin.kind, name: record.arrival.origin.name.reveal() },
            state: record.state(),
            ready_to_treat: record.ready_to_treat(),
            ready_to_bill: record.ready_to_bill(),
            decisions: record.decisions.iter().map(decision_line).collect(),
            same_bytes_as: record.arrival.same_bytes_as.as_ref(),
            paper: &record.paper,
        };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(well)
}
