//! Dust and line noise out, dots and decimal points in. Also what lies on the page's edges: black borders and punch holes.

use crate::pages::clean::bits::{Bits, Blob, Blobs, blobs};

/// The full stop of 7 point type is about this wide and high, in inches: nothing smaller is a dot.
const DOT_INCHES: f32 = 0.0095;
/// A piece of ink at least so wide or high, in inches, is text or more.
const LETTER_INCHES: f32 = 0.035;
/// Larger pieces than this say nothing about where text stands.
const TEXT_INCHES_MAX: f32 = 0.6;
/// How far from a letter a dot may stand, in inches: a full stop, an accent, a colon, the dot of an i.
const REACH_INCHES: f32 = 0.06;
/// What touches the edge and reaches no further into the page than this, in inches, is no text.
const BORDER_INCHES: f32 = 0.4;
/// A sheet that leans on the glass leaves this much of the scanner's dark lid to be seen, in inches.
const FRAME_INCHES: f32 = 0.6;
/// Punch holes are 0.22 to 0.32 inches wide (ISO 838: 6 mm; American binders 1/4 to 9/32 inch).
const HOLE_INCHES: (f32, f32) = (0.19, 0.35);
/// Punch holes lie this near to an edge, in inches.
const HOLE_MARGIN_INCHES: f32 = 0.75;

/// White holes of one pixel in the middle of ink are closed.
pub(super) fn fill_pinholes(bits: &mut Bits) {
    let (width, height) = (bits.width, bits.height);
    if width < 3 || height < 3 {
        return;
    }
    let before = bits.ink.clone();
    for y in 1..height - 1 {
        let row = y * width;
        for x in 1..width - 1 {
            let i = row + x;
            if before[i] == 0 && before[i - 1] + before[i + 1] + before[i - width] + before[i + width] == 4 {
                bits.ink[i] = 1;
            }
        }
    }
}

/// Takes specks, borders and punch holes out; says how many letter-sized pieces are left.
pub(super) fn remove(bits: &mut Bits, x_dpi: f32, y_dpi: f32) -> Vec<Blob> {
    strip_frame(bits, x_dpi, y_dpi);
    let found = blobs(bits);
    let size = Size { x_dpi, y_dpi, width: bits.width, height: bits.height };
    let neighbourhood = Neighbourhood::of(&found, &size);
    let gone: Vec<bool> = found
        .blobs
        .iter()
        .map(|blob| size.is_speck(blob) || size.is_edge(blob) || (size.is_small(blob) && !neighbourhood.holds(blob)))
        .collect();
    for run in found.runs.iter().filter(|run| gone[run.blob]) {
        bits.row_mut(run.y)[run.left..run.right].fill(0);
    }
    found
        .blobs
        .iter()
        .zip(&gone)
        .filter(|(blob, gone)| !**gone && size.is_letter(blob))
        .map(|(blob, _)| *blob)
        .collect()
}

/// Takes off the black that a scanner shows around a sheet: what hangs together with the picture's edge, so far as a leaning sheet
/// may leave it bare.
fn strip_frame(bits: &mut Bits, x_dpi: f32, y_dpi: f32) {
    let (deep_x, deep_y) = ((FRAME_INCHES * x_dpi) as usize, (FRAME_INCHES * y_dpi) as usize);
    let (width, height) = (bits.width, bits.height);
    let before = bits.ink.clone();
    for y in 0..height {
        let row = &before[y * width..(y + 1) * width];
        let left = depth(row.iter(), deep_x);
        let right = depth(row.iter().rev(), deep_x);
        let target = bits.row_mut(y);
        target[..left].fill(0);
        target[width - right..].fill(0);
    }
    for x in 0..width {
        let column = || before[x..].iter().step_by(width);
        (0..depth(column(), deep_y)).for_each(|y| bits.ink[y * width + x] = 0);
        (0..depth(column().rev(), deep_y)).for_each(|y| bits.ink[(height - 1 - y) * width + x] = 0);
    }
}

