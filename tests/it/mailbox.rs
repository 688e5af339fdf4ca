//! The mailbox door against a real Dovecot.

use std::fs;
use std::time::Duration;

use mail_builder::MessageBuilder;

use crate::clinic::{Clinic, ORDER};
use crate::dovecot::{Dovecot, PASSWORD};
use crate::imap_script::{PIECES, Script, Server};
use crate::make::pdf;

/// A clinic whose only door is the mailbox.
fn clinic(dovecot: &Dovecot, more: &str) -> Clinic {
    clinic_with(&dovecot.inbox(more))
}

pub(crate) fn clinic_with(inbox: &str) -> Clinic {
    let clinic = Clinic::new();
    let path = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("[[inbox]]").unwrap();
    let (_, after) = rest.split_once("\n# Alerts").unwrap();
    fs::write(&path, format!("{before}{inbox}\n# Alerts{after}")).unwrap();
    fs::write(clinic.path("secrets/imap"), format!("{PASSWORD}\n")).unwrap();
    clinic
}

fn mail(id: &str, attachments: &[&[u8]]) -> Vec<u8> {
    let mut mail = MessageBuilder::new()
        .from(("Fax service", "message@fax.example"))
        .to("fax@clinic.example")
        .subject("New fax")
        .message_id(id)
        .text_body(if attachments.is_empty() { ORDER } else { "Please find the fax attached." });
    for (number, bytes) in attachments.iter().enumerate() {
        // fax gateways declare what they like
        mail = mail.attachment("application/octet-stream", format!("fax{number}.bin"), *bytes);
    }
    mail.write_to_vec().unwrap()
}

#[test]
fn each_paper_of_a_mail_is_a_record_and_the_mail_is_moved() {
    let dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "processed = \"Processed\"");
    let papers = [pdf(&["Prescription for massage therapy"]), pdf(&["Medical clearance"])];
    dovecot.deliver("1.one", &mail("two@fax.example", &[&papers[0], &papers[1]]));
    dovecot.deliver("2.two", &mail("body@fax.example", &[]));
    dovecot.deliver("3.three", b"From: a@b.example\nMessage-ID: <none@b.example>\nSubject: Lunch?\n\nAt noon?\n");
    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    let mut names: Vec<String> =
        clinic.records().iter().map(|record| record["origin"]["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["body@fax.example", "none@b.example", "two@fax.example", "two@fax.example"]);
    assert!(clinic.records().iter().all(|record| record["origin"]["kind"] == "imap"));
    assert_eq!(dovecot.messages(""), [""; 0]);
    let moved = dovecot.messages("Processed");
    assert_eq!(moved.len(), 3);
    let seen = |name: &String| name.split_once(":2,").is_some_and(|(_, flags)| flags.contains('S'));
    assert!(!moved.iter().any(seen), "a person has not seen them: {moved:?}");
    let none = clinic.records().into_iter().find(|record| record["origin"]["name"] == "none@b.example").unwrap();
    assert_eq!(none["error"]["code"], "not_a_paper");
    assert!(none["error"]["message"].as_str().unwrap().contains("no paper"));
}

#[test]
fn a_waiting_daemon_is_told_of_new_mail_and_lives_through_a_lost_connection() {
    let mut dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "processed = \"Processed\"\npoll_seconds = 100");
    dovecot.deliver("1.one", &mail("one@fax.example", &[]));
    let mut daemon = clinic.start(&["run"]);
    daemon.until("one@fax.example");
    // it waits in IDLE now; the next look by itself is far away
    dovecot.deliver("2.two", &mail("two@fax.example", &[]));
    daemon.until("two@fax.example");
    dovecot.stop();
    daemon.until("TROUBLE");
    dovecot.start_again();
    dovecot.deliver("3.three", &mail("three@fax.example", &[]));
    daemon.until("three@fax.example");
    daemon.stop();
    assert_eq!(clinic.records().len(), 3);
    assert_eq!(dovecot.messages("Processed").len(), 3);
}

#[test]
fn another_uid_validity_neither_skips_nor_repeats() {
    let mut dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "");
    dovecot.deliver("1.one", &mail("one@fax.example", &[]));
    assert!(clinic.run_once().status.success());
    assert_eq!(dovecot.messages("").len(), 1, "without a folder for processed mails it stays");
    dovecot.change_uid_validity();
    dovecot.deliver("2.two", &mail("two@fax.example", &[]));
    assert!(clinic.run_once().status.success());
    assert!(clinic.run_once().status.success());
    let names: Vec<String> = clinic.records().iter().map(|record| record["origin"]["name"].to_string()).collect();
    assert_eq!(names, ["\"one@fax.example\"", "\"two@fax.example\""]);
}

