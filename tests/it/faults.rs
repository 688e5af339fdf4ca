//! A disk that fails, a clock that jumps, folders without events, a second daemon, a copy in the middle of work.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bells;
use crate::clinic::{Clinic, Daemon, ORDER, files};
use crate::exim::Exim;

/// Stands between the daemon and libc: an fsync whose path holds `FAULT_FSYNC` fails once for each time that the file `FAULT_FLAG`
/// is there; folders are watched only in name where `FAULT_WATCH` names an empty one.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fsync(int fd) {
    const char *part = getenv("FAULT_FSYNC"), *flag = getenv("FAULT_FLAG");
    if (part && flag) {
        char link[64], path[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        if (length > 0) {
            path[length] = 0;
            if (strstr(path, part) && unlink(flag) == 0) {
                errno = EIO;
                return -1;
            }
        }
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask) {
    const char *instead = getenv("FAULT_WATCH");
    return ((int (*)(int, const char *, uint32_t))dlsym(RTLD_NEXT, "inotify_add_watch"))(fd, instead ? instead : path, mask);
}
"#;

/// The shim, made for this test.
fn shim(clinic: &Clinic) -> PathBuf {
    let (source, library) = (clinic.path("shim.c"), clinic.path("shim.so"));
    fs::write(&source, SHIM).unwrap();
    let made =
        Command::new("gcc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl").output();
    let made = made.expect("gcc is installed by `make test`");
    assert!(made.status.success(), "{made:?}");
    library
}

fn start_with(clinic: &Clinic, arguments: &[&str], environment: &[(&str, &Path)]) -> Daemon {
    let mut command = clinic.command(arguments);
    command.envs(environment.iter().copied());
    clinic.start_command(command)
}

/// An error of the disk is an error of the one write: nothing is acknowledged on top of it, and it is done again whole.
#[test]
fn an_fsync_that_fails_acknowledges_nothing() {
    let gap = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "");
    for part in
        ["/data/keys", ".arrival.new", ".paper.new", "/data/originals", "/shelves/db", "/journal/sent", "/outbox"]
    {
        let clinic = Clinic::new();
        let (library, flag) = (shim(&clinic), clinic.path("flag"));
        let environment = [("LD_PRELOAD", &*library), ("FAULT_FSYNC", Path::new(part)), ("FAULT_FLAG", &*flag)];
        let mut daemon = start_with(&clinic, &["run"], &environment);
        clinic.drop_mail("first", &gap.replace("Zebra", "Adler"));
        daemon.until("mailed: ");
        fs::write(&flag, "").unwrap();
        clinic.drop_mail("second", &gap.replace("Zebra", "Baker"));
        daemon.until("TROUBLE");
        assert!(!flag.try_exists().unwrap(), "{part}: no fsync failed");
        if !["/journal/sent", "/outbox"].contains(&part) {
            let before_move = clinic.path("inbox/second.eml").try_exists().unwrap();
            assert!(before_move, "{part}: the paper was released though its fsync failed");
        }
        while clinic.alerts().len() < 2 || clinic.path("inbox/second.eml").try_exists().unwrap() {
            assert!(!daemon.is_silent_for(Duration::from_secs(60)) || clinic.alerts().len() == 2, "{part}");
        }
        daemon.stop();
        assert!(clinic.run_once().status.success(), "{part}");
        assert_eq!((clinic.records().len(), clinic.alerts().len()), (2, 2), "{part}");
        assert!(clinic.command(&["audit", "verify"]).status().unwrap().success(), "{part}");
    }
}

/// What cannot be written into the audit journal is not done, and the journal stays whole.
#[test]
fn an_audit_line_that_fails_stops_its_act_alone() {
    let clinic = Clinic::new();
    clinic.drop_mail("order", ORDER);
    assert!(clinic.run_once().status.success());
    let id = clinic.records()[0]["id"].as_str().unwrap().to_owned();
    let (library, flag) = (shim(&clinic), clinic.path("flag"));
    let show = |fails: bool| {
        if fails {
            fs::write(&flag, "").unwrap();
        }
        let mut command = clinic.command(&["records", "show", &id]);
        // the journal is made durable once as it is opened, which is not what this is about
        command.env("LD_PRELOAD", &library).env("FAULT_FSYNC", "/journal/audit").env("FAULT_FLAG", &flag);
        command.output().unwrap()
    };
    let failed = show(true);
    assert!(!failed.status.success() && failed.stdout.is_empty(), "{failed:?}");
    assert!(show(false).status.success());
    assert!(clinic.command(&["audit", "verify"]).status().unwrap().success());
}

