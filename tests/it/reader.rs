//! The reader and its children: what comes back when a child works, dies, hangs, or talks nonsense.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::make::{blank_png, pdf, png};
use rxintake::model::{MediaType, PageTrouble, PaperErrorCode, ReadPaper};
use rxintake::reader::{Options, Reader};

/// The program that cargo built beside this test.
const READER: &str = env!("CARGO_BIN_EXE_rxintake-reader");

#[tokio::test]
async fn pages_are_read_and_progress_is_told() {
    let told = Mutex::new(Vec::new());
    let reader = Reader::new(with_program(Path::new(READER))).unwrap();
    let paper = pdf(&["Massage therapy for Ada Lovelace", "Second page"]);
    let read = reader.read(Arc::from(paper), &|progress| told.lock().unwrap().push(progress.page)).await.unwrap();
    assert_eq!(read.media_type, Some(MediaType::Pdf));
    assert!(read.error.is_none());
    let texts: Vec<String> = read.readings.iter().map(|reading| reading.lines[0].text()).collect();
    assert_eq!(texts, ["Massage therapy for Ada Lovelace", "Second page"]);
    assert_eq!(*told.lock().unwrap(), [1, 2]);
}

#[tokio::test]
async fn pixels_are_read_in_the_sandbox() {
    let reader = Reader::new(with_program(Path::new(READER))).unwrap();
    let read = reader.read(Arc::from(blank_png(850, 1100)), &|_| ()).await.unwrap();
    assert!(read.error.is_none(), "{:?}", read.error);
    assert_eq!(read.readings.len(), 1);
    assert_eq!((read.readings[0].width, read.readings[0].height), (2550, 3300));
    assert!(read.readings[0].lines.is_empty());
    let report = reader.check().await.unwrap();
    assert!(report.sandbox.tell().starts_with("the reader child "));
}

