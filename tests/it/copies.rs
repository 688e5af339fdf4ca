//! Copies of everything, and the way back.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use rxintake::model::{ArrivalId, Decision};
use rxintake::store::{Act, Backup, Store, find_key};

use crate::clinic::{Clinic, ORDER, files};
use crate::keeping::{clinic, letters, open_record, run, said};

#[test]
fn a_copy_brings_everything_back() {
    let clinic = clinic();
    run(&clinic, &["records", "resolve", &open_record(&clinic), "--by", "Ann"]);
    assert!(clinic.run_once().status.success(), "the therapists hear of it");
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
fn a_copy_brings_letters_back_that_were_owed() {
    let clinic = Clinic::new();
    let outbox = clinic.path("outbox");
    let mut daemon = clinic.start(&["run"]);
    daemon.until_file(&clinic.path("data"), "socket"); // it has made its outbox
    fs::remove_dir_all(&outbox).unwrap(); // nothing can be handed over
    fs::write(&outbox, b"").unwrap();
    clinic.drop_mail("whole", ORDER);
    daemon.until("TROUBLE");
    let copy = clinic.path("copy");
    let copied = run(&clinic, &["backup", copy.to_str().unwrap()]);
    assert!(copied.status.success(), "{}", said(&copied));
    daemon.stop();
    fs::remove_dir_all(clinic.path("data")).unwrap();
    fs::remove_file(&outbox).unwrap();
    let restored = run(&clinic, &["restore", copy.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(clinic.run_once().status.success());
    assert_eq!(letters(&clinic, "therapist").len(), 1);
}

/// A copy is made while a record is purged, another decided on, and others looked at.
#[test]
fn a_copy_keeps_what_happens_while_it_is_made_in_step() {
    let clinic = clinic();
    let (data, secret) = (clinic.path("data"), clinic.path("secrets/master.key"));
    let gap = ArrivalId(open_record(&clinic));
    let letters_before = clinic.alerts().len();
    let key = || find_key(&secret, &data).unwrap().unwrap();
    let store = Store::open(&data, key()).unwrap();
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    let copy = clinic.path("copy");
    let mut backup = Backup::begin(&data, &copy, key()).unwrap();
    for id in store.records().unwrap() {
        backup.add(&store.record(&id).unwrap().unwrap()).unwrap();
    }
    let decision = Decision { decided_at: now, by: "Ann".to_owned(), field: None, note: None };
    store.decide(&gap, decision, |_, _| Vec::new()).unwrap();
    let whole = store.records().unwrap().into_iter().find(|id| *id != gap).unwrap();
    store.purge(now, "retention", &whole).unwrap();
    let is_made = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_made.load(Ordering::SeqCst) {
                store.audit(now, "Ann", Act::Viewed, Some(gap.clone())).unwrap();
            }
        });
        backup.finish().unwrap();
        is_made.store(true, Ordering::SeqCst);
    });
    drop(store);
    fs::rename(&data, clinic.path("before")).unwrap();
    let restored = run(&clinic, &["restore", copy.to_str().unwrap()]);
    assert!(restored.status.success(), "{}", said(&restored));
    assert!(said(&restored).contains("2 originals are looked through by the next"), "{}", said(&restored));
    let verified = run(&clinic, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    let ended = clinic.run_once();
    let told = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success() && !told.contains("TROUBLE"), "{told}");
    let records = clinic.records();
    assert_eq!(
        (records.len(), &records[0]["state"], &records[0]["decisions"][0]["by"]),
        (1, &"complete".into(), &"Ann".into())
    );
    assert_eq!(
        clinic.alerts().len(),
        letters_before + 1,
        "the therapists hear of what was decided, and nobody of the rest"
    );
}
