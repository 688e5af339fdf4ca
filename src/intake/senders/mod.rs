//! Sender profiles: what the mails of fax services say about the fax that they carry. In: a mail's sender, subject, text and
//! attachment names. Out: who called and how many pages were sent, in the words of the service.
//!
//! The profiles stand in `rules/senders/*.toml`, for the clinic to add to. What they say is never believed more than the pages
//! themselves: a count that differs is told, a number is shown with the paper.

mod number;
mod template;

use std::fmt::Display;
use std::path::Path;

use serde::Deserialize;

use crate::intake::senders::number::number;
use crate::intake::senders::template::{Said, Template};
use crate::written::{Fault, FaultKind, Faults, Source, Written, read_folder};

/// Largest file of profiles, in bytes: a person writes it.
const FILE_BYTES_MAX: u64 = 1_000_000;
/// Lines of a mail's text that are looked at: what a service says of a fax stands at the top.
const BODY_LINES_MAX: usize = 200;
/// Longest line that is looked at, in bytes (RFC 5322, section 2.1.1 says 998).
const LINE_BYTES_MAX: usize = 2_000;

/// The shipped profiles: path below the folder of rules, and text.
const BUILT_IN: (&str, &str) = ("senders/fax-services.toml", include_str!("../../../rules/senders/fax-services.toml"));

/// What a service says of a fax that it sends by mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announced {
    /// The service.
    pub service: String,
    /// The caller's number, E.164 where it can be told.
    pub number: Option<String>,
    /// The caller's name.
    pub name: Option<String>,
    /// How many pages were sent.
    pub pages: Option<u32>,
    /// The service says that the fax did not come through.
    pub failed: bool,
    /// Its mails are taken although no server vouches for their sender: it stands in the clinic itself.
    pub is_unverified: bool,
}

/// What of a mail the profiles are held against.
#[derive(Debug, Clone, Default)]
pub struct Envelope<'a> {
    /// The sender's address.
    pub from: &'a str,
    /// The subject line.
    pub subject: &'a str,
    /// The text.
    pub body: &'a str,
    /// Names of the attachments.
    pub attachments: Vec<&'a str>,
}

/// All profiles, with their examples.
#[derive(Debug, Default)]
pub struct Profiles {
    profiles: Vec<Profile>,
    examples: Vec<(String, Example)>,
}

#[derive(Debug)]
struct Profile {
    name: String,
    from: Vec<String>,
    is_verified: bool,
    subject: Vec<Template>,
    failed: Vec<Template>,
    body: Vec<Template>,
    attachment: Vec<Template>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    sender: Vec<Sender>,
    #[serde(default)]
    test: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sender {
    name: String,
    #[serde(default)]
    from: Vec<String>,
    /// Where the mailbox names its `authserv_id`, the sender of such a mail must be verified.
    #[serde(default = "yes")]
    verify: bool,
    subject: Vec<String>,
    #[serde(default)]
    failed: Vec<String>,
    #[serde(default)]
    body: Vec<String>,
    #[serde(default)]
    attachment: Vec<String>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    from: String,
    subject: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attachment: Option<String>,
    expect: Expected,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    sender: Option<String>,
    #[serde(default)]
    number: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    pages: Option<u32>,
    #[serde(default)]
    failed: bool,
}

impl Profiles {
    /// Path below the folder of rules, and text of the shipped profiles.
    pub const FILE: (&str, &str) = BUILT_IN;

    /// The profiles that ship with the program.
    pub fn built_in() -> Self {
        let (mut profiles, mut faults) = (Self::default(), Vec::new());
        profiles.add(BUILT_IN.0, BUILT_IN.1, &mut faults);
        assert!(faults.is_empty(), "the shipped profiles are broken:\n{}", Faults(faults));
        profiles
    }

