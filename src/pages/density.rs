//! How many dots an inch a picture's file says it has: PNG, and JPEG by its JFIF or EXIF segment.

use std::io::Cursor;

use exif::{In, Reader, Tag, Value};
use png::{Decoder, Unit};

use crate::pages::clean::Resolution;

/// Centimetres an inch.
const CENTIMETRES: f32 = 2.54;
/// Metres an inch.
const METRES: f32 = 0.0254;
/// What programs write that know of no resolution: cameras 72 (EXIF 2.32, 4.6.5, the default of XResolution), screens 96.
const SAID_BY_HABIT: [f32; 2] = [72.0, 96.0];
/// What the `pHYs` chunk of a PNG says (PNG third edition, 11.3.4.3).
pub(in crate::pages) fn of_png(bytes: &[u8]) -> Option<Resolution> {
    let reader = Decoder::new(Cursor::new(bytes)).read_info().ok()?;
    let dots = reader.info().pixel_dims.filter(|dots| dots.unit == Unit::Meter)?;
    meant(dots.xppu as f32 * METRES, dots.yppu as f32 * METRES)
}

/// What the JFIF segment of a JPEG says (ITU-T T.871, 10.1), or else its EXIF data.
pub(in crate::pages) fn of_jpeg(bytes: &[u8], exif: Option<&[u8]>) -> Option<Resolution> {
    of_jfif(bytes).or_else(|| of_exif(exif?))
}

/// JFIF stands first of all segments: SOI, APP0, its length, "JFIF" and a zero, version, unit, density across, density down.
fn of_jfif(bytes: &[u8]) -> Option<Resolution> {
    let [0xff, 0xd8, 0xff, 0xe0, _, _, b'J', b'F', b'I', b'F', 0, _, _, unit, x_high, x_low, y_high, y_low] =
        *bytes.first_chunk::<18>()?
    else {
        return None;
    };
    let per_inch = match unit {
        1 => 1.0,
        2 => CENTIMETRES,
        _ => return None, // the shape of a pixel alone
    };
    let dots = |bytes| f32::from(u16::from_be_bytes(bytes)) * per_inch;
    meant(dots([x_high, x_low]), dots([y_high, y_low]))
}

/// EXIF data is a TIFF without a picture of its own (EXIF 2.32, 4.5.2).
fn of_exif(exif: &[u8]) -> Option<Resolution> {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let read = Reader::new().read_raw(exif.to_vec()).ok()?;
    let value = |tag| read.get_field(tag, In::PRIMARY).map(|field| &field.value);
    let per_inch = match value(Tag::ResolutionUnit).and_then(|unit| unit.get_uint(0)) {
        Some(3) => CENTIMETRES,
        _ => 1.0,
    };
    let dots = |tag| match value(tag)? {
        Value::Rational(ratios) => {
            ratios.first().filter(|ratio| ratio.denom != 0).map(|ratio| ratio.to_f32() * per_inch)
        }
        _ => None,
    };
    meant(dots(Tag::XResolution)?, dots(Tag::YResolution)?)
}

fn meant(x_dpi: f32, y_dpi: f32) -> Option<Resolution> {
    let by_habit = x_dpi == y_dpi && SAID_BY_HABIT.iter().any(|habit| (x_dpi - habit).abs() < 0.5);
    (!by_habit).then_some(Resolution { x_dpi, y_dpi })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD_FAX: Option<Resolution> = Some(Resolution { x_dpi: 204.0, y_dpi: 98.0 });

    fn jfif(unit: u8, x: u16, y: u16) -> Vec<u8> {
        let [(a, b), (c, d)] = [x, y].map(|dots| ((dots >> 8) as u8, dots as u8));
        vec![0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 2, unit, a, b, c, d, 0, 0]
    }

    fn exif(x: u32, y: u32, unit: u32) -> Vec<u8> {
        let mut bytes = b"MM\0*\0\0\0\x08\0\x03".to_vec();
        for (tag, kind, value) in [(282_u16, 5_u16, 50_u32), (283, 5, 58), (296, 3, unit << 16)] {
            bytes.extend(tag.to_be_bytes());
            bytes.extend(kind.to_be_bytes());
            bytes.extend(1_u32.to_be_bytes());
            bytes.extend(value.to_be_bytes());
        }
        bytes.extend([0; 4]);
        [x, 1, y, 1].iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        bytes
    }

    #[test]
    fn a_jpeg_says_it_by_jfif_or_by_exif() {
        assert_eq!(of_jpeg(&jfif(1, 204, 98), None), STANDARD_FAX);
        assert_eq!(of_jpeg(&jfif(2, 80, 40), None), Some(Resolution { x_dpi: 203.2, y_dpi: 101.6 }));
        assert_eq!(of_jpeg(&jfif(0, 1, 1), None), None);
        assert_eq!(of_jpeg(&jfif(0, 1, 1), Some(&exif(204, 98, 2))), STANDARD_FAX);
        assert_eq!(of_exif(&exif(80, 40, 3)), Some(Resolution { x_dpi: 203.2, y_dpi: 101.6 }));
    }

    #[test]
    fn what_is_said_by_habit_is_not_meant() {
        assert_eq!(of_jpeg(&jfif(1, 72, 72), Some(&exif(96, 96, 2))), None);
        assert_eq!(meant(96.012, 96.012), None);
    }

    #[test]
    fn exif_data_that_is_cut_off_says_nothing() {
        let whole = exif(204, 98, 2);
        assert!((0..whole.len()).all(|length| of_exif(&whole[..length]).is_none()));
    }
}
