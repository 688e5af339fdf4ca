//! An e-mail message comes in, the papers it carries go out.

mod archive;
mod picture;

use std::sync::Arc;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::intake::senders::{Announced, Envelope, Profiles};
use crate::intake::{arrival, tnef};
use crate::model::{Arrival, ArrivalId, OriginKind, Reception};

/// How deep messages may be nested in messages.
const DEPTH_MAX: usize = 4;
/// What mail programs attach by themselves and what holds no paper: signatures (RFC 3156, RFC 8551), contacts, appointments.
const NO_PAPERS: [&str; 9] = [
    "application/pgp-keys",
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/ics",
    "text/calendar",
    "text/directory",
    "text/vcard",
    "text/x-vcard",
];
/// What a text names that orders a treatment; one that only announces an attachment ("attached is the prescription") names it too.
const TREATMENT_WORDS: [&str; 5] = ["massage", "manual therapy", "97124", "97140", "prescri"];
/// What it says of the treatment besides. A body is a paper of its own when it names a treatment and says one of these things, or says
/// two of them.
const DETAIL_WORDS: [&str; 12] = [
    "diagnosis",
    "icd",
    "frequency",
    "times per week",
    "times a week",
    "x/week",
    "x/wk",
    "per week",
    "dx ",
    "dx:",
    "dob ",
    "dob:",
];

/// A mail that says one of these and holds a link has its paper behind the link.
const LINK_WORDS: [&str; 8] = [
    "secure message",
    "view fax",
    "view your fax",
    "download",
    "encrypted message",
    "secure email",
    "portal",
    "view document",
];
/// What is to be done then.
const LINK: &str = "The mail holds only a link to the paper. Open it in the mail program, save the paper as PDF and put that into the inbox.";
/// What stands at the beginnings of the lines of an order. Beside an attachment the text counts as a paper of its own where three
/// of them stand there: a covering letter says fewer.
const ORDER_LABELS: [&str; 10] =
    ["patient", "dob", "date of birth", "diagnosis", "dx", "icd", "frequency", "treatment", "prescription", "rx"];
/// So many labels make a text an order, whatever is attached.
const ORDER_LABELS_MIN: usize = 3;

/// How much of a message is taken on.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest message, in bytes.
    pub message_bytes_max: u64,
    /// Most papers of one message.
    pub papers_max: usize,
    /// Most that an archive may unpack to, in bytes.
    pub unpacked_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes_max: 100_000_000, papers_max: 200, unpacked_bytes_max: 200_000_000 }
    }
}

/// What the head of a message says.
#[derive(Debug, Default)]
pub(in crate::intake) struct Head {
    /// Message-ID, without the angle brackets.
    pub(in crate::intake) message_id: Option<String>,
    /// The sender's address.
    pub(in crate::intake) from: Option<String>,
    /// The subject line.
    pub(in crate::intake) subject: Option<String>,
}

/// The head of a message; empty where the bytes are no message.
pub(in crate::intake) fn head(raw: &[u8]) -> Head {
    let Some(parsed) = MessageParser::default().parse_headers(raw) else { return Head::default() };
    Head {
        message_id: parsed.message_id().map(str::to_owned),
        from: parsed.from().and_then(|from| from.first()).and_then(|from| from.address()).map(str::to_owned),
        subject: parsed.subject().map(str::to_owned),
    }
}

/// Whether an arrival is a mail that has not been taken apart.
pub fn is_mail(arrival: &Arrival) -> bool {
    let is_file = || arrival.origin.name.reveal().to_lowercase().ends_with(".eml");
    arrival.part_of.is_none() && (arrival.origin.kind == OriginKind::Imap || is_file())
}

/// Each paper of a mail as an arrival of its own: the same mail gives the same arrivals. What the mail's service says of the fax
/// goes with each; its page count is that of all of them together.
pub fn parts(mail: &Arrival, said: &Opened) -> Vec<(Arrival, Arc<[u8]>)> {
    let mut parts: Vec<(Arrival, Arc<[u8]>)> =
        (1..).zip(&said.papers).map(|(number, paper)| (part(mail, number, paper, said), paper.clone())).collect();
    let ids: Vec<ArrivalId> = parts.iter().map(|(part, _)| part.id.clone()).collect();
    if ids.len() > 1 {
        for reception in parts.iter_mut().filter_map(|(part, _)| part.reception.as_mut()) {
            reception.together.clone_from(&ids);
        }
    }
    parts
}

/// `number` counts from 1.
fn part(mail: &Arrival, number: u32, bytes: &[u8], said: &Opened) -> Arrival {
    let key = format!("{}/{number}", mail.origin.key.reveal());
    let name = mail.origin.name.reveal().clone();
    let mut part = arrival(mail.origin.kind, name, key, bytes, mail.received_at);
    part.origin.sender.clone_from(&mail.origin.sender);
    part.part_of = Some(mail.id.clone());
    if let Some(announced) = &said.announced {
        part.origin.sender = announced.number.clone().map(Into::into);
        part.reception = Some(Reception {
            caller_name: announced.name.clone().map(Into::into),
            pages: announced.pages,
            service: Some(announced.service.clone()),
            ..Reception::default()
        });
    }
    part
}

