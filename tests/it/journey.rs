//! The whole way of a paper, with the real daemon: dropped into the inbox, a record and letters in the end, whatever happens.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::clinic::{Clinic, ORDER, files};
use crate::make::{encrypted_pdf, pdf};

#[test]
fn a_dropped_paper_becomes_a_record() {
    let clinic = Clinic::new();
    clinic.drop_mail("order", ORDER);
    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    let records = clinic.records();
    let [record] = records.as_slice() else { panic!("one paper, {} records", records.len()) };
    assert_eq!(record["state"], "complete", "{record:#}");
    assert_eq!(record["origin"]["name"], "order.eml");
    let prescription = &record["prescriptions"][0];
    assert_eq!(prescription["patient"]["name"], "Quentin Zebra");
    assert_eq!(prescription["diagnoses"][0]["code"], "M54.2");
    assert_eq!(prescription["frequency"]["visits"], 12);
    assert_eq!(fs::read_dir(clinic.path("inbox/done")).unwrap().count(), 1, "the taken paper went to done");
    assert!(clinic.alerts().iter().any(|(_, alert)| alert.contains("therapists@clinic.example")));
}

#[test]
fn papers_that_cannot_be_read_are_told_and_kept() {
    let clinic = Clinic::new();
    let fax = fs::read("samples/06-column-form-fax-fine.tif").unwrap();
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("letter.docx", b"PK\x03\x04 no paper at all".to_vec(), "not_a_paper"),
        ("empty.pdf", Vec::new(), "not_a_paper"),
        ("locked.pdf", encrypted_pdf("Massage therapy"), "encrypted"),
        ("cut.tif", fax[..fax.len() / 2].to_vec(), "truncated"),
    ];
    for (name, bytes, _) in &cases {
        clinic.drop_paper(name, bytes);
    }
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    assert_eq!(records.len(), cases.len());
    let alerts = clinic.alerts();
    for (name, _, code) in &cases {
        let record = records.iter().find(|record| record["origin"]["name"] == *name).unwrap();
        let id = record["id"].as_str().unwrap();
        assert_eq!(record["error"]["code"], *code, "{name}: {}", record["error"]);
        assert!(record["error"]["message"].as_str().unwrap().split(' ').count() > 5, "{name}: it says what to do");
        assert_eq!(record["state"], "open");
        let short = &id[..8];
        let told = alerts.iter().any(|(_, alert)| alert.contains(short) && alert.contains("desk@clinic.example"));
        assert!(told, "the front desk was not told of {name}");
        assert!(clinic.path(&format!("data/originals/{id}.paper")).is_file(), "the original of {name} is kept");
    }
}

#[test]
fn a_picture_of_a_form_without_an_answer_is_looked_at_by_a_person() {
    let clinic = Clinic::new();
    let fax = fs::read("samples/23-blank-form-fax-fine.tif").unwrap();
    clinic.drop_paper("blank.tif", &fax);
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    let [record] = records.as_slice() else { panic!("one paper, {} records", records.len()) };
    assert_eq!(record["prescriptions"].as_array().unwrap().len(), 0, "{record:#}");
    assert_eq!(record["other_pages"][0]["kind"], "unreadable", "a pen's writing may have been passed over");
    assert_eq!(record["state"], "open", "until somebody has looked");
    let alerts = clinic.alerts();
    let to_desk =
        alerts.iter().find(|(_, alert)| alert.contains("desk@clinic.example")).expect("the front desk is told");
    assert!(to_desk.1.contains("Page 1 could not be read."), "{}", to_desk.1);
    assert!(to_desk.1.contains("records resolve"), "it says how to close it: {}", to_desk.1);
    assert!(to_desk.1.replace("=\r\n", "").contains("records original"), "and how to see the paper: {}", to_desk.1);
    let letter = to_desk.1.replace("=\r\n", "");
    let (_, command) = letter.split_once("the paper itself: rxintake ").unwrap();
    let words: Vec<&str> = command.lines().next().unwrap().trim().split(' ').collect();
    let mut typed = std::process::Command::new(env!("CARGO_BIN_EXE_rxintake"));
    let typed = typed.args(&words).current_dir(clinic.path("")).output().unwrap();
    assert!(typed.status.success(), "{typed:?}");
    let paper = clinic.path(&format!("paper-{}.tif", &record["id"].as_str().unwrap()[..8]));
    assert!(fs::read(paper).unwrap() == fax, "as it stands there it is typed");

    let looked = clinic.command(&["records", "resolve", record["id"].as_str().unwrap()]).output().unwrap();
    assert!(looked.status.success(), "{looked:?}");
    assert_eq!(clinic.records()[0]["state"], "set_aside", "somebody has looked, and it orders nothing");
}

