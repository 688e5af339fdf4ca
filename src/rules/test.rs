//! The examples that stand in the rule files: pages of text and what must be taken from them.

use std::fmt;

use jiff::civil::{Date, date};
use serde_json::Value as Json;

use crate::model::{
    Area, Evidence, Field, FrequencyStatus, Line, OtherPage, PaperKind, PayerKind, Prescription, Private, Reading,
    Section, Source, Word,
};
use crate::rules::Book;
use crate::rules::context::Context;
use crate::rules::forms::FormStory;
use crate::rules::schema::{RuleFile, TestRule};
use crate::written::{self, Fault, FaultKind};

/// The day on which the examples arrive that name none.
const ON: Date = date(2026, 11, 2);
/// Size of a character cell of an example page, in pixels.
const CELL: (u32, u32) = (20, 40);

/// What makes prescriptions of sections: [`crate::decide::decide`], which this room may not know.
pub type Decide = fn(Vec<Section>, &Book, Date) -> (Vec<OtherPage>, Vec<Prescription>);

/// What became of the examples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// How many there are.
    pub tests: usize,
    /// Those that did not come out as they say.
    pub failures: Vec<TestFailure>,
}

/// An example that did not come out as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFailure {
    /// File name.
    pub file: String,
    /// Where in it the example begins, from 1.
    pub line: usize,
    /// The example's name.
    pub name: String,
    /// What differs.
    pub what: String,
}

impl fmt::Display for TestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, name, what } = self;
        write!(f, "{file}:{line}: {name}: {what}")
    }
}

impl Book {
    /// Runs the examples of all rule files: each page is read, and `decide` takes its values as it does of a paper.
    pub fn test(&self, decide: Decide) -> TestReport {
        TestReport { tests: self.0.tests.len(), failures: self.failing_tests(decide) }
    }

    /// The examples that do not come out as they say: a book with any of them should not come into force.
    pub fn failing_tests(&self, decide: Decide) -> Vec<TestFailure> {
        let failures = self.0.tests.iter().flat_map(|(file, line, test)| {
            let failure = |what| TestFailure { file: file.clone(), line: *line, name: test.name.clone(), what };
            self.differences(test, decide).into_iter().map(failure)
        });
        failures.collect()
    }

    fn differences(&self, test: &TestRule, decide: Decide) -> Vec<String> {
        let (reading, on) = (page(&test.text), test.on.unwrap_or(ON));
        let sender = test.sender.as_deref();
        let sections = self.sort_from(std::slice::from_ref(&reading), on, sender);
        let mut differences = Vec::new();
        let kind = sections.first().map(|section| section.kind);
        if test.document.is_some() && test.document != kind {
            differences.push(format!("the page is {}, not {}", name(kind), name(test.document)));
        }
        let found = |field: Field| {
            let findings = sections.iter().flat_map(|section| &section.findings);
            findings.filter(move |finding| finding.field == field).collect::<Vec<_>>()
        };
        for field in test.expect_none.iter().filter(|field| !found(**field).is_empty()) {
            let ink: Vec<String> = found(*field).iter().map(|finding| ink(&finding.evidence)).collect();
            differences.push(format!("{field} should not be found, found in {ink:?}"));
        }
        let taken = Taken::new(sections, self, on, decide);
        for (field, wanted) in &test.expect {
            let values = taken.values(*field);
            if !value_of(*field, wanted).is_ok_and(|wanted| values.contains(&wanted)) {
                differences.push(format!("{field} should be {wanted:?}, {}", taken.instead(*field)));
            }
        }
        for field in test.expect_doubt.iter().filter(|field| !taken.is_doubted(**field)) {
            let is_found = !taken.values(*field).is_empty();
            let what = if is_found { "nothing speaks against it" } else { "it is not found" };
            differences.push(format!("{field} should be doubted, {what}"));
        }
        for field in &test.expect_sure {
            if taken.values(*field).is_empty() {
                differences.push(format!("{field} should be found and not be doubted, it is not found"));
            } else if taken.is_doubted(*field) {
                differences.push(format!("{field} should not be doubted: {}", taken.why(*field)));
            }
        }
        for (field, reason) in &test.expect_gap {
            let told = taken.gaps(*field);
            if !told.contains(&name(reason)) {
                differences.push(format!("{field} should be told as {}, told is {told:?}", name(reason)));
            }
        }
        for field in test.expect_no_gap.iter().filter(|field| !taken.gaps(**field).is_empty()) {
            differences.push(format!("nothing should be told of {field}, told is {:?}", taken.gaps(*field)));
        }
        if test.form.is_some() || !test.expect_fact.is_empty() || !test.expect_no_fact.is_empty() {
            differences.extend(self.other_differences(test, &Context::new(&self.0, &reading, on, sender)));
        }
        differences
    }

