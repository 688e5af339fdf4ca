//! Holds what was read against what the paper says: how many fields are right, wrong and told, or wrong and silent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rxintake::model::{Bounds, Field, GapReason, Paper, Prescription};
use serde::Deserialize;
use serde_json::{Value, json};

/// The fields that are compared, in the order of a prescription.
const FIELDS: [Field; 12] = [
    Field::PatientName,
    Field::PatientBirthDate,
    Field::Diagnoses,
    Field::Plan,
    Field::Frequency,
    Field::PayerKind,
    Field::PayerClaimNumber,
    Field::PayerDateOfInjury,
    Field::ProviderName,
    Field::ProviderNpi,
    Field::ProviderSignature,
    Field::WrittenOn,
];

/// What a made paper says: a line of `truth.jsonl`.
#[derive(Debug, Deserialize)]
pub(crate) struct Truth {
    /// File name.
    pub(crate) file: String,
    /// How it was sent: `digital`, `scan`, `fax_fine`, `fax_std`, `fax_bad`, `photo`.
    pub(crate) channel: String,
    /// `typed`, `hand`, `batch`, `negative`, `broken`.
    pub(crate) tier: String,
    /// The error code that reading must give.
    #[serde(default)]
    pub(crate) error: Option<String>,
    /// What is ordered; None where the file is broken and anything may be read of it.
    pub(crate) prescriptions: Option<Vec<Value>>,
}

impl Truth {
    /// What the paper is counted under: its channel, or that a hand filled it in.
    pub(crate) fn group(&self) -> &str {
        if self.tier == "hand" { "handwritten" } else { &self.channel }
    }

    /// Whether the paper says of itself what the truth demands: no error, or the right one.
    pub(crate) fn error_is_told(&self, paper: Option<&Paper>) -> bool {
        let told = paper.and_then(|paper| paper.error.as_ref()).map(|error| json!(error.code));
        told == self.error.as_ref().map(|error| json!(error))
    }
}

/// Counts over any number of papers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(crate) papers: usize,
    pub(crate) papers_sorted: usize,
    pub(crate) invented: usize,
    pub(crate) prescriptions: usize,
    pub(crate) fields: usize,
    pub(crate) right: usize,
    pub(crate) silent: usize,
    /// Fields that are neither doubted nor in a gap: whoever reads the record believes them.
    pub(crate) believed: usize,
    pub(crate) touchless: usize,
    pub(crate) gaps_owed: usize,
    pub(crate) gaps_told: usize,
    pub(crate) gaps_false: usize,
    /// One line a wrong field: no patient's data in it, for the papers are made.
    pub(crate) faults: Vec<String>,
}

impl Tally {
    /// Holds one paper against its truth.
    pub(crate) fn add(&mut self, truth: &Truth, paper: Option<&Paper>) {
        if !truth.error_is_told(paper) {
            self.faults.push(format!("{}: error should be {:?}", truth.file, truth.error));
        }
        let Some(wanted) = &truth.prescriptions else { return };
        let mut read: Vec<&Prescription> = paper.iter().flat_map(|paper| &paper.prescriptions).collect();
        self.papers += 1;
        self.papers_sorted += usize::from(read.len() == wanted.len());
        self.invented += read.len().saturating_sub(wanted.len());
        for want in wanted {
            let best = (0..read.len()).min_by_key(|&index| wrong(&told(read[index]), &owed(want)).len());
            self.add_prescription(&truth.file, want, best.map(|index| read.remove(index)));
        }
    }