#[test]
fn nothing_at_rest_and_no_alert_names_the_patient() {
    let clinic = Clinic::new();
    clinic.drop_mail("order", &ORDER.replace("Frequency: 2x/week x 6 weeks\n", ""));
    clinic.drop_paper("order.pdf", &pdf(&["Prescription for massage therapy Patient: Quentin Zebra DOB: 03/02/1984"]));
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 2);
    let places = [clinic.path("data"), clinic.path("outbox"), clinic.path("secrets")];
    for path in places.iter().flat_map(|place| files(place)) {
        let bytes = fs::read(&path).unwrap();
        let held = |canary: &[u8]| bytes.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary));
        assert!(!held(b"zebra") && !held(b"1984"), "{} holds the patient in clear", path.display());
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o077;
        assert!(mode == 0 || path.starts_with(clinic.path("data/shelves")), "{}: mode {mode:o}", path.display());
    }
    assert_eq!(fs::metadata(clinic.path("data")).unwrap().permissions().mode() & 0o077, 0);
}

#[test]
fn the_same_bytes_are_a_record_of_their_own_that_says_so() {
    let clinic = Clinic::new();
    let paper = pdf(&["Prescription for massage therapy"]);
    clinic.drop_paper("first.pdf", &paper);
    assert!(clinic.run_once().status.success());
    clinic.drop_paper("again.pdf", &paper);
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    assert_eq!(records.len(), 2);
    assert_eq!(records[1]["same_bytes_as"], records[0]["id"]);
}

#[test]
fn records_are_shown_while_the_daemon_runs() {
    let clinic = Clinic::new();
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_mail("order", ORDER);
    daemon.until("told: ");
    let records = clinic.records();
    assert_eq!(records.len(), 1);
    let id = records[0]["id"].as_str().unwrap();
    let shown = clinic.command(&["records", "show", &id[..8]]).output().unwrap();
    assert!(String::from_utf8(shown.stdout).unwrap().contains("Quentin Zebra"));
    let second = clinic.command(&["run", "--once"]).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8(second.stderr).unwrap().contains("another rxintake works on"));
    daemon.stop();
}

#[test]
fn a_daemon_that_is_stopped_leaves_nothing_in_hand() {
    let clinic = Clinic::new();
    for number in 0..6 {
        clinic.drop_mail(&format!("order{number}"), ORDER);
    }
    let mut daemon = clinic.start(&["run"]);
    daemon.until("order0.eml");
    daemon.stop();
    assert!(clinic.run_once().status.success());
    let names: Vec<String> = clinic.records().iter().map(|record| record["origin"]["name"].to_string()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 6, "each once: {names:?}");
}

/// kill -9 after every line that the daemon prints: each paper is a record exactly once, each alert is there.
#[test]
fn a_daemon_that_is_killed_loses_nothing_and_doubles_nothing() {
    const PAPERS: usize = 8;
    let clinic = Clinic::new();
    for number in 0..PAPERS {
        let order = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "").replace("Zebra", &format!("Zebra-{number}"));
        clinic.drop_mail(&format!("order{number}"), &order);
    }
    for lines in 1.. {
        let mut daemon = clinic.start(&["run", "--once"]);
        let said = (0..lines).map_while(|_| daemon.line()).count();
        daemon.kill();
        if said < lines {
            break; // it came to its end: everything was done
        }
    }
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    let names: BTreeSet<String> = records.iter().map(|record| record["origin"]["name"].to_string()).collect();
    assert_eq!((records.len(), names.len()), (PAPERS, PAPERS), "{names:?}");
    for record in &records {
        let id = record["id"].as_str().unwrap();
        let to_desk: Vec<_> =
            clinic.alerts().into_iter().filter(|(name, _)| name.starts_with(&format!("{id}.front"))).collect();
        assert_eq!(to_desk.len(), 1, "one alert a paper and role, under one Message-ID");
    }
}

