//! How a clinic says itself what values look like, what is none, what is checked and what single payers ask for.

use std::fs;

use serde_json::Value;

use crate::clinic::{Clinic, ORDER};
use crate::rulebook::{edit, said};

/// The first prescription that a page of text gives.
fn read(clinic: &Clinic, text: &str) -> Value {
    let paper = clinic.path("order.txt");
    fs::write(&paper, text).unwrap();
    let parsed = clinic.command(&["parse", "--on", "2026-11-02", "--format", "jsonl"]).arg(&paper).output().unwrap();
    let line: Value = serde_json::from_str(&said(&parsed)).unwrap_or_else(|_| panic!("{}", said(&parsed)));
    line["prescriptions"][0].clone()
}

fn doubts(prescription: &Value) -> Vec<&str> {
    prescription["doubts"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect()
}

fn notes(prescription: &Value) -> Vec<(&str, &str)> {
    let gaps = prescription["gaps"].as_array().unwrap();
    gaps.iter().map(|gap| (gap["field"].as_str().unwrap(), gap["level"].as_str().unwrap())).collect()
}

fn checked(clinic: &Clinic) -> String {
    said(&clinic.command(&["rules", "check"]).output().unwrap())
}

/// Adds to a rule file of a clinic.
fn add(clinic: &Clinic, file: &str, more: &str) {
    let path = clinic.path(&format!("rules/{file}"));
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, text + more).unwrap();
}

/// The promise that "biweekly" is never guessed holds until the clinic says what its HCPs mean by it.
#[test]
fn a_clinic_says_what_its_hcps_mean_by_biweekly() {
    let clinic = Clinic::new();
    let text = ORDER.replace("2x/week x 6 weeks", "bi-weekly x 8 weeks");
    let before = read(&clinic, &text);
    assert_eq!(before["frequency"]["status"], "ambiguous", "{before}");
    assert!(before["frequency"]["phases"].as_array().unwrap().is_empty());
    edit(
        &clinic,
        "50-frequency.toml",
        "\n# Words that the grammar of frequencies",
        "\n[[field.\"frequency\".say]]\nwords = [\"biweekly\", \"bi weekly\"]\nmeans = \"every 2 weeks\"\n\
         # Words that the grammar of frequencies",
    );
    edit(
        &clinic,
        "50-frequency.toml",
        "expect = { \"frequency\" = \"ambiguous\" }",
        "expect = { \"frequency\" = \"ok, 4 visits\" }",
    );
    let after = read(&clinic, &text);
    assert_eq!((&after["frequency"]["status"], &after["frequency"]["visits"]), (&"ok".into(), &4.into()), "{after}");
    assert_eq!(after["evidence"]["frequency"][0]["text"], "bi-weekly x 8 weeks", "{after}");
    assert!(checked(&clinic).contains("are sound"), "{}", checked(&clinic));
    // nine tests of the file speak of it, and none of the others does
    let tested = clinic.command(&["rules", "test"]).output().unwrap();
    assert!(said(&tested).contains("the paper itself says which is meant"), "{}", said(&tested));
}

