//! Pixels of one picture from the places of another: scale, turn and perspective in one smooth step.

use crate::model::Grey;

/// Where a pixel of the new picture comes from: (x, y) goes to ((ax+by+c) / (gx+hy+1), (dx+ey+f) / (gx+hy+1)).
#[derive(Clone, Copy, Debug)]
pub(super) struct Map {
    pub(super) x: [f64; 3],
    pub(super) y: [f64; 3],
    pub(super) depth: [f64; 2],
}

impl Map {
    /// A picture of `width` x `height` whose lines lean by `degrees`, set upright and scaled by `scale_x` and `scale_y`.
    pub(super) fn upright(width: u32, height: u32, scale_x: f64, scale_y: f64, degrees: f64) -> Self {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let (middle_x, middle_y) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
        // around the middle: out → turned → divided by the scale of each axis
        let (new_x, new_y) = (middle_x * scale_x, middle_y * scale_y);
        let x = [cosine / scale_x, -sine / scale_x, middle_x - (cosine * new_x - sine * new_y) / scale_x];
        let y = [sine / scale_y, cosine / scale_y, middle_y - (sine * new_x + cosine * new_y) / scale_y];
        Self { x, y, depth: [0.0, 0.0] }
    }

    /// `self` of `first`: what `first` makes of a place is handed on to `self`. `first` has no perspective.
    pub(super) fn after(&self, first: &Self) -> Self {
        let row = |of: [f64; 3]| {
            [
                of[0] * first.x[0] + of[1] * first.y[0],
                of[0] * first.x[1] + of[1] * first.y[1],
                of[0] * first.x[2] + of[1] * first.y[2] + of[2],
            ]
        };
        let depth = row([self.depth[0], self.depth[1], 1.0]);
        let whole = if depth[2].abs() < 1e-9 { 1e-9 } else { depth[2] };
        let over = |of: [f64; 3]| of.map(|value| value / whole);
        Self { x: over(row(self.x)), y: over(row(self.y)), depth: [depth[0] / whole, depth[1] / whole] }
    }
}

/// The new picture, `width` x `height`; what lies outside the old one is white.
pub(super) fn warp(grey: &Grey, map: &Map, width: u32, height: u32) -> Grey {
    let mut pixels = vec![255; width as usize * height as usize];
    if grey.width > 0 && grey.height > 0 && width > 0 {
        let flat = map.depth == [0.0, 0.0];
        let printed = if flat { Printed::of(grey) } else { Printed::default() };
        for (y, row) in pixels.chunks_exact_mut(width as usize).enumerate() {
            if flat { straight(grey, map, y as f64, row, &printed) } else { slanted(grey, map, y as f64, row) }
        }
    }
    Grey { width, height, pixels }
}

/// Where each row has anything but white: its first such column and the one behind its last. Most of a fax is white.
#[derive(Default)]
struct Printed(Vec<(usize, usize)>);

impl Printed {
    fn of(grey: &Grey) -> Self {
        let extent = |row: &[u8]| {
            let first = row.iter().position(|pixel| *pixel != 255).unwrap_or(row.len());
            (first, row.iter().rposition(|pixel| *pixel != 255).map_or(first, |last| last + 1))
        };
        Self(grey.pixels.chunks_exact(grey.width as usize).map(extent).collect())
    }

    /// The columns of all rows from `top` to `bottom`, both included, that have anything on them; None where all is white.
    fn columns(&self, top: i64, bottom: i64) -> Option<(i64, i64)> {
        let row = |y: i64| (y.max(0) as usize).min(self.0.len());
        let extents = self.0[row(top)..row(bottom + 1)].iter().filter(|(first, end)| first < end);
        let (first, end) =
            extents.fold((usize::MAX, 0), |(first, end), extent| (first.min(extent.0), end.max(extent.1)));
        (first < end).then_some((first as i64, end as i64))
    }
}

fn slanted(grey: &Grey, map: &Map, y: f64, row: &mut [u8]) {
    let y = y + 0.5;
    for (x, pixel) in row.iter_mut().enumerate() {
        let x = x as f64 + 0.5;
        let depth = (map.depth[0] * x + map.depth[1] * y + 1.0).max(1e-6);
        let from_x = (map.x[0] * x + map.x[1] * y + map.x[2]) / depth - 0.5;
        let from_y = (map.y[0] * x + map.y[1] * y + map.y[2]) / depth - 0.5;
        *pixel = blend(grey, (from_x * ONE as f64) as i64, (from_y * ONE as f64) as i64);
    }
}

fn straight(grey: &Grey, map: &Map, y: f64, row: &mut [u8], printed: &Printed) {
    let y = y + 0.5;
    let fixed = |value: f64| (value * ONE as f64).round() as i64;
    let from_x = fixed(map.x[0] * 0.5 + map.x[1] * y + map.x[2] - 0.5);
    let from_y = fixed(map.y[0] * 0.5 + map.y[1] * y + map.y[2] - 0.5);
    let (step_x, step_y) = (fixed(map.x[0]), fixed(map.y[0]));
    let to_y = from_y + step_y * row.len() as i64;
    let Some((first, end)) = printed.columns((from_y.min(to_y) >> 20) - 1, (from_y.max(to_y) >> 20) + 2) else {
        return;
    };
    // a column of the new row for a column of the old one; one on each side is touched as well
    let column = |x: i64| (((x << 20) - from_x) / step_x.max(1)).clamp(0, row.len() as i64) as usize;
    let columns = if step_x > 0 { column(first - 2)..column(end + 2) } else { 0..row.len() };
    let start = columns.start as i64;
    let (mut from_x, mut from_y) = (from_x + step_x * start, from_y + step_y * start);
    for pixel in &mut row[columns] {
        *pixel = blend(grey, from_x, from_y);
        from_x += step_x;
        from_y += step_y;
    }
}

/// Places are counted in parts of a pixel, this many each.
const ONE: i64 = 1 << 20;

/// The four pixels around a place, each by its nearness.
fn blend(grey: &Grey, x: i64, y: i64) -> u8 {
    let (left, top) = (x >> 20, y >> 20);
    let (width, height) = (i64::from(grey.width), i64::from(grey.height));
    if left < -1 || top < -1 || left >= width || top >= height {
        return 255;
    }
    let (share_x, share_y) = (((x & (ONE - 1)) >> 12) as u32, ((y & (ONE - 1)) >> 12) as u32);
    if left >= 0 && top >= 0 && left + 1 < width && top + 1 < height {
        let at = top as usize * grey.width as usize + left as usize;
        let (upper, lower) = (&grey.pixels[at..at + 2], &grey.pixels[at + grey.width as usize..][..2]);
        let first = u32::from(upper[0]) * (256 - share_x) + u32::from(upper[1]) * share_x;
        let second = u32::from(lower[0]) * (256 - share_x) + u32::from(lower[1]) * share_x;
        return ((first * (256 - share_y) + second * share_y + (1 << 15)) >> 16) as u8;
    }
    let (x, y) = (left.clamp(0, width - 1) as usize, top.clamp(0, height - 1) as usize);
    grey.pixels[y * grey.width as usize + x]
}
