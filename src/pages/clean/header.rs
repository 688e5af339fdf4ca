//! The line that the receiving fax machine stamps along the top edge: date, number, page n of m.

use crate::pages::clean::bits::{Bits, Blob};

/// The line begins no further from the edge than this, in inches.
const START_INCHES: f32 = 0.3;
/// Height of the line, in inches: machines stamp it between 6 and 14 point.
const HEIGHT_INCHES: (f32, f32) = (0.05, 0.22);
/// Paper between the line and the page's own first line, in inches.
const GAP_INCHES: f32 = 0.025;
/// It reaches over this share of the page's width: sender on the left, page on the right.
const SPAN_SHARE: f32 = 0.4;
/// Its letters and digits, at least.
const LETTERS_MIN: usize = 15;

/// Rows of the stamped line, the upper one in, the lower one out. `letters` are the page's letter-sized pieces.
pub(super) fn find(bits: &Bits, letters: &[Blob], y_dpi: f32) -> Option<(usize, usize)> {
    let reach = ((START_INCHES + HEIGHT_INCHES.1 + GAP_INCHES) * y_dpi) as usize;
    let gap = (GAP_INCHES * y_dpi).ceil().max(1.0) as usize;
    let mut inked = vec![false; reach + gap + 1];
    for blob in letters.iter().filter(|blob| blob.top < reach) {
        let end = blob.bottom.min(inked.len());
        inked[blob.top..end].fill(true);
    }
    let top = inked.iter().position(|inked| *inked)?;
    let bottom = top + inked[top..].windows(gap).position(|rows| rows.iter().all(|inked| !inked))?;
    let height = (bottom - top) as f32 / y_dpi;
    if top as f32 / y_dpi > START_INCHES || !(HEIGHT_INCHES.0..HEIGHT_INCHES.1).contains(&height) {
        return None;
    }
    let line: Vec<&Blob> = letters.iter().filter(|blob| blob.top >= top && blob.bottom <= bottom).collect();
    let left = line.iter().map(|blob| blob.left).min()?;
    let right = line.iter().map(|blob| blob.right).max()?;
    let wide = (right - left) as f32 > SPAN_SHARE * bits.width as f32;
    (wide && line.len() >= LETTERS_MIN).then_some((top.saturating_sub(gap / 2), bottom + gap / 2))
}