#[test]
fn a_key_that_is_not_known_is_refused_with_its_place() {
    let clinic = Clinic::new();
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap().replace("poll_seconds", "poll_second");
    fs::write(&path, text).unwrap();
    let refused = clinic.run_once();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("rxintake.toml:") && said.contains("poll_seconds"), "{said}");
}

#[test]
fn a_broken_rule_file_is_refused_with_its_place() {
    let clinic = Clinic::new();
    let path = clinic.path("rules/10-documents.toml");
    let text = fs::read_to_string(&path).unwrap().replacen("threshold = 8", "treshold = 8", 1);
    let line = text.lines().position(|line| line.contains("treshold")).unwrap() + 1;
    fs::write(&path, text).unwrap();
    let refused = clinic.run_once();
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("10-documents.toml:{line}")) && said.contains("threshold"), "{said}");
}

/// `init` at a terminal asks; a wrong answer is asked again.
#[test]
fn init_asks_a_person_and_fills_in_the_answers() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let folder = tempfile::TempDir::new().unwrap();
    let place = folder.path().join("clinic");
    let command = format!("'{}' init '{}'", env!("CARGO_BIN_EXE_rxintake"), place.display());
    let mut terminal = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script is part of bsdutils");
    let answers = "nobody\nfront@hillside.example\nsmtp.hillside.example\nscans\n/srv/scans\n";
    terminal.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
    let output = terminal.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("This is no mail address") && said.contains("Name the folder from the root on"), "{said}");
    let text = fs::read_to_string(place.join("rxintake.toml")).unwrap();
    let config: toml::Value = text.parse::<toml::Table>().unwrap().into();
    assert_eq!(config["inbox"][0]["path"].as_str(), Some("/srv/scans"));
    assert_eq!(config["inbox"][0]["done"].as_str(), Some("/srv/scans/done"));
    assert_eq!(config["alerts"]["from"].as_str(), Some("front@hillside.example"));
    assert_eq!(config["alerts"]["smtp"]["host"].as_str(), Some("smtp.hillside.example"));
    assert_eq!(config["alerts"]["smtp"]["user"].as_str(), Some("front@hillside.example"));
    assert!(config["alerts"].get("directory").is_none());
    assert_eq!(config["staff"][0]["email"].as_str(), Some("front@hillside.example"));
}

/// A child of an old kernel, played by a script: it answers that landlock is not there, and that a paper is forgotten.
#[test]
fn a_kernel_without_landlock_is_told_once_at_the_start() {
    let clinic = Clinic::new();
    let report = r#"{"Report":{"sandbox":{"landlock":"Not","seccomp":true}}}"#;
    let frames = format!(r#"printf '\{:03o}\000\000\000{report}\010\000\000\000"Closed"'"#, report.len());
    let program = clinic.path("reader");
    fs::write(&program, format!("#!/bin/sh\n{frames}; exec cat > /dev/null\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for (program, told) in [(program.as_path(), 1), (Path::new(env!("CARGO_BIN_EXE_rxintake-reader")), 0)] {
        for arguments in [&["run", "--once"][..], &["run", "--once", "--log", "json"]] {
            let ended = clinic.command(arguments).env("RXINTAKE_READER", program).output().unwrap();
            let said = String::from_utf8(ended.stdout).unwrap();
            let lines = said.lines().filter(|line| line.contains("this kernel has no landlock"));
            assert_eq!(lines.count(), told, "{said}");
        }
    }
}
