//! Alerts against a real mail server, and against one that says nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use crate::clinic::{Clinic, ORDER};
use crate::dovecot::free_port;
use crate::exim::{Exim, PASSWORD};

/// A form that asks and holds no answer, as a picture: nobody can say that a pen's writing was not passed over.
const BLANK_FORM: &str = "samples/23-blank-form-fax-fine.tif";

pub(crate) fn clinic(alerts: &str) -> Clinic {
    let clinic = Clinic::new();
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("[alerts]").unwrap();
    let (_, after) = rest.split_once("# Who is told").unwrap();
    fs::write(&path, format!("{before}{alerts}\n# Who is told{after}")).unwrap();
    fs::write(clinic.path("secrets/smtp"), format!("{PASSWORD}\n")).unwrap();
    clinic
}

fn message_ids(heads: &[String]) -> Vec<&str> {
    heads.iter().filter_map(|head| head.lines().find(|line| line.contains("Message-ID:"))).collect()
}

#[test]
fn a_letter_goes_encrypted_to_a_server_that_asks_for_a_login() {
    let exim = Exim::start();
    let clinic = clinic(&exim.alerts());
    clinic.drop_mail("order", ORDER);
    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    let accepted = exim.accepted();
    let [head] = accepted.as_slice() else { panic!("{accepted:?}") };
    assert!(head.contains("therapists@clinic.example") && head.contains("TLS1"), "{head}");
    assert!(!head.to_lowercase().contains("zebra"));
}

#[test]
fn a_server_that_puts_us_off_gets_each_letter_once_in_the_end() {
    const PAPERS: usize = 3;
    let exim = Exim::start();
    let clinic = clinic(&exim.alerts());
    for number in 0..PAPERS {
        clinic.drop_mail(&format!("order{number}"), &ORDER.replace("Zebra", &format!("Zebra-{number}")));
    }
    exim.be_busy(true);
    for _ in 0..2 {
        let mut daemon = clinic.start(&["run"]);
        daemon.until("TROUBLE");
        daemon.kill(); // in the middle of the outage, without a chance to write anything down
    }
    assert_eq!(exim.accepted().len(), 0);
    exim.be_busy(false);
    assert!(clinic.run_once().status.success());
    let accepted = exim.accepted();
    let ids = message_ids(&accepted);
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (PAPERS, PAPERS), "{ids:?}");
}

/// Letters written in an outage wait for different times; nobody gets a later one before an earlier.
#[test]
fn letters_to_one_person_keep_their_order_through_an_outage() {
    let exim = Exim::start();
    let clinic = clinic(&exim.alerts());
    exim.be_busy(true);
    let names = ["Adler", "Baker", "Cohen", "Doyle", "Evans", "Frank"];
    for life in names.chunks(3) {
        let mut daemon = clinic.start(&["run"]);
        for name in life {
            clinic.drop_mail(name, &ORDER.replace("Zebra", name));
            daemon.until("told: ");
            // the first attempt of the oldest letter fails before the next is written
            if *name == "Adler" {
                daemon.until("TROUBLE");
            }
        }
        daemon.kill();
    }
    let mut daemon = clinic.start(&["run"]);
    exim.be_busy(false);
    clinic.drop_mail("Green", &ORDER.replace("Zebra", "Green"));
    for _ in 0..=names.len() {
        daemon.until("mailed: ");
    }
    daemon.stop();
    let written: Vec<String> =
        clinic.records().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    let came: Vec<String> = exim.order().iter().map(|id| id.split('.').next().unwrap().to_owned()).collect();
    assert_eq!(came, written);
}

