//! A disk that fails, a clock that jumps, folders without events, a second daemon, a copy in the middle of work.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::bells;
use crate::clinic::{Clinic, Daemon, ORDER, files};
use crate::dovecot::faketime;
use crate::exim::Exim;
use crate::make::pdf;
use crate::relay::{By, Deed, Relay};

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

/// A clock of the daemon's own, which the test sets.
struct Clock {
    library: PathBuf,
    offset: PathBuf,
}

/// The clock that nobody can set: right, whatever the other says, or moved with it, as if the time had passed.
#[derive(Clone, Copy, PartialEq)]
enum Monotonic {
    Right,
    Moved,
}

impl Clock {
    fn new(clinic: &Clinic) -> Self {
        let clock = Self { library: faketime(), offset: clinic.path("offset") };
        clock.set("+0d");
        clock
    }

    /// So far from the right time.
    fn set(&self, by: &str) {
        fs::write(&self.offset, by).unwrap();
    }

    fn start(&self, clinic: &Clinic, monotonic: Monotonic) -> Daemon {
        let mut environment: Vec<(&str, &Path)> = vec![
            ("LD_PRELOAD", &self.library),
            ("FAKETIME_TIMESTAMP_FILE", &self.offset),
            ("FAKETIME_NO_CACHE", Path::new("1")),
        ];
        if monotonic == Monotonic::Right {
            environment.push(("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")));
        }
        start_with(clinic, &["run"], &environment)
    }
}

/// How things stand, as the daemon says itself. It sleeps by a clock that stands still between two wake-ups: this is one.
fn ask(clinic: &Clinic) -> String {
    let (path, begin) = (clinic.path("data/socket"), Instant::now());
    let mut stream = loop {
        match UnixStream::connect(&path) {
            Ok(stream) => break stream,
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(60), "{error}"),
        }
        std::thread::yield_now();
    };
    stream.write_all(b"\"standing\"\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A day on which the mail server first breaks every connection, then puts everybody off, then says nothing; the daemon is killed
/// in the middle of it. The day passes in steps.
#[test]
fn a_day_without_a_mail_server_ends_with_each_alert_sent_once_and_in_order() {
    const STEP_MINUTES: usize = 5;
    const DAY_MINUTES: usize = 24 * 60;
    // an hour, and what an attempt takes that nobody answers: the letter, and the question whether the server answers at all
    const PAUSE_MINUTES_MAX: usize = 60 + 3 * STEP_MINUTES;
    const BROKEN: Range<usize> = 0..8 * 60;
    const SILENT: Range<usize> = 18 * 60..DAY_MINUTES;
    // longer than a server on a busy machine takes for an answer
    const PATIENCE: Duration = Duration::from_secs(5);
    const PAPERS: [(usize, &str); 5] = [(0, "Adler"), (5, "Baker"), (11, "Cohen"), (14, "Doyle"), (23, "Evans")];
    let exim = Exim::start();
    exim.be_busy(true);
    let minute = Arc::new(AtomicUsize::new(0));
    let shown = minute.clone();
    let relay = Relay::start(exim.port, move |by, _| match shown.load(Ordering::SeqCst) {
        now if by == By::Server && BROKEN.contains(&now) => Deed::Cut,
        now if by == By::Server && SILENT.contains(&now) => Deed::Instead(Vec::new()),
        _ => Deed::Pass,
    });
    let alerts = exim.alerts().replace(&format!("port = {}", exim.port), &format!("port = {}", relay.port));
    let clinic = bells::clinic(&alerts.replace("first_retry", "timeout_seconds = 100\nfirst_retry"));
    let clock = Clock::new(&clinic);
    let mut daemon = clock.start(&clinic, Monotonic::Moved);
    let mut papers = PAPERS.iter().peekable();
    let (mut attempts, mut tried) = (0, 0);
    let begin = Instant::now();
    for now in (0..DAY_MINUTES).step_by(STEP_MINUTES) {
        minute.store(now, Ordering::SeqCst);
        clock.set(&format!("+{now}m"));
        if now == DAY_MINUTES / 2 {
            daemon.kill();
            daemon = clock.start(&clinic, Monotonic::Moved);
        }
        if let Some((_, name)) = papers.next_if(|(hour, _)| hour * 60 == now) {
            clinic.drop_mail(name, &ORDER.replace("Zebra", name));
            daemon.until("told: ");
        }
        ask(&clinic);
        while relay.connections() == attempts && now - tried > PAUSE_MINUTES_MAX {
            assert!(begin.elapsed() < Duration::from_secs(180), "nothing was tried for {} minutes", now - tried);
            ask(&clinic);
        }
        if relay.connections() != attempts {
            (attempts, tried) = (relay.connections(), now);
        }
        // whoever answers is not cut short by a clock that jumps
        while !SILENT.contains(&now) && relay.is_in_use() {
            std::thread::yield_now();
        }
    }
    let (attempts, took) = (relay.connections(), begin.elapsed());
    assert!(exim.order().is_empty());
    // each hour: the oldest letter, the question whether the server answers, once more, and the letter behind it
    assert!(attempts < 24 * 6, "{attempts} attempts: growing delays");
    exim.be_busy(false);
    minute.store(DAY_MINUTES, Ordering::SeqCst);
    let records = clinic.records();
    let written: Vec<&str> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!(written.len(), PAPERS.len());
    let (mut now, begin) = (DAY_MINUTES, Instant::now());
    let (mut heard, mut spoke) = (relay.heard().len(), Instant::now());
    let has_come = |id: &&str| exim.order().iter().any(|came| came.starts_with(*id));
    while !written.iter().all(has_come) {
        assert!(begin.elapsed() < Duration::from_secs(180), "{:?}", exim.order());
        ask(&clinic);
        if relay.heard().len() != heard {
            (heard, spoke) = (relay.heard().len(), Instant::now());
        }
        // nobody who may yet speak is cut short; what the silent server was asked last is given up, and due within the hour
        let patience = if relay.is_in_use() { PATIENCE } else { PATIENCE / 100 };
        if spoke.elapsed() > patience {
            now += STEP_MINUTES;
            clock.set(&format!("+{now}m"));
            spoke = Instant::now();
        }
    }
    daemon.stop();
    assert!(clinic.run_once().status.success());
    let order = exim.order();
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), order.len(), "each once: {order:?}");
    let came = order.iter().filter_map(|id| id.split('.').next());
    let about_records: Vec<&str> = came.filter(|id| written.contains(id)).collect();
    assert_eq!(about_records, written, "{order:?}");
    println!("a day passed in {took:.1?}; {attempts} attempts; then came {order:?}");
}

