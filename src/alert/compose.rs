//! From a record to the letters that it causes. No letter carries patient data: no name, no date of birth, no diagnosis, no
//! file name. Its words are those of the rule files and of this page.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::alert::Options;
use crate::alert::remind::addresses;
use crate::model::{Gap, GapLevel, Letter, OriginKind, Paper, Prescription, Reception, Record, Role};

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

/// The letters that a record causes: to the front desk what somebody must do, to therapists what is ready to treat, to billers
/// what hinders the bill. A paper that was ours before rings no second bell.
pub fn letters(record: &Record, staff: &[Staff], options: &Options, now: Timestamp) -> Vec<Letter> {
    let mut letters = Vec::new();
    if !was_told_before(record) {
        letters = letters_of_reading(record, staff, options, now);
    }
    letters.extend(letters_of_settling(record, staff, options, now));
    letters
}

/// The letters that a decision causes: to therapists what it made ready to treat, to billers what still hinders the bill then.
pub fn letters_of_decision(
    before: &Record,
    after: &Record,
    staff: &[Staff],
    options: &Options,
    now: Timestamp,
) -> Vec<Letter> {
    let known = letters_of_settling(before, staff, options, now);
    let mut letters = letters_of_settling(after, staff, options, now);
    letters.retain(|letter| known.iter().all(|other| other.message_id != letter.message_id));
    letters
}

/// What was not ready as it was read and is by what people settled: a letter for each prescription, whenever its turn comes.
fn letters_of_settling(record: &Record, staff: &[Staff], options: &Options, now: Timestamp) -> Vec<Letter> {
    let mut letters = Vec::new();
    for (number, prescription) in (1..).zip(&record.paper.prescriptions) {
        if prescription.ready_to_treat || !record.is_ready_to_treat(prescription) {
            continue;
        }
        let mut write = |role: Role, subject: &str, body: Vec<String>| {
            let to = addresses(staff, role);
            if !to.is_empty() {
                let mut letter = letter(record, role, to, subject.to_owned(), &body, options, now);
                letter.message_id = letter.message_id.replacen('@', &format!(".{number}@"), 1);
                letters.push(letter);
            }
        };
        let ready = "What was missing in a prescription is settled: it is ready to treat.";
        let look = "Open the record before the first visit; the decisions stand below what was read.";
        write(Role::Therapist, "1 prescription is ready to treat now", vec![ready.to_owned(), look.to_owned()]);
        if !record.is_ready_to_bill(prescription) {
            let mut body = vec!["1 prescription is ready to treat now, but not to bill:".to_owned()];
            body.extend(gap_lines(&unsettled(prescription, record)));
            write(Role::Biller, "1 prescription is not ready to bill", body);
        }
    }
    letters
}

/// What somebody closed is not mentioned again.
fn unsettled(prescription: &Prescription, record: &Record) -> Prescription {
    let mut prescription = prescription.clone();
    prescription.gaps.retain(|gap| !record.is_settled(Some(gap.field)));
    prescription.doubts.retain(|field| !record.is_settled(Some(*field)));
    prescription
}

