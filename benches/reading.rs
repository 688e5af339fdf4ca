//! How fast papers are read, as ratios against the `tesseract` and `ocrmypdf` commands on the same pages in the same run.
//!
//! `make bench` builds the program with optimisations, runs this and writes the table into the README. Each figure is the
//! median of several rounds; the programs take turns, so that a slow minute of the machine hits all of them.
#![allow(clippy::print_stdout, missing_docs, clippy::unwrap_used)] // a measuring program: it prints, and says what failed by failing

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::civil::date;
use rxintake::model::ReadPaper;
use rxintake::rules::Book;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Clean fine faxes of one page each: no streaks, nothing upside down.
const FAX_PAGES: [&str; 3] =
    ["06-column-form-fax-fine.tif", "07-clinic-form-fax-fine.tif", "16-clearance-fax-fine.tif"];
/// A page with a text layer of its own.
const TEXT_PAGE: &str = "01-letter-digital.pdf";
/// A letter page scanned at 300 dpi.
const SCAN_PAGE: &str = "04-cell-form-scan.pdf";
const ROUNDS: usize = 5;
/// How often the text page is read in one call, so that the start of the program does not count.
const TEXT_COPIES: usize = 21;
/// How often each recorded page goes through the rule book.
const BOOK_ROUNDS: usize = 101;
const TABLE_BEGIN: &str = "<!-- bench: begin -->";
const TABLE_END: &str = "<!-- bench: end -->";

struct Row {
    what: &'static str,
    measured: String,
    aim: &'static str,
}

fn main() {
    // `cargo test --benches` calls this too; measuring belongs to `cargo bench`
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    // each twice: an odd number of pages would leave one of two jobs without work
    let faxes: Vec<PathBuf> = FAX_PAGES.iter().chain(&FAX_PAGES).map(sample).collect();
    let pdfs = Pdfs::make(&faxes);
    let text = vec![sample(&TEXT_PAGE)];
    let texts = vec![sample(&TEXT_PAGE); TEXT_COPIES];

    let mut tesseract = Vec::new();
    let mut one_job = Vec::new();
    let mut two_jobs = Vec::new();
    let mut ocrmypdf = Vec::new();
    let mut one_text = Vec::new();
    let mut many_texts = Vec::new();
    for round in 0..=ROUNDS {
        let times = [
            time(|| faxes.iter().for_each(plain_tesseract)),
            time(|| read(&faxes, 1)),
            time(|| read(&faxes, 2)),
            time(|| pdfs.files.iter().for_each(|pdf| force_ocr(pdf))),
            time(|| read(&text, 1)),
            time(|| read(&texts, 1)),
        ];
        // the first round warms the file cache and does not count
        if round > 0 {
            let [a, b, c, d, e, f] = times;
            tesseract.push(a);
            one_job.push(b);
            two_jobs.push(c);
            ocrmypdf.push(d);
            one_text.push(e);
            many_texts.push(f);
        }
    }
    let ratio = |above: &[Duration], below: &[Duration]| median(above).as_secs_f64() / median(below).as_secs_f64();
    let text_ms =
        (median(&many_texts).as_secs_f64() - median(&one_text).as_secs_f64()) * 1000.0 / (TEXT_COPIES - 1) as f64;
    let rows = [
        Row {
            what: "one job against the `tesseract` command, same fax pages (time)",
            measured: format!("{:.2} times", ratio(&one_job, &tesseract)),
            aim: "at most 1.15",
        },
        Row {
            what: "two jobs against one (speed)",
            measured: format!("{:.2} times", ratio(&one_job, &two_jobs)),
            aim: "at least 1.7",
        },
        Row {
            what: "two jobs against `ocrmypdf --force-ocr`, same pages (speed)",
            measured: format!("{:.2} times", ratio(&ocrmypdf, &two_jobs)),
            aim: "at least 1.8",
        },
        Row { what: "a page with a text layer", measured: format!("{text_ms:.0} ms"), aim: "under 30 ms" },
        Row {
            what: "a reader child on a letter page at 300 dpi (peak memory)",
            measured: format!("{} MB", child_peak_mb(&sample(&SCAN_PAGE))),
            aim: "under 300 MB",
        },
        Row {
            what: "a page through the whole rule book, the quickest and the slowest sample (`cargo bench --bench book` shows more)",
            measured: through_the_book(),
            aim: "at most 0.4 ms",
        },
    ];
    let table = table(&rows);
    println!("{table}");
    write_into_readme(&table);
}