/// A share sends no events, and says so to nobody.
#[test]
fn a_folder_that_sends_no_events_is_looked_at_all_the_same() {
    let clinic = Clinic::new();
    let (library, nowhere) = (shim(&clinic), clinic.path("nowhere"));
    fs::create_dir(&nowhere).unwrap();
    let mut daemon = start_with(&clinic, &["run"], &[("LD_PRELOAD", &library), ("FAULT_WATCH", &nowhere)]);
    for name in ["Adler", "Baker"] {
        clinic.drop_mail(name, &ORDER.replace("Zebra", name));
        daemon.until("mailed: ");
    }
    daemon.stop();
    assert_eq!(clinic.records().len(), 2);
    let mut doctor = clinic.command(&["doctor"]);
    doctor.env("LD_PRELOAD", &library).env("FAULT_WATCH", &nowhere);
    let said = String::from_utf8(doctor.output().unwrap().stdout).unwrap();
    assert!(said.contains("change events do not arrive, so it is looked at every"), "{said}");
}

/// The clock goes back more than a year and then ahead of where it was, while the mail server is away.
#[test]
fn a_clock_that_jumps_loses_no_alert_and_doubles_none() {
    let exim = Exim::start();
    let clinic = bells::clinic(&exim.alerts());
    let offset = clinic.path("offset");
    let set = |by: &str| fs::write(&offset, by).unwrap();
    set("+0d");
    // /usr/lib/x86_64-linux-gnu/faketime
    let architectures = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut libraries = architectures.map(|folder| folder.join("faketime/libfaketimeMT.so.1"));
    let library = libraries.find(|path| path.is_file()).expect("faketime is installed by `make test`");
    let environment: [(&str, &Path); 4] = [
        ("LD_PRELOAD", &library),
        ("FAKETIME_TIMESTAMP_FILE", &offset),
        ("FAKETIME_NO_CACHE", Path::new("1")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
    ];
    exim.be_busy(true);
    let mut daemon = start_with(&clinic, &["run"], &environment);
    let names = ["Adler", "Baker", "Cohen", "Doyle"];
    for (name, by) in names.iter().zip(["+0d", "-400d", "+400d", "-1d"]) {
        set(by);
        clinic.drop_mail(name, &ORDER.replace("Zebra", name));
        daemon.until("told: ");
    }
    // the server's certificate is good for today
    set("+0d");
    exim.be_busy(false);
    for _ in names {
        daemon.until("mailed: ");
    }
    daemon.stop();
    assert!(clinic.run_once().status.success());
    let order = exim.order();
    let distinct: BTreeSet<&String> = order.iter().collect();
    assert_eq!(order.len(), distinct.len(), "{order:?}");
    let records = clinic.records();
    assert_eq!(records.len(), names.len());
    for record in records {
        let id = record["id"].as_str().unwrap();
        assert!(order.iter().any(|message_id| message_id.starts_with(id)), "nobody was told of {id}");
    }
}

/// The lock is the first one's; it is unharmed, and whoever comes next after it has ended has it whole.
#[test]
fn a_second_daemon_ends_with_a_sentence_also_while_the_first_starts_anew() {
    let clinic = Clinic::new();
    let mut first = clinic.start(&["run"]);
    clinic.drop_mail("before", &ORDER.replace("Zebra", "Adler"));
    first.until("mailed: ");
    let second = clinic.command(&["run"]).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && said.contains("another"), "{said}");
    clinic.drop_mail("after", &ORDER.replace("Zebra", "Baker"));
    first.until("mailed: ");
    for round in 0..5 {
        clinic.drop_mail(&format!("round{round}"), &ORDER.replace("Zebra", &format!("Cohen{round}")));
        // both at once: one goes, two come
        let stopping = Command::new("kill").args(["-TERM", &first.id().to_string()]).status().unwrap();
        assert!(stopping.success());
        let mut comers: Vec<_> = (0..2).map(|_| clinic.command(&["run", "--once"]).spawn().unwrap()).collect();
        let mut ended: Vec<bool> = comers.iter_mut().map(|comer| comer.wait().unwrap().success()).collect();
        ended.sort_unstable();
        while first.line().is_some() {}
        first = clinic.start(&["run"]);
        clinic.drop_mail(&format!("life{round}"), &ORDER.replace("Zebra", &format!("Doyle{round}")));
        first.until("mailed: ");
    }
    first.stop();
    assert!(clinic.run_once().status.success());
    let mut told: Vec<String> = clinic.alerts().into_iter().map(|(name, _)| name).collect();
    told.retain(|name| !name.starts_with("digest"));
    assert_eq!(clinic.records().len(), 12, "each paper once");
    assert_eq!(told.len(), 12, "{told:?}");
}

