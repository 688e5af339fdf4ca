//! `rxintake rules rehearse`: what would the stored papers say under another book.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Context;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::daemon::Records;
use crate::model::{Gap, Paper, Prescription};
use crate::pipeline::understand;
use crate::rules::Book;

/// What holds nothing of a patient: shown as it was and as it would be.
const OPEN: [&str; 7] = [
    "kind",
    "pages",
    "frequency.status",
    "frequency.visits",
    "frequency.visits_max",
    "ready_to_treat",
    "ready_to_bill",
];
/// Told by themselves, or of no interest without their value.
const ASIDE: [&str; 5] = ["gaps", "doubts", "reasons", "evidence", "frequency.note"];

/// Reads every stored paper again under another book, without its picture, and says what would come out differently. Of a value only
/// whether it would be found, lost or another one, unless `show_values`: patient data is printed then.
///
/// # Errors
/// Where the records cannot be had, or the output cannot be written.
pub(in crate::cli) fn rehearse(
    records: &Records,
    book: &Book,
    show_values: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let ids = records.ids()?;
    let mut changed = 0;
    let mut sums: BTreeMap<String, usize> = BTreeMap::new();
    for id in &ids {
        let record = records.record(id)?.with_context(|| format!("record {id} is gone"))?;
        let on = record.arrival.received_at.to_zoned(TimeZone::system()).date();
        let sender = record.arrival.origin.sender.as_ref().map(|sender| sender.reveal().as_str());
        let (error, sha256) = (record.paper.error.clone(), record.paper.sha256.clone());
        let now = understand(&record.readings, error, sha256, book, on, sender);
        let differences = differences(&record.paper, &now, show_values)?;
        if differences.is_empty() {
            continue;
        }
        changed += 1;
        let short: String = id.0.chars().take(8).collect();
        writeln!(out, "{short}")?;
        for Difference { what, sum } in differences {
            writeln!(out, "  {what}")?;
            if let Some(sum) = sum {
                *sums.entry(sum).or_default() += 1;
            }
        }
    }
    // what is lost is the worst
    let (lost, other): (Vec<_>, Vec<_>) = sums.into_iter().partition(|(sum, _)| sum.starts_with("lose "));
    let sums: String = lost.iter().chain(&other).map(|(sum, count)| format!(", {count} {sum}")).collect();
    writeln!(out, "{} papers: {changed} would read differently{sums}. Nothing was changed.", ids.len())?;
    Ok(())
}

/// Something that would be otherwise.
struct Difference {
    what: String,
    /// How it is summed up over all papers: "lose frequency".
    sum: Option<String>,
}

impl Difference {
    fn new(what: String, sum: Option<String>) -> Self {
        Self { what, sum }
    }
}

fn differences(before: &Paper, after: &Paper, show_values: bool) -> anyhow::Result<Vec<Difference>> {
    if before.prescriptions.len() != after.prescriptions.len() {
        let what = format!("prescriptions: {} -> {}", before.prescriptions.len(), after.prescriptions.len());
        return Ok(vec![Difference::new(what, Some("hold another number of prescriptions".to_owned()))]);
    }
    let mut differences = Vec::new();
    if before.other_pages != after.other_pages {
        let (before, after) = (serde_json::to_string(&before.other_pages)?, serde_json::to_string(&after.other_pages)?);
        differences.push(Difference::new(format!("other pages: {before} -> {after}"), None));
    }
    for (before, after) in before.prescriptions.iter().zip(&after.prescriptions) {
        compare("", &serde_json::to_value(before)?, &serde_json::to_value(after)?, show_values, &mut differences);
        differences.extend(gaps(&before.gaps, &after.gaps));
        differences.extend(doubts(before, after));
    }
    Ok(differences)
}

fn compare(path: &str, before: &Json, after: &Json, show_values: bool, differences: &mut Vec<Difference>) {
    let is_empty = |value: &Json| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    let shown = |what: String| if show_values { format!("{what}: {before} -> {after}") } else { what };
    let difference = match (before, after) {
        _ if before == after || ASIDE.contains(&path) => return,
        (Json::Object(before), Json::Object(after)) => {
            for (key, value) in before {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, value, after.get(key).unwrap_or(&Json::Null), show_values, differences);
            }
            return;
        }
        (Json::Bool(_), Json::Bool(now)) if OPEN.contains(&path) => {
            let (verb, path) = (if *now { "become" } else { "are no longer" }, path.replace('_', " "));
            Difference::new(format!("{path}: {before} -> {after}"), Some(format!("{verb} {path}")))
        }
        _ if OPEN.contains(&path) => Difference::new(format!("{path}: {before} -> {after}"), None),
        _ if is_empty(after) => {
            Difference::new(shown(format!("{path} is no longer found")), Some(format!("lose {path}")))
        }
        _ if is_empty(before) => Difference::new(shown(format!("{path} is found")), Some(format!("gain {path}"))),
        _ => Difference::new(shown(format!("{path} has another value")), None),
    };
    differences.push(difference);
}

/// Of a gap field, reason, level and sentence.
fn gaps(before: &[Gap], after: &[Gap]) -> Vec<Difference> {
    let name = |gap: &Gap| format!("{} {}", gap.field, word(gap.reason));
    let told = |gap: &Gap| format!("{}: {:?}", word(gap.level), gap.tell);
    let same = |a: &Gap, b: &Gap| a.field == b.field && a.reason == b.reason;
    // a field may have two gaps of one reason
    let gone = before.iter().filter(|gap| !after.contains(gap));
    let come: Vec<&Gap> = after.iter().filter(|gap| !before.contains(gap)).collect();
    let mut differences = Vec::new();
    let mut paired: Vec<&Gap> = Vec::new();
    for gap in gone {
        let twin =
            come.iter().find(|other| same(gap, other) && !paired.iter().any(|known| std::ptr::eq(*known, **other)));
        differences.push(match twin {
            Some(twin) => {
                paired.push(twin);
                Difference::new(format!("gap {}: {} -> {}", name(gap), told(gap), told(twin)), None)
            }
            None => Difference::new(
                format!("gap gone: {} ({})", name(gap), told(gap)),
                Some(format!("are free of the gap {}", name(gap))),
            ),
        });
    }
    let new = come.into_iter().filter(|gap| !paired.iter().any(|known| std::ptr::eq(*known, *gap)));
    differences.extend(new.map(|gap| {
        Difference::new(
            format!("new gap: {} ({})", name(gap), told(gap)),
            Some(format!("have the new gap {}", name(gap))),
        )
    }));
    differences
}

/// Of a doubt the field, and why.
fn doubts(before: &Prescription, after: &Prescription) -> Vec<Difference> {
    let why = |of: &Prescription, field| {
        of.reasons.get(field).map(|reasons| format!(": {}", reasons.join("; "))).unwrap_or_default()
    };
    let gone = before.doubts.iter().filter(|field| !after.doubts.contains(field)).map(|field| {
        let what = format!("no longer to be checked: {field}{}", why(before, field));
        Difference::new(what, Some(format!("need no look at {field}")))
    });
    let come = after.doubts.iter().filter(|field| !before.doubts.contains(field)).map(|field| {
        let what = format!("to be checked: {field}{}", why(after, field));
        Difference::new(what, Some(format!("need a look at {field}")))
    });
    gone.chain(come).collect()
}

/// The name of one of a closed set, as `parse` prints it.
fn word(one: impl serde::Serialize) -> String {
    serde_json::to_value(one)
        .ok()
        .and_then(|json| json.as_str().map(str::to_owned))
        .unwrap_or_else(|| unreachable!("its variants have names"))
}
