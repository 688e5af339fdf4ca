//! What becomes of findings: which are kept, what they lack, and whether they are ready.

use jiff::civil::date;

use super::*;
use crate::model::{Area, CodeFault, Diagnosis, Finding, Gap, GapReason, PaperKind, PayerKind, PersonName, Private};

fn finding(field: Field, value: Value, left: u32) -> Finding {
    let evidence = Evidence {
        page: 1,
        area: Area::new(left, 0, left + 90, 30),
        text: Private::from("M54.2"),
        confidence: 1.0,
        rule: String::new(),
    };
    Finding { field, value, evidence: vec![evidence], confidence: 1.0, rule: String::new(), doubts: Vec::new() }
}

fn diagnosis(code: Option<&str>, billable: Option<bool>, fault: Option<CodeFault>) -> Value {
    let code = code.map(str::to_owned);
    Value::Diagnosis(Diagnosis { code, text: Some("Cervicalgia".to_owned()), billable, fault, instead: Vec::new() })
}

fn decided(payer: PayerKind, diagnoses: Vec<Value>) -> Prescription {
    let mut findings: Vec<Finding> =
        (0..).zip(diagnoses).map(|(at, value)| finding(Field::Diagnoses, value, at * 100)).collect();
    findings.push(finding(Field::PayerKind, Value::PayerKind(payer), 2000));
    let section =
        Section { pages: vec![1], kind: PaperKind::Order, findings, facts: Vec::new(), pages_lacking: Vec::new() };
    decide(vec![section], &Book::built_in(), date(2026, 11, 2)).1.remove(0)
}

fn told(prescription: &Prescription) -> Vec<(GapReason, GapLevel)> {
    let of_diagnoses = prescription.gaps.iter().filter(|gap| gap.field == Field::Diagnoses);
    of_diagnoses.map(|gap| (gap.reason, gap.level)).collect()
}

#[test]
fn a_payer_that_is_billed_by_code_is_not_billed_without_one() {
    let words = || vec![diagnosis(None, None, None)];
    for payer in [PayerKind::Auto, PayerKind::WorkersComp, PayerKind::HealthPlan] {
        let prescription = decided(payer, words());
        assert_eq!(told(&prescription), [(GapReason::NotBillable, GapLevel::Warn)], "{payer:?}");
        assert!(!gaps::has_billable_code(&prescription), "{payer:?}");
    }
    let letter = decided(PayerKind::HsaFsa, words());
    assert!(told(&letter).is_empty() && gaps::has_billable_code(&letter));
    let coded = decided(PayerKind::Auto, vec![diagnosis(Some("M54.2"), Some(true), None)]);
    assert!(told(&coded).is_empty() && gaps::has_billable_code(&coded));
}

#[test]
fn what_is_wrong_with_a_code_is_said_once_and_by_name() {
    let of = |fault| diagnosis(Some("M54.5"), Some(false), Some(fault));
    let prescription = decided(PayerKind::SelfPay, vec![of(CodeFault::Replaced), of(CodeFault::CutShort)]);
    let sentences: Vec<&str> =
        prescription.gaps.iter().filter(|gap| gap.field == Field::Diagnoses).map(|gap| gap.tell.as_str()).collect();
    assert!(matches!(sentences.as_slice(), [one] if one.contains("replaced by newer ones")), "{sentences:?}");
    let old = decided(PayerKind::Auto, vec![diagnosis(None, None, Some(CodeFault::Icd9))]);
    let sentence = old.gaps.iter().find(|gap| gap.field == Field::Diagnoses).map(|gap| gap.tell.clone());
    assert!(sentence.is_some_and(|tell| tell.contains("old ICD-9 code")));
    let ending = decided(PayerKind::Auto, vec![diagnosis(Some("M72.2"), Some(true), Some(CodeFault::Ending))]);
    assert_eq!(told(&ending), [(GapReason::NotBillable, GapLevel::Note)]);
}

#[test]
fn every_fault_of_a_code_has_its_sentence() {
    use CodeFault::*;
    let book = Book::built_in();
    for fault in [Icd9, Replaced, Heading, CutShort, NotYetValid, Ending] {
        assert!(book.sentence(fault.name()).is_some(), "{fault:?}");
    }
    assert!(book.sentence("code_missing").is_some());
}

