//! What `rules check` tells of a folder that a clinic keeps: each mistake once, at its place, and nothing that is none.

use std::fs;
use std::process::Command;

use crate::clinic::Clinic;
use crate::rulebook::{edit, said};

/// The faults, as `line:column code`, of the rule file 95-mine.toml with some text.
fn faults_of(clinic: &Clinic, text: &str) -> Vec<String> {
    fs::write(clinic.path("rules/95-mine.toml"), text).unwrap();
    let told = said(&clinic.command(&["rules", "check"]).output().unwrap());
    let of_file = told.lines().filter_map(|line| line.strip_prefix("95-mine.toml:"));
    of_file
        .map(|line| {
            let place: Vec<&str> = line.splitn(3, ':').take(2).collect();
            format!("{} {}", place.join(":"), line.rsplit(['[', ']']).nth(1).unwrap())
        })
        .collect()
}

#[test]
fn each_mistake_is_told_once_at_its_place_and_takes_none_with_it() {
    let clinic = Clinic::new();
    let demand = |own: &str| format!("[[require]]\nfield = \"plan\"\npayers = [\"va\"]\n{own}");
    let cases: [(String, &[&str]); 9] = [
        // the same mistake in two blocks, and what a mistake makes missing
        (
            [demand("level = \"stopp\"\ntell = 5\n"), demand("level = \"stopp\"\ntell = \"x\"\n")].concat(),
            &["4:9 R004", "5:8 R004", "9:9 R004"],
        ),
        (
            demand("level = \"stop\"\ntel = \"x\"\n\n[[tell]]\nfault='expird'\nlevel=\"stop\"\ntell=\"\"\n"),
            &["5:1 R003", "8:7 R004", "10:6 R008"],
        ),
        // what is no TOML, and what stands behind it
        (
            demand("level = \"stop\"\ntell = \"x\"\non = no\n\n[[tell]]\nfault = “x”\n\n[[test]]\nname = \"t\"\n"),
            &["6:6 R002", "9:9 R002", "12:8 R008"],
        ),
        ("[[document.order.sign]]\nanyy = [\"x\"]\nweight = 2\n".to_owned(), &["2:1 R003"]),
        // the pattern is there, though it cannot be read
        (
            "[[field.\"payer.claim_number\".say]]\nwhen = '{mine}'\n\n[pattern.mine]\ntxt = 'x'\n".to_owned(),
            &["5:1 R003"],
        ),
        ("[[wording]]\nof = [\"patiant\"]\nlike = \"Dration\"\n".to_owned(), &["2:7 R004", "3:8 R004"]),
        // rules that can never count
        (
            demand(
                "level = \"stop\"\ntell = \"x\"\neffective_from = \"2026-02-01\"\neffective_until = \"2026-01-01\"\n",
            ),
            &["7:19 R021"],
        ),
        (demand("level = \"stop\"\ntell = \"x\"\nonly_when = [\"plan\"]\n"), &["6:13 R021"]),
        ("[payer.va]\nallowed_credentials = [\"MD\", \"XYZ\"]\nbecause = \"x\"\n".to_owned(), &["2:30 R004"]),
    ];
    for (text, wanted) in cases {
        assert_eq!(faults_of(&clinic, &text), wanted, "{text}");
    }
}

