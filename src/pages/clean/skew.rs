//! By how much the lines of a page lean.

use crate::pages::clean::bits::Bits;

/// Leaning further than this, in degrees, is no slip of the feeder.
const SKEW_MAX: f32 = 5.0;
/// Points looked at, at most: more add time and no accuracy.
const POINTS_MAX: usize = 60_000;
/// Rows an inch in which points are counted.
const BINS_PER_INCH: f32 = 100.0;

/// Degrees by which lines of text fall to the right (rise: negative); 0 where too little ink stands on the page to tell.
pub(super) fn measure(bits: &Bits, x_dpi: f32, y_dpi: f32) -> f32 {
    let points = lower_edges(bits, x_dpi, y_dpi);
    if points.len() < 100 {
        return 0.0;
    }
    let bins = Bins::over(bits.height as f32 / y_dpi, bits.width as f32 / x_dpi);
    let coarse = best(&points, &bins, 0.0, SKEW_MAX, 0.2);
    let fine = best(&points, &bins, coarse.0, 0.2, 0.04);
    let finest = best(&points, &bins, fine.0, 0.04, 0.01);
    // a page without lines is as even at one angle as at another
    let level = bins.sharpness(&points, 0.0);
    if finest.0.abs() > SKEW_MAX || finest.1 < level * 1.01 { 0.0 } else { finest.0 }
}

/// Where ink ends downwards, in inches: baselines, rules and the lower edges of boxes are made of such points.
fn lower_edges(bits: &Bits, x_dpi: f32, y_dpi: f32) -> Vec<(f32, f32)> {
    let mut points = Vec::new();
    for y in 0..bits.height.saturating_sub(1) {
        let (row, below) = (bits.row(y), bits.row(y + 1));
        for x in 1..bits.width.saturating_sub(1) {
            if row[x] != 0 && below[x] == 0 && (row[x - 1] | row[x + 1]) != 0 {
                points.push((x as f32 / x_dpi, y as f32 / y_dpi));
            }
        }
    }
    let step = points.len() / POINTS_MAX + 1;
    if step > 1 { points.into_iter().step_by(step).collect() } else { points }
}

fn best(points: &[(f32, f32)], bins: &Bins, around: f32, reach: f32, step: f32) -> (f32, f32) {
    let steps = (reach / step).round() as i32;
    let angles = (-steps..=steps).map(|index| around + index as f32 * step);
    angles
        .map(|angle| (angle, bins.sharpness(points, angle)))
        .fold((around, 0.0), |best, other| if other.1 > best.1 { other } else { best })
}

struct Bins {
    offset: f32,
    count: usize,
}

impl Bins {
    fn over(height: f32, width: f32) -> Self {
        let offset = width * SKEW_MAX.to_radians().tan() * 1.2 + 0.1;
        Self { offset, count: ((height + 2.0 * offset) * BINS_PER_INCH) as usize + 2 }
    }

    /// High where the points fall into few bins.
    fn sharpness(&self, points: &[(f32, f32)], degrees: f32) -> f32 {
        let slope = degrees.to_radians().tan();
        let mut bins = vec![0.0f32; self.count];
        for (x, y) in points {
            let place = (y - x * slope + self.offset) * BINS_PER_INCH;
            let bin = place as usize;
            let share = place - bin as f32;
            if bin + 1 < self.count {
                bins[bin] += 1.0 - share;
                bins[bin + 1] += share;
            }
        }
        bins.iter().map(|count| count * count).sum()
    }
}
