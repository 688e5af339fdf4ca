//! From the records that are still open to the letters that keep them from being forgotten: the day's digest, and a word to
//! whoever runs the place when a gap stays open too long. No patient data, as in every letter.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::alert::compose::{at_domain, count, original, page};
use crate::alert::open::Open;
use crate::alert::tell::Target;
use crate::alert::{Matter, Options, People};
use crate::model::{GapLevel, Letter, Record, RecordState, Role};

/// Most records that a digest names; the rest is counted.
const NAMED_MAX: usize = 40;

/// The digests of a day, one for each who has one: every record in which something is still open for them, the oldest first,
/// with what is missing. `pages` go to whoever is told of a missing fax.
pub fn digests(
    open: &[Record],
    pages: Option<Pages>,
    people: &People,
    options: &Options,
    day: Date,
    now: Timestamp,
) -> Vec<Letter> {
    let targets = people.targets().into_iter().filter(|(target, _)| people.has_digest(target));
    let digest = |(target, to): (&Target, Vec<String>)| {
        let pages = pages.filter(|_| people.of_clinic(Matter::MissingFax).contains(&target));
        let of = |record| Open::of(record, |matter, of| people.when(target, matter, record, of));
        let open: Vec<(&Record, Open)> = open.iter().map(|record| (record, of(record))).collect();
        let open: Vec<(&Record, Open)> = open.into_iter().filter(|(_, open)| !open.is_empty()).collect();
        digest(&open, pages, target, to, options, day, now)
    };
    targets.filter_map(digest).collect()
}

/// None where nothing is open.
fn digest(
    open: &[(&Record, Open)],
    pages: Option<Pages>,
    target: &Target,
    to: Vec<String>,
    options: &Options,
    day: Date,
    now: Timestamp,
) -> Option<Letter> {
    if open.is_empty() && pages.is_none() {
        return None;
    }
    let what = count(open.len(), "record is", "records are");
    let mut body: Vec<String> = pages.iter().map(|pages| format!("In the last 24 hours: {pages}.")).collect();
    for (record, open) in open.iter().take(NAMED_MAX) {
        body.push(format!("Record {}, open for {}:", short(record), age(record, now)));
        body.extend(open.body());
    }
    if open.len() > NAMED_MAX {
        body.push(format!("and {} more: {}", open.len() - NAMED_MAX, options.command("records list")));
    }
    let head = format!("{what} still open today, {day}.");
    let foot = [
        format!("Whoever settles one closes it: {}", options.command("records resolve RECORD")),
        format!("To see them all: {}", options.command("records list")),
        format!("To see a paper itself: {}", original("RECORD", options)),
    ];
    let (text, html) = page(&head, &body, &foot);
    let message_id = format!("<digest.{day}.{}@{}>", target.key(), at_domain(&options.from));
    let subject = format!("[rxintake] {what} still open");
    Some(Letter { role: target.role(), ..plain(message_id, to, subject, (text, html), now) })
}

/// Pages that the fax machine or a fax service counted, and how many of them are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    /// Received, in the words of the fax machine.
    pub received: u32,
    /// Stored here.
    pub accounted: u32,
}

impl std::fmt::Display for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} received, {} accounted for", count(self.received as usize, "page", "pages"), self.accounted)
    }
}

/// A fax that the fax machine received and that never came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingFax {
    /// The file in the receive queue.
    pub file: String,
    /// When the call began, in the words of the log.
    pub began: String,
    /// How many pages.
    pub pages: u32,
    /// Who called.
    pub caller: Option<String>,
}

/// A word about a fax that never came here. None where nobody is to be told.
pub fn missing_fax(fax: &MissingFax, people: &People, options: &Options, now: Timestamp) -> Option<Letter> {
    let to = everybody(people, &people.of_clinic(Matter::MissingFax));
    if to.is_empty() {
        return None;
    }
    let caller = fax.caller.as_ref().map(|caller| format!(" from {caller}")).unwrap_or_default();
    let pages = count(fax.pages as usize, "page", "pages");
    let head = format!("The fax machine received a fax of {pages}{caller} at {}, but it never came here.", fax.began);
    let body = [
        format!(
            "Look for {} in the fax server's receive queue; whether it can be read there says: {}",
            fax.file,
            options.command("doctor")
        ),
        "If it is gone, ask the sender to send it again.".to_owned(),
    ];
    let foot = "Every page that the fax machine counts is held against the pages that are stored.";
    let letters = page(&head, &body, &[foot.to_owned()]);
    let key: String = format!("{}.{}", fax.file, fax.began).chars().filter(char::is_ascii_alphanumeric).collect();
    let message_id = format!("<missing.{key}@{}>", at_domain(&options.from));
    Some(plain(message_id, to, "[rxintake] A fax is missing".to_owned(), letters, now))
}

/// A word to whoever is told of troubles about a letter that the mail server will not take. None where nobody else is there.
pub fn undeliverable(letter: &Letter, why: &str, people: &People, options: &Options, now: Timestamp) -> Option<Letter> {
    let mut to = everybody(people, &people.of_clinic(Matter::Trouble));
    to.retain(|address| !letter.to.contains(address));
    if to.is_empty() {
        return None;
    }
    let head = format!("A letter to {} cannot be delivered.", letter.to.join(", "));
    let body = [
        format!("Its subject: {}", letter.subject),
        format!("The mail server says: {why}"),
        "Correct the address under [[staff]] in the configuration and start rxintake again: the letter is then sent again.".to_owned(),
    ];
    let letters = page(&head, &body, &[format!("To see all that cannot be delivered: {}", options.command("doctor"))]);
    let message_id = letter.message_id.replacen('<', "<dead.", 1);
    Some(plain(message_id, to, "[rxintake] A letter cannot be delivered".to_owned(), letters, now))
}