fn letters_of_reading(record: &Record, staff: &[Staff], options: &Options, now: Timestamp) -> Vec<Letter> {
    let paper = &record.paper;
    let mut letters = Vec::new();
    let mut write = |role: Role, subject: String, body: Vec<String>| {
        let to = addresses(staff, role);
        if !to.is_empty() {
            letters.push(letter(record, role, to, subject, &body, options, now));
        }
    };
    if paper.error.is_some() || needs_front_desk(paper) || pages_too_many(record).is_some() {
        write(Role::FrontDesk, front_desk_subject(paper), front_desk_body(record));
    }
    let ready = paper.prescriptions.iter().filter(|prescription| prescription.ready_to_treat).count();
    if ready > 0 {
        let what = count(ready, "new prescription is", "new prescriptions are");
        write(
            Role::Therapist,
            format!("{what} ready to treat"),
            vec![format!("{what} complete enough to treat."), "Open the record before the first visit.".to_owned()],
        );
    }
    let unbillable: Vec<&Prescription> = paper
        .prescriptions
        .iter()
        .filter(|prescription| prescription.ready_to_treat && !prescription.ready_to_bill)
        .collect();
    if !unbillable.is_empty() {
        let what = count(unbillable.len(), "prescription is", "prescriptions are");
        let mut body = vec![format!("{what} ready to treat but not to bill:")];
        body.extend(unbillable.iter().flat_map(|prescription| gap_lines(prescription)));
        write(Role::Biller, format!("{what} not ready to bill"), body);
    }
    letters
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

/// More pages than the fax machine or the fax service counted: two faxes may have become one.
fn pages_too_many(record: &Record) -> Option<String> {
    let reception = record.arrival.reception.as_ref()?;
    let (said, came) = (reception.pages?, reception.came(record.paper.pages)?);
    let who = reception.service.as_deref().unwrap_or("The fax machine's log");
    let fault = record.paper.error.is_none() && said > 0 && came > said;
    fault.then(|| {
        let said = count(said as usize, "page", "pages");
        let papers = in_papers(reception);
        format!("{who} counted {said}, but {came} came{papers}. Look whether all of them belong to this fax.")
    })
}

/// Where the pages stand, if a mail brought them in several papers; nothing else.
pub fn in_papers(reception: &Reception) -> String {
    match reception.together.len() {
        0 => String::new(),
        papers => format!(", in the {papers} papers of its mail"),
    }
}

/// Which pages nobody could read, and what to do.
fn unreadable_pages(paper: &Paper) -> Option<String> {
    let pages: Vec<String> = paper.unreadable_pages().iter().map(u32::to_string).collect();
    let which = match pages.as_slice() {
        [] => return None,
        [only] => format!("Page {only}"),
        several => format!("Pages {}", several.join(", ")),
    };
    Some(format!("{which} could not be read. Look at the paper itself, or ask the sender to send it again."))
}

fn needs_front_desk(paper: &Paper) -> bool {
    paper.has_unreadable_page()
        || paper.prescriptions.iter().any(|prescription| {
            !prescription.doubts.is_empty() || prescription.gaps.iter().any(|gap| gap.level != GapLevel::Note)
        })
}

fn front_desk_subject(paper: &Paper) -> String {
    if paper.error.is_some() && paper.prescriptions.is_empty() {
        return "A paper could not be read".to_owned();
    }
    let stops = paper
        .prescriptions
        .iter()
        .flat_map(|prescription| &prescription.gaps)
        .filter(|gap| gap.level == GapLevel::Stop)
        .count();
    let gaps = paper.prescriptions.iter().map(|prescription| prescription.gaps.len()).sum::<usize>();
    let all = gaps + paper.prescriptions.iter().map(|prescription| prescription.doubts.len()).sum::<usize>();
    match (stops, gaps) {
        (0, 0) if paper.has_unreadable_page() => "A page could not be read".to_owned(),
        (0, 0) if paper.prescriptions.is_empty() => "The pages of a fax have to be checked".to_owned(),
        (0, 0) => "A prescription has to be checked".to_owned(),
        (0, gaps) if gaps == all => format!("A prescription lacks {}", count(gaps, "thing", "things")),
        (0, _) => format!("In a prescription {} missing or unclear", count(all, "thing is", "things are")),
        _ => format!("A prescription cannot be used yet: {} missing or unclear", count(all, "thing is", "things are")),
    }
}

/// What is open in a record, in the words of the first letter.
pub(in crate::alert) fn what_is_open(record: &Record) -> Vec<String> {
    front_desk_body(record)
}

fn front_desk_body(record: &Record) -> Vec<String> {
    let mut body = Vec::new();
    if let Some(first) = record.arrival.same_bytes_as.as_ref().filter(|_| record.may_be_renewal()) {
        let first: String = first.0.chars().take(8).collect();
        body.push(format!(
            "The very same paper came before, as record {first}, so nobody was told of this one. Ask whether it is a renewal or \
             was sent twice; a therapist has to hear of a renewal from you. Then close this record."
        ));
    }
    if let Some(error) = record.paper.error.as_ref().filter(|_| !record.is_settled(None)) {
        body.push(error.message.clone());
    }
    body.extend(pages_too_many(record));
    if record.paper.error.is_none() && !record.is_settled(None) {
        body.extend(unreadable_pages(&record.paper));
    }
    for prescription in &record.paper.prescriptions {
        let prescription = unsettled(prescription, record);
        let pages = match prescription.pages.as_slice() {
            [only] => format!("Prescription on page {only}:"),
            [first, .., last] => format!("Prescription on pages {first} to {last}:"),
            [] => "Prescription:".to_owned(),
        };
        body.push(pages);
        let lines = gap_lines(&prescription);
        body.extend(if lines.is_empty() { vec!["  Nothing is missing.".to_owned()] } else { lines });
    }
    body
}

fn gap_lines(prescription: &Prescription) -> Vec<String> {
    let gap = |Gap { level, tell, .. }: &Gap| match level {
        GapLevel::Stop => format!("  STOP: {tell}"),
        GapLevel::Warn => format!("  Missing for the bill: {tell}"),
        GapLevel::Note => format!("  Note: {tell}"),
    };
    let mut lines: Vec<String> = prescription.gaps.iter().map(gap).collect();
    let doubts: Vec<&str> = prescription.doubts.iter().map(|field| field.words()).collect();
    if !doubts.is_empty() {
        lines.push(format!("  Check against the picture: {}.", doubts.join(", ")));
    }
    lines
}

pub(in crate::alert) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

fn letter(
    record: &Record,
    role: Role,
    to: Vec<String>,
    subject: String,
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
        by_when(record, role).to_owned(),
        format!("To see what was read, and the paper's name: {}", options.command(&format!("records show {short}"))),
        format!("To see the paper itself: {}", original(&short, options)),
    ];
    if role == Role::FrontDesk {
        foot.push(format!("When it is settled: {}", options.command(&format!("records resolve {short}"))));
    }
    let (text, html) = page(&head, body, &foot);
    let domain = at_domain(&options.from);
    let role_word = format!("{role:?}").to_lowercase();
    Letter {
        message_id: format!("<{id}.{role_word}@{domain}>"),
        record: Some(record.arrival.id.clone()),
        to,
        subject: format!("[rxintake {short}] {subject}"),
        text,
        html,
        written_at: now,
        attempts: 0,
        due_at: now,
        role: Some(role),
        instead_of: Vec::new(),
        subjects: Vec::new(),
        is_dead: false,
    }
}

/// Until when something has to be done. No date of the prescription itself: that would be a patient's (45 CFR 164.514(b)(2)(i)(C)).
fn by_when(record: &Record, role: Role) -> &'static str {
    let gaps = || record.paper.prescriptions.iter().flat_map(|it| &it.gaps);
    let hinders_bill_alone = !record.paper.prescriptions.is_empty()
        && record.paper.prescriptions.iter().all(|it| it.doubts.is_empty())
        && gaps().all(|gap| gap.level != GapLevel::Stop);
    match role {
        Role::Biller => "By when: before the bill goes out.",
        Role::Therapist => "By when: before the first visit.",
        _ if record.paper.error.is_some() || record.paper.has_unreadable_page() => {
            "By when: today; nobody knows yet what the paper orders."
        }
        _ if hinders_bill_alone => "By when: before the bill goes out.",
        _ => "By when: before the first treatment.",
    }
}

/// The command that brings a record's paper back, to look at it.
pub(in crate::alert) fn original(record: &str, options: &Options) -> String {
    options.command(&format!("records original {record} --to FILE"))
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
