//! The words that a record shows beside each diagnosis code, and what makes the diagnosis doubtful or not billable.

use std::fs;

use serde_json::Value;

use crate::clinic::{Clinic, ORDER};

/// The diagnoses of an order with other lines in the place of its own as "CODE: words" with strokes between, and the whole record.
fn read(orders: &[&str]) -> Vec<(String, Value)> {
    let clinic = Clinic::new();
    let papers = orders.iter().enumerate().map(|(at, order)| {
        let paper = clinic.path(&format!("order-{at}.txt"));
        fs::write(&paper, order).unwrap();
        paper
    });
    let papers: Vec<_> = papers.collect();
    let parsed = clinic.command(&["parse", "--on", "2026-11-02", "--format", "jsonl"]).args(&papers).output().unwrap();
    let lines = String::from_utf8(parsed.stdout).unwrap();
    let told = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let order = record["prescriptions"][0].clone();
        let one = |diagnosis: &Value| {
            let part = |name: &str| diagnosis[name].as_str().unwrap_or("-").to_owned();
            format!("{}: {}", part("code"), part("text"))
        };
        (order["diagnoses"].as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(" | "), order)
    };
    lines.lines().map(told).collect()
}

fn with(diagnosis: &str) -> String {
    let order = ORDER.replace("Diagnosis: M54.2 Cervicalgia", diagnosis);
    assert_ne!(order, ORDER);
    order
}

#[test]
fn each_code_is_shown_with_its_own_words() {
    let cases = [
        ("Dx: M54.2 Cervicalgia", "M54.2: Cervicalgia"),
        (
            "Diagnosis: M54.2 neck pain, M54.6 mid back pain, M62.830 back spasm",
            "M54.2: neck pain | M54.6: mid back pain | M62.830: back spasm",
        ),
        ("Diagnosis: M54.2 - neck pain, M54.6 - mid back pain", "M54.2: neck pain | M54.6: mid back pain"),
        ("Diagnosis: neck pain M54.2, mid back pain M54.6", "M54.2: neck pain | M54.6: mid back pain"),
        ("Diagnosis: neck pain (M54.2), mid back pain (M54.6)", "M54.2: neck pain | M54.6: mid back pain"),
        ("Diagnosis: M54.2 (neck pain), M54.6 (mid back pain)", "M54.2: neck pain | M54.6: mid back pain"),
        (
            "Diagnosis: M54.2 Cervicalgia; M54.6 Pain in thoracic spine",
            "M54.2: Cervicalgia | M54.6: Pain in thoracic spine",
        ),
        (
            "Diagnosis: M75.41 impingement right shoulder, M75.42 impingement left shoulder",
            "M75.41: impingement right shoulder | M75.42: impingement left shoulder",
        ),
        ("Diagnosis: M54.2, M54.6", "M54.2: Cervicalgia | M54.6: Pain in thoracic spine"),
        (
            "Diagnosis: S13.4XXA Sprain of ligaments of\n           cervical spine, initial encounter",
            "S13.4XXA: Sprain of ligaments of cervical spine, initial encounter",
        ),
        ("Please provide massage therapy for her neck pain (M54.2).", "M54.2: neck pain"),
        ("She has chronic low back pain M54.50. She should rest.", "M54.50: chronic low back pain"),
        ("She needs massage therapy for fibromyalgia, M79.7. Her mother also has it.", "M79.7: fibromyalgia"),
        // the order on the next line is no diagnosis' name
        ("Dx: M54.2\nMassage 2x/week x 6 weeks", "M54.2: Cervicalgia"),
        ("Dx: 7242 lumbago", "-: 724.2 lumbago"),
    ];
    let orders: Vec<String> = cases.iter().map(|(diagnosis, _)| with(diagnosis)).collect();
    let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
    for ((diagnosis, wanted), (told, order)) in cases.iter().zip(read(&orders)) {
        assert_eq!(told, *wanted, "{diagnosis}");
        assert!(!order["doubts"].as_array().unwrap().contains(&"diagnoses".into()), "{diagnosis}: {order}");
    }
}

#[test]
fn a_cause_alone_is_no_diagnosis_for_a_bill() {
    let orders = [with("Diagnosis: V43.52XA"), with("Diagnosis: V43.52XA, S13.4XXA whiplash")];
    let read = read(&[&orders[0], &orders[1]]);
    let gaps = |at: usize| read[at].1["gaps"].to_string();
    assert!(gaps(0).contains("not_billable") && read[0].1["ready_to_bill"] == false, "{}", read[0].1);
    assert!(!gaps(1).contains("not_billable") && read[1].1["ready_to_bill"] == true, "{}", read[1].1);
}
