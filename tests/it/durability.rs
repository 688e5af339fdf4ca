//! What survives: the order in which things reach the disk, kills at random moments, a disk that is full.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::clinic::{Clinic, ORDER};

/// Kills in one run; `make soak` asks for more.
const KILLS: u32 = 200;

/// No receipt is given and no letter counted as sent before what it rests on is on the disk.
#[test]
fn nothing_is_acknowledged_before_it_is_durable() {
    let clinic = Clinic::new();
    clinic.drop_paper("order.txt", ORDER.as_bytes());
    let trace = clinic.path("trace");
    let run = clinic.command(&["run", "--once"]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", "-o"]).arg(&trace);
    strace.arg(run.get_program()).args(run.get_args());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    assert!(strace.output().expect("strace is installed by `make test`").status.success());
    let text = fs::read_to_string(&trace).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let nth = |what: &str, from: usize| {
        let found = lines[from..].iter().position(|line| what.split('*').all(|part| line.contains(part)));
        from + found.unwrap_or_else(|| panic!("{what} is missing behind line {from} of\n{text}"))
    };
    let mut at = 0;
    for step in [
        "fsync(*/keys/.",
        "rename(*/keys/.",
        "fsync(*/data/keys>",
        "fsync(*.arrival.new>",
        "rename(*.arrival.new",
        "fsync(*.paper.new>",
        "rename(*.paper.new",
        "fsync(*/data/originals>",
        "fsync(*/shelves/db>",
        "rename(*/inbox/order.txt*/inbox/done/",
        "fsync(*/shelves/db>",
        "rename(*/outbox/.",
        "fsync(*/outbox>",
        "fsync(*/journal/sent>",
        "fsync(*/shelves/db>",
    ] {
        at = nth(step, at) + 1;
    }
    let released = lines.iter().position(|line| line.contains("/inbox/done/")).unwrap();
    assert!(released > nth("fsync(*/shelves/db>", nth("fsync(*/data/originals>", 0)), "{text}");
}

/// A generator of numbers that are the same in every run (Numerical Recipes, "ranqd1").
struct Numbers(u32);

impl Numbers {
    fn next(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % below
    }
}

#[test]
fn kills_at_random_moments_lose_nothing_and_double_nothing() {
    let kills = std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let clinic = Clinic::new();
    // on a busy machine much is left to the last life: it may not gather that into one letter
    let config = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("[alerts]\n", "[alerts]\nstorm_letters = 0\n")).unwrap();
    let mut numbers = Numbers(7);
    let mut papers = 0;
    let mut cut_short = 0;
    for _ in 0..kills {
        // every other life has something new to do
        if numbers.next(2) == 0 {
            let order =
                ORDER.replace("Zebra", &format!("Zebra-{papers}")).replace("Frequency: 2x/week x 6 weeks\n", "");
            clinic.drop_mail(&format!("order{papers}"), &order);
            papers += 1;
        }
        cut_short += u32::from(clinic.start(&["run", "--once"]).kill_within_milliseconds(numbers.next(500)));
    }
    assert!(cut_short * 3 > kills, "only {cut_short} of {kills} lives were cut short");
    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    let records = clinic.records();
    let mut names: Vec<&str> = records.iter().map(|record| record["origin"]["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!((all, names.len()), (papers, papers), "each paper is one record: {names:?}");
    let letters = clinic.alerts().iter().filter(|(name, _)| name.contains("frontdesk")).count();
    assert_eq!(letters, papers, "one letter a paper, under one Message-ID");
    println!("{kills} kills, {cut_short} in the middle of work; {papers} papers, each one record with one letter");
}

/// The data folder is a small disk of its own, which the test fills and frees.
#[test]
fn a_full_disk_makes_papers_wait_and_room_lets_them_in() {
    let clinic = Clinic::new();
    fs::create_dir_all(clinic.path("data")).unwrap();
    let mut shell = Command::new("timeout")
        .args(["150", "unshare", "--user", "--map-root-user", "--mount", "sh"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("unshare is part of util-linux");
    let mut input = shell.stdin.take().unwrap();
    let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
    let mut until = |words: &str| {
        lines.by_ref().map(Result::unwrap).find(|line| line.contains(words)).unwrap_or_else(|| panic!("no {words:?}"))
    };
    let data = clinic.path("data");
    let run = clinic.command(&["run"]);
    writeln!(input, "mount -t tmpfs -o size=40m,mode=700 tmpfs '{}' && echo mounted", data.display()).unwrap();
    until("mounted");
    writeln!(input, "head -c 30000000 /dev/zero > '{}/ballast'; echo filled", data.display()).unwrap();
    until("filled");
    let config = clinic.path("rxintake.toml");
    writeln!(
        input,
        "timeout 100 '{}' run --config '{}' & daemon=$!",
        run.get_program().to_string_lossy(),
        config.display()
    )
    .unwrap();
    clinic.drop_paper("order.txt", ORDER.as_bytes());
    let told = until("TROUBLE");
    assert!(told.contains("MB left; papers wait where they are"), "{told}");
    assert!(clinic.path("inbox/order.txt").try_exists().unwrap(), "it is still where it was");
    writeln!(input, "rm '{}/ballast'", data.display()).unwrap();
    until("prescription for Q");
    writeln!(input, "kill -TERM $daemon; wait $daemon; echo ended $?; exit").unwrap();
    until("ended");
    assert!(!clinic.path("inbox/order.txt").try_exists().unwrap());
    shell.wait().unwrap();
}