#[test]
fn senders_who_are_not_on_the_list_are_held() {
    let dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "allow_from = [\"@hillside.example\"]\nprocessed = \"Processed\"");
    dovecot.deliver("1.one", &mail("one@fax.example", &[]));
    let ended = clinic.run_once();
    assert!(ended.status.success());
    assert!(String::from_utf8(ended.stdout).unwrap().contains("is held in the mailbox"));
    assert_eq!((clinic.records().len(), dovecot.messages("").len()), (0, 1));
}

/// Who sees it lets it in: with the daemon at work or without, on a server that keeps marks.
#[test]
fn a_held_mail_is_listed_and_let_in_by_a_person() {
    let dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "allow_from = [\"@hillside.example\"]\nprocessed = \"Processed\"\npoll_seconds = 2");
    for name in ["one", "two", "three"] {
        dovecot.deliver(&format!("1.{name}"), &mail(&format!("{name}@fax.example"), &[]));
    }
    assert!(clinic.run_once().status.success());
    let ask = |arguments: &[&str]| {
        let output = clinic.command(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let ids = |listed: &str| -> Vec<String> {
        let lines = listed.lines().filter(|line| !line.starts_with(' '));
        lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    };
    let listed = ask(&["inbox", "held"]);
    let [first, second, third] = ids(&listed).try_into().unwrap();
    assert!(listed.contains("from ") && listed.contains("not on the list (allow_from)"), "{listed}");
    let doctor = clinic.command(&["doctor"]).output().unwrap();
    let doctor = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.contains("TROUBLE  held mails: 3 wait for somebody to look"), "{doctor}");
    ask(&["inbox", "release", &first, "--by", "Ann"]);
    assert!(clinic.run_once().status.success());
    assert_eq!((clinic.records().len(), dovecot.messages("Processed").len()), (1, 1));
    let mut daemon = clinic.start(&["run"]);
    daemon.until_file(&clinic.path("data"), "socket");
    ask(&["inbox", "release", &second]);
    daemon.until("the same bytes came before");
    // it is moved behind what it says
    daemon.until_seen("the second is moved", || dovecot.messages("").len() < 2);
    let left = dovecot.messages("");
    assert_eq!(left.len(), 1, "{third} is still there");
    dovecot.remove(&left[0]);
    // the server tells of it, or the next look does
    daemon.until_seen("nothing is held", || ask(&["inbox", "held"]) == "No mail is held.\n");
    daemon.stop();
    assert_eq!((clinic.records().len(), dovecot.messages("").len()), (2, 0));
    let audit = ask(&["audit", "list"]);
    assert!(audit.contains("Ann") && audit.contains("released"), "{audit}");
}

/// A server without keywords forgets what is held; the list does not, and the mail is not fetched again at every start.
#[test]
fn what_is_held_is_known_after_a_restart_also_where_the_server_keeps_no_marks() {
    let server = Server::start(&mails(2), Script { no_keywords: true, ..Script::default() });
    let clinic = clinic_with(&server.inbox("allow_from = [\"@hillside.example\"]\nprocessed = \"Processed\""));
    for _ in 0..3 {
        assert!(clinic.run_once().status.success());
    }
    assert_eq!((server.fetched(1), server.fetched(2), server.left()), (1, 1, vec![1, 2]));
    let listed = String::from_utf8(clinic.command(&["inbox", "held"]).output().unwrap().stdout).unwrap();
    let first = listed.split(' ').next().unwrap();
    assert!(clinic.command(&["inbox", "release", first]).status().unwrap().success());
    assert!(clinic.run_once().status.success());
    assert_eq!((clinic.records().len(), server.left().len()), (1, 1));
}