#[tokio::test]
async fn text_needs_no_child() {
    let reader = Reader::new(with_program(Path::new("/bin/false"))).unwrap();
    let read = reader.read(Arc::from(&b"Dx: M54.2\n\x0cpage two"[..]), &|_| ()).await.unwrap();
    assert_eq!(read.media_type, Some(MediaType::Text));
    assert_eq!(read.readings.iter().map(|reading| reading.page).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_child_that_dies_costs_its_paper() {
    check_bad_child("exit 1", PaperErrorCode::ReaderFailed).await;
}

#[tokio::test]
async fn a_child_that_hangs_is_ended() {
    check_bad_child("exec /bin/sleep 600", PaperErrorCode::TimedOut).await;
}

#[tokio::test]
async fn a_child_that_talks_nonsense_is_not_believed() {
    check_bad_child("echo 'nonsense, and more of it'; exec /bin/cat", PaperErrorCode::ReaderFailed).await;
    // a frame that is no answer
    check_bad_child(r#"printf '\002\000\000\000{}'; exec /bin/cat"#, PaperErrorCode::ReaderFailed).await;
    // more pages than the limit
    let many = r#"{"Opened":{"media_type":"pdf","page_count":4000000000,"error":null}}"#;
    let frame = format!(r#"printf '\{:03o}\000\000\000{many}'; exec /bin/cat"#, many.len());
    check_bad_child(&frame, PaperErrorCode::ReaderFailed).await;
}

#[tokio::test]
async fn a_child_that_dies_in_mid_page_costs_that_page() {
    let folder = tempfile::tempdir().unwrap();
    // the processor time of this child is over while it is at the noise
    let program = script(folder.path(), &format!("ulimit -t 1; exec '{READER}' \"$@\""));
    let read = read_noise(Options { ocr_timeout_ms: 120_000, ..with_program(&program) }).await;
    assert_eq!(read.error.unwrap().code, PaperErrorCode::ReaderFailed);
    assert_eq!(read.readings[0].trouble, Some(PageTrouble::ReaderFailed));
}

#[tokio::test]
async fn a_page_past_its_time_is_told() {
    let read = read_noise(Options { ocr_timeout_ms: 600, ..with_program(Path::new(READER)) }).await;
    assert_eq!(read.error.unwrap().code, PaperErrorCode::TimedOut);
    assert_eq!(read.readings[0].trouble, Some(PageTrouble::TimedOut));
}

#[tokio::test]
async fn limits_hold() {
    let few = Options { pages_max: 2, ..with_program(Path::new(READER)) };
    let read = Reader::new(few).unwrap().read(Arc::from(pdf(&["one", "two", "three"])), &|_| ()).await.unwrap();
    assert_eq!(read.error.unwrap().code, PaperErrorCode::TooManyPages);
    assert_eq!(read.readings.len(), 2);

    let small = Options { paper_bytes_max: 100, ..with_program(Path::new(READER)) };
    let read = Reader::new(small).unwrap().read(Arc::from(vec![b'a'; 101]), &|_| ()).await.unwrap();
    assert_eq!(read.error.unwrap().code, PaperErrorCode::TooLarge);
}

#[tokio::test]
async fn no_memory_is_told_and_not_a_crash() {
    let small = Options { memory_max_bytes: 100_000_000, ..with_program(Path::new(READER)) };
    let outcome = Reader::new(small).unwrap().read(Arc::from(blank_png(5000, 5000)), &|_| ()).await;
    assert!(outcome.is_err() || outcome.unwrap().error.is_some());
}

#[tokio::test]
async fn a_child_ends_after_its_pages() {
    let five = || pdf(&["one", "two", "three", "four", "five"]);
    assert_eq!(children(|options| options.pages_per_child = 2, &[five()]).await, 3);
    assert_eq!(children(|options| options.pages_per_child = 5, &[five(), five()]).await, 2);
    assert_eq!(children(|_| (), &[five(), five()]).await, 1);
}

#[tokio::test]
async fn a_child_that_holds_too_much_memory_ends_after_its_paper() {
    let papers = [pdf(&["one", "two"]), pdf(&["three"]), pdf(&["four"])];
    assert_eq!(children(|options| options.memory_mark_bytes = 1_000_000, &papers).await, 3);
    assert_eq!(children(|_| (), &papers).await, 1);
}

/// How many children read `papers`, one after the other and each of them whole.
async fn children(set: impl Fn(&mut Options), papers: &[Vec<u8>]) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    let program = script(folder.path(), &format!("echo start >> '{}'; exec '{READER}' \"$@\"", starts.display()));
    let mut options = with_program(&program);
    set(&mut options);
    let reader = Reader::new(options).unwrap();
    for paper in papers {
        let read = reader.read(Arc::from(paper.clone()), &|_| ()).await.unwrap();
        assert!(read.error.is_none() && read.readings.iter().all(|reading| !reading.lines.is_empty()));
    }
    fs::read_to_string(starts).unwrap().lines().count()
}

#[test]
fn a_missing_program_is_our_turn() {
    let error = Reader::new(with_program(Path::new("/nowhere/rxintake-reader"))).err().unwrap();
    assert!(error.to_string().contains("/nowhere/rxintake-reader"));
}

async fn check_bad_child(behaviour: &str, expected: PaperErrorCode) {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), behaviour);
    let options = Options { open_timeout_ms: 500, ..with_program(&program) };
    let read = Reader::new(options).unwrap().read(Arc::from(pdf(&["page"])), &|_| ()).await.unwrap();
    assert_eq!(read.error.unwrap().code, expected, "a child that does: {behaviour}");
    assert!(read.readings.is_empty());
}

/// Noise takes the engine longest.
async fn read_noise(options: Options) -> ReadPaper {
    let mut state = 1_u32;
    let pixels: Vec<u8> = (0..1700 * 2200)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 30 == 0 { 0 } else { 255 }
        })
        .collect();
    Reader::new(options).unwrap().read(Arc::from(png(1700, 2200, &pixels)), &|_| ()).await.unwrap()
}

fn with_program(program: &Path) -> Options {
    Options { jobs: 1, program: Some(program.to_owned()), ..Options::default() }
}

fn script(folder: &Path, behaviour: &str) -> PathBuf {
    let program = folder.join("reader");
    let mut file = fs::File::create(&program).unwrap();
    write!(file, "#!/bin/sh\n{behaviour}\n").unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
    drop(file);
    program
}