/// What follows from a mistake is not told as another one, and each is told where it stands.
#[test]
fn a_mistake_in_a_pattern_a_form_or_a_demand_is_told_once() {
    let clinic = Clinic::new();
    let pattern = |name: &str, text: &str| {
        format!("[pattern.{name}]\ntext = '{text}'\nexamples = [\"LK-44\"]\ncounter_examples = [\"x\"]\n")
    };
    let say = "[[field.\"payer.claim_number\".say]]\nwhen = '{a}'\n\n[[test]]\nname = \"t\"\ntext = \"Claim #: LK-44\"\n\
        expect = { \"payer.claim_number\" = \"LK-44\" }\n";
    let form = |place: &str, all: &str| {
        format!(
            "[form.lake]\nall = [{all}]\n[form.lake.field]\n{place}\n[[test]]\nname = \"f\"\nform = \"lake\"\ntext = \"x\"\n\
             expect_none = [\"plan\"]\n"
        )
    };
    let good = "\"patient.name\" = { right_of = \"Client\" }";
    let chain: String = (0..200).map(|nth| pattern(&format!("p{nth}"), &format!("{{p{}}}", nth + 1))).collect();
    let often = |means: &str| format!("[[field.\"frequency\".say]]\nwords = [\"1x/fortnight\"]\nmeans = \"{means}\"\n");
    let cases: [(String, &[&str]); 14] = [
        (often("evry 2 weaks"), &["1:1 R004"]),
        (often("biweekly"), &["1:1 R004"]),
        (pattern("a", "LK-(44") + say, &["2:8 R015"]),
        (pattern("a", ".*") + say, &["2:8 R017"]),
        (pattern("a", "LK-{b}") + &pattern("b", "{c}") + &pattern("c", "{a}") + say, &["2:8 R015"]),
        (pattern("a", "LK-[0-9]{3}") + say, &["3:13 R016", "5:1 R019"]),
        (chain + &pattern("p200", "LK-44") + &pattern("a", "{p0}") + say, &["602:8 R015"]),
        (form("\"patient.name\" = { rightof = \"Client\" }", "\"Lake\""), &["4:20 R003"]),
        (form("\"patient.nme\" = { right_of = \"Client\" }", "\"Lake\""), &["4:1 R004"]),
        (form(good, "\"Lake\", \"--\""), &["2:16 R006"]),
        (form(good, "\"Lake\"]\nsender_email = [\"nobody\""), &["3:17 R010"]),
        ("[[test]]\nname = \"t\"\ntext = \"x\"\nexpect = { \"patient.nme\" = \"x\" }\n".to_owned(), &["4:12 R004"]),
        ("[[test]]\nname = \"t\"\nexpect_none = [\"plan\"]\n".to_owned(), &["1:1 R008"]),
        (
            "[[require]]\nfield = \"plan\"\npayers = [\"vva\"]\nlevel = \"stop\"\ntell = \"x\"\n".to_owned(),
            &["3:11 R004"],
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(faults_of(&clinic, &text), wanted, "{text}");
    }
}

/// A copy that somebody left in the folder would say everything a second time.
#[test]
fn a_copy_of_a_file_is_told_as_one() {
    let clinic = Clinic::new();
    for name in ["60-payer copy.toml", "90-required (1).toml"] {
        let original = name.replace(" copy", "").replace(" (1)", "");
        fs::copy(clinic.path(&format!("rules/{original}")), clinic.path(&format!("rules/{name}"))).unwrap();
    }
    let told = said(&clinic.command(&["rules", "check"]).output().unwrap());
    for wanted in
        ["60-payer copy.toml: is 60-payer.toml once more", "90-required (1).toml: is 90-required.toml", "2 faults"]
    {
        assert!(told.contains(wanted), "{wanted} is missing in:\n{told}");
    }
}

/// Where not all faults are told, that is told.
#[test]
fn a_file_with_more_faults_than_are_told_says_so() {
    let clinic = Clinic::new();
    let more = |text: &str| {
        fs::write(clinic.path("rules/95-mine.toml"), text).unwrap();
        let told = said(&clinic.command(&["rules", "check"]).output().unwrap());
        (told.matches("95-mine.toml:").count(), told.contains("there may be more than these 50 faults"))
    };
    for fault in ["[[require]]\nfield = \"pln\"\nlevel = \"stop\"\ntell = \"x\"\n", "[[tell]]\nfault = no\n"] {
        assert_eq!(more(&fault.repeat(49)), (49, false), "{fault}");
        assert_eq!(more(&fault.repeat(60)), (51, true), "{fault}");
    }
}

/// An update brings new shipped files: what is a clinic's own stands beside them.
#[test]
fn a_clinic_adds_to_the_shipped_rules_in_a_file_of_its_own() {
    let clinic = Clinic::new();
    let readme = fs::read_to_string("README.md").unwrap();
    // the blocks of the README as they stand there, with the test that it gives them
    let block = |begins: &str| {
        let begin = readme.find(begins).unwrap();
        &readme[begin..begin + readme[begin..].find("```").unwrap()]
    };
    let example = format!("{}\n{}", block("[pattern.lakeside_claim]"), block("[[test]]\nname = \"a claim number"));
    let more = "[field.\"payer.claim_number\"]\nlabels = [\"Case Ref Nr\"]\n\n[[document.order.sign]]\nany = [\"Lakeside order\"]\n\
        weight = 2\n\n[payer.auto]\nwords = [\"Lakeside Auto\"]\n\n[[test]]\nname = \"lakeside\"\n\
        text = \"\"\"\nCase Ref Nr: LK-44-QX\nFrequency: 1x/fortnight x 6 weeks\n\"\"\"\n\
        expect = { \"payer.claim_number\" = \"LK-44-QX\", \"frequency\" = \"ok, 3 visits\" }\n";
    fs::write(clinic.path("rules/66-lakeside.toml"), format!("{example}\n{more}")).unwrap();
    for command in ["check", "test"] {
        let output = clinic.command(&["rules", command]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    // what can be said only once names both places
    let twice = "[document.order]\nthreshold = 9\n\n[[tell]]\nfault = \"conflict\"\nlevel = \"warn\"\ntell = \"x\"\n";
    fs::write(clinic.path("rules/95-twice.toml"), twice).unwrap();
    let told = said(&clinic.command(&["rules", "check"]).output().unwrap());
    for wanted in
        ["95-twice.toml:2:13: the threshold of order stands in 10-documents.toml:", "95-twice.toml:5:9: a sentence"]
    {
        assert!(told.contains(wanted), "{wanted} is missing in:\n{told}");
    }
}

/// A pipe has no end, and neither has a device.
#[test]
fn only_plain_files_are_read_and_what_is_not_read_is_told() {
    let clinic = Clinic::new();
    let rules = |name: &str| clinic.path(&format!("rules/{name}"));
    assert!(
        Command::new("mkfifo").args([rules("96-pipe.toml"), rules("senders/pipe.toml")]).status().unwrap().success()
    );
    std::os::unix::fs::symlink("/dev/zero", rules("97-zero.toml")).unwrap();
    std::os::unix::fs::symlink("nobody@nowhere.1", rules(".#90-required.toml")).unwrap();
    for name in ["66-mine.toml.txt", "67-mine.TOML", "senders/mine.toml.txt", "68-mine.toml.bak"] {
        fs::write(rules(name), "# mine\n").unwrap();
    }
    fs::create_dir_all(rules("codes")).unwrap();
    fs::write(rules("codes/icd9cm.tsv"), "garbage").unwrap();
    let checked = clinic.command(&["rules", "check"]).output().unwrap();
    let told = said(&checked);
    for wanted in [
        "96-pipe.toml: cannot be read: it is a pipe or a device",
        "97-zero.toml: cannot be read: it is a pipe or a device",
        "senders/pipe.toml: cannot be read",
        "66-mine.toml.txt: is not read",
        "67-mine.TOML: is not read",
        "senders/mine.toml.txt: is not read",
        "note: 68-mine.toml.bak is not read",
        "note: codes/icd9cm.tsv is not read",
        "6 faults",
    ] {
        assert!(told.contains(wanted), "{wanted} is missing in:\n{told}");
    }
    assert_eq!(checked.status.code(), Some(1));
}

#[test]
fn faults_of_senders_are_faults_of_the_rules() {
    let clinic = Clinic::new();
    let sender = "[[sender]]\nname = \"Own\"\nsubjekt = ['Fax']\n\n[[sender]]\nname = \"Other\"\nsubject = ['Fax from {numbr}']\n";
    fs::write(clinic.path("rules/senders/own.toml"), sender).unwrap();
    let checked = clinic.command(&["rules", "check"]).output().unwrap();
    let told = said(&checked);
    for wanted in
        ["senders/own.toml:3:1:", "did you mean `subject`? [R003]", "senders/own.toml:7:12:", "[R019]", "3 faults"]
    {
        assert!(told.contains(wanted), "{wanted} is missing in:\n{told}");
    }
    assert!(!told.contains("sound") && checked.status.code() == Some(1), "{told}");
}

/// A `check` that a clinic deletes is not asked, be it the last one.
#[test]
fn what_is_deleted_stays_deleted() {
    let clinic = Clinic::new();
    for entry in fs::read_dir(clinic.path("rules")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let blocks: Vec<&str> = text.split("\n\n").filter(|block| !block.contains(".check]]")).collect();
        fs::write(path, blocks.join("\n\n")).unwrap();
    }
    let checked = clinic.command(&["rules", "check"]).output().unwrap();
    assert!(checked.status.success(), "{}", said(&checked));
    let paper = clinic.path("order.txt");
    fs::write(&paper, format!("{}NPI: 1234567890\n", crate::clinic::ORDER)).unwrap();
    let parsed =
        said(&clinic.command(&["parse", "--on", "2026-11-02", "--format", "jsonl"]).arg(&paper).output().unwrap());
    let line: serde_json::Value = serde_json::from_str(&parsed).unwrap();
    let prescription = &line["prescriptions"][0];
    assert_eq!(prescription["provider"]["npi"], "1234567890", "{parsed}");
    assert_eq!(prescription["doubts"], serde_json::json!([]), "{parsed}");
}

#[test]
fn rule_files_that_are_broken_in_every_way_are_refused_with_their_place() {
    let huge = format!("[other_labels]\nwords = [{}]\n", "\"a label\", ".repeat(100_000));
    let deep = format!("x = {}", "[".repeat(100_000));
    let wide = format!("[other_labels]\nwords = [\"{}\"]\n", "word ".repeat(2_000));
    let cases: [(&str, &[u8], &str); 7] = [
        ("broken", b"[field", "98-broken.toml:1:"),
        ("empty-key", b"\"\" = 1\n", "[R003]"),
        ("huge", huge.as_bytes(), "larger than 1000000 bytes"),
        ("deep", deep.as_bytes(), "98-deep.toml:1:"),
        ("utf16", b"\xff\xfe[\0f\0", "98-utf16.toml:1:1: this is not UTF-8 but UTF-16"),
        ("nul", b"[other_labels]\nwords = [\"a\0\"]\n", "98-nul.toml:2:"),
        ("wide", wide.as_bytes(), "98-wide.toml:2:"),
    ];
    for (name, bytes, wanted) in cases {
        let clinic = Clinic::new();
        fs::write(clinic.path(&format!("rules/98-{name}.toml")), bytes).unwrap();
        let checked = clinic.command(&["rules", "check"]).output().unwrap();
        assert_eq!(checked.status.code(), Some(1), "{name}: {}", said(&checked));
        assert!(said(&checked).contains(wanted), "{name}: {wanted} is missing in:\n{}", said(&checked));
    }
    // a folder that leads back to itself, and one without rules
    let clinic = Clinic::new();
    std::os::unix::fs::symlink(clinic.path("rules"), clinic.path("rules/98-round.toml")).unwrap();
    let checked = said(&clinic.command(&["rules", "check"]).output().unwrap());
    assert!(checked.contains("98-round.toml: cannot be read") && checked.contains("[R001]"), "{checked}");
    fs::remove_dir_all(clinic.path("rules")).unwrap();
    fs::create_dir(clinic.path("rules")).unwrap();
    let checked = said(&clinic.command(&["rules", "check"]).output().unwrap());
    assert!(checked.contains("holds no rule file"), "{checked}");
}

/// A sentence for a fault that does not exist, one without words, and one said twice would never reach anybody.
#[test]
fn sentences_that_nobody_would_hear_are_refused() {
    let clinic = Clinic::new();
    edit(&clinic, "90-required.toml", "\"frequency_ambiguous\"", "\"frequency_ambigous\"");
    edit(&clinic, "90-required.toml", "tell = \"No date. Ask the HCP's office when it was written.\"", "tell = \"\"");
    edit(&clinic, "90-required.toml", "fault = \"implausible\"", "fault = \"conflict\"");
    let told = said(&clinic.command(&["rules", "check"]).output().unwrap());
    for wanted in ["did you mean `frequency_ambiguous`?", "`tell` is empty", "a sentence for `conflict` stands"] {
        assert!(told.contains(wanted), "{wanted} is missing in:\n{told}");
    }
}
