//! `rxintake rules`: is the book sound, do its examples come out, why did a paper give that, and what would another book give.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::cli::kind_words;
use crate::cli::parse::parts;
use crate::daemon::Records;
use crate::decide::decide;
use crate::intake::senders::Profiles;
use crate::model::{Finding, Paper, Reading, Value};
use crate::pipeline::{Pipeline, understand};
use crate::rules::{self, Book, CodeList, CodeListError, FieldStory, FormStory, PageStory};

/// Names every fault of every rule file, or says that there is none. True if there is none.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) fn check(folder: Option<&Path>, out: &mut impl Write) -> anyhow::Result<bool> {
    let senders = folder.map_or_else(|| Ok(Profiles::built_in()), Profiles::load);
    if let Err(fault) = &senders {
        writeln!(out, "{fault}")?;
    }
    match folder.map_or_else(|| Ok(Book::built_in()), Book::load) {
        Ok(book) => {
            writeln!(out, "The rule files are sound (version {}).", book.version())?;
            Ok(senders.is_ok())
        }
        Err(faults) => {
            let count = faults.0.len();
            writeln!(out, "{faults}\n{count} {}", if count == 1 { "fault" } else { "faults" })?;
            writeln!(out, "`rxintake rules check --explain CODE` says more of a code.")?;
            Ok(false)
        }
    }
}

/// Prints what a fault's code means.
///
/// # Errors
/// Where there is no such code, or the output cannot be written.
pub(in crate::cli) fn help(code: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let page = rules::help(code).with_context(|| format!("{code:?} is no code of a fault: they are R001 to R021"))?;
    writeln!(out, "{page}")?;
    Ok(())
}

/// Runs the examples of the rule files. True if all come out.
///
/// # Errors
/// Where the output cannot be written.
pub(in crate::cli) fn test(book: &Book, senders: &Profiles, out: &mut impl Write) -> anyhow::Result<bool> {
    let report = book.test(decide);
    let (examples, differences) = senders.test();
    for difference in &differences {
        writeln!(out, "{difference}")?;
    }
    for failure in &report.failures {
        writeln!(out, "{failure}")?;
    }
    let failures = report.failures.len() + differences.len();
    writeln!(out, "{} examples, {failures} differences", report.tests + examples)?;
    Ok(failures == 0)
}

/// The story of a paper: for every field what was found where and by which rule, and what was turned down. True if the paper
/// could be read whole.
///
/// # Errors
/// Where the paper cannot be read, or the output cannot be written.
pub(in crate::cli) async fn explain(
    file: &Path,
    on: Date,
    sender: Option<&str>,
    pipeline: &Pipeline,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let bytes = fs::read(file).with_context(|| format!("cannot open {}", file.display()))?;
    let papers = match parts(file, &bytes) {
        Ok(papers) => papers,
        Err(message) => bail!(message),
    };
    let (readings, paper): (Vec<Reading>, Paper) = pipeline.take(&papers, on, sender, &|_| ()).await?;
    if let Some(error) = &paper.error {
        writeln!(out, "{}", error.message)?;
    }
    for story in pipeline.book().explain(&readings, on, sender) {
        print_page(&story, out)?;
    }
    Ok(paper.error.is_none())
}

/// Prints a draft of a form block, from the first page that gives one. True if there is one.
///
/// # Errors
/// Where the name or the paper is no good, or the output cannot be written.
pub(in crate::cli) async fn new_form(
    file: &Path,
    name: &str,
    on: Date,
    pipeline: &Pipeline,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        bail!("{name:?} is no name for a form: use letters, digits, - and _");
    }
    let bytes = fs::read(file).with_context(|| format!("cannot open {}", file.display()))?;
    let papers = match parts(file, &bytes) {
        Ok(papers) => papers,
        Err(message) => bail!(message),
    };
    let (readings, _) = pipeline.take(&papers, on, None, &|_| ()).await?;
    match readings.iter().find_map(|reading| pipeline.book().draft_form(reading, name, on)) {
        Some(draft) => {
            writeln!(
                out,
                "# Hold it against the paper, correct it, put it into a file of your rules, and run `rxintake rules test`."
            )?;
            write!(out, "{draft}")?;
            Ok(true)
        }
        None => {
            bail!("no heading and value could be told on {}: take a clearer scan of a filled-in form", file.display())
        }
    }
}

