//! `rxintake rules explain`: why a paper gave what it gave, from the first mark to what staff are told.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use jiff::civil::Date;

use crate::cli::kind_words;
use crate::cli::parse::parts;
use crate::cli::pretty::payer_name;
use crate::decide::{Outcome, requirements, same};
use crate::model::{Area, Field, Finding, GapLevel, GapReason, Paper, Prescription, Reading, Value};
use crate::pipeline::Pipeline;
use crate::rules::{Book, FieldStory, FormStory, PageStory, PassedOver};

/// The story of a paper: for every field what was found where and by which rule, what was taken of it and why not the rest; then
/// what was asked for and what staff are told. True if the paper could be read whole.
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
    let book = pipeline.book();
    let stories = book.explain(&readings, on, sender);
    for story in &stories {
        let taken = paper.prescriptions.iter().find(|prescription| prescription.pages.contains(&story.page));
        print_page(story, taken, out)?;
    }
    for prescription in &paper.prescriptions {
        let of_page = |story: &&PageStory| prescription.pages.contains(&story.page);
        let facts: Vec<String> = stories.iter().filter(of_page).flat_map(|story| story.facts.clone()).collect();
        print_prescription(prescription, &facts, &book, on, out)?;
    }
    Ok(paper.error.is_none())
}

fn print_page(story: &PageStory, taken: Option<&Prescription>, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(out, "Page {}: {}", story.page, kind_words(story.kind))?;
    if story.fields.is_empty() {
        writeln!(
            out,
            "  it holds more words than any page does: nothing was looked for on it, and a person has to look"
        )?;
    }
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
    if !story.facts.is_empty() {
        writeln!(out, "  facts on it: {}", story.facts.join(", "))?;
    }
    for field in &story.fields {
        print_field(field, taken, out)?;
    }
    Ok(())
}

fn print_field(story: &FieldStory, taken: Option<&Prescription>, out: &mut impl Write) -> anyhow::Result<()> {
    let FieldStory { field, candidates, empty_labels, near_labels, passed_over } = story;
    writeln!(out, "\n  {field}{}", if candidates.is_empty() { ": nothing found" } else { "" })?;
    for candidate in candidates {
        let verdict = taken.map_or_else(
            || "not taken: the page is no prescription".to_owned(),
            |prescription| verdict(candidate, candidates, prescription),
        );
        writeln!(out, "    {:.2} {} by {}: {verdict}", candidate.confidence, show(candidate), candidate.rule)?;
        for doubt in &candidate.doubts {
            writeln!(out, "         doubt: {doubt}")?;
        }
    }
    if let Some(prescription) = taken.filter(|prescription| prescription.doubts.contains(field)) {
        let reasons = prescription.reasons.get(field).map(|reasons| format!(": {}", reasons.join("; ")));
        writeln!(out, "    to be checked against the paper{}", reasons.unwrap_or_default())?;
    }
    for label in empty_labels {
        writeln!(out, "    label {:?} ({}): nothing taken", label.label, label.rule)?;
        for (what, why) in &label.looked_at {
            writeln!(out, "         {what}: {why}")?;
        }
        if label.looked_at.is_empty() {
            writeln!(out, "         no words stand near enough behind or below it")?;
        }
    }
    for PassedOver { words, area, why } in passed_over {
        let Area { left, top, right, bottom } = area;
        writeln!(out, "    {words:?} at [{left}, {top}, {right}, {bottom}] is passed over: {why}")?;
    }
    for near in near_labels {
        let (words, label, rule) = (&near.words, &near.label, &near.rule);
        writeln!(out, "    {words:?} is nearly the label {label:?} ({rule}); if the form prints it so, add it there")?;
    }
    Ok(())
}