/// What the program does not know by itself: a claim number without digits, a date in an order of its own, a short name.
#[test]
fn a_clinic_says_how_values_are_written() {
    let clinic = Clinic::new();
    let text = ORDER.replace("10/01/2026", "2026.01.10 (YDM)").replace(
        "Insurance: self pay",
        "Type of claim: auto\nInsurance company: SF\nClaim Number: LAKE-QX\nDate of injury: 08/14/2026",
    );
    let before = read(&clinic, &text);
    assert_eq!(before["payer"]["claim_number"], Value::Null, "{before}");
    add(
        &clinic,
        "60-payer.toml",
        "\n[pattern.lakeside_claim]\ntext = 'LAKE-[A-Z]{2}'\nexamples = [\"LAKE-QX\"]\ncounter_examples = [\"LAKE-1\"]\n\
         [[field.\"payer.claim_number\".say]]\nwhen = '{lakeside_claim}'\n\
         [[field.\"payer.insurer\".say]]\nwords = [\"SF\"]\nmeans = \"State Farm\"\n\
         [[test]]\nname = \"ours\"\ntext = '''\nInsurance company: SF\nClaim Number: LAKE-QX\n'''\n\
         expect = { \"payer.claim_number\" = \"LAKE-QX\", \"payer.insurer\" = \"State Farm\" }\n",
    );
    add(
        &clinic,
        "80-dates.toml",
        "\n[[field.written_on.say]]\nwhen = '(?<year>\\d{4})\\.(?<day>\\d\\d)\\.(?<month>\\d\\d) \\(YDM\\)'\n\
         [[test]]\nname = \"ours\"\ntext = '''\nDate: 2026.01.10 (YDM)\n'''\nexpect = { \"written_on\" = \"2026-10-01\" }\n",
    );
    assert!(checked(&clinic).contains("are sound"), "{}", checked(&clinic));
    assert!(clinic.command(&["rules", "test"]).output().unwrap().status.success());
    let after = read(&clinic, &text);
    assert_eq!(after["payer"]["claim_number"], "LAKE-QX", "{after}");
    assert_eq!(after["payer"]["insurer"], "State Farm", "{after}");
    assert_eq!(after["written_on"], "2026-10-01", "{after}");
    let rule = after["evidence"]["payer.claim_number"][0]["rule"].as_str().unwrap();
    assert!(rule.starts_with("rules/60-payer.toml:"), "{rule}");
}

/// What is no value is told with the clinic's own sentence.
#[test]
fn what_is_refused_is_doubted_with_its_sentence() {
    let clinic = Clinic::new();
    let text = ORDER.replace("Insurance: self pay", "Type of claim: health plan\nInsurance company: see attached");
    let read = read(&clinic, &text);
    assert!(doubts(&read).contains(&"payer.insurer"), "{read}");
}

#[test]
fn a_check_is_switched_off_in_its_rule_file() {
    let clinic = Clinic::new();
    let text = ORDER.replace("DOB", "NPI: 1234567890\nDOB").replace("M54.2 Cervicalgia", "M54.5 Low back pain");
    let late = text.replace("10/01/2026", "12/24/2026");
    let before = read(&clinic, &late);
    assert!(doubts(&before).contains(&"provider.npi") && doubts(&before).contains(&"written_on"), "{before}");
    assert!(notes(&before).contains(&("diagnoses", "warn")), "{before}");
    for (file, check, test) in [
        (
            "70-provider.toml",
            "[[field.\"provider.npi\".check]]\nname = \"npi-luhn\"\n",
            "expect_doubt = [\"provider.npi\"]",
        ),
        ("80-dates.toml", "[[field.\"written_on\".check]]\nname = \"date-order\"\n", ""),
        ("30-diagnosis.toml", "[[field.\"diagnoses\".check]]\nname = \"icd-billable-on\"\n", ""),
    ] {
        edit(&clinic, file, check, "");
        if !test.is_empty() {
            edit(&clinic, file, test, "expect_sure = [\"provider.npi\"]");
        }
    }
    assert!(clinic.command(&["rules", "test"]).output().unwrap().status.success());
    let after = read(&clinic, &late);
    assert_eq!(after["provider"]["npi"], "1234567890");
    assert!(!doubts(&after).contains(&"provider.npi") && !doubts(&after).contains(&"written_on"), "{after}");
    assert!(!notes(&after).contains(&("diagnoses", "warn")), "{after}");
}

