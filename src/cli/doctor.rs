//! `rxintake doctor`: can everything that the configuration names be reached, and what to do about it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use notify::{RecursiveMode, Watcher};

use crate::alert::{self, Mailer, Matter};
use crate::cli::records;
use crate::config::{Config, Inbox};
use crate::daemon::{Rules, clock};
use crate::intake::hylafax::Queue;
use crate::intake::mailbox::{self, Mailbox};
use crate::model::HeldMail;
use crate::reader::Reader;
use crate::secret::{self, Source};
use crate::store::{find_key, is_open_to_others};

/// How long a change event may take.
const EVENT_WAIT: Duration = Duration::from_secs(1);
/// Less room than that, in megabytes, is told before papers have to wait: some thousand faxes.
const ROOM_MEGABYTES_MIN: u64 = 500;
/// Disk and clock may be so far apart, in seconds.
const CLOCK_SECONDS_MAX: i64 = 120;

/// Checks one thing after the other, and says of each how it is. True if all is well.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) async fn doctor(config: &Config, out: &mut impl Write) -> anyhow::Result<bool> {
    let held = held(config);
    let mut findings: Vec<(String, Result<String, String>)> =
        vec![("data folder".to_owned(), writable(&config.data_dir))];
    findings.push(("room".to_owned(), room(&config.data_dir)));
    findings.push(("clock".to_owned(), time(&config.data_dir)));
    findings.push(("master key".to_owned(), key(&config.key_path(), &config.data_dir)));
    findings.push(("rule files".to_owned(), rules(config)));
    for inbox in &config.inbox {
        findings.push(match inbox {
            Inbox::Folder(options) => (
                format!("inbox {}", options.path.display()),
                writable(&options.path).map(|how| format!("{how}; {}", events(&options.path, options.poll_seconds))),
            ),
            Inbox::Hylafax(options) => {
                (format!("fax queue {}", options.path.display()), Queue::new(options.clone()).check(clock::now()))
            }
            Inbox::Imap(options) => (
                format!("mailbox {} at {}", options.user, options.host),
                mailbox(options, held.as_deref().unwrap_or_default()).await,
            ),
        });
    }
    findings.push(("reader".to_owned(), reader(config).await));
    findings.push(("alerts".to_owned(), alerts(config).await));
    findings.push(("papers".to_owned(), papers(config)));
    findings.push(("letters".to_owned(), letters(config)));
    if config.inbox.iter().any(|inbox| matches!(inbox, Inbox::Imap(_))) {
        findings.push(("held mails".to_owned(), held.and_then(|held| held_mails(&held, config))));
    }
    findings.push(("staff".to_owned(), staff(config)));
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

/// Whether everything that is told reaches somebody.
fn staff(config: &Config) -> Result<String, String> {
    let people = &config.people;
    let nobody = people.untold();
    // a clinic may have no therapist of its own to tell, but not nobody who calls the HCP's office or mends the machine
    let grave: Vec<&str> = nobody.iter().copied().filter(|matter| must_be_told(*matter)).map(Matter::word).collect();
    if !grave.is_empty() {
        return Err(format!(
            "nobody is told of {}; give somebody under [[staff]] the role front_desk, and somebody the role operator, or name them \
             in a [[tell]]",
            grave.join(", ")
        ));
    }
    let count = people.staff().len();
    let people = if count == 1 { "1 is told".to_owned() } else { format!("{count} are told") };
    let nobody: Vec<&str> = nobody.into_iter().map(Matter::word).collect();
    let nobody = if nobody.is_empty() { String::new() } else { format!("; nobody is told of {}", nobody.join(", ")) };
    Ok(format!("{people}{nobody}"))
}

fn must_be_told(matter: Matter) -> bool {
    matches!(matter, Matter::Stop | Matter::Warn | Matter::Doubt | Matter::Unreadable | Matter::Trouble)
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

/// Whether change events arrive: on network shares they do not.
fn events(folder: &Path, poll_seconds: u64) -> String {
    let (hint, hints) = std::sync::mpsc::channel();
    let watcher = notify::recommended_watcher(move |_| {
        hint.send(()).ok(); // nobody may listen any more
    });
    let probe = folder.join(".rxintake-check");
    let seen = watcher.and_then(|mut watcher| {
        watcher.watch(folder, RecursiveMode::NonRecursive)?;
        fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)).map_err(notify::Error::io)?;
        Ok(hints.recv_timeout(EVENT_WAIT).is_ok())
    });
    match seen {
        Ok(true) => "change events arrive".to_owned(),
        _ => format!("change events do not arrive, so it is looked at every {poll_seconds} seconds"),
    }
}