    /// Every `senders/*.toml` of a folder of rules, in the order of their names; the shipped ones where there is no such folder.
    ///
    /// # Errors
    /// All faults of all files; nothing is in force then.
    pub fn load(rules: &Path) -> Result<Self, Faults> {
        let folder = rules.join("senders");
        let mut faults = Vec::new();
        let files = match read_folder(&folder, "senders/", FILE_BYTES_MAX, &mut faults) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::built_in()),
            Err(error) => {
                let what = format!("cannot be read: {error}");
                return Err(Faults(vec![Fault::of_file(FaultKind::Unreadable, &folder.display().to_string(), what)]));
            }
            Ok(files) => files,
        };
        let mut profiles = Self::default();
        for (name, text) in &files {
            profiles.add(name, text, &mut faults);
        }
        if faults.is_empty() { Ok(profiles) } else { Err(Faults(faults)) }
    }

    /// Profiles that are names and texts.
    ///
    /// # Errors
    /// All faults of all files.
    pub fn from_files(files: &[(String, String)]) -> Result<Self, Faults> {
        let (mut profiles, mut faults) = (Self::default(), Vec::new());
        for (name, text) in files {
            profiles.add(&format!("senders/{name}"), text, &mut faults);
        }
        if faults.is_empty() { Ok(profiles) } else { Err(Faults(faults)) }
    }

    fn add(&mut self, file: &str, text: &str, faults: &mut Vec<Fault>) {
        let before = faults.len();
        let written = Written::new(file, text, faults);
        let (source, File { sender, test }) = Source::read(&written, faults);
        for (nth, Sender { name, from, verify: is_verified, subject, failed, body, attachment }) in
            sender.into_iter().enumerate()
        {
            let mut tell = |kind, path: &[&dyn Display], what: String| {
                source.tell(faults, kind, path, format!("sender {name:?}: {what}"));
            };
            if subject.is_empty() {
                tell(
                    FaultKind::Idle,
                    &[&"sender", &nth, &"subject"],
                    "give a `subject`; every mail would be its".to_owned(),
                );
            }
            if !test.iter().any(|test| test.expect.sender.as_ref() == Some(&name)) {
                let what = "it needs a [[test]] in its file: a mail of its, with its name in `expect`".to_owned();
                tell(FaultKind::UntestedValue, &[&"sender", &nth], what);
            }
            let mut templates = |key: &'static str, texts: &[String]| -> Vec<Template> {
                let read = texts.iter().enumerate().map(|(at, text)| (at, Template::new(text)));
                let told = read.filter_map(|(at, template)| {
                    template.map_err(|what| tell(FaultKind::Pattern, &[&"sender", &nth, &key, &at], what)).ok()
                });
                told.collect()
            };
            let (subject, failed) = (templates("subject", &subject), templates("failed", &failed));
            let (body, attachment) = (templates("body", &body), templates("attachment", &attachment));
            let from = from.iter().map(|from| from.to_lowercase()).collect();
            self.profiles.push(Profile { name, from, is_verified, subject, failed, body, attachment });
        }
        self.examples.extend(test.into_iter().map(|test| (file.to_owned(), test)));
        faults[before..].sort_by_key(Fault::line);
    }

    /// How many services are known.
    pub fn count(&self) -> usize {
        self.profiles.len()
    }

    /// What the first profile that fits says; None where the mail is of no known service.
    pub fn read(&self, envelope: &Envelope<'_>) -> Option<Announced> {
        self.profiles.iter().find_map(|profile| profile.read(envelope))
    }

    /// Runs the examples that stand in the files: how many there are, and what differs.
    pub fn test(&self) -> (usize, Vec<String>) {
        let mut differences = Vec::new();
        for (file, example) in &self.examples {
            let envelope = Envelope {
                from: &example.from,
                subject: &example.subject,
                body: &example.body,
                attachments: example.attachment.iter().map(String::as_str).collect(),
            };
            let announced = self.read(&envelope);
            let sender = announced.as_ref().map(|announced| announced.service.clone());
            let Announced { number, name, pages, failed, .. } = announced.unwrap_or_default();
            let found = Expected { sender, number, name, pages, failed };
            if found != example.expect {
                let subject = &example.subject;
                differences.push(format!("{file}: '{subject}': {:?} was expected, found {found:?}", example.expect));
            }
        }
        (self.examples.len(), differences)
    }
}

