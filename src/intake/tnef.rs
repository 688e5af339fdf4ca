//! `winmail.dat`: the attachments that some versions of Outlook wrap up (MS-OXTNEF, section 2.1).

/// First four bytes of a TNEF stream, little-endian.
const SIGNATURE: [u8; 4] = [0x78, 0x9f, 0x3e, 0x22];
/// attAttachData: the bytes of an attachment.
const ATTACH_DATA: u32 = 0x0006_800f;
/// Signature and key.
const HEAD_BYTES: usize = 6;

/// Whether bytes are a TNEF stream.
pub(in crate::intake) fn is_tnef(bytes: &[u8]) -> bool {
    bytes.starts_with(&SIGNATURE)
}

/// The attachments of a TNEF stream, up to where it is damaged.
pub(in crate::intake) fn attachments(bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = bytes.get(HEAD_BYTES..).unwrap_or_default();
    while let Some((attribute, data, after)) = next(rest) {
        if attribute == ATTACH_DATA {
            found.push(data);
        }
        rest = after;
    }
    found
}

/// Level (1 byte), attribute (4), length (4), data, checksum (2).
fn next(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let attribute = u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?);
    let length = u32::from_le_bytes(bytes.get(5..9)?.try_into().ok()?) as usize;
    let (data, after) = bytes.get(9..)?.split_at_checked(length)?;
    Some((attribute, data, after.get(2..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(attribute: u32, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap();
        [&[2], attribute.to_le_bytes().as_slice(), &length.to_le_bytes(), data, &[0, 0]].concat()
    }

    #[test]
    fn attachments_are_unwrapped_up_to_the_damage() {
        let head = [SIGNATURE.as_slice(), &[1, 0]].concat();
        let whole = [head, attribute(0x0006_9002, b"rendering"), attribute(ATTACH_DATA, b"%PDF-1.4")].concat();
        assert!(is_tnef(&whole));
        assert_eq!(attachments(&whole), [b"%PDF-1.4"]);
        assert_eq!(attachments(&whole[..whole.len() - 4]), [b""; 0], "a cut attachment is none");
        assert_eq!(attachments(&SIGNATURE), [b""; 0]);
    }
}
