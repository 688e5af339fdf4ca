//! What keeps records safe: keys, the journal, and a store that can be made anew.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::clinic::{Clinic, ORDER, files};

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + &String::from_utf8_lossy(&output.stderr)
}

pub(crate) fn run(clinic: &Clinic, arguments: &[&str]) -> Output {
    clinic.command(arguments).output().unwrap()
}

/// A clinic with two records, one of them with a gap.
pub(crate) fn clinic() -> Clinic {
    let clinic = Clinic::new();
    clinic.drop_mail("whole", ORDER);
    clinic.drop_mail("gap", &ORDER.replace("Frequency: 2x/week x 6 weeks\n", ""));
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 2);
    clinic
}

/// The id of the record with a gap.
pub(crate) fn open_record(clinic: &Clinic) -> String {
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
fn a_damaged_store_is_told_and_made_anew() {
    let clinic = clinic();
    run(&clinic, &["records", "resolve", &open_record(&clinic), "--by", "Ann"]);
    assert!(clinic.run_once().status.success(), "the therapists hear of it");
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
    daemon.until("1 record was removed");
    daemon.stop();
    let left = clinic.records();
    assert_eq!((left.len(), left[0]["id"].as_str().unwrap()), (1, id.as_str()));
    let keys: Vec<String> = files(&clinic.path("data/keys"))
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(keys.len() == 2 && keys.contains(&id), "its own and that of the mail that brought it: {keys:?}");
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

/// The key is away: another disk that is not mounted yet, a folder that was moved. No second key may seal beside the first.
#[test]
fn a_key_that_is_gone_is_never_made_anew() {
    let clinic = clinic();
    let before = clinic.records();
    let (key, away) = (clinic.path("secrets/master.key"), clinic.path("away"));
    fs::rename(&key, &away).unwrap();
    clinic.drop_mail("third", ORDER);
    let copy = clinic.path("copy");
    let rows: [&[&str]; 7] = [
        &["run", "--once"],
        &["records", "list"],
        &["rebuild"],
        &["backup", copy.to_str().unwrap()],
        &["audit", "verify"],
        &["key", "rotate"],
        &["doctor"],
    ];
    let data = contents(&clinic);
    for row in rows {
        let refused = run(&clinic, row);
        let said = said(&refused).replace('\n', " ");
        assert!(!refused.status.success() && said.contains("Put the key back"), "{row:?}: {said}");
        assert!(said.contains(key.to_str().unwrap()) && !key.try_exists().unwrap(), "{row:?}: {said}");
    }
    assert!(contents(&clinic) == data, "nothing was written");
    fs::rename(&away, &key).unwrap();
    assert_eq!(clinic.records(), before);
}

/// systemd opens it to the daemon's user by an ACL, which shows as a right of the group.
#[test]
fn a_systemd_credential_is_the_master_key() {
    let clinic = clinic();
    let before = clinic.records();
    let config = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&config).unwrap();
    let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("key_file")).collect();
    fs::write(&config, without.join("\n")).unwrap();
    let credential = clinic.path("credentials/rxintake-key");
    fs::create_dir(clinic.path("credentials")).unwrap();
    fs::rename(clinic.path("secrets/master.key"), &credential).unwrap();
    let set_mode = |mode| fs::set_permissions(&credential, fs::Permissions::from_mode(mode)).unwrap();
    let export = || {
        let mut command = clinic.command(&["records", "export", "--format", "jsonl"]);
        command.env("CREDENTIALS_DIRECTORY", clinic.path("credentials")).output().unwrap()
    };
    set_mode(0o440);
    let exported = export();
    assert!(exported.status.success(), "{}", said(&exported));
    assert_eq!(exported.stdout.iter().filter(|byte| **byte == b'\n').count(), before.len());
    set_mode(0o444);
    assert!(said(&export()).contains("can be read by others"), "{}", said(&export()));
}

