//! The rule files as a whole: read, checked, and made ready for use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::model::{Field, Finding, PayerKind, Value};
use crate::rules::codes::{Areas, Scopes, Treatments};
use crate::rules::forms;
use crate::rules::join::Joined;
use crate::rules::label::Labels;
use crate::rules::lint::{self, key};
use crate::rules::own::Own;
use crate::rules::pattern::Patterns;
use crate::rules::phrase::Phrases;
use crate::rules::schema::{PayerRule, RequireRule, RuleFile, TellRule, TestRule};
use crate::rules::test;
use crate::rules::{AreaHit, CheckName, CodeList, Schedule, TreatmentHit, read_schedule};
use crate::written::{Fault, FaultKind, Faults, Source, Written, names_in, read_file, read_folder, unread};

/// Largest rule file, in bytes: a person writes them.
const FILE_BYTES_MAX: u64 = 1_000_000;
/// The full list of codes takes some 8 MB.
const CODES_BYTES_MAX: u64 = 50_000_000;
/// Where a clinic's own table of codes lies in its folder of rules.
pub(in crate::rules) const CODES_FILE: &str = "codes/icd10cm.tsv";

/// The shipped rule files: name and text.
const BUILT_IN: &[(&str, &str)] = &[
    ("10-documents.toml", include_str!("../../rules/10-documents.toml")),
    ("15-labels.toml", include_str!("../../rules/15-labels.toml")),
    ("20-patient.toml", include_str!("../../rules/20-patient.toml")),
    ("30-diagnosis.toml", include_str!("../../rules/30-diagnosis.toml")),
    ("40-plan.toml", include_str!("../../rules/40-plan.toml")),
    ("50-frequency.toml", include_str!("../../rules/50-frequency.toml")),
    ("60-payer.toml", include_str!("../../rules/60-payer.toml")),
    ("65-forms.toml", include_str!("../../rules/65-forms.toml")),
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
    pub(in crate::rules) codes: Arc<CodeList>,
    pub(in crate::rules) scopes: Scopes,
    pub(in crate::rules) treatments: Treatments,
    pub(in crate::rules) areas: Areas,
    pub(in crate::rules) own: Own,
    /// With the file's name, and the line from 1.
    pub(in crate::rules) tests: Vec<(String, usize, TestRule)>,
    /// Where each block first begins in a file: the file as findings name it, the header, and `file:line`.
    blocks: BTreeMap<(String, String), String>,
    version: String,
}

impl Book {
    /// Where a clinic's own table of codes lies in its folder of rules.
    pub const CODES_FILE: &str = CODES_FILE;

    /// The JSON Schema of a rule file, for editors.
    pub fn schema() -> String {
        let schema = schemars::schema_for!(RuleFile);
        let text =
            serde_json::to_string_pretty(&schema).unwrap_or_else(|error| unreachable!("a schema is JSON: {error}"));
        text + "\n"
    }

    /// The rule files that ship with the program.
    pub fn built_in() -> Self {
        let files = BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self::from_files(files, None).unwrap_or_else(|faults| panic!("the shipped rules are broken:\n{faults}"))
    }

