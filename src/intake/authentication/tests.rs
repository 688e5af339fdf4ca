//! Headers as the servers of several houses write them; the mails are invented.

use super::*;

const FROM: &str = "From: eFax <message@inbound.efax.com>\r\nSubject: eFax message\r\n\r\nSee the attachment.\r\n";
const OURS: &str = "Received: from mta.efax.com (mta.efax.com [192.0.2.7])\r\n\tby mx.clinic.example (Postfix) with ESMTPS id \
                    4F1\r\n\tfor <fax@clinic.example>; Wed, 01 Jul 2026 18:03:22 +0000\r\n";
const THEIRS: &str =
    "Received: from app7.efax.com (10.1.2.3) by mta.efax.com with SMTP; Wed, 01 Jul 2026 18:03:20 +0000\r\n";

fn verdict(head: &str, server: &str) -> Verdict {
    sender(format!("{head}{FROM}").as_bytes(), server)
}

/// What the clinic's own server says, on a line above its `Received`.
fn said(results: &str) -> Verdict {
    verdict(&format!("Authentication-Results: mx.clinic.example;{results}\r\n{OURS}{THEIRS}"), "mx.clinic.example")
}

#[test]
fn gmail() {
    let head = |dmarc: &str| {
        format!(
            "Delivered-To: fax@clinic.example\r\nReceived: by 2002:a05:7022:2214:b0:61 with SMTP id bu20csp1;\r\n\tWed, 01 Jul \
             2026 11:03:23 -0700 (PDT)\r\nARC-Authentication-Results: i=1; mx.google.com;\r\n dkim=pass \
             header.i=@efax.com\r\nReturn-Path: <bounce-fax=clinic.example@bounce.example>\r\nReceived: from mta.efax.com \
             (mta.efax.com. [192.0.2.7])\r\n\tby mx.google.com with ESMTPS id x1\r\n\tfor <fax@clinic.example>;\r\n\tWed, 01 Jul \
             2026 11:03:23 -0700 (PDT)\r\nReceived-SPF: pass (google.com: domain of bounce.example designates 192.0.2.7 as \
             permitted sender)\r\nAuthentication-Results: mx.google.com;\r\n       dkim=pass header.i=@elsewhere.example \
             header.s=s1 header.b=\"Qk/a+0=x\";\r\n       spf=pass (google.com: domain of bounce.example designates 192.0.2.7 as \
             permitted sender) smtp.mailfrom=\"bounce-fax=clinic.example\"@bounce.example;\r\n       dmarc={dmarc}\r\n{THEIRS}"
        )
    };
    let passed = "pass (p=REJECT sp=REJECT dis=NONE) header.from=inbound.efax.com";
    assert_eq!(verdict(&head(passed), "mx.google.com"), Verdict::Verified);
    let failed = "fail (p=NONE sp=NONE dis=NONE) header.from=inbound.efax.com";
    assert_eq!(verdict(&head(failed), "mx.google.com"), Verdict::NotVerified);
    let of_another = "pass (p=NONE) header.from=other.example";
    assert_eq!(verdict(&head(of_another), "mx.google.com"), Verdict::NotVerified, "it passed for another From");
    assert_eq!(verdict(&head(passed), "mx.clinic.example"), Verdict::NoWord, "another server's word");
}

#[test]
fn microsoft_365() {
    let head = |results: &str| {
        format!(
            "Received: from SA1PR04MB01.namprd04.prod.outlook.com (2603:10b6:806::1)\r\n by \
             CO6PR04MB02.namprd04.prod.outlook.com with HTTPS; Wed, 1 Jul 2026 18:03:24 +0000\r\nReceived: from \
             BN9PR03CA03.namprd03.prod.outlook.com (2603:10b6:408::2)\r\n by SA1PR04MB01.namprd04.prod.outlook.com with Microsoft \
             SMTP Server; Wed, 1 Jul 2026 18:03:23 +0000\r\nAuthentication-Results: {results}\r\nReceived-SPF: Pass \
             (protection.outlook.com: domain of efax.com designates 192.0.2.7 as permitted sender)\r\nReceived: from mta.efax.com \
             (192.0.2.7)\r\n by BN8NAM01FT03.mail.protection.outlook.com (10.13.1.1) with Microsoft SMTP Server; Wed, 1 Jul 2026 \
             18:03:22 +0000\r\nAuthentication-Results: spf=pass smtp.mailfrom=inbound.efax.com; dmarc=pass\r\n{THEIRS}"
        )
    };
    let passed = "spf=pass (sender IP is 192.0.2.7)\r\n smtp.mailfrom=efax.com; dkim=pass (signature was verified)\r\n \
                  header.d=efax.com;dmarc=pass action=none\r\n header.from=inbound.efax.com;compauth=pass reason=100";
    assert_eq!(verdict(&head(passed), "outlook.com"), Verdict::Verified);
    let failed = "spf=none (sender IP is 192.0.2.7)\r\n smtp.mailfrom=bad.example; dkim=none (message not signed)\r\n \
                  header.d=none;dmarc=fail action=quarantine\r\n header.from=inbound.efax.com;compauth=fail reason=000";
    assert_eq!(verdict(&head(failed), "outlook.com"), Verdict::NotVerified, "the line below is the sender's own");
    assert_eq!(
        verdict(&head(passed), "mx.clinic.example"),
        Verdict::NoWord,
        "a header without a name is Microsoft's alone"
    );
}

