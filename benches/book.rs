//! How long a page takes through the whole rule book, and with how many rules. Readings are recorded: no OCR is measured.
#![allow(clippy::print_stdout, missing_docs, clippy::unwrap_used)] // a measuring program: it prints, and says what failed by failing

use std::fs;

use divan::Bencher;
use jiff::civil::date;
use rxintake::model::{ReadPaper, Reading};
use rxintake::rules::Book;

fn main() {
    let book = Book::built_in();
    println!("the built-in book: {} phrases and patterns", book.rule_count());
    divan::main();
}

/// Pages of the samples, one of each make.
const PAGES: [&str; 5] = [
    "01-letter-digital",
    "03-box-form-digital",
    "04-cell-form-scan",
    "07-clinic-form-fax-fine",
    "10-emr-order-fax-bad",
];

fn readings(name: &str) -> Vec<Reading> {
    let text = fs::read_to_string(format!("samples/readings/{name}.json")).unwrap();
    serde_json::from_str::<ReadPaper>(&text).unwrap().readings
}

#[divan::bench(args = PAGES)]
fn page(bencher: Bencher, name: &str) {
    let (book, readings) = (Book::built_in(), readings(name));
    bencher.bench(|| book.sort(&readings, date(2026, 11, 2)));
}

#[divan::bench]
fn load_the_book() -> Book {
    Book::built_in()
}