    /// Names and texts of the shipped rule files, for a clinic's own folder.
    pub fn files() -> &'static [(&'static str, &'static str)] {
        BUILT_IN
    }

    /// The shipped JSON Schema, to lie beside them.
    pub const SCHEMA: (&str, &str) = ("schema.json", include_str!("../../rules/schema.json"));

    /// Reads every rule file of a folder, and its `codes/icd10cm.tsv` where there is one.
    ///
    /// # Errors
    /// All faults of all files; nothing is in force then.
    pub fn load(folder: &Path) -> Result<Self, Faults> {
        let unreadable =
            |path: &Path, what: String| Fault::of_file(FaultKind::Unreadable, &path.display().to_string(), what);
        let mut faults = Vec::new();
        let files = read_folder(folder, "", FILE_BYTES_MAX, &mut faults)
            .map_err(|error| Faults(vec![unreadable(folder, format!("cannot be read: {error}"))]))?;
        if files.is_empty() && faults.is_empty() {
            let what = "holds no rule file (*.toml); `rxintake init` writes the shipped ones".to_owned();
            faults.push(unreadable(folder, what));
        }
        let table = folder.join(CODES_FILE);
        let codes = if matches!(table.try_exists(), Ok(false)) {
            None
        } else {
            read_file(&table, CODES_BYTES_MAX).map_err(|what| faults.push(unreadable(&table, what))).ok()
        };
        let files = without_copies(files, &mut faults);
        faults.extend(files.iter().filter(|(_, text)| !says_something(text)).map(|(name, _)| {
            let what = "holds no rule; put its text back (`rxintake init` writes the shipped files into a new folder) or delete it";
            Fault::of_file(FaultKind::Incomplete, name, what.to_owned())
        }));
        match Self::from_files(files, codes) {
            Ok(book) if faults.is_empty() => {
                let lacking = lacking(&book.0.rules, &folder.display().to_string());
                if lacking.is_empty() { Ok(book) } else { Err(Faults(lacking)) }
            }
            Ok(_) => Err(Faults(faults)),
            Err(Faults(more)) => Err(Faults(faults.into_iter().chain(more).collect())),
        }
    }

    /// What lies in a folder of rules and is not read, though somebody may think so: a sentence each. What cannot be looked at is
    /// told by [`Self::load`].
    pub fn unread(folder: &Path) -> Vec<String> {
        let name = "its name does not end in .toml, or begins with a dot";
        let copies = |below: &str| {
            let names = unread(&folder.join(below)).unwrap_or_else(|_| Vec::new());
            names.into_iter().map(|file| format!("{below}{file} is not read: {name}")).collect::<Vec<_>>()
        };
        let tables = names_in(&folder.join("codes")).unwrap_or_else(|_| Vec::new());
        let tables = tables.into_iter().map(|file| format!("codes/{file}")).filter(|file| file != CODES_FILE);
        let tables =
            tables.map(|file| format!("{file} is not read: of the tables only {CODES_FILE} can be a clinic's own"));
        [copies(""), copies("senders/")].into_iter().flatten().chain(tables).collect()
    }

    /// The table of codes in force.
    pub fn codes(&self) -> &CodeList {
        &self.0.codes
    }

    /// All treatment words of `text`, from left to right.
    pub fn treatment_words(&self, text: &str) -> Vec<TreatmentHit> {
        self.0.treatments.find(text)
    }

    /// What stands in a frequency slot, as the grammar and the clinic's `say` and `refuse` read it.
    pub fn read_schedule(&self, text: &str) -> Option<Schedule> {
        read_schedule(text, &self.0.own.sayings)
    }

    /// All body areas of `text`, from left to right.
    pub fn body_areas(&self, text: &str) -> Vec<AreaHit> {
        self.0.areas.find(text)
    }

    /// Digest of all rule files: which book read a paper.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// What is asked of a prescription that arrives on a day, in the order of the files.
    pub fn requirements(&self, on: Date) -> impl Iterator<Item = &RequireRule> {
        self.0.rules.require.iter().filter(move |rule| rule.is_asked_on(on))
    }

    /// The same with what is not asked on the day, or not at all.
    pub fn all_requirements(&self) -> &[RequireRule] {
        &self.0.rules.require
    }

    /// Whether the rule files switch a check on for a field.
    pub fn checks(&self, field: Field, name: CheckName) -> bool {
        self.0.own.check(field, name).is_some()
    }

    /// How many labels, phrases and codes it looks for.
    pub fn rule_count(&self) -> usize {
        self.0.labels.count() + self.0.phrases.count() + self.0.codes.len()
    }

    /// What a kind of payer is known to ask for.
    pub fn payer(&self, kind: PayerKind) -> Option<&PayerRule> {
        self.0.rules.payer.get(&kind)
    }

    /// The sentence for a fault, by its name in the rule files.
    pub fn sentence(&self, fault: &str) -> Option<&TellRule> {
        self.0.rules.tell.iter().find(|rule| rule.fault == fault)
    }

    /// Reads rule files that are names and texts, in the order of their names, and the text of a table of codes.
    ///
    /// # Errors
    /// All faults of all files.
    pub fn from_files(files: Vec<(String, String)>, codes: Option<String>) -> Result<Self, Faults> {
        let mut digest = Sha256::new();
        let mut labels = Labels::default();
        let (mut patterns, mut own) = (Patterns::default(), Own::default());
        let mut tests = Vec::new();
        let mut blocks = BTreeMap::new();
        let mut faults = Vec::new();
        let mut read = Vec::new();
        let written: Vec<Written> = files.iter().map(|(name, text)| Written::new(name, text, &mut faults)).collect();
        for ((name, text), written) in files.iter().zip(&written) {
            digest.update(name);
            digest.update(text);
            let (source, mut file) = Source::read::<RuleFile>(written, &mut faults);
            forms::number(&source, &mut file);
            labels.add(name, text, &file, &mut faults);
            labels.add_words(&source, &file, &mut faults);
            patterns.add(&source, &file, &mut faults);
            lint::check_file(&source, &file, &mut faults);
            forms::check_file(&source, &file, &mut faults);
            test::check_file(&source, &file, &mut faults);
            let place = format!("rules/{name}");
            for (line, header) in text.lines().enumerate().filter(|(_, line)| line.starts_with('[')) {
                let block = (place.clone(), header.trim_end().to_owned());
                blocks.entry(block).or_insert_with(|| format!("{place}:{}", line + 1));
            }
            for (nth, rule) in file.require.iter_mut().enumerate() {
                rule.place = format!("{place}:{}", source.line(&[&"require", &nth]));
            }
            let line = |nth: usize| source.line(&[&"test", &nth]);
            tests.extend(
                file.test.iter().enumerate().map(|(nth, test)| (name.clone(), line(nth), test.as_ref().clone())),
            );
            read.push((source, file));
        }
        let facts: BTreeSet<String> = read
            .iter()
            .flat_map(|(source, file)| file.fact.keys().cloned().chain(source.lost_names("fact").map(str::to_owned)))
            .collect();
        let groups: BTreeSet<String> =
            read.iter().flat_map(|(source, _)| source.lost_names("words").map(str::to_owned)).collect();
        let mut joined = Joined::default();
        let mut sources = Vec::new();
        for (source, file) in read {
            labels.wordings.add_wordings(&source, &file, &groups, &mut faults);
            own.add(&source, &file, &patterns, &mut faults);
            lint::check_names(&source, &file, &facts, &labels, &mut faults);
            joined.add(&source, file, &mut faults);
            sources.push(source);
        }
        forms::check_all(&sources, &joined.rules.form, &mut faults);
        patterns.check(&mut faults);
        lint::check_all(&sources, &joined.rules, &mut faults);
        let codes = codes.map(|table| {
            digest.update(&table);
            CodeList::from_tsv(&table).map(Arc::new).map_err(|error| {
                let what = format!("{error}; `rxintake rules codes import` writes it anew");
                faults.push(Fault::of_file(FaultKind::Codes, CODES_FILE, what));
            })
        });
        if !faults.is_empty() {
            faults.sort_by(|a, b| (&a.file, a.line()).cmp(&(&b.file, b.line())));
            return Err(Faults(faults));
        }
        let codes = codes.and_then(Result::ok).unwrap_or_else(CodeList::built_in);
        let mut rules = joined.filled_in();
        own.complete(&rules);
        let phrases = Phrases::new(&mut rules);
        let (scopes, treatments) = (Scopes::new(&rules.not_present), Treatments::new(&rules.treatment));
        let areas = Areas::new(&rules.areas);
        let version = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(Arc::new(Contents {
            rules,
            labels,
            phrases,
            codes,
            scopes,
            treatments,
            areas,
            own,
            tests,
            blocks,
            version,
        })))
    }
}