/// The subject of a fax service is quickly written. Who vouches for the sender is the server that received the mail.
#[test]
fn a_fax_mail_whose_sender_is_not_verified_is_held() {
    let dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "authserv_id = \"mx.clinic.example\"\nprocessed = \"Processed\"");
    let paper = pdf(&["Save on toner today"]);
    let way = |host: &str| {
        format!("Received: from a.example (a.example [192.0.2.7]) by {host} with ESMTPS; 1 Jul 2026 18:03:22 +0000\r\n")
    };
    let (ours, theirs) = (way("mx.clinic.example"), way("mta.bad.example"));
    let word = |result: &str| {
        format!("Authentication-Results: mx.clinic.example; dmarc={result} header.from=inbound.efax.com\r\n")
    };
    let deliver = |id: &str, from: &str, subject: &str, head: &str| {
        let mail = MessageBuilder::new().from(from).to("fax@clinic.example").subject(subject).message_id(id);
        let mail = mail.text_body("See the fax.").attachment("application/pdf", "fax.pdf", paper.as_slice());
        let mail = [head.as_bytes(), &mail.write_to_vec().unwrap()].concat();
        dovecot.deliver(id, &mail);
    };
    let efax = |id: &str, head: &str| {
        deliver(
            id,
            "message@inbound.efax.com",
            "eFax message from \"912065550100\" - 1 page(s), Caller-ID: 1-206-555-0101",
            head,
        );
    };
    efax("passed", &format!("{}{ours}", word("pass")));
    efax("failed", &format!("{}{ours}", word("fail")));
    efax("silent", &ours);
    efax("forged", &format!("{ours}{theirs}{}", word("pass")));
    deliver("office", "office@hillside.example", "Order", &ours);
    deliver("inside", "fax@freepbx.pbx", "New fax received", &ours);
    let rules = clinic.path("rules/senders/fax-services.toml");
    let text = fs::read_to_string(&rules).unwrap();
    fs::write(&rules, text.replacen("name = \"FreePBX\"", "verify = false\nname = \"FreePBX\"", 1)).unwrap();

    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    let names = |clinic: &Clinic| {
        let records = clinic.records();
        let mut names: Vec<String> =
            records.iter().map(|record| record["origin"]["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&clinic), ["inside", "office", "passed"]);
    let said = String::from_utf8(ended.stdout).unwrap();
    let told = |words: &str| said.lines().filter(|line| line.contains("TROUBLE") && line.contains(words)).count();
    assert_eq!(told("looks like a fax mail, but its sender could not be verified"), 3, "{said}");
    assert_eq!((told("neither DMARC nor SPF or DKIM passed"), told("says nothing of him")), (1, 2), "{said}");
    assert_eq!(dovecot.messages("").len(), 3, "they stay in the mailbox");
    let again = clinic.run_once();
    assert!(!String::from_utf8(again.stdout).unwrap().contains("TROUBLE"), "each is told once");
    let doctor = clinic.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("mx.clinic.example says of 1 of the 3 newest mails"), "{said}");

    let configuration = clinic.path("rxintake.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, text.replace("\"mx.clinic.example\"", "\"mx.clinic.exmaple\"")).unwrap();
    let doctor = clinic.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("TROUBLE  mailbox fax") && said.contains("every fax mail would be held"), "{said}");
    fs::write(&configuration, text.replace("authserv_id", "allow_from = [\"@hillside.example\"]\nauthserv_id"))
        .unwrap();
    deliver("listed", "office@hillside.example", "Another order", &ours);
    let ended = clinic.run_once();
    assert!(String::from_utf8(ended.stdout).unwrap().contains("looks like one of a sender on the list"));
    assert_eq!(names(&clinic).len(), 3);
}

#[test]
fn a_token_from_a_program_opens_the_mailbox() {
    let dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "processed = \"Processed\"");
    let path = clinic.path("rxintake.toml");
    let with_token = |token: &str| {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("token_command"));
        let lines: Vec<String> = lines
            .flat_map(|line| match line {
                "password_file = \"secrets/imap\"" => {
                    vec![format!("token_command = [\"cat\", \"{}\"]", clinic.path("token").display()), String::new()]
                }
                "" => vec![],
                line => vec![line.to_owned()],
            })
            .collect();
        fs::write(clinic.path("token"), format!("{token}\n")).unwrap();
        fs::write(&path, lines.join("\n")).unwrap();
    };
    let text = fs::read_to_string(&path).unwrap();
    dovecot.deliver("1.one", &mail("one@fax.example", &[]));
    with_token("bad-token");
    let ended = clinic.run_once();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.contains("token_command") && !said.contains("bad-token"), "{said}");
    fs::write(&path, text).unwrap();
    with_token("good-token");
    assert!(clinic.run_once().status.success());
    assert_eq!((clinic.records().len(), dovecot.messages("Processed").len()), (1, 1));
}

