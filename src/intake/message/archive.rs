//! The papers in a zip archive, one level deep. Names in it are never used.

use std::io::{Cursor, Read};
use std::sync::Arc;

use zip::result::ZipError;

use crate::intake::message::{Limits, is_office, is_paper};

/// First bytes of a zip archive (APPNOTE 4.3.7).
const ZIP: &[u8] = b"PK\x03\x04";
/// Every office document of today is an archive that holds this file (ECMA-376, part 2, section 10.1).
const OFFICE_MARK: &str = "[Content_Types].xml";
/// An archive that unpacks to more than this, in bytes, …
const BOMB_BYTES_MIN: u64 = 10_000_000;
/// … and to so many times its own size was made to fill disks: faxes and scans are packed already.
const BOMB_RATIO: u64 = 100;

/// What Macs put into archives by themselves: AppleDouble (RFC 1740, appendix A), `.DS_Store`.
const LEFT_BY_PROGRAMS: [&[u8]; 2] = [b"\0\x05\x16\x07", b"\0\0\0\x01Bud1"];

/// Why an archive is left to a person, and what to do.
pub(in crate::intake::message) const LOCKED: &str = "The archive is locked with a password. Ask the sender for the paper without \
     one, or open it and put what is in it into the inbox.";
const OFFICE: &str =
    "This is an office document, which is not read. Open it, print it as PDF and put the PDF into the inbox.";
const DAMAGED: &str =
    "The archive is damaged. Ask the sender to send the papers again, best as PDF without an archive.";
const TOO_MUCH: &str = "The archive unpacks to more than is taken in. Open it and put the papers that belong to the clinic into the inbox.";
const NO_PAPER: &str = "The archive holds no PDF and no picture. Open it: the sender may have packed something else.";

pub(in crate::intake::message) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(ZIP)
}

/// What an archive holds: papers, and behind them what a person must look at (an office document, an archive in the archive, a
/// file of another kind).
///
/// # Errors
/// A sentence for staff: the archive as a whole is left to a person.
pub(in crate::intake::message) fn unpacked(bytes: &[u8], limits: &Limits) -> Result<Vec<Arc<[u8]>>, &'static str> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| DAMAGED)?;
    if archive.index_for_name(OFFICE_MARK).is_some() {
        return Err(OFFICE);
    }
    if archive.len() > limits.papers_max {
        return Err(TOO_MUCH);
    }
    let bomb = BOMB_BYTES_MIN.max(BOMB_RATIO.saturating_mul(bytes.len() as u64));
    let mut room = limits.unpacked_bytes_max.min(bomb);
    let mut found: Vec<Arc<[u8]>> = Vec::new();
    let mut others: Vec<Arc<[u8]>> = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => LOCKED,
            _ => DAMAGED,
        })?;
        if !file.is_file() || file.is_symlink() {
            continue;
        }
        let mut content = Vec::new();
        file.take(room + 1).read_to_end(&mut content).map_err(|_| DAMAGED)?;
        room = room.checked_sub(content.len() as u64).ok_or(TOO_MUCH)?;
        if is_paper(&content) || is_office(&content) || is_archive(&content) {
            found.push(Arc::from(content));
        } else if !content.is_empty() && !LEFT_BY_PROGRAMS.iter().any(|begin| content.starts_with(begin)) {
            others.push(Arc::from(content));
        }
    }
    if found.is_empty() {
        return Err(NO_PAPER);
    }
    found.extend(others);
    Ok(found)
}