impl Contents {
    /// `file:line` of the rule of a finding; of one that names only its file, the block there that holds the words of its field.
    pub(in crate::rules) fn place_of(&self, finding: &Finding) -> String {
        let by_field = format!("[field.\"{}\"]", finding.field);
        let header = match (finding.field, &finding.value) {
            (Field::Plan, _) => "[treatment]".to_owned(),
            (Field::ProviderSignature, _) => "[signature]".to_owned(),
            (_, Value::PayerKind(kind)) => format!("[payer.{}]", key(kind)),
            _ => by_field.clone(),
        };
        let in_file = |header: String| self.blocks.get(&(finding.rule.clone(), header));
        [header, by_field].into_iter().find_map(in_file).unwrap_or(&finding.rule).clone()
    }
}

/// The files without those that are another one letter for letter; of two the longer name is that of the copy.
fn without_copies(files: Vec<(String, String)>, faults: &mut Vec<Fault>) -> Vec<(String, String)> {
    let original = |(name, text): &(String, String)| {
        let of_text = files.iter().filter(|(_, other)| says_something(text) && other == text);
        of_text.map(|(name, _)| name).min_by_key(|name| name.len()).filter(|first| *first != name).cloned()
    };
    let originals: Vec<Option<String>> = files.iter().map(original).collect();
    let copies = files.iter().zip(&originals).filter_map(|((name, _), original)| Some((name, original.as_ref()?)));
    faults.extend(copies.map(|(name, original)| {
        Fault::of_file(
            FaultKind::Twice,
            name,
            format!("is {original} once more, letter for letter: delete one of the two"),
        )
    }));
    files.into_iter().zip(originals).filter(|(_, original)| original.is_none()).map(|(file, _)| file).collect()
}

/// Whether a file holds more than comments.
fn says_something(text: &str) -> bool {
    text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}

/// What no book can work without, so that an emptied or deleted file is not taken for a clinic's wish.
fn lacking(rules: &RuleFile, folder: &str) -> Vec<Fault> {
    let parts = [
        (rules.document.is_empty(), "no kind of paper ([document.order]), as in 10-documents.toml"),
        (rules.field.values().all(|field| field.labels.is_empty()), "no label of any field, as in 20-patient.toml"),
        (rules.payer.is_empty(), "no kind of payer ([payer.auto]), as in 60-payer.toml"),
        (rules.signature.signed.is_empty(), "no words of a signature ([signature]), as in 70-provider.toml"),
        (rules.require.is_empty(), "nothing that is asked of a prescription ([[require]]), as in 90-required.toml"),
        (rules.tell.is_empty(), "no sentence for what is wrong ([[tell]]), as in 90-required.toml"),
    ];
    let lacking = parts.iter().filter(|(lacks, _)| *lacks).map(|(_, what)| {
        let what = format!("these rule files hold {what}; `rxintake init` writes the shipped ones into a new folder");
        Fault::of_file(FaultKind::Incomplete, folder, what)
    });
    lacking.collect()
}
