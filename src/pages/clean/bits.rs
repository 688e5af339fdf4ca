//! A picture of ink and no ink, and the connected pieces of its ink.

use crate::model::Grey;

/// One byte a pixel: 1 is ink, 0 is paper.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) ink: Vec<u8>,
}

impl Bits {
    /// Darker than `threshold` is ink.
    pub(super) fn of(grey: &Grey, threshold: u8) -> Self {
        let ink = grey.pixels.iter().map(|pixel| u8::from(*pixel < threshold)).collect();
        Self { width: grey.width as usize, height: grey.height as usize, ink }
    }

    pub(super) fn at(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.height && self.ink[y * self.width + x] != 0
    }

    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.ink[y * self.width..(y + 1) * self.width]
    }

    pub(super) fn row_mut(&mut self, y: usize) -> &mut [u8] {
        &mut self.ink[y * self.width..(y + 1) * self.width]
    }

    /// Turned clockwise by 90 degrees.
    pub(super) fn turned(&self) -> Self {
        let columns = 0..self.width;
        let ink = columns.flat_map(|x| (0..self.height).rev().map(move |y| self.ink[y * self.width + x])).collect();
        Self { width: self.height, height: self.width, ink }
    }

    /// Ink is black.
    pub(super) fn to_grey(&self) -> Grey {
        let pixels = self.ink.iter().map(|ink| if *ink == 0 { 255 } else { 0 }).collect();
        Grey { width: self.width as u32, height: self.height as u32, pixels }
    }
}

/// Ink without a gap in one row: columns from `left` up to, not including, `right`.
pub(super) struct Run {
    pub(super) y: usize,
    pub(super) left: usize,
    pub(super) right: usize,
    /// Which blob it belongs to.
    pub(super) blob: usize,
}

/// A connected piece of ink (over edges and corners); `right` and `bottom` lie outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
    /// Its pixels.
    pub(super) area: usize,
}

impl Blob {
    pub(super) fn width(&self) -> usize {
        self.right - self.left
    }

    pub(super) fn height(&self) -> usize {
        self.bottom - self.top
    }

    /// Where it is on a page that was `height` high and is turned clockwise by 90 degrees.
    pub(super) fn turned(&self, height: usize) -> Self {
        let Self { left, top, right, bottom, area } = *self;
        Self { left: height - bottom, right: height - top, top: left, bottom: right, area }
    }

    /// Where it is on a page of `width` and `height` that is turned by 180 degrees.
    pub(super) fn on_its_head(&self, width: usize, height: usize) -> Self {
        let Self { left, top, right, bottom, area } = *self;
        Self { left: width - right, right: width - left, top: height - bottom, bottom: height - top, area }
    }
}

/// All pieces of ink and the runs they are made of, by rows from the top.
pub(super) struct Blobs {
    pub(super) runs: Vec<Run>,
    pub(super) blobs: Vec<Blob>,
}

/// Finds the connected pieces in one pass over the rows.
pub(super) fn blobs(bits: &Bits) -> Blobs {
    let mut runs: Vec<Run> = Vec::new();
    let mut parents: Vec<usize> = Vec::new();
    let mut above = 0..0;
    for y in 0..bits.height {
        let first = runs.len();
        scan(bits.row(y), |left, right| {
            let blob = parents.len();
            parents.push(blob);
            runs.push(Run { y, left, right, blob });
        });
        let mut candidate = above.start;
        for index in first..runs.len() {
            // neighbours above touch it also over a corner
            while candidate < above.end && runs[candidate].right < runs[index].left {
                candidate += 1;
            }
            let mut touching = candidate;
            while touching < above.end && runs[touching].left <= runs[index].right {
                join(&mut parents, touching, index);
                touching += 1;
            }
        }
        above = first..runs.len();
    }
    let mut names = vec![usize::MAX; runs.len()];
    let mut found: Vec<Blob> = Vec::new();
    for run in &mut runs {
        let root = root(&mut parents, run.blob);
        if names[root] == usize::MAX {
            names[root] = found.len();
            found.push(Blob { left: run.left, top: run.y, right: run.right, bottom: run.y + 1, area: 0 });
        }
        run.blob = names[root];
        let blob = &mut found[run.blob];
        blob.left = blob.left.min(run.left);
        blob.right = blob.right.max(run.right);
        blob.bottom = run.y + 1;
        blob.area += run.right - run.left;
    }
    Blobs { runs, blobs: found }
}

/// Calls `found(left, right)` for each run of ink in a row.
pub(super) fn scan(row: &[u8], mut found: impl FnMut(usize, usize)) {
    let mut x = 0;
    while let Some(skip) = row[x..].iter().position(|ink| *ink != 0) {
        let left = x + skip;
        let right = row[left..].iter().position(|ink| *ink == 0).map_or(row.len(), |length| left + length);
        found(left, right);
        x = right;
    }
}

fn root(parents: &mut [usize], mut index: usize) -> usize {
    while parents[index] != index {
        parents[index] = parents[parents[index]];
        index = parents[index];
    }
    index
}

fn join(parents: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(parents, one), root(parents, other));
    if one != other {
        parents[one.max(other)] = one.min(other);
    }
}