fn room(folder: &Path) -> Result<String, String> {
    let disk = rustix::fs::statvfs(folder).map_err(|error| format!("the disk cannot be looked at: {error}"))?;
    let megabytes = disk.f_bavail.saturating_mul(disk.f_frsize) / 1_000_000;
    if megabytes < ROOM_MEGABYTES_MIN {
        return Err(format!(
            "only {megabytes} MB are left on the disk of {}; remove what is not needed, or papers will wait outside",
            folder.display()
        ));
    }
    Ok(format!("{megabytes} MB are left on the disk of {}", folder.display()))
}

/// A file that was just written is as old as the clock says.
fn time(folder: &Path) -> Result<String, String> {
    let now = clock::now();
    let probe = folder.join(".rxintake-check");
    let written = fs::write(&probe, b"").and_then(|()| fs::metadata(&probe)).and_then(|probe| probe.modified());
    fs::remove_file(&probe).ok(); // told of above where it cannot be written
    let written = written
        .map_err(|error| error.to_string())
        .and_then(|time| jiff::Timestamp::try_from(time).map_err(|error| error.to_string()))?;
    let apart = written.duration_since(now).as_secs().abs();
    if apart > CLOCK_SECONDS_MAX || now.to_zoned(TimeZone::UTC).year() < 2026 {
        return Err(format!(
            "this machine's clock says {now}, its disk {apart} seconds else; set it right (timedatectl set-ntp true), or dates \
             of receipt are wrong"
        ));
    }
    let local = now.to_zoned(TimeZone::system());
    Ok(format!("it is {}; letters and quiet hours go by that", local.strftime("%Y-%m-%d %H:%M %Z")))
}

/// Whether the daemon runs, what waits for it, and what is damaged.
fn papers(config: &Config) -> Result<String, String> {
    if !config.data_dir.join("shelves").is_dir() {
        return Ok("none came in yet".to_owned());
    }
    let records = records(config).map_err(|error| format!("{error:#}"))?;
    let standing = records.standing().map_err(|error| error.to_string())?;
    if !standing.damaged.is_empty() {
        return Err(standing.damaged.join("\n           "));
    }
    let runs = if records.daemon_runs() { "the daemon runs" } else { "no daemon runs: `rxintake run` starts one" };
    let last = standing.last_paper.map_or_else(
        || "none came in yet".to_owned(),
        |at| format!("the last came in {}", at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M")),
    );
    let (papers, letters) = (waiting(standing.papers, "paper"), waiting(standing.letters, "letter"));
    Ok(format!("{runs}; {papers} to be read, {last}; {letters} to be sent"))
}

/// "1 paper waits", "3 papers wait".
fn waiting(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what} waits") } else { format!("{number} {what}s wait") }
}

/// Letters that cannot be delivered, asked of the daemon where it runs.
fn letters(config: &Config) -> Result<String, String> {
    if !config.data_dir.join("shelves").is_dir() {
        return Ok("none was written yet".to_owned());
    }
    let mut dead = records(config).and_then(|records| Ok(records.letters()?)).map_err(|error| format!("{error:#}"))?;
    dead.retain(|letter| letter.is_dead);
    if dead.is_empty() {
        return Ok("none that cannot be delivered".to_owned());
    }
    let lines: Vec<String> =
        dead.iter().map(|letter| format!("\n           to {}: {}", letter.to.join(", "), letter.subject)).collect();
    Err(format!(
        "{} cannot be delivered; correct the addresses under [[staff]] and start the daemon again{}",
        dead.len(),
        lines.concat()
    ))
}

/// The mails that are held, asked of the daemon where it runs.
fn held(config: &Config) -> Result<Vec<HeldMail>, String> {
    if !config.data_dir.join("shelves").is_dir() {
        return Ok(Vec::new());
    }
    records(config).and_then(|records| Ok(records.held()?)).map_err(|error| format!("{error:#}"))
}