/// What the decision made of a candidate.
fn verdict(candidate: &Finding, candidates: &[Finding], prescription: &Prescription) -> String {
    let field = candidate.field;
    let used = prescription.evidence.get(&field);
    let is_taken = |of: &&Finding| used.is_some_and(|used| of.evidence.iter().all(|ink| used.contains(ink)));
    if candidate.value == Value::Unread {
        let told = prescription.gaps.iter().any(|gap| gap.field == field && gap.reason == GapReason::Unreadable);
        return match (told, prescription.doubts.contains(&field)) {
            (true, _) => "told as unreadable",
            (_, true) => "a person is to look",
            _ => "passed over: the value was read elsewhere, or is not asked for",
        }
        .to_owned();
    }
    let many = matches!(field, Field::Diagnoses | Field::Plan);
    let best = candidates.iter().filter(|of| of.value != Value::Unread).find(is_taken);
    if many && is_taken(&candidate) || best.is_some_and(|best| std::ptr::eq(best, candidate)) {
        return "taken".to_owned();
    }
    match (best, field, &candidate.value) {
        (_, Field::Plan, Value::Text(_)) => "not taken: other words of the plan are".to_owned(),
        _ if many => "adds nothing: the same code, or the same ink, is taken".to_owned(),
        (Some(best), ..) if same(&best.value, &candidate.value) => "bears it out".to_owned(),
        (Some(_), Field::ExpiresOn, _) => "turned down: of several ends the earliest counts".to_owned(),
        (Some(best), ..) => {
            let (best, own) = (format!("{:.2}", best.confidence), format!("{:.2}", candidate.confidence));
            if best == own {
                "turned down: of two equally sure the first is taken".to_owned()
            } else {
                format!("turned down: less sure than {best}")
            }
        }
        (None, ..) => match used.and_then(|used| used.first()) {
            Some(ink) => format!("turned down: what stands on page {} is taken", ink.page),
            None => "not taken".to_owned(),
        },
    }
}

fn show(finding: &Finding) -> String {
    let ink: Vec<&str> = finding.evidence.iter().map(|evidence| evidence.text.reveal().as_str()).collect();
    let place = finding.evidence.first().map(|evidence| {
        let area = evidence.area;
        format!(" at [{}, {}, {}, {}]", area.left, area.top, area.right, area.bottom)
    });
    let read = match &finding.value {
        Value::Unread => "something that no value could be read in".to_owned(),
        Value::Signed(true) => "signed".to_owned(),
        Value::Signed(false) => "not signed".to_owned(),
        _ => format!("{:?}", ink.join(" ")),
    };
    format!("{read}{}", place.unwrap_or_default())
}

/// What was asked of the prescription, and what staff are told.
fn print_prescription(
    prescription: &Prescription,
    facts: &[String],
    book: &Book,
    on: Date,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let pages: Vec<String> = prescription.pages.iter().map(u32::to_string).collect();
    let yes = |ready| if ready { "yes" } else { "no" };
    let (treat, bill) = (yes(prescription.ready_to_treat), yes(prescription.ready_to_bill));
    writeln!(out, "\nPrescription of page {}: ready to treat {treat}, ready to bill {bill}", pages.join(", "))?;
    for (rule, outcome) in requirements(prescription, facts, book, on) {
        let outcome = match outcome {
            Outcome::NotAsked(why) => format!("not asked: {why}"),
            Outcome::There => "there".to_owned(),
            Outcome::Lacking => "lacking".to_owned(),
        };
        let fact = rule.fact.as_ref().map(|fact| format!(", the fact {fact:?}")).unwrap_or_default();
        writeln!(out, "  asked by {}: {}{fact}: {outcome}", rule.place, rule.field)?;
    }
    match prescription.payer.kind.and_then(|kind| Some((kind, book.payer(kind)?))) {
        Some((kind, rule)) => {
            let days = rule.valid_days.map(|days| format!("; valid {days} days")).unwrap_or_default();
            let list =
                |words: &[String], else_: &str| if words.is_empty() { else_.to_owned() } else { words.join(", ") };
            let from = list(&rule.allowed_credentials, "all");
            let refused = list(&rule.refused_words, "none");
            writeln!(out, "  profile of {}: credentials: {from}; refused words: {refused}{days}", payer_name(kind))?;
        }
        None => writeln!(out, "  no payer's profile: who pays is not known")?,
    }
    for gap in &prescription.gaps {
        let level = match gap.level {
            GapLevel::Stop => "stop",
            GapLevel::Warn => "warn",
            GapLevel::Note => "note",
        };
        writeln!(out, "  told ({level}): {}: {}", gap.field, gap.tell)?;
    }
    for field in &prescription.doubts {
        writeln!(out, "  to be checked: {field}")?;
    }
    Ok(())
}