/// What a sender writes may stand in a body, never begin a line of a head.
#[test]
fn nothing_of_a_paper_becomes_a_header_of_an_alert() {
    let clinic = clinic("[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\n");
    let evil = "x\r\n Bcc: thief@evil.example\r\nBcc: thief@evil.example\r\n\r\n<script>";
    let encoded = "=?utf-8?B?eA0KQmNjOiB0aGllZkBldmlsLmV4YW1wbGU=?="; // "x", CR, LF, "Bcc: thief@evil.example"
    let body = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "");
    for (number, (from, subject, id)) in [
        (format!("{encoded} <a@b.example>"), encoded.to_owned(), "1@b.example".to_owned()),
        (
            "message@inbound.efax.com".to_owned(),
            format!("eFax message from \"{encoded}\" - 1 page(s), Caller-ID: {encoded}"),
            encoded.to_owned(),
        ),
        (
            format!("\"{}\" <a@b.example>", evil.replace("\r\n", "\r")),
            "x\rBcc: thief@evil.example".to_owned(),
            "x\rBcc:y@b.example".to_owned(),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mail = format!(
            "From: {from}\r\nTo: fax@clinic.example\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\r\n{body}{number}\r\n"
        );
        clinic.drop_paper(&format!("{number}\nBcc: thief@evil.example.eml"), mail.as_bytes());
    }
    assert!(clinic.run_once().status.success());
    let alerts = clinic.alerts();
    assert_eq!((clinic.records().len(), alerts.len()), (3, 3), "{alerts:?}");
    for (_, alert) in alerts {
        let (head, _) = alert.split_once("\r\n\r\n").unwrap();
        let lines = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{head:?}");
        let allowed = ["From", "Subject", "Message-ID", "Date", "To", "MIME-Version", "Content-Type"];
        for line in lines.split("\r\n") {
            let name = line.split_once(':').unwrap().0;
            assert!(allowed.contains(&name), "{name} in {head}");
        }
        assert!(!head.contains("evil.example") && !alert.contains("<script>"), "{alert}");
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up_and_told() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let clinic = clinic(&format!(
        "[alerts]\nfrom = \"rxintake@clinic.example\"\n[alerts.smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
         timeout_seconds = 1\n"
    ));
    clinic.drop_mail("order", ORDER);
    let mut daemon = clinic.start(&["run"]);
    let told = daemon.until("TROUBLE");
    assert!(told.contains("127.0.0.1"), "{told}");
    daemon.stop();
    assert_eq!(clinic.records().len(), 1, "the record does not wait for the mail server");
}

#[test]
fn what_stays_open_comes_back_in_the_digest_and_then_goes_to_the_operator() {
    let clinic = clinic(
        "[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\ndigest_at = \"00:00\"\nescalate_after_hours = 0\n",
    );
    clinic.drop_mail("whole", ORDER);
    clinic.drop_mail("gap", &ORDER.replace("Frequency: 2x/week x 6 weeks\n", ""));
    assert!(clinic.run_once().status.success());
    let open = clinic.records().into_iter().find(|record| record["state"] == "open").unwrap();
    let id = open["id"].as_str().unwrap();
    for life in 0..2 {
        let mut daemon = clinic.start(&["run"]);
        clinic.drop_mail("more", &ORDER.replace("Zebra", &format!("Quagga {life}")));
        daemon.until("told: "); // it is up
        daemon.until_file(&clinic.path("outbox"), "digest");
        daemon.until_file(&clinic.path("outbox"), "escalation");
        daemon.stop();
    }
    let alerts = clinic.alerts();
    let of = |part: &str| alerts.iter().filter(|(name, _)| name.contains(part)).collect::<Vec<_>>();
    let digests = of("digest");
    let [(_, digest)] = digests.as_slice() else { panic!("{} digests", digests.len()) };
    assert!(
        digest.contains("1 record is still open") && digest.contains(&id[..8]) && !digest.contains("Zebra"),
        "{digest}"
    );
    let escalations = of("escalation");
    let [(name, _)] = escalations.as_slice() else { panic!("{} escalations", escalations.len()) };
    assert!(name.starts_with(id));
}

#[test]
fn a_page_that_nobody_could_read_comes_back_in_the_digest_and_goes_to_the_operator() {
    let clinic = clinic(
        "[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\ndigest_at = \"00:00\"\nescalate_after_hours = 0\n",
    );
    clinic.drop_paper("blank.tif", &fs::read(BLANK_FORM).unwrap());
    assert!(clinic.run_once().status.success());
    let mut daemon = clinic.start(&["run"]);
    daemon.until_file(&clinic.path("outbox"), "digest");
    daemon.until_file(&clinic.path("outbox"), "escalation");
    daemon.stop();
    let alerts = clinic.alerts();
    for part in ["digest", "escalation"] {
        let (_, alert) = alerts.iter().find(|(name, _)| name.contains(part)).unwrap();
        assert!(alert.contains("Page 1 could not be read."), "the {part} says why: {alert}");
    }
}

#[test]
fn a_letter_that_waits_is_not_sent_when_somebody_has_looked_at_the_page() {
    let exim = Exim::start();
    let clinic = clinic(&exim.alerts());
    clinic.drop_paper("blank.tif", &fs::read(BLANK_FORM).unwrap());
    exim.be_busy(true);
    let mut daemon = clinic.start(&["run"]);
    daemon.until("TROUBLE");
    daemon.stop();
    let id = clinic.records()[0]["id"].as_str().unwrap().to_owned();
    assert!(clinic.command(&["records", "resolve", &id]).status().unwrap().success());
    exim.be_busy(false);
    assert!(clinic.run_once().status.success());
    assert!(exim.accepted().is_empty(), "{:?}", exim.accepted());
}

#[test]
fn an_unencrypted_way_to_another_machine_is_refused() {
    let clinic = clinic(
        "[alerts]\nfrom = \"rxintake@clinic.example\"\n[alerts.smtp]\nhost = \"192.0.2.1\"\nport = 25\ntls = \"none\"\n",
    );
    let refused = clinic.run_once();
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("starttls"));
}

