//! Tables of texts and the days in them.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;

const ON: Date = date(2026, 11, 10);

fn told(text: &str, kind: DateKind) -> String {
    let hits = find_dates(text, kind, ON);
    hits.iter()
        .map(|hit| format!("{}{}", hit.date.reveal(), if hit.doubts.is_empty() { "" } else { "?" }))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn days_in_all_their_shapes() {
    for (text, wanted) in [
        ("11/02/2026", "2026-11-02"),
        ("11/2/26", "2026-11-02"),
        ("11-2-26", "2026-11-02"),
        ("11.2.26", "2026-11-02"),
        ("11-02-2026", "2026-11-02"),
        ("11 02 2026", "2026-11-02"),
        ("Nov 2, 2026", "2026-11-02"),
        ("Nov. 2, 2026", "2026-11-02"),
        ("November 2, 2026", "2026-11-02"),
        ("November 2nd 2026", "2026-11-02"),
        ("NOVEMBER 2, 2026", "2026-11-02"),
        ("2 Nov 2026", "2026-11-02"),
        ("2nd of November, 2026", "2026-11-02"),
        ("02-Nov-2026", "2026-11-02"),
        ("02NOV2026", "2026-11-02"),
        ("Sept. 3 2026", "2026-09-03"),
        ("Sep 3, 26", "2026-09-03"),
        ("2026-11-02", "2026-11-02"),
        ("2026/11/02", "2026-11-02"),
        ("11/02/2026.", "2026-11-02"),
        ("Date: 11/02/2026 Time", "2026-11-02"),
        ("(11/02/2026)", "2026-11-02"),
        ("signed on 11/02/2026 at 10:15", "2026-11-02"),
        ("11/02/2026-01/31/2027", "2026-11-02 2027-01-31"),
        ("from 11/02/2026 to 01/31/2027", "2026-11-02 2027-01-31"),
        ("DOI 08/14/2026, seen 09/01/2026", "2026-08-14 2026-09-01"),
        ("9/14/26", "2026-09-14"),
        ("Nov 2 , 2026", "2026-11-02"),
        ("November 2,2026", "2026-11-02"),
        ("May 5, 2026", "2026-05-05"),
    ] {
        assert_eq!(told(text, DateKind::Order), wanted, "{text}");
    }
}

#[test]
fn damaged_days_are_mended_and_told() {
    for (text, wanted) in [
        ("1l/O2/2O26", "2026-11-02?"),
        ("Ju! 14, 2026", "2026-07-14"),
        ("Cecember 19, 2025", "2025-12-19"),
        ("95/28/2000", "2000-05-28?"),
        ("11/02/2O26", "2026-11-02?"),
        ("11102/2026", "2026-11-02?"),
        ("11/0212026", "2026-11-02?"),
        ("11/02/20 26", "2026-11-02"),
        ("0ct 5, 2026", "2026-10-05"),
        ("Novernber 2, 2026", "2026-11-02"),
        ("Auqust 5, 2026", "2026-08-05"),
        ("Jan l5, 2026", "2026-01-15?"),
        ("25/12/2026", "2026-12-25?"),
        ("11022026", "2026-11-02?"),
        ("20261102", "2026-11-02?"),
    ] {
        let said = told(text, DateKind::Order);
        assert_eq!(said, wanted, "{text}");
    }
    let hit = find_dates("11/02/2O26", DateKind::Order, ON).remove(0);
    assert_eq!(hit.repairs.len(), 1);
}

#[test]
fn what_is_no_day() {
    for text in [
        "",
        "13/32/2026",
        "02/30/2026",
        "31/31/2026",
        "(704) 555-0148",
        "704-555-0148",
        "44-2211-B90",
        "1234567893",
        "97124",
        "M54.2",
        "28207-1234",
        "1/2",
        "11/02",
        "2x/week x 6 weeks",
        "10-14 days",
        "Page 1 of 2",
        "12 visits",
        "1.2.3",
        "555-11-02-26",
        "Suite 11-2",
        "$11.02",
        "00/00/0000",
        "NPI 1558598797",
        "S13.4XXA",
        "may be seen 3 20 times",
        "26-1234567",
        "120/80/60 mmHg",
    ] {
        assert_eq!(told(text, DateKind::Order), "", "{text}");
    }
}

#[test]
fn the_century_follows_the_kind() {
    for (text, kind, wanted) in [
        ("3/2/84", DateKind::Birth, "1984-03-02"),
        ("3/2/1984", DateKind::Birth, "1984-03-02"),
        ("3/2/45", DateKind::Birth, "1945-03-02"),
        ("3/2/05", DateKind::Birth, "2005-03-02"),
        ("3/2/22", DateKind::Birth, "2022-03-02?"),
        ("12/31/27", DateKind::Birth, "1927-12-31"),
        ("3/2/2031", DateKind::Birth, "2031-03-02?"),
        ("3/2/1899", DateKind::Birth, "1899-03-02?"),
        ("8/14/26", DateKind::Injury, "2026-08-14"),
        ("8/14/98", DateKind::Injury, "1998-08-14"),
        ("12/14/2026", DateKind::Injury, "2026-12-14?"),
        ("1/5/27", DateKind::Order, "2027-01-05"),
        ("1/5/2006", DateKind::Order, "2006-01-05?"),
    ] {
        assert_eq!(told(text, kind), wanted, "{text}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,80}") {
        for hit in find_dates(&text, DateKind::Birth, ON) {
            prop_assert!(text.get(hit.span).is_some());
        }
    }

    #[test]
    fn a_printed_day_is_read(year in 1930i16..=2026, month in 1i8..=12, day in 1i8..=28, style in 0usize..6) {
        let printed = date(year, month, day);
        let text = match style {
            0 => printed.strftime("%m/%d/%Y").to_string(),
            1 => format!("{month}/{day}/{year}"),
            2 => printed.strftime("%m-%d-%Y").to_string(),
            3 => printed.strftime("%B %-d, %Y").to_string(),
            4 => printed.strftime("%d-%b-%Y").to_string(),
            _ => printed.to_string(),
        };
        let hits = find_dates(&text, DateKind::Birth, ON);
        prop_assert_eq!(hits.len(), 1);
        prop_assert_eq!(*hits[0].date.reveal(), printed);
        prop_assert_eq!(&hits[0].repairs, &vec![]);
    }

    /// What turns a text away before the patterns are tried turns no day away.
    #[test]
    fn no_shape_is_left_out_in_vain(pieces in proptest::collection::vec((0usize..PIECES.len(), 0usize..BETWEEN.len()), 1..12)) {
        let text: String = pieces.iter().map(|(piece, between)| format!("{}{}", PIECES[*piece], BETWEEN[*between])).collect();
        let mut spans: Vec<Range<usize>> = Vec::new();
        for shape in SHAPES.iter() {
            spans.extend(of_shape(&text, &(0..text.len()), shape, DateKind::Order, ON).into_iter().map(|hit| hit.span));
        }
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut end = 0;
        spans.retain(|span| {
            let apart = end <= span.start;
            end = if apart { span.end } else { end };
            apart
        });
        let found: Vec<Range<usize>> = find_dates(&text, DateKind::Order, ON).into_iter().map(|hit| hit.span).collect();
        prop_assert_eq!(found, spans, "{}", text);
    }
}

/// Pieces of days, whole and damaged, and of what stands beside them.
const PIECES: &[&str] = &[
    "1",
    "2",
    "11",
    "02",
    "l2",
    "O3",
    "1O",
    "26",
    "2026",
    "2O26",
    "20 26",
    "1999",
    "11022026",
    "20261102",
    "1110212026",
    "Jan",
    "Feb.",
    "Mar",
    "April",
    "MAY",
    "7une",
    "Ju!",
    "4u9",
    "Sept",
    "5eptember",
    "0ct",
    "Novernber",
    "Dee",
    "Xanuary",
    "xovember",
    "2nd",
    "of",
    "SO",
    "B",
    "Suite",
    "\u{e9}t\u{e9}",
    "the patient was seen again and again before",
    "(704)",
    "555-0148",
];
const BETWEEN: &[&str] = &[" ", "", "/", "-", ".", ",", ", ", " / ", "  ", "\n", ". ", " - "];
