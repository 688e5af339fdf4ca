//! How long a page takes through the whole rule book, and how that grows with the number of rules and with the length of the
//! page. Readings are recorded: no OCR is measured.
#![allow(clippy::print_stdout, missing_docs, clippy::unwrap_used)] // a measuring program: it prints, and says what failed by failing

use std::fs;

use divan::Bencher;
use jiff::civil::date;
use rxintake::model::{Area, Line, Private, ReadPaper, Reading, Word};
use rxintake::rules::Book;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let book = Book::built_in();
    println!("the built-in book: {} labels, phrases and codes", book.rule_count());
    for times in [2, 4] {
        println!("with made rules {times} times as many: {}", book_times(times).rule_count());
    }
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

/// The whole book with so many labels and phrases more that there are `times` as many rules: on a page nearly like those it has.
#[divan::bench(args = [1, 2, 4])]
fn page_by_number_of_rules(bencher: Bencher, times: usize) {
    let (book, readings) = (book_times(times), readings("04-cell-form-scan"));
    bencher.bench(|| book.sort(&readings, date(2026, 11, 2)));
}

/// A page of so many words, taken from a form again and again, one below the other.
#[divan::bench(args = [125, 250, 500, 1000, 2000, 4000])]
fn page_by_number_of_words(bencher: Bencher, words: usize) {
    let (book, reading) = (Book::built_in(), long_page(words));
    bencher.bench(|| book.sort(std::slice::from_ref(&reading), date(2026, 11, 2)));
}

/// What no prescription is: it must end, and soon.
#[divan::bench(args = ["a million words", "one endless line", "one endless word", "right to left", "control characters"], sample_count = 3)]
fn hostile_page(bencher: Bencher, kind: &str) {
    let (book, reading) = (Book::built_in(), hostile(kind));
    bencher.bench(|| book.sort(std::slice::from_ref(&reading), date(2026, 11, 2)));
}

fn book_times(times: usize) -> Book {
    if times == 1 {
        return Book::built_in();
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in Book::files() {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let more = Book::built_in().rule_count() * (times - 1) / 2;
    let word = |number: usize| format!("{}ing {}tion number", syllables(number), syllables(number * 7 + 3));
    let labels: Vec<String> = (0..more).map(|number| format!("{:?}", word(number))).collect();
    let phrases: Vec<String> = (0..more).map(|number| format!("{:?}", word(number + more))).collect();
    let text = format!(
        "[other_labels]\nwords = [{}]\n[[document.advert.sign]]\nany = [{}]\nweight = 1\n",
        labels.join(", "),
        phrases.join(", ")
    );
    let advert = fs::read_to_string(folder.path().join("10-documents.toml")).unwrap();
    let (signs, other) = text.split_once("[[document").unwrap();
    fs::write(folder.path().join("99-made.toml"), signs).unwrap();
    fs::write(folder.path().join("10-documents.toml"), format!("{advert}\n[[document{other}")).unwrap();
    Book::load(folder.path()).unwrap()
}

fn syllables(number: usize) -> String {
    const PARTS: [&str; 12] = ["pro", "vi", "den", "tra", "mo", "lis", "ber", "ka", "un", "fro", "ste", "gal"];
    let digits = [number / 1728 % 12, number / 144 % 12, number / 12 % 12, number % 12];
    digits.iter().map(|digit| PARTS[*digit]).collect()
}

fn long_page(words: usize) -> Reading {
    let form = readings("04-cell-form-scan").remove(0);
    let mut lines: Vec<Line> = Vec::new();
    let mut count = 0;
    for copy in 0.. {
        for line in &form.lines {
            if count >= words {
                return Reading { height: form.height * (copy + 1), lines, marks: Vec::new(), ..form };
            }
            let lower = |area: Area| {
                let by = form.height * copy;
                Area::new(area.left, area.top + by, area.right, area.bottom + by)
            };
            lines.push(Line {
                words: line.words.iter().map(|word| Word { area: lower(word.area), ..word.clone() }).collect(),
            });
            count += line.words.len();
        }
    }
    unreachable!("copies do not end")
}

fn hostile(kind: &str) -> Reading {
    let form = readings("04-cell-form-scan").remove(0);
    let word = |text: &str, left: u32, top: u32| Word {
        text: Private::from(text),
        area: Area::new(left, top, left + 60, top + 30),
        confidence: 0.9,
        also: Vec::new(),
        struck_out: false,
    };
    let rows = |text: [&str; 4], count: u32| -> Vec<Line> {
        let row = |row: u32| Line {
            words: (0..20).map(|at| word(text[(row + at) as usize % 4], at * 80, row * 40)).collect(),
        };
        (0..count / 20).map(row).collect()
    };
    let lines = match kind {
        "a million words" => rows(["Patient:", "Date", "2x/week", "M54.2"], 1_000_000),
        "one endless line" => {
            let text = ["Patient:", "Date", "2x/week", "M54.2"];
            vec![Line { words: (0..100_000).map(|at| word(text[at as usize % 4], at * 80, 40)).collect() }]
        }
        "one endless word" => vec![Line { words: vec![word(&"Claim#0O1l".repeat(500_000), 0, 0)] }],
        "right to left" => {
            rows(["\u{202e}Patient:", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "\u{200f}2x/week", "\u{645}"], 5_000)
        }
        _ => rows(["\u{0}\u{1}\u{2}", "\u{1b}[31mDate:", "\u{feff}\u{200b}", "\u{301}\u{301}\u{301}"], 5_000),
    };
    Reading { lines, marks: Vec::new(), ..form }
}
