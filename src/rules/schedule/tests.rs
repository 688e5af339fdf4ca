//! The table of phrases, what prose must not say, and properties of the reader.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Schedule, parse, token};
use crate::model::{FrequencyStatus, PeriodUnit, Phase};
use crate::rules::Book;

/// The shipped words.
static BOOK: LazyLock<Book> = LazyLock::new(Book::built_in);

fn read(text: &str) -> Option<Schedule> {
    super::read(text, &BOOK.0.own.sayings)
}

fn find(text: &str) -> Vec<Schedule> {
    super::find(text, &BOOK.0.own.sayings)
}

#[test]
fn the_table_of_phrases() {
    let mut faults = Vec::new();
    let mut rows = 0;
    for line in include_str!("../../../tests/cases/frequency.tsv").lines() {
        if line.starts_with('#') || line.starts_with("text\t") {
            continue;
        }
        let [text, phases, visits, status, told] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        rows += 1;
        let said = read(&text.replace(" | ", "\n")).map(|schedule| describe(&schedule)).unwrap_or_default();
        let mut wanted: Vec<&str> = told.split_whitespace().collect();
        wanted.sort_unstable();
        let wanted = format!("{phases} | {visits} | {status} | {}", wanted.join(" "));
        if said != wanted {
            faults.push(format!("{text:?}\n   said {said}\n   want {wanted}"));
        }
    }
    assert!(faults.is_empty(), "{} of {rows}:\n{}", faults.len(), faults.join("\n"));
    assert!(200 <= rows);
}

/// At words that `parse` takes for such as begin no part it tries no rule, and here holds that none of the rules reads one there: with
/// each word that stands in quotes in the grammar, and what may follow it.
#[test]
fn no_rule_begins_with_a_word_that_is_passed_over() {
    const BEHIND: &[&str] = &[
        "",
        "2",
        "week",
        "weeks 6",
        "2 weeks",
        "6 visits",
        ": 2",
        ": 2 x",
        "(weeks): 6",
        "of weeks 6",
        "of visits: 6",
        "per week: 2",
        "per week",
        "/ week",
        "a week",
        "the next 6 weeks",
        "6 weeks ago",
        "2 x 6",
        "-up in 6 weeks",
        "up 6",
        "is needed",
        "needed",
        "by the therapist",
        "therapist to set",
        "to determine",
        "visits requested 12",
        "length: 60",
        "of session 60",
        "60 minutes",
        "hour",
        "units: 4",
        "per visit: 4",
        "other week",
        "Monday",
        "/w/f",
        "& treat",
        "by",
        "then",
        "date: 12/14/2026",
        "12/14/2026",
        "in 3 weeks",
        "previous order",
        "order",
        "r n",
        "of 2 per week",
        "visits per week",
        "- weekly",
        "2 refills",
        "to a maximum of 6 visits",
        "more than 6 visits",
    ];
    let grammar = [
        include_str!("aside.rs"),
        include_str!("counts.rs"),
        include_str!("extent.rs"),
        include_str!("latin.rs"),
        include_str!("parse.rs"),
        include_str!("rate.rs"),
        include_str!("words.rs"),
    ];
    let quoted = grammar.iter().flat_map(|source| source.split('"'));
    let words: BTreeSet<&str> = quoted.filter(|text| text.len() < 40 && !text.contains('\n')).collect();
    assert!(words.contains("evaluation") && words.contains("mwf"));
    for word in words {
        for behind in BEHIND {
            parse::parts(&token::tokens(&format!("{word} {behind}")));
        }
    }
}

