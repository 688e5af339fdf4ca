//! A page as ink and paper, and the connected pieces of its ink.

use crate::model::{Area, Grey};

/// Grey below this is ink: thin lines that were scaled are no longer black.
const INK: u8 = 165;

/// One byte a pixel, 1 for ink.
pub(in crate::ocr) struct Ink {
    pub(in crate::ocr) width: u32,
    pub(in crate::ocr) height: u32,
    pub(in crate::ocr) dpi: f32,
    bits: Vec<u8>,
}

/// A connected piece of ink.
#[derive(Debug, Clone, Copy)]
pub(in crate::ocr) struct Piece {
    pub(in crate::ocr) area: Area,
    /// Its pixels.
    pub(in crate::ocr) pixels: u32,
}

/// Ink without a gap in one row.
#[derive(Clone, Copy)]
struct Run {
    left: u32,
    right: u32,
    pixels: u32,
    piece: usize,
}

impl Ink {
    /// None for a picture without pixels, or with another number of them than it says.
    pub(in crate::ocr) fn of(grey: &Grey, dpi: u32) -> Option<Self> {
        let whole = grey.pixels.len() as u64 == u64::from(grey.width) * u64::from(grey.height);
        if !whole || grey.pixels.is_empty() {
            return None;
        }
        let bits = grey.pixels.iter().map(|pixel| u8::from(*pixel < INK)).collect();
        Some(Self { width: grey.width, height: grey.height, dpi: dpi.clamp(50, 1200) as f32, bits })
    }

    /// Whether there is ink; none outside the page.
    pub(in crate::ocr) fn at(&self, x: i64, y: i64) -> bool {
        x >= 0
            && y >= 0
            && x < i64::from(self.width)
            && y < i64::from(self.height)
            && self.bits[y as usize * self.width as usize + x as usize] != 0
    }

    /// Columns `left..right` of a row that is on the page.
    pub(in crate::ocr) fn row(&self, y: u32, left: u32, right: u32) -> &[u8] {
        let start = y as usize * self.width as usize;
        &self.bits[start + left as usize..start + right as usize]
    }

    /// The part of `area` that is on the page.
    pub(in crate::ocr) fn clip(&self, area: &Area) -> Area {
        Area::new(
            area.left.min(self.width),
            area.top.min(self.height),
            area.right.min(self.width),
            area.bottom.min(self.height),
        )
    }

    /// Pixels for inches.
    pub(in crate::ocr) fn inches(&self, inches: f32) -> u32 {
        (inches * self.dpi).round() as u32
    }

    /// How many pixels of an area are ink.
    pub(in crate::ocr) fn count(&self, area: &Area) -> u32 {
        let area = self.clip(area);
        (area.top..area.bottom)
            .map(|y| self.row(y, area.left, area.right).iter().map(|bit| u32::from(*bit)).sum::<u32>())
            .sum()
    }

    /// A copy of an area, with `rub_out` white.
    pub(in crate::ocr) fn cut(&self, area: &Area, rub_out: &[Area]) -> Self {
        let area = self.clip(area);
        let mut bits = Vec::with_capacity(area.width() as usize * area.height() as usize);
        for y in area.top..area.bottom {
            bits.extend_from_slice(self.row(y, area.left, area.right));
        }
        let width = area.width() as usize;
        for white in rub_out {
            let columns = white.left.clamp(area.left, area.right)..white.right.clamp(area.left, area.right);
            for y in white.top.clamp(area.top, area.bottom)..white.bottom.clamp(area.top, area.bottom) {
                let start = (y - area.top) as usize * width;
                bits[start + (columns.start - area.left) as usize..start + (columns.end - area.left) as usize].fill(0);
            }
        }
        Self { width: area.width(), height: area.height(), dpi: self.dpi, bits }
    }

    /// The pieces of ink; ink that is not more than `gap` pixels apart counts as connected.
    pub(in crate::ocr) fn pieces(&self, gap: u32) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut parents: Vec<usize> = Vec::new();
        let mut rows: Vec<Vec<Run>> = Vec::new();
        for y in 0..self.height {
            let mut runs = runs(self.row(y, 0, self.width), gap);
            for run in &mut runs {
                for above in rows.iter().rev().take(gap as usize + 1) {
                    let first = above.partition_point(|other| other.right + gap < run.left);
                    for other in above[first..].iter().take_while(|other| other.left <= run.right + gap) {
                        if run.piece == usize::MAX {
                            run.piece = other.piece;
                        } else {
                            join(&mut parents, run.piece, other.piece);
                        }
                    }
                }
                let area = Area::new(run.left, y, run.right, y + 1);
                if run.piece == usize::MAX {
                    run.piece = pieces.len();
                    parents.push(pieces.len());
                    pieces.push(Piece { area, pixels: run.pixels });
                } else {
                    let piece = &mut pieces[run.piece];
                    piece.area = piece.area.union(&area);
                    piece.pixels += run.pixels;
                }
            }
            if rows.len() > gap as usize {
                rows.remove(0);
            }
            rows.push(runs);
        }
        for at in (0..pieces.len()).rev() {
            let root = root(&mut parents, at);
            if root != at {
                let piece = pieces[at];
                pieces[root].area = pieces[root].area.union(&piece.area);
                pieces[root].pixels += piece.pixels;
            }
        }
        let roots = pieces.iter().zip(&parents).enumerate().filter(|(at, (_, parent))| at == *parent);
        roots.map(|(_, (piece, _))| *piece).collect()
    }
}

fn runs(row: &[u8], gap: u32) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = 0;
    while let Some(skip) = row[x..].iter().position(|bit| *bit != 0) {
        let left = x + skip;
        let length = row[left..].iter().position(|bit| *bit == 0).unwrap_or(row.len() - left);
        x = left + length;
        match runs.last_mut() {
            Some(last) if left as u32 - last.right <= gap => {
                last.right = x as u32;
                last.pixels += length as u32;
            }
            _ => runs.push(Run { left: left as u32, right: x as u32, pixels: length as u32, piece: usize::MAX }),
        }
    }
    runs
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

/// The older piece stays, so that a piece's root is never younger than it.
fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}
