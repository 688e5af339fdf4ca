//! An e-mail message comes in, the papers it carries go out.

use std::io::{Cursor, Read};

use mail_parser::{MessageParser, MimeHeaders, PartType};

use crate::intake::IntakeError;

/// How deep messages may be nested in messages.
const DEPTH_MAX: usize = 4;
/// A picture that a mail shows inside its text is a signature logo below this size, a paper above, in bytes.
const INLINE_PICTURE_BYTES_MIN: usize = 60_000;
/// A body is a paper of its own when it says at least two of these things.
const ORDER_WORDS: [&str; 8] =
    ["diagnosis", "massage", "manual therapy", "icd", "times per week", "x/week", "prescri", "frequency"];

/// How much of a message is taken on.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest message, in bytes.
    pub message_bytes_max: u64,
    /// Most papers of one message.
    pub papers_max: usize,
    /// Largest file in an archive, unpacked, in bytes.
    pub unpacked_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes_max: 100_000_000, papers_max: 200, unpacked_bytes_max: 200_000_000 }
    }
}

/// What a message carries.
#[derive(Debug, Default)]
pub struct Message {
    /// Message-ID, without the angle brackets.
    pub message_id: Option<String>,
    /// The sender's address.
    pub from: Option<String>,
    /// The papers, in their order.
    pub papers: Vec<Paper>,
}

/// A paper in a message.
#[derive(Debug, PartialEq, Eq)]
pub struct Paper {
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Takes a message apart. Attachments count by their content, whatever their declared type; the text of the message counts
/// where it reads like an order and nothing else is there.
///
/// # Errors
/// Where the bytes are no message, or larger than is taken.
pub fn papers(raw: &[u8], limits: &Limits) -> Result<Message, IntakeError> {
    if raw.len() as u64 > limits.message_bytes_max {
        return Err(IntakeError::TooLarge { what: "the message", limit: limits.message_bytes_max });
    }
    let parsed = MessageParser::default().parse(raw).ok_or(IntakeError::NoMessage)?;
    let mut message = Message {
        message_id: parsed.message_id().map(str::to_owned),
        from: parsed.from().and_then(|from| from.first()).and_then(|from| from.address()).map(str::to_owned),
        papers: Vec::new(),
    };
    collect(&parsed, limits, 0, &mut message.papers);
    if message.papers.is_empty()
        && let Some(text) = parsed.body_text(0)
    {
        let folded = text.to_lowercase();
        if ORDER_WORDS.iter().filter(|word| folded.contains(*word)).count() >= 2 {
            message.papers.push(Paper { bytes: text.as_bytes().to_vec() });
        }
    }
    Ok(message)
}

fn collect(message: &mail_parser::Message<'_>, limits: &Limits, depth: usize, papers: &mut Vec<Paper>) {
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

fn take(bytes: &[u8], shown_in_text: bool, limits: &Limits, papers: &mut Vec<Paper>) {
    if papers.len() >= limits.papers_max {
        return;
    }
    if bytes.starts_with(b"PK\x03\x04") {
        unzip(bytes, limits, papers);
    } else if is_paper(bytes) && !(shown_in_text && is_picture(bytes) && bytes.len() < INLINE_PICTURE_BYTES_MIN) {
        papers.push(Paper { bytes: bytes.to_vec() });
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

/// Papers in an archive, one level deep; what is encrypted or too large stays in the archive.
fn unzip(bytes: &[u8], limits: &Limits, papers: &mut Vec<Paper>) {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return };
    for index in 0..archive.len().min(limits.papers_max) {
        let Ok(file) = archive.by_index(index) else { continue };
        if !file.is_file() {
            continue;
        }
        let mut unpacked = Vec::new();
        let read = file.take(limits.unpacked_bytes_max + 1).read_to_end(&mut unpacked);
        if read.is_ok()
            && unpacked.len() as u64 <= limits.unpacked_bytes_max
            && is_paper(&unpacked)
            && papers.len() < limits.papers_max
        {
            papers.push(Paper { bytes: unpacked });
        }
    }
}
