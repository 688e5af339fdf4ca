//! The rule files as a whole: read, checked, and made ready for use.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use serde::Deserialize;
use serde_spanned::Spanned;
use sha2::{Digest, Sha256};

use crate::model::{Field, Finding, PayerKind, Value};
use crate::rules::codes::{Areas, Scopes, Treatments};
use crate::rules::fault::{Fault, FaultKind, Faults};
use crate::rules::forms;
use crate::rules::join::{fill_in, join, shipped};
use crate::rules::label::Labels;
use crate::rules::lint;
use crate::rules::own::Own;
use crate::rules::pattern::Patterns;
use crate::rules::phrase::Phrases;
use crate::rules::schema::{PayerRule, RequireRule, RuleFile, TellRule, TestRule};
use crate::rules::test;
use crate::rules::{AreaHit, CheckName, CodeList, Schedule, TreatmentHit, read_schedule};

/// Largest rule file, in bytes: a person writes them.
const FILE_BYTES_MAX: u64 = 1_000_000;
/// The full list of codes takes some 8 MB.
const CODES_BYTES_MAX: u64 = 50_000_000;
/// Where a clinic's own table of codes lies in its folder of rules.
pub(in crate::rules) const CODES_FILE: &str = "codes/icd10cm.tsv";
/// Most faults that are told of one file.
const FAULTS_MAX: usize = 50;

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
    /// Where each block first begins: its header, and `file:line`.
    blocks: BTreeMap<String, String>,
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

    /// Reads every `.toml` file of a folder, and its `codes/icd10cm.tsv` where there is one.
    ///
    /// # Errors
    /// All faults of all files; nothing is in force then.
    pub fn load(folder: &Path) -> Result<Self, Faults> {
        let unreadable =
            |path: &Path, what: String| Fault::of_file(FaultKind::Unreadable, &path.display().to_string(), what);
        let alone =
            |path: &Path, error: std::io::Error| Faults(vec![unreadable(path, format!("cannot be read: {error}"))]);
        let mut files = Vec::new();
        let mut faults = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| alone(folder, error))? {
            let path = entry.map_err(|error| alone(folder, error))?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            match read_file(&path, FILE_BYTES_MAX) {
                Ok(text) => files.push((name, text)),
                Err(what) => faults.push(Fault::of_file(FaultKind::Unreadable, &name, what)),
            }
        }
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
        files.sort();
        faults.extend(files.iter().filter(|(_, text)| !says_something(text)).map(|(name, _)| {
            let what = "holds no rule; put its text back (`rxintake init` writes the shipped files into a new folder) or delete it";
            Fault::of_file(FaultKind::Incomplete, name, what.to_owned())
        }));
        match Self::from_files(files, codes) {
            Ok(book) if faults.is_empty() => {
                let lacking = lacking(&book.0.rules, &folder.display().to_string());
                if lacking.is_empty() { Ok(book) } else { Err(Faults(lacking)) }
            }
            Ok(_) if !faults.is_empty() => Err(Faults(faults)),
            Ok(book) => Ok(book),
            Err(Faults(more)) => Err(Faults(faults.into_iter().chain(more).collect())),
        }
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
        let mut rules = RuleFile::default();
        let mut labels = Labels::default();
        let (mut patterns, mut own) = (Patterns::default(), Own::default());
        let mut tests = Vec::new();
        let mut blocks = BTreeMap::new();
        let mut faults = Vec::new();
        let mut read = Vec::new();
        for (name, text) in &files {
            digest.update(name);
            digest.update(text);
            let before = faults.len();
            let Some(mut file) = parse(name, text, &mut faults) else { continue };
            if faults.len() > before {
                // what could be read is looked at as well; what another file or block says of it would be guessed
                check(name, text, &file, &mut faults);
                check_sentences(name, text, &file, &mut faults);
                forms::check_file(name, text, &file, &mut faults);
                test::check_file(name, text, &file, &mut faults);
                faults[before..].sort_by_key(Fault::line);
                continue;
            }
            forms::number(name, text, &mut file);
            for (line, header) in text.lines().enumerate().filter(|(_, line)| line.starts_with('[')) {
                blocks.entry(header.trim_end().to_owned()).or_insert_with(|| format!("rules/{name}:{}", line + 1));
            }
            let requires = text.lines().enumerate().filter(|(_, line)| line.trim_end() == "[[require]]");
            for (rule, (line, _)) in file.require.iter_mut().zip(requires) {
                rule.place = format!("rules/{name}:{}", line + 1);
            }
            labels.add(name, text, &file, &mut faults);
            labels.add_words(name, text, &file, &mut faults);
            check(name, text, &file, &mut faults);
            patterns.add(name, text, &file, &mut faults);
            lint::check_file(name, text, &file, &mut faults);
            check_sentences(name, text, &file, &mut faults);
            forms::check_file(name, text, &file, &mut faults);
            test::check_file(name, text, &file, &mut faults);
            tests.extend(file.test.iter().map(|test| {
                let before = text.get(..test.span().start).unwrap_or_default();
                (name.clone(), before.matches('\n').count() + 1, test.as_ref().clone())
            }));
            read.push((name, text, file));
        }
        let known_facts: BTreeSet<String> = read.iter().flat_map(|(.., file)| file.fact.keys().cloned()).collect();
        for (name, text, file) in read {
            labels.add_wordings(name, text, &file, &mut faults);
            own.add(name, text, &file, &patterns, &mut faults);
            lint::check_facts(name, text, &file, &known_facts, &mut faults);
            join(&mut rules, file, name, &mut faults);
        }
        forms::check_all(&rules.form, &mut faults);
        patterns.check(&mut faults);
        lint::check_all(&files, &rules, &mut faults);
        let codes = codes.map(|table| {
            digest.update(&table);
            CodeList::from_tsv(&table).map(Arc::new).map_err(|error| {
                let what = format!("{error}; `rxintake rules codes import` writes it anew");
                faults.push(Fault::of_file(FaultKind::Codes, CODES_FILE, what));
            })
        });
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let codes = codes.and_then(Result::ok).unwrap_or_else(CodeList::built_in);
        fill_in(&mut rules);
        own.fill_in(shipped);
        let phrases = Phrases::new(&rules);
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
            (_, Value::PayerKind(kind)) => {
                let key = serde_json::to_string(kind).unwrap_or_else(|error| unreachable!("a kind is JSON: {error}"));
                format!("[payer.{}]", key.trim_matches('"'))
            }
            _ => by_field.clone(),
        };
        let in_file =
            |header: &String| self.blocks.get(header).filter(|place| place.starts_with(&format!("{}:", finding.rule)));
        [header, by_field].iter().find_map(in_file).unwrap_or(&finding.rule).clone()
    }
}