#[test]
fn a_token_opens_the_mail_server() {
    let exim = Exim::start();
    let token = |program: &str| {
        exim.alerts().replace("password_file = \"secrets/smtp\"", &format!("token_command = [\"echo\", \"{program}\"]"))
    };
    let clinic = clinic(&token("good-token"));
    clinic.drop_mail("order", ORDER);
    assert!(clinic.run_once().status.success());
    let accepted = exim.accepted();
    let [head] = accepted.as_slice() else { panic!("{} letters", accepted.len()) };
    assert!(head.contains("-auth_id xoauth2"), "{head}");
    let doctor = clinic.command(&["doctor"]).output().unwrap();
    assert!(String::from_utf8(doctor.stdout).unwrap().contains("takes letters; the token does not say"));
}

#[test]
fn a_letter_that_the_server_will_not_take_is_told_and_goes_to_the_corrected_address() {
    let exim = Exim::start();
    let clinic = clinic(&exim.alerts());
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    let operator = "\n[[staff]]\nname = \"Operator\"\nemail = \"operator@clinic.example\"\nroles = [\"operator\"]\n";
    fs::write(&path, text.replace("therapists@clinic.example", "gone@clinic.example") + operator).unwrap();
    clinic.drop_mail("order", ORDER);
    let mut daemon = clinic.start(&["run"]);
    daemon.until("cannot be delivered and is tried once a day");
    daemon.until("mailed: [rxintake] A letter cannot be delivered");
    let doctor = || String::from_utf8(clinic.command(&["doctor"]).output().unwrap().stdout).unwrap();
    assert!(doctor().contains("to gone@clinic.example: [rxintake "), "asked of the daemon: {}", doctor());
    daemon.stop();
    assert!(doctor().contains("1 cannot be delivered"), "{}", doctor());
    let told = exim.accepted();
    assert!(told.len() == 1 && told[0].contains("operator@clinic.example"), "{told:?}");
    fs::write(&path, text).unwrap();
    assert!(clinic.run_once().status.success());
    assert_eq!(exim.accepted().iter().filter(|head| head.contains("therapists@clinic.example")).count(), 1);
    assert!(doctor().contains("none that cannot be delivered"), "{}", doctor());
}

#[test]
fn a_storm_of_papers_gives_one_letter_with_a_count() {
    const PAPERS: usize = 9;
    let clinic = clinic("[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\nstorm_letters = 3\n");
    let order = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "");
    let names = ["Adler", "Baker", "Cohen", "Doyle", "Evans", "Frank", "Green", "Hayes", "Irwin"];
    for name in names {
        clinic.drop_mail(name, &order.replace("Zebra", name));
    }
    assert!(clinic.run_once().status.success());
    let alerts = clinic.alerts();
    let (gathered, alone): (Vec<_>, Vec<_>) = alerts.iter().partition(|(name, _)| name.starts_with("gathered."));
    assert_eq!((gathered.len(), alone.len()), (1, 3), "{:?}", alerts.iter().map(|(name, _)| name).collect::<Vec<_>>());
    assert!(gathered[0].1.contains("6 more papers want to be looked at"), "{}", gathered[0].1);
    for record in clinic.records() {
        let id = record["id"].as_str().unwrap();
        let is_told = alone.iter().any(|(name, _)| name.starts_with(id)) || gathered[0].1.contains(&id[..8]);
        assert!(is_told, "nobody was told of {id}");
    }
    // the letters that it stands for count as sent, also where the store is made anew
    assert!(clinic.command(&["rebuild"]).status().unwrap().success());
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), PAPERS);
    assert_eq!(clinic.alerts().len(), 4);
}

