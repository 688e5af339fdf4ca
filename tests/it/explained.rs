//! `rules explain` as who holds a paper reads it: what was taken, what was turned down or passed over, and why.

use std::fs;

use crate::clinic::{Clinic, ORDER};
use crate::rulebook::said;

#[test]
fn a_paper_is_explained_with_what_was_turned_down() {
    let clinic = Clinic::new();
    let paper = clinic.path("order.txt");
    let text = ORDER.replace("Insurance: self pay", "Insurance: Acme Auto\nClaim Nunber: none yet\nNPI: 1234567890");
    fs::write(&paper, text).unwrap();
    let explained = clinic.command(&["rules", "explain"]).arg(&paper).output().unwrap();
    let said = said(&explained);
    for wanted in [
        "\"Quentin Zebra\"",
        "by rules/20-patient.toml:",
        "label \"Claim Nunber:\" (rules/60-payer.toml:",
        "\"none yet\": no claim number can be read in it",
        "check digit does not hold",
        "points, 8 needed",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
}

/// Codes, days, numbers and treatments that were passed over, each with what speaks against it.
#[test]
fn what_looks_like_a_value_and_was_passed_over_is_explained() {
    let clinic = Clinic::new();
    let paper = clinic.path("order.txt");
    let text = "REFERRAL ORDER\nPatient: Nora Feld   DOB: 03/04/1980\n\n\
        Order                 Dx          Frequency     Duration\n\
        Sumatriptan 50 mg     G43.909     1x/day        30 days\n\
        Massage therapy       M54.2       2x/week       6 weeks\n\n\
        Rule out M50.20; history of M75.41 (resolved). No manual therapy.\n\
        [ ] 97140 Manual therapy   [X] 97124 Massage\n\
        Therapist: Dana Miller, Phone (206) 555-0144\n\
        Date of service: 10/02/2026\n\
        Signed: Ana Prowe, MD   Date: 10/20/2026\nNPI 1234567893\n";
    fs::write(&paper, text).unwrap();
    let explained = said(&clinic.command(&["rules", "explain", "--on", "2026-11-02"]).arg(&paper).output().unwrap());
    let passed: Vec<(&str, &str)> =
        explained.lines().filter_map(|line| line.trim_start().split_once(" is passed over: ")).collect();
    for (words, why) in [
        ("G43.909", "it stands in the row of another order"),
        ("M50.20", "the words around it say that the patient does not have it"),
        ("M75.41", "it is told as history"),
        ("manual therapy", "the words around it say that it is not to be done"),
        ("97140", "the box beside it is not ticked"),
        ("(206) 555-0144", "it stands at the label \"Therapist:\" (rules/15-labels.toml:"),
        ("10/02/2026", "it stands at the label \"of service:\" (rules/15-labels.toml:"),
        // nothing was found for the day of the injury, and this is why this day is not it
        ("10/20/2026", "its words were found for written_on"),
    ] {
        let is_told = |(of, told): &(&str, &str)| of.starts_with(&format!("{words:?}")) && told.starts_with(why);
        assert!(passed.iter().any(is_told), "{words}: {why} is missing in:\n{explained}");
    }
    // what was taken is not passed over as well
    assert!(!passed.iter().any(|(words, _)| words.contains("M54.2") || words.contains("97124")), "{explained}");
}

/// What is said of a candidate is what became of it, and why a label gave nothing is what the readers found.
#[test]
fn what_is_explained_is_what_was_decided() {
    let clinic = Clinic::new();
    let paper = clinic.path("order.txt");
    let explain = |text: &str| {
        fs::write(&paper, text).unwrap();
        said(&clinic.command(&["rules", "explain", "--on", "2026-11-02"]).arg(&paper).output().unwrap())
    };
    let twice = explain(&ORDER.replace("DOB", "Date of Birth: 05/09/1990\nDOB").replace("Date: 10/01/2026", ""));
    for wanted in [
        "turned down: of two equally sure the first is taken",
        "to be checked against the paper: two different values stand on the paper",
        "Prescription of page 1: ready to treat no, ready to bill no",
        "written_on: lacking",
        "told (stop): written_on: ",
        "payer.claim_number: not asked: it is for other payers",
        "the fact \"employer\": not asked: it is switched off (on = false)",
        "to be checked: patient.birth_date",
    ] {
        assert!(twice.contains(wanted), "{wanted} is missing in:\n{twice}");
    }
    let of_day = twice.lines().filter(|line| line.contains("1.00 \"03/02/1984\"")).collect::<Vec<_>>();
    assert!(of_day.len() == 1 && !of_day[0].contains("less sure"), "{twice}");
    // choices of which none is ticked, whatever their words are
    let boxes = explain(&ORDER.replace(
        "Treatment: massage therapy 97124",
        "Treatment Plan\n[ ] 97124 Massage Therapy   [ ] 97140 Manual Therapy   [ ] 97010 Hot Packs",
    ));
    assert!(boxes.contains("the boxes beside its words are not ticked"), "{boxes}");
    assert!(!boxes.contains("no procedure code"), "{boxes}");
    // every rule is told with its line, and what is far from a label is none
    let none = explain(&ORDER.replace("Insurance: self pay", "Insurance: self pay\nAllergies\nNone"));
    assert!(!none.contains("is nearly the label"), "{none}");
    let without_line = none.lines().filter(|line| line.contains(".toml: "));
    assert_eq!(without_line.collect::<Vec<_>>(), Vec::<&str>::new());
    let advert =
        explain("Special offer! Toner cartridges 50% off. Order by 11/30/2026. Call 704-555-0123 to unsubscribe.\n");
    assert!(!advert.contains(": taken"), "{advert}");
}
