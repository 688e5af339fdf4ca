//! Soft edges for black and white pages.

use crate::model::Grey;

/// Binomial weights, a Gaussian of 1.2 pixels; they add up to 64.
const WEIGHTS: [u16; 7] = [1, 6, 15, 20, 15, 6, 1];
const REACH: usize = WEIGHTS.len() / 2;

/// Blurs a picture a little: the OCR engine has learned from print with soft edges and takes the stairs in a fax's letters for
/// strokes of their own (a comma for a point, `$` for S).
pub(super) fn soften(grey: &Grey) -> Grey {
    let (width, height) = (grey.width as usize, grey.height as usize);
    let mut pixels = vec![255; grey.pixels.len()];
    let mut column_sums = vec![0u16; width + 2 * REACH];
    for y in 0..height {
        let sums = &mut column_sums[REACH..REACH + width];
        sums.fill(0);
        for (offset, weight) in WEIGHTS.iter().enumerate() {
            let from = (y + offset).saturating_sub(REACH).min(height - 1);
            for (sum, pixel) in sums.iter_mut().zip(&grey.pixels[from * width..(from + 1) * width]) {
                *sum += weight * u16::from(*pixel);
            }
        }
        let (first, last) = (column_sums[REACH], column_sums[REACH + width - 1]);
        column_sums[..REACH].fill(first);
        column_sums[REACH + width..].fill(last);
        for (pixel, around) in pixels[y * width..(y + 1) * width].iter_mut().zip(column_sums.windows(WEIGHTS.len())) {
            let sum: u32 = around.iter().zip(WEIGHTS).map(|(sum, weight)| u32::from(*sum) * u32::from(weight)).sum();
            *pixel = ((sum + (1 << 11)) >> 12) as u8;
        }
    }
    Grey { width: grey.width, height: grey.height, pixels }
}
