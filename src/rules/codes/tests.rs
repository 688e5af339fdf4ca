//! Tables of lines and the codes, procedures and words that they hold.

use jiff::civil::{Date, date};

use super::*;

const ON: Date = date(2026, 11, 2);

fn codes(text: &str, labelled: bool) -> Vec<CodeHit> {
    find_codes(text, &CodeList::built_in(), ON, labelled)
}

fn named(hits: &[CodeHit]) -> String {
    hits.iter().map(|hit| hit.code.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn codes_of_a_diagnosis_slot() {
    for (text, wanted) in [
        ("M54.2 Cervicalgia", "M54.2"),
        ("M54.2 Cervicalgia; S13.4XXA Sprain of ligaments of cervical spine", "M54.2 S13.4XXA"),
        ("Cervicalgia (M54.2)", "M54.2"),
        ("MS4.2", "M54.2"),
        ("M54,2", "M54.2"),
        ("M54 2", "M54.2"),
        ("M54:2", "M54.2"),
        ("M542", "M54.2"),
        ("513.4XXA", "S13.4XXA"),
        ("S13.4xxa", "S13.4XXA"),
        ("S13.4 XX A", "S13.4XXA"),
        ("S13.4XXO", "S13.4XXD"),
        ("S13.4XX0", "S13.4XXD"),
        ("G44.2O9", "G44.209"),
        ("M79.1B", "M79.18"),
        ("M62.83O", "M62.830"),
        ("M62 830", "M62.830"),
        ("S16.IXXA", "S16.1XXA"),
        ("Sl6.1XXD", "S16.1XXD"),
        ("M54.2, .6", "M54.2 M54.6"),
        ("M99.01-.05", "M99.01 M99.05"),
        ("M54.2/M54.6", "M54.2 M54.6"),
        ("M54.2/.6", "M54.2 M54.6"),
        ("M54.5", "M54.5"),
        ("847.0", "847.0"),
        ("723.1 neck pain, 724.2", "723.1 724.2"),
        ("1. M54.2 2. M25.511", "M54.2 M25.511"),
        ("ICD-10: M54.2", "M54.2"),
        ("M54. 2 Cervicalgia", "M54.2"),
        ("M54.2Cervicalgia", "M54.2"),
        ("R51.9", "R51.9"),
        ("S13.4A", "S13.4A"),
        ("M25.5II", "M25.511"),
        ("M2S.511", "M25.511"),
        ("(M54.50)", "M54.50"),
        ("S134XXA", "S13.4XXA"),
        ("m54.2", "M54.2"),
        ("R52 Pain", "R52"),
        ("M54.2,M54.6,S13.4XXA", "M54.2 M54.6 S13.4XXA"),
        ("M54.2+M54.6", "M54.2 M54.6"),
        ("M54.2&M54.6", "M54.2 M54.6"),
        ("922.3 back contusion", "922.3"),
        ("back contusion 922.3", "922.3"),
        ("524.63 TMJ", "524.63"),
        ("847.0, E812", "847.0 E812"),
        ("E815.0", "E815.0"),
        ("S13.4XA", "S13.4XA"),
        ("G35 multiple sclerosis", "G35"),
        ("M54 Dorsalgia", "M54"),
    ] {
        assert_eq!(named(&codes(text, true)), wanted, "{text}");
    }
    for none in [
        "C5-C6",
        "T12",
        "L4-5",
        "L5-S1",
        "B12",
        "G0283",
        "S8990",
        "A1C",
        "H1N1",
        "97124",
        "NC 28207",
        "T10",
        "L45",
        "704-555-0148",
        "11/02/2026",
        "Cervicalgia",
        "C5-6 disc",
        "NPI 1234567893",
        "60 min",
        "weight 185.5 lbs",
        "Copay 125.50",
        "Total $125.50",
        "2x/week x 6 weeks",
    ] {
        assert_eq!(named(&codes(none, true)), "", "{none}");
    }
}

#[test]
fn codes_in_running_words_need_a_dot_or_length() {
    for (text, wanted) in [
        ("The diagnosis is Cervicalgia (M54.2) and Myalgia, other site (M79.18).", "M54.2 M79.18"),
        ("code S13.4XXA today", "S13.4XXA"),
        ("M62830", "M62.830"),
        ("at C5.6 and L4.5", ""),
        ("vitamin B12 and room T10", ""),
        ("M542", ""),
        ("pain 5.5 and 98.6", ""),
        ("form R51", ""),
        ("847.0", "847.0"),
        ("cost 847.10", ""),
        ("v12.3 build", ""),
    ] {
        assert_eq!(named(&codes(text, false)), wanted, "{text}");
    }
}

#[test]
fn what_is_mended_or_odd_is_told() {
    let one = |text: &str| codes(text, true).remove(0);
    assert!(one("M54.2").repairs.is_empty() && one("M54.2").doubts.is_empty());
    assert_eq!(one("MS4.2").repairs.len(), 1);
    assert!(one("MS4.2").doubts.is_empty());
    assert_eq!(one("S13.4A").suggestions, ["S13.4XXA"]);
    assert!(!one("S13.4A").doubts.is_empty());
    assert!(matches!(one("S13.4").status, CodeStatus::Header { .. }));
    assert!(matches!(one("M54.5").status, CodeStatus::Retired { .. }));
    assert_eq!(one("847.0").system, CodeSystem::Icd9);
    assert_eq!(one("847.0").fault, Some(CodeFault::Icd9));
    for (text, fault, instead) in [
        ("M54.5", CodeFault::Replaced, "M54.59"),
        ("M72.2", CodeFault::Replaced, "M67.A01"),
        ("G35", CodeFault::Replaced, "G35.D"),
        ("F43.8", CodeFault::Replaced, "F43.89"),
        ("S13.4XA", CodeFault::CutShort, "S13.4XXA"),
        ("S13.4XX", CodeFault::CutShort, "S13.4XXD"),
        ("S13.4", CodeFault::CutShort, "S13.4XXA"),
        ("M25.51", CodeFault::Heading, "M25.511"),
    ] {
        let hit = one(text);
        assert_eq!(hit.fault, Some(fault), "{text}");
        assert!(hit.suggestions.iter().any(|code| code == instead), "{text}: {:?}", hit.suggestions);
    }
    let range = codes("M54.2-M54.6", true);
    assert!(range[0].doubts.is_empty() && !range[1].doubts.is_empty());
    assert!(codes("M54.2\n- M54.6", true)[1].doubts.is_empty());
    let before_october = find_codes("M72.2", &CodeList::built_in(), date(2026, 9, 15), true).remove(0);
    assert_eq!((before_october.status, before_october.fault), (CodeStatus::Billable, Some(CodeFault::Ending)));
    assert_eq!(one("M13.842").status, CodeStatus::Unknown);
    assert!(!one("M13.842").doubts.is_empty());
    let text = "Dx: MS4.2 neck";
    let hit = codes(text, true).remove(0);
    assert_eq!(text.get(hit.span), Some("MS4.2"));
}

/// The rows of reference/domain.md, C.4: what is a heading or retired, since when, and what may be billed instead.
#[test]
fn codes_that_changed_are_known_with_what_took_their_place() {
    let list = CodeList::built_in();
    let headings = "M54.5 M79.1 R51 M72.2 S23.420A S23.420D S23.420S M51.36 M51.37 M65.9 M48.06 M26.60 M26.61 M26.62 M26.63 \
                    M50.02 M50.12 M50.22 M50.32 M50.82 M50.92 R10.2 F43.8 G35 G20 G90.8 G92 G93.3";
    for code in headings.split_whitespace() {
        let CodeStatus::Retired { successors, .. } = list.look_up(code, ON) else { panic!("{code} is not retired") };
        assert!(!successors.is_empty(), "{code}");
        for successor in successors {
            assert_eq!(list.look_up(&successor, ON), CodeStatus::Billable, "{code}: {successor}");
        }
    }
    let new = "G44.86 M62.5A0 M62.5A1 M62.5A2 M62.5A9 M62.85 M51.A0 M51.A1 M51.A2 M51.A3 M51.A4 M51.A5 M67.A01 M67.A02 M67.A09";
    for code in new.split_whitespace() {
        assert_eq!(list.look_up(code, ON), CodeStatus::Billable, "{code}");
    }
}

#[test]
fn procedures_with_their_units() {
    let told = |text: &str| {
        let hits = find_procedures(text);
        hits.iter()
            .map(|hit| hit.units.map_or(hit.code.to_owned(), |units| format!("{}x{units}", hit.code)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (text, wanted) in [
        ("97124 x 4 units", "97124x4"),
        ("Manual Therapy [97140] x 2 units", "97140x2"),
        ("97124 (4 units)", "97124x4"),
        ("97124 x 4", "97124x4"),
        ("97124, 97140", "97124 97140"),
        ("97l24", "97124"),
        ("9714O", "97140"),
        ("97 140", "97140"),
        ("97140-59 x 2 units", "97140x2"),
        ("CPT 97124 Massage Therapy - 4 units", "97124x4"),
        ("97124 x 6 weeks", "97124"),
        ("97124, 2x/week x 6 weeks", "97124"),
        ("97124 x2/wk", "97124"),
        ("massage therapy (CPT 97124), 2x/week", "97124"),
        ("97250", "97250"),
        ("G0283", "G0283"),
        ("97140 x 2, 97124 x 2; 1x/wk x 8", "97140x2 97124x2"),
        ("gT124", "97124"),
    ] {
        assert_eq!(told(text), wanted, "{text}");
    }
    for none in [
        "Portland, OR 97140",
        "Portland, OR 97124-1234",
        "597124",
        "971240",
        "704-97124",
        "97300",
        "$97.14",
        "(971) 240-1234",
        "1971241234",
    ] {
        assert_eq!(told(none), "", "{none}");
    }
    assert_eq!(find_procedures("97250").remove(0).replaced_by, Some("97140"));
}

#[test]
fn treatment_words_and_what_forbids_them() {
    use TreatmentFamily::*;
    let book = crate::rules::Book::built_in();
    let told = |text: &str| book.treatment_words(text).iter().map(|hit| (hit.family, hit.negated)).collect::<Vec<_>>();
    for (text, wanted) in [
        ("massage therapy", &[(Massage, false)][..]),
        ("Therapeutic rnassage", &[(Massage, false)]),
        ("manual therapy and massage", &[(ManualTherapy, false), (Massage, false)]),
        ("myofascial release, trigger point therapy", &[(ManualTherapy, false), (ManualTherapy, false)]),
        ("neuromuscular re-education", &[(Adjunct, false)]),
        ("neuromuscular therapy", &[(ManualTherapy, false)]),
        ("no deep tissue", &[(Massage, true)]),
        ("Massage is contraindicated", &[(Massage, true), (Precaution, false)]),
        ("evaluate and treat", &[(Delegation, false)]),
        ("Eval & Tx", &[(Delegation, false)]),
        ("avoid manual traction", &[(ManualTherapy, true)]),
        ("no contraindications to massage", &[(Precaution, true), (Massage, false)]),
        ("No refills. Massage therapy", &[(Massage, false)]),
        ("hot/cold packs", &[(Adjunct, false)]),
        ("soft tissue moblization", &[(ManualTherapy, false)]),
        ("discontinue massage", &[(Massage, true)]),
        ("the message was left", &[]),
    ] {
        assert_eq!(told(text), wanted, "{text}");
    }
}

#[test]
fn body_areas_with_their_side() {
    let book = crate::rules::Book::built_in();
    let told = |text: &str| {
        let hits = book.body_areas(text).into_iter();
        hits.map(|hit| (hit.area, hit.side)).collect::<Vec<(String, Option<Side>)>>()
    };
    let areas = |wanted: &[(&str, Option<Side>)]| -> Vec<(String, Option<Side>)> {
        wanted.iter().map(|(area, side)| ((*area).to_owned(), *side)).collect()
    };
    assert_eq!(
        told("cervical paraspinals, R shoulder and low back"),
        areas(&[("neck", None), ("shoulder", Some(Side::Right)), ("lower back", None)])
    );
    assert_eq!(
        told("bilateral hips; shoulder (L)"),
        areas(&[("hip", Some(Side::Both)), ("shoulder", Some(Side::Left))])
    );
    assert_eq!(told("Shoulder  R  L"), areas(&[("shoulder", None)]), "a form lets the side be chosen");
    assert_eq!(told("Hip R / L"), areas(&[("hip", None)]));
}
