//! What keeps records safe: copies, keys, the journal, and a store that can be made anew.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::clinic::{Clinic, ORDER, files};

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + &String::from_utf8_lossy(&output.stderr)
}

fn run(clinic: &Clinic, arguments: &[&str]) -> Output {
    clinic.command(arguments).output().unwrap()
}

/// A clinic with two records, one of them with a gap.
fn clinic() -> Clinic {
    let clinic = Clinic::new();
    clinic.drop_mail("whole", ORDER);
    clinic.drop_mail("gap", &ORDER.replace("Frequency: 2x/week x 6 weeks\n", ""));
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 2);
    clinic
}

/// The id of the record with a gap.
fn open_record(clinic: &Clinic) -> String {
    let records = clinic.records();
    records.iter().find(|record| record["state"] == "open").unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_gap_is_closed_by_hand_while_the_daemon_runs() {
    let clinic = clinic();
    let id = open_record(&clinic);
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_mail("third", &ORDER.replace("Zebra", "Quagga"));
    daemon.until("prescription for Q… Q…");
    let unknown = run(&clinic, &["records", "resolve", &id, "frequenzy"]);
    assert!(!unknown.status.success() && said(&unknown).contains("the fields are patient.name"));
    let resolved =
        run(&clinic, &["records", "resolve", &id[..8], "frequency", "--by", "Ann", "--note", "2x/week x 6 by phone"]);
    assert!(said(&resolved).contains("is complete"), "{}", said(&resolved));
    daemon.stop();
    let record = clinic.records().into_iter().find(|record| record["id"] == *id).unwrap();
    assert_eq!((&record["state"], &record["ready_to_treat"]), (&"complete".into(), &true.into()));
    assert_eq!(record["decisions"][0]["note"], "2x/week x 6 by phone");
    assert_eq!(record["prescriptions"][0]["gaps"][0]["field"], "frequency", "the reading stays as it was");
}

#[test]
fn a_copy_brings_everything_back() {
    let clinic = clinic();
    run(&clinic, &["records", "resolve", &open_record(&clinic), "--by", "Ann"]);
    let before = clinic.records();
    let copy = clinic.path("copy");
    let copied = run(&clinic, &["backup", copy.to_str().unwrap()]);
    assert!(copied.status.success(), "{}", said(&copied));
    assert!(
        Command::new("sha256sum")
            .args(["--check", "--quiet", "SHA256SUMS"])
            .current_dir(&copy)
            .status()
            .unwrap()
            .success()
    );
    assert!(!run(&clinic, &["backup", copy.to_str().unwrap()]).status.success(), "not over another copy");
    for path in files(&copy) {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(5).any(|window| window.eq_ignore_ascii_case(b"zebra")), "{}", path.display());
    }
    fs::remove_dir_all(clinic.path("data")).unwrap();
    let restored = run(&clinic, &["restore", copy.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(clinic.records(), before);
    let alerts = clinic.alerts().len();
    assert!(clinic.run_once().status.success());
    assert_eq!((clinic.records(), clinic.alerts().len()), (before, alerts), "nothing is read or told again");
    let again = run(&clinic, &["restore", copy.to_str().unwrap()]);
    assert!(said(&again).contains("is not empty"), "{}", said(&again));
}

#[test]
fn a_copy_that_was_damaged_is_not_put_back() {
    let clinic = clinic();
    let copy = clinic.path("copy");
    assert!(run(&clinic, &["backup", copy.to_str().unwrap()]).status.success());
    let paper = files(&copy.join("originals")).pop().unwrap();
    let mut bytes = fs::read(&paper).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&paper, bytes).unwrap();
    fs::remove_dir_all(clinic.path("data")).unwrap();
    let refused = run(&clinic, &["restore", copy.to_str().unwrap()]);
    assert!(!refused.status.success() && said(&refused).contains("the copy is damaged"), "{}", said(&refused));
}

#[test]
fn a_damaged_store_is_told_and_made_anew() {
    let clinic = clinic();
    run(&clinic, &["records", "resolve", &open_record(&clinic), "--by", "Ann"]);
    let before = clinic.records();
    let alerts = clinic.alerts();
    for path in files(&clinic.path("data/shelves")) {
        fs::write(path, b"this is no store").unwrap();
    }
    let refused = clinic.run_once();
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("rxintake rebuild"), "{told}");
    let rebuilt = run(&clinic, &["rebuild"]);
    assert!(rebuilt.status.success(), "{}", said(&rebuilt));
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.alerts(), alerts, "nobody is told again");
    let mut after = clinic.records();
    after.sort_by_key(|record| before.iter().position(|other| other["id"] == record["id"]));
    assert_eq!(after, before);
}

#[test]
fn a_new_master_key_opens_everything_and_the_old_one_nothing() {
    let clinic = clinic();
    let before = clinic.records();
    let key = clinic.path("secrets/master.key");
    let old = fs::read(&key).unwrap();
    let rotated = run(&clinic, &["key", "rotate"]);
    assert!(rotated.status.success(), "{}", said(&rotated));
    assert_ne!(fs::read(&key).unwrap(), old);
    assert_eq!(files(&clinic.path("secrets")).len(), 1, "the old key is gone");
    assert_eq!(clinic.records(), before);
    assert!(run(&clinic, &["audit", "verify"]).status.success());
    fs::write(&key, old).unwrap();
    let refused = run(&clinic, &["records", "list"]);
    assert!(said(&refused).contains("master key"), "{}", said(&refused));
}

