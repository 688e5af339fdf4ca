//! What is a paper in a mail, and what a person is told where there is none. Each case is a mail that is dropped into the inbox.

use std::fs;
use std::io::{Cursor, Write};

use mail_builder::MessageBuilder;
use mail_builder::mime::MimePart;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::clinic::{Clinic, ORDER, files};
use crate::make::{blank_png, encrypted_pdf, pdf};

struct Case {
    name: &'static str,
    mail: Vec<u8>,
    /// For each record, in order: the beginning of what its error says, or "" where it was read.
    papers: &'static [&'static str],
}

fn case(name: &'static str, mail: Vec<u8>, papers: &'static [&'static str]) -> Case {
    Case { name, mail, papers }
}

fn mail<'a>(from: &'a str, subject: &'a str, body: &'a str) -> MessageBuilder<'a> {
    MessageBuilder::new().from(from).to("fax@clinic.example").subject(subject).text_body(body)
}

fn with(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mail = mail("office@hillside.example", "Order", "See the attachment.");
    mail.attachment("application/octet-stream", name, bytes).write_to_vec().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Bit 0 of the flags says that a file is encrypted (APPNOTE 4.4.4), in its own head and in the list at the end.
fn locked(mut zip: Vec<u8>) -> Vec<u8> {
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = zip.windows(4).position(|window| window == mark).unwrap();
        zip[at + flags] |= 1;
    }
    zip
}

/// MS-OXTNEF, section 2.1: signature, key, then level, attribute, length, data, checksum.
fn winmail(paper: &[u8]) -> Vec<u8> {
    let length = u32::try_from(paper.len()).unwrap().to_le_bytes();
    [&[0x78, 0x9f, 0x3e, 0x22, 1, 0, 2, 0x0f, 0x80, 0x06, 0], length.as_slice(), paper, &[0, 0]].concat()
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut number = 7_u32;
    let next = |_| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (number >> 24) as u8
    };
    (0..bytes).map(next).collect()
}

