//! Bytes from anywhere, as the reader child and as the daemon hear them. What the daemon believes of a child goes through the
//! rules: a child that a hostile paper took over must not bring down the daemon.
#![no_main]

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use libfuzzer_sys::fuzz_target;
use rxintake::pipeline;
use rxintake::reader::exam;
use rxintake::rules::Book;

static BOOK: LazyLock<Book> = LazyLock::new(Book::built_in);
const DAY: Date = date(2026, 9, 1);

fuzz_target!(|bytes: &[u8]| {
    exam::heard_by_child(bytes);
    let readings = exam::believed_by_daemon(bytes);
    if !readings.is_empty() {
        let paper = pipeline::understand(&readings, None, String::new(), &BOOK, DAY, None);
        let placed = paper.other_pages.iter().flat_map(|other| &other.pages);
        let placed = placed.chain(paper.prescriptions.iter().flat_map(|prescription| &prescription.pages)).count();
        assert_eq!(placed, readings.len(), "each page is in one place");
    }
});