#[test]
fn a_doubt_says_why() {
    let twice = |day: i8, left| finding(Field::WrittenOn, Value::Date(date(2026, 10, day).into()), left);
    let section = Section {
        pages: vec![1],
        kind: PaperKind::Order,
        findings: vec![twice(1, 0), twice(2, 500)],
        facts: Vec::new(),
        pages_lacking: Vec::new(),
    };
    let prescription = decide(vec![section], &Book::built_in(), date(2026, 11, 2)).1.remove(0);
    let reasons = prescription.reasons.get(&Field::WrittenOn);
    assert!(reasons.is_some_and(|reasons| reasons[0].contains("two different values")), "{reasons:?}");
}

fn dated(field: Field, day: jiff::civil::Date, left: u32) -> Finding {
    finding(field, Value::Date(day.into()), left)
}

fn ends(findings: Vec<Finding>, on: jiff::civil::Date) -> (Option<jiff::civil::Date>, Vec<GapLevel>) {
    let section =
        Section { pages: vec![1], kind: PaperKind::Order, findings, facts: Vec::new(), pages_lacking: Vec::new() };
    let prescription = decide(vec![section], &Book::built_in(), on).1.remove(0);
    let gaps = prescription.gaps.iter().filter(|gap| gap.reason == GapReason::Expired).map(|gap| gap.level).collect();
    assert!(!prescription.doubts.contains(&Field::ExpiresOn));
    (prescription.expires_on, gaps)
}

/// Two visits a week, for so many weeks; or six within a window.
fn schedule(weeks: Option<u32>, window: serde_json::Value) -> Finding {
    let visits = window.is_object().then_some(6);
    let phase = serde_json::json!({
        "frequency": 2, "frequency_max": 2, "period": 1, "period_max": null, "period_unit": "wk", "days_of_week": [],
        "bounds": weeks.map(|weeks| serde_json::json!({ "value": weeks, "value_max": null, "unit": "wk" })),
    });
    let phases = if window.is_object() { Vec::new() } else { vec![phase] };
    let frequency = serde_json::json!({
        "text": "", "status": "ok", "phases": phases, "visits": visits, "visits_max": visits, "window": window,
        "as_needed": false, "delegated": false, "session_minutes": null, "session_minutes_max": null,
        "units_per_visit": null,
    });
    finding(Field::Frequency, Value::Frequency(serde_json::from_value(frequency).unwrap()), 0)
}

#[test]
fn of_several_ends_the_earliest_counts() {
    let end = |day, left| dated(Field::ExpiresOn, day, left);
    let two = vec![end(date(2027, 5, 31), 0), end(date(2026, 5, 31), 500)];
    assert_eq!(ends(two.clone(), date(2026, 11, 2)), (Some(date(2026, 5, 31)), vec![GapLevel::Stop]));
    assert_eq!(ends(two, date(2026, 5, 31)), (Some(date(2026, 5, 31)), vec![]), "the last day is a good one");
    let until = vec![schedule(None, serde_json::json!({ "value": null, "unit": null, "end": "2026-10-30" }))];
    assert_eq!(ends(until, date(2026, 11, 2)), (Some(date(2026, 10, 30)), vec![GapLevel::Stop]));
}

#[test]
fn an_order_without_an_end_whose_schedule_is_long_over_is_told_as_a_note() {
    let order = |weeks, window, written| vec![schedule(weeks, window), dated(Field::WrittenOn, written, 500)];
    let noted = |weeks, window, written| ends(order(weeks, window, written), date(2026, 11, 25)).1;
    let none = || serde_json::Value::Null;
    let days = serde_json::json!({ "value": 30, "unit": "d" });
    assert_eq!(noted(Some(4), none(), date(2026, 3, 2)), [GapLevel::Note]);
    assert_eq!(noted(None, days.clone(), date(2026, 3, 2)), [GapLevel::Note]);
    assert_eq!(noted(None, none(), date(2024, 3, 2)), [GapLevel::Note]);
    for (weeks, window, written) in [
        (Some(4), none(), date(2026, 9, 2)),
        (Some(52), none(), date(2026, 3, 2)),
        (None, none(), date(2026, 3, 2)),
        (None, days, date(2026, 10, 2)),
    ] {
        assert!(noted(weeks, window, written).is_empty(), "{weeks:?} weeks of {written}");
    }
}