#[test]
fn a_wrong_password_is_told_and_nothing_is_called_done() {
    let dovecot = Dovecot::start();
    let clinic = clinic(&dovecot, "");
    fs::write(clinic.path("secrets/imap"), "wrong").unwrap();
    let ended = clinic.run_once();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(String::from_utf8(ended.stdout).unwrap().contains("password_file"));
    let doctor = clinic.command(&["doctor"]).output().unwrap();
    assert_eq!(doctor.status.code(), Some(1));
    assert!(String::from_utf8(doctor.stdout).unwrap().contains("TROUBLE  mailbox fax"));
}

fn mails(count: usize) -> Vec<Vec<u8>> {
    (1..=count).map(|number| mail(&format!("{number}@fax.example"), &[])).collect()
}

/// RFC 3501, section 4.3: a literal has a length, and what ends before it is no mail; nor is one whose answer is not closed.
#[test]
fn a_mail_that_is_cut_in_the_middle_is_fetched_again_whole() {
    std::thread::scope(|scope| {
        for pieces in [0, 2, PIECES] {
            scope.spawn(move || check_cut(pieces));
        }
    });
}

fn check_cut(pieces: usize) {
    let server = Server::start(&mails(3), Script { cut: Some((2, pieces)), ..Script::default() });
    let clinic = clinic_with(&server.inbox("processed = \"Processed\""));
    let mut daemon = clinic.start(&["run"]);
    // the first may still be read when the second breaks off
    daemon.until_each(&["TROUBLE", "1@fax.example", "2@fax.example", "3@fax.example"]);
    daemon.stop();
    assert_eq!((server.fetched(1), server.fetched(2), server.fetched(3)), (1, 2, 1), "behind {pieces} pieces");
    let records = clinic.records();
    assert_eq!(records.len(), 3, "behind {pieces} pieces");
    assert!(records.iter().all(|record| record["error"].is_null()), "nothing partial was kept");
    assert!(server.left().is_empty());
}

#[test]
fn a_mail_that_cannot_be_moved_does_not_hold_up_the_others() {
    let server = Server::start(&mails(4), Script { unmovable: Some(2), ..Script::default() });
    let clinic = clinic_with(&server.inbox("processed = \"Processed\"\npoll_seconds = 1"));
    let mut daemon = clinic.start(&["run"]);
    let told = daemon.until("TROUBLE");
    assert!(told.contains("refuses to move a mail"), "{told}");
    daemon.until("4@fax.example");
    // two polls later
    assert!(!daemon.hears_within(Duration::from_secs(3), "TROUBLE"), "it is told once");
    daemon.stop();
    assert_eq!((server.left(), server.fetched(2)), (vec![2], 1), "it is ours, and left alone for a while");
    assert_eq!(clinic.records().len(), 4);
}

#[test]
fn a_server_without_keywords_is_not_asked_for_the_same_mail_at_every_look() {
    let server = Server::start(&mails(2), Script { no_keywords: true, ..Script::default() });
    let more = "allow_from = [\"@hillside.example\"]\nprocessed = \"Processed\"\npoll_seconds = 1";
    let clinic = clinic_with(&server.inbox(more));
    let mut daemon = clinic.start(&["run"]);
    for _ in 0..2 {
        assert!(daemon.until("TROUBLE").contains("is held in the mailbox"));
    }
    assert!(!daemon.hears_within(Duration::from_secs(3), "TROUBLE"), "each is told once");
    daemon.stop();
    assert_eq!((server.fetched(1), server.fetched(2), server.left()), (1, 1, vec![1, 2]));
}

/// A large mail over a slow line takes longer than an answer may, and bytes arrive all the time.
#[test]
fn a_slow_mail_is_waited_for_as_long_as_it_moves() {
    let server = Server::start(&mails(1), Script { pause: Duration::from_millis(600), ..Script::default() });
    let clinic = clinic_with(&server.inbox("processed = \"Processed\"\ntimeout_seconds = 1"));
    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    assert_eq!((clinic.records().len(), server.fetched(1)), (1, 1));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let dovecot = Dovecot::start();
    dovecot.deliver("1.one", &mail("one@fax.example", &[]));
    let inbox = dovecot.inbox_with_implicit_tls("");
    let unknown: Vec<&str> = inbox.lines().filter(|line| !line.starts_with("ca_file")).collect();
    let ended = clinic_with(&(unknown.join("\n") + "\n")).run_once();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(!ended.status.success() && said.contains("the encrypted connection to the mail server"), "{said}");
    assert_eq!(dovecot.messages("").len(), 1);
    let clinic = clinic_with(&inbox);
    assert!(clinic.run_once().status.success());
    assert_eq!(clinic.records().len(), 1);
}