/// A schedule in the notation of the table.
fn describe(schedule: &Schedule) -> String {
    let frequency = &schedule.frequency;
    let range = |low: Option<u32>, high: Option<u32>| match (low, high) {
        (None, None) => "-".to_owned(),
        (None, Some(high)) => format!("<={high}"),
        (Some(low), None) => format!(">={low}"),
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("{low}-{high}"),
    };
    let mut phases: Vec<String> = frequency.phases.iter().map(|phase| describe_phase(phase, &range)).collect();
    if let Some((value, unit)) = frequency
        .window
        .and_then(|window| window.value.zip(window.unit))
        .filter(|_| frequency.visits.is_some() || frequency.as_needed)
    {
        phases.push(format!("window {value} {}", unit_name(unit)));
    }
    let status = serde_json::to_value(frequency.status).unwrap();
    let mut told = Vec::new();
    if frequency.session_minutes_max.is_some() {
        told.push(format!("minutes={}", range(frequency.session_minutes, frequency.session_minutes_max)));
    }
    told.extend(frequency.units_per_visit.map(|units| format!("units={units}")));
    told.extend(frequency.as_needed.then(|| "prn".to_owned()));
    told.extend(schedule.is_doubtful().then(|| "doubt".to_owned()));
    told.sort_unstable();
    let visits = range(frequency.visits, frequency.visits_max);
    format!("{} | {visits} | {} | {}", phases.join("; then "), status.as_str().unwrap(), told.join(" "))
}

fn describe_phase(phase: &Phase, range: &dyn Fn(Option<u32>, Option<u32>) -> String) -> String {
    let mut out = format!("{} per ", range(phase.frequency, phase.frequency_max));
    if phase.period != 1 || phase.period_max.is_some() {
        out += &match phase.period_max {
            Some(most) => format!("{}-{most} ", phase.period),
            None => format!("{} ", phase.period),
        };
    }
    out += unit_name(phase.period_unit);
    if let Some(bounds) = phase.bounds {
        out += &format!(
            " for {} {}",
            range(Some(bounds.value), bounds.value_max.or(Some(bounds.value))),
            unit_name(bounds.unit)
        );
    }
    out
}

fn unit_name(unit: PeriodUnit) -> &'static str {
    match unit {
        PeriodUnit::Day => "d",
        PeriodUnit::Week => "wk",
        PeriodUnit::Month => "mo",
        PeriodUnit::Year => "a",
    }
}

