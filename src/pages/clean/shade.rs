//! Even light: shadows, grey paper and the falling off of a lamp out of a picture.

use crate::model::Grey;

/// Side of the squares in which the paper's brightness is taken, in pixels at 300 dpi: wider than a letter.
const TILE: usize = 48;
/// Dark things up to this many squares wide do not count as shadow.
const DARK_TILES: usize = 3;
/// Paper this much darker than its surroundings is still white.
const WHITE_SHARE: f32 = 0.88;

/// The picture with its paper white.
pub(super) fn flatten(grey: &Grey) -> Grey {
    let (width, height) = (grey.width as usize, grey.height as usize);
    let (columns, rows) = (width.div_ceil(TILE), height.div_ceil(TILE));
    let mut paper = Tiles { columns, rows, level: vec![255; columns * rows] };
    for row in 0..rows {
        for column in 0..columns {
            paper.level[row * columns + column] = brightness(grey, column * TILE, row * TILE);
        }
    }
    let paper = paper.spread(DARK_TILES, u8::max).spread(DARK_TILES, u8::min).smooth();
    let mut pixels = vec![255; grey.pixels.len()];
    let mut factors = vec![0.0f32; width];
    for y in 0..height {
        paper.factors(y, &mut factors);
        let row = y * width..(y + 1) * width;
        for ((new, old), factor) in pixels[row.clone()].iter_mut().zip(&grey.pixels[row]).zip(&factors) {
            *new = (f32::from(*old) * factor) as u8; // `as` stops at 255
        }
    }
    Grey { width: grey.width, height: grey.height, pixels }
}

/// The paper's brightness in one square: what four fifths of its pixels do not exceed.
fn brightness(grey: &Grey, left: usize, top: usize) -> u8 {
    let (width, height) = (grey.width as usize, grey.height as usize);
    let mut counts = [0u32; 256];
    let mut all = 0;
    for y in (top..(top + TILE).min(height)).step_by(2) {
        for pixel in grey.pixels[y * width + left..y * width + (left + TILE).min(width)].iter().step_by(2) {
            counts[usize::from(*pixel)] += 1;
            all += 1;
        }
    }
    let mut seen = 0;
    let level = counts.iter().position(|count| {
        seen += count;
        seen * 5 >= all * 4
    });
    level.unwrap_or(255) as u8
}

struct Tiles {
    columns: usize,
    rows: usize,
    level: Vec<u8>,
}

impl Tiles {
    /// Each square becomes the most extreme of those around it.
    fn spread(&self, reach: usize, pick: fn(u8, u8) -> u8) -> Self {
        self.map(reach, |around| around.reduce(pick).unwrap_or(255))
    }

    fn smooth(&self) -> Self {
        self.map(1, |around| {
            let (sum, count) = around.fold((0u32, 0u32), |(sum, count), level| (sum + u32::from(level), count + 1));
            (sum / count.max(1)) as u8
        })
    }

    fn map(&self, reach: usize, pick: impl Fn(&mut dyn Iterator<Item = u8>) -> u8) -> Self {
        let mut level = Vec::with_capacity(self.level.len());
        for row in 0..self.rows {
            for column in 0..self.columns {
                let rows = row.saturating_sub(reach)..(row + reach + 1).min(self.rows);
                let columns = column.saturating_sub(reach)..(column + reach + 1).min(self.columns);
                let mut around =
                    rows.flat_map(|row| columns.clone().map(move |column| self.level[row * self.columns + column]));
                level.push(pick(&mut around));
            }
        }
        Self { columns: self.columns, rows: self.rows, level }
    }

    /// By what the pixels of row `y` are multiplied.
    fn factors(&self, y: usize, factors: &mut [f32]) {
        let place = |pixel: usize, count: usize| {
            let place = ((pixel as f32 + 0.5) / TILE as f32 - 0.5).clamp(0.0, (count - 1) as f32);
            (place as usize, (place as usize + 1).min(count - 1), place.fract())
        };
        let (upper, lower, down) = place(y, self.rows);
        let at = |row: usize, column: usize| f32::from(self.level[row * self.columns + column]);
        let levels: Vec<f32> =
            (0..self.columns).map(|column| at(upper, column) * (1.0 - down) + at(lower, column) * down).collect();
        for (x, factor) in factors.iter_mut().enumerate() {
            let (left, right, share) = place(x, self.columns);
            let level = levels[left] * (1.0 - share) + levels[right] * share;
            *factor = 255.0 / (level * WHITE_SHARE).max(20.0);
        }
    }
}
