//! `score PAPERS RESULTS [-v]`: holds RESULTS (what `rxintake parse --format jsonl` printed) against PAPERS/truth.jsonl.
#![allow(clippy::print_stdout, missing_docs)] // a measuring program: it prints

mod tally;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use rxintake::model::Paper;
use tally::{Tally, Truth};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [papers, results, rest @ ..] = arguments.as_slice() else {
        anyhow::bail!("usage: score PAPERS RESULTS.jsonl [-v]");
    };
    let truths = Path::new(papers).join("truth.jsonl");
    let truths = std::fs::read_to_string(&truths).with_context(|| format!("cannot read {}", truths.display()))?;
    let results = std::fs::read_to_string(results).with_context(|| format!("cannot read {results}"))?;
    let read = results.lines().map(read_line).collect::<anyhow::Result<BTreeMap<String, Paper>>>()?;

    let mut all = Tally::default();
    let mut channels: BTreeMap<String, Tally> = BTreeMap::new();
    for line in truths.lines() {
        let truth: Truth = serde_json::from_str(line).context("a line of truth.jsonl")?;
        let paper = read.get(&truth.file);
        all.add(&truth, paper);
        channels.entry(truth.group().to_owned()).or_default().add(&truth, paper);
    }
    println!("{:12} {all}", "all");
    for (channel, tally) in &channels {
        println!("{channel:12} {tally}");
    }
    if rest.iter().any(|argument| argument == "-v") {
        println!("{}", all.faults.join("\n"));
    }
    Ok(())
}

fn read_line(line: &str) -> anyhow::Result<(String, Paper)> {
    let value: serde_json::Value = serde_json::from_str(line)?;
    let path = value["path"].as_str().context("a result without a path")?;
    let name = Path::new(path).file_name().context("a path without a file name")?.to_string_lossy().into_owned();
    Ok((name, serde_json::from_value(value)?))
}
