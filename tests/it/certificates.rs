//! Servers that are not who they say: refused, with a sentence that says what to do.

use std::fs;

use crate::bells;
use crate::clinic::{Clinic, ORDER};
use crate::dovecot::{Certificate, Dovecot, PASSWORD};
use crate::exim::Exim;

/// A server and what is said of it.
const REFUSED: [(Certificate, &str); 2] = [
    (Certificate::Expired, "its certificate has run out: ask whoever runs it for a new one"),
    (Certificate::OtherName, "its certificate is for another name: write the name that the provider gives"),
];

#[test]
fn a_mailbox_behind_a_bad_certificate_is_not_opened() {
    for (kind, words) in REFUSED {
        let dovecot = Dovecot::start_with(kind);
        dovecot.deliver("1.one", format!("From: a@b.example\nMessage-ID: <a@b.example>\n\n{ORDER}").as_bytes());
        for inbox in [dovecot.inbox(""), dovecot.inbox_with_implicit_tls("")] {
            let clinic = Clinic::new();
            let path = clinic.path("rxintake.toml");
            let text = fs::read_to_string(&path).unwrap();
            let head = text.split_once("[[inbox]]").unwrap().0;
            let alerts = text.split_once("\n# Alerts").unwrap().1;
            fs::write(&path, format!("{head}{inbox}\n# Alerts{alerts}")).unwrap();
            fs::write(clinic.path("secrets/imap"), PASSWORD).unwrap();
            let ended = clinic.run_once();
            let said = String::from_utf8(ended.stdout).unwrap();
            assert!(!ended.status.success() && said.contains(words), "{said}");
            let doctor = String::from_utf8(clinic.command(&["doctor"]).output().unwrap().stdout).unwrap();
            assert!(doctor.contains(words), "{doctor}");
            assert!(clinic.records().is_empty());
        }
        assert_eq!(dovecot.messages("").len(), 1);
    }
}

#[test]
fn no_letter_goes_to_a_server_with_a_bad_certificate() {
    for (kind, words) in REFUSED {
        let exim = Exim::start_with(kind);
        let clinic = bells::clinic(&exim.alerts());
        clinic.drop_mail("order", ORDER);
        let mut daemon = clinic.start(&["run"]);
        let told = daemon.until("TROUBLE");
        assert!(told.contains(words), "{told}");
        daemon.stop();
        let doctor = String::from_utf8(clinic.command(&["doctor"]).output().unwrap().stdout).unwrap();
        assert!(doctor.contains(words), "{doctor}");
        assert!(exim.accepted().is_empty());
        assert_eq!(clinic.records().len(), 1, "the letter waits");
    }
}
