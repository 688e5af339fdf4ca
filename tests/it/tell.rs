//! Who is told what, where the clinic says so itself.

use std::fs;

use crate::bells;
use crate::clinic::{Clinic, ORDER};

const ALERTS: &str = "[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\ndigest_at = \"00:00\"\n";

/// An auto payer, without the claim number.
fn auto(name: &str) -> String {
    ORDER.replace("Zebra", name).replace("Insurance: self pay", "Insurance: State Farm auto, date of injury 08/14/2026")
}

fn clinic(tell: &str) -> Clinic {
    let clinic = bells::clinic(ALERTS);
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    let ann = "[[staff]]\nname = \"Ann\"\nemail = \"ann@clinic.example\"\nroles = []\n";
    fs::write(&path, format!("{text}\n{ann}\n{tell}")).unwrap();
    clinic
}

/// Of each alert: to whom, and its text with its lines whole.
fn told(clinic: &Clinic) -> Vec<(String, String)> {
    let to = |alert: &str| alert.lines().find_map(|line| line.strip_prefix("To: ")).unwrap().to_owned();
    clinic.alerts().into_iter().map(|(_, alert)| (to(&alert), alert.replace("=\r\n", ""))).collect()
}

fn only(letters: Vec<&String>) -> &String {
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters[0]
}

#[test]
fn rules_say_who_is_told_what() {
    let clinic = clinic(
        "[[tell]]\nwhat = [\"stop\", \"doubt\", \"unreadable\"]\nto = \"front_desk\"\n\
         [[tell]]\nwhat = \"warn\"\npayer = [\"auto\", \"workers_comp\"]\nfield = \"payer.claim_number\"\nto = [\"ann@clinic.example\"]\n\
         [[tell]]\nwhat = \"stop\"\ndoor = \"imap\"\nto = \"biller\"\n\
         [[tell]]\nwhat = [\"trouble\"]\nto = \"operator\"\n",
    );
    clinic.drop_mail("auto", &auto("Adler"));
    clinic.drop_mail("whole", &ORDER.replace("Zebra", "Baker"));
    clinic.drop_mail("stop", &ORDER.replace("Zebra", "Cohen").replace("Frequency: 2x/week x 6 weeks\n", ""));
    assert!(clinic.run_once().status.success());
    let told = told(&clinic);
    let to = |who: &str| told.iter().filter(|(to, _)| to.contains(who)).map(|(_, text)| text).collect::<Vec<_>>();
    let ann = only(to("ann@"));
    assert!(ann.contains("No claim number") && !ann.contains("STOP") && !ann.contains("NPI"), "{ann}");
    let desk = only(to("desk@"));
    assert!(desk.contains("STOP: No frequency") && !desk.contains("claim number"), "{desk}");
    assert!(to("therapists@").is_empty() && to("billing@").is_empty(), "no rule names them: {told:?}");
    let doctor = String::from_utf8(clinic.command(&["doctor"]).output().unwrap().stdout).unwrap();
    assert!(doctor.contains("nobody is told of warn"), "loud where a gap may stay untold: {doctor}");
}

#[test]
fn what_is_for_the_digest_waits_for_it_and_comes_as_one() {
    let clinic = clinic(
        "[[tell]]\nwhat = [\"stop\", \"unreadable\"]\nto = \"front_desk\"\n\
         [[tell]]\nwhat = \"ready\"\nto = \"therapist\"\nwhen = \"digest\"\n\
         [[tell]]\nwhat = \"bill\"\nto = \"biller\"\nwhen = \"digest\"\n",
    );
    for name in ["Adler", "Baker"] {
        clinic.drop_mail(name, &auto(name));
    }
    let mut daemon = clinic.start(&["run"]);
    daemon.until("told: ");
    daemon.until("told: ");
    daemon.stop();
    let mut daemon = clinic.start(&["run"]); // it looks at its start whether the digest is due
    daemon.until_file(&clinic.path("outbox"), "digest");
    daemon.stop();
    let told_by = |clinic: &Clinic| told(clinic);
    assert!(told_by(&clinic).iter().all(|(to, _)| !to.contains("therapists@")), "the next digest is tomorrow's");
    // who runs it once waits for no digest
    assert!(clinic.run_once().status.success());
    let told = told_by(&clinic);
    let to = |who: &str| told.iter().filter(|(to, _)| to.contains(who)).map(|(_, text)| text).collect::<Vec<_>>();
    let ready = only(to("therapists@"));
    assert!(ready.contains("2 papers want to be looked at") && ready.contains("ready to treat"), "{ready}");
    let bill = only(to("billing@"));
    assert!(bill.contains("still open today") && bill.contains("No claim number"), "{bill}");
    assert!(to("desk@").is_empty(), "{told:?}");
}

#[test]
fn a_rule_that_reaches_nobody_is_refused_with_its_place() {
    for (tell, words) in [
        (
            "[[tell]]\nwhat = [\"stop\", \"unreadable\"]\nto = [\"front_desk\", \"anne@clinic.example\"]\n",
            "did you mean \"ann@clinic.example\"?",
        ),
        ("[[tell]]\nwhat = \"ready\"\nto = \"therapist\"\n", "no [[tell]] names \"stop\""),
        ("[[tell]]\nwhat = \"stopp\"\nto = \"therapist\"\n", "did you mean `stop`?"),
        ("[[tell]]\nwhat = \"stop\"\ntoo = \"therapist\"\n", "did you mean `to`?"),
    ] {
        let clinic = clinic(tell);
        let refused = clinic.run_once();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        let line = fs::read_to_string(clinic.path("rxintake.toml")).unwrap().lines().count() - tell.lines().count() + 1;
        let place = said.split("rxintake.toml:").nth(1).unwrap();
        let place: usize = place.split(':').next().unwrap().parse().unwrap();
        assert!(said.contains(words) && place >= line, "{said}");
    }
}

/// The rules that `init` writes as comments are those that are built in.
#[test]
fn the_rules_in_the_starter_configuration_are_the_built_in_ones() {
    let written = |tell: bool| {
        let clinic = bells::clinic(ALERTS);
        let path = clinic.path("rxintake.toml");
        let text = fs::read_to_string(&path).unwrap();
        if tell {
            let (before, rest) = text.split_once("# [[tell]]").unwrap();
            let (rules, after) = rest.split_once("\n\n").unwrap();
            fs::write(&path, format!("{before}[[tell]]{}\n\n{after}", rules.replace("\n# ", "\n"))).unwrap();
        }
        for paper in [auto("Adler"), ORDER.to_owned(), ORDER.replace("Date: 10/01/2026\n", "")] {
            clinic.drop_paper("paper.txt", paper.as_bytes());
            assert!(clinic.run_once().status.success());
        }
        let mut told: Vec<(String, String)> = told(&clinic)
            .into_iter()
            .map(|(to, text)| {
                (
                    to,
                    text.lines()
                        .find(|line| line.starts_with("Subject"))
                        .unwrap()
                        .split(']')
                        .nth(1)
                        .unwrap()
                        .to_owned(),
                )
            })
            .collect();
        told.sort();
        told
    };
    let built_in = written(false);
    assert!(built_in.len() > 3, "{built_in:?}");
    assert_eq!(written(true), built_in);
}
