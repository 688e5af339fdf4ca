//! From a record to the letters that it causes. No letter carries patient data: no name, no date of birth, no diagnosis, no
//! file name. Its words are those of the rule files and of this page.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::alert::open::{Open, lines, unsettled};
use crate::alert::tell::Target;
use crate::alert::{Matter, Options, People, When};
use crate::model::{ArrivalId, Field, GapLevel, Letter, OriginKind, Prescription, Record, Role};

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// What they are called.
    pub name: String,
    /// Where they are reached.
    pub email: String,
    /// What they do.
    pub roles: Vec<Role>,
}

/// The letters that a record causes, by the rules of [`People`]: what somebody must do, what is ready to treat, what hinders the
/// bill. A paper that was ours before rings no second bell.
pub fn letters(record: &Record, people: &People, options: &Options, now: Timestamp) -> Vec<Letter> {
    let mut letters = Vec::new();
    if !was_told_before(record) {
        letters = letters_of_reading(record, people, options, now);
    }
    letters.extend(letters_of_settling(record, people, options, now));
    letters
}

/// The letters that a decision causes: what it made ready to treat, and what still hinders the bill then.
pub fn letters_of_decision(
    before: &Record,
    after: &Record,
    people: &People,
    options: &Options,
    now: Timestamp,
) -> Vec<Letter> {
    let known = letters_of_settling(before, people, options, now);
    let mut letters = letters_of_settling(after, people, options, now);
    letters.retain(|letter| known.iter().all(|other| other.message_id != letter.message_id));
    letters
}

/// What a letter about a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something is open.
    Open,
    /// Something is ready to treat.
    Ready,
    /// Something is not ready to bill.
    Bill,
}

/// What was not ready as it was read and is by what people settled: a letter for each prescription, whenever its turn comes.
fn letters_of_settling(record: &Record, people: &People, options: &Options, now: Timestamp) -> Vec<Letter> {
    let mut letters = Vec::new();
    for (number, prescription) in (1..).zip(&record.paper.prescriptions) {
        if prescription.ready_to_treat || !record.is_ready_to_treat(prescription) {
            continue;
        }
        for (target, to) in people.targets() {
            let when = |matter| people.when(target, matter, record, Some((prescription, None)));
            let mut write = |kind: Kind, when: When, subject: &str, body: Vec<String>| {
                let mut letter = letter(record, target, kind, to.clone(), subject, &body, options, now);
                letter.message_id = letter.message_id.replacen('@', &format!(".{number}@"), 1);
                letters.push(put_off(letter, when, options, now));
            };
            if let Some(when) = when(Matter::Ready) {
                let ready = "What was missing in a prescription is settled: it is ready to treat.";
                let look = "Open the record before the first visit; the decisions stand below what was read.";
                write(
                    Kind::Ready,
                    when,
                    "1 prescription is ready to treat now",
                    vec![ready.to_owned(), look.to_owned()],
                );
            }
            if !record.is_ready_to_bill(prescription) && when(Matter::Bill) == Some(When::AtOnce) {
                let mut body = vec!["1 prescription is ready to treat now, but not to bill:".to_owned()];
                body.extend(lines(&unsettled(prescription, record)));
                write(Kind::Bill, When::AtOnce, "1 prescription is not ready to bill", body);
            }
        }
    }
    letters
}

fn letters_of_reading(record: &Record, people: &People, options: &Options, now: Timestamp) -> Vec<Letter> {
    let mut letters = Vec::new();
    for (target, to) in people.targets() {
        let when = |matter: Matter, of: Option<(&Prescription, Option<Field>)>| people.when(target, matter, record, of);
        let mut write = |kind: Kind, when: When, subject: &str, body: Vec<String>| {
            let letter = letter(record, target, kind, to.clone(), subject, &body, options, now);
            letters.push(put_off(letter, when, options, now));
        };
        let open = Open::of(record, when);
        if open.rings {
            write(Kind::Open, When::AtOnce, &open.subject(), open.body());
        }
        let prescriptions = || record.paper.prescriptions.iter();
        let ready: Vec<When> = prescriptions()
            .filter(|prescription| prescription.ready_to_treat)
            .filter_map(|prescription| when(Matter::Ready, Some((prescription, None))))
            .collect();
        if let Some(first) = ready.first() {
            let what = count(ready.len(), "new prescription is", "new prescriptions are");
            let body =
                vec![format!("{what} complete enough to treat."), "Open the record before the first visit.".to_owned()];
            let when = if ready.contains(&When::AtOnce) { When::AtOnce } else { *first };
            write(Kind::Ready, when, &format!("{what} ready to treat"), body);
        }
        let unbillable: Vec<&Prescription> = prescriptions()
            .filter(|prescription| prescription.ready_to_treat && !prescription.ready_to_bill)
            .filter(|prescription| when(Matter::Bill, Some((*prescription, None))) == Some(When::AtOnce))
            .collect();
        if !unbillable.is_empty() {
            let what = count(unbillable.len(), "prescription is", "prescriptions are");
            let mut body = vec![format!("{what} ready to treat but not to bill:")];
            body.extend(unbillable.iter().flat_map(|prescription| lines(prescription)));
            write(Kind::Bill, When::AtOnce, &format!("{what} not ready to bill"), body);
        }
    }
    letters
}