#[test]
fn prose_orders() {
    for (text, wanted) in [
        (
            "I am prescribing massage therapy (CPT 97124), 2x/week x 6 weeks. This treatment is medically necessary.",
            "2 per wk for 6 wk",
        ),
        ("In my opinion she should be seen twice weekly over the next six weeks.", "2 per wk for 6 wk"),
        (
            "I am treating her for a back injury and recommend therapeutic massage twice a week for six weeks.",
            "2 per wk for 6 wk",
        ),
        ("Please provide 12 visits of manual therapy over 6 weeks.", "window 6 wk"),
        (
            "She has had neck pain for 6 weeks. I recommend massage therapy once a week for 8 weeks.",
            "1 per wk for 8 wk",
        ),
        (
            "The plan is medical massage, 1-2 times per week for eight\nweeks, with re-evaluation after 12 visits.",
            "1-2 per wk for 8 wk",
        ),
        ("2x/wk x 6 wks", "2 per wk for 6 wk"),
        ("Rx: massage therapy 1x/wk x 6 wks. Refills 0.", "1 per wk for 6 wk"),
        ("He requires bodywork bi-weekly for 8 weeks.", ""),
    ] {
        let found = find(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let said = describe(&found[0]);
        assert_eq!(said.split(" | ").next(), Some(wanted), "{text}");
        for schedule in &found {
            assert!(text.get(schedule.span.clone()).is_some());
        }
    }
}

#[test]
fn prose_that_orders_nothing() {
    for text in [
        "She has had pain 3 times a week for 6 weeks.",
        "Follow up in 6 weeks.",
        "Return to clinic in 2 weeks.",
        "Page 1 of 2",
        "(704) 555-0148",
        "11/02/2026",
        "The patient is a 42-year-old woman.",
        "410 Providence Road, Suite 2, Charlotte, NC 28207",
        "Refills: 0 1 2 3 PRN",
        "Massage special: $60 for 60 minutes",
        "Ibuprofen 600 mg three times daily for 10 days",
        "Headaches occur 3 times per week.",
        "She has completed 12 visits of physical therapy.",
        "The pain began 6 weeks ago.",
        "He exercises 3 times a week.",
        "Patient drinks 2 beers per week.",
        "She is 12 weeks pregnant.",
        "symptoms for 6 weeks",
        "Office hours Monday to Friday",
        "Invoice 1 of 3, net 30 days",
        "",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn slots_that_say_nothing_of_how_often() {
    for text in [
        "",
        "   ",
        "_____",
        "Frequency: ______  Duration: ______",
        "N/A",
        "Maria Lopez",
        "(704) 555-0148",
        "11/02/2026",
        "97124 x 4 units",
        "M54.2 Cervicalgia",
        "☐ 1x ☐ 2x ☐ 3x",
    ] {
        let said = read(text).map(|schedule| describe(&schedule));
        assert_eq!(said, None, "{text}");
    }
}

#[test]
fn boxes_of_a_form() {
    let said = |rate, duration, total, session| {
        super::from_parts(rate, duration, total, session, &BOOK.0.own.sayings)
            .map(|schedule| describe(&schedule))
            .unwrap_or_default()
    };
    assert_eq!(said(Some("2x/week"), Some("6 weeks"), None, None), "2 per wk for 6 wk | 12 | ok | ");
    assert_eq!(said(Some("2"), Some("6 weeks"), None, None), "2 per wk for 6 wk | 12 | derived | doubt");
    assert_eq!(
        said(Some("Times per week: 2"), Some("Weeks: 6"), Some("12"), Some("60")),
        "2 per wk for 6 wk | 12 | ok | minutes=60"
    );
    assert_eq!(said(Some("2x per week"), Some("6"), None, None), "2 per wk for 6 wk | 12 | derived | ");
    assert_eq!(said(None, None, Some("12"), None), " | 12 | incomplete | ");
    assert_eq!(said(Some("weekly"), None, Some("8 visits"), Some("60 min")), "1 per wk | 8 | ok | minutes=60");
    assert_eq!(said(None, None, None, None), "");
    assert_eq!(said(Some(""), Some("  "), None, None), "");
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,120}") {
        if let Some(schedule) = read(&text) {
            prop_assert!(text.get(schedule.span).is_some());
        }
        find(&text);
    }

    #[test]
    fn words_of_the_field_in_any_order(words in proptest::collection::vec(prop::sample::select(vec![
        "2", "x", "/", "wk", "week", "6", "for", "weeks", "-", "then", "every", "other", "visits", "12", "(", ")", ".", "once", "to", "per", "month", "PRN", "l2", "Zx",
        "until", "11/02/2026", "min", "60", "units", "97124", "biweekly", "first", "#", ":", "\n", "a", "or", "re", "eval", "Mon", "q", "½", "é",
    ]), 0..24)) {
        let text = words.join(" ");
        read(&text);
        find(&text);
        read(&words.concat());
    }

    #[test]
    fn a_plain_schedule_is_read_as_printed(visits in 1u32..=5, weeks in 2u32..=52, style in 0usize..6) {
        let text = match style {
            0 => format!("{visits}x/week x {weeks} weeks"),
            1 => format!("{visits} times per week for {weeks} weeks"),
            2 => format!("{visits}x/wk for {weeks} wks"),
            3 => format!("{visits} visits per week, {weeks} weeks"),
            4 => format!("Times per week: {visits}\nWeeks: {weeks}"),
            _ => format!("{visits}x weekly x {weeks}wks"),
        };
        let schedule = read(&text).unwrap();
        let frequency = &schedule.frequency;
        prop_assert_eq!(frequency.status, FrequencyStatus::Ok);
        prop_assert_eq!((frequency.visits, frequency.visits_max), (Some(visits * weeks), Some(visits * weeks)));
        prop_assert_eq!(frequency.phases.len(), 1);
        prop_assert_eq!(frequency.phases[0].frequency, Some(visits));
        prop_assert_eq!(frequency.phases[0].bounds.map(|bounds| bounds.value), Some(weeks));
    }
}
