//! `cases phrases BINARY CASES.tsv`: puts each phrase into a plain prescription, reads it with BINARY and holds what it says against
//! the case. `cases notes BINARY NOTES.csv`: reads each row of a table of clinical notes as a paper and says what each was taken for.
#![allow(clippy::print_stdout, missing_docs)] // a measuring program: it prints

mod phrases;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use rxintake::model::Paper;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["phrases", binary, cases] => phrases::run(binary, Path::new(cases)),
        ["notes", binary, notes] => read_notes(binary, Path::new(notes)),
        _ => anyhow::bail!("usage: cases phrases BINARY CASES.tsv, or cases notes BINARY NOTES.csv"),
    }
}

/// Every page of text as a paper, read by the program; in the order of the pages.
fn read(binary: &str, pages: &[String]) -> anyhow::Result<Vec<Paper>> {
    let folder = tempfile::tempdir()?;
    let paths: Vec<PathBuf> = (0..pages.len()).map(|at| folder.path().join(format!("{at:05}.txt"))).collect();
    for (path, page) in paths.iter().zip(pages) {
        std::fs::write(path, page)?;
    }
    let output = Command::new(binary).args(["parse", "--format", "jsonl"]).args(&paths).output();
    let output = output.with_context(|| format!("{binary} cannot be run; build it with `make build`"))?;
    let papers =
        String::from_utf8(output.stdout)?.lines().map(serde_json::from_str).collect::<Result<Vec<Paper>, _>>()?;
    anyhow::ensure!(papers.len() == pages.len(), "{} lines for {} papers", papers.len(), pages.len());
    Ok(papers)
}

/// What the notes of a table were taken for; those taken for prescriptions are shown, so that a person sees whether they order
/// massage or manual therapy.
fn read_notes(binary: &str, table: &Path) -> anyhow::Result<()> {
    let rows = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(table);
    let rows = rows.with_context(|| format!("cannot read {}", table.display()))?;
    let pages = rows.into_records().map(|row| Ok(row?.iter().map(str::trim).collect::<Vec<_>>().join("\n")));
    let pages = pages.collect::<anyhow::Result<Vec<String>>>()?;
    let papers = read(binary, &pages)?;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut prescriptions = 0;
    for (page, paper) in pages.iter().zip(&papers) {
        for other in &paper.other_pages {
            *kinds.entry(serde_json::to_value(other.kind)?.as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        for prescription in &paper.prescriptions {
            prescriptions += 1;
            let codes: Vec<&str> = prescription.plan.procedures.iter().filter_map(|of| of.code.as_deref()).collect();
            println!("taken for a prescription, ordering {codes:?}: {}", page.lines().nth(1).unwrap_or_default());
        }
    }
    println!("{} notes: {prescriptions} taken for prescriptions", papers.len());
    for (kind, count) in kinds {
        println!("{count:6} {kind}");
    }
    Ok(())
}