/// What single payers ask for is not asked until the clinic says so; then only of them, and only where the paper does not say it.
#[test]
fn what_a_payer_asks_for_is_asked_when_the_clinic_says_so() {
    let clinic = Clinic::new();
    let plan = ORDER.replace("self pay", "health plan");
    assert!(notes(&read(&clinic, &plan)).is_empty());
    edit(&clinic, "90-required.toml", "\non = false", "\non = true");
    let note = [("plan", "note")];
    assert_eq!(notes(&read(&clinic, &plan)), note);
    assert!(notes(&read(&clinic, ORDER)).is_empty(), "another payer");
    let said = plan.replace("Frequency:", "It is medically necessary.\nFrequency:");
    assert!(notes(&read(&clinic, &said)).is_empty(), "the paper says it");
    edit(&clinic, "90-required.toml", "\non = true", "\non = true\neffective_until = \"2026-11-01\"");
    assert!(notes(&read(&clinic, &plan)).is_empty(), "it is past");
    edit(
        &clinic,
        "90-required.toml",
        "effective_until = \"2026-11-01\"",
        "effective_from = \"2026-11-02\"\naccept = [\"written_on\"]",
    );
    assert!(notes(&read(&clinic, &plan)).is_empty(), "a date will do");
    edit(&clinic, "90-required.toml", "accept = [\"written_on\"]", "only_when = [\"payer.claim_number\"]");
    assert!(notes(&read(&clinic, &plan)).is_empty(), "there is no claim");
}

/// Rule files that `init` wrote before there were these blocks go on working, and say no less.
#[test]
fn files_of_an_earlier_version_have_what_ships() {
    let clinic = Clinic::new();
    for (file, begin, end) in [
        ("30-diagnosis.toml", "[not_present]", "\n[[test]]"),
        ("40-plan.toml", "[treatment]", "\n[[test]]"), // and [areas]
        ("50-frequency.toml", "[[field.\"frequency\".refuse]]", "\n[[test]]"),
        ("30-diagnosis.toml", "[[field.\"diagnoses\".check]]", "\n# what the patient has had"),
        ("60-payer.toml", "[pattern.elsewhere]", "\n[field.\"payer.claim_number\"]"),
        ("70-provider.toml", "[[field.\"provider.credential\".check]]", "\n[field.\"provider.npi\"]"),
        ("70-provider.toml", "[[field.\"provider.npi\".check]]", "\n[field.\"provider.phone\"]"),
        ("80-dates.toml", "[[field.\"patient.birth_date\".check]]", "\n[[test]]"),
    ] {
        let path = clinic.path(&format!("rules/{file}"));
        let text = fs::read_to_string(&path).unwrap();
        let from = text.find(begin).unwrap();
        let to = from + text[from..].find(end).unwrap();
        fs::write(path, [&text[..from], &text[to..]].concat()).unwrap();
    }
    assert!(checked(&clinic).contains("are sound"), "{}", checked(&clinic));
    let tested = clinic.command(&["rules", "test"]).output().unwrap();
    let failed: Vec<String> = said(&tested).lines().map(str::to_owned).collect();
    // what a say, and traps of other fields than the frequency, of the shipped files alone know
    let known = ["a fortnight is two weeks", "an insurer that is not named", "an adjuster that is not named"];
    assert_eq!(failed.len(), known.len() + 1, "{failed:#?}");
    assert!(failed.iter().zip(known).all(|(failed, name)| failed.contains(name)), "{failed:#?}");
}

