//! Somebody on the line who wants the daemon to speak in plain, puts words into the server's mouth, or cuts the line where it
//! hurts most.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::bells;
use crate::clinic::{Clinic, ORDER};
use crate::dovecot::{self, Dovecot};
use crate::exim::{self, Exim};
use crate::mailbox::clinic_with;
use crate::relay::{By, Deed, Relay};

fn has(said: &[u8], words: &str) -> bool {
    said.windows(words.len()).any(|window| window.eq_ignore_ascii_case(words.as_bytes()))
}

/// A clinic whose letters go to the server that answers at `port`.
fn clinic_to(exim: &Exim, port: u16) -> Clinic {
    bells::clinic(&exim.alerts().replace(&format!("port = {}", exim.port), &format!("port = {port}")))
}

/// Nothing of a login or of a mail went over the line in plain.
fn is_secret(heard: &str) {
    for words in [dovecot::PASSWORD, "LOGIN", "AUTH", "XOAUTH2", "MAIL FROM", "desk@", "therapists@"] {
        assert!(!heard.to_lowercase().contains(&words.to_lowercase()), "{words} was heard in plain: {heard}");
    }
}

/// The list of what the server can do loses its STARTTLS, and who asks for it all the same is refused; or the wish is granted by
/// somebody who cannot encrypt.
#[test]
fn a_mailbox_that_is_kept_from_encrypting_is_not_opened() {
    let dovecot = Dovecot::start();
    dovecot.deliver("1.one", format!("From: a@b.example\nMessage-ID: <a@b.example>\n\n{ORDER}").as_bytes());
    let strip = |by: By, said: &[u8]| match by {
        By::Daemon if has(said, "STARTTLS") => Deed::Answer(b"A0001 BAD unknown command\r\n"),
        By::Server => Deed::Instead(String::from_utf8_lossy(said).replace(" STARTTLS", "").into_bytes()),
        By::Daemon => Deed::Pass,
    };
    let feign = |by: By, said: &[u8]| match by {
        By::Daemon if has(said, "STARTTLS") => Deed::Answer(b"A0001 OK begin\r\n"),
        _ => Deed::Pass,
    };
    let relays = [Relay::start(dovecot.port, strip), Relay::start(dovecot.port, feign)];
    for relay in &relays {
        let inbox = dovecot.inbox("").replace(&format!("port = {}", dovecot.port), &format!("port = {}", relay.port));
        let clinic = clinic_with(&inbox);
        let ended = clinic.run_once();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert!(!ended.status.success() && said.contains("TROUBLE"), "{said}");
        assert!(said.contains("encrypt"), "it is said what is wrong: {said}");
        let doctor = String::from_utf8(clinic.command(&["doctor"]).output().unwrap().stdout).unwrap();
        assert!(doctor.contains("TROUBLE  mailbox"), "{doctor}");
        assert!(clinic.records().is_empty());
        assert!(relay.heard().contains("STARTTLS"));
        is_secret(&relay.heard());
    }
    assert_eq!(dovecot.messages("").len(), 1);
}

/// What stands behind the server's last word in plain is nobody's answer (RFC 3501, section 6.2.1).
#[test]
fn a_mailbox_forgets_what_was_said_in_plain() {
    let dovecot = Dovecot::start();
    dovecot.deliver("1.one", format!("From: a@b.example\nMessage-ID: <a@b.example>\n\n{ORDER}").as_bytes());
    let relay = Relay::start(dovecot.port, |by, said| match by {
        By::Server if has(said, "OK Begin TLS") => {
            let lies = b"A0001 OK you are in\r\nA0002 OK\r\n* SEARCH\r\nA0003 OK\r\n";
            Deed::Instead([said, lies].concat())
        }
        _ => Deed::Pass,
    });
    let inbox = dovecot.inbox("processed = \"Processed\"");
    let clinic = clinic_with(&inbox.replace(&format!("port = {}", dovecot.port), &format!("port = {}", relay.port)));
    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!((clinic.records().len(), dovecot.messages("Processed").len()), (1, 1));
}

