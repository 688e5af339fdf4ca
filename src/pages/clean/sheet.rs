//! The sheet of paper in a photograph or in a scan with a dark surrounding.

use crate::model::Grey;
use crate::pages::clean::bits::{Bits, blobs};
use crate::pages::clean::warp::Map;

/// The sheet is looked for in a picture reduced to about this width, in pixels.
const LOOK_WIDTH: usize = 400;
/// It covers at least this share of the picture.
const SHARE_MIN: f64 = 0.3;
/// Edges that stray from a straight line by more than this share of the picture's width are no edges of a sheet.
const STRAY_MAX: f64 = 0.012;
/// The surrounding is at most this bright beside the sheet.
const SURROUNDING: f32 = 0.8;

/// A point in pixels.
pub(super) type Point = (f64, f64);

/// Corners of the sheet: upper left, upper right, lower right, lower left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sheet {
    pub(super) corners: [Point; 4],
}

impl Sheet {
    /// Width and height, in pixels of the picture: the longer of two opposite edges is the nearer and truer one.
    pub(super) fn size(&self) -> (f64, f64) {
        let [a, b, c, d] = self.corners;
        let length = |one: Point, other: Point| (one.0 - other.0).hypot(one.1 - other.1);
        (length(a, b).max(length(d, c)), length(a, d).max(length(b, c)))
    }

    /// From a picture of `width` x `height` that shows the sheet alone to where it lies.
    pub(super) fn map(&self, width: f64, height: f64) -> Map {
        // unit square to quadrilateral: Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), 2.2.3
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = self.corners;
        let (sum_x, sum_y) = (x0 - x1 + x2 - x3, y0 - y1 + y2 - y3);
        let (dx1, dx2, dy1, dy2) = (x1 - x2, x3 - x2, y1 - y2, y3 - y2);
        let area = dx1 * dy2 - dx2 * dy1;
        let area = if area.abs() < 1e-9 { 1e-9 } else { area };
        let (g, h) = ((sum_x * dy2 - dx2 * sum_y) / area, (dx1 * sum_y - sum_x * dy1) / area);
        Map {
            x: [(x1 - x0 + g * x1) / width, (x3 - x0 + h * x3) / height, x0],
            y: [(y1 - y0 + g * y1) / width, (y3 - y0 + h * y3) / height, y0],
            depth: [g / width, h / height],
        }
    }
}

/// The sheet, where the picture shows one with something darker around it.
pub(super) fn find(grey: &Grey) -> Option<Sheet> {
    let step = (grey.width as usize / LOOK_WIDTH).max(1);
    let small = reduce(grey, step);
    let (width, height) = (small.width as usize, small.height as usize);
    if width < 50 || height < 50 {
        return None;
    }
    let threshold = otsu(&small);
    let bright = Bits { width, height, ink: small.pixels.iter().map(|pixel| u8::from(*pixel >= threshold)).collect() };
    let found = blobs(&bright);
    let (index, largest) = found.blobs.iter().enumerate().max_by_key(|(_, blob)| blob.area)?;
    if (largest.area as f64) < SHARE_MIN * (width * height) as f64 {
        return None;
    }
    let (mut lefts, mut rights) = (vec![usize::MAX; height], vec![0; height]);
    let (mut tops, mut bottoms) = (vec![usize::MAX; width], vec![0; width]);
    for run in found.runs.iter().filter(|run| run.blob == index) {
        lefts[run.y] = lefts[run.y].min(run.left);
        rights[run.y] = rights[run.y].max(run.right);
        for x in run.left..run.right {
            tops[x] = tops[x].min(run.y);
            bottoms[x] = bottoms[x].max(run.y + 1);
        }
    }
    let middle = |from: usize, to: usize| from + (to - from) / 12..to - (to - from) / 12;
    let rows = middle(largest.top, largest.bottom);
    let columns = middle(largest.left, largest.right);
    let edge = |places: std::ops::Range<usize>, ends: &[usize]| {
        let points: Vec<Point> =
            places.filter(|at| ends[*at] != usize::MAX).map(|at| (at as f64 + 0.5, ends[at] as f64)).collect();
        straight(points, STRAY_MAX * width as f64)
    };
    let (left, right) = (edge(rows.clone(), &lefts)?, edge(rows, &rights)?);
    let (top, bottom) = (edge(columns.clone(), &tops)?, edge(columns, &bottoms)?);
    let corners = [cross(top, left), cross(top, right), cross(bottom, right), cross(bottom, left)];
    let area = shoelace(&corners);
    let whole = (width * height) as f64;
    if !(SHARE_MIN * whole..0.985 * whole).contains(&area) || !is_surrounded(&small, &corners) {
        return None;
    }
    Some(Sheet { corners: corners.map(|(x, y)| (x * step as f64, y * step as f64)) })
}

