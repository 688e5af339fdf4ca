//! Papers that were made to break readers, or that broke on their way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rxintake::model::{PageTrouble, PaperErrorCode, ReadPaper};
use rxintake::reader::{Options, Reader};

use crate::make::{TIFF_DATA, blank_png, fax_page, pdf, pdf_of_size, tiff};

/// End of a G4 page (ITU-T T.6, 2.4.1.1): nothing but white before it.
const WHITE_G4: &[u8] = &[0x00, 0x10, 0x01, 0x00];

#[tokio::test]
async fn a_pdf_of_ten_thousand_pages_is_read_up_to_the_limit() {
    let read = read_with(Options { pages_max: 3, ..options() }, pdf(&vec!["page"; 10_000])).await;
    assert_eq!(code(&read), Some(PaperErrorCode::TooManyPages));
    assert_eq!(read.readings.len(), 3);
}

#[tokio::test]
async fn a_huge_page_is_shown_smaller() {
    let read = read(pdf_of_size(&["page"], (100_000, 100_000))).await;
    assert_eq!(read.readings.len(), 1);
    assert!(read.readings[0].width <= 10_000 && read.readings[0].height <= 10_000);
}

#[tokio::test]
async fn a_pdf_of_nested_objects_ends() {
    let deep = format!(
        "%PDF-1.4\n1 0 obj\n{}{}\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    assert!(code(&read(deep.into_bytes()).await).is_some());
}

#[tokio::test]
async fn a_pdf_that_ends_early_is_told() {
    let mut bytes = pdf(&["first", "second"]);
    bytes.truncate(bytes.len() - 200);
    let read = read(bytes).await;
    assert!(matches!(code(&read), Some(PaperErrorCode::Truncated | PaperErrorCode::Damaged)), "{:?}", read.error);
}

#[tokio::test]
async fn a_tiff_whose_directories_loop_ends() {
    let page = fax_page(1728, 100, 4, 3);
    let loops = tiff(&[page.clone(), page], WHITE_G4, TIFF_DATA + 4);
    let read = read(loops).await;
    assert!((1..=2).contains(&read.readings.len()), "{} pages", read.readings.len());
}

#[tokio::test]
async fn a_bomb_of_one_bit_pixels_is_too_large() {
    let read = read(tiff(&[fax_page(60_000, 60_000, 4, 3)], WHITE_G4, 0)).await;
    assert_eq!(code(&read), Some(PaperErrorCode::TooLarge));
    assert_eq!(read.readings[0].trouble, Some(PageTrouble::TooLarge));
}

#[tokio::test]
async fn a_fax_that_broke_off_is_told() {
    let page = |bytes| fax_page(1728, 2200, 4, bytes);
    // the second page's data would lie behind the end of the file
    let read = read(tiff(&[page(3), page(50_000)], WHITE_G4, 0)).await;
    assert_eq!(code(&read), Some(PaperErrorCode::Truncated));
    assert_eq!(read.readings.len(), 2);
}

#[tokio::test]
async fn a_picture_that_ends_early_is_told() {
    let mut png = blank_png(600, 800);
    png.truncate(png.len() / 2);
    assert!(code(&read(png).await).is_some());
}

#[tokio::test]
async fn a_jbig_fax_is_told_with_the_setting_that_avoids_it() {
    let read = read(tiff(&[fax_page(1728, 2200, 34661, 3)], WHITE_G4, 0)).await;
    assert!(read.error.unwrap().message.contains("RECV_DATA_CONVERSION"));
}

#[tokio::test]
async fn a_later_page_in_jbig_is_told_in_the_same_way() {
    // a row of eight pixels, not compressed
    let (page, jbig) = (fax_page(8, 1, 1, 1), fax_page(1728, 2200, 34661, 3));
    let read = read(tiff(&[page.clone(), jbig, page], WHITE_G4, 0)).await;
    let message = read.error.unwrap().message;
    assert!(message.starts_with("Page 2 ") && message.contains("RECV_DATA_CONVERSION"), "{message}");
    let troubles: Vec<_> = read.readings.iter().map(|reading| reading.trouble).collect();
    assert_eq!(troubles, [None, Some(PageTrouble::Damaged), None]);
}

#[tokio::test]
async fn what_is_no_paper_is_told() {
    for bytes in [&b""[..], b"PK\x03\x04rest", b"GIF89a", b"\0\0\0\x18ftypheic", b"\x7fELF\x02\x01\x01\0\0\xff\xfe"] {
        assert_eq!(code(&read(bytes.to_vec()).await), Some(PaperErrorCode::NotAPaper));
    }
}

/// Every file of the folder that `RXINTAKE_HOSTILE` names: no crash of the parent, none beyond its limit.
#[tokio::test]
async fn a_folder_of_hostile_files_does_no_harm() {
    let Some(folder) = std::env::var_os("RXINTAKE_HOSTILE") else { return };
    let options = Options { ocr_timeout_ms: 20_000, open_timeout_ms: 20_000, ..options() };
    let page_limit = Duration::from_millis(options.ocr_timeout_ms);
    let open_limit = Duration::from_millis(options.open_timeout_ms);
    let reader = Reader::new(options).unwrap();
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    for file in files(Path::new(&folder)) {
        let begun = Instant::now();
        let read = reader.read(Arc::from(fs::read(&file).unwrap()), &|_| ()).await.unwrap();
        let pages = u32::try_from(read.readings.len()).unwrap();
        assert!(begun.elapsed() < open_limit * 3 + page_limit * 2 * (pages + 1), "{}", file.display());
        *tally.entry(code(&read).map_or("read".to_owned(), |code| format!("{code:?}"))).or_default() += 1;
    }
    eprintln!("{tally:?}");
}

fn code(read: &ReadPaper) -> Option<PaperErrorCode> {
    read.error.as_ref().map(|error| error.code)
}

async fn read(bytes: Vec<u8>) -> ReadPaper {
    read_with(options(), bytes).await
}

async fn read_with(options: Options, bytes: Vec<u8>) -> ReadPaper {
    Reader::new(options).unwrap().read(Arc::from(bytes), &|_| ()).await.unwrap()
}

fn options() -> Options {
    Options { jobs: 1, program: Some(PathBuf::from(env!("CARGO_BIN_EXE_rxintake-reader"))), ..Options::default() }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