impl Profile {
    fn read(&self, envelope: &Envelope<'_>) -> Option<Announced> {
        let from = envelope.from.to_lowercase();
        let is_from = |entry: &String| from == *entry || entry.starts_with('@') && from.ends_with(entry.as_str());
        if !self.from.is_empty() && !self.from.iter().any(is_from) {
            return None;
        }
        let first = |templates: &[Template], text: &str| {
            (text.len() <= LINE_BYTES_MAX).then(|| templates.iter().find_map(|template| template.read(text))).flatten()
        };
        let failed = first(&self.failed, envelope.subject);
        let mut sayings: Vec<Said> = vec![failed.clone().or_else(|| first(&self.subject, envelope.subject))?];
        sayings.extend(envelope.body.lines().take(BODY_LINES_MAX).filter_map(|line| first(&self.body, line)));
        sayings.extend(envelope.attachments.iter().filter_map(|name| first(&self.attachment, name)));
        // the number that the telephone network told goes before the one that the sending machine says of itself
        let numbers = sayings.iter().filter_map(|said| number(said.number.as_ref()?));
        let stations = sayings.iter().filter_map(|said| number(said.station.as_ref()?));
        let mut names = sayings.iter().filter_map(|said| crate::intake::hylafax::clean(said.name.as_ref()?));
        Some(Announced {
            service: self.name.clone(),
            number: numbers.chain(stations).next(),
            name: names.next(),
            pages: sayings.iter().find_map(|said| said.pages),
            failed: failed.is_some(),
            is_unverified: !self.is_verified,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_examples_come_out() {
        let profiles = Profiles::built_in();
        let (examples, differences) = profiles.test();
        assert!(examples >= profiles.count(), "every service has an example");
        assert_eq!(differences, [""; 0]);
    }

    #[test]
    fn an_example_that_does_not_come_out_is_told() {
        let mut profiles = Profiles::default();
        let text = "[[sender]]\nname = \"A\"\nfrom = [\"@a.example\"]\nsubject = ['Fax from {number}']\n\n[[test]]\nfrom = \
                    \"x@b.example\"\nsubject = 'Fax from 7045550101'\nexpect = { sender = \"A\" }\n";
        profiles.add("a.toml", text, &mut Vec::new());
        let (examples, differences) = profiles.test();
        assert_eq!((examples, differences.len()), (1, 1), "another sender may not speak for the service");
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let text = "[[sender]]\nname = \"A\"\nsubjekt = []\n\n[[sender]]\nname = \"B\"\nsubject = ['{numb}', '{any']\n\n[[sender]]\nname \
                    = \"C\"\nsubject = []\n\n[[test]]\nfrom = \"x@b.example\"\nsubject = 'Fax'\nexpect = { sender = \"B\" }\n";
        let mut faults = Vec::new();
        Profiles::default().add("a.toml", text, &mut faults);
        let told: Vec<String> =
            faults.iter().map(|fault| format!("{} {} {}", fault.line(), fault.kind.code(), fault.what)).collect();
        let wanted = [
            (3, "R003", "did you mean `subject`?"),
            (7, "R015", "{numb} is not known"),
            (7, "R015", "a { has no }"),
            (9, "R019", "needs a [[test]]"),
            (11, "R008", "give a `subject`"),
        ];
        assert_eq!(told.len(), wanted.len(), "{told:#?}");
        for (told, (line, code, what)) in told.iter().zip(wanted) {
            assert!(told.starts_with(&format!("{line} {code}")) && told.contains(what), "{told}");
        }
    }
}