#[test]
fn with_another_key_nothing_is_read_and_nothing_written() {
    let (clinic, other) = (clinic(), Clinic::new());
    let before = clinic.records();
    let key = clinic.path("secrets/master.key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, fs::read(other.path("secrets/master.key")).unwrap()).unwrap();
    clinic.drop_mail("third", ORDER);
    let data = contents(&clinic);
    for row in [&["run", "--once"][..], &["records", "list"], &["rebuild"], &["doctor"]] {
        let refused = run(&clinic, row);
        assert!(!refused.status.success() && said(&refused).contains("is not the one that sealed"), "{row:?}");
    }
    assert!(contents(&clinic) == data, "nothing was written");
    fs::write(&key, right).unwrap();
    assert_eq!(clinic.records(), before);
}

/// Every file of the data folder with its bytes.
fn contents(clinic: &Clinic) -> Vec<(PathBuf, Vec<u8>)> {
    let mut contents: Vec<_> =
        files(&clinic.path("data")).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    contents.sort();
    contents
}

/// A copy of the clinic's data takes the place of what is there.
fn put_back(clinic: &Clinic, contents: &[(PathBuf, Vec<u8>)]) {
    fs::remove_dir_all(clinic.path("data")).unwrap();
    for (path, bytes) in contents {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// What a damage leaves, and whether it was told: every record but at most the one that was hit, no panic, no endless wait.
fn go_on(clinic: &Clinic, commands: &[&[&str]], names: &[String]) -> (Vec<String>, String) {
    let mut told = String::new();
    for command in commands {
        let ended = run(clinic, command);
        let words = said(&ended);
        assert!(!words.contains("panicked") && ended.status.code().is_some(), "{command:?}: {words}");
        told.push_str(&words);
    }
    let exported = run(clinic, &["records", "export", "--format", "jsonl"]);
    let words = said(&exported);
    assert!(!words.contains("panicked"), "{words}");
    told.push_str(&words);
    (names.iter().filter(|name| words.contains(name.as_str())).cloned().collect(), told)
}

/// One flipped byte in any file costs at most what lies in that file, and is told.
#[test]
fn one_flipped_byte_costs_one_record_at_most_and_is_told() {
    /// So many places in each file: its first and last byte, and some between.
    const PLACES: usize = 3;
    let clinic = Clinic::new();
    clinic.drop_mail("gap", &ORDER.replace("Frequency: 2x/week x 6 weeks\n", ""));
    clinic.drop_paper("other.txt", ORDER.replace("Zebra", "Okapi").as_bytes());
    assert!(clinic.run_once().status.success());
    run(&clinic, &["records", "resolve", &open_record(&clinic), "frequency", "--by", "Ann"]);
    assert!(clinic.run_once().status.success());
    let names: Vec<String> = clinic.records().iter().map(|record| format!("{{\"id\":{}", record["id"])).collect();
    let whole = contents(&clinic);
    for (path, bytes) in whole.iter().filter(|(_, bytes)| !bytes.is_empty()) {
        let places: BTreeSet<usize> = (0..PLACES).map(|place| place * (bytes.len() - 1) / (PLACES - 1)).collect();
        for place in places {
            put_back(&clinic, &whole);
            let mut flipped = bytes.clone();
            flipped[place] ^= 1;
            fs::write(path, &flipped).unwrap();
            let file = path.strip_prefix(clinic.path("data")).unwrap().to_string_lossy().into_owned();
            if file.starts_with("shelves") {
                // the shelves are made anew from the rest
                let (left, told) = go_on(&clinic, &[&["run", "--once"], &["rebuild"], &["run", "--once"]], &names);
                assert_eq!(left.len(), names.len(), "{file} at {place}: {told}");
                continue;
            }
            let commands: [&[&str]; 4] = [&["records", "list"], &["rebuild"], &["run", "--once"], &["audit", "verify"]];
            let (left, told) = go_on(&clinic, &commands, &names);
            assert!(left.len() + 1 >= names.len(), "{file} at {place}: {told}");
            let id = path.file_stem().unwrap().to_string_lossy();
            let is_told = told.lines().any(|line| line.contains("TROUBLE") && line.contains(&*id))
                || file == "journal/decisions"
                    && (told.contains("TROUBLE: a decision about") || told.contains("\"by\":\"Ann\""))
                || file.starts_with("journal/audit") && told.contains("TROUBLE: the journal of who did what")
                // a letter whose sending is not known any more goes once more
                || file == "journal/sent";
            assert!(is_told, "{file} at {place} is not told: {told}");
        }
    }
}

/// What was set aside comes back when its file does.
#[test]
fn a_damaged_paper_is_set_aside_and_the_others_go_on() {
    let clinic = Clinic::new();
    for name in ["Adler", "Baker", "Cohen"] {
        clinic.drop_paper(&format!("{name}.txt"), ORDER.replace("Zebra", name).as_bytes());
    }
    assert!(clinic.run_once().status.success());
    let paper =
        files(&clinic.path("data/originals")).into_iter().find(|path| path.to_string_lossy().ends_with(".paper"));
    let paper = paper.unwrap();
    let whole = fs::read(&paper).unwrap();
    fs::write(&paper, &whole[..whole.len() - 1]).unwrap();
    assert!(run(&clinic, &["rebuild"]).status.success());
    let ended = clinic.run_once();
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success() && told.contains("back from a backup"), "{told}");
    assert_eq!(clinic.records().len(), 2);
    let listed = run(&clinic, &["records", "list"]);
    assert!(!listed.status.success() && said(&listed).contains("TROUBLE: the paper of record"), "{}", said(&listed));
    let doctor = said(&run(&clinic, &["doctor"]));
    assert!(doctor.contains("TROUBLE  papers: the paper of record"), "{doctor}");
    fs::write(&paper, whole).unwrap();
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 3);
    assert!(run(&clinic, &["records", "list"]).status.success());
}

/// The record's key is gone: nothing can open it, and everything else goes on.
#[test]
fn a_record_without_its_key_stops_nobody() {
    let clinic = clinic();
    let id = open_record(&clinic);
    fs::remove_file(clinic.path("data/keys").join(&id)).unwrap();
    let listed = run(&clinic, &["records", "list"]);
    assert!(!listed.status.success());
    assert_eq!(said(&listed).lines().filter(|line| line.contains(&id[..8])).count(), 1, "{}", said(&listed));
    assert!(said(&listed).lines().count() >= 2, "{}", said(&listed));
    let copy = clinic.path("copy");
    let copied = run(&clinic, &["backup", copy.to_str().unwrap()]);
    assert!(said(&copied).contains("Copied 1 record ") && said(&copied).contains(&id), "{}", said(&copied));
    assert!(copy.join("SHA256SUMS").is_file());
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[retention]\ncomplete_days = 0\n")).unwrap();
    let mut daemon = clinic.start(&["run"]);
    daemon.until("1 record was removed");
    daemon.stop();
}

pub(crate) fn letters(clinic: &Clinic, part: &str) -> Vec<String> {
    let alerts = clinic.alerts().into_iter().filter(|(name, _)| name.contains(part));
    alerts.map(|(_, letter)| letter.replace("=\r\n", "")).collect()
}

#[test]
fn what_a_decision_makes_ready_reaches_therapist_and_biller_once() {
    let clinic = Clinic::new();
    let auto = ORDER.replace("Insurance: self pay\n", "Insurance: State Farm (auto accident)\n");
    clinic.drop_paper("stop.txt", auto.replace("Frequency: 2x/week x 6 weeks\n", "").as_bytes());
    assert!(clinic.run_once().status.success());
    assert_eq!((letters(&clinic, "therapist").len(), letters(&clinic, "biller").len()), (0, 0));
    let id = open_record(&clinic);
    let resolve = |field: &str| {
        let resolved = run(&clinic, &["records", "resolve", &id, field, "--by", "Ann"]);
        assert!(resolved.status.success(), "{}", said(&resolved));
    };
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_paper("other.txt", ORDER.as_bytes());
    daemon.until("told: ");
    resolve("frequency");
    daemon.until("not ready to bill");
    daemon.until("is ready to treat now");
    daemon.stop();
    let biller = letters(&clinic, "biller");
    assert!(biller.len() == 1 && biller[0].contains("claim number") && !biller[0].contains("frequency"), "{biller:?}");
    resolve("frequency");
    resolve("payer.claim_number");
    assert!(clinic.run_once().status.success());
    assert!(run(&clinic, &["rebuild"]).status.success());
    assert!(clinic.run_once().status.success());
    let of = |part: &str| letters(&clinic, part).iter().filter(|letter| letter.contains(&id[..8])).count();
    assert_eq!((of("therapist"), of("biller")), (1, 1));
}

/// The mail that brought it goes with the paper, a store that is made anew brings nothing back, and the same bytes are a new paper.
#[test]
fn what_was_removed_stays_removed_and_the_same_again_is_new() {
    let clinic = Clinic::new();
    clinic.drop_mail("whole", ORDER);
    assert!(clinic.run_once().status.success());
    let first = clinic.records()[0]["id"].clone();
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[retention]\ncomplete_days = 0\n")).unwrap();
    let mut daemon = clinic.start(&["run"]);
    daemon.until("1 record was removed");
    daemon.stop();
    fs::write(&path, text).unwrap();
    assert_eq!(files(&clinic.path("data/originals")), Vec::<PathBuf>::new(), "the mail is gone too");
    assert!(run(&clinic, &["rebuild"]).status.success());
    assert!(clinic.run_once().status.success());
    assert!(clinic.records().is_empty());
    clinic.drop_mail("whole", ORDER);
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    assert_eq!((records.len(), &records[0]["same_bytes_as"]), (1, &serde_json::Value::Null));
    assert!(records[0]["id"] != first && letters(&clinic, "therapist").len() == 2, "the therapists hear of it");
}

/// Nobody says whether the same bytes are a renewal: no bell, but open until a person did.
#[test]
fn the_same_order_again_is_open_and_rings_no_bell() {
    let clinic = Clinic::new();
    clinic.drop_paper("first.txt", ORDER.as_bytes());
    assert!(clinic.run_once().status.success());
    clinic.drop_paper("again.txt", ORDER.as_bytes());
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    assert_eq!((&records[0]["state"], &records[1]["state"]), (&"complete".into(), &"open".into()));
    assert_eq!(clinic.alerts().len(), 1);
    let listed = said(&run(&clinic, &["records", "list"]));
    assert!(listed.contains("a renewal, or sent twice?"), "{listed}");
    let text = fs::read_to_string(clinic.path("rxintake.toml")).unwrap();
    fs::write(clinic.path("rxintake.toml"), text.replace("digest_at = \"17:00\"", "digest_at = \"00:00\"")).unwrap();
    let mut daemon = clinic.start(&["run"]);
    daemon.until_file(&clinic.path("outbox"), "digest");
    daemon.stop();
    assert!(letters(&clinic, "digest")[0].contains("whether it is a renewal"), "{:?}", letters(&clinic, "digest"));
    run(&clinic, &["records", "resolve", records[1]["id"].as_str().unwrap()]);
    assert_eq!(clinic.records()[1]["state"], "complete");
}

/// A letter's commands are typed by somebody who stands anywhere.
#[test]
fn a_letter_says_by_when_from_whom_and_how() {
    let clinic = clinic();
    let id = open_record(&clinic);
    let to_desk = letters(&clinic, "frontdesk");
    let letter = to_desk[0].replace("\r\n", "\n");
    let config = clinic.path("rxintake.toml");
    for words in ["By when: before the first treatment.", "The sender is not known here; look at the paper."] {
        assert!(letter.contains(words), "{words} is not in {letter}");
    }
    let command = format!("rxintake records resolve {} --config {}", &id[..8], config.display());
    assert!(letter.contains(&command), "{letter}");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let typed = Command::new(env!("CARGO_BIN_EXE_rxintake")).args(words).current_dir("/").output().unwrap();
    assert!(typed.status.success(), "{}", said(&typed));
}