    fn add_prescription(&mut self, file: &str, want: &Value, read: Option<&Prescription>) {
        let wanted = owed(want);
        let values = read.map(told).unwrap_or_default();
        let bad = wrong(&values, &wanted);
        let missing = names(&want["missing"]);
        let flagged: BTreeSet<String> = read.map(flags).unwrap_or_default();
        let said_missing: BTreeSet<String> = read.map(gaps_missing).unwrap_or_default();
        self.prescriptions += 1;
        self.fields += FIELDS.len();
        self.right += FIELDS.len() - bad.len();
        self.silent += if read.is_some() { bad.difference(&flagged).count() } else { FIELDS.len() };
        let believed = |field: &&Field| read.is_some() && !flagged.contains(&field.to_string());
        self.believed += FIELDS.iter().filter(believed).count();
        self.touchless += usize::from(bad.is_empty() && flagged.is_subset(&missing));
        self.gaps_owed += missing.len();
        self.gaps_told += said_missing.intersection(&missing).count();
        self.gaps_false += said_missing.difference(&missing).count();
        for field in &bad {
            let how = if flagged.contains(field) { "told" } else { "SILENT" };
            let (read, wanted) = (values.get(field).unwrap_or(&Value::Null), &wanted[field]);
            self.faults.push(format!("{file}: {field} read {read}, is {wanted} ({how})"));
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        write!(
            f,
            "fields right {}/{} = {:.4}  silent {:.4}  touchless {}/{}  gaps told {}/{}, false {}  papers sorted {}/{}, invented {}",
            self.right,
            self.fields,
            share(self.right, self.fields),
            share(self.silent, self.fields),
            self.touchless,
            self.prescriptions,
            self.gaps_told,
            self.gaps_owed,
            self.gaps_false,
            self.papers_sorted,
            self.papers,
            self.invented
        )
    }
}

fn flags(read: &Prescription) -> BTreeSet<String> {
    read.doubts.iter().map(Field::to_string).chain(read.gaps.iter().map(|gap| gap.field.to_string())).collect()
}

fn gaps_missing(read: &Prescription) -> BTreeSet<String> {
    let missing = read.gaps.iter().filter(|gap| gap.reason == GapReason::Missing);
    missing.map(|gap| gap.field.to_string()).collect()
}

fn wrong(read: &BTreeMap<String, Value>, wanted: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let mut bad: BTreeSet<String> = FIELDS
        .iter()
        .map(Field::to_string)
        .filter(|field| read.get(field).unwrap_or(&Value::Null) != &wanted[field])
        .collect();
    if !wanted["visits"].is_null() && read.get("visits") != Some(&wanted["visits"]) {
        bad.insert(Field::Frequency.to_string());
    }
    bad
}

/// What was read, in the form in which it is compared.
fn told(read: &Prescription) -> BTreeMap<String, Value> {
    let mut diagnoses: Vec<&String> = read.diagnoses.iter().filter_map(|diagnosis| diagnosis.code.as_ref()).collect();
    diagnoses.sort();
    let mut plan: Vec<&String> = read.plan.procedures.iter().filter_map(|procedure| procedure.code.as_ref()).collect();
    plan.sort();
    let frequency = read.frequency.as_ref().map(|frequency| {
        let phases: Vec<Value> = frequency
            .phases
            .iter()
            .map(|phase| {
                let most = phase.frequency_max.or(phase.frequency);
                let bounds = phase.bounds.map(|Bounds { value, unit, .. }| json!([value, unit]));
                json!([phase.frequency, most, phase.period, phase.period_unit, bounds])
            })
            .collect();
        json!([phases, frequency.as_needed])
    });
    BTreeMap::from([
        ("patient.name".into(), name(json!(read.patient.name))),
        ("patient.birth_date".into(), json!(read.patient.birth_date)),
        ("diagnoses".into(), json!(diagnoses)),
        ("plan".into(), json!(plan)),
        ("frequency".into(), json!(frequency)),
        ("payer.kind".into(), json!(read.payer.kind)),
        ("payer.claim_number".into(), json!(read.payer.claim_number)),
        ("payer.date_of_injury".into(), json!(read.payer.date_of_injury)),
        ("provider.name".into(), name(json!(read.provider.name))),
        ("provider.npi".into(), json!(read.provider.npi)),
        ("provider.signature".into(), json!(read.provider.signed.unwrap_or(false))),
        ("written_on".into(), json!(read.written_on)),
        ("visits".into(), json!(read.frequency.as_ref().and_then(|frequency| frequency.visits))),
    ])
}

/// What the paper says, in the form in which it is compared.
fn owed(truth: &Value) -> BTreeMap<String, Value> {
    let frequency = match &truth["frequency"] {
        Value::Null => Value::Null,
        frequency => {
            let phases: Vec<Value> = frequency["phases"].as_array().into_iter().flatten().map(owed_phase).collect();
            json!([phases, frequency["as_needed"]])
        }
    };
    let of = |room: &str, field: &str| truth[room][field].clone();
    BTreeMap::from([
        ("patient.name".into(), name(of("patient", "name"))),
        ("patient.birth_date".into(), of("patient", "birth_date")),
        ("diagnoses".into(), truth["diagnoses"].clone()),
        ("plan".into(), truth["procedures"].clone()),
        ("frequency".into(), frequency),
        ("payer.kind".into(), of("payer", "kind")),
        ("payer.claim_number".into(), of("payer", "claim_number")),
        ("payer.date_of_injury".into(), of("payer", "date_of_injury")),
        ("provider.name".into(), name(of("provider", "name"))),
        ("provider.npi".into(), of("provider", "npi")),
        ("provider.signature".into(), of("provider", "signed")),
        ("written_on".into(), truth["written_on"].clone()),
        ("visits".into(), truth["frequency"]["visits"].clone()),
    ])
}

fn owed_phase(phase: &Value) -> Value {
    let most = if phase["frequency_max"].is_null() { &phase["frequency"] } else { &phase["frequency_max"] };
    let bounds = match &phase["bounds"] {
        Value::Null => Value::Null,
        bounds => json!([bounds["value"], bounds["unit"]]),
    };
    let period = if phase["period"].is_null() { json!(1) } else { phase["period"].clone() };
    json!([phase["frequency"], most, period, phase["period_unit"], bounds])
}

fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Upper or lower case, commas, full stops and blanks make no difference in a name.
fn name(value: Value) -> Value {
    let Value::String(name) = value else { return Value::Null };
    let words: Vec<String> = name.replace([',', '.'], " ").split_whitespace().map(str::to_lowercase).collect();
    Value::String(words.join(" "))
}