/// In the quiet hours letters wait, and leave when they are over.
#[test]
fn letters_wait_in_the_quiet_hours() {
    let hour = |hours: i64| {
        jiff::Zoned::now().checked_add(jiff::Span::new().hours(hours)).unwrap().strftime("%H:%M").to_string()
    };
    let clinic = bells::clinic(&format!(
        "[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\nquiet_from = \"{}\"\nquiet_until = \"{}\"\n",
        hour(-2),
        hour(2)
    ));
    let clock = Clock::new(&clinic);
    let mut daemon = clock.start(&clinic, Monotonic::Moved);
    clinic.drop_mail("order", ORDER);
    daemon.until("told: ");
    clock.set("+1h");
    (0..50).for_each(|_| drop(ask(&clinic)));
    assert!(clinic.alerts().is_empty(), "it is still quiet");
    clock.set("+3h");
    ask(&clinic);
    daemon.until("mailed: ");
    daemon.stop();
    assert_eq!(clinic.alerts().len(), 1);
}

/// The clock goes back more than a year and then ahead of where it was, while the mail server is away.
#[test]
fn a_clock_that_jumps_loses_no_alert_and_doubles_none() {
    let exim = Exim::start();
    let clinic = bells::clinic(&exim.alerts());
    let clock = Clock::new(&clinic);
    let set = |by: &str| clock.set(by);
    exim.be_busy(true);
    let mut daemon = clock.start(&clinic, Monotonic::Right);
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

/// A machine whose clock forgot the time, or was set by somebody, starts the daemon: no record is taken for an old one.
#[test]
fn a_clock_that_is_wrong_at_the_start_removes_no_record() {
    let clinic = Clinic::new();
    clinic.drop_mail("whole", ORDER);
    assert!(clinic.run_once().status.success());
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[retention]\ncomplete_days = 365\nset_aside_days = 0\n")).unwrap();
    let clock = Clock::new(&clinic);
    clock.start(&clinic, Monotonic::Right).until_file(&clinic.path("data/journal"), "clock");
    clock.set("+5000d");
    for _ in 0..2 {
        let mut daemon = clock.start(&clinic, Monotonic::Right);
        let told = daemon.until("TROUBLE");
        assert!(told.contains("no record is removed until"), "{told}");
        daemon.kill(); // the next start believes it no more than this one
    }
    clock.set("-20000d");
    let mut daemon = clock.start(&clinic, Monotonic::Right);
    clinic.drop_mail("past", &ORDER.replace("Zebra", "Quagga"));
    daemon.until("told: ");
    daemon.stop();
    // its date seemed to lie ahead
    let past = clinic.records()[1]["id"].as_str().unwrap().to_owned();
    assert!(clinic.command(&["records", "resolve", &past]).status().unwrap().success());
    // the clock is right again; what is over by it goes
    clock.set("+0d");
    clinic.drop_paper("advert.pdf", &pdf(&["Save on toner today"]));
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 3);
    let mut daemon = clock.start(&clinic, Monotonic::Right);
    daemon.until("1 record was removed");
    daemon.stop();
    let left = clinic.records();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|record| record["state"] == "complete"), "{left:?}");
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

