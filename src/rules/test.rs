//! The examples that stand in the rule files: pages of text and what must be found on them.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use crate::model::{Area, Field, Line, Private, Reading, Source, Value, Word};
use crate::rules::Book;
use crate::rules::context::Context;
use crate::rules::forms::FormStory;
use crate::rules::schema::TestRule;

/// The day on which the examples arrive.
const ON: Date = date(2026, 11, 2);
/// Size of a character cell of an example page, in pixels.
const CELL: (u32, u32) = (20, 40);

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
    /// The example's name.
    pub name: String,
    /// What differs.
    pub what: String,
}

impl Book {
    /// Runs the examples of all rule files.
    pub fn test(&self) -> TestReport {
        let failures = self.0.tests.iter().flat_map(|(file, test)| {
            self.differences(test).into_iter().map(move |what| TestFailure {
                file: file.clone(),
                name: test.name.clone(),
                what,
            })
        });
        TestReport { tests: self.0.tests.len(), failures: failures.collect() }
    }

    fn differences(&self, test: &TestRule) -> Vec<String> {
        let sections = self.sort_from(&[page(&test.text)], ON, test.sender.as_deref());
        let kind = sections.first().map(|section| section.kind);
        let mut found: BTreeMap<Field, Vec<String>> = BTreeMap::new();
        for finding in sections.iter().flat_map(|section| &section.findings) {
            let shown = show(&finding.value);
            let values = found.entry(finding.field).or_default();
            if !values.contains(&shown) {
                values.push(shown);
            }
        }
        let mut differences = Vec::new();
        if test.document.is_some() && test.document != kind {
            differences.push(format!("the page is {kind:?}, not {:?}", test.document));
        }
        if let Some(wanted) = &test.form {
            let reading = page(&test.text);
            let form = Context::new(&self.0, &reading, ON, test.sender.as_deref()).form;
            if !matches!(&form, FormStory::Is(name, _) if name == wanted) {
                differences.push(format!("the page should be the form {wanted:?}, it is {form:?}"));
            }
        }
        for (field, wanted) in &test.expect {
            let values = found.get(field).cloned().unwrap_or_default();
            if !values.contains(wanted) {
                differences.push(format!("{field} should be \"{wanted}\", found {values:?}"));
            }
        }
        for field in &test.expect_none {
            if let Some(values) = found.get(field) {
                differences.push(format!("{field} should not be found, found {values:?}"));
            }
        }
        if !test.expect_fact.is_empty() || !test.expect_no_fact.is_empty() {
            let reading = page(&test.text);
            let context = Context::new(&self.0, &reading, ON, test.sender.as_deref());
            let facts = self.0.own.facts(&context, |_| true);
            let lacking = test.expect_fact.iter().filter(|fact| !facts.contains(fact));
            differences.extend(lacking.map(|fact| format!("the fact {fact:?} should be found")));
            let wrong = test.expect_no_fact.iter().filter(|fact| facts.contains(fact));
            differences.extend(wrong.map(|fact| format!("the fact {fact:?} should not be found")));
        }
        let doubts = |field: Field| {
            let of_field = sections.iter().flat_map(|section| &section.findings);
            of_field.filter(move |finding| finding.field == field).flat_map(|finding| &finding.doubts)
        };
        for field in test.expect_doubt.iter().filter(|field| doubts(**field).next().is_none()) {
            let what = if found.contains_key(field) { "nothing speaks against it" } else { "it is not found" };
            differences.push(format!("{field} should be doubted, {what}"));
        }
        for field in &test.expect_sure {
            let why: Vec<&String> = doubts(*field).collect();
            if !found.contains_key(field) {
                differences.push(format!("{field} should be found and not be doubted, it is not found"));
            } else if !why.is_empty() {
                differences.push(format!("{field} should not be doubted: {why:?}"));
            }
        }
        differences
    }
}

/// A value as the examples write it.
fn show(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Phone(text) | Value::ClaimNumber(text) => text.reveal().clone(),
        Value::Name(name) => name.full.reveal().clone(),
        Value::Date(date) => date.reveal().to_string(),
        Value::Diagnosis(diagnosis) => diagnosis.code.clone().or_else(|| diagnosis.text.clone()).unwrap_or_default(),
        Value::Procedure(procedure) => procedure.code.clone().unwrap_or_default(),
        Value::Frequency(frequency) => {
            let visits = frequency.visits.map_or_else(String::new, |visits| format!(", {visits} visits"));
            format!("{:?}{visits}", frequency.status).to_lowercase()
        }
        Value::PayerKind(kind) => format!("{kind:?}"),
        Value::Npi { digits, .. } => digits.clone(),
        Value::Unread => "unread".to_owned(),
        Value::Signed(signed) => if *signed { "signed" } else { "not signed" }.to_owned(),
    }
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