#[test]
fn what_somebody_closed_is_not_mentioned_again() {
    let clinic =
        clinic("[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\ndigest_at = \"00:00\"\n");
    let order = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "").replace("Date: 10/01/2026\n", "");
    clinic.drop_mail("gaps", &order);
    assert!(clinic.run_once().status.success());
    let id = clinic.records()[0]["id"].as_str().unwrap().to_owned();
    assert!(clinic.command(&["records", "resolve", &id, "frequency"]).status().unwrap().success());
    let mut daemon = clinic.start(&["run"]);
    daemon.until_file(&clinic.path("outbox"), "digest");
    daemon.stop();
    let alerts = clinic.alerts();
    let (_, digest) = alerts.iter().find(|(name, _)| name.starts_with("digest")).unwrap();
    assert!(digest.contains("No date") && !digest.contains("No frequency"), "{digest}");
}

/// Gaps are closed while their letters wait to be gathered.
#[test]
fn what_somebody_closed_is_not_gathered() {
    let clinic = clinic("[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\nstorm_letters = 1\n");
    let order = ORDER.replace("Frequency: 2x/week x 6 weeks\n", "").replace("Insurance", "Payer");
    let mut daemon = clinic.start(&["run"]);
    for name in ["Adler", "Baker", "Cohen"] {
        clinic.drop_mail(name, &order.replace("Zebra", name));
        // the first letter goes at once, the others wait
        daemon.until(if name == "Adler" { "mailed: " } else { "told: " });
    }
    for record in clinic.records() {
        let id = record["id"].as_str().unwrap().to_owned();
        assert!(clinic.command(&["records", "resolve", &id]).status().unwrap().success());
    }
    daemon.stop();
    assert!(clinic.run_once().status.success());
    let alerts = clinic.alerts();
    let front_desk = alerts.iter().filter(|(_, letter)| letter.contains("desk@clinic.example")).count();
    assert_eq!(front_desk, 1, "{alerts:?}");
}

/// What only the log knew of reaches the operator: one letter, without the name of the file.
#[test]
fn what_needs_a_person_reaches_one() {
    let clinic = Clinic::new();
    std::os::unix::fs::symlink("/etc/hostname", clinic.path("inbox/zebra.pdf")).unwrap();
    fs::create_dir(clinic.path("inbox/zebra")).unwrap();
    let mut daemon = clinic.start(&["run"]);
    daemon.until("TROUBLE");
    daemon.until_file(&clinic.path("outbox"), "trouble");
    daemon.stop();
    let told: Vec<(String, String)> =
        clinic.alerts().into_iter().filter(|(name, _)| name.contains("trouble")).collect();
    let [(_, letter)] = told.as_slice() else { panic!("{told:?}") };
    let letter = letter.replace("=\r\n", "");
    assert!(letter.contains("a link lies in the inbox folder") && letter.contains("a folder lies"), "{letter}");
    assert!(!letter.contains("zebra") && letter.contains("rxintake doctor --config"), "{letter}");
}

fn ask(port: u16, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn figures_and_health_are_told_to_this_machine_alone() {
    let alerts = "[alerts]\nfrom = \"rxintake@clinic.example\"\ndirectory = \"outbox\"\n";
    let port = free_port();
    let clinic = clinic(alerts);
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[metrics]\nlisten = \"0.0.0.0:{port}\"\n")).unwrap();
    let refused = clinic.run_once();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("can be reached from other machines"));
    fs::write(&path, format!("{text}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n")).unwrap();
    let mut daemon = clinic.start(&["run"]);
    clinic.drop_mail("order", ORDER);
    daemon.until("mailed: ");
    let (health, figures) = (ask(port, "/health"), ask(port, "/metrics"));
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"), "{health}");
    for line in
        ["rxintake_papers_total 1", "rxintake_letters_total 1", "rxintake_papers_owed 0", "rxintake_letters_dead 0"]
    {
        assert!(figures.lines().any(|it| it == line), "{line} is missing in\n{figures}");
    }
    assert!(!figures.to_lowercase().contains("zebra"));
    assert!(ask(port, "/records").starts_with("HTTP/1.1 404"));
    daemon.stop();
}