/// The crash between the new key and the wrapping: both keys are there.
#[test]
fn a_rotation_that_was_cut_short_goes_on() {
    let clinic = clinic();
    let before = clinic.records();
    let (key, old) = (clinic.path("secrets/master.key"), clinic.path("secrets/master.before"));
    fs::copy(&key, &old).unwrap();
    let digits = fs::read_to_string(&key).unwrap();
    fs::write(&key, digits.chars().rev().collect::<String>().trim()).unwrap();
    assert_eq!(clinic.records(), before);
    assert!(!old.try_exists().unwrap(), "it came to its end");
    assert_eq!(clinic.records(), before);
}

#[test]
fn what_is_over_is_removed_for_good_and_what_is_open_stays() {
    let clinic = clinic();
    let id = open_record(&clinic);
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[retention]\ncomplete_days = 0\nset_aside_days = 0\n")).unwrap();
    let mut daemon = clinic.start(&["run"]);
    daemon.until("1 records were removed");
    daemon.stop();
    let left = clinic.records();
    assert_eq!((left.len(), left[0]["id"].as_str().unwrap()), (1, id.as_str()));
    let keys: Vec<String> = files(&clinic.path("data/keys"))
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(keys, [id], "the keys of all else are destroyed");
    let listed = said(&run(&clinic, &["audit", "list"]));
    let purged = listed.lines().find(|line| line.contains("purged")).unwrap().split_whitespace().last().unwrap();
    let file = clinic.path("paper.txt");
    let gone = run(&clinic, &["records", "original", purged, "--to", file.to_str().unwrap()]);
    assert!(!gone.status.success() && said(&gone).contains("was removed for good"), "{}", said(&gone));
    assert!(!file.try_exists().unwrap());
}

/// Asked of the daemon and of the store itself: the same bytes, for the owner alone, and a line about each look.
#[test]
fn a_paper_comes_back_as_it_came_in() {
    // line feeds and bytes that are no text, more than a question or an answer of one line may hold
    let paper: Vec<u8> = (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let clinic = Clinic::new();
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_paper("scan.bin", &paper);
    daemon.until("told: ");
    let id = clinic.records()[0]["id"].as_str().unwrap().to_owned();
    let take_out = |id: &str, file: &str| {
        let folder = clinic.path("desk");
        fs::create_dir_all(&folder).unwrap();
        run(&clinic, &["records", "original", id, "--to", folder.join(file).to_str().unwrap()])
    };
    let is_it = |file: &str| {
        let path = clinic.path("desk").join(file);
        assert!(fs::read(&path).unwrap() == paper, "{file} holds something else");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    };
    let from_daemon = take_out(&id[..8], "one");
    assert!(from_daemon.status.success(), "{}", said(&from_daemon));
    is_it("one");
    let unknown = take_out("ffffffffffff", "two");
    assert!(!unknown.status.success() && said(&unknown).contains("there is no record"), "{}", said(&unknown));
    daemon.stop();

    let from_store = take_out(&id, "two");
    assert!(from_store.status.success(), "{}", said(&from_store));
    is_it("two");
    let other = Clinic::new();
    other.drop_mail("order", ORDER);
    assert!(other.run_once().status.success());
    let over = clinic.path("desk/two");
    let other_id = other.records()[0]["id"].as_str().unwrap().to_owned();
    let refused = run(&other, &["records", "original", &other_id, "--to", over.to_str().unwrap()]);
    assert!(!refused.status.success() && said(&refused).contains("is there already"), "{}", said(&refused));
    is_it("two");
    let missing = take_out(&id, "drawer/three");
    assert!(!missing.status.success() && said(&missing).contains("there is no folder"), "{}", said(&missing));
    assert_eq!(files(&clinic.path("desk")).len(), 2, "nothing half written is left");

    let listed = said(&run(&clinic, &["audit", "list"]));
    let looks = listed.lines().filter(|line| line.contains("taken_out") && line.ends_with(&id)).count();
    assert_eq!(looks, 2, "{listed}");
    assert!(!said(&run(&other, &["audit", "list"])).contains("taken_out"), "nobody looked at that one");
}

#[test]
fn the_audit_journal_shows_every_change() {
    let clinic = clinic();
    let id = open_record(&clinic);
    run(&clinic, &["records", "show", &id]);
    let listed = said(&run(&clinic, &["audit", "list"]));
    assert!(listed.contains("viewed") && listed.contains(&id) && !listed.contains("Zebra"), "{listed}");
    assert!(run(&clinic, &["audit", "verify"]).status.success());
    let path = clinic.path("data/journal/audit");
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert!(lines.len() >= 3);
    let changed = whole.replacen("viewed", "exported", 1);
    let gone = lines.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect();
    let cut = lines[..lines.len() - 2].iter().map(|line| format!("{line}\n")).collect();
    for (what, text) in [("changed", changed), ("gone", gone), ("cut", cut)] {
        fs::write(&path, text).unwrap();
        let verified = run(&clinic, &["audit", "verify"]);
        assert_eq!(verified.status.code(), Some(1), "{what}: {}", said(&verified));
    }
    fs::write(&path, whole).unwrap();
    assert!(run(&clinic, &["audit", "verify"]).status.success());
}
