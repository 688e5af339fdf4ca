//! kill -9 at every moment that the program names: between any two durable acts nothing is lost and nothing doubled.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::clinic::{Clinic, ORDER, files};
use crate::dovecot::{Dovecot, PASSWORD};

/// Every `step("…")` of the program.
fn steps() -> BTreeSet<String> {
    let mut steps = BTreeSet::new();
    for path in files(Path::new("src")) {
        let text = fs::read_to_string(path).unwrap();
        steps.extend(text.split("step(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    steps
}

/// Runs a command that must die at `step`.
fn die(clinic: &Clinic, arguments: &[&str], step: &str) {
    let output = clinic.command(arguments).env("RXINTAKE_KILL_AT", step).output().unwrap();
    assert_eq!(output.status.signal(), Some(9), "it did not come to \"{step}\": {output:?}");
    // a reader child that was just being made has the lock until it is one (flock(2), fork(2))
    let (lock, begin) = (fs::File::open(clinic.path("data/lock")).unwrap(), Instant::now());
    while lock.try_lock().is_err() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{step}: somebody keeps the lock");
        std::thread::yield_now();
    }
}

/// Each paper one record, each letter there once, the sources released. `letters` are written about each record.
fn check(clinic: &Clinic, papers: usize, letters: usize, step: &str) {
    assert!(clinic.run_once().status.success(), "{step}");
    let records = clinic.records();
    assert_eq!(records.len(), papers, "{step}");
    let alerts = clinic.alerts();
    for record in &records {
        let id = record["id"].as_str().unwrap();
        let told = alerts.iter().filter(|(_, letter)| letter.contains(&id[..8])).count();
        assert_eq!(told, letters, "{step}: each letter once");
    }
    let left =
        fs::read_dir(clinic.path("inbox")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    assert_eq!(left, 0, "{step}");
    assert!(clinic.command(&["audit", "verify"]).output().unwrap().status.success(), "{step}");
}

/// What only the retention does.
const PURGE: [&str; 4] = ["purge noted", "key destroyed", "original purged", "record purged"];

/// A purge that is cut short comes to its end: nothing of the record is left, and a store that is made anew brings nothing back.
fn die_in_purge(clinic: &Clinic, step: &str) {
    assert!(clinic.run_once().status.success());
    let id = clinic.records()[0]["id"].as_str().unwrap().to_owned();
    assert!(clinic.command(&["records", "resolve", &id]).output().unwrap().status.success());
    let config = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[retention]\ncomplete_days = 0\n")).unwrap();
    die(clinic, &["run"], step);
    if step != "purge noted" {
        let rebuilt = clinic.command(&["rebuild"]).output().unwrap();
        assert!(rebuilt.status.success(), "{step}: {rebuilt:?}"); // what is left of it is no damage
        assert!(clinic.run_once().status.success(), "{step}");
    }
    let mut daemon = clinic.start(&["run"]);
    while !files(&clinic.path("data/originals")).is_empty() {
        assert!(
            !daemon.is_silent_for(Duration::from_secs(60)) || files(&clinic.path("data/originals")).is_empty(),
            "{step}"
        );
    }
    daemon.stop();
    assert!(clinic.records().is_empty(), "{step}");
}

#[test]
fn a_kill_at_every_named_step_loses_nothing_and_doubles_nothing() {
    let gap = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "");
    let steps = steps();
    let readme = fs::read_to_string("README.md").unwrap().replace('\n', " ");
    assert!(readme.contains(&format!("once at each of {} named ones", steps.len())), "there are {}", steps.len());
    for step in &steps {
        let clinic = Clinic::new();
        let config = clinic.path("rxintake.toml");
        let text = fs::read_to_string(&config).unwrap();
        let papers = match step.as_str() {
            "mail kept" | "mail released" => {
                let dovecot = Dovecot::start();
                let alerts = text.split_once("\n# Alerts").unwrap().1;
                let head = text.split_once("[[inbox]]").unwrap().0;
                let door = dovecot.inbox("processed = \"Processed\"");
                fs::write(&config, format!("{head}{door}\n# Alerts{alerts}")).unwrap();
                fs::write(clinic.path("secrets/imap"), PASSWORD).unwrap();
                dovecot.deliver("1.one", format!("From: a@b.example\nMessage-ID: <a@b.example>\n\n{gap}").as_bytes());
                fs::create_dir_all(clinic.path("inbox")).unwrap();
                die(&clinic, &["run", "--once"], step);
                check(&clinic, 1, 1, step);
                assert_eq!((dovecot.messages("").len(), dovecot.messages("Processed").len()), (0, 1));
                continue;
            }
            "letters to be gathered" | "letters gathered" => {
                let text = text.replace("[alerts]\n", "[alerts]\nstorm_letters = 1\n");
                fs::write(&config, text).unwrap();
                3
            }
            _ => 1,
        };
        for name in ["Adler", "Baker", "Cohen"].iter().take(papers) {
            clinic.drop_mail(name, &gap.replace("Zebra", name));
        }
        if PURGE.contains(&step.as_str()) {
            die_in_purge(&clinic, step);
            continue;
        }
        if step.starts_with("decision") {
            check(&clinic, papers, 1, step);
            let id = clinic.records()[0]["id"].as_str().unwrap().to_owned();
            die(&clinic, &["records", "resolve", &id, "frequency"], step);
            assert_eq!(clinic.records().len(), 1);
            assert!(clinic.command(&["rebuild"]).output().unwrap().status.success());
            check(&clinic, papers, 2, step); // the therapists hear of it
            assert_eq!(clinic.records()[0]["state"], "complete", "what is in the journal is not lost");
        } else {
            die(&clinic, &["run", "--once"], step);
            check(&clinic, papers, 1, step);
        }
    }
    println!("killed at {} steps: {}", steps.len(), steps.into_iter().collect::<Vec<_>>().join(", "));
}