/// What waits for the digest leaves with it, as one letter with the others.
fn put_off(mut letter: Letter, when: When, options: &Options, now: Timestamp) -> Letter {
    if let (When::Digest, Some(at)) = (when, options.digest_at) {
        letter.is_for_digest = true;
        letter.due_at = next_time(at, &now.to_zoned(TimeZone::system()));
    }
    letter
}

/// The next time that the clock shows `at`; now where the calendar ends.
fn next_time(at: Time, now: &Zoned) -> Timestamp {
    let day = if now.time() < at { Ok(now.date()) } else { now.date().tomorrow() };
    let next = day.and_then(|day| day.to_datetime(at).to_zoned(now.time_zone().clone()));
    next.map_or(now.timestamp(), |next| next.timestamp())
}

/// The same bytes came before. Where two papers of one mail are the same, the second may be the one that tells of a difference.
fn was_told_before(record: &Record) -> bool {
    let Some(first) = &record.arrival.same_bytes_as else { return false };
    let tells = record.arrival.reception.as_ref().is_some_and(|reception| {
        let differs =
            reception.pages.zip(reception.pages_together).is_some_and(|(said, came)| said > 0 && said != came);
        differs && reception.together.contains(first)
    });
    !tells
}

pub(in crate::alert) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[expect(clippy::too_many_arguments, reason = "a letter is made of these, in one place")]
fn letter(
    record: &Record,
    target: &Target,
    kind: Kind,
    to: Vec<String>,
    subject: &str,
    body: &[String],
    options: &Options,
    now: Timestamp,
) -> Letter {
    let id = &record.arrival.id.0;
    let short: String = id.chars().take(8).collect();
    let door = match record.arrival.origin.kind {
        OriginKind::Folder => "the inbox folder",
        OriginKind::Hylafax => "the fax machine",
        OriginKind::Imap => "the mailbox",
    };
    let received =
        record.arrival.received_at.to_zoned(TimeZone::system()).strftime("%B %-d, %Y at %-I:%M %p").to_string();
    // a fax number is an office's; a mail address may be a patient's and is not told
    let sender = match (&record.arrival.origin.sender, &record.arrival.reception) {
        (Some(number), Some(_)) => format!(" from {}.", number.reveal()),
        (Some(_), None) => ". The sender's mail address stands in the record.".to_owned(),
        (None, _) => ". The sender is not known here; look at the paper.".to_owned(),
    };
    let head = format!("Record {short}, received {received} through {door}{sender}");
    let mut foot = vec![
        by_when(record, kind).to_owned(),
        format!("To see what was read, and the paper's name: {}", options.command(&format!("records show {short}"))),
        format!("To see the paper itself: {}", original(&short, options)),
    ];
    if kind == Kind::Open {
        foot.push(format!("When it is settled: {}", options.command(&format!("records resolve {short}"))));
    }
    let (text, html) = page(&head, body, &foot);
    let domain = at_domain(&options.from);
    let key = message_key(target, kind);
    Letter {
        message_id: format!("<{id}.{key}@{domain}>"),
        record: Some(record.arrival.id.clone()),
        to,
        subject: format!("[rxintake {short}] {subject}"),
        text,
        html,
        written_at: now,
        attempts: 0,
        due_at: now,
        role: target.role(),
        instead_of: Vec::new(),
        subjects: Vec::new(),
        is_dead: false,
        is_for_digest: false,
        stands_back: false,
    }
}