/// How far ink reaches from an edge, at most `deep`; the outermost pixels may be white.
fn depth<'a>(from_edge: impl Iterator<Item = &'a u8>, deep: usize) -> usize {
    let mut inked = from_edge.take(deep).enumerate().skip_while(|(at, ink)| **ink == 0 && *at < 2).peekable();
    let start = inked.peek().map_or(0, |(at, _)| *at);
    let length = inked.take_while(|(_, ink)| **ink != 0).count();
    if length == 0 { 0 } else { start + length }
}

struct Size {
    x_dpi: f32,
    y_dpi: f32,
    width: usize,
    height: usize,
}

impl Size {
    fn inches(&self, blob: &Blob) -> (f32, f32) {
        (blob.width() as f32 / self.x_dpi, blob.height() as f32 / self.y_dpi)
    }

    /// Too small for any dot. At 204 x 98 a dot is one row of two or three pixels: there only single pixels are too small.
    fn is_speck(&self, blob: &Blob) -> bool {
        (blob.area as f32) < (DOT_INCHES * self.x_dpi * DOT_INCHES * self.y_dpi * 0.75).max(1.5)
    }

    fn is_small(&self, blob: &Blob) -> bool {
        let (width, height) = self.inches(blob);
        width < LETTER_INCHES && height < LETTER_INCHES
    }

    fn is_letter(&self, blob: &Blob) -> bool {
        let (width, height) = self.inches(blob);
        !self.is_small(blob) && width < TEXT_INCHES_MAX && height < TEXT_INCHES_MAX
    }

    fn is_edge(&self, blob: &Blob) -> bool {
        let (width, height) = self.inches(blob);
        let touches_side = blob.left == 0 || blob.right == self.width;
        let touches_end = blob.top == 0 || blob.bottom == self.height;
        let border = (touches_side && width < BORDER_INCHES && height > 0.5)
            || (touches_end && height < BORDER_INCHES && width > 0.5);
        border || self.is_hole(blob)
    }

    fn is_hole(&self, blob: &Blob) -> bool {
        let (width, height) = self.inches(blob);
        let (least, most) = HOLE_INCHES;
        let round =
            (least..most).contains(&width) && (least..most).contains(&height) && (width / height - 1.0).abs() < 0.25;
        // a disc fills 0.785 of its box
        let full = blob.area as f32 / (blob.width() * blob.height()) as f32;
        let to_side = blob.left.min(self.width - blob.right) as f32 / self.x_dpi;
        let to_end = blob.top.min(self.height - blob.bottom) as f32 / self.y_dpi;
        round && (0.65..0.9).contains(&full) && to_side.min(to_end) < HOLE_MARGIN_INCHES - least
    }
}

/// Where letters stand, on a grid.
struct Neighbourhood {
    cell: usize,
    columns: usize,
    near: Vec<bool>,
}

impl Neighbourhood {
    fn of(found: &Blobs, size: &Size) -> Self {
        let cell = 4;
        let (columns, rows) = (size.width / cell + 1, size.height / cell + 1);
        let mut near = vec![false; columns * rows];
        let (reach_x, reach_y) = ((REACH_INCHES * size.x_dpi) as usize, (REACH_INCHES * size.y_dpi) as usize);
        for blob in found.blobs.iter().filter(|blob| size.is_letter(blob)) {
            let (left, right) =
                (blob.left.saturating_sub(reach_x) / cell, ((blob.right + reach_x) / cell).min(columns - 1));
            let (top, bottom) =
                (blob.top.saturating_sub(reach_y) / cell, ((blob.bottom + reach_y / 2) / cell).min(rows - 1));
            for row in top..=bottom {
                near[row * columns + left..=row * columns + right].fill(true);
            }
        }
        Self { cell, columns, near }
    }

    fn holds(&self, blob: &Blob) -> bool {
        let (x, y) = ((blob.left + blob.right) / 2, (blob.top + blob.bottom) / 2);
        self.near[y / self.cell * self.columns + x / self.cell]
    }
}