/// Every fault of what a clinic says of values is told with its place and code.
#[test]
fn faults_of_patterns_values_checks_and_facts_are_told() {
    let clinic = Clinic::new();
    let own = r#"
[pattern.ring_a]
text = 'a{ring_b}'
examples = ["a"]
counter_examples = ["b"]
[pattern.ring_b]
text = 'b{ring_a}'
examples = ["a"]
counter_examples = ["b"]
[pattern.look_ahead]
text = 'a(?=b)'
examples = ["a"]
counter_examples = ["b"]
[pattern.huge]
text = '(?:\pL{1000}){1000}'
examples = ["a"]
counter_examples = ["b"]
[pattern.all]
text = '.*'
examples = ["a"]
counter_examples = []
[pattern.digits]
text = '[0-9]+'
examples = ["x"]
counter_examples = ["12"]
[pattern.doubling]
text = '{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}{two}'
examples = ["x"]
counter_examples = ["12"]
[pattern.two]
text = '{three}{three}{three}{three}{three}{three}{three}{three}{three}{three}'
examples = ["x"]
counter_examples = ["12"]
[pattern.three]
text = '{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}{digits}'
examples = ["x"]
counter_examples = ["12"]
"#;
    add(&clinic, "95-own.toml", own);
    add(
        &clinic,
        "60-payer.toml",
        "\n[[field.\"payer.claim_number\".say]]\nwhen = '{digit}'\n[[field.\"payer.insurer\".say]]\nwhen = '.+'\n\
         [[field.\"payer.adjuster\".say]]\nwords = [\"Quince\"]\nmeans = \"Quince & Sons\"\n\
         [[field.\"payer.adjuster\".refuse]]\nwords = [\"nobody at all\"]\ntell = \"\"\n\
         [[field.\"payer.adjuster\".check]]\nname = \"npi-luhn\"\n",
    );
    add(
        &clinic,
        "50-frequency.toml",
        "\n[[field.frequency.say]]\nwords = [\"biweekly\"]\nmeans = \"now and then\"\n\
         [[field.frequency.say]]\nwhen = 'x'\nmeans = \"weekly\"\n\
         [[field.frequency.say]]\nwords = [\"per fortnight\"]\nmeans = \"weekly\"\n\
         [[field.frequency.check]]\nname = \"range\"\n",
    );
    add(&clinic, "20-patient.toml", "\n[[field.\"patient.name\".say]]\nwhen = 'Q'\n");
    add(&clinic, "80-dates.toml", "\n[[field.written_on.say]]\nwhen = 'the 5th'\n");
    edit(&clinic, "60-payer.toml", "\"self pay\", \"selfpay\"", "\"self pay\", \"hsa\"");
    add(&clinic, "90-required.toml", "\n[fact.idle]\nwords = [\"x\"]\n[fact.both]\n");
    edit(&clinic, "90-required.toml", "fact = \"employer\"", "fact = \"employr\"");
    edit(&clinic, "65-forms.toml", "physical therapy referral", "bodywork");
    let told = checked(&clinic);
    for wanted in [
        "it goes in a circle: ring_a → ring_b → ring_a",
        "it is no pattern: look-around",
        "the pattern \"huge\": it is too large",
        "longer than 20000 bytes",
        "the pattern \"all\" fits anything, or nothing at all: narrow it",
        "[R017]",
        "needs `examples` that it fits and `counter_examples`",
        "does not fit its example \"x\"",
        "fits \"12\", which it should not",
        "[R016]",
        "nothing uses the pattern \"all\"",
        "[R018]",
        "no pattern is called {digit}; did you mean {digits}?",
        "[R015]",
        "say of payer.insurer: its pattern fits anything",
        "say of payer.adjuster: no [[test]] of this file holds words that it fits",
        "[R019]",
        "refuse of payer.adjuster: give `words`",
        "check of payer.adjuster: `npi-luhn` is for provider.npi",
        "the grammar does not read \"now and then\"",
        "of a frequency give `words`, and in `means`",
        "frequency: \"per fortnight\" stands in two blocks",
        "[R020]",
        "`range` is for frequency, with `max` visits",
        "say of patient.name: this field is told by more than its look",
        "a date names its parts",
        "\"hsa\" stands in `words` of two kinds of payer",
        "60-payer.toml:",
        "nothing asks for the fact \"idle\"",
        "the fact \"both\": give `words` or a pattern",
        "no fact is called \"employr\"; did you mean \"employer\"?",
        "can never be told",
        "[R021]",
        "95-own.toml:3:8:",
        "--explain CODE",
    ] {
        assert!(told.contains(wanted), "{wanted} is missing in:\n{told}");
    }
}

#[test]
fn a_code_is_explained() {
    let clinic = Clinic::new();
    for number in 1..=21 {
        let code = format!("r{number:03}");
        let explained = clinic.command(&["rules", "check", "--explain", &code]).output().unwrap();
        assert!(
            explained.status.success() && said(&explained).starts_with(&code.to_uppercase()),
            "{}",
            said(&explained)
        );
    }
    let unknown = clinic.command(&["rules", "check", "--explain", "R999"]).output().unwrap();
    assert!(!unknown.status.success() && said(&unknown).contains("R001 to R021"), "{}", said(&unknown));
}
