//! Alerts against a real mail server, and against one that says nothing.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;

use crate::clinic::{Clinic, ORDER};
use crate::exim::{Exim, PASSWORD};

fn clinic(alerts: &str) -> Clinic {
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
fn an_unencrypted_way_to_another_machine_is_refused() {
    let clinic = clinic(
        "[alerts]\nfrom = \"rxintake@clinic.example\"\n[alerts.smtp]\nhost = \"192.0.2.1\"\nport = 25\ntls = \"none\"\n",
    );
    let refused = clinic.run_once();
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("starttls"));
}