fn print_page(story: &PageStory, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "Page {}: {}", story.page, kind_words(story.kind))?;
    match &story.form {
        FormStory::Is(name, what) => {
            writeln!(out, "  form.{name}, told by {what}: its anchors come before the general labels")?
        }
        FormStory::Several(names) => {
            writeln!(out, "  {} fit equally well: none of them is used", names.join(" and "))?;
        }
        FormStory::None(forms) => {
            for (name, why) in forms {
                writeln!(out, "  not form.{name}: {why}")?;
            }
        }
    }
    for kind in story.kinds.iter().filter(|kind| !kind.signs.is_empty()).take(3) {
        let signs: Vec<String> = kind.signs.iter().map(|(sign, weight)| format!("{sign} {weight:+}")).collect();
        let (name, points, threshold) = (kind_words(kind.kind), kind.points, kind.threshold);
        writeln!(out, "  {name}: {points} points, {threshold} needed: {}", signs.join(", "))?;
    }
    for field in &story.fields {
        print_field(field, out)?;
    }
    Ok(())
}

fn print_field(story: &FieldStory, out: &mut impl Write) -> anyhow::Result<()> {
    let FieldStory { field, candidates, empty_labels, near_labels } = story;
    writeln!(out, "\n  {field}{}", if candidates.is_empty() { ": nothing found" } else { "" })?;
    let many = matches!(field, crate::model::Field::Diagnoses | crate::model::Field::Plan);
    for (place, candidate) in candidates.iter().enumerate() {
        let first = &candidates[0];
        let verdict = match (place, many) {
            (0, _) => "taken".to_owned(),
            (_, true) => "a candidate as well".to_owned(),
            _ if candidate.value == first.value => "bears it out".to_owned(),
            _ => format!("turned down: less sure than {:.2}", first.confidence),
        };
        writeln!(out, "    {:.2} {} by {}: {verdict}", candidate.confidence, show(candidate), candidate.rule)?;
        for doubt in &candidate.doubts {
            writeln!(out, "         doubt: {doubt}")?;
        }
    }
    for label in empty_labels {
        writeln!(out, "    label {:?} ({}): nothing taken", label.label, label.rule)?;
        for (what, why) in &label.looked_at {
            writeln!(out, "         {what}: {why}")?;
        }
        if label.looked_at.is_empty() {
            writeln!(out, "         no words stand behind or below it")?;
        }
    }
    for near in near_labels {
        writeln!(
            out,
            "    {:?} is nearly the label {:?} ({}): add it there if it is meant",
            near.words, near.label, near.rule
        )?;
    }
    Ok(())
}

fn show(finding: &Finding) -> String {
    let ink: Vec<&str> = finding.evidence.iter().map(|evidence| evidence.text.reveal().as_str()).collect();
    let place = finding.evidence.first().map(|evidence| {
        let area = evidence.area;
        format!(" at [{}, {}, {}, {}]", area.left, area.top, area.right, area.bottom)
    });
    let read = match &finding.value {
        Value::Unread => "ink that cannot be read".to_owned(),
        Value::Signed(true) => "signed".to_owned(),
        Value::Signed(false) => "not signed".to_owned(),
        _ => format!("{:?}", ink.join(" ")),
    };
    format!("{read}{}", place.unwrap_or_default())
}

/// Writes the table of codes into the folder of the rule files. `today` bounds the fiscal years of which there can be a file.
///
/// # Errors
/// Where the file is not the official order file, or the folder cannot be written.
pub(in crate::cli) fn import_codes(
    folder: &Path,
    file: &Path,
    fiscal_year: Option<u16>,
    today: Date,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let year = fiscal_year
        .or_else(|| year_in(file))
        .with_context(|| format!("{} does not name its fiscal year; give it: --fiscal-year 2027", file.display()))?;
    if !folder.is_dir() {
        bail!("{} is no folder; name that of your rule files: --rules DIR", folder.display());
    }
    let target = folder.join(Book::CODES_FILE);
    // a table that is broken is written anew, whatever the other rule files say
    let known = match target.try_exists().and_then(|there| there.then(|| fs::read_to_string(&target)).transpose()) {
        Ok(None) => CodeList::built_in(),
        Ok(Some(table)) => CodeList::from_tsv(&table).map(Arc::new).or_else(|fault| {
            writeln!(out, "{} is broken, and is written anew from the shipped one:\n{fault}", target.display())?;
            anyhow::Ok(CodeList::built_in())
        })?,
        Err(error) => bail!("cannot read {}: {error}; move it away, and import again", target.display()),
    };
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    // what is not UTF-8 is Latin-1 ("Ménière"), whose bytes are the numbers of its letters
    let text =
        String::from_utf8(bytes).unwrap_or_else(|other| other.into_bytes().into_iter().map(char::from).collect());
    let codes = known.import(&text, year, today).map_err(|fault| match fault {
        CodeListError::Year { .. } => anyhow::Error::from(fault),
        fault => anyhow::Error::from(fault).context(format!(
            "{} is not the official order file (icd10cm-order-YYYY.txt from cms.gov)",
            file.display()
        )),
    })?;
    let beside = target.with_extension("new");
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    fs::write(&beside, codes.to_tsv())
        .and_then(|()| fs::rename(&beside, &target))
        .with_context(|| format!("cannot write {}", target.display()))?;
    let (before, after) = (CodeList::len(&known), codes.len());
    writeln!(out, "{} took in the codes of fiscal year {year}: it holds {after} ({before} before).", target.display())?;
    let (newest, now) = (codes.fiscal_year(), rules::fiscal_year(today));
    if year < newest {
        writeln!(out, "The newest file in it is still that of fiscal year {newest}; what that says stays as it was.")?;
    } else if newest < now {
        writeln!(out, "Orders of today are of fiscal year {now}: import icd10cm-order-{now}.txt as well.")?;
    }
    Ok(())
}

