//! The sample papers: the real binary on the real files, and the rule book on recorded readings of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::civil::date;
use rxintake::model::{Paper, ReadPaper};
use rxintake::pipeline::understand;
use rxintake::rules::Book;

use crate::tally::{Tally, Truth};

/// The day on which the sample papers are taken to have arrived.
const RECEIVED_ON: &str = "2026-11-02";

#[test]
fn the_program_reads_the_samples() {
    let truths = truths();
    let files: Vec<PathBuf> = truths.iter().map(|truth| Path::new("samples").join(&truth.file)).collect();
    let output = Command::new(env!("CARGO_BIN_EXE_rxintake"))
        .args(["parse", "--format", "jsonl", "--on", RECEIVED_ON])
        .args(&files)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), files.len(), "one line a file; {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "two samples cannot be read whole");

    let mut tally = Tally::default();
    let mut groups: BTreeMap<&str, Tally> = BTreeMap::new();
    for (truth, line) in truths.iter().zip(said.lines()) {
        let paper: Paper = serde_json::from_str(line).unwrap();
        assert!(truth.error_is_told(Some(&paper)), "{}: error should be {:?}", truth.file, truth.error);
        every_page_is_in_one_place(&truth.file, &paper);
        tally.add(truth, Some(&paper));
        groups.entry(truth.group()).or_default().add(truth, Some(&paper));
    }
    for (group, tally) in groups {
        println!("{group:12} {tally}");
    }
    judge("the program", &tally);
}

/// Readings recorded from the samples: no OCR, so this is quick, and a change of the rules shows here first.
/// `make record` writes them anew.
#[test]
fn the_book_understands_the_recorded_readings() {
    let book = Book::built_in();
    let mut tally = Tally::default();
    for truth in truths() {
        let path = Path::new("samples/readings").join(&truth.file).with_extension("json");
        let read: ReadPaper = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let understand =
            || understand(&read.readings, read.error.clone(), String::new(), &book, date(2026, 11, 2), None);
        let (paper, again) = (understand(), understand());
        assert_eq!(paper, again, "{}: the same readings gave two answers", truth.file);
        every_page_is_in_one_place(&truth.file, &paper);
        tally.add(&truth, Some(&paper));
    }
    judge("recorded readings", &tally);
}

fn judge(what: &str, tally: &Tally) {
    println!("{what}: {tally}\n{}", tally.faults.join("\n"));
    assert_eq!(tally.invented, 0, "a prescription was made up");
    assert_eq!(tally.papers_sorted, tally.papers, "a prescription was not seen");
    let silent: Vec<&String> = tally.faults.iter().filter(|fault| fault.contains("(SILENT)")).collect();
    assert!(silent.is_empty(), "wrong and not told: {silent:#?}");
    assert!(tally.right * 100 >= tally.fields * 95, "fewer than 95 in 100 fields are right: {:#?}", tally.faults);
}

fn every_page_is_in_one_place(file: &str, paper: &Paper) {
    let mut places: BTreeMap<u32, u32> = (1..=paper.pages).map(|page| (page, 0)).collect();
    let prescribed = paper.prescriptions.iter().flat_map(|prescription| &prescription.pages);
    for page in prescribed.chain(paper.other_pages.iter().flat_map(|other| &other.pages)) {
        *places.entry(*page).or_default() += 1;
    }
    assert!(places.values().all(|count| *count == 1), "{file}: pages and the number of their places {places:?}");
}

fn truths() -> Vec<Truth> {
    let text = fs::read_to_string("samples/truth.jsonl").unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