    /// Of the form and of the facts.
    fn other_differences(&self, test: &TestRule, page: &Context) -> Vec<String> {
        let mut differences = Vec::new();
        if let Some(wanted) = &test.form
            && !matches!(&page.form, FormStory::Is(name, _) if name == wanted)
        {
            differences.push(format!("the page should be the form {wanted:?}, it is {:?}", page.form));
        }
        let facts = self.0.own.facts(page, |_| true);
        let lacking = test.expect_fact.iter().filter(|fact| !facts.contains(fact));
        differences.extend(lacking.map(|fact| format!("the fact {fact:?} should be found")));
        let wrong = test.expect_no_fact.iter().filter(|fact| facts.contains(fact));
        differences.extend(wrong.map(|fact| format!("the fact {fact:?} should not be found")));
        differences
    }
}

/// What is taken from a page that an example shows.
struct Taken {
    prescription: Option<Prescription>,
    /// The same as `parse` prints it.
    printed: Json,
}

impl Taken {
    /// An example may show a few lines that are no order by themselves: they are taken as if they stood on one.
    fn new(mut sections: Vec<Section>, book: &Book, on: Date, decide: Decide) -> Self {
        for section in sections.iter_mut().filter(|section| !section.kind.is_prescription()) {
            section.kind = PaperKind::Order;
        }
        let prescription = decide(sections, book, on).1.into_iter().next();
        let printed =
            serde_json::to_value(&prescription).unwrap_or_else(|error| unreachable!("a prescription is JSON: {error}"));
        Self { prescription, printed }
    }

    /// The values of a field as examples write them; more than one of what may stand on a paper more than once.
    fn values(&self, field: Field) -> Vec<String> {
        let at = |path: &str| self.printed.pointer(path);
        let list = |path: &str| at(path).and_then(Json::as_array).into_iter().flatten();
        let text = |value: &Json| value.as_str().map(str::to_owned);
        match field {
            Field::Diagnoses => list("/diagnoses").filter_map(|it| text(&it["code"]).or(text(&it["text"]))).collect(),
            Field::Plan => {
                let codes = list("/plan/procedures").filter_map(|it| text(&it["code"]));
                codes.chain(at("/plan/text").and_then(text)).collect()
            }
            Field::PlanBodyAreas => list("/plan/body_areas").filter_map(text).collect(),
            Field::Frequency => at("/frequency/status")
                .and_then(text)
                .map(|status| match at("/frequency/visits").and_then(Json::as_u64) {
                    Some(visits) => format!("{status}, {visits} visits"),
                    None => status,
                })
                .into_iter()
                .collect(),
            Field::ProviderSignature => at("/provider/signed")
                .and_then(Json::as_bool)
                .map(|signed| if signed { SIGNED } else { NOT_SIGNED }.to_owned())
                .into_iter()
                .collect(),
            _ => at(&format!("/{}", field.name().replace('.', "/"))).and_then(text).into_iter().collect(),
        }
    }

    /// What stands in the place of a value that was wanted.
    fn instead(&self, field: Field) -> String {
        match self.values(field).as_slice() {
            [] => "nothing is taken".to_owned(),
            [one] => format!("taken is {one:?}"),
            more => format!("taken are {}", more.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(", ")),
        }
    }

    fn is_doubted(&self, field: Field) -> bool {
        self.prescription.as_ref().is_some_and(|it| it.doubts.contains(&field))
    }

    fn why(&self, field: Field) -> String {
        let reasons = self.prescription.as_ref().and_then(|it| it.reasons.get(&field));
        reasons.map_or_else(|| "why is not known".to_owned(), |reasons| reasons.join("; "))
    }

    /// The reasons for which staff are told of a field.
    fn gaps(&self, field: Field) -> Vec<String> {
        let gaps = self.prescription.iter().flat_map(|it| &it.gaps);
        gaps.filter(|gap| gap.field == field).map(|gap| name(gap.reason)).collect()
    }
}

const SIGNED: &str = "signed";
const NOT_SIGNED: &str = "not signed";