/// A message, taken apart.
#[derive(Debug, Default)]
pub struct Opened {
    /// Its papers, in their order; never none.
    pub papers: Vec<Arc<[u8]>>,
    /// What a fax service says of the fax that it sends.
    pub announced: Option<Announced>,
}

/// The papers of a message, in their order; never none. Attachments count by their content, whatever their declared type, and also
/// where they cannot be read; the text of the message counts where it reads like an order.
///
/// # Errors
/// A sentence for staff that says what to do: the bytes are no message, it is too large, or it holds no paper.
pub fn open(raw: &[u8], limits: &Limits, profiles: &Profiles) -> Result<Opened, String> {
    if raw.len() as u64 > limits.message_bytes_max {
        let megabytes = limits.message_bytes_max / 1_000_000;
        return Err(format!("The mail is larger than {megabytes} MB. Ask the sender to send it in parts."));
    }
    let parsed = MessageParser::default().parse(raw).filter(|parsed| !parsed.headers().is_empty()).ok_or(
        "This is no e-mail message. Save the mail as .eml again, or put its papers into the inbox by themselves.",
    )?;
    let announced = announced(&parsed, profiles);
    let mut papers = Vec::new();
    collect(&parsed, limits, 0, &mut papers);
    if papers.len() > limits.papers_max {
        return Err(format!(
            "The mail holds more than {} papers. Open it and put those that belong to the clinic into the inbox.",
            limits.papers_max
        ));
    }
    if !papers.iter().any(|paper| is_read(paper)) {
        match order_in(&parsed, 0) {
            Some(order) => papers.insert(0, order),
            None if papers.is_empty() => return Err(no_paper(&parsed, announced.as_ref())),
            None => {} // a person looks at what is attached
        }
    }
    Ok(Opened { papers, announced })
}

/// Why an attachment is not read although it could be taken for text: it is a web page, with which services for secure mail send a
/// link.
pub fn unread(part: &Arrival, bytes: &[u8]) -> Option<&'static str> {
    (part.part_of.is_some() && is_web_page(bytes)).then_some(LINK)
}

/// Why bytes that came as a paper cannot be read, where that is known better here: archives and office documents.
pub fn explain(bytes: &[u8]) -> Option<&'static str> {
    archive::is_archive(bytes).then(|| archive::unpacked(bytes, &Limits::default()).err()).flatten()
}

fn announced(message: &Message<'_>, profiles: &Profiles) -> Option<Announced> {
    let from = message.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default();
    let body = message.body_text(0).unwrap_or_default();
    profiles.read(&Envelope {
        from,
        subject: message.subject().unwrap_or_default(),
        body: &body,
        attachments: message.attachments().filter_map(MimeHeaders::attachment_name).collect(),
    })
}

/// The text of a message, or of one that was forwarded in it, where nothing else is there and it reads like an order.
fn order_in(message: &Message<'_>, depth: usize) -> Option<Arc<[u8]>> {
    let text = message.body_text(0).unwrap_or_default();
    let details = says(&text, &DETAIL_WORDS);
    if details >= 2 || details == 1 && says(&text, &TREATMENT_WORDS) >= 1 {
        return Some(Arc::from(text.as_bytes()));
    }
    let mut nested = message.parts.iter().filter_map(|part| match &part.body {
        PartType::Message(nested) if depth < DEPTH_MAX => order_in(nested, depth + 1),
        _ => None,
    });
    nested.next()
}

fn says(text: &str, words: &[&str]) -> usize {
    let folded = text.to_lowercase();
    words.iter().filter(|word| folded.contains(**word)).count()
}

fn no_paper(message: &Message<'_>, announced: Option<&Announced>) -> String {
    let text = message.body_text(0).unwrap_or_default();
    let is_link = text.to_lowercase().contains("http") && says(&text, &LINK_WORDS) >= 1;
    match announced {
        Some(Announced { service, failed: true, .. }) => {
            format!("{service} says that a fax did not come through. Ask the sender to send it again.")
        }
        _ if is_link => LINK.to_owned(),
        Some(Announced { service, .. }) => format!(
            "{service} tells of a fax, but the mail does not hold it. Fetch it from {service} and put it into the inbox; let \
             {service} attach faxes to its mails."
        ),
        None => "The mail holds no paper. Open it: the sender may have forgotten the attachment.".to_owned(),
    }
}