fn cases() -> Vec<Case> {
    let paper = pdf(&["Prescription for massage therapy"]);
    let photo = crate::make::png(400, 300, &noise(120_000));
    let inline = |picture: &[u8], body: &str| {
        let parts = vec![
            MimePart::new("text/plain", body.to_owned()),
            MimePart::new("image/png", picture.to_vec()).inline().cid("picture"),
        ];
        let mail = MessageBuilder::new().from("office@hillside.example").to("fax@clinic.example").subject("Order");
        mail.body(MimePart::new("multipart/related", parts)).write_to_vec().unwrap()
    };
    let page = || MimePart::new("image/png", blank_png(1728, 2200));
    let logo = || MimePart::new("image/png", blank_png(60, 20));
    let related = |html: &str, picture: MimePart<'static>| {
        let mail = MessageBuilder::new().from("office@hillside.example").to("fax@clinic.example").subject("Order");
        let parts = vec![MimePart::new("text/html", html.to_owned()), picture];
        mail.body(MimePart::new("multipart/related", parts)).write_to_vec().unwrap()
    };
    let beside = |paper: &[u8], kind: &str, name: &str, bytes: &[u8]| {
        let mail = mail("office@hillside.example", "Order", "See the attachments.");
        let mail = mail.attachment("application/pdf", "order.pdf", paper.to_vec());
        mail.attachment(kind.to_owned(), name.to_owned(), bytes.to_vec()).write_to_vec().unwrap()
    };
    let forwarded = |inner: Vec<u8>| {
        let mail = mail("desk@clinic.example", "Fwd: Order", "Please see below.");
        mail.body(MimePart::new(
            "multipart/mixed",
            vec![MimePart::new("text/plain", "Please see below."), MimePart::new("message/rfc822", inner)],
        ))
        .write_to_vec()
        .unwrap()
    };
    let order = mail("office@hillside.example", "Order", ORDER).write_to_vec().unwrap();
    let bomb = [b"%PDF-1.4".as_slice(), &vec![0; 50_000_000]].concat();
    let many: Vec<(String, &[u8])> = (0..201).map(|number| (format!("{number}.pdf"), paper.as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    let link = "You have a secure message. To view it, open https://portal.example/m?id=1";
    vec![
        case("declared as something else", with("fax.bin", &paper), &[""]),
        case("a picture in the text is a paper", inline(&photo, "Hello"), &[""]),
        case("a logo is none", inline(&blank_png(60, 20), ORDER), &[""]),
        case(
            "a mail whose attachment was forgotten",
            mail("office@hillside.example", "Rx", "Hello,\nattached please find the massage prescription. Thanks, Kim")
                .write_to_vec()
                .unwrap(),
            &["The mail holds no paper"],
        ),
        case(
            "an order in a sentence",
            mail(
                "office@hillside.example",
                "Rx",
                "Please see Maria (DOB 3/2/1984) for massage 2x/wk x 6 wks, dx M54.2.",
            )
            .write_to_vec()
            .unwrap(),
            &[""],
        ),
        case("a logo alone is no paper", inline(&blank_png(60, 20), "Hello"), &["The mail holds no paper"]),
        // a scan of 26 kB with a Content-ID was taken for a logo
        case("an attached page with a Content-ID", related("Hello", page().attachment("scan.png").cid("scan")), &[""]),
        case("a page that the text shows", related("<img src=\"cid:scan\">", page().inline().cid("scan")), &[""]),
        case("an attached small picture", related("Hello", logo().attachment("crop.png").cid("crop")), &[""]),
        case(
            "an attached logo that the text shows",
            related(&format!("<pre>{ORDER}</pre><img src=\"cid:logo\">"), logo().attachment("logo.png").cid("logo")),
            &[""],
        ),
        case("an attached text", beside(&paper, "text/plain", "order.txt", ORDER.as_bytes()), &["", ""]),
        case("an attached text alone", with("order.txt", ORDER.as_bytes()), &[""]),
        case(
            "a kind that is not read",
            beside(&paper, "image/gif", "scan.gif", b"GIF89a\xc0\x06\x98\x08"),
            &["", "Pictures of this kind are not read"],
        ),
        case("a kind that is not read alone", with("scan.gif", b"GIF89a\xc0\x06\x98\x08"), &["Pictures of this kind"]),
        case(
            "what nobody knows",
            beside(&paper, "application/x-fax", "scan", &[0; 99]),
            &["", "This is neither a PDF"],
        ),
        case(
            "a web page",
            beside(&paper, "text/html", "m.html", b"<!DOCTYPE html><p>x"),
            &["", "The mail holds only a"],
        ),
        case("a web page alone", with("m.html", b"<html><p>x"), &["The mail holds only a link"]),
        case("a contact is no paper", beside(&paper, "text/vcard", "a.vcf", b"BEGIN:VCARD\nEND:VCARD\n"), &[""]),
        case(
            "an order in the text beside what is not read",
            mail("office@hillside.example", "Order", "Prescription: massage, 2 times per week")
                .attachment("image/gif", "scan.gif", b"GIF89a\xc0\x06\x98\x08".as_slice())
                .write_to_vec()
                .unwrap(),
            &["", "Pictures of this kind are not read"],
        ),
        case(
            "a zip with a text",
            with("a.zip", &zip(&[("a.txt", ORDER.as_bytes()), ("a.pdf", &paper), ("._a", b"\0\x05\x16\x07")])),
            &["", ""],
        ),
        case("a forwarded mail with a paper", forwarded(with("fax.pdf", &paper)), &[""]),
        case("a forwarded mail with an order in its text", forwarded(order.clone()), &[""]),
        case("an order in the text", order, &[""]),
        case(
            "an order in the text beside an attachment",
            mail("office@hillside.example", "Order", ORDER)
                .attachment("application/pdf", "consent.pdf", paper.as_slice())
                .write_to_vec()
                .unwrap(),
            &["", ""],
        ),
        case("a zip", with("a.zip", &zip(&[("../../etc/cron.d/a.pdf", &paper), ("/b.pdf", &paper)])), &["", ""]),
        case(
            "a zip in a zip",
            with("a.zip", &zip(&[("a.pdf", &paper), ("b.zip", &zip(&[("c.pdf", &paper)]))])),
            &["", "This is a zip archive"],
        ),
        case("a locked zip", with("a.zip", &locked(zip(&[("a.pdf", &paper)]))), &["The archive is locked"]),
        case(
            "a zip that grows without end",
            with("a.zip", &zip(&[("a.pdf", &bomb)])),
            &["The archive unpacks to more"],
        ),
        case("a zip of many", with("a.zip", &zip(&many)), &["The archive unpacks to more"]),
        case("a zip without a paper", with("a.zip", &zip(&[("a.txt", b"Hello")])), &["The archive holds no PDF"]),
        case("a cut zip", with("a.zip", &zip(&[("a.pdf", &paper)])[..200]), &["The archive is damaged"]),
        case(
            "a document",
            with("a.docx", &zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>")])),
            &["This is an office document"],
        ),
        case("winmail.dat", with("winmail.dat", &winmail(&paper)), &[""]),
        case("a cut winmail.dat", with("winmail.dat", &winmail(&paper)[..300]), &["The PDF is damaged"]),
        case("a link", mail("a@b.example", "Secure", link).write_to_vec().unwrap(), &["The mail holds only a link"]),
        case("a locked PDF", with("a.pdf", &encrypted_pdf("Massage")), &["The PDF is locked"]),
        case(
            "no paper",
            mail("a@b.example", "Lunch?", "At noon?").write_to_vec().unwrap(),
            &["The mail holds no paper"],
        ),
    ]
}

#[test]
fn every_mail_becomes_its_papers_or_a_task() {
    let clinic = Clinic::new();
    let cases = cases();
    for (number, case) in cases.iter().enumerate() {
        clinic.drop_paper(&format!("{number:02}.eml"), &case.mail);
    }
    let before = files(clinic.path("inbox").parent().unwrap()).len();
    let ended = clinic.run_once();
    assert!(ended.status.success(), "{ended:?}");
    let records = clinic.records();
    let alerts = clinic.alerts();
    for (number, case) in cases.iter().enumerate() {
        let name = format!("{number:02}.eml");
        let mine: Vec<&Value> = records.iter().filter(|record| record["origin"]["name"] == name.as_str()).collect();
        let told: Vec<&str> = mine.iter().map(|record| record["error"]["message"].as_str().unwrap_or("")).collect();
        let fits =
            |(told, expected): (&&str, &&str)| told.starts_with(expected) && told.is_empty() == expected.is_empty();
        assert!(told.len() == case.papers.len() && told.iter().zip(case.papers).all(fits), "{}: {told:?}", case.name);
        for record in mine.iter().filter(|record| !record["error"].is_null() && record["same_bytes_as"].is_null()) {
            let id = record["id"].as_str().unwrap();
            assert!(alerts.iter().any(|(name, _)| name.starts_with(&format!("{id}.frontdesk"))), "{}", case.name);
        }
    }
    assert!(
        !clinic.path("etc").try_exists().unwrap() && fs::metadata("/etc/cron.d/a.pdf").is_err(),
        "names are not followed"
    );
    assert!(before >= cases.len());
}

fn fax(from: &str, subject: &str, body: &str, pages: &[&str]) -> Vec<u8> {
    let mail = mail(from, subject, body);
    let paper = pdf(pages);
    let mail = if pages.is_empty() { mail } else { mail.attachment("application/pdf", "fax.pdf", paper.as_slice()) };
    mail.write_to_vec().unwrap()
}

#[test]
fn what_a_fax_service_announces_is_held_against_what_came() {
    let clinic = Clinic::new();
    let efax = |pages| format!("eFax message from \"912065550100\" - {pages} page(s), Caller-ID: 1-206-555-0101");
    let advert = ["Save on toner today"; 2];
    let drop = |name: &str, mail: Vec<u8>| clinic.drop_paper(name, &mail);
    drop("whole.eml", fax("message@inbound.efax.com", &efax(2), "", &advert));
    drop("less.eml", fax("message@inbound.efax.com", &efax(3), "", &["Save on ink", "Save on ink"]));
    drop("more.eml", fax("message@inbound.efax.com", &efax(1), "", &["Save on paper", "Save on paper"]));
    drop("failed.eml", fax("fax@server.example", "facsimile not received", "CallID1: 2065550107", &[]));
    drop("elsewhere.eml", fax("notify@ringcentral.com", "New Fax Message from Unknown on 07/01/2026", "Pages: 2", &[]));
    // whoever calls writes this line
    let injected = "New Fax Message from <b>555</b>\r\nBcc: all@evil.example on 07/01/2026";
    drop("injected.eml", fax("notify@ringcentral.com", injected, "Pages: 9", &["Save on all"]));
    assert!(clinic.run_once().status.success());
    let records = clinic.records();
    let of = |name: &str| records.iter().find(|record| record["origin"]["name"] == name).unwrap();
    let told = |name: &str| of(name)["error"]["message"].as_str().unwrap_or_default().to_owned();
    let letter = |name: &str| {
        let id = of(name)["id"].as_str().unwrap();
        clinic.alerts().into_iter().find(|(file, _)| file.starts_with(id)).map(|(_, letter)| letter)
    };
    assert_eq!((told("whole.eml").as_str(), letter("whole.eml")), ("", None), "an advert needs nobody");
    assert_eq!(told("less.eml"), "eFax announced 3 pages, but only 2 came. Ask the sender to send it again.");
    assert_eq!(of("less.eml")["error"]["code"], "truncated");
    assert!(letter("less.eml").unwrap().contains("from +12065550101"));
    assert!(letter("more.eml").unwrap().contains("eFax counted 1 page, but 2 came"), "{:?}", letter("more.eml"));
    assert!(told("failed.eml").contains("did not come through"));
    assert!(told("elsewhere.eml").contains("Fetch it from RingCentral"));
    let injected = letter("injected.eml").unwrap();
    let (text, html) = injected.split_once("text/html").unwrap();
    assert!(text.contains("<b>") && html.contains("&lt;b&gt;") && !html.contains("<b>"), "{injected}");
    assert!(!injected.lines().any(|line| line.starts_with("Bcc")), "{injected}");
}

/// Some services attach a file a page, or the cover sheet by itself.
#[test]
fn the_pages_of_all_papers_of_a_mail_are_counted_together() {
    let clinic = Clinic::new();
    let drop = |name: &str, announced: u32, papers: &[Vec<u8>]| {
        let subject = format!("eFax message from \"912065550100\" - {announced} page(s), Caller-ID: 1-206-555-0101");
        let mut mail = mail("message@inbound.efax.com", &subject, "");
        for (number, paper) in papers.iter().enumerate() {
            mail = mail.attachment("application/pdf", format!("{number}.pdf"), paper.as_slice());
        }
        clinic.drop_paper(name, &mail.write_to_vec().unwrap());
    };
    let advert = |what: &str, pages: usize| pdf(&vec![format!("Save on {what} today").as_str(); pages]);
    drop("whole.eml", 3, &[advert("toner", 2), advert("ink", 1)]);
    drop("less.eml", 5, &[advert("paper", 2), advert("pens", 1), advert("chairs", 1)]);
    drop("more.eml", 2, &[advert("tables", 2), advert("lamps", 1)]);
    drop("twice.eml", 3, &[advert("carpets", 1), advert("carpets", 1)]);
    drop("locked.eml", 3, &[encrypted_pdf("Massage"), advert("curtains", 1)]);
    assert!(clinic.run_once().status.success());
    let (records, alerts) = (clinic.records(), clinic.alerts());
    let of = |name: &str| records.iter().filter(move |record| record["origin"]["name"] == name).collect::<Vec<_>>();
    let told = |name: &str| {
        let errors = of(name).into_iter().filter_map(|record| record["error"]["message"].as_str());
        errors.map(str::to_owned).collect::<Vec<_>>()
    };
    let letters = |name: &str| {
        let is_of = |file: &str| of(name).iter().any(|record| file.starts_with(record["id"].as_str().unwrap()));
        let letters = alerts.iter().filter(|(file, _)| is_of(file)).map(|(_, letter)| letter.replace("=\r\n", ""));
        letters.collect::<Vec<_>>()
    };
    assert_eq!((told("whole.eml").len(), letters("whole.eml").len()), (0, 0), "an advert needs nobody");
    let less = "eFax announced 5 pages, but only 4 came, in the 3 papers of its mail. Ask the sender to send it again.";
    assert_eq!(told("less.eml"), [less], "the last of them tells, once");
    assert!(letters("less.eml").len() == 1 && letters("less.eml")[0].contains(less), "{:?}", letters("less.eml"));
    let more = "eFax counted 2 pages, but 3 came, in the 2 papers of its mail. Look whether";
    assert!(told("more.eml").is_empty() && letters("more.eml").len() == 1, "{:?}", letters("more.eml"));
    assert!(letters("more.eml")[0].contains(more), "{:?}", letters("more.eml"));
    assert!(told("twice.eml")[0].starts_with("eFax announced 3 pages, but only 2 came"), "{:?}", told("twice.eml"));
    assert_eq!(letters("twice.eml").len(), 1, "{:?}", letters("twice.eml"));
    let locked = told("locked.eml");
    assert!(locked.len() == 1 && locked[0].starts_with("The PDF is locked"), "its pages cannot be counted: {locked:?}");
}

#[test]
fn a_clinic_adds_its_own_service() {
    let clinic = Clinic::new();
    let own = "[[sender]]\nname = \"Townfax\"\nfrom = [\"@town.example\"]\nsubject = ['{pages} sheets from {number}']\n\n\
               [[test]]\nfrom = \"fax@town.example\"\nsubject = '2 sheets from 7045550101'\n\
               expect = { sender = \"Townfax\", number = \"+17045550101\", pages = 2 }\n";
    fs::write(clinic.path("rules/senders/town.toml"), own).unwrap();
    let rules = |what: &str| {
        let output = clinic.command(&["rules", what]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr))
    };
    assert!(rules("check").0 && rules("test").0, "{:?}", rules("test"));
    clinic.drop_paper("fax.eml", &fax("fax@town.example", "4 sheets from 7045550101", "", &["Save on toner"]));
    assert!(clinic.run_once().status.success());
    let record = &clinic.records()[0];
    assert!(record["error"]["message"].as_str().unwrap().starts_with("Townfax announced 4 pages"));
    fs::write(clinic.path("rules/senders/town.toml"), own.replace("subject = ['", "subject = ['{nummer}")).unwrap();
    let (sound, said) = rules("check");
    assert!(!sound && said.contains("senders/town.toml") && said.contains("{nummer} is not known"), "{said}");
    fs::write(clinic.path("rules/senders/town.toml"), own.replace("pages = 2", "pages = 3")).unwrap();
    let (passed, said) = rules("test");
    assert!(!passed && said.contains("senders/town.toml: '2 sheets"), "{said}");
}