/// Something that does not work, in words without patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The same for the same matter, letter and figure.
    pub key: String,
    /// What it is and what to do.
    pub what: String,
    /// Since when it is known.
    pub since: Timestamp,
    /// It says that something else is mended.
    pub is_over: bool,
}

impl Trouble {
    /// One letter a matter and day: its Message-ID, or one of those that a letter about several stands for.
    pub fn message_id(&self, day: Date, from: &str) -> String {
        let digest = Sha256::digest(&self.key);
        let key: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("<trouble.{day}.{key}@{}>", at_domain(from))
    }
}

/// A word about what does not work, to whoever is told of it, or to the front desk where nobody is. None where nobody is there.
pub fn troubles(troubles: &[Trouble], people: &People, options: &Options, day: Date, now: Timestamp) -> Option<Letter> {
    let mut targets = people.of_clinic(Matter::Trouble);
    let front_desk = Target::Role(Role::FrontDesk);
    if everybody(people, &targets).is_empty() {
        targets = vec![&front_desk];
    }
    let to = everybody(people, &targets);
    let ids: Vec<String> = troubles.iter().map(|trouble| trouble.message_id(day, &options.from)).collect();
    let (false, Some(first)) = (to.is_empty(), ids.first()) else { return None };
    let line = |trouble: &Trouble| {
        let since = trouble.since.to_zoned(TimeZone::system()).strftime("%B %-d, %-I:%M %p").to_string();
        format!("Since {since}: {}.", trouble.what.trim_end_matches('.'))
    };
    let body: Vec<String> = troubles.iter().map(line).collect();
    let is_over = troubles.iter().all(|trouble| trouble.is_over);
    let head = match is_over {
        true => "What needed a person at the paper intake is mended.",
        false => {
            "Something at the paper intake needs a person. Papers that are here are safe; others may wait outside."
        }
    };
    let mut foot = vec![format!("How things stand now: {}", options.command("doctor"))];
    if !is_over {
        foot.push("What stays so is told once a day.".to_owned());
    }
    let subject = match troubles.len() {
        _ if is_over => "[rxintake] Mended".to_owned(),
        1 => "[rxintake] Something needs a person".to_owned(),
        several => format!("[rxintake] {several} things need a person"),
    };
    let mut letter = plain(first.clone(), to, subject, page(head, &body, &foot), now);
    letter.role = only_role(&targets);
    letter.instead_of = ids.into_iter().skip(1).collect();
    Some(letter)
}

fn plain(
    message_id: String,
    to: Vec<String>,
    subject: String,
    (text, html): (String, String),
    now: Timestamp,
) -> Letter {
    Letter {
        message_id,
        record: None,
        to,
        subject,
        text,
        html,
        written_at: now,
        attempts: 0,
        due_at: now,
        role: None,
        instead_of: Vec::new(),
        subjects: Vec::new(),
        is_dead: false,
        is_for_digest: false,
        stands_back: false,
    }
}

/// The role, where these are one role and nobody else.
fn only_role(targets: &[&Target]) -> Option<Role> {
    if let [target] = targets { target.role() } else { None }
}

fn everybody(people: &People, targets: &[&Target]) -> Vec<String> {
    let mut to: Vec<String> = targets.iter().flat_map(|target| people.addresses(target)).collect();
    to.sort();
    to.dedup();
    to
}

/// A word, to the operator as a rule, about a record that cannot be used and was left alone for longer than `after_hours`. None
/// where that is not so.
pub fn escalation(
    record: &Record,
    people: &People,
    options: &Options,
    after_hours: u32,
    now: Timestamp,
) -> Option<Letter> {
    let mut targets = people.of_clinic(Matter::Overdue);
    targets.retain(|target| people.when(target, Matter::Overdue, record, None).is_some());
    let to = everybody(people, &targets);
    let is_old = now.duration_since(record.stored_at) >= SignedDuration::from_hours(after_hours.into());
    let hinders = record.paper.error.is_some()
        || record.paper.has_unreadable_page()
        || record.paper.prescriptions.iter().flat_map(|it| &it.gaps).any(|gap| gap.level == GapLevel::Stop);
    if !is_old || !hinders || record.state() != RecordState::Open || to.is_empty() {
        return None;
    }
    let short = short(record);
    let head = format!("Record {short} cannot be used, and nobody has settled it for {}.", age(record, now));
    let foot = [
        "By when: now; the first treatment waits for it.".to_owned(),
        format!("To see it: {}", options.command(&format!("records show {short}"))),
        format!("To see the paper itself: {}", original(&short, options)),
        format!("When it is settled: {}", options.command(&format!("records resolve {short}"))),
    ];
    let (text, html) = page(&head, &Open::all(record).body(), &foot);
    Some(Letter {
        message_id: format!("<{}.escalation@{}>", record.arrival.id, at_domain(&options.from)),
        record: Some(record.arrival.id.clone()),
        to,
        subject: format!("[rxintake {short}] Nobody has settled what is missing"),
        text,
        html,
        written_at: now,
        attempts: 0,
        due_at: now,
        role: only_role(&targets),
        instead_of: Vec::new(),
        subjects: Vec::new(),
        is_dead: false,
        is_for_digest: false,
        stands_back: false,
    })
}

fn short(record: &Record) -> String {
    record.arrival.id.0.chars().take(8).collect()
}

fn age(record: &Record, now: Timestamp) -> String {
    let hours = usize::try_from(now.duration_since(record.stored_at).as_hours()).unwrap_or(0);
    if hours < 48 { count(hours, "hour", "hours") } else { count(hours / 24, "day", "days") }
}
