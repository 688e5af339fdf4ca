//! An e-mail message comes in, the papers it carries go out.

use std::io::{Cursor, Read};
use std::sync::Arc;

use mail_parser::{MessageParser, MimeHeaders, PartType};

use crate::intake::{arrival, tnef};
use crate::model::{Arrival, OriginKind};

/// How deep messages may be nested in messages.
const DEPTH_MAX: usize = 4;
/// A picture that a mail shows inside its text is a signature logo below this size, a paper above, in bytes.
const INLINE_PICTURE_BYTES_MIN: usize = 60_000;
/// A body is a paper of its own when it says at least two of these things.
const ORDER_WORDS: [&str; 8] =
    ["diagnosis", "massage", "manual therapy", "icd", "times per week", "x/week", "prescri", "frequency"];

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
/// First bytes of a zip archive (APPNOTE 4.3.7).
const ZIP: &[u8] = b"PK\x03\x04";

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
}

/// The head of a message; empty where the bytes are no message.
pub(in crate::intake) fn head(raw: &[u8]) -> Head {
    let Some(parsed) = MessageParser::default().parse_headers(raw) else { return Head::default() };
    Head {
        message_id: parsed.message_id().map(str::to_owned),
        from: parsed.from().and_then(|from| from.first()).and_then(|from| from.address()).map(str::to_owned),
    }
}

/// Whether an arrival is a mail that has not been taken apart.
pub fn is_mail(arrival: &Arrival) -> bool {
    let is_file = || arrival.origin.name.reveal().to_lowercase().ends_with(".eml");
    arrival.part_of.is_none() && (arrival.origin.kind == OriginKind::Imap || is_file())
}

/// A paper of a mail as an arrival of its own: the same mail gives the same arrivals. `number` counts from 1.
pub fn part(mail: &Arrival, number: u32, bytes: &[u8]) -> Arrival {
    let key = format!("{}/{number}", mail.origin.key.reveal());
    let name = mail.origin.name.reveal().clone();
    let mut part = arrival(mail.origin.kind, name, key, bytes, mail.received_at);
    part.origin.sender.clone_from(&mail.origin.sender);
    part.part_of = Some(mail.id.clone());
    part
}

/// The papers of a message, in their order; never none. Attachments count by their content, whatever their declared type; the
/// text of the message counts where it reads like an order and nothing else is there.
///
/// # Errors
/// A sentence for staff that says what to do: the bytes are no message, it is too large, or it holds no paper.
pub fn papers(raw: &[u8], limits: &Limits) -> Result<Vec<Arc<[u8]>>, String> {
    if raw.len() as u64 > limits.message_bytes_max {
        let megabytes = limits.message_bytes_max / 1_000_000;
        return Err(format!("The mail is larger than {megabytes} MB. Ask the sender to send it in parts."));
    }
    let parsed = MessageParser::default().parse(raw).filter(|parsed| !parsed.headers().is_empty()).ok_or(
        "This is no e-mail message. Save the mail as .eml again, or put its papers into the inbox by themselves.",
    )?;
    let mut papers = Vec::new();
    collect(&parsed, limits, 0, &mut papers);
    if !papers.is_empty() {
        return Ok(papers);
    }
    let text = parsed.body_text(0).unwrap_or_default();
    let folded = text.to_lowercase();
    let says = |words: &[&str]| words.iter().filter(|word| folded.contains(*word)).count();
    if says(&ORDER_WORDS) >= 2 {
        Ok(vec![Arc::from(text.as_bytes())])
    } else if folded.contains("http") && says(&LINK_WORDS) >= 1 {
        Err("The mail holds only a link to the paper. Open it in the mail program, save the paper as PDF and put that into the \
             inbox."
            .to_owned())
    } else {
        Err("The mail holds no paper. Open it: the sender may have forgotten the attachment.".to_owned())
    }
}

fn collect(message: &mail_parser::Message<'_>, limits: &Limits, depth: usize, papers: &mut Vec<Arc<[u8]>>) {
    for part in &message.parts {
        match &part.body {
            PartType::Message(nested) if depth < DEPTH_MAX => collect(nested, limits, depth + 1, papers),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                let shown_in_text = matches!(part.body, PartType::InlineBinary(_)) || part.content_id().is_some();
                take(bytes, shown_in_text, limits, papers);
            }
            // a text attachment is declared text but may be a PDF all the same
            PartType::Text(text) if part.attachment_name().is_some() => take(text.as_bytes(), false, limits, papers),
            _ => {}
        }
    }
}

fn take(bytes: &[u8], shown_in_text: bool, limits: &Limits, papers: &mut Vec<Arc<[u8]>>) {
    let is_logo = || shown_in_text && is_picture(bytes) && bytes.len() < INLINE_PICTURE_BYTES_MIN;
    if papers.len() >= limits.papers_max {
        // the rest of a mail with so many papers is still in the mail, which is kept
    } else if bytes.starts_with(ZIP) {
        unzip(bytes, limits, papers);
    } else if tnef::is_tnef(bytes) {
        tnef::attachments(bytes).into_iter().for_each(|inner| take(inner, false, limits, papers));
    } else if (is_paper(bytes) && !is_logo()) || is_office(bytes) {
        papers.push(Arc::from(bytes));
    }
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

/// Papers in an archive, one level deep. An archive that holds something else, is locked or too large is a paper that cannot
/// be read: somebody must open it.
fn unzip(bytes: &[u8], limits: &Limits, papers: &mut Vec<Arc<[u8]>>) {
    let Some(found) = unzipped(bytes, limits).filter(|found| !found.is_empty()) else {
        papers.push(Arc::from(bytes));
        return;
    };
    let room = limits.papers_max.saturating_sub(papers.len());
    papers.extend(found.into_iter().take(room));
}

fn unzipped(bytes: &[u8], limits: &Limits) -> Option<Vec<Arc<[u8]>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut found: Vec<Arc<[u8]>> = Vec::new();
    let mut room = limits.unpacked_bytes_max;
    for index in 0..archive.len().min(limits.papers_max) {
        let file = archive.by_index(index).ok()?;
        if !file.is_file() {
            continue;
        }
        let mut unpacked = Vec::new();
        file.take(room + 1).read_to_end(&mut unpacked).ok()?;
        room = room.checked_sub(unpacked.len() as u64)?;
        if is_paper(&unpacked) {
            found.push(Arc::from(unpacked));
        }
    }
    Some(found)
}
