//! A storm of papers: after so many letters to the same people in a short time, the rest goes as one letter with a count.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::alert::Options;
use crate::alert::compose::{at_domain, count, page};
use crate::model::Letter;

/// Most letters that one stands for: its Message-IDs are kept with it.
pub const GATHERED_MAX: usize = 500;
/// Most records that it names; the rest is counted.
const NAMED_MAX: usize = 40;

/// Who got how many letters lately.
#[derive(Debug)]
pub struct Storm {
    letters_max: usize,
    span: SignedDuration,
    sent: BTreeMap<Vec<String>, VecDeque<Timestamp>>,
}

impl Storm {
    /// After `letters_max` letters to the same people within `minutes` it is a storm; never where `letters_max` is 0.
    pub fn new(letters_max: u32, minutes: u32) -> Self {
        let span = SignedDuration::from_mins(minutes.into());
        Self { letters_max: letters_max as usize, span, sent: BTreeMap::new() }
    }

    /// Whether these people have had so many letters that further ones are to be gathered.
    pub fn is_raging(&mut self, to: &[String], now: Timestamp) -> bool {
        let Some(sent) = self.sent.get_mut(to) else { return false };
        // what lies ahead was noted before the clock was set back
        sent.retain(|at| (SignedDuration::ZERO..=self.span).contains(&now.duration_since(*at)));
        self.letters_max > 0 && sent.len() >= self.letters_max
    }

    /// These people got a letter.
    pub fn note(&mut self, to: &[String], now: Timestamp) {
        self.sent.entry(to.to_vec()).or_default().push_back(now);
    }

    /// Whether letters that were held since `since` have waited long enough.
    pub fn is_over(&self, since: Timestamp, now: Timestamp) -> bool {
        now.duration_since(since) >= self.span
    }
}

/// A gathered letter without the letters that `is_settled` knows by their Message-ID: what somebody closed is not mentioned.
/// None where nothing is left. It keeps its own Message-ID and stands for all of them.
pub fn without(letter: &Letter, is_settled: impl Fn(&str) -> bool, options: &Options) -> Option<Letter> {
    let parts = letter.instead_of.iter().zip(&letter.subjects);
    let left: Vec<&str> = parts.filter(|(id, _)| !is_settled(id)).map(|(_, subject)| subject.as_str()).collect();
    if left.is_empty() {
        return None;
    }
    let (subject, text, html) = words(&left, letter.is_for_digest, options);
    Some(Letter { subject, text, html, ..letter.clone() })
}

/// One letter that stands for several to the same people. The same letters give the same Message-ID.
pub fn gathered(letters: &[Letter], options: &Options, now: Timestamp) -> Letter {
    let mut digest = Sha256::new();
    letters.iter().for_each(|letter| digest.update(&letter.message_id));
    let key: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let first = letters.first();
    let is_for_digest = first.is_some_and(|letter| letter.is_for_digest);
    let subjects: Vec<String> = letters.iter().map(|letter| letter.subject.clone()).collect();
    let (subject, text, html) = words(&subjects.iter().map(String::as_str).collect::<Vec<_>>(), is_for_digest, options);
    Letter {
        message_id: format!("<gathered.{key}@{}>", at_domain(&options.from)),
        record: None,
        to: first.map(|letter| letter.to.clone()).unwrap_or_default(),
        subject,
        text,
        html,
        written_at: now,
        attempts: 0,
        due_at: now,
        role: first.and_then(|letter| letter.role),
        instead_of: letters.iter().map(|letter| letter.message_id.clone()).collect(),
        subjects,
        is_dead: false,
        is_for_digest,
        stands_back: false,
    }
}

/// Subject, text and HTML of a letter that stands for those with these subjects.
fn words(subjects: &[&str], is_for_digest: bool, options: &Options) -> (String, String, String) {
    // "[rxintake bf68f8f1] A prescription lacks 2 things"
    let line = |subject: &&str| match subject.trim_start_matches("[rxintake").split_once(']') {
        Some((record, what)) if !record.trim().is_empty() => format!("Record {}:{what}", record.trim()),
        _ => (*subject).to_owned(),
    };
    let list = options.command("records list");
    let mut body: Vec<String> = subjects.iter().take(NAMED_MAX).map(line).collect();
    if let Some(more) = subjects.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        body.push(format!("and {more} more: {list}"));
    }
    let head = match is_for_digest {
        true => format!("What there is to tell since the last digest: {}.", count(subjects.len(), "paper", "papers")),
        false => format!("Many papers came in within a short time. This letter stands for {}.", subjects.len()),
    };
    let (text, html) = page(&head, &body, &[format!("To see them: {list}")]);
    let what = count(subjects.len(), "more paper wants", "more papers want");
    let subject = match is_for_digest {
        true => format!("[rxintake] {} to be looked at", count(subjects.len(), "paper wants", "papers want")),
        false => format!("[rxintake] {what} to be looked at"),
    };
    (subject, text, html)
}
