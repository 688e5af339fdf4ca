//! What of a record is open, as far as it concerns somebody: the body of the letters that ask for something. No patient data.

use crate::alert::compose::count;
use crate::alert::{Matter, When};
use crate::model::{Field, Gap, GapLevel, Paper, Prescription, Reception, Record};

/// What is open in a record and concerns somebody.
pub(in crate::alert) struct Open {
    /// Of the paper as a whole: a sentence each.
    paper: Vec<String>,
    /// Nothing of the paper could be read.
    is_unread: bool,
    /// A page could not be read.
    has_unreadable_page: bool,
    /// Prescriptions with gaps and doubts that nobody settled.
    parts: Vec<Prescription>,
    /// Something of it is told at once.
    pub(in crate::alert) rings: bool,
}

impl Open {
    /// `when` says when a matter is told; None for never.
    pub(in crate::alert) fn of(
        record: &Record,
        when: impl Fn(Matter, Option<(&Prescription, Option<Field>)>) -> Option<When>,
    ) -> Self {
        let mut rings = false;
        let mut concerns = |matter: Matter, of: Option<(&Prescription, Option<Field>)>| {
            let when = when(matter, of);
            rings |= when == Some(When::AtOnce);
            when.is_some()
        };
        let mut paper = of_paper(record);
        if !paper.is_empty() && !concerns(Matter::Unreadable, None) {
            paper.clear();
        }
        let mut parts = Vec::new();
        for read in &record.paper.prescriptions {
            let mut part = unsettled(read, record);
            let is_whole = part.gaps.is_empty() && part.doubts.is_empty();
            let hinders_bill = record.is_ready_to_treat(read) && !record.is_ready_to_bill(read);
            part.gaps.retain(|gap| {
                let of = Some((read, Some(gap.field)));
                match gap.level {
                    GapLevel::Stop => concerns(Matter::Stop, of),
                    GapLevel::Warn => {
                        let of_bill = hinders_bill && when(Matter::Bill, Some((read, None))) == Some(When::Digest);
                        concerns(Matter::Warn, of) || of_bill
                    }
                    GapLevel::Note => concerns(Matter::Note, of),
                }
            });
            part.doubts.retain(|field| concerns(Matter::Doubt, Some((read, Some(*field)))));
            // "nothing is missing" is said only where that is so
            if is_whole || !part.gaps.is_empty() || !part.doubts.is_empty() {
                parts.push(part);
            }
        }
        let (is_unread, has_unreadable_page) = match paper.is_empty() {
            true => (false, false),
            false => (
                record.paper.error.is_some() && record.paper.prescriptions.is_empty(),
                record.paper.has_unreadable_page(),
            ),
        };
        Self { paper, is_unread, has_unreadable_page, parts, rings }
    }

    /// All that is open, whomever it concerns.
    pub(in crate::alert) fn all(record: &Record) -> Self {
        Self::of(record, |_, _| Some(When::AtOnce))
    }

    /// Whether there is nothing to say.
    pub(in crate::alert) fn is_empty(&self) -> bool {
        self.paper.is_empty() && self.parts.iter().all(|part| part.gaps.is_empty() && part.doubts.is_empty())
    }

    /// The subject of a letter.
    pub(in crate::alert) fn subject(&self) -> String {
        if self.is_unread {
            return "A paper could not be read".to_owned();
        }
        let gaps = || self.parts.iter().flat_map(|part| &part.gaps);
        let stops = gaps().filter(|gap| gap.level == GapLevel::Stop).count();
        let gaps = gaps().count();
        let all = gaps + self.parts.iter().map(|part| part.doubts.len()).sum::<usize>();
        match (stops, gaps) {
            (0, 0) if self.has_unreadable_page => "A page could not be read".to_owned(),
            (0, 0) if self.parts.is_empty() => "The pages of a fax have to be checked".to_owned(),
            (0, 0) => "A prescription has to be checked".to_owned(),
            (0, gaps) if gaps == all => format!("A prescription lacks {}", count(gaps, "thing", "things")),
            (0, _) => format!("In a prescription {} missing or unclear", count(all, "thing is", "things are")),
            _ => format!(
                "A prescription cannot be used yet: {} missing or unclear",
                count(all, "thing is", "things are")
            ),
        }
    }

    /// The lines of a letter.
    pub(in crate::alert) fn body(&self) -> Vec<String> {
        let mut body = self.paper.clone();
        for part in &self.parts {
            let pages = match part.pages.as_slice() {
                [only] => format!("Prescription on page {only}:"),
                [first, .., last] => format!("Prescription on pages {first} to {last}:"),
                [] => "Prescription:".to_owned(),
            };
            body.push(pages);
            let lines = lines(part);
            body.extend(if lines.is_empty() { vec!["  Nothing is missing.".to_owned()] } else { lines });
        }
        body
    }
}

/// What is open of the paper as a whole.
fn of_paper(record: &Record) -> Vec<String> {
    let mut open = Vec::new();
    if let Some(first) = record.arrival.same_bytes_as.as_ref().filter(|_| record.may_be_renewal()) {
        let first: String = first.0.chars().take(8).collect();
        open.push(format!(
            "The very same paper came before, as record {first}, so nobody was told of this one. Ask whether it is a renewal or \
             was sent twice; a therapist has to hear of a renewal from you. Then close this record."
        ));
    }
    if let Some(error) = record.paper.error.as_ref().filter(|_| !record.is_settled(None)) {
        open.push(error.message.clone());
    }
    open.extend(pages_too_many(record));
    if record.paper.error.is_none() && !record.is_settled(None) {
        open.extend(unreadable_pages(&record.paper));
    }
    open
}

/// What somebody closed is not mentioned again.
pub(in crate::alert) fn unsettled(prescription: &Prescription, record: &Record) -> Prescription {
    let mut prescription = prescription.clone();
    prescription.gaps.retain(|gap| !record.is_settled(Some(gap.field)));
    prescription.doubts.retain(|field| !record.is_settled(Some(*field)));
    prescription
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

/// What is missing and to be checked in a prescription: a line each.
pub(in crate::alert) fn lines(prescription: &Prescription) -> Vec<String> {
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