fn held_mails(held: &[HeldMail], config: &Config) -> Result<String, String> {
    let waiting = held.iter().filter(|mail| !mail.is_released).count();
    match waiting {
        0 => Ok("none".to_owned()),
        waiting => Err(format!(
            "{waiting} {} for somebody to look; `{}` lists them, `{}` takes one in, and what is moved or removed in the mailbox is gone \
             from the list",
            if waiting == 1 { "waits" } else { "wait" },
            config.alerts.command("inbox held"),
            config.alerts.command("inbox release ID")
        )),
    }
}

fn key(path: &Path, data: &Path) -> Result<String, String> {
    if path.starts_with(data) {
        return Err(format!(
            "{} lies inside data_dir, beside what it seals: whoever takes the folder can read everything. Move it and name its \
             place with key_file",
            path.display()
        ));
    }
    match fs::metadata(path) {
        Ok(metadata) if is_open_to_others(path, metadata.permissions().mode()) => {
            Err(format!("{0} can be read by others; run `chmod 600 {0}`", path.display()))
        }
        _ => match find_key(path, data) {
            Ok(Some(_)) => Ok(format!("{} is there; keep a copy elsewhere", path.display())),
            Ok(None) => Ok(format!("{} will be made at the first run", path.display())),
            Err(error) => Err(with_cause(&error)),
        },
    }
}

fn rules(config: &Config) -> Result<String, String> {
    let rules = Rules::named(config).map_err(|faults| {
        format!("broken; papers are read by those that were in force before, where there were any:\n{faults}")
    })?;
    Ok(format!("sound (version {})", rules.book.version()))
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

async fn mailbox(options: &mailbox::Options, held: &[HeldMail]) -> Result<String, String> {
    let mut mailbox = Mailbox::new(options.clone()).map_err(|error| with_cause(&error))?;
    let looked = mailbox.look(held).await.map_err(|error| with_cause(&error));
    let words = if looked.is_ok() { mailbox.authenticated().await } else { Ok(None) };
    mailbox.close().await;
    let token = token(options.token()).await?;
    let mails = looked?.new.len();
    let words = server_words(options, words.map_err(|error| with_cause(&error))?)?;
    Ok(format!("log-in works, {} in {}{token}{words}", waiting(mails, "mail"), options.folder))
}

/// Whether the receiving server says of mails who sent them, where that is asked for.
fn server_words(options: &mailbox::Options, words: Option<(usize, usize)>) -> Result<String, String> {
    let server = options.authserv_id.as_deref().unwrap_or("");
    match words {
        None => Ok(String::new()),
        Some((0, _)) => Ok(format!("; no mail is there to show whether {server} says who its sender is")),
        Some((looked_at, 0)) => Err(format!(
            "none of the {looked_at} newest mails bears a word of authserv_id = \"{server}\", so every fax mail would be held; \
             write what stands first behind `Authentication-Results:` in their headers, or leave it out"
        )),
        Some((looked_at, said)) => {
            Ok(format!("; {server} says of {said} of the {looked_at} newest mails who their sender is"))
        }
    }
}

/// When the token runs out, where it says so. One that a program gives is new each time.
async fn token(source: Option<Source>) -> Result<String, String> {
    let Some(source) = source else { return Ok(String::new()) };
    let token = source.read().await.map_err(|error| with_cause(&error))?;
    let Some(expiry) = secret::expiry(&token) else {
        return Ok("; the token does not say when it runs out".to_owned());
    };
    let minutes = expiry.duration_since(clock::now()).as_mins();
    match (&source, minutes) {
        (_, ..=0) => Err("the token has run out; let the program that keeps it fresh run again".to_owned()),
        (_, minutes) if minutes < 2_880 => Ok(format!("; the token runs out in {minutes} minutes")),
        (_, minutes) => Ok(format!("; the token runs out in {} days", minutes / 1_440)),
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

async fn alerts(config: &Config) -> Result<String, String> {
    let mut mailer = Mailer::new(&config.alerts).map_err(|error| error.to_string())?;
    mailer.check().await.map_err(|error| format!("{}; alerts wait until it works", with_cause(&error)))?;
    let token = token(config.alerts.smtp.as_ref().and_then(alert::Smtp::token)).await?;
    Ok(format!("{} takes letters{token}", mailer.destination()))
}
