//! Samples of any colour in, grey out.

use tiff::ColorType;

/// One byte of grey a pixel; None where there are too few samples or the colours are unknown. Samples of more than eight bits
/// are given by their upper eight; samples of fewer are packed, each row beginning on a byte (TIFF 6.0, section 4).
pub(in crate::pages) fn to_grey(bytes: &[u8], color: ColorType, width: u32, height: u32) -> Option<Vec<u8>> {
    let (width, height) = (width as usize, height as usize);
    let each = |size: usize, mix: &dyn Fn(&[u8]) -> u8| bytes.chunks_exact(size).map(mix).collect::<Vec<u8>>();
    let grey = match color {
        ColorType::Gray(bits @ (1 | 2 | 4)) => {
            let full = ((1_u16 << bits) - 1) as u8;
            let samples = unpack(bytes, width, height, usize::from(bits));
            samples.into_iter().map(|sample| sample * (255 / full)).collect()
        }
        ColorType::Gray(8 | 16) => bytes.to_vec(),
        ColorType::GrayA(8 | 16) | ColorType::Multiband { bit_depth: 8 | 16, num_samples: 2 } => {
            each(2, &|pixel| pixel[0])
        }
        ColorType::RGB(8 | 16) => each(3, &|pixel| luma(pixel[0], pixel[1], pixel[2])),
        ColorType::RGBA(8 | 16) => each(4, &|pixel| luma(pixel[0], pixel[1], pixel[2])),
        ColorType::YCbCr(8) => each(3, &|pixel| pixel[0]),
        ColorType::CMYK(8 | 16) => each(4, &|pixel| {
            let ink = |sample: u8| 255 - (u16::from(sample) + u16::from(pixel[3])).min(255) as u8;
            luma(ink(pixel[0]), ink(pixel[1]), ink(pixel[2]))
        }),
        _ => return None,
    };
    (grey.len() == width * height).then_some(grey)
}

/// How bright a colour is (ITU-R BT.601).
pub(in crate::pages) fn luma(red: u8, green: u8, blue: u8) -> u8 {
    ((u32::from(red) * 77 + u32::from(green) * 150 + u32::from(blue) * 29) >> 8) as u8
}

fn unpack(bytes: &[u8], width: usize, height: usize, bits: usize) -> Vec<u8> {
    let stride = (width * bits).div_ceil(8);
    let each = 8 / bits;
    let mask = ((1_u16 << bits) - 1) as u8;
    let sample = move |row: usize, column: usize| {
        bytes.get(row * stride + column / each).map_or(mask, |byte| byte >> (8 - bits - column % each * bits) & mask)
    };
    (0..height)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .map(|(row, column)| sample(row, column))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_samples_begin_each_row_on_a_byte() {
        let three_by_two = to_grey(&[0b1010_0000, 0b0100_0000], ColorType::Gray(1), 3, 2).unwrap();
        assert_eq!(three_by_two, [255, 0, 255, 0, 255, 0]);
        assert_eq!(to_grey(&[0x0f], ColorType::Gray(4), 2, 1).unwrap(), [0, 255]);
    }

    #[test]
    fn black_ink_is_black() {
        assert_eq!(to_grey(&[0, 0, 0, 255, 0, 0, 0, 0], ColorType::CMYK(8), 2, 1).unwrap(), [0, 255]);
        assert_eq!(to_grey(&[0, 0, 0], ColorType::CMYK(8), 2, 1), None);
    }
}
