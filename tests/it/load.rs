//! A thousand papers at once, and none for a while: order, memory, rate, rest.

use std::fs;
use std::time::{Duration, Instant};

use crate::clinic::{Clinic, Daemon, ORDER};
use crate::make::pdf;

/// How much the daemon may grow between its first papers and its thousandth, in kilobytes: the store's page cache takes 32 MB.
const GROWTH_KILOBYTES_MAX: u64 = 64 << 10;
/// How long an idle daemon is watched.
const REST: Duration = Duration::from_secs(8);
/// Clock ticks a second of `/proc/PID/stat` (man proc(5)).
const TICKS: f64 = 100.0;

fn kilobytes(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// User and system time, in ticks.
fn ticks(daemon: &Daemon) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", daemon.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_thousand_papers_at_once_keep_their_order_and_none_is_lost() {
    const PAPERS: usize = 1_000;
    let clinic = Clinic::new();
    for number in 0..PAPERS {
        let paper = format!("{ORDER}Chart {number}\n");
        fs::write(clinic.path(&format!("inbox/fax{number:04}.txt")), paper).unwrap();
    }
    let begin = Instant::now();
    let mut daemon = clinic.start(&["run", "--once"]);
    let (mut read, mut early, mut late) = (0, 0, 0);
    while let Some(line) = daemon.line() {
        if line.contains("prescription for") {
            read += 1;
            match read {
                100 => early = kilobytes(&daemon),
                PAPERS => late = kilobytes(&daemon),
                _ => {}
            }
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    let records = clinic.records();
    let names: Vec<&str> = records.iter().map(|record| record["origin"]["name"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..PAPERS).map(|number| format!("fax{number:04}.txt")).collect();
    assert_eq!(names, expected);
    assert!(late < early + GROWTH_KILOBYTES_MAX, "{early} kB after 100 papers, {late} kB after all");
    let letters = clinic.alerts().len();
    assert!(letters <= 30, "a storm gives one letter with a count, not {letters}");
    println!(
        "{PAPERS} papers in {seconds:.1} s, {:.0} a second; {early} kB after 100, {late} kB after all; {letters} letters",
        PAPERS as f64 / seconds
    );
}

#[test]
fn a_daemon_without_work_rests_and_one_with_work_is_quick() {
    let clinic = Clinic::new();
    let paper = pdf(&["Prescription for massage therapy Patient: Quentin Zebra Diagnosis: M54.2"]);
    let file = clinic.path("order.pdf");
    fs::write(&file, &paper).unwrap();
    let begin = Instant::now();
    assert!(clinic.command(&["parse"]).arg(&file).output().unwrap().status.success());
    let reading = begin.elapsed();
    let mut daemon = clinic.start(&["run", "--log", "json"]);
    clinic.drop_mail("warm", ORDER);
    let mut said = daemon.until("letter handed over");
    let begin = Instant::now();
    clinic.drop_paper("zebra.pdf", &paper);
    said += &daemon.until("\"stored\"");
    let stored = begin.elapsed();
    said += &daemon.until("letter handed over");
    let mailed = begin.elapsed();
    println!(
        "a PDF is a record {stored:.0?} after it lies there (parse takes {reading:.0?} with its start), its letter is handed over {:.0?} later",
        mailed - stored
    );
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "no core may hold a patient");
    // what the last letter left to do belongs to the first of two spells
    let mut spell = || {
        let before = ticks(&daemon);
        assert!(daemon.is_silent_for(REST), "it has nothing to say");
        (ticks(&daemon) - before) as f64 / TICKS / REST.as_secs_f64()
    };
    let share = spell().min(spell());
    println!("an idle daemon uses {:.2} % of a core", 100.0 * share);
    assert!(share < 0.005, "{share}");
    said += &daemon.stop().concat();
    said += &fs::read_to_string(clinic.path("stderr")).unwrap();
    assert!(!said.to_lowercase().contains("zebra") && !said.contains("M54"), "the log names a patient: {said}");
}