/// OpenDKIM, OpenDMARC and an SPF policy service write a header each, above or below Postfix's own line.
#[test]
fn postfix_with_milters() {
    let dkim = "Authentication-Results: mx.clinic.example;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=efax.com \
                header.i=@efax.com header.a=rsa-sha256 header.s=s1 header.b=\"Qk/a+0xY\";\r\n\tdkim-atps=neutral\r\n";
    let spf = "Authentication-Results: mx.clinic.example; spf=pass (sender SPF authorized) smtp.mailfrom=bounce.bad.example \
               (client-ip=192.0.2.7; helo=mta.efax.com; envelope-from=x@bounce.bad.example; receiver=fax@clinic.example)\r\n";
    let dmarc = |result: &str| {
        format!(
            "Authentication-Results: mx.clinic.example; dmarc={result} (p=none dis=none) header.from=inbound.efax.com\r\n"
        )
    };
    let lmtp =
        "Received: from mx.clinic.example by store.clinic.example with LMTP id 1; Wed, 01 Jul 2026 18:03:23 +0000\r\n";
    let (passed, failed) = (dmarc("pass"), dmarc("fail"));
    for (head, expected) in [
        (format!("{dkim}{OURS}{THEIRS}"), Verdict::Verified),
        (format!("{lmtp}{OURS}{dkim}{THEIRS}"), Verdict::Verified),
        (format!("{lmtp}{OURS}{spf}{THEIRS}"), Verdict::NotVerified),
        (format!("{lmtp}{OURS}{passed}{spf}{THEIRS}"), Verdict::Verified),
        (format!("{failed}{dkim}{OURS}{THEIRS}"), Verdict::NotVerified),
        (format!("{dkim}{failed}{OURS}{THEIRS}"), Verdict::NotVerified),
    ] {
        assert_eq!(verdict(&head, "mx.clinic.example"), expected, "{head}");
    }
    assert_eq!(verdict(&format!("{dkim}{OURS}"), "clinic.example"), Verdict::Verified, "a server below the name");
}

#[test]
fn what_a_sender_writes_himself_counts_for_nothing() {
    let forged = "Authentication-Results: mx.clinic.example; dmarc=pass header.from=inbound.efax.com\r\n";
    let real = "Authentication-Results: mx.clinic.example; dkim=none; spf=pass smtp.mailfrom=bad.example\r\n";
    for (head, expected) in [
        (format!("{OURS}{THEIRS}{forged}"), Verdict::NoWord),
        (format!("{real}{OURS}{forged}"), Verdict::NotVerified),
        (format!("{OURS}{}", forged.replace("mx.clinic.example", "mx.clinic.example.bad.example")), Verdict::NoWord),
        (format!("{OURS}{}", forged.replace("mx.clinic.example", "amx.clinic.example")), Verdict::NoWord),
        (format!("{OURS}{}", forged.replace("mx.clinic.example; ", "")), Verdict::NoWord),
        (format!("{OURS}{}", forged.replace("Authentication-Results", "X-Authentication-Results")), Verdict::NoWord),
        (OURS.to_owned(), Verdict::NoWord),
        (String::new(), Verdict::NoWord),
    ] {
        assert_eq!(verdict(&head, "mx.clinic.example"), expected, "{head}");
    }
}

#[test]
fn comments_and_quotes_say_nothing() {
    for results in [
        " none",
        "",
        " spf=fail (x; dmarc=pass header.from=inbound.efax.com) smtp.mailfrom=bad.example",
        " spf=fail (a (nested) ; dmarc=pass) smtp.mailfrom=bad.example",
        " spf=fail (a \\) ; dmarc=pass ) smtp.mailfrom=bad.example",
        " spf=fail smtp.mailfrom=\"a; dmarc=pass header.from=inbound.efax.com\"@bad.example",
        " spf=pass smtp.mailfrom=\"a\\\"; dmarc=pass \"@bad.example",
        " spf=pass smtp.mailfrom=x@inbound.efax.com@bad.example",
        " spf=pass smtp.helo=inbound.efax.com",
        " dkim=pass header.d=com",
        " dkim=pass header.d=efax.com.bad.example",
        " dkim=pass header.d=notefax.com",
        " dkim=fail header.d=efax.com",
        " dkim=pass reason=\"header.d=efax.com\" header.d=bad.example",
        " dmarc=pass; dmarc=fail",
        " dmarc=pass header.from=bad.inbound.efax.com",
    ] {
        assert_eq!(said(results), Verdict::NotVerified, "{results}");
    }
    for results in [
        " dmarc=pass",
        " DMARC=Pass header.from=Inbound.eFax.com",
        " dkim=fail header.d=efax.com; dkim=pass header.d=efax.com",
        " dkim/1 = pass (good) header.d = efax.com",
        " dkim=pass header.i=@mail.inbound.efax.com",
        " spf=pass smtp.mailfrom=prvs=12=x@efax.com",
        "dmarc=none;spf=pass smtp.mailfrom=bounce.inbound.efax.com.",
    ] {
        assert_eq!(said(results), Verdict::Verified, "{results}");
    }
    let with_version = format!("Authentication-Results: (by us) mx.clinic.example (postfix) 1; dmarc=pass\r\n{OURS}");
    assert_eq!(verdict(&with_version, "MX.clinic.example."), Verdict::Verified);
}

proptest::proptest! {
    #[test]
    fn no_header_panics(results in "[ -~\\r\\n\\t]{0,200}") {
        read(&results);
        said(&results);
    }
}