/// Every fault of a file, not only the first: what is at fault is taken out, and the rest is read again. None where nothing of it
/// can be read.
fn parse(name: &str, text: &str, faults: &mut Vec<Fault>) -> Option<RuleFile> {
    let mut rest = text.to_owned();
    let before = faults.len();
    loop {
        match toml::Deserializer::parse(&rest).and_then(RuleFile::deserialize) {
            Ok(file) => {
                faults[before..].sort_by_key(Fault::line);
                return Some(file);
            }
            Err(error) => {
                let mut fault = Fault::of_toml(name, &rest, &error);
                let goes_on = fault.kind != FaultKind::Syntax && faults.len() - before < FAULTS_MAX;
                fault.show(text);
                // an unknown block is told once, not for each of its parts
                let is_told = faults[before..].iter().any(|other| other.what == fault.what);
                if !is_told {
                    faults.push(fault);
                }
                let blanked = error.span().filter(|_| goes_on).and_then(|span| without(&rest, &span));
                let Some(blanked) = blanked else {
                    faults[before..].sort_by_key(Fault::line);
                    return None;
                };
                rest = blanked;
            }
        }
    }
}

/// The text without the lines of a key and its value; None where nothing is left to take out.
fn without(text: &str, span: &Range<usize>) -> Option<String> {
    let from = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let to = text.get(span.end..)?.find('\n').map_or(text.len(), |at| span.end + at);
    let line = text.get(from..to)?;
    if line.trim().is_empty() {
        return None;
    }
    if line.trim_start().starts_with('[') {
        // a block goes as a whole
        let rest = text.get(to..)?;
        let end = rest.match_indices("\n[").map(|(at, _)| at).next().map_or(text.len(), |at| to + at);
        return Some([text.get(..from)?, &blank(text.get(from..end)?), text.get(end..)?].concat());
    }
    // an unknown key is marked by itself: its value goes with it, however many lines it takes
    let (mut to, mut open) = (to, depth(line));
    while open > 0 && to < text.len() {
        let next = text.get(to + 1..)?.find('\n').map_or(text.len(), |at| to + 1 + at);
        open += depth(text.get(to + 1..next)?);
        to = next;
    }
    Some([text.get(..from)?, &blank(text.get(from..to)?), text.get(to..)?].concat())
}

