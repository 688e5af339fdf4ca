//! `rxintake run`: the daemon, with what happens shown on the terminal.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use crate::cli::arguments::LogFormat;
use crate::cli::{Refused, kind_words, log};
use crate::config::Config;
use crate::daemon::{self, Event, Rules, Tell};
use crate::model::{ArrivalId, GapLevel, PaperKind, Private, Record};
use crate::reader::Reader;
use crate::store::{Store, find_or_make_key};

/// Opens the store and runs the daemon until it is stopped, or, with `once`, until all is done. Where `rules` are faults, it goes on
/// by those that were last in force.
///
/// # Errors
/// Where the store or the daemon cannot start.
pub(in crate::cli) async fn run(
    config: Config,
    reader: Reader,
    rules: Result<Rules, String>,
    once: bool,
    format: LogFormat,
) -> anyhow::Result<()> {
    // a core would hold papers and keys in clear
    rlimit::Resource::CORE.set(0, 0).context("cannot forbid cores")?;
    let key_path = config.key_path();
    let (key, made) = find_or_make_key(&key_path, &config.data_dir)?;
    let screen = Arc::new(Screen::default());
    if made {
        screen.line(&format!(
            "A master key was made: {}. Keep a copy elsewhere: without it the records cannot be read.",
            key_path.display()
        ));
    }
    if is_inside(&key_path, &config.data_dir) {
        screen.line(
            "The master key lies inside data_dir, beside what it seals; put it elsewhere and name it with key_file.",
        );
    }
    let store = Store::open(&config.data_dir, key).context("cannot open the store")?;
    let rules = rules.or_else(|faults| Rules::kept(&store, faults)).map_err(Refused)?;
    let tell: Tell = match format {
        LogFormat::People => {
            let screen = screen.clone();
            Arc::new(move |event| screen.show(&event))
        }
        LogFormat::Json => {
            log::begin();
            Arc::new(|event| log::write(&event))
        }
    };
    daemon::run(config, reader, rules, store, once, tell).await?;
    Ok(())
}

fn is_inside(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => path.starts_with(folder),
    }
}

/// The terminal: one line an outcome, and, where somebody watches, a line of progress that is written over.
#[derive(Default)]
struct Screen {
    progress_width: Mutex<usize>,
}

impl Screen {
    fn show(&self, event: &Event) {
        match event {
            Event::Accepted { id, name } => self.progress(&format!("{}  taken in", paper(id, name))),
            Event::Page { id, name, page, page_count } => {
                self.progress(&format!("{}  reading page {page} of {page_count}", paper(id, name)))
            }
            Event::Stored { record, told } => outcome(record, told).iter().for_each(|line| self.line(line)),
            Event::LetterSent { subject, .. } => self.line(&format!("  mailed: {subject}")),
            Event::Sandbox { what } => self.line(&format!("Beware: {what}.")),
            Event::Trouble { what } | Event::Needed { what } => self.line(&format!("TROUBLE: {what}")),
            Event::Still { .. } => {}
            Event::Reconciled(pages) => self.line(&format!("In the last 24 hours: {pages}.")),
            Event::Purged { removed } => {
                let records = if *removed == 1 { "record was" } else { "records were" };
                self.line(&format!("{removed} {records} removed: the time that [retention] gives was over."));
            }
            Event::Rules { version, mended } => {
                let how = if mended.is_empty() { "changed" } else { "mended" };
                self.line(&format!("The {how} rule files are in force (version {version})."));
            }
            Event::Stopping => self.line("Done; nothing is left in hand."),
        }
    }

    fn line(&self, text: &str) {
        self.write(text, true);
    }

    fn progress(&self, text: &str) {
        if io::stdout().is_terminal() {
            self.write(text, false);
        }
    }

    fn write(&self, text: &str, keep: bool) {
        let mut width = self.progress_width.lock().unwrap_or_else(PoisonError::into_inner);
        let blank = if *width > 0 { format!("\r{}\r", " ".repeat(*width)) } else { String::new() };
        let end = if keep { "\n" } else { "" };
        *width = if keep { 0 } else { text.chars().count() };
        let mut out = io::stdout().lock();
        // nobody at the terminal any more: the records are there all the same
        write!(out, "{blank}{text}{end}").and_then(|()| out.flush()).ok();
    }
}

/// The terminal is the clinic's own: a file name may be shown there, though not in logs and mails.
fn paper(id: &ArrivalId, name: &Private<String>) -> String {
    let short: String = id.0.chars().take(8).collect();
    format!("{short}  {}", name.reveal())
}

fn outcome(record: &Record, told: &[String]) -> Vec<String> {
    let paper_name = paper(&record.arrival.id, &record.arrival.origin.name);
    let mut lines = Vec::new();
    if let Some(first) = &record.arrival.same_bytes_as {
        let short: String = first.0.chars().take(8).collect();
        lines.push(format!("{paper_name}  the same bytes came before as {short}"));
    } else {
        lines.push(paper_name);
    }
    if let Some(error) = &record.paper.error {
        lines.push(format!("  {}", error.message));
    }
    for other in &record.paper.other_pages {
        let end = if other.kind == PaperKind::Unreadable { "a person has to look at it" } else { "set aside" };
        lines.push(format!("  {}: {}, {end}", pages(&other.pages), kind_words(other.kind)));
    }
    for prescription in &record.paper.prescriptions {
        let patient =
            prescription.patient.name.as_ref().map_or_else(|| "no name".to_owned(), |name| masked(name.reveal()));
        let ready = match (prescription.ready_to_treat, prescription.ready_to_bill) {
            (true, true) => "ready to treat and to bill",
            (true, false) => "ready to treat, not to bill",
            (false, _) if prescription.gaps.iter().any(|gap| gap.level == GapLevel::Stop) => "NOT ready",
            (false, _) => "to be checked first",
        };
        lines.push(format!(
            "  {}: {} for {patient}, {ready}",
            pages(&prescription.pages),
            kind_words(prescription.kind)
        ));
        for gap in &prescription.gaps {
            let level = match gap.level {
                GapLevel::Stop => "STOP",
                GapLevel::Warn => "warn",
                GapLevel::Note => "note",
            };
            lines.push(format!("    {level} {}: {}", gap.field, gap.tell));
        }
        let doubts: Vec<&str> = prescription.doubts.iter().map(|field| field.words()).collect();
        if !doubts.is_empty() {
            lines.push(format!("    check against the picture: {}", doubts.join(", ")));
        }
    }
    lines.push(if told.is_empty() {
        "  nobody needs to be told".to_owned()
    } else {
        format!("  told: {}", told.join(", "))
    });
    lines
}

fn pages(pages: &[u32]) -> String {
    match pages {
        [] => "no page".to_owned(),
        [only] => format!("page {only}"),
        [first, .., last] => format!("pages {first}-{last}"),
    }
}

/// "Maria Lopez" is shown as "M… L…".
fn masked(name: &str) -> String {
    let initials: Vec<String> =
        name.split_whitespace().filter_map(|word| word.chars().next()).map(|letter| format!("{letter}…")).collect();
    initials.join(" ")
}