/// A copy that is made while papers come in brings back a clinic in which nothing is missing that was there when it began.
#[test]
fn a_copy_made_in_the_middle_of_work_is_whole() {
    const PAPERS: usize = 60;
    let clinic = Clinic::new();
    let gap = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "");
    let mut daemon = clinic.start(&["run"]);
    for number in 0..PAPERS {
        clinic.drop_mail(&format!("order{number}"), &gap.replace("Zebra", &format!("Zebra{number}")));
    }
    for copy in 0..3 {
        for _ in 0..5 {
            daemon.until("told: ");
        }
        let ids = |clinic: &Clinic| -> Vec<String> {
            clinic.records().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
        };
        let before = ids(&clinic);
        let sent = clinic.alerts().len();
        let folder = clinic.path(&format!("copy{copy}"));
        let begin = Instant::now();
        let copied = clinic.command(&["backup"]).arg(&folder).output().unwrap();
        assert!(copied.status.success(), "{copied:?}");
        let elsewhere = Clinic::new();
        fs::copy(clinic.path("secrets/master.key"), elsewhere.path("secrets/master.key")).unwrap();
        let restored = elsewhere.command(&["restore"]).arg(&folder).output().unwrap();
        assert!(restored.status.success(), "{restored:?}");
        let took = begin.elapsed();
        let verified = elsewhere.command(&["audit", "verify"]).output().unwrap();
        assert!(verified.status.success(), "{verified:?}");
        assert!(elsewhere.run_once().status.success());
        let after = ids(&elsewhere);
        let papers = files(&folder.join("originals"))
            .iter()
            .filter(|path| path.extension().is_some_and(|it| it == "paper"))
            .count();
        let missing: Vec<&String> = before.iter().filter(|id| !after.contains(id)).collect();
        assert!(missing.is_empty() && after.len() >= before.len(), "{missing:?} of {} are missing", before.len());
        // each mail has an original beside that of its paper, and each paper one letter: sent by the first, or by the second
        assert!(papers >= after.len(), "{papers} originals");
        let letters = elsewhere.alerts().len();
        assert!(letters + sent <= after.len() + sent && letters <= after.len(), "{letters} letters again");
        println!("copy {copy}: {} records, made and put back in {took:.0?}", after.len());
    }
    daemon.stop();
}

/// Ten thousand scans in one folder, and then a fax in another.
#[test]
fn ten_thousand_scans_do_not_keep_a_fax_waiting() {
    const SCANS: usize = 10_000;
    let clinic = Clinic::new();
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    let door = "[[inbox]]\nkind = \"folder\"\npath = \"faxes\"\ndone = \"faxes/done\"\npoll_seconds = 1\n\n# Alerts";
    fs::write(&path, text.replacen("# Alerts", door, 1)).unwrap();
    fs::create_dir(clinic.path("faxes")).unwrap();
    for number in 0..SCANS {
        fs::write(clinic.path(&format!("inbox/scan{number:05}.txt")), format!("{ORDER}Chart {number}\n")).unwrap();
    }
    let mut daemon = clinic.start(&["run"]);
    for _ in 0..200 {
        daemon.until("told: ");
    }
    let begin = Instant::now();
    fs::write(clinic.path("elsewhere"), ORDER.replace("Zebra", "Quagga")).unwrap();
    fs::rename(clinic.path("elsewhere"), clinic.path("faxes/fax.txt")).unwrap();
    let mut between = 0;
    while !daemon.line().expect("it runs").contains("fax.txt") {
        between += 1;
    }
    let took = begin.elapsed();
    let waiting = fs::read_dir(clinic.path("inbox")).unwrap().count();
    println!(
        "a fax behind {SCANS} scans ({waiting} still in their folder) was read after {took:.1?}, {between} lines later"
    );
    assert!(took < Duration::from_secs(20), "{took:?}");
    daemon.kill();
}
