//! From the records that are still open to the letters that keep them from being forgotten: the day's digest, and a word to
//! whoever runs the place when a gap stays open too long. No patient data, as in every letter.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::alert::compose::{Staff, at_domain, count, page, what_is_open};
use crate::model::{GapLevel, Letter, Record, RecordState, Role};

/// Most records that a digest names; the rest is counted.
const NAMED_MAX: usize = 40;

/// The digest of a day for the front desk: every record that is still open, the oldest first, with what is missing. None where
/// nothing is open or nobody is there to be told.
pub fn digest(open: &[Record], staff: &[Staff], from: &str, day: Date, now: Timestamp) -> Option<Letter> {
    let to = addresses(staff, Role::FrontDesk);
    if open.is_empty() || to.is_empty() {
        return None;
    }
    let what = count(open.len(), "record is", "records are");
    let mut body = Vec::new();
    for record in open.iter().take(NAMED_MAX) {
        body.push(format!("Record {}, open for {}:", short(record), age(record, now)));
        body.extend(what_is_open(record));
    }
    if open.len() > NAMED_MAX {
        body.push(format!("and {} more: rxintake records list", open.len() - NAMED_MAX));
    }
    let head =
        format!("{what} still open today, {day}. Whoever settles one closes it: rxintake records resolve RECORD");
    let (text, html) = page(&head, &body, "To see them all: rxintake records list");
    let message_id = format!("<digest.{day}.frontdesk@{}>", at_domain(from));
    let subject = format!("[rxintake] {what} still open");
    Some(Letter { message_id, record: None, to, subject, text, html, written_at: now, attempts: 0, due_at: now })
}

/// A word to the operator about a record that cannot be used and was left alone for longer than `after_hours`. None where that
/// is not so.
pub fn escalation(record: &Record, staff: &[Staff], from: &str, after_hours: u32, now: Timestamp) -> Option<Letter> {
    let to = addresses(staff, Role::Operator);
    let is_old = now.duration_since(record.stored_at) >= SignedDuration::from_hours(after_hours.into());
    let hinders = record.paper.error.is_some()
        || record.paper.prescriptions.iter().flat_map(|it| &it.gaps).any(|gap| gap.level == GapLevel::Stop);
    if !is_old || !hinders || record.state() != RecordState::Open || to.is_empty() {
        return None;
    }
    let short = short(record);
    let head = format!("Record {short} cannot be used, and nobody has settled it for {}.", age(record, now));
    let (text, html) = page(&head, &what_is_open(record), &format!("To see it: rxintake records show {short}"));
    Some(Letter {
        message_id: format!("<{}.escalation@{}>", record.arrival.id, at_domain(from)),
        record: Some(record.arrival.id.clone()),
        to,
        subject: format!("[rxintake {short}] Nobody has settled what is missing"),
        text,
        html,
        written_at: now,
        attempts: 0,
        due_at: now,
    })
}

fn addresses(staff: &[Staff], role: Role) -> Vec<String> {
    staff.iter().filter(|person| person.roles.contains(&role)).map(|person| person.email.clone()).collect()
}

fn short(record: &Record) -> String {
    record.arrival.id.0.chars().take(8).collect()
}

fn age(record: &Record, now: Timestamp) -> String {
    let hours = usize::try_from(now.duration_since(record.stored_at).as_hours()).unwrap_or(0);
    if hours < 48 { count(hours, "hour", "hours") } else { count(hours / 24, "day", "days") }
}
