//! The folder door: what people, scanners and shares do to a folder.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use crate::clinic::{Clinic, ORDER};
use crate::make::pdf;

fn order(name: &str) -> String {
    ORDER.replace("Zebra", name)
}

fn done(clinic: &Clinic) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(clinic.path("inbox/done"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A scanner that writes, waits for the next page, and writes again.
#[test]
fn a_file_that_is_still_written_is_not_taken() {
    let clinic = Clinic::new();
    let paper = pdf(&["Prescription for massage therapy"]);
    let (first, rest) = paper.split_at(paper.len() / 2);
    let mut scanner = File::create(clinic.path("inbox/scan.pdf")).unwrap();
    scanner.write_all(first).unwrap();
    let mut daemon = clinic.start(&["run"]);
    // papers that come in behind it are taken: the daemon has looked at the scan more than once by then
    for name in ["One", "Two", "Three"] {
        clinic.drop_paper(&format!("{name}.txt"), order(name).as_bytes());
        daemon.until("prescription for Q");
        assert!(clinic.path("inbox/scan.pdf").try_exists().unwrap(), "half of it was taken");
    }
    scanner.write_all(rest).unwrap();
    drop(scanner);
    daemon.until("scan.pdf");
    daemon.stop();
    let records = clinic.records();
    assert_eq!(records.len(), 4);
    assert!(records.iter().all(|record| record["error"].is_null()), "each was read whole");
}

/// A page of a TIFF: black and white, not compressed (TIFF 6.0, section 3). Its directory stands behind it, and says where the
/// next one is.
fn tiff_page(at: u32, next: u32) -> Vec<u8> {
    const WIDTH: u32 = 1728;
    const HEIGHT: u32 = 400;
    let bytes = WIDTH / 8 * HEIGHT;
    let fields: [(u16, u16, u32); 10] = [
        (254, 4, 2),
        (256, 4, WIDTH),
        (257, 4, HEIGHT),
        (258, 3, 1),
        (259, 3, 1),
        (262, 3, 0),
        (273, 4, at),
        (277, 3, 1),
        (278, 4, HEIGHT),
        (279, 4, bytes),
    ];
    let mut page = vec![0; bytes as usize];
    page.extend(10_u16.to_le_bytes());
    for (tag, kind, value) in fields {
        page.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        page.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
    }
    page.extend(next.to_le_bytes());
    page
}

/// Between two sheets a TIFF is whole, with fewer pages. Who still has it open has not finished.
#[test]
fn a_tiff_that_is_written_page_by_page_is_taken_with_all_its_pages() {
    let clinic = Clinic::new();
    let mut daemon = clinic.start(&["run"]);
    let path = clinic.path("inbox/scan.tif");
    let first = tiff_page(8, 0);
    let second_at = 8 + u32::try_from(first.len()).unwrap();
    let mut scanner = File::create(&path).unwrap();
    scanner.write_all(&[b"II*\0".as_slice(), &(second_at - 126).to_le_bytes(), &first].concat()).unwrap();
    // the scanner says that this was long ago; it was looked at many times by then
    scanner.set_modified(SystemTime::now() - Duration::from_secs(90)).unwrap();
    assert!(!daemon.hears_within(Duration::from_secs(4), "scan.tif"), "a half was taken");
    scanner.write_all(&tiff_page(second_at, 0)).unwrap();
    let directory = second_at + 1728 / 8 * 400;
    scanner.write_all_at(&directory.to_le_bytes(), u64::from(second_at) - 4).unwrap();
    drop(scanner);
    daemon.until("scan.tif");
    daemon.stop();
    let records = clinic.records();
    assert_eq!((records.len(), &records[0]["pages"]), (1, &serde_json::json!(2)), "{records:?}");
}

/// What was renamed into the inbox is finished, unless whoever did so goes on.
#[test]
fn what_grows_after_it_was_taken_is_another_version_and_told() {
    let clinic = Clinic::new();
    let mut daemon = clinic.start(&["run"]);
    // it watches by then: of what lay there before it would ask who has it open
    clinic.drop_paper("first.txt", order("First").as_bytes());
    daemon.until("first.txt");
    let elsewhere = clinic.path("elsewhere.txt");
    fs::write(&elsewhere, order("Early")).unwrap();
    let mut writer = OpenOptions::new().append(true).open(&elsewhere).unwrap();
    fs::rename(&elsewhere, clinic.path("inbox/scan.txt")).unwrap();
    daemon.until("scan.txt");
    let begin = Instant::now();
    while done(&clinic).len() < 2 {
        assert!(begin.elapsed() < Duration::from_secs(60), "it was never moved");
        std::thread::yield_now();
    }
    writer.write_all(b"Claim number: 44-2211-B90\n").unwrap();
    drop(writer);
    let told = daemon.until("TROUBLE");
    assert!(told.contains("still written after it had been taken in"), "{told}");
    daemon.until("scan.txt");
    daemon.stop();
    let records = clinic.records();
    let names: Vec<&str> = records.iter().map(|record| record["origin"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["first.txt", "scan.txt", "scan.txt"]);
    assert_eq!(done(&clinic).len(), 2);
}

/// More than one look takes at once.
#[test]
fn papers_that_cannot_be_moved_are_told_once_and_stand_in_nobodys_way() {
    const PAPERS: usize = 70;
    let clinic = Clinic::new();
    fs::create_dir(clinic.path("inbox/done")).unwrap();
    fs::set_permissions(clinic.path("inbox/done"), Permissions::from_mode(0o555)).unwrap();
    for number in 0..PAPERS {
        clinic.drop_paper(&format!("{number:02}.txt"), format!("{}Chart {number}\n", order("Stuck")).as_bytes());
    }
    let mut daemon = clinic.start_bound_by_modes(&["run"]);
    let (mut read, mut told) = (0, 0);
    while read < PAPERS {
        let line = daemon.line().unwrap();
        read += usize::from(line.contains("prescription for Q"));
        told += usize::from(line.contains("TROUBLE"));
        assert!(told == 0 || !line.contains("TROUBLE") || line.contains("cannot be moved to"), "{line}");
    }
    told += usize::from(daemon.hears_within(Duration::from_secs(8), "TROUBLE"));
    assert_eq!(told, 1, "once for all");
    fs::set_permissions(clinic.path("inbox/done"), Permissions::from_mode(0o755)).unwrap();
    let begin = Instant::now();
    while done(&clinic).len() < PAPERS {
        assert!(begin.elapsed() < Duration::from_secs(60), "{} were moved", done(&clinic).len());
        std::thread::yield_now();
    }
    daemon.stop();
    assert_eq!(clinic.records().len(), PAPERS);
}

/// NFS without its lock daemon refuses every lock (flock(2), ENOLCK).
#[test]
fn a_folder_without_locks_is_told_and_its_papers_are_taken() {
    let clinic = Clinic::new();
    for name in ["one.txt", "two.txt"] {
        clinic.drop_paper(name, order(name).as_bytes());
    }
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK", "-o", "/dev/null"]);
    for name in ["one.txt", "two.txt"] {
        strace.arg("-P").arg(clinic.path("inbox").join(name));
    }
    let run = clinic.command(&["run", "--once"]);
    strace.arg(run.get_program()).args(run.get_args());
    strace.env("RXINTAKE_CONFIG", clinic.path("rxintake.toml"));
    let ended = strace.output().expect("strace is installed by `make test`");
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{said}");
    assert_eq!(said.matches("gives no locks").count(), 1, "{said}");
    assert_eq!(clinic.records().len(), 2);
}

/// Whoever writes under a lock says so.
#[test]
fn a_locked_file_waits_for_its_writer() {
    let clinic = Clinic::new();
    let path = clinic.path("inbox/locked.txt");
    fs::write(&path, order("Locked")).unwrap();
    let writer = OpenOptions::new().append(true).open(&path).unwrap();
    writer.lock().unwrap();
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_paper("other.txt", order("Other").as_bytes());
    daemon.until("other.txt");
    clinic.drop_paper("third.txt", order("Third").as_bytes());
    daemon.until("third.txt");
    assert!(path.try_exists().unwrap());
    drop(writer);
    daemon.until("locked.txt");
    daemon.stop();
}

#[test]
fn another_version_and_another_paper_of_the_same_name_are_papers_of_their_own() {
    let clinic = Clinic::new();
    let mut daemon = clinic.start(&["run"]);
    for patient in ["Alpha", "Beta", "Gamma"] {
        clinic.drop_paper("scan.txt", order(patient).as_bytes());
        daemon.until(&format!("Q… {}…", &patient[..1]));
    }
    daemon.stop();
    let records = clinic.records();
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|record| record["origin"]["name"] == "scan.txt"));
    let done = done(&clinic);
    assert_eq!(done.len(), 3, "none replaced another: {done:?}");
    let texts: Vec<String> =
        done.iter().map(|name| fs::read_to_string(clinic.path("inbox/done").join(name)).unwrap()).collect();
    for (text, patient) in texts.iter().zip(["Alpha", "Beta", "Gamma"]) {
        assert!(text.contains(patient), "their names sort by arrival: {done:?}");
    }
}

/// A link would let anybody who may write into the inbox read any file; a pipe would hold the daemon for ever.
#[test]
fn links_pipes_and_folders_are_refused_and_told_once() {
    let clinic = Clinic::new();
    symlink("/etc/passwd", clinic.path("inbox/link.txt")).unwrap();
    assert!(Command::new("mkfifo").arg(clinic.path("inbox/pipe.pdf")).status().unwrap().success());
    let _socket = UnixListener::bind(clinic.path("inbox/socket.pdf")).unwrap();
    fs::create_dir(clinic.path("inbox/monday")).unwrap();
    File::create(clinic.path("inbox/huge.tif")).unwrap().set_len(300_000_000).unwrap();
    let mut daemon = clinic.start(&["run"]);
    for number in 0..3 {
        clinic.drop_paper(&format!("{number}.txt"), order(["Alpha", "Beta", "Gamma"][number]).as_bytes());
    }
    let mut told = Vec::new();
    let mut read = 0;
    while read < 3 {
        let line = daemon.line().unwrap();
        read += usize::from(line.contains("prescription for Q"));
        told.extend(line.contains("TROUBLE").then_some(line));
    }
    told.extend(daemon.stop().into_iter().filter(|line| line.contains("TROUBLE")));
    let count = |words: &str| told.iter().filter(|line| line.contains(words)).count();
    assert_eq!(
        (count("a link lies"), count("a special file lies"), count("a folder lies"), count("larger than"), told.len()),
        (1, 2, 1, 1, 5),
        "{told:?}"
    );
    assert_eq!(clinic.records().len(), 3);
    assert!(fs::symlink_metadata(clinic.path("inbox/link.txt")).is_ok(), "what is refused stays");
}

/// A scanner's share that gives its files to others than us, until somebody sets it right.
#[test]
fn a_file_that_may_not_be_read_is_told_once_and_taken_when_it_may() {
    let clinic = Clinic::new();
    let scan = clinic.path("inbox/scan.txt");
    fs::write(&scan, order("Closed")).unwrap();
    fs::set_permissions(&scan, Permissions::from_mode(0o000)).unwrap();
    let mut daemon = clinic.start_bound_by_modes(&["run"]);
    let told = daemon.until("TROUBLE");
    assert!(told.contains("cannot read a file in the inbox folder") && !told.contains("scan"), "{told}");
    let size = order("Closed").len();
    assert!(told.contains(&format!("({size} bytes, last written 20")), "{told}");
    // papers that come in behind it are taken: it was looked at again by then
    for name in ["One", "Two"] {
        clinic.drop_paper(&format!("{name}.txt"), order(name).as_bytes());
        loop {
            let line = daemon.line().unwrap();
            assert!(!line.contains("TROUBLE"), "told again: {line}");
            if line.contains("prescription for Q") {
                break;
            }
        }
    }
    assert!(scan.try_exists().unwrap(), "it stays where it is");
    fs::set_permissions(&scan, Permissions::from_mode(0o600)).unwrap();
    daemon.until("scan.txt");
    let rest = daemon.stop();
    assert!(!rest.iter().any(|line| line.contains("TROUBLE")), "{rest:?}");
    assert_eq!(clinic.records().len(), 3);
}

/// A share that was away, a folder that somebody tidied up.
#[test]
fn a_folder_that_is_removed_is_told_and_made_anew_it_is_watched_again() {
    let clinic = Clinic::new();
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_paper("first.txt", order("First").as_bytes());
    daemon.until("first.txt");
    fs::rename(clinic.path("inbox"), clinic.path("gone")).unwrap();
    let told = daemon.until("TROUBLE");
    assert!(told.contains("cannot read the inbox folder"), "{told}");
    fs::create_dir(clinic.path("inbox")).unwrap();
    clinic.drop_paper("second.txt", order("Second").as_bytes());
    daemon.until("second.txt");
    clinic.drop_paper("third.txt", order("Third").as_bytes());
    daemon.until("third.txt");
    let rest = daemon.stop();
    assert!(!rest.iter().any(|line| line.contains("TROUBLE")), "{rest:?}");
    assert_eq!(done(&clinic).len(), 2, "the folder of taken papers is there again");
    assert_eq!(clinic.records().len(), 3);
}