/// Every attachment is a paper, or told: one that cannot be read becomes a record that says so. What is left out are logos and what
/// mail programs attach by themselves.
fn collect(message: &Message<'_>, limits: &Limits, depth: usize, papers: &mut Vec<Arc<[u8]>>) {
    let before = papers.len();
    for part in message.parts.iter().filter(|part| !NO_PAPERS.iter().any(|kind| is_declared(part, kind))) {
        match &part.body {
            PartType::Message(nested) if depth < DEPTH_MAX => collect(nested, limits, depth + 1, papers),
            // nested deeper than people do: somebody must look
            PartType::Message(nested) => papers.push(Arc::from(nested.raw_message.as_ref())),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) if !is_logo(message, part, bytes) => {
                take(bytes, limits, papers);
            }
            // a text attachment is declared text but may be a PDF all the same; one without a letter says nothing
            PartType::Text(text) if is_attached(part) && !text.trim().is_empty() => {
                take(text.as_bytes(), limits, papers)
            }
            PartType::Html(page) if is_attached(part) => take(page.as_bytes(), limits, papers),
            _ => {}
        }
    }
    // an order that was written into the text is not lost beside a picture
    if papers.len() > before {
        let text = message.body_text(0).unwrap_or_default();
        if labels(&text) >= ORDER_LABELS_MIN {
            papers.insert(before, Arc::from(text.as_bytes()));
        }
    }
}

fn is_declared(part: &MessagePart<'_>, kind: &str) -> bool {
    let (main, sub) = kind.split_once('/').unwrap_or((kind, ""));
    part.content_type().is_some_and(|declared| {
        let declared_sub = declared.subtype().unwrap_or_default();
        declared.ctype().eq_ignore_ascii_case(main) && declared_sub.eq_ignore_ascii_case(sub)
    })
}

fn is_attached(part: &MessagePart<'_>) -> bool {
    part.attachment_name().is_some() || part.content_disposition().is_some_and(|how| how.is_attachment())
}

/// A small picture that the text shows: by a reference of its HTML part, or, where it has none, by its place.
fn is_logo(message: &Message<'_>, part: &MessagePart<'_>, bytes: &[u8]) -> bool {
    let is_picture = || is_picture(bytes) || part.content_type().is_some_and(|kind| kind.ctype() == "image");
    let is_inline = || {
        let is_attachment = part.content_disposition().is_some_and(|how| how.is_attachment());
        !is_attachment && (matches!(part.body, PartType::InlineBinary(_)) || part.content_id().is_some())
    };
    is_picture() && picture::is_small(bytes) && (is_referred_to(message, part) || is_inline())
}

/// Whether an HTML part shows this part by its Content-ID (RFC 2392).
fn is_referred_to(message: &Message<'_>, part: &MessagePart<'_>) -> bool {
    let Some(id) = part.content_id() else { return false };
    let url = format!("cid:{}", id.trim_matches(['<', '>']));
    message.parts.iter().any(|other| matches!(&other.body, PartType::Html(page) if page.contains(&url)))
}

/// How many labels of an order stand at the beginnings of lines.
fn labels(text: &str) -> usize {
    let text = text.to_lowercase();
    let is_label = |label: &&&str| {
        text.lines()
            .filter_map(|line| line.trim_start().strip_prefix(**label))
            .any(|rest| rest.trim_start().starts_with(':'))
    };
    ORDER_LABELS.iter().filter(is_label).count()
}

fn take(bytes: &[u8], limits: &Limits, papers: &mut Vec<Arc<[u8]>>) {
    if papers.len() > limits.papers_max {
        // the mail as a whole is left to a person
    } else if archive::is_archive(bytes) {
        match archive::unpacked(bytes, limits) {
            Ok(found) => papers.extend(found),
            // a paper that cannot be read: somebody must open it
            Err(_) => papers.push(Arc::from(bytes)),
        }
    } else if tnef::is_tnef(bytes) {
        let inner = tnef::attachments(bytes);
        let before = papers.len();
        inner.iter().for_each(|inner| take(inner, limits, papers));
        if papers.len() == before {
            papers.push(Arc::from(bytes)); // cut short, or wrapped in a way that is not known: somebody must look
        }
    } else {
        papers.push(Arc::from(bytes));
    }
}

/// Whether the reader can make anything of it.
fn is_read(bytes: &[u8]) -> bool {
    is_paper(bytes) || std::str::from_utf8(bytes).is_ok_and(|text| !text.trim().is_empty() && !is_web_page(bytes))
}

/// Begins as the WHATWG's rules for sniffing say (MIME Sniffing, section 7.1).
fn is_web_page(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes)).to_lowercase();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    ["<!doctype html", "<html", "<head", "<script", "<body"].iter().any(|begin| head.starts_with(begin))
}

fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xd8\xff") || bytes.starts_with(b"\x89PNG")
}

fn is_paper(bytes: &[u8]) -> bool {
    let head = bytes.get(..1024).unwrap_or(bytes);
    is_picture(bytes)
        || head.windows(5).any(|window| window == b"%PDF-")
        || bytes.starts_with(b"II*\0")
        || bytes.starts_with(b"MM\0*")
}

/// Documents that are not read but may be orders: somebody must be told.
fn is_office(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xd0\xcf\x11\xe0") || bytes.starts_with(b"{\\rtf") || bytes.get(4..8) == Some(b"ftyp")
}
