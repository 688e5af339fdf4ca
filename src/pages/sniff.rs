//! What bytes are, by their content; names and declared types are not believed.

use crate::model::{MediaType, PaperError, PaperErrorCode};
use crate::pages::{Limits, text, trouble};

/// How far from its beginning a PDF may carry its mark (ISO 32000-1, annex H.3.4.1).
const PDF_HEADER_BYTES_MAX: usize = 1024;

/// The media type of a paper.
///
/// # Errors
/// `not_a_paper`, with what to send instead; `too_large`.
pub fn sniff(bytes: &[u8], limits: &Limits) -> Result<MediaType, PaperError> {
    if bytes.len() as u64 > limits.paper_bytes_max {
        let megabytes = limits.paper_bytes_max / 1_000_000;
        let message = format!("The file is larger than {megabytes} MB. Ask the sender to send it in parts.");
        return Err(trouble(PaperErrorCode::TooLarge, &message));
    }
    let begins = |mark: &[u8]| bytes.starts_with(mark);
    let head = bytes.get(..PDF_HEADER_BYTES_MAX).unwrap_or(bytes);
    if head.windows(5).any(|window| window == b"%PDF-") {
        Ok(MediaType::Pdf)
    } else if begins(b"II*\0") || begins(b"MM\0*") || begins(b"II+\0") || begins(b"MM\0+") {
        Ok(MediaType::Tiff)
    } else if begins(b"\xff\xd8\xff") {
        Ok(MediaType::Jpeg)
    } else if begins(b"\x89PNG\r\n\x1a\n") {
        Ok(MediaType::Png)
    } else {
        refuse(bytes)
    }
}

fn refuse(bytes: &[u8]) -> Result<MediaType, PaperError> {
    let heif = bytes.get(4..8) == Some(b"ftyp");
    let message = if bytes.is_empty() {
        "The file is empty. Ask the sender to send it again."
    } else if heif {
        "This is a phone picture in HEIC form. Ask the sender for a PDF or JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)."
    } else if bytes.starts_with(b"PK\x03\x04") {
        "This is a zip archive or an office document. Open it, print what is in it as PDF and put the PDF into the inbox."
    } else if bytes.starts_with(b"GIF8") || bytes.starts_with(b"BM") || bytes.starts_with(b"RIFF") {
        "Pictures of this kind are not read. Ask the sender for a PDF, TIFF, JPEG or PNG."
    } else if text::decode(bytes).is_some() {
        return Ok(MediaType::Text);
    } else {
        "This is neither a PDF nor a TIFF, JPEG or PNG picture. Ask the sender for one of these."
    };
    Err(trouble(PaperErrorCode::NotAPaper, message))
}