/// Values of examples that their fields can never have.
pub(in crate::rules) fn check_file(source: &written::Source, rules: &RuleFile, faults: &mut Vec<Fault>) {
    for (nth, test) in rules.test.iter().enumerate() {
        for (field, wanted) in &test.as_ref().expect {
            let Err(why) = value_of(*field, wanted) else { continue };
            let what = format!("{field} is never {wanted:?}: {why}");
            source.tell(faults, FaultKind::Value, &[&"test", &nth, &"expect", field], what);
        }
    }
}

/// The value that an example means, as `parse` prints it.
///
/// # Errors
/// What the field's values look like, where it can have no such value.
fn value_of(field: Field, wanted: &str) -> Result<String, String> {
    let one_of = |is_one: Result<(), serde_json::Error>| is_one.map_err(|error| error.to_string());
    let wanted = wanted.to_owned();
    match field {
        Field::PayerKind => {
            // files of an earlier version say "WorkersComp"
            let plain = snake_case(&wanted);
            one_of(serde_json::from_value::<PayerKind>(plain.clone().into()).map(drop))?;
            Ok(plain)
        }
        Field::Frequency => {
            let (status, visits) = wanted.split_once(", ").unwrap_or((&wanted, "0 visits"));
            one_of(serde_json::from_value::<FrequencyStatus>(status.into()).map(drop))?;
            let counts = visits.strip_suffix(" visits").is_some_and(|count| count.parse::<u32>().is_ok());
            if counts { Ok(wanted) } else { Err("behind its status stand the visits: \"ok, 12 visits\"".to_owned()) }
        }
        Field::ProviderSignature if ![SIGNED, NOT_SIGNED].contains(&wanted.as_str()) => {
            Err(format!("write {SIGNED:?} or {NOT_SIGNED:?}"))
        }
        Field::PatientBirthDate | Field::PayerDateOfInjury | Field::WrittenOn | Field::ExpiresOn => {
            match wanted.parse::<Date>() {
                Ok(day) if day.to_string() == wanted => Ok(wanted),
                _ => Err("write a day of the calendar as \"2026-11-02\"".to_owned()),
            }
        }
        Field::ProviderNpi if wanted.len() != 10 || !wanted.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err("an NPI has ten digits".to_owned())
        }
        Field::PatientPhone | Field::ProviderPhone | Field::ProviderFax => {
            let digits = wanted.strip_prefix('+').unwrap_or_default();
            let is_phone = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_phone { Ok(wanted) } else { Err("write a phone number as \"+17045550123\"".to_owned()) }
        }
        _ if wanted.trim().is_empty() => Err("nothing is no value; name the field in `expect_none`".to_owned()),
        _ => Ok(wanted),
    }
}

/// "WorkersComp" is workers_comp.
fn snake_case(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        if letter.is_ascii_uppercase() && !plain.is_empty() {
            plain.push('_');
        }
        plain.push(letter.to_ascii_lowercase());
    }
    plain
}

/// The name of one of a closed set, as `parse` prints it.
fn name(one: impl serde::Serialize) -> String {
    serde_json::to_value(one)
        .ok()
        .and_then(|json| json.as_str().map(str::to_owned))
        .unwrap_or_else(|| "nothing".to_owned())
}

fn ink(evidence: &[Evidence]) -> String {
    evidence.iter().map(|ink| ink.text.reveal().as_str()).collect::<Vec<_>>().join(" ")
}

/// The text of an example as a page, a typewriter's.
fn page(text: &str) -> Reading {
    let mut lines = Vec::new();
    for (row, line) in (0..).zip(text.lines()) {
        let mut words = Vec::new();
        let mut column = 0;
        for word in line.split(' ') {
            let letters = u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
            if letters > 0 {
                let area =
                    Area::new(column * CELL.0, row * CELL.1, (column + letters) * CELL.0, (row + 1) * CELL.1 - 8);
                words.push(Word {
                    text: Private::from(word),
                    area,
                    confidence: 1.0,
                    also: Vec::new(),
                    struck_out: false,
                });
            }
            column += letters + 1;
        }
        if !words.is_empty() {
            lines.push(Line { words });
        }
    }
    let height = u32::try_from(text.lines().count()).unwrap_or(u32::MAX / CELL.1) * CELL.1;
    Reading {
        page: 1,
        width: 100 * CELL.0,
        height,
        source: Source::TextLayer,
        rotated: 0,
        lines,
        marks: Vec::new(),
        fax_header: None,
        trouble: None,
    }
}
