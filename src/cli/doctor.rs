//! `rxintake doctor`: can everything that the configuration names be reached, and what to do about it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::alert::Mailer;
use crate::config::{Config, Inbox};
use crate::intake::hylafax::Queue;
use crate::intake::mailbox::{self, Mailbox};
use crate::model::Role;
use crate::reader::Reader;
use crate::rules::Book;

/// Checks one thing after the other, and says of each how it is. True if all is well.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) async fn doctor(config: &Config, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut findings: Vec<(String, Result<String, String>)> =
        vec![("data folder".to_owned(), writable(&config.data_dir))];
    findings.push(("master key".to_owned(), key(&config.key_path())));
    findings.push(("rule files".to_owned(), rules(config)));
    for inbox in &config.inbox {
        findings.push(match inbox {
            Inbox::Folder(options) => (format!("inbox {}", options.path.display()), writable(&options.path)),
            Inbox::Hylafax(options) => {
                (format!("fax queue {}", options.path.display()), Queue::new(options.clone()).check())
            }
            Inbox::Imap(options) => (format!("mailbox {} at {}", options.user, options.host), mailbox(options).await),
        });
    }
    findings.push(("reader".to_owned(), reader(config).await));
    findings.push(("alerts".to_owned(), alerts(config).await));
    for (role, who) in [(Role::FrontDesk, "front_desk"), (Role::Operator, "operator")] {
        if !config.staff.iter().any(|person| person.roles.contains(&role)) {
            findings.push((
                "staff".to_owned(),
                Err(format!("nobody has the role {who}; add it to a [[staff]] entry, or nobody is told")),
            ));
        }
    }
    let mut well = true;
    for (what, finding) in findings {
        match finding {
            Ok(how) => writeln!(out, "ok       {what}: {how}")?,
            Err(trouble) => {
                well = false;
                writeln!(out, "TROUBLE  {what}: {trouble}")?;
            }
        }
    }
    Ok(well)
}

fn writable(folder: &Path) -> Result<String, String> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot be made: {error}; make it, and let this user write into it"))?;
    let probe = folder.join(".rxintake-check");
    fs::write(&probe, b"")
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|error| format!("cannot be written: {error}; let this user write into it"))?;
    Ok(format!("{} can be written", folder.display()))
}

fn key(path: &Path) -> Result<String, String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            Err(format!("{0} can be read by others; run `chmod 600 {0}`", path.display()))
        }
        Ok(_) => Ok(format!("{} is there; keep a copy elsewhere", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(format!("{} will be made at the first run", path.display()))
        }
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

fn rules(config: &Config) -> Result<String, String> {
    let book = match &config.rules_dir {
        Some(folder) => Book::load(folder).map_err(|faults| format!("broken:\n{faults}"))?,
        None => Book::built_in(),
    };
    Ok(format!("sound (version {})", book.version()))
}

async fn reader(config: &Config) -> Result<String, String> {
    let reader = Reader::new(config.reader.clone()).map_err(|error| error.to_string())?;
    let report = reader.check().await.map_err(|error| error.to_string())?;
    Ok(format!(
        "{} with the language data in {}; {}",
        report.program.display(),
        report.tessdata.display(),
        report.sandbox.tell()
    ))
}

async fn mailbox(options: &mailbox::Options) -> Result<String, String> {
    let mut mailbox = Mailbox::new(options.clone()).map_err(|error| with_cause(&error))?;
    let waiting = mailbox.look().await.map_err(|error| with_cause(&error));
    mailbox.close().await;
    Ok(format!("log-in works, {} mails wait in {}", waiting?.len(), options.folder))
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

async fn alerts(config: &Config) -> Result<String, String> {
    let mailer = Mailer::new(&config.alerts).map_err(|error| error.to_string())?;
    mailer.check().await.map_err(|error| format!("{}; alerts wait until it works", with_cause(&error)))?;
    Ok(format!("{} takes letters", mailer.destination()))
}