/// A copy that is made while papers come in brings back a clinic in which nothing is missing that was there when it began, nothing
/// is there twice, and nobody is told again of what was told before.
#[test]
fn a_copy_made_in_the_middle_of_work_is_whole() {
    const PAPERS_MAX: usize = 60;
    let clinic = Clinic::new();
    let config = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("[alerts]\n", "[alerts]\nstorm_letters = 0\n")).unwrap();
    let gap = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "");
    let ids = |clinic: &Clinic| -> Vec<String> {
        clinic.records().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    };
    let told = |clinic: &Clinic| -> BTreeSet<String> {
        clinic.alerts().into_iter().map(|(message_id, _)| message_id).collect()
    };
    let mut daemon = clinic.start(&["run"]);
    let came_meanwhile = AtomicUsize::new(0);
    for copy in 0..3 {
        for number in 0..8 {
            clinic
                .drop_mail(&format!("before{copy}.{number}"), &gap.replace("Zebra", &format!("Zebra{copy}.{number}")));
            daemon.until("told: ");
        }
        let (before, told_before) = (ids(&clinic), told(&clinic));
        let folder = clinic.path(&format!("copy{copy}"));
        let begin = Instant::now();
        let is_made = AtomicBool::new(false);
        let copied = std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in (0..PAPERS_MAX).take_while(|_| !is_made.load(Ordering::SeqCst)) {
                    let name = format!("while{copy}.{number}");
                    clinic.drop_mail(&name, &gap.replace("Zebra", &format!("Quagga{copy}.{number}")));
                    // the next when this one was taken
                    while clinic.path(&format!("inbox/{name}.eml")).try_exists().unwrap() {
                        std::thread::yield_now();
                    }
                    came_meanwhile.fetch_add(1, Ordering::SeqCst);
                }
            });
            let copied = clinic.command(&["backup"]).arg(&folder).output().unwrap();
            is_made.store(true, Ordering::SeqCst);
            copied
        });
        assert!(copied.status.success(), "{copied:?}");
        let elsewhere = Clinic::new();
        for part in ["secrets/master.key", "rxintake.toml"] {
            fs::copy(clinic.path(part), elsewhere.path(part)).unwrap();
        }
        let restored = elsewhere.command(&["restore"]).arg(&folder).output().unwrap();
        assert!(restored.status.success(), "{restored:?}");
        let took = begin.elapsed();
        let verified = elsewhere.command(&["audit", "verify"]).output().unwrap();
        assert!(verified.status.success(), "{verified:?}");
        let ended = elsewhere.run_once();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert!(ended.status.success() && !said.contains("TROUBLE"), "{said}");
        let records = elsewhere.records();
        let after = ids(&elsewhere);
        let missing: Vec<&String> = before.iter().filter(|id| !after.contains(id)).collect();
        assert!(missing.is_empty(), "{missing:?} of {} are missing", before.len());
        let distinct: BTreeSet<String> = records.iter().map(|record| record["origin"]["name"].to_string()).collect();
        assert_eq!(distinct.len(), after.len(), "each paper is one record");
        let originals = files(&folder.join("originals"));
        let is_paper = |path: &&PathBuf| path.extension().is_some_and(|it| it == "paper");
        assert!(originals.iter().filter(is_paper).count() >= after.len());
        // each of the papers is told of by the first, by the second, or by both while the copy was made
        let told_here = told(&elsewhere);
        let again: Vec<&String> = told_here.intersection(&told_before).collect();
        assert!(again.is_empty(), "told again: {again:?}");
        let all = told_here.union(&told(&clinic)).cloned().collect::<Vec<_>>().concat();
        assert!(after.iter().all(|id| all.contains(id.as_str())), "{all}");
        println!(
            "copy {copy}: {} records, {} before it began; made and put back in {took:.0?}",
            after.len(),
            before.len()
        );
    }
    println!("{} papers were taken in while copies were made", came_meanwhile.into_inner());
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
