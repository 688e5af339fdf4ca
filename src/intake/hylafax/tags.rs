//! What HylaFAX writes into the tags of a received TIFF (faxd/CopyQuality.c++, recvSetupTIFF).

use std::io::Cursor;

use tiff::decoder::Decoder;
use tiff::tags::Tag;

use crate::intake::hylafax::log::clean;

/// TIFF 6.0, section 12.
const DOCUMENT_NAME: Tag = Tag::Unknown(269);
/// Lines that came damaged (RFC 2306, section 4.2.3).
const BAD_FAX_LINES: Tag = Tag::Unknown(326);
/// Directories that are looked at; a chain that loops ends here.
const PAGES_MAX: usize = 2_000;

#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::intake::hylafax) struct Tags {
    pub(in crate::intake::hylafax) station: Option<String>,
    pub(in crate::intake::hylafax) caller_number: Option<String>,
    pub(in crate::intake::hylafax) caller_name: Option<String>,
    pub(in crate::intake::hylafax) error: Option<String>,
    pub(in crate::intake::hylafax) damaged_lines: u32,
}

/// The tags of all pages. What is no TIFF, or damaged, says nothing.
pub(in crate::intake::hylafax) fn read(bytes: &[u8]) -> Tags {
    let mut tags = Tags::default();
    let Ok(mut decoder) = Decoder::new(Cursor::new(bytes)) else { return tags };
    let mut next = decoder.ifd_pointer();
    for number in 0..PAGES_MAX {
        let Some(pointer) = next else { break };
        let Ok(directory) = decoder.read_directory(pointer) else { break };
        next = directory.next();
        let mut page = decoder.read_directory_tags(&directory);
        let mut text = |tag| page.find_tag(tag).ok().flatten().and_then(|value| value.into_string().ok());
        // "recvq/fax000000042.tif: No carrier detected {E002}"
        if let Some((_, error)) = text(DOCUMENT_NAME).as_deref().and_then(|name| name.split_once(": ")) {
            tags.error = clean(error);
        }
        if let (0, Some(description)) = (number, text(Tag::ImageDescription)) {
            let mut lines = description.lines().map(|line| line.rsplit('\t').next().unwrap_or(line));
            tags.station = lines.next().and_then(clean);
            tags.caller_number = lines.next().and_then(clean);
            tags.caller_name = lines.next().and_then(clean);
        }
        let damaged = page.find_tag(BAD_FAX_LINES).ok().flatten().and_then(|value| value.into_u32().ok());
        tags.damaged_lines = tags.damaged_lines.saturating_add(damaged.unwrap_or(0));
    }
    tags
}