/// What stands behind the record in the Message-ID. A role has one kind of letter as a rule, which is not said there.
fn message_key(target: &Target, kind: Kind) -> String {
    let usual = match target {
        Target::Role(Role::Therapist) => Kind::Ready,
        Target::Role(Role::Biller) => Kind::Bill,
        Target::Role(Role::FrontDesk) => Kind::Open,
        _ => return format!("{}.{}", target.key(), format!("{kind:?}").to_lowercase()),
    };
    if kind == usual { target.key() } else { format!("{}.{}", target.key(), format!("{kind:?}").to_lowercase()) }
}

/// The record of a letter that nobody needs any more when somebody closed the record, by the letter's Message-ID:
/// `<RECORD.frontdesk@DOMAIN>`, `<RECORD.KEY.open@DOMAIN>`, `<RECORD.escalation@DOMAIN>`.
pub fn record_to_close(message_id: &str) -> Option<ArrivalId> {
    let (local, _) = message_id.trim_start_matches('<').split_once('@')?;
    let mut parts = local.split('.');
    let (record, key, kind) = (parts.next()?, parts.next()?, parts.next());
    let is_open = matches!((key, kind), ("frontdesk", None) | ("escalation", _) | (_, Some("open")));
    is_open.then(|| ArrivalId(record.to_owned()))
}

/// Until when something has to be done. No date of the prescription itself: that would be a patient's (45 CFR 164.514(b)(2)(i)(C)).
fn by_when(record: &Record, kind: Kind) -> &'static str {
    let gaps = || record.paper.prescriptions.iter().flat_map(|it| &it.gaps);
    let hinders_bill_alone = !record.paper.prescriptions.is_empty()
        && record.paper.prescriptions.iter().all(|it| it.doubts.is_empty())
        && gaps().all(|gap| gap.level != GapLevel::Stop);
    match kind {
        Kind::Bill => "By when: before the bill goes out.",
        Kind::Ready => "By when: before the first visit.",
        _ if record.paper.error.is_some() || record.paper.has_unreadable_page() => {
            "By when: today; nobody knows yet what the paper orders."
        }
        _ if hinders_bill_alone => "By when: before the bill goes out.",
        _ => "By when: before the first treatment.",
    }
}

/// The command that brings a record's paper back, to look at it; the file's name gets its ending there.
pub(in crate::alert) fn original(record: &str, options: &Options) -> String {
    options.command(&format!("records original {record} --to paper-{record}"))
}

/// A letter's body, as text and as HTML. Each line of the foot stands by itself, so that a command can be copied.
pub(in crate::alert) fn page(head: &str, body: &[String], foot: &[String]) -> (String, String) {
    let text = format!("{head}\n\n{}\n\n{}\n", body.join("\n"), foot.join("\n"));
    let lines: Vec<String> = body.iter().map(|line| format!("<li>{}</li>", escape(line.trim()))).collect();
    let foot: Vec<String> = foot.iter().map(|line| escape(line)).collect();
    let html = format!("<p>{}</p><ul>{}</ul><p>{}</p>", escape(head), lines.join(""), foot.join("<br>"));
    (text, html)
}

/// The sender's domain: the right side of our Message-IDs.
pub(in crate::alert) fn at_domain(from: &str) -> String {
    from.rsplit('@').next().unwrap_or("localhost").trim_end_matches('>').to_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn the_digest_is_the_next_one() {
        let at = |text: &str| text.parse::<Zoned>().unwrap();
        let next =
            |now: &str| next_time(time(17, 0, 0, 0), &at(now)).to_zoned(TimeZone::get("America/New_York").unwrap());
        let noon = next("2026-03-07T12:00[America/New_York]");
        assert_eq!(noon.to_string(), "2026-03-07T17:00:00-05:00[America/New_York]");
        let evening = next("2026-03-07T17:00[America/New_York]"); // the clocks go forward in that night
        assert_eq!(evening.to_string(), "2026-03-08T17:00:00-04:00[America/New_York]");
    }

    #[test]
    fn a_letter_of_what_is_open_ends_with_its_record() {
        let closes = |id: &str| record_to_close(id).map(|id| id.0);
        for id in ["<r.frontdesk@ready.example>", "<r.escalation@c>", "<r.biller.open@c>", "<r.0a1b.open@c>"] {
            assert_eq!(closes(id).as_deref(), Some("r"), "{id}");
        }
        for id in ["<r.therapist@c>", "<r.frontdesk.ready@c>", "<r.biller.1@c>", "<digest.2026-01-01.frontdesk@c>"] {
            assert_eq!(closes(id), None, "{id}");
        }
    }
}