/// "icd10cm-order-2027.txt" is of fiscal year 2027.
fn year_in(file: &Path) -> Option<u16> {
    let name = file.file_name()?.to_string_lossy().into_owned();
    let mut numbers = name.split(|letter: char| !letter.is_ascii_digit());
    numbers.find(|number| number.len() == 4 && number.starts_with("20"))?.parse().ok()
}

/// Reads every stored paper again under another book, without its picture, and says what would come out differently. Field
/// names only: no patient data is printed.
///
/// # Errors
/// Where the records cannot be had, or the output cannot be written.
pub(in crate::cli) fn rehearse(records: &Records, book: &Book, out: &mut impl Write) -> anyhow::Result<()> {
    let ids = records.ids()?;
    let mut changed = 0;
    let mut lost: BTreeMap<String, usize> = BTreeMap::new();
    for id in &ids {
        let record = records.record(id)?.with_context(|| format!("record {id} is gone"))?;
        let on = record.arrival.received_at.to_zoned(TimeZone::system()).date();
        let sender = record.arrival.origin.sender.as_ref().map(|sender| sender.reveal().as_str());
        let (error, sha256) = (record.paper.error.clone(), record.paper.sha256.clone());
        let now = understand(&record.readings, error, sha256, book, on, sender);
        let differences = differences(&record.paper, &now);
        if differences.is_empty() {
            continue;
        }
        changed += 1;
        let short: String = id.0.chars().take(8).collect();
        writeln!(out, "{short}  {}", differences.join("; "))?;
        for field in differences.iter().filter_map(|difference| difference.strip_suffix(" is no longer found")) {
            *lost.entry(field.to_owned()).or_default() += 1;
        }
    }
    let lost: Vec<String> = lost.iter().map(|(field, count)| format!("{count} lose {field}")).collect();
    let lost = if lost.is_empty() { String::new() } else { format!(", {}", lost.join(", ")) };
    writeln!(out, "{} papers: {changed} would read differently{lost}. Nothing was changed.", ids.len())?;
    Ok(())
}

/// What differs between two readings of a paper, by the names of the fields.
fn differences(before: &Paper, after: &Paper) -> Vec<String> {
    if before.prescriptions.len() != after.prescriptions.len() {
        return vec![format!("{} prescriptions instead of {}", after.prescriptions.len(), before.prescriptions.len())];
    }
    let mut differences = Vec::new();
    if before.other_pages != after.other_pages {
        differences.push("pages sorted otherwise".to_owned());
    }
    for (before, after) in before.prescriptions.iter().zip(&after.prescriptions) {
        let (before, after) = (serde_json::to_value(before), serde_json::to_value(after));
        if let (Ok(before), Ok(after)) = (before, after) {
            compare("", &before, &after, &mut differences);
        }
    }
    differences
}

fn compare(path: &str, before: &Json, after: &Json, differences: &mut Vec<String>) {
    let is_empty = |value: &Json| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match (before, after) {
        _ if before == after || path == "evidence" => {}
        (Json::Object(before), Json::Object(after)) => {
            for (key, value) in before {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, value, after.get(key).unwrap_or(&Json::Null), differences);
            }
        }
        _ if is_empty(after) => differences.push(format!("{path} is no longer found")),
        _ if is_empty(before) => differences.push(format!("{path} is found")),
        _ => differences.push(format!("{path} reads otherwise")),
    }
}
