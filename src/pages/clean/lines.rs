//! Ruled lines and the edges of boxes out of a level picture; strokes that cross them stay.

use crate::model::Grey;
use crate::pages::clean::bits::{Bits, Run, blobs};

/// A straight piece of ink at least so long, in pixels at 300 dpi, may be part of a rule. The bar of a T is shorter up to 22 point.
const PIECE: usize = 55;
/// A rule is at least so long: 0.4 inches.
const RULE: usize = 120;
/// And at most so thick: 0.04 inches. What is thicker is a bar, perhaps with white letters in it.
const THICK: f32 = 12.0;
/// Missing pixels that do not end a rule: it was drawn thinner than the scanner's pixels, or noise ate at it.
const GAP: usize = 3;
/// Ink, for this purpose: the faint edge of a rule belongs to it.
const INK: u8 = 168;

/// Whitens rules. `grey` is at 300 dpi, its paper near white.
pub(super) fn remove(grey: &mut Grey) {
    let bits = Bits::of(grey, INK);
    let across = pieces_across(&bits);
    let down = pieces_down(&bits);
    whiten(grey, &bits, &across, Axis::Across);
    whiten(grey, &bits, &down, Axis::Down);
}

#[derive(Clone, Copy, PartialEq)]
enum Axis {
    Across,
    Down,
}

fn empty(bits: &Bits) -> Bits {
    Bits { width: bits.width, height: bits.height, ink: vec![0; bits.ink.len()] }
}

fn pieces_across(bits: &Bits) -> Bits {
    let mut pieces = empty(bits);
    for y in 0..bits.height {
        let mut piece = Piece::default();
        let row = bits.row(y);
        let target = pieces.row_mut(y);
        crate::pages::clean::bits::scan(row, |left, right| {
            if let Some((from, to)) = piece.add(left, right) {
                target[from..to].fill(1);
            }
        });
        if let Some((from, to)) = piece.end() {
            target[from..to].fill(1);
        }
    }
    pieces
}

fn pieces_down(bits: &Bits) -> Bits {
    let mut pieces = empty(bits);
    let width = bits.width;
    let mut open = vec![Piece::default(); width];
    let mut mark = |x: usize, (from, to): (usize, usize)| (from..to).for_each(|y| pieces.ink[y * width + x] = 1);
    for y in 0..bits.height {
        for (x, ink) in bits.row(y).iter().enumerate() {
            if *ink != 0
                && let Some(done) = open[x].add(y, y + 1)
            {
                mark(x, done);
            }
        }
    }
    for (x, piece) in open.iter_mut().enumerate() {
        if let Some(done) = piece.end() {
            mark(x, done);
        }
    }
    pieces
}

/// Ink along one row or column, with small gaps.
#[derive(Clone, Default)]
struct Piece {
    from: usize,
    to: usize,
    ink: usize,
}

impl Piece {
    /// Takes up the next run; hands out the piece before it where the gap between them is too wide.
    fn add(&mut self, from: usize, to: usize) -> Option<(usize, usize)> {
        if self.ink > 0 && from <= self.to + GAP {
            self.to = to;
            self.ink += to - from;
            return None;
        }
        let done = self.end();
        *self = Self { from, to, ink: to - from };
        done
    }

    fn end(&mut self) -> Option<(usize, usize)> {
        let length = self.to - self.from;
        (length >= PIECE && self.ink * 20 >= length * 17).then_some((self.from, self.to))
    }
}

fn whiten(grey: &mut Grey, bits: &Bits, pieces: &Bits, axis: Axis) {
    let found = blobs(pieces);
    let is_rule: Vec<bool> = found
        .blobs
        .iter()
        .map(|blob| {
            let (length, spread) =
                if axis == Axis::Across { (blob.width(), blob.height()) } else { (blob.height(), blob.width()) };
            let thick = blob.area as f32 / length as f32;
            length >= RULE && thick <= THICK && (spread as f32) < THICK * 2.0 + length as f32 * 0.03
        })
        .collect();
    let mut sections = Sections::of(&found.runs, &is_rule, axis);
    sections.merge();
    for section in &sections.all {
        whiten_section(grey, bits, section, axis);
    }
}

/// The thickness of a rule at one place along it: `from` up to, not including, `to`.
struct Section {
    along: usize,
    from: usize,
    to: usize,
}

struct Sections {
    all: Vec<Section>,
}

impl Sections {
    fn of(runs: &[Run], is_rule: &[bool], axis: Axis) -> Self {
        let runs = runs.iter().filter(|run| is_rule[run.blob]);
        let all = match axis {
            Axis::Across => runs
                .flat_map(|run| (run.left..run.right).map(|x| Section { along: x, from: run.y, to: run.y + 1 }))
                .collect(),
            Axis::Down => runs.map(|run| Section { along: run.y, from: run.left, to: run.right }).collect(),
        };
        Self { all }
    }

    /// Neighbouring pixels of one place become one section.
    fn merge(&mut self) {
        self.all.sort_unstable_by_key(|section| (section.along, section.from));
        self.all.dedup_by(|next, section| {
            let joined = next.along == section.along && next.from <= section.to + 1;
            if joined {
                section.to = section.to.max(next.to);
            }
            joined
        });
    }
}

fn whiten_section(grey: &mut Grey, bits: &Bits, section: &Section, axis: Axis) {
    let ink = |along: usize, across: usize| match axis {
        Axis::Across => bits.at(along, across),
        Axis::Down => bits.at(across, along),
    };
    let near = |across: Option<usize>| {
        across
            .is_some_and(|across| (section.along.saturating_sub(2)..=section.along + 2).any(|along| ink(along, across)))
    };
    // a stroke that crosses shows on both sides of the rule's soft edge
    if near(section.from.checked_sub(3)) && near(Some(section.to + 2)) {
        return;
    }
    let most = if axis == Axis::Across { grey.height } else { grey.width } as usize;
    for across in section.from.saturating_sub(2)..(section.to + 2).min(most) {
        let (x, y) = if axis == Axis::Across { (section.along, across) } else { (across, section.along) };
        grey.pixels[y * grey.width as usize + x] = 255;
    }
}