/// The shipped rules with other words, and with another file beside them.
fn book_of(edits: &[(&str, &str)], beside: &str) -> Book {
    let folder = tempfile::TempDir::new().unwrap();
    for (name, text) in Book::files() {
        let text = edits.iter().fold((*text).to_owned(), |text, (from, to)| text.replace(from, to));
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    if !beside.is_empty() {
        std::fs::write(folder.path().join("95-own.toml"), beside).unwrap();
    }
    Book::load(folder.path()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn gaps_under(book: &Book, findings: Vec<Finding>, on: jiff::civil::Date) -> Vec<Gap> {
    let section =
        Section { pages: vec![1], kind: PaperKind::Order, findings, facts: Vec::new(), pages_lacking: Vec::new() };
    decide(vec![section], book, on).1.remove(0).gaps
}

#[test]
fn the_level_of_a_sentence_is_obeyed() {
    let text = |field, text: &str, left| finding(field, Value::Text(Private::from(text)), left);
    let payer = || finding(Field::PayerKind, Value::PayerKind(PayerKind::HealthPlan), 0);
    let written = |year| dated(Field::WrittenOn, date(year, 3, 2), 700);
    let on = date(2026, 3, 20);
    for (fault, field, findings) in [
        ("old_order", Field::ExpiresOn, vec![written(2024)]),
        ("schedule_over", Field::ExpiresOn, vec![written(2024), schedule(Some(4), serde_json::Value::Null)]),
        ("payer_expired", Field::ExpiresOn, vec![written(2025), payer()]),
        ("credential_not_allowed", Field::ProviderCredential, vec![text(Field::ProviderCredential, "LMT", 0), payer()]),
        ("refused_words", Field::Plan, vec![text(Field::Plan, "massage for wellness", 0), payer()]),
        ("conflict", Field::WrittenOn, vec![written(2026), dated(Field::WrittenOn, date(2026, 3, 3), 0)]),
        ("implausible", Field::WrittenOn, vec![written(2026), dated(Field::PayerDateOfInjury, date(2026, 3, 9), 0)]),
        ("unreadable", Field::PatientBirthDate, vec![finding(Field::PatientBirthDate, Value::Unread, 0)]),
    ] {
        let told = |book: &Book| {
            let sentence = &book.sentence(fault).unwrap().tell;
            let mut gaps = gaps_under(book, findings.clone(), on);
            gaps.retain(|gap| gap.field == field && gap.tell.ends_with(sentence));
            gaps.iter().map(|gap| gap.level).collect::<Vec<GapLevel>>()
        };
        let shipped = Book::built_in();
        let stays_a_doubt = matches!(fault, "conflict" | "implausible");
        let level = Some(shipped.sentence(fault).unwrap().level).filter(|_| !stays_a_doubt);
        assert_eq!(told(&shipped), Vec::from_iter(level), "{fault}");
        let levels = ["warn", "note"].map(|level| format!("fault = \"{fault}\"\nlevel = \"{level}\""));
        let stop = format!("fault = \"{fault}\"\nlevel = \"stop\"");
        let text = shipped_required();
        let from = levels.iter().find(|from| text.contains(*from)).unwrap();
        assert_eq!(told(&book_of(&[(from, &stop)], "")), [GapLevel::Stop], "{fault}");
    }
}

fn shipped_required() -> &'static str {
    Book::files().iter().find(|(name, _)| *name == "90-required.toml").unwrap().1
}

#[test]
fn a_refused_phrase_stands_word_for_word() {
    let edit = ("refused_words = [\"maintenance\"", "refused_words = [\"General up-keep\", \"maintenance\"");
    let told = |plan: &str| {
        let plan = finding(Field::Plan, Value::Text(Private::from(plan)), 0);
        let payer = finding(Field::PayerKind, Value::PayerKind(PayerKind::HealthPlan), 500);
        let gaps = gaps_under(&book_of(&[edit], ""), vec![plan, payer], date(2026, 11, 2));
        gaps.iter().any(|gap| gap.field == Field::Plan && gap.reason == GapReason::NotAllowed)
    };
    assert!(told("massage for general\nup keep of the back"));
    assert!(!told("massage; general health, up-keep at home"));
}

#[test]
fn of_two_requirements_for_a_field_the_stricter_is_told() {
    let own =
        "[[require]]\nfield = \"patient.birth_date\"\nlevel = \"stop\"\npayers = [\"auto\"]\ntell = \"Ask first.\"\n";
    let told = |own: &str, payer| {
        let mut gaps = gaps_under(
            &book_of(&[], own),
            vec![finding(Field::PayerKind, Value::PayerKind(payer), 0)],
            date(2026, 11, 2),
        );
        gaps.retain(|gap| gap.field == Field::PatientBirthDate);
        gaps.into_iter().map(|gap| (gap.level, gap.tell == "Ask first.")).collect::<Vec<_>>()
    };
    assert_eq!(told(own, PayerKind::Auto), [(GapLevel::Stop, true)]);
    assert_eq!(told(own, PayerKind::SelfPay), [(GapLevel::Warn, false)]);
    assert_eq!(told(&own.replace("stop", "note"), PayerKind::Auto), [(GapLevel::Warn, false)]);
    assert_eq!(told(&own.replace("stop", "warn"), PayerKind::Auto), [(GapLevel::Warn, true)]);
}

/// "This order takes the place of the one before": nobody treats by two.
#[test]
fn two_orders_for_one_patient_that_differ_are_told_of_both() {
    let order = |page: u32, name: &str, born: i16, visits: u32| {
        let name = PersonName { full: Private::from(name), credential: None };
        let frequency = Book::built_in().read_schedule(&format!("{visits} visits")).unwrap().frequency;
        let values = [
            (Field::PatientName, Value::Name(name)),
            (Field::PatientBirthDate, Value::Date(date(born, 3, 4).into())),
            (Field::Frequency, Value::Frequency(frequency)),
        ];
        let findings = (0..).zip(values).map(|(at, (field, value))| finding(field, value, at * 100)).collect();
        Section { pages: vec![page], kind: PaperKind::Order, findings, facts: Vec::new(), pages_lacking: Vec::new() }
    };
    let told = |orders: [Section; 2]| {
        let (_, prescriptions) = decide(orders.into(), &Book::built_in(), date(2026, 11, 2));
        let is_it = |gap: &Gap| (gap.field, gap.reason) == (Field::Frequency, GapReason::Conflict);
        prescriptions.iter().map(|it| it.gaps.iter().find(|gap| is_it(gap)).map(|gap| gap.level)).collect::<Vec<_>>()
    };
    let first = || order(1, "Nora Feld", 1980, 6);
    assert_eq!(told([first(), order(2, "NORA FELD", 1980, 12)]), [Some(GapLevel::Stop); 2]);
    assert_eq!(told([first(), order(2, "Nora Feld", 1980, 6)]), [None; 2], "it was sent twice");
    assert_eq!(told([first(), order(2, "Nora Feld", 1985, 12)]), [None; 2], "another one");
    assert_eq!(told([first(), order(2, "Nora J. Feld", 1980, 12)]), [Some(GapLevel::Stop); 2]);
    assert_eq!(told([first(), order(2, "Liam Ost", 1980, 12)]), [None; 2], "another one");
}

/// What stands in the areas' own place comes before what the plan says, each with its side, and what is to be left alone is none.
#[test]
fn body_areas_come_from_their_own_place_and_from_the_plan() {
    let text = |field: Field, text: &str, left: u32| finding(field, Value::Text(Private::from(text)), left);
    let areas = |findings: Vec<Finding>| {
        let section =
            Section { pages: vec![1], kind: PaperKind::Order, findings, facts: Vec::new(), pages_lacking: Vec::new() };
        decide(vec![section], &Book::built_in(), date(2026, 11, 2)).1.remove(0).plan.body_areas
    };
    let plan = || text(Field::Plan, "massage to neck and L shoulder, avoid low back", 500);
    assert_eq!(areas(vec![plan()]), ["neck", "left shoulder"]);
    let own = text(Field::PlanBodyAreas, "both hips, neck", 0);
    assert_eq!(areas(vec![plan(), own]), ["hip (both sides)", "neck", "left shoulder"]);
    assert_eq!(areas(vec![text(Field::PlanBodyAreas, "serratus anterior", 0)]), ["serratus anterior"]);
    assert_eq!(areas(vec![text(Field::PlanBodyAreas, "avoid low back", 0)]), Vec::<String>::new());
}

#[test]
fn a_page_of_the_order_that_did_not_come_is_told() {
    let told = |pages_lacking: Vec<u32>| {
        let (pages, kind) = (vec![1, 2], PaperKind::Order);
        let section = Section { pages, kind, findings: Vec::new(), facts: Vec::new(), pages_lacking };
        let gaps = decide(vec![section], &Book::built_in(), date(2026, 11, 2)).1.remove(0).gaps;
        gaps.into_iter().map(|gap| gap.tell).find(|tell| tell.starts_with("Page"))
    };
    assert_eq!(told(Vec::new()), None);
    let sentence = told(vec![2, 4]).unwrap();
    assert!(sentence.starts_with("Pages 2 and 4 of the order: missing"), "{sentence}");
}
