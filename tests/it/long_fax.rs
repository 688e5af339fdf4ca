//! A fax of many pages takes as much memory as a fax of few.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rxintake::reader::{Options, Reader};

use crate::make::{fax_page, tiff};

/// A faxed chart has a few hundred.
const PAGES: u32 = 500;
/// Page after which a child has met all that it needs.
const EARLY: u32 = 50;
/// How much the peak may grow between page 50 and page 500. A child that keeps one page's pixels each time would hold many times as much.
const GROWTH_MAX: f64 = 1.1;
/// Columns and rows of a page: a short strip, so that the engine works on 500 of them in a bearable time.
const SIZE: (u32, u32) = (864, 160);
/// Side of a stroke's square, in pixels.
const DOT: u32 = 8;
/// Letters that need no curve.
const LETTERS: [&str; 5] = [
    "#..#\n#..#\n####\n#..#\n#..#",
    "####\n#...\n####\n#...\n####",
    "#...\n#...\n#...\n#...\n####",
    "####\n.##.\n.##.\n.##.\n.##.",
    "####\n#...\n###.\n#...\n#...",
];

#[tokio::test]
async fn five_hundred_pages_take_no_more_memory_than_fifty() {
    let folder = tempfile::tempdir().unwrap();
    // a name of its own, by which this test knows its child among those of the others
    let program = folder.path().join("rxintake-reader");
    symlink(env!("CARGO_BIN_EXE_rxintake-reader"), &program).unwrap();
    // one child reads all pages: what it does not give back stays in sight
    let options = Options { jobs: 1, pages_per_child: PAGES + 1, program: Some(program.clone()), ..Options::default() };
    let peaks = Mutex::new(Vec::new());
    let begin = Instant::now();
    let paper = long_fax();
    let bytes = paper.len();
    let note = |page: u32| {
        if page == EARLY || page == PAGES {
            peaks.lock().unwrap().push(peak_kilobytes(&program));
        }
    };
    let read = Reader::new(options).unwrap().read(Arc::from(paper), &|progress| note(progress.page)).await.unwrap();
    assert!(read.error.is_none(), "{:?}", read.error);
    assert_eq!(read.readings.len(), PAGES as usize);
    assert!(read.readings.iter().all(|reading| !reading.lines.is_empty()), "the engine saw each page");
    let peaks = peaks.into_inner().unwrap();
    let [early, late] = peaks[..] else { panic!("{peaks:?}") };
    println!(
        "{PAGES} pages of {bytes} bytes in {:.1} s; peak {early} kB after {EARLY}, {late} kB after all",
        begin.elapsed().as_secs_f64()
    );
    assert!((late as f64) < early as f64 * GROWTH_MAX, "{early} kB after {EARLY} pages, {late} kB after {PAGES}");
}

/// The most memory that the child which runs `program` ever held (`VmHWM`, man proc(5)).
fn peak_kilobytes(program: &Path) -> u64 {
    let begins = |process: &PathBuf| {
        fs::read(process.join("cmdline")).is_ok_and(|words| words.starts_with(program.as_os_str().as_encoded_bytes()))
    };
    let mut processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()).filter(begins);
    let process = processes.next().unwrap();
    assert!(processes.next().is_none(), "one child at a time");
    let status = fs::read_to_string(process.join("status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Pages with one word each, one bit a pixel.
fn long_fax() -> Vec<u8> {
    let (width, height) = SIZE;
    let row_bytes = width.div_ceil(8) as usize;
    let mut data = vec![0; row_bytes * height as usize];
    for (letter, start) in LETTERS.iter().zip((10..).step_by(6)) {
        for (row, dots) in letter.lines().enumerate() {
            for (column, _) in dots.bytes().enumerate().filter(|(_, dot)| *dot == b'#') {
                // a dot of eight pixels is a byte in each of its rows
                (0..DOT as usize)
                    .for_each(|line| data[((row + 6) * DOT as usize + line) * row_bytes + start + column] = 0xff);
            }
        }
    }
    let page = fax_page(width, height, 1, u32::try_from(data.len()).unwrap());
    tiff(&vec![page; PAGES as usize], &data, 0)
}
