//! The rule book as its owner meets it: checked, explained, changed while the daemon runs, rehearsed.

use std::fs;
use std::process::Output;

use rxintake::rules::Book;

use crate::clinic::{Clinic, ORDER};

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap() + &String::from_utf8_lossy(&output.stderr)
}

pub(crate) fn edit(clinic: &Clinic, file: &str, from: &str, to: &str) {
    let path = clinic.path(&format!("rules/{file}"));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} holds no {from:?}");
    let changed = clinic.path("changed");
    fs::write(&changed, text.replacen(from, to, 1)).unwrap();
    fs::rename(changed, path).unwrap();
}

#[test]
fn every_fault_of_every_file_is_told_with_place_and_code() {
    let clinic = Clinic::new();
    edit(&clinic, "10-documents.toml", "threshold = 8", "treshold = 8");
    edit(&clinic, "10-documents.toml", "weight = 2", "weight = \"two\"");
    edit(&clinic, "20-patient.toml", "\"Patient Name\"", "\"Patient Name\", \"...\"");
    fs::write(clinic.path("rules/95-latin.toml"), b"# caf\xe9\n").unwrap();
    fs::write(clinic.path("rules/96-cut.toml"), "[[test]\n").unwrap();
    fs::write(clinic.path("rules/97-idle.toml"), "[[test]]\nname = \"nothing\"\ntext = \"x\"\n").unwrap();
    let checked = clinic.command(&["rules", "check"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    let said = said(&checked);
    for wanted in [
        "did you mean `threshold`? [R003]",
        "a whole number is expected, without quotes [R004]",
        "20-patient.toml:",
        "no letter or digit [R006]",
        "95-latin.toml:1:6: this is not UTF-8",
        "96-cut.toml:1:",
        "[R002]",
        "97-idle.toml:2:",
        "[R008]",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
}

#[test]
fn one_fault_of_a_file_hides_no_other() {
    let clinic = Clinic::new();
    let blocks = "[document.foo]\nthreshold = 3\n[[document.foo.sign]]\nany = [\"x\"]\nweight = 1\n\n";
    let more = "[[require]]\nfield = \"plan\"\nlevel = \"stop\"\npayers = [\"autoo\"]\ntell = \"Ask.\"\n\n";
    let sentences = "[[tell]]\nfault = \"no_such\"\nlevel = \"warn\"\ntell = \"\"\n";
    fs::write(clinic.path("rules/95-mixed.toml"), format!("{blocks}{more}{sentences}")).unwrap();
    let checked = clinic.command(&["rules", "check"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    let said = said(&checked);
    for wanted in ["`foo`", "`autoo`", "no fault is called `no_such`"] {
        assert_eq!(said.matches(wanted).count(), 1, "{wanted} is not told once in:\n{said}");
    }
}

#[test]
fn groups_of_words_that_are_none_or_too_many_are_told() {
    let clinic = Clinic::new();
    let groups: String = (0..70).map(|at| format!("group{at} = [\"word{at}\"]\n")).collect();
    fs::write(clinic.path("rules/95-many.toml"), format!("[words]\n{groups}\n[[wording]]\nof = [\"group69\"]\n"))
        .unwrap();
    fs::write(clinic.path("rules/96-words.toml"), "[[wording]]\nof = [\"patiant\"]\n\n[[wording]]\nfield = \"plan\"\n")
        .unwrap();
    let checked = clinic.command(&["rules", "check"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    let said = said(&checked);
    for wanted in [
        "more than 64 groups of words",
        "no group of words is called \"group69\"",
        "96-words.toml:2:",
        "no group of words is called \"patiant\"; did you mean \"patient\"?",
        "96-words.toml:4:",
        "needs at least one group",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
}

#[test]
fn the_examples_in_the_rule_files_come_out_and_one_that_does_not_is_named() {
    let clinic = Clinic::new();
    assert!(clinic.command(&["rules", "test"]).output().unwrap().status.success());
    edit(&clinic, "20-patient.toml", "\"patient.name\" = \"Maria Lopez\"", "\"patient.name\" = \"Mario Lopez\"");
    let tested = clinic.command(&["rules", "test"]).output().unwrap();
    assert_eq!(tested.status.code(), Some(1));
    assert!(said(&tested).contains("patient.name should be \"Mario Lopez\", taken is \"Maria Lopez\""));
}

/// An example holds what `parse` would print, not what stands somewhere on its page.
#[test]
fn an_example_is_about_the_value_that_is_taken() {
    let clinic = Clinic::new();
    let page = "Patient: Maria Lopez\nDOB: 03/02/1984\nDate of Birth: 05/09/1990\nInsurance: VA\n";
    let test = |name: &str, rest: &str| format!("[[test]]\nname = \"{name}\"\ntext = '''\n{page}'''\n{rest}\n\n");
    let tests = [
        test("the first", "expect = { \"patient.birth_date\" = \"1984-03-02\" }\nexpect_doubt = [\"patient.birth_date\"]"),
        test("the second", "expect = { \"patient.birth_date\" = \"1990-05-09\", \"payer.kind\" = \"auto\" }"),
        test("sure", "expect_sure = [\"patient.birth_date\"]\nexpect_gap = { diagnoses = \"missing\" }"),
        test("asked", "expect_gap = { \"patient.name\" = \"missing\" }\nexpect_no_gap = [\"frequency\"]"),
        "[[test]]\nname = \"in time\"\non = \"2026-03-01\"\ntext = '''\nPatient: Maria Lopez\nDate: 03/02/2026\n'''\n\
         expect_sure = [\"written_on\"]\n"
            .to_owned(),
        "[[test]]\nname = \"too early\"\non = \"2026-02-01\"\ntext = '''\nPatient: Maria Lopez\nDate: 03/02/2026\n'''\n\
         expect_doubt = [\"written_on\"]\n"
            .to_owned(),
    ];
    fs::write(clinic.path("rules/95-own.toml"), tests.concat()).unwrap();
    let tested = clinic.command(&["rules", "test"]).output().unwrap();
    let told: Vec<String> =
        said(&tested).lines().filter(|line| line.starts_with("95-own")).map(str::to_owned).collect();
    assert_eq!(
        told,
        [
            "95-own.toml:12: the second: patient.birth_date should be \"1990-05-09\", taken is \"1984-03-02\"",
            "95-own.toml:12: the second: payer.kind should be \"auto\", taken is \"va\"",
            "95-own.toml:22: sure: patient.birth_date should not be doubted: two different values stand on the paper",
            "95-own.toml:33: asked: patient.name should be told as missing, told is []",
            "95-own.toml:33: asked: nothing should be told of frequency, told is [\"missing\"]",
        ]
    );
}

/// A value that a field can never have is a slip of the pen, and told before the example is run.
#[test]
fn an_example_that_can_never_come_out_is_a_fault() {
    let clinic = Clinic::new();
    let values = [
        ("payer.kind", "vaa"),
        ("written_on", "3/2/2026"),
        ("frequency", "okay, 12 visits"),
        ("frequency", "ok, twelve"),
        ("provider.signature", "yes"),
        ("provider.npi", "123456789"),
        ("patient.phone", "704-555-0123"),
        ("patient.name", ""),
    ];
    let tests = values.map(|(field, value)| {
        format!(
            "[[test]]\nname = \"x\"\ntext = '''\nPatient: Maria Lopez\n'''\nexpect = {{ \"{field}\" = \"{value}\" }}\n"
        )
    });
    fs::write(clinic.path("rules/95-own.toml"), tests.concat()).unwrap();
    let checked = clinic.command(&["rules", "check"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    let said = said(&checked);
    for (at, (field, value)) in values.iter().enumerate() {
        let wanted = format!("95-own.toml:{}:", 6 * at + 6);
        let line =
            said.lines().find(|line| line.starts_with(&wanted)).unwrap_or_else(|| panic!("{wanted} in:\n{said}"));
        assert!(line.contains(&format!("{field} is never {value:?}: ")) && line.contains("[R004]"), "{line}");
    }
    assert!(said.contains("expected one of `auto`, `workers_comp`"), "{said}");
    // as files of an earlier version have it
    let old = "[[test]]\nname = \"x\"\ntext = '''\nPatient: Maria Lopez\nInsurance: VA\n'''\nexpect = { \"payer.kind\" = \"Va\" }\n";
    fs::write(clinic.path("rules/95-own.toml"), old).unwrap();
    assert!(clinic.command(&["rules", "test"]).output().unwrap().status.success());
}

#[test]
fn changed_rules_come_into_force_and_broken_ones_do_not() {
    let clinic = Clinic::new();
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_mail("before", ORDER);
    daemon.until("prescription for Q"); // it runs, by the book as it was
    edit(&clinic, "20-patient.toml", "\"Patient Name\"", "\"Patient Name\", \"Who is it\"");
    daemon.until("in force");
    clinic.drop_mail("first", &ORDER.replace("Patient:", "Who is it:"));
    daemon.until("prescription for Q");
    edit(&clinic, "20-patient.toml", "labels = ", "lables = ");
    let told = daemon.until("TROUBLE");
    assert!(told.contains("stays in force"), "{told}");
    clinic.drop_mail("second", &ORDER.replace("Patient:", "Who is it:").replace("M54.2 Cervicalgia", "M54.6"));
    daemon.until("prescription for Q");
    // the old text again: nothing changed but that it is sound
    edit(&clinic, "20-patient.toml", "lables = ", "labels = ");
    daemon.until("mended rule files are in force");
    // sound, and not what their own examples say
    edit(&clinic, "20-patient.toml", "\"Aisha O'Brien\"", "\"Aisha Nobody\"");
    let told = daemon.until("TROUBLE");
    assert!(told.contains("do not come out") && told.contains("stays in force"), "{told}");
    edit(&clinic, "20-patient.toml", "\"Aisha Nobody\"", "\"Aisha O'Brien\"");
    daemon.until("mended rule files are in force");
    daemon.stop();
}

/// A link's target, a mode, an editor's lock: none of them changes the name, size and time of a rule file.
#[test]
fn rules_are_taken_up_once_whatever_was_wrong_is_mended() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let clinic = Clinic::new();
    let (path, target) = (clinic.path("rules/90-required.toml"), clinic.path("required"));
    fs::rename(&path, &target).unwrap();
    symlink(&target, &path).unwrap();
    let mut daemon = clinic.start_bound_by_modes(&["run"]);
    clinic.drop_mail("before", ORDER);
    daemon.until("prescription for Q"); // it runs
    let text = fs::read_to_string(&target).unwrap();
    fs::write(&target, text.replacen("No date.", "No day.", 1)).unwrap();
    daemon.until("changed rule files are in force");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o000)).unwrap();
    daemon.until("stays in force");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
    daemon.until("mended rule files are in force");
    fs::create_dir(clinic.path("rules/99-folder.toml")).unwrap();
    daemon.until("stays in force");
    fs::remove_dir(clinic.path("rules/99-folder.toml")).unwrap();
    daemon.until("mended rule files are in force");
    daemon.stop();
}

/// A machine that starts anew in the middle of an edit goes on by the rules before it, and says so.
#[test]
fn a_start_with_broken_rules_goes_on_by_those_that_were_in_force() {
    let clinic = Clinic::new();
    edit(&clinic, "20-patient.toml", "\"Patient Name\"", "\"Patient Name\", \"Who is it\"");
    assert!(clinic.run_once().status.success());
    edit(&clinic, "20-patient.toml", "labels = ", "lables = ");
    let doctor = said(&clinic.command(&["doctor"]).output().unwrap());
    assert!(doctor.contains("TROUBLE  rule files: broken; papers are read by those"), "{doctor}");
    clinic.drop_mail("order", &ORDER.replace("Patient:", "Who is it:"));
    let ended = clinic.run_once();
    let told = said(&ended);
    assert!(
        ended.status.success() && told.contains("stays in force") && told.contains("did you mean `labels`"),
        "{told}"
    );
    assert_eq!(clinic.records()[0]["prescriptions"][0]["patient"]["name"], "Quentin Zebra");
    let mut daemon = clinic.start(&["run"]);
    daemon.until("stays in force");
    edit(&clinic, "20-patient.toml", "lables = ", "labels = ");
    daemon.until("mended rule files are in force");
    daemon.stop();
}

#[test]
fn a_rehearsal_says_what_would_read_differently_and_changes_nothing() {
    let clinic = Clinic::new();
    clinic.drop_mail("order", ORDER);
    assert!(clinic.run_once().status.success());
    let before = clinic.records();
    let other = clinic.path("other");
    fs::create_dir(&other).unwrap();
    for (name, text) in Book::files() {
        fs::write(
            other.join(name),
            text.replace("\"Provider\"", "\"Zulieferer\"")
                .replace("\"DOB\"", "\"Geburtstag\"")
                .replace("\"dob\"", "\"geboren\"")
                .replace("\"D.O.B.\"", "\"geb.\""),
        )
        .unwrap();
    }
    let rehearsed = clinic.command(&["rules", "rehearse"]).arg(&other).output().unwrap();
    let said = said(&rehearsed);
    assert!(said.contains("1 papers: 1 would read differently, 1 lose patient.birth_date"), "{said}");
    assert!(said.contains("  patient.birth_date is no longer found\n"), "{said}");
    assert!(said.contains("new gap: patient.birth_date missing (warn: \"No date of birth"), "{said}");
    assert!(!said.contains("Zebra") && !said.contains("1984"));
    let shown = clinic.command(&["rules", "rehearse", "--show-values"]).arg(&other).output().unwrap();
    assert!(self::said(&shown).contains("is no longer found: \"19"), "{}", self::said(&shown));
    assert_eq!(clinic.records(), before);
}

/// What holds no patient data is shown as it was and as it would be, and a gap less is no loss.
#[test]
fn a_rehearsal_shows_in_which_direction_things_change() {
    let clinic = Clinic::new();
    clinic
        .drop_mail("order", &ORDER.replace("2x/week x 6 weeks", "biweekly x 6 weeks").replace("Date: 10/01/2026", ""));
    assert!(clinic.run_once().status.success());
    let other = clinic.path("other");
    fs::create_dir(&other).unwrap();
    for (name, text) in Book::files() {
        fs::write(
            other.join(name),
            text.replacen("field = \"written_on\"\nlevel = \"stop\"", "field = \"written_on\"\nlevel = \"warn\"", 1),
        )
        .unwrap();
    }
    let own = "\n[[field.frequency.say]]\nwords = [\"biweekly\"]\nmeans = \"every 2 weeks\"\n\
        [[test]]\nname = \"ours\"\ntext = '''\nFrequency: biweekly x 6 weeks\n'''\nexpect_doubt = [\"patient.name\"]\n";
    let path = other.join("50-frequency.toml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + own).unwrap();
    let rehearsed = clinic.command(&["rules", "rehearse"]).arg(&other).output().unwrap();
    let said = said(&rehearsed);
    for wanted in [
        "  frequency.status: \"ambiguous\" -> \"ok\"\n",
        "  gap gone: frequency ambiguous (stop: ",
        "  gap written_on missing: stop: ",
        " -> warn: ",
        "1 are free of the gap frequency ambiguous",
    ] {
        assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
    }
    assert!(!said.contains("lose"), "{said}");
}

#[test]
fn the_official_table_of_codes_is_taken() {
    let clinic = Clinic::new();
    let line = |code: &str, title: &str| format!("00001 {code:<7} 1 {title:<60} {title}\n");
    let file = clinic.path("icd10cm-order-2027.txt");
    let some = [line("M542", "Cervicalgia"), line("Z9989", "Dependence on enabling machines")].concat();
    fs::write(&file, &some).unwrap();
    let cut_off = clinic.command(&["rules", "codes", "import"]).arg(&file).output().unwrap();
    assert!(!cut_off.status.success() && said(&cut_off).contains("download it again"), "{}", said(&cut_off));
    // every letter begins a code, and a whole file has more than 90,000 lines
    let others = (0..90_100).map(|number| {
        let letter = char::from(b'A' + u8::try_from(number % 26).unwrap());
        line(&format!("{letter}{:02}{:03}", number / 26 % 100, number / 2600 + 100), "Something else")
    });
    fs::write(&file, some + &others.collect::<String>()).unwrap();
    let imported = clinic.command(&["rules", "codes", "import"]).arg(&file).output().unwrap();
    assert!(imported.status.success(), "{}", said(&imported));
    assert!(said(&imported).contains("fiscal year 2027"));
    let no_year = clinic.command(&["rules", "codes", "import", "--fiscal-year", "1850"]).arg(&file).output().unwrap();
    assert!(
        !no_year.status.success() && said(&no_year).contains("no order file of fiscal year 1850"),
        "{}",
        said(&no_year)
    );
    let table = clinic.path("rules/codes/icd10cm.tsv");
    let whole = fs::read_to_string(&table).unwrap();
    fs::write(&table, whole.lines().take(60_000).collect::<Vec<_>>().join("\n")).unwrap();
    let checked = said(&clinic.command(&["rules", "check"]).output().unwrap());
    assert!(checked.contains("it was cut off") && checked.contains("R009"), "{checked}");
    let mended = said(&clinic.command(&["rules", "codes", "import"]).arg(&file).output().unwrap());
    assert!(mended.contains("is written anew") && fs::read_to_string(&table).unwrap() == whole, "{mended}");
    let paper = clinic.path("order.txt");
    fs::write(&paper, ORDER.replace("M54.2 Cervicalgia", "Z99.89 Dependence on enabling machines")).unwrap();
    let parsed = clinic.command(&["parse", "--on", "2026-11-02", "--format", "jsonl"]).arg(&paper).output().unwrap();
    let line: serde_json::Value = serde_json::from_str(&said(&parsed)).unwrap();
    let diagnosis = &line["prescriptions"][0]["diagnoses"][0];
    assert_eq!((&diagnosis["code"], &diagnosis["billable"]), (&"Z99.89".into(), &true.into()));
    fs::write(&file, "hello").unwrap();
    let refused = clinic.command(&["rules", "codes", "import"]).arg(&file).output().unwrap();
    assert!(said(&refused).contains("not the official order file"), "{}", said(&refused));
}

/// Editors read the schema that lies beside the rule files.
#[test]
fn the_schema_is_that_of_this_version() {
    let committed = fs::read_to_string("rules/schema.json").unwrap();
    assert!(committed == Book::schema(), "run `rxintake rules schema > rules/schema.json`");
}

/// A clinic writes its own form into the rule files; everything that is wrong with it is told with its code.
#[test]
fn a_form_of_one_clinic_is_known_and_a_broken_one_is_told() {
    let clinic = Clinic::new();
    let paper = clinic.path("order.txt");
    let text = "Lakeside Order Sheet\nPatient: Wrong Person\nOur guest   Quentin Zebra\nDiagnosis: M54.2 Cervicalgia\n\
        Treatment: massage therapy 97124\nFrequency: 2x/week x 6 weeks\nProvider: Alan Pierce, MD\nDate: 10/01/2026\n";
    fs::write(&paper, text).unwrap();
    let form = "[form.lakeside]\nall = [\"Lakeside Order Sheet\"]\nfield.\"patient.name\" = { right_of = \"Our guest\" }\n\
        [[test]]\nname = \"ours\"\nform = \"lakeside\"\ntext = \"\"\"\nLakeside Order Sheet\nOur guest   Maria Lopez\n\"\"\"\n\
        expect = { \"patient.name\" = \"Maria Lopez\" }\n";
    fs::write(clinic.path("rules/66-lakeside.toml"), form).unwrap();
    assert!(clinic.command(&["rules", "test"]).output().unwrap().status.success());
    let explained = said(&clinic.command(&["rules", "explain"]).arg(&paper).output().unwrap());
    assert!(explained.contains("form.lakeside, told by its text"), "{explained}");
    assert!(explained.contains("by rules/66-lakeside.toml:3"), "{explained}");
    assert!(!explained.contains("Wrong Person\" at"), "the general label is put aside: {explained}");
    fs::write(&paper, ORDER).unwrap();
    let explained = said(&clinic.command(&["rules", "explain"]).arg(&paper).output().unwrap());
    assert!(explained.contains("not form.hillside: \"Hillside Bodywork Referral\" does not stand"), "{explained}");
    assert!(explained.contains("not form.lakeside"), "{explained}");

    let broken = "[form.nobody]\nvalid_from = \"2026-02-01\"\nvalid_until = \"2026-01-01\"\n\
        field.diagnoses = { right_of = \"a\", below = \"b\" }\n[form.twin]\nall = [\"lakeside order sheet\"]\n\
        field.plan = { below = \"...\" }\nsender_fax = [\"12\"]\n";
    fs::write(clinic.path("rules/67-broken.toml"), broken).unwrap();
    let checked = said(&clinic.command(&["rules", "check"]).output().unwrap());
    for wanted in [
        "nothing tells the form \"nobody\"",
        "`valid_until` is before `valid_from` [R010]",
        "give one of `right_of`, `below`, `between` and `box`, not 2 [R010]",
        "\"...\" has no letter or digit [R006]",
        "the fax number \"12\" has fewer than 10 digits [R010]",
        "the form \"twin\" has no test in its file",
        "[R012]",
        "\"lakeside\" and \"twin\" are told by the same, so neither is ever used [R011]",
    ] {
        assert!(checked.contains(wanted), "{wanted} is missing in:\n{checked}");
    }
}

/// What a payer is known to refuse is a note beside what is asked of every prescription, and stops nothing.
#[test]
fn a_payer_profile_adds_notes_and_nothing_else() {
    let clinic = Clinic::new();
    let gaps = |text: &str| -> Vec<(String, String, String)> {
        let paper = clinic.path("order.txt");
        fs::write(&paper, text).unwrap();
        let parsed =
            clinic.command(&["parse", "--on", "2026-11-02", "--format", "jsonl"]).arg(&paper).output().unwrap();
        let line: serde_json::Value = serde_json::from_str(&said(&parsed)).unwrap();
        let text = |gap: &serde_json::Value, key: &str| gap[key].as_str().unwrap().to_owned();
        let gaps = line["prescriptions"][0]["gaps"].as_array().unwrap();
        gaps.iter().map(|gap| (text(gap, "field"), text(gap, "reason"), text(gap, "level"))).collect()
    };
    let note = |field: &str, reason: &str| (field.to_owned(), reason.to_owned(), "note".to_owned());
    assert_eq!(gaps(ORDER), []);
    let plan = ORDER.replace("self pay", "health plan");
    assert_eq!(gaps(&plan), [], "an MD, and 32 days old");
    assert_eq!(gaps(&plan.replace("MD", "DC")), [note("provider.credential", "not_allowed")]);
    assert_eq!(gaps(&plan.replace("10/01/2026", "07/01/2026")), [note("expires_on", "expired")]);
    let wellness = plan.replace("massage therapy 97124", "wellness massage therapy 97124");
    assert_eq!(gaps(&wellness), [note("plan", "not_allowed")]);
    edit(&clinic, "60-payer.toml", "because = ", "# because = ");
    let checked = said(&clinic.command(&["rules", "check"]).output().unwrap());
    assert!(checked.contains("[payer.auto] asks for something") && checked.contains("[R013]"), "{checked}");
}

/// Each of these is refused with its place, and none of them takes the program down.
/// An emptied or deleted file would leave a book that asks for nothing, so that every paper is complete.
#[test]
fn an_emptied_or_deleted_rule_file_is_refused() {
    let cases: [(&str, Option<&str>, &str); 4] = [
        ("90-required.toml", Some(""), "90-required.toml: holds no rule"),
        ("90-required.toml", None, "nothing that is asked of a prescription"),
        ("10-documents.toml", None, "no kind of paper"),
        ("70-provider.toml", Some("# later\n"), "70-provider.toml: holds no rule"),
    ];
    for (name, text, wanted) in cases {
        let clinic = Clinic::new();
        let path = clinic.path("rules").join(name);
        match text {
            Some(text) => fs::write(path, text).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        let checked = clinic.command(&["rules", "check"]).output().unwrap();
        assert_eq!(checked.status.code(), Some(1), "{name}: {}", said(&checked));
        let told = said(&checked);
        assert!(told.contains(wanted) && told.contains("[R014]"), "{name}: {wanted} is missing in:\n{told}");
    }
}

/// A page that no machine prints is told to a person, at once.
#[test]
fn a_page_without_end_takes_no_time_and_is_told() {
    let clinic = Clinic::new();
    let endless = "Patient: Date: 2x/week M54.2 ".repeat(60_000);
    let rows = "Patient: Date: 2x/week M54.2\n".repeat(20_000);
    let word = "Claim#0O1l".repeat(100_000);
    for text in [endless, rows, word] {
        let paper = clinic.path("page.txt");
        fs::write(&paper, text).unwrap();
        let parsed =
            clinic.command(&["parse", "--on", "2026-11-02", "--format", "jsonl"]).arg(&paper).output().unwrap();
        let line: serde_json::Value = serde_json::from_str(&said(&parsed)).unwrap();
        let told = !line["error"].is_null() || line["other_pages"][0]["kind"] == "unreadable";
        assert!(told && line["prescriptions"].as_array().unwrap().is_empty(), "{line}");
    }
}

/// What `new-form` drafts is sound and comes out, and holds nothing of the patient.
#[test]
fn a_form_is_drafted_from_one_paper() {
    let clinic = Clinic::new();
    let paper = clinic.path("sample.txt");
    let text = "Zebra chart copy\n\nRiverside Healing & Spa Center\n\nMassage referral sheet\n\n\
        Patient: Quentin Zebra   DOB: 07/09/1971\n\nPain in thoracic spine M54.6\n\nFrequency: 3x/week x 4 weeks\n\nNPI: 1558598797\n";
    fs::write(&paper, text).unwrap();
    let drafted = clinic.command(&["rules", "new-form", "--name", "riverside"]).arg(&paper).output().unwrap();
    let draft = said(&drafted);
    assert!(drafted.status.success(), "{draft}");
    for wanted in [
        "[form.riverside]",
        "Riverside Healing & Spa Center",
        "\"patient.name\" = { right_of = \"Patient\" }",
        "[[test]]",
    ] {
        assert!(draft.contains(wanted), "{wanted} is missing in:\n{draft}");
    }
    for private in ["Zebra", "1971", "M54.6", "thoracic", "1558598797"] {
        assert!(!draft.contains(private), "{private} of the sample is in:\n{draft}");
    }
    fs::write(clinic.path("rules/66-riverside.toml"), draft).unwrap();
    for command in ["check", "test"] {
        let output = clinic.command(&["rules", command]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
}

/// Two answers on one paper are told as a doubt.
#[test]
fn what_luck_would_have_to_choose_is_a_doubt() {
    let clinic = Clinic::new();
    let paper = clinic.path("order.txt");
    let doubts = |text: String| -> Vec<String> {
        fs::write(&paper, text).unwrap();
        let parsed =
            clinic.command(&["parse", "--on", "2026-11-02", "--format", "jsonl"]).arg(&paper).output().unwrap();
        let line: serde_json::Value = serde_json::from_str(&said(&parsed)).unwrap();
        let doubts = line["prescriptions"][0]["doubts"].as_array().unwrap();
        doubts.iter().map(|field| field.as_str().unwrap().to_owned()).collect()
    };
    assert!(doubts(ORDER.to_owned()).is_empty());
    let provider = "Provider: Alan Pierce, MD\nElectronically signed by Alan Pierce, MD\n";
    let order = |own: &str| ORDER.replace(provider, own);
    let payer = "Insurance: self pay\n";
    for (text, field) in [
        (order("Alan Pierce, MD   Brian Wolf, DO   Susan Cole, PA-C\n/s/\n"), "provider.name"),
        (order("Provider: Alan Pierce, MD / Brian Wolf, DO\nSignature: /s/\n"), "provider.name"),
        (order("Alan Pierce, MD  NPI 1234567893\nElectronically signed by Brian Wolf, DO\n"), "provider.npi"),
        (order("Provider: Alan Pierce, MD\nElectronically signed by Sue Blake\n"), "provider.signature"),
        (ORDER.replace("Patient: Quentin", "Patient: Dr. Quentin"), "patient.name"),
        (ORDER.replace(payer, "Primary insurance: Blue Cross\nSecondary insurance: State Farm PIP\n"), "payer.insurer"),
    ] {
        assert!(doubts(text.clone()).iter().any(|doubted| doubted == field), "{field} is doubted in:\n{text}");
    }
    for text in [
        order("Provider: Alan Pierce, MD / Brian Wolf, DO\nElectronically signed by Brian Wolf, DO\n"),
        ORDER.replace("Patient: Quentin", "Patient: Mrs. Quentin"),
    ] {
        assert_eq!(doubts(text.clone()), [""; 0], "nothing is doubted in:\n{text}");
    }
}
