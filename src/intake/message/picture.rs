//! How large a picture of a mail is, from its head alone: nothing is decoded here.

/// A picture that a mail shows inside its text is a logo below so many pixels: a letter page at 75 dpi has 526,000, and its 10-point
/// type cannot be read at less …
const PAGE_PIXELS_MIN: u64 = 500_000;
/// … and below so many bytes: a photo of that size takes more.
const PHOTO_BYTES_MIN: usize = 60_000;

/// Whether a picture that is shown inside the text is too small to be a paper. A form of picture that is not known is as large as
/// its bytes.
pub(in crate::intake::message) fn is_small(bytes: &[u8]) -> bool {
    bytes.len() < PHOTO_BYTES_MIN && pixels(bytes).is_none_or(|pixels| pixels < PAGE_PIXELS_MIN)
}

/// Width times height. None where the head is not known or cut short.
fn pixels(bytes: &[u8]) -> Option<u64> {
    let (width, height) = match bytes {
        [0x89, b'P', b'N', b'G', ..] => (long(bytes, 16)?, long(bytes, 20)?), // IHDR (PNG, section 11.2.1)
        // logical screen (GIF89a, section 18)
        [b'G', b'I', b'F', ..] => (short(bytes, 6)?.swap_bytes().into(), short(bytes, 8)?.swap_bytes().into()),
        [0xff, 0xd8, ..] => jpeg(bytes)?,
        _ => return None,
    };
    Some(u64::from(width) * u64::from(height))
}

/// The frame header stands behind segments of given length (ITU-T T.81, B.2.2).
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let [mark, kind] = *bytes.get(at..at + 2)? else { return None };
        match kind {
            _ if mark != 0xff => return None,
            0xff => at += 1, // filling
            // SOF0 to SOF15 without DHT, JPG and DAC
            0xc0..=0xcf if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                return Some((short(bytes, at + 7)?.into(), short(bytes, at + 5)?.into()));
            }
            _ => at += 2 + usize::from(short(bytes, at + 2)?),
        }
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_stand_in_the_head() {
        let png =
            [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &1728_u32.to_be_bytes(), &2200_u32.to_be_bytes()].concat();
        assert_eq!(pixels(&png), Some(1728 * 2200));
        assert_eq!(pixels(b"GIF89a\x40\x01\xf0\x00"), Some(320 * 240));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\x02\x58\x03\x20";
        assert_eq!(pixels(jpeg), Some(800 * 600));
        assert!(!is_small(&png) && is_small(b"GIF89a\x40\x01\xf0\x00") && !is_small(jpeg.repeat(9_000).as_slice()));
        for cut in [&png[..22], &jpeg[..15], b"\xff\xd8\xff", b"BM", b""] {
            assert_eq!(pixels(cut), None);
        }
    }
}