/// A picture in which each pixel is the mean of `step` x `step`.
pub(super) fn reduce(grey: &Grey, step: usize) -> Grey {
    if step <= 1 {
        return grey.clone();
    }
    let (width, height) = (grey.width as usize / step, grey.height as usize / step);
    let mut sums = vec![0u32; width];
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        sums.fill(0);
        for row in y * step..(y + 1) * step {
            for (sum, block) in sums.iter_mut().zip(grey.row(row as u32).chunks_exact(step)) {
                *sum += block.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
            }
        }
        pixels.extend(sums.iter().map(|sum| (sum / (step * step) as u32) as u8));
    }
    Grey { width: width as u32, height: height as u32, pixels }
}

/// The brightness that parts a picture best into dark and bright (Otsu 1979).
pub(super) fn otsu(grey: &Grey) -> u8 {
    let mut counts = [0f64; 256];
    grey.pixels.iter().for_each(|pixel| counts[usize::from(*pixel)] += 1.0);
    let all: f64 = counts.iter().sum();
    let total: f64 = counts.iter().enumerate().map(|(level, count)| level as f64 * count).sum();
    let (mut dark, mut dark_sum, mut best) = (0.0, 0.0, (0.0, 128));
    for (level, count) in counts.iter().enumerate() {
        dark += count;
        dark_sum += level as f64 * count;
        let bright = all - dark;
        if dark > 0.0 && bright > 0.0 {
            let difference = dark_sum / dark - (total - dark_sum) / bright;
            let parted = dark * bright * difference * difference;
            if parted > best.0 {
                best = (parted, level);
            }
        }
    }
    (best.1 + 1).min(255) as u8
}

/// A line `across = slope * along + offset` through most of the points; None where they stray from it.
fn straight(mut points: Vec<Point>, stray_max: f64) -> Option<(f64, f64)> {
    let wanted = points.len() / 2;
    for round in 0..12 {
        if points.len() < 10 || points.len() < wanted {
            return None;
        }
        let count = points.len() as f64;
        let (mean_x, mean_y) = (
            points.iter().map(|point| point.0).sum::<f64>() / count,
            points.iter().map(|point| point.1).sum::<f64>() / count,
        );
        let spread: f64 = points.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
        let slope = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / spread.max(1e-9);
        let offset = mean_y - slope * mean_x;
        let stray = |(x, y): &Point| (y - slope * x - offset).abs();
        let worst = points.iter().map(stray).fold(0.0, f64::max);
        if worst <= stray_max {
            return Some((slope, offset));
        }
        // drop the worst ones: fingers, folded corners, things lying on the edge
        let limit = (worst * if round < 6 { 0.7 } else { 0.5 }).max(stray_max);
        points.retain(|point| stray(point) <= limit);
    }
    None
}

/// Where a flat line (y of x) and a steep one (x of y) meet.
fn cross(flat: (f64, f64), steep: (f64, f64)) -> Point {
    let y = (flat.0 * steep.1 + flat.1) / (1.0 - flat.0 * steep.0).max(1e-6);
    (steep.0 * y + steep.1, y)
}

fn shoelace(corners: &[Point; 4]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    corners.iter().zip(next).map(|(one, other)| one.0 * other.1 - other.0 * one.1).sum::<f64>() / 2.0
}

/// Whether what lies outside the sheet is darker than what lies inside.
fn is_surrounded(small: &Grey, corners: &[Point; 4]) -> bool {
    let inside = |x: f64, y: f64| {
        let next = corners.iter().cycle().skip(1);
        corners
            .iter()
            .zip(next)
            .all(|(one, other)| (other.0 - one.0) * (y - one.1) - (other.1 - one.1) * (x - one.0) >= 0.0)
    };
    let (mut in_sum, mut in_count, mut out_sum, mut out_count) = (0u64, 0u64, 0u64, 0u64);
    for y in 0..small.height {
        for (x, pixel) in small.row(y).iter().enumerate() {
            let (sum, count) = if inside(x as f64 + 0.5, f64::from(y) + 0.5) {
                (&mut in_sum, &mut in_count)
            } else {
                (&mut out_sum, &mut out_count)
            };
            *sum += u64::from(*pixel);
            *count += 1;
        }
    }
    let mean = |sum: u64, count: u64| sum as f32 / count.max(1) as f32;
    out_count > 0 && mean(out_sum, out_count) < SURROUNDING * mean(in_sum, in_count)
}