#[test]
fn no_letter_goes_to_a_server_that_is_kept_from_encrypting() {
    let exim = Exim::start();
    let strip = |by: By, said: &[u8]| match by {
        By::Daemon if has(said, "STARTTLS") => Deed::Answer(b"454 no TLS now\r\n"),
        By::Server => Deed::Instead(String::from_utf8_lossy(said).replace("250-STARTTLS\r\n", "").into_bytes()),
        By::Daemon => Deed::Pass,
    };
    let feign = |by: By, said: &[u8]| match by {
        By::Daemon if has(said, "STARTTLS") => Deed::Answer(b"220 go ahead\r\n"),
        _ => Deed::Pass,
    };
    for relay in [Relay::start(exim.port, strip), Relay::start(exim.port, feign)] {
        let clinic = clinic_to(&exim, relay.port);
        clinic.drop_mail("order", ORDER);
        let mut daemon = clinic.start(&["run"]);
        let told = daemon.until("TROUBLE");
        assert!(told.contains("encrypt"), "it is said what is wrong: {told}");
        daemon.stop();
        let doctor = String::from_utf8(clinic.command(&["doctor"]).output().unwrap().stdout).unwrap();
        assert!(doctor.contains("TROUBLE  alerts"), "{doctor}");
        assert!(relay.heard().contains("EHLO"));
        is_secret(&relay.heard());
        assert_eq!(clinic.records().len(), 1, "the letter waits");
    }
    assert!(exim.accepted().is_empty());
}

/// Answers that were written in plain behind the server's last word there would each pass for the answer to what is said next, and
/// a letter that the server refused would count as sent.
#[test]
fn what_was_said_in_plain_takes_no_letter() {
    let exim = Exim::start();
    exim.be_busy(true);
    let is_honest = Arc::new(AtomicBool::new(false));
    let honest = is_honest.clone();
    let relay = Relay::start(exim.port, move |by, said| match by {
        By::Server if has(said, "220 TLS go ahead") && !honest.load(Ordering::SeqCst) => {
            let lies =
                b"250-mail.clinic.example\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n";
            Deed::Instead([said, lies].concat())
        }
        _ => Deed::Pass,
    });
    let clinic = clinic_to(&exim, relay.port);
    clinic.drop_mail("order", ORDER);
    let mut daemon = clinic.start(&["run"]);
    let said = loop {
        let line = daemon.line().unwrap();
        if line.contains("TROUBLE") || line.contains("mailed: ") {
            break line;
        }
    };
    daemon.stop();
    assert!(said.contains("TROUBLE"), "nobody has the letter: {said}");
    is_honest.store(true, Ordering::SeqCst);
    exim.be_busy(false);
    assert!(clinic.run_once().status.success());
    assert_eq!(exim.accepted().len(), 1);
}

/// The server has the letter, and its word for that is lost: nobody can know, so it goes again, under the same Message-ID.
#[test]
fn a_letter_whose_answer_is_lost_goes_again_as_the_same() {
    const LOST: usize = 1;
    let exim = Exim::start();
    let (spool, lost) = (exim.spool(), Arc::new(AtomicUsize::new(0)));
    let cuts = lost.clone();
    let relay = Relay::start(exim.port, move |by, _| {
        // whoever waits for the answer does not say anything: what comes now is that answer
        let has_more = by == By::Server && exim::accepted_in(&spool).len() > cuts.load(Ordering::SeqCst);
        if has_more && cuts.load(Ordering::SeqCst) < LOST {
            cuts.fetch_add(1, Ordering::SeqCst);
            return Deed::Cut;
        }
        Deed::Pass
    });
    let clinic = clinic_to(&exim, relay.port);
    clinic.drop_mail("order", ORDER);
    let mut daemon = clinic.start(&["run"]);
    daemon.until("TROUBLE");
    daemon.until("mailed: ");
    clinic.drop_mail("other", &ORDER.replace("Zebra", "Quagga"));
    daemon.until("mailed: ");
    daemon.stop();
    let order = exim.order();
    assert_eq!(lost.load(Ordering::SeqCst), LOST);
    assert_eq!((order.len(), order.iter().collect::<BTreeSet<_>>().len()), (LOST + 2, 2), "{order:?}");
    let records = clinic.records();
    for record in &records {
        assert!(order.iter().any(|id| id.starts_with(record["id"].as_str().unwrap())), "nobody was told of {record}");
    }
    assert!(clinic.run_once().status.success());
    assert_eq!(exim.order().len(), LOST + 2, "what is sent is sent");
    let audit = fs::read_to_string(clinic.path("data/journal/sent")).unwrap();
    assert_eq!(audit.lines().count(), 2, "each is noted once");
}