/// The medians of the recorded sample pages: the least and the greatest.
fn through_the_book() -> String {
    let book = Book::built_in();
    let readings = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/readings")).unwrap();
    let mut medians: Vec<Duration> = readings
        .map(|entry| {
            let paper: ReadPaper = serde_json::from_str(&fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
            let pages = u32::try_from(paper.readings.len().max(1)).unwrap();
            let rounds = (0..BOOK_ROUNDS).map(|_| time(|| drop(book.sort(&paper.readings, date(2026, 11, 2)))) / pages);
            median(&rounds.collect::<Vec<_>>())
        })
        .collect();
    medians.sort();
    let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
    format!("{:.2} to {:.2} ms", ms(&medians[0]), ms(&medians[medians.len() - 1]))
}

fn sample(name: &&str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

fn reading(files: &[PathBuf], jobs: usize) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rxintake"));
    command.args(["read", "--format", "jsonl", "--jobs", &jobs.to_string()]).args(files).stdout(Stdio::null());
    command
}

fn read(files: &[PathBuf], jobs: usize) {
    assert!(reading(files, jobs).status().unwrap().success());
}

fn plain_tesseract(file: &PathBuf) {
    let mut command = Command::new("tesseract");
    command.arg(file).arg("-").env("OMP_THREAD_LIMIT", "1").stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("the `tesseract` command, from the package tesseract-ocr").success());
}

/// ocrmypdf takes PDFs, so the faxes are wrapped into some before the clock starts.
struct Pdfs {
    files: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

impl Pdfs {
    fn make(faxes: &[PathBuf]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wrap = |fax: &PathBuf| {
            let pdf = folder.path().join(fax.file_name().unwrap()).with_extension("pdf");
            let mut command = Command::new("tiff2pdf");
            command.arg("-o").arg(&pdf).arg(fax).stderr(Stdio::null());
            assert!(command.status().expect("the `tiff2pdf` command, from the package libtiff-tools").success());
            pdf
        };
        Self { files: faxes.iter().map(wrap).collect(), _folder: folder }
    }
}

/// Its output goes beside the input: run by root, ocrmypdf would put a file in the place of /dev/null.
fn force_ocr(pdf: &Path) {
    let mut command = Command::new("ocrmypdf");
    let output = pdf.with_extension("ocr.pdf");
    command.args(["--force-ocr", "--quiet", "--jobs", "2", "--output-type", "pdf"]).arg(pdf).arg(output);
    assert!(command.status().expect("the `ocrmypdf` command, from the package ocrmypdf").success());
}

/// The greatest resident set of any reader child while `file` is read, from `VmHWM` of proc(5), in MB.
fn child_peak_mb(file: &Path) -> u64 {
    let mut parent: Child = reading(&[file.to_owned()], 1).spawn().unwrap();
    let mut peak_kb = 0;
    while parent.try_wait().unwrap().is_none() {
        let children = format!("/proc/{0}/task/{0}/children", parent.id());
        for child in fs::read_to_string(children).unwrap_or_default().split_whitespace() {
            let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
            let peak =
                status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
            peak_kb = peak_kb.max(peak.unwrap_or(0));
        }
    }
    peak_kb / 1024
}

fn table(rows: &[Row]) -> String {
    let mut table = String::from("| what | measured | aim |\n|---|---|---|\n");
    for Row { what, measured, aim } in rows {
        table.push_str(&format!("| {what} | {measured} | {aim} |\n"));
    }
    table
}

fn write_into_readme(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(TABLE_BEGIN).expect("README.md holds the place of the table");
    let (_, after) = rest.split_once(TABLE_END).expect("README.md holds the end of the table");
    fs::write(&path, format!("{before}{TABLE_BEGIN}\n{table}{TABLE_END}{after}")).unwrap();
}
