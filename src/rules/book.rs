//! The rule files as a whole: read, checked, and made ready for use.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::rules::CodeList;
use crate::rules::fault::{Fault, Faults};
use crate::rules::label::Labels;
use crate::rules::phrase::Phrases;
use crate::rules::schema::{RequireRule, RuleFile, TellRule, TestRule};

/// Largest rule file, in bytes: a person writes them.
const FILE_BYTES_MAX: u64 = 1_000_000;

/// The shipped rule files: name and text.
const BUILT_IN: &[(&str, &str)] = &[
    ("10-documents.toml", include_str!("../../rules/10-documents.toml")),
    ("20-patient.toml", include_str!("../../rules/20-patient.toml")),
    ("30-diagnosis.toml", include_str!("../../rules/30-diagnosis.toml")),
    ("40-plan.toml", include_str!("../../rules/40-plan.toml")),
    ("50-frequency.toml", include_str!("../../rules/50-frequency.toml")),
    ("60-payer.toml", include_str!("../../rules/60-payer.toml")),
    ("70-provider.toml", include_str!("../../rules/70-provider.toml")),
    ("80-dates.toml", include_str!("../../rules/80-dates.toml")),
    ("90-required.toml", include_str!("../../rules/90-required.toml")),
];

/// The rule book in force. Cheap to clone.
#[derive(Clone)]
pub struct Book(pub(in crate::rules) Arc<Contents>);

/// All rule files, joined.
pub(in crate::rules) struct Contents {
    pub(in crate::rules) rules: RuleFile,
    pub(in crate::rules) labels: Labels,
    pub(in crate::rules) phrases: Phrases,
    pub(in crate::rules) codes: &'static CodeList,
    pub(in crate::rules) tests: Vec<(String, TestRule)>,
    version: String,
}

impl Book {
    /// The rule files that ship with the program.
    pub fn built_in() -> Self {
        let files = BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self::from_files(files).unwrap_or_else(|faults| panic!("the shipped rules are broken:\n{faults}"))
    }

    /// Names and texts of the shipped rule files, for a clinic's own folder.
    pub fn files() -> &'static [(&'static str, &'static str)] {
        BUILT_IN
    }

    /// Reads every `.toml` file of a folder.
    ///
    /// # Errors
    /// All faults of all files; nothing is in force then.
    pub fn load(folder: &Path) -> Result<Self, Faults> {
        let unreadable = |path: &Path, error: &dyn fmt::Display| {
            Faults(vec![Fault::of_file(&path.display().to_string(), format!("cannot be read: {error}"))])
        };
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
        let mut files = Vec::new();
        let mut faults = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, &error))?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match read_file(&path) {
                Ok(text) => files.push((name, text)),
                Err(what) => faults.push(Fault::of_file(&name, what)),
            }
        }
        if files.is_empty() && faults.is_empty() {
            let what = "holds no rule file (*.toml); `rxintake init` writes the shipped ones".to_owned();
            faults.push(Fault::of_file(&folder.display().to_string(), what));
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        files.sort();
        Self::from_files(files)
    }

    /// Digest of all rule files: which book read a paper.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// What is asked of a prescription, in the order of the files.
    pub fn requirements(&self) -> &[RequireRule] {
        &self.0.rules.require
    }

    /// How many labels, phrases and codes it looks for.
    pub fn rule_count(&self) -> usize {
        self.0.labels.count() + self.0.phrases.count() + self.0.codes.len()
    }

    /// The sentence for a fault, by its name in the rule files.
    pub fn sentence(&self, fault: &str) -> Option<&TellRule> {
        self.0.rules.tell.iter().find(|rule| rule.fault == fault)
    }

    fn from_files(files: Vec<(String, String)>) -> Result<Self, Faults> {
        let mut digest = Sha256::new();
        let mut rules = RuleFile::default();
        let mut labels = Labels::default();
        let mut tests = Vec::new();
        let mut faults = Vec::new();
        for (name, text) in &files {
            digest.update(name);
            digest.update(text);
            match toml::Deserializer::parse(text).and_then(RuleFile::deserialize) {
                Ok(file) => {
                    labels.add(name, text, &file, &mut faults);
                    tests.extend(file.test.iter().map(|test| (name.clone(), test.clone())));
                    join(&mut rules, file, name, &mut faults);
                }
                Err(error) => faults.push(Fault::of_toml(name, text, &error)),
            }
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let phrases = Phrases::new(&rules);
        let version = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(Arc::new(Contents { rules, labels, phrases, codes: CodeList::built_in(), tests, version })))
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!("is larger than {FILE_BYTES_MAX} bytes; a rule file is written by hand"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(before).filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8; save the file as UTF-8")
    })
}

fn join(all: &mut RuleFile, file: RuleFile, name: &str, faults: &mut Vec<Fault>) {
    for (kind, rule) in file.document {
        if all.document.insert(kind, rule).is_some() {
            faults.push(Fault::of_file(name, format!("document {kind:?} stands in an earlier file as well")));
        }
    }
    for (heading, rule) in file.heading {
        all.heading.entry(heading).or_default().words.extend(rule.words);
    }
    for (field, rule) in file.field {
        if all.field.insert(field, rule).is_some() {
            faults.push(Fault::of_file(name, format!("field {field} stands in an earlier file as well")));
        }
    }
    for (payer, rule) in file.payer {
        if all.payer.insert(payer, rule).is_some() {
            faults.push(Fault::of_file(name, format!("payer {payer:?} stands in an earlier file as well")));
        }
    }
    all.other_labels.words.extend(file.other_labels.words);
    all.require.extend(file.require);
    all.tell.extend(file.tell);
    all.signature.signed.extend(file.signature.signed);
    all.signature.unsigned.extend(file.signature.unsigned);
    all.signature.not_the_provider.extend(file.signature.not_the_provider);
    all.signature.closings.extend(file.signature.closings);
}