/// As many bytes and lines, and nothing else: what stands behind keeps its place.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

fn depth(line: &str) -> i32 {
    line.chars().map(|letter| i32::from(letter == '[') - i32::from(letter == ']')).sum()
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

/// The sentences for staff: one for each fault that the program knows, and none empty.
fn check_sentences(name: &str, text: &str, file: &RuleFile, faults: &mut Vec<Fault>) {
    static KNOWN: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let of_file =
            |text: &'static str| text.lines().filter_map(|line| line.strip_prefix("fault = \"")?.strip_suffix('"'));
        BUILT_IN.iter().flat_map(|(_, text)| of_file(text)).collect()
    });
    let mut fault = |kind, near: String, what: String| {
        faults.push(Fault::at(kind, name, text, text.find(&near).unwrap_or(0), what));
    };
    for rule in file.tell.iter().filter(|rule| !KNOWN.contains(&rule.fault.as_str())) {
        let best = KNOWN
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, &rule.fault).total_cmp(&strsim::jaro_winkler(b, &rule.fault)));
        let what =
            format!("no fault is called `{}`; did you mean `{}`?", rule.fault, best.copied().unwrap_or_default());
        fault(FaultKind::Value, format!("fault = {:?}", rule.fault), what);
    }
    let silent =
        file.tell.iter().filter(|rule| rule.tell.trim().is_empty()).map(|rule| format!("fault = {:?}", rule.fault));
    let silent = silent.chain(
        file.require
            .iter()
            .filter(|rule| rule.tell.trim().is_empty())
            .map(|rule| format!("field = \"{}\"", rule.field)),
    );
    for near in silent.collect::<Vec<_>>() {
        fault(FaultKind::Idle, near, "`tell` is empty: say what staff should do".to_owned());
    }
}

/// Rules that can never do anything are a mistake of whoever wrote them.
fn check(name: &str, text: &str, file: &RuleFile, faults: &mut Vec<Fault>) {
    let mut idle = |near: &str, what: String| {
        let offset = text.find(near).unwrap_or(0);
        faults.push(Fault::at(FaultKind::Idle, name, text, offset, what));
    };
    for (kind, rule) in &file.document {
        let key = serde_json::to_string(kind).unwrap_or_default();
        let table = format!("[document.{}", key.trim_matches('"'));
        if rule.sign.is_empty() || rule.threshold < 1 {
            idle(&table, "a kind of paper needs signs and a threshold of at least 1".to_owned());
        }
        for sign in rule.sign.iter().filter(|sign| sign.weight == 0 || !sign.says_something()) {
            let near = sign.any.first().map_or(table.clone(), |phrase| format!("{phrase:?}"));
            idle(&near, "a sign needs `any`, `lacks` or `found`, and a `weight` other than 0".to_owned());
        }
    }
    for (payer, rule) in &file.payer {
        let asks = !rule.allowed_credentials.is_empty() || rule.valid_days.is_some() || !rule.refused_words.is_empty();
        if asks && rule.because.trim().is_empty() {
            let key = serde_json::to_string(payer).unwrap_or_default();
            let table = format!("[payer.{}]", key.trim_matches('"'));
            let what = format!("{table} asks for something: say in `because` where that is said, and when you read it");
            faults.push(Fault::at(FaultKind::Unsourced, name, text, text.find(&table).unwrap_or(0), what));
        }
    }
    let mut idle = |near: &str, what: String| {
        let offset = text.find(near).unwrap_or(0);
        faults.push(Fault::at(FaultKind::Idle, name, text, offset, what));
    };
    for test in file.test.iter().map(Spanned::as_ref).filter(|test| test.is_idle()) {
        idle(
            &format!("{:?}", test.name),
            format!(
                "the test {:?} expects nothing: give `expect`, `expect_none`, `expect_doubt`, `expect_sure`, `expect_gap` or `document`",
                test.name
            ),
        );
    }
}

fn read_file(path: &Path, bytes_max: u64) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > bytes_max {
        return Err(format!("is larger than {bytes_max} bytes; take it apart"));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(before).filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8; save the file as UTF-8")
    })
}
