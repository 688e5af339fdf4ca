//! Frequency phrases and what they mean. The table has a header with at least the columns `text`, `phases` ("2 per wk for 6 wk; then
//! 1 per wk"), `total_visits` and `status`; the lines of a form's slots are parted by " | ".

use std::path::Path;

use anyhow::Context;
use rxintake::model::{Frequency, PeriodUnit, Phase};

struct Case {
    text: String,
    phases: String,
    visits: String,
    status: String,
}

pub(super) fn run(binary: &str, table: &Path) -> anyhow::Result<()> {
    let cases = cases(table)?;
    let pages: Vec<String> = cases.iter().map(|case| page(&case.text)).collect();
    let mut right = 0;
    for (case, paper) in cases.iter().zip(super::read(binary, &pages)?) {
        let said = paper.prescriptions.first().and_then(|prescription| prescription.frequency.as_ref());
        let differences = said.map_or_else(|| vec!["nothing was read".to_owned()], |said| differences(case, said));
        right += usize::from(differences.is_empty());
        if !differences.is_empty() {
            println!("{:?}: {}", case.text, differences.join("; "));
        }
    }
    println!("frequency phrases right {right}/{}", cases.len());
    if right < cases.len() {
        std::process::exit(1);
    }
    Ok(())
}

fn cases(table: &Path) -> anyhow::Result<Vec<Case>> {
    let rows =
        csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).comment(Some(b'#')).flexible(true).from_path(table);
    let mut rows = rows.with_context(|| format!("cannot read {}", table.display()))?;
    let header = rows.headers()?.clone();
    let column = |name: &str| header.iter().position(|title| title == name);
    let column = |name: &str| column(name).with_context(|| format!("{} has no column {name}", table.display()));
    let (text, phases, visits, status) =
        (column("text")?, column("phases")?, column("total_visits").or_else(|_| column("visits"))?, column("status")?);
    let case = |row: csv::StringRecord| {
        let cell = |at: usize| row.get(at).unwrap_or_default().trim().to_owned();
        Case { text: cell(text), phases: cell(phases), visits: cell(visits), status: cell(status) }
    };
    rows.records().map(|row| Ok(case(row?))).collect()
}

fn page(phrase: &str) -> String {
    // a form's lines with their labels stay as they are
    let is_labelled = phrase.split_once(':').is_some_and(|(label, _)| {
        (2..=24).contains(&label.len())
            && label.starts_with(|letter: char| letter.is_ascii_uppercase() || letter == '#')
    });
    let line = if is_labelled { phrase.replace(" | ", "\n") } else { format!("Frequency: {phrase}") };
    format!(
        "PRESCRIPTION FOR MASSAGE THERAPY\nPatient: Maria Lopez\nDOB: 03/02/1984\nDate: 11/02/2026\nDiagnosis: M54.2 Cervicalgia\n\
         Treatment: Massage therapy\n{line}\nProvider: Alan Pierce, MD\nSignature: Electronically signed by Alan Pierce, MD\n"
    )
}

fn differences(case: &Case, said: &Frequency) -> Vec<String> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, said: &str, wanted: &str| {
        if said != wanted {
            differences.push(format!("{what} {said:?}, should be {wanted:?}"));
        }
    };
    let phases: Vec<String> = said.phases.iter().map(phase).collect();
    let wanted: Vec<&str> = case.phases.split(';').map(|part| part.trim().trim_start_matches("then ").trim()).collect();
    // a window or "-" is no phase
    let wanted: Vec<&str> = wanted.into_iter().filter(|part| part.contains(" per ")).collect();
    differ("phases", &phases.join("; "), &wanted.join("; "));
    // "~13" is not compared
    let settled = !matches!(case.visits.as_str(), "" | "-") && !case.visits.contains('~');
    if settled {
        differ("visits", &range(said.visits, said.visits_max), &case.visits);
    }
    let status = serde_json::to_value(said.status).ok();
    differ("status", status.as_ref().and_then(|status| status.as_str()).unwrap_or_default(), &case.status);
    differences
}

fn phase(phase: &Phase) -> String {
    let rate = range(phase.frequency, phase.frequency_max);
    let period = match (phase.period, phase.period_max) {
        (1, None) => String::new(),
        (low, None) => format!("{low} "),
        (low, Some(high)) => format!("{low}-{high} "),
    };
    let bounds = phase.bounds.map(|bounds| {
        format!(" for {} {}", range(Some(bounds.value), bounds.value_max.or(Some(bounds.value))), unit(bounds.unit))
    });
    format!("{rate} per {period}{}{}", unit(phase.period_unit), bounds.unwrap_or_default())
}

fn range(low: Option<u32>, high: Option<u32>) -> String {
    match (low, high) {
        (None, None) => "-".to_owned(),
        (None, Some(high)) => format!("<={high}"),
        (Some(low), None) => format!(">={low}"),
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("{low}-{high}"),
    }
}

fn unit(unit: PeriodUnit) -> &'static str {
    match unit {
        PeriodUnit::Day => "d",
        PeriodUnit::Week => "wk",
        PeriodUnit::Month => "mo",
        PeriodUnit::Year => "a",
    }
}
