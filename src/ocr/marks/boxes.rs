//! Tick boxes that are drawn: squares and circles, and whether there is a tick in them.

use std::sync::LazyLock;

use crate::model::{Area, Mark, MarkKind, MarkState, Word};
use crate::ocr::ink::{Ink, Piece};

/// Sides that boxes have, in inches.
const SIDE_INCHES: std::ops::RangeInclusive<f32> = 0.065..=0.28;
/// A piece of ink up to this large may hold a box and a tick that sticks out, in inches.
const PIECE_INCHES: f32 = 0.5;
/// Ink this near belongs together: a fax breaks thin lines, in inches.
const GAP_INCHES: f32 = 0.007;
/// A shape drawn this well is a box by itself.
const STRONG: f32 = 0.86;
/// A shape drawn this well is a box where others of its size stand on the page.
const WEAK: f32 = 0.68;
/// The same for one that was read as a letter of a word.
const IN_WORD: f32 = 0.95;
/// How far from the usual size of the page's boxes a weak one may be.
const SIZE_SLACK: f32 = 0.2;
/// Letters and signs that OCR makes of a box, ticked or not.
const LOOK_ALIKES: &str = "O0DCUQoGaceIl1LJ[](){}|@©®";
/// A word that is surer than this is what it says.
const SURE_WORD: f32 = 0.5;
/// The same for a word of several letters.
const SURE_LETTERS: f32 = 0.85;
/// Words of a text layer are this sure: they are what they say, whatever their letters look like.
const CERTAIN: f32 = 0.999;
/// Letters that stand for a box or a tick in the fonts of signs, where a text layer gives them.
const SIGN_LETTERS: &str = "onqrsxRSTUVpP";
/// Letters that tick a box.
const TICK_LETTERS: &str = "xXvV/✓✔✗✘√";
/// A box has this many of its corners; a D has two.
const CORNERS_MIN: usize = 3;
/// How far left and right of a box others of its row are looked for, in sides of a box.
const ROW_SIDES: u32 = 40;
/// How far up and down from it, in pixels: pages are straightened, not straight.
const ROW_SLACK: u32 = 4;
/// A box is at most one part in so many smaller or larger than the others of its page.
const OFF_SIZE: u32 = 12;
/// Columns of ink that may be the edge of a box have at least this share of its side.
const EDGE: f32 = 0.8;
/// A row with more such columns is no row of boxes.
const EDGES_MAX: usize = 400;
/// A form has no more rows of boxes than these.
const ROWS_MAX: usize = 60;
/// How well each of the four sides must be drawn.
const IN_ROW: f32 = 0.85;
/// An outline is at most this thick, in hundredths of a side.
const MOST_BORDER: u32 = 16;
/// Points at which a circle is looked at.
const CIRCLE_POINTS: usize = 40;

/// A shape that may be a box.
#[derive(Clone, Copy)]
struct Shape {
    area: Area,
    round: bool,
    /// 0 to 1: how much of its outline is there; the worst side counts.
    drawn: f32,
    /// Corners that are there; a circle has four.
    corners: usize,
    /// The share of its inside that is ink.
    filled: f32,
    /// How far the ink inside reaches, as a share of the inside.
    reach: f32,
    /// Stands among the letters of a word.
    in_word: bool,
}

/// The boxes of a page; `height` is that of a usual word.
pub(super) fn find(page: &Ink, words: &[((usize, usize), &Word)], height: f32) -> Vec<Mark> {
    let smallest = page.inches(*SIDE_INCHES.start());
    let largest = page.inches(PIECE_INCHES);
    let mut shapes: Vec<Shape> = Vec::new();
    for piece in page.pieces(page.inches(GAP_INCHES)) {
        let fits = |side: u32| side >= smallest && side <= largest;
        if !fits(piece.area.width()) || !fits(piece.area.height()) {
            continue;
        }
        let letter = words.iter().any(|(_, word)| is_letter_of(&piece.area, word));
        let shape = square(page, &piece).into_iter().chain(circle(page, &piece, letter));
        let Some(shape) = shape.max_by(|a, b| a.drawn.total_cmp(&b.drawn)) else { continue };
        if words.iter().any(|(_, word)| is_word(&shape, word)) {
            continue;
        }
        let in_word = words.iter().any(|(_, word)| is_letter_of(&shape.area, word));
        shapes.push(Shape { in_word, ..shape });
    }
    let mut sides: Vec<u32> = shapes.iter().filter(|shape| is_strong(shape, height)).map(|s| s.area.width()).collect();
    sides.sort_unstable();
    let usual = sides.get(sides.len() / 2).copied();
    shapes.retain(|shape| is_strong(shape, height) || usual.is_some_and(|usual| is_weak(shape, usual)));
    if let Some(usual) = usual {
        shapes.iter_mut().for_each(|shape| refit(page, shape, usual));
        shapes.extend(in_rows(page, &shapes, usual));
    }
    shapes.iter().map(mark).collect()
}

/// A square that is smaller than the boxes of the page, or a circle among them, may be made of the strokes of a cross: where a box of
/// the usual size is drawn around it, that is the box.
fn refit(page: &Ink, shape: &mut Shape, usual: u32) {
    let width = shape.area.width();
    if !shape.round && width.abs_diff(usual) * OFF_SIZE <= usual || width > usual + ROW_SLACK {
        return;
    }
    let starts = |from: u32, to: u32, side: u32| {
        let first = to.saturating_sub(side).saturating_sub(ROW_SLACK).min(from);
        first..=from + ROW_SLACK
    };
    let mut best: Option<(f32, Area)> = None;
    for side in usual.saturating_sub(1)..=usual + 1 {
        for left in starts(shape.area.left, shape.area.right, side) {
            for top in starts(shape.area.top, shape.area.bottom, side) {
                let area = Area::new(left, top, left + side, top + side);
                let drawn = four_sides_drawn(page, &area);
                if drawn >= IN_ROW && best.as_ref().is_none_or(|(known, _)| drawn > *known) && corners(page, &area) == 4
                {
                    best = Some((drawn, area));
                }
            }
        }
    }
    if let Some((drawn, area)) = best {
        let whole = Shape { area, round: false, drawn, corners: 4, filled: 0.0, reach: 0.0, in_word: shape.in_word };
        *shape = look_inside(page, whole);
    }
}

/// Boxes in the rows of others that no piece of ink gave: a tick that runs into the next word makes one piece of both.
fn in_rows(page: &Ink, known: &[Shape], usual: u32) -> Vec<Shape> {
    let mut found: Vec<Shape> = Vec::new();
    let of_usual_size = |shape: &&Shape| !shape.round && shape.area.width().abs_diff(usual) * 8 <= usual;
    let mut looked_at: Vec<u32> = Vec::new();
    for row in known.iter().filter(of_usual_size) {
        if looked_at.iter().any(|top| top.abs_diff(row.area.top) <= ROW_SLACK) || looked_at.len() == ROWS_MAX {
            continue;
        }
        looked_at.push(row.area.top);
        let (top, side) = (row.area.top, row.area.height());
        let (from, to) = (row.area.left.saturating_sub(ROW_SIDES * side), row.area.right + ROW_SIDES * side);
        let is_edge = |x: u32| {
            let ink = (top..top + side).filter(|y| page.at(x.into(), (*y).into())).count();
            ink as f32 >= EDGE * side as f32
        };
        let edges: Vec<u32> = (from..to).filter(|x| is_edge(*x)).collect();
        if edges.len() > EDGES_MAX {
            continue; // a picture or a bar code
        }
        for left in &edges {
            let fits = |right: &&u32| right.abs_diff(left + side - 1) * 12 <= side;
            let shapes = edges.iter().filter(fits).flat_map(|right| {
                (0..=2 * ROW_SLACK).map(move |down| {
                    let top = (top + down).saturating_sub(ROW_SLACK);
                    Area::new(*left, top, right + 1, top + side)
                })
            });
            let drawn = shapes.map(|area| (four_sides_drawn(page, &area), area));
            let Some((drawn, area)) = drawn.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
            let is_known = known.iter().chain(&found).any(|other| super::touch(&other.area, &area));
            let corners = corners(page, &area);
            if drawn >= IN_ROW && corners == 4 && !is_known {
                let shape = Shape { area, round: false, drawn, corners, filled: 0.0, reach: 0.0, in_word: false };
                found.push(look_inside(page, shape));
            }
        }
    }
    found
}

/// Whether a piece is a letter among others of a word that was read.
fn is_letter_of(area: &Area, word: &Word) -> bool {
    let letters = word.text.reveal().chars().filter(|letter| letter.is_alphanumeric()).count();
    let inside = area.overlap_x(&word.area) * 2 > area.width() && area.overlap_y(&word.area) * 2 > area.height();
    letters >= 2 && inside && word.area.width() * 2 > area.width() * 3
}

fn is_look_alike(letter: char) -> bool {
    LOOK_ALIKES.contains(letter)
}

/// Whether a shape is the ink of a word that is read well and looks like no box.
fn is_word(shape: &Shape, word: &Word) -> bool {
    let (area, text) = (&shape.area, word.text.reveal());
    if area.overlap_x(&word.area) * 2 <= area.width() || area.overlap_y(&word.area) * 2 <= area.height() {
        return false;
    }
    // the letter of a text layer that ticks a box has no outline of its own
    let ticks = text.chars().count() == 1 && text.chars().all(|letter| TICK_LETTERS.contains(letter));
    if ticks && !shape.round && shape.corners == 4 && shape.drawn >= STRONG {
        return false;
    }
    let is_sign = text.chars().count() == 1 && text.chars().all(|letter| SIGN_LETTERS.contains(letter));
    let is_bracket = text.chars().all(|letter| "[](){}|_-".contains(letter));
    if word.confidence >= CERTAIN && text.is_ascii() && !is_bracket && !is_sign {
        return true;
    }
    if word.area.width() < 2 * area.width() {
        let own = text.chars().all(char::is_alphanumeric) && !text.chars().all(is_look_alike);
        return shape.round && own && word.confidence >= SURE_WORD;
    }
    // a box that was glued to a word is read as its first or its last letter, and badly
    let glued = text.starts_with(is_look_alike) || text.ends_with(is_look_alike);
    !glued || word.confidence >= SURE_LETTERS
}

fn is_strong(shape: &Shape, height: f32) -> bool {
    let empty_or_ticked = shape.filled < 0.8;
    // round letters are lower than their line
    let tall = shape.area.height() as f32 > if shape.round { 0.9 } else { 0.7 } * height;
    let needed = if shape.round { 0.9 } else { STRONG };
    !shape.in_word && shape.drawn >= needed && shape.corners >= CORNERS_MIN && empty_or_ticked && tall
}

fn is_weak(shape: &Shape, usual: u32) -> bool {
    let off = |side: u32| (side as f32 - usual as f32).abs() <= SIZE_SLACK * usual as f32;
    // a D in front of other letters is nearly a box, and smaller than those of the page
    let needed = if shape.in_word { IN_WORD } else { WEAK };
    shape.drawn >= needed
        && shape.corners >= CORNERS_MIN
        && !(shape.in_word && shape.round)
        && off(shape.area.width())
        && off(shape.area.height())
}

fn mark(shape: &Shape) -> Mark {
    let outline = ((shape.drawn - 0.4) / 0.55).clamp(0.0, 1.0);
    // a stroke reaches far, specks and a thick border do not
    let (state, sure) = if shape.filled >= 0.05 && shape.reach >= 0.4 {
        (MarkState::Ticked, ((shape.filled - 0.05) / 0.06).min((shape.reach - 0.4) / 0.15))
    } else {
        let empty = ((0.05 - shape.filled) / 0.02).max((0.4 - shape.reach) / 0.15);
        (MarkState::Empty, empty)
    };
    let confidence = (0.5 + 0.48 * sure.clamp(0.0, 1.0)) * (0.75 + 0.25 * outline);
    Mark { kind: MarkKind::TickBox, area: shape.area, state, confidence: confidence.clamp(0.0, 0.99) }
}

/// The best square in a piece, from its long strokes along rows and columns.
fn square(page: &Ink, piece: &Piece) -> Option<Shape> {
    let area = piece.area;
    let smallest = page.inches(*SIDE_INCHES.start());
    let largest = page.inches(*SIDE_INCHES.end());
    let rows = bands(area.top, area.bottom, smallest, |y| {
        longest((area.left..area.right).map(|x| page.at(x.into(), y.into())))
    });
    let columns = bands(area.left, area.right, smallest, |x| {
        longest((area.top..area.bottom).map(|y| page.at(x.into(), y.into())))
    });
    let fits = |side: u32| side >= smallest && side <= largest;
    let mut best: Option<Shape> = None;
    for (top, bottom) in pairs(&rows) {
        for (left, right) in pairs(&columns) {
            let found = Area::new(left, top, right + 1, bottom + 1);
            let (width, height) = (found.width() as f32, found.height() as f32);
            if !fits(found.width()) || !fits(found.height()) || width > 1.3 * height || height > 1.3 * width {
                continue;
            }
            let drawn = square_drawn(page, &found);
            // of two as well drawn the larger is the box, the smaller the inner edge of its border
            let worth = |shape: &Shape| shape.drawn + 0.1 * shape.corners as f32 + 0.002 * shape.area.width() as f32;
            let corners = corners(page, &found);
            let shape = Shape { area: found, round: false, drawn, corners, filled: 0.0, reach: 0.0, in_word: false };
            if drawn >= WEAK && best.as_ref().is_none_or(|best| worth(&shape) > worth(best)) {
                best = Some(shape);
            }
        }
    }
    best.map(|shape| look_inside(page, shape))
}

/// Middle lines of neighbouring rows (or columns) that hold a long stroke, and the two outer ones.
fn bands(from: u32, to: u32, smallest: u32, stroke: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut bands = vec![from];
    let mut start = None;
    for at in from..=to {
        let long = at < to && stroke(at) * 10 >= smallest * 9;
        match (long, start) {
            (true, None) => start = Some(at),
            (false, Some(first)) => {
                // a thick band may be a filled box: both its edges count
                bands.extend([first, at - 1]);
                start = None;
            }
            _ => {}
        }
    }
    bands.push(to - 1);
    bands.dedup();
    bands.sort_unstable();
    bands.dedup();
    if bands.len() > 10 { vec![from, to - 1] } else { bands }
}

fn pairs(bands: &[u32]) -> impl Iterator<Item = (u32, u32)> {
    bands.iter().enumerate().flat_map(|(at, first)| bands[at + 1..].iter().map(|second| (*first, *second)))
}

/// The longest stretch of ink, holes of two pixels not counted.
fn longest(bits: impl Iterator<Item = bool>) -> u32 {
    let (mut best, mut length, mut hole) = (0, 0, 0);
    for bit in bits {
        if bit {
            length += 1 + hole;
            hole = 0;
            best = best.max(length);
        } else {
            hole += 1;
            if hole > 2 {
                (length, hole) = (0, 0);
            }
        }
    }
    best
}

/// How much of a square is drawn: its sides, where one of four may be worn away.
fn square_drawn(page: &Ink, area: &Area) -> f32 {
    let sides = sides_drawn(page, area);
    let three = sides[1].min(0.85);
    sides[0].max(if sides[1] > 0.9 { three - 0.1 } else { 0.0 })
}

/// The same where every side must be there.
fn four_sides_drawn(page: &Ink, area: &Area) -> f32 {
    sides_drawn(page, area)[0]
}

/// How much of each side is drawn, the worst first.
fn sides_drawn(page: &Ink, area: &Area) -> [f32; 4] {
    let reach = slack(page, area);
    let share = |length: u32, inked: &dyn Fn(u32, i64) -> bool| {
        let hit = (0..length).filter(|at| (-reach..=reach).any(|off| inked(*at, off))).count();
        hit as f32 / length.max(1) as f32
    };
    let (left, top) = (i64::from(area.left), i64::from(area.top));
    let (right, bottom) = (i64::from(area.right) - 1, i64::from(area.bottom) - 1);
    let mut sides = [
        share(area.width(), &|at, off| page.at(left + i64::from(at), top + off)),
        share(area.width(), &|at, off| page.at(left + i64::from(at), bottom + off)),
        share(area.height(), &|at, off| page.at(left + off, top + i64::from(at))),
        share(area.height(), &|at, off| page.at(right + off, top + i64::from(at))),
    ];
    sides.sort_by(f32::total_cmp);
    sides
}

/// How far off the outline its ink may lie: little where the shape is small, or a letter would do.
fn slack(page: &Ink, area: &Area) -> i64 {
    let side = area.width().min(area.height());
    i64::from(page.inches(0.008).min(side * 6 / 100).max(1))
}

/// How many of a square's four corners have both their arms.
fn corners(page: &Ink, area: &Area) -> usize {
    let reach = slack(page, area);
    let (left, top) = (i64::from(area.left), i64::from(area.top));
    let (right, bottom) = (i64::from(area.right) - 1, i64::from(area.bottom) - 1);
    let arm = |length: u32, inked: &dyn Fn(i64, i64) -> bool| {
        let part = i64::from(length * 8 / 100)..=i64::from(length * 30 / 100);
        let points = part.clone().count();
        part.filter(|at| (-reach..=reach).any(|off| inked(*at, off))).count() * 10 >= points * 7
    };
    let there = |x: i64, y: i64| {
        let (inward_x, inward_y) = (if x == left { 1 } else { -1 }, if y == top { 1 } else { -1 });
        arm(area.width(), &|at, off| page.at(x + at * inward_x, y + off))
            && arm(area.height(), &|at, off| page.at(x + off, y + at * inward_y))
    };
    [(left, top), (right, top), (left, bottom), (right, bottom)].into_iter().filter(|(x, y)| there(*x, *y)).count()
}

/// The best circle in a piece.
fn circle(page: &Ink, piece: &Piece, in_word: bool) -> Option<Shape> {
    let area = piece.area;
    let smallest = page.inches(*SIDE_INCHES.start());
    let largest = page.inches(*SIDE_INCHES.end());
    let (width, height) = (area.width(), area.height());
    let shape = |area: Area| Shape {
        drawn: circle_drawn(page, &area),
        area,
        round: true,
        corners: 4,
        filled: 0.0,
        reach: 0.0,
        in_word: false,
    };
    let (long, short) = (width.max(height), width.min(height));
    let whole = (long * 100 <= short * 114 && long <= largest).then(|| shape(area));
    let best = match whole {
        Some(whole) if whole.drawn >= 0.9 => Some(whole),
        _ if in_word || long > 2 * short => None,
        whole => {
            let sizes = (smallest.max(short * 6 / 10)..=short.min(largest)).step_by(2);
            let inner = sizes.flat_map(|side| {
                (0..=height - side).step_by(2).flat_map(move |down| {
                    (0..=width - side).step_by(2).map(move |across| {
                        let (left, top) = (area.left + across, area.top + down);
                        Area::new(left, top, left + side, top + side)
                    })
                })
            });
            inner.map(shape).chain(whole).max_by(|a, b| a.drawn.total_cmp(&b.drawn))
        }
    };
    best.filter(|shape| shape.drawn >= WEAK).map(|shape| look_inside(page, shape))
}

/// Sine and cosine of the points at which a circle is looked at.
static CIRCLE: LazyLock<[(f64, f64); CIRCLE_POINTS]> = LazyLock::new(|| {
    std::array::from_fn(|point| (std::f64::consts::TAU * (point as f64 + 0.5) / CIRCLE_POINTS as f64).sin_cos())
});

/// The share of a circle's outline that is drawn, with no quarter of it left out.
fn circle_drawn(page: &Ink, area: &Area) -> f32 {
    let (x, y) = (f64::from(area.left + area.right) / 2.0, f64::from(area.top + area.bottom) / 2.0);
    let (across, down) = (f64::from(area.width()) / 2.0, f64::from(area.height()) / 2.0);
    let mut quarters = [0_usize; 4];
    for (point, (sine, cosine)) in CIRCLE.iter().enumerate() {
        let inked = [1.0, 2.0, 3.0].iter().any(|inward| {
            page.at((x + cosine * (across - inward)).floor() as i64, (y + sine * (down - inward)).floor() as i64)
        });
        quarters[point * 4 / CIRCLE_POINTS] += usize::from(inked);
    }
    let worst = quarters.iter().min().copied().unwrap_or(0) as f32 * 4.0;
    let all = quarters.iter().sum::<usize>() as f32;
    // the corners of a square's outline are far outside its circle
    (all * 0.5 + worst * 0.5) / CIRCLE_POINTS as f32
}

fn look_inside(page: &Ink, shape: Shape) -> Shape {
    let side = shape.area.width().min(shape.area.height());
    // the square that fits into a circle is smaller
    let more = page.inches(0.012).max(1) + if shape.round { side * 12 / 100 } else { 0 };
    let (across, down) = border(page, &shape.area);
    let (across, down) = ((across + more).min(side * 2 / 5), (down + more).min(side * 2 / 5));
    let area = shape.area;
    let inside = Area::new(
        area.left + across,
        area.top + down,
        area.right.saturating_sub(across).max(area.left + across),
        area.bottom.saturating_sub(down).max(area.top + down),
    );
    let pixels = (inside.width() * inside.height()).max(1) as f32;
    let filled = page.count(&inside) as f32 / pixels;
    let pieces = page.cut(&inside, &[]).pieces(1);
    let longest = pieces.iter().map(|piece| piece.area.width().max(piece.area.height())).max().unwrap_or(0);
    let reach = longest as f32 / inside.width().min(inside.height()).max(1) as f32;
    Shape { filled, reach, ..shape }
}

/// How thick the upright and the level sides of an outline are: the run of ink from the edges inwards along the middle. On a
/// fax of 98 rows an inch level lines are thick.
fn border(page: &Ink, area: &Area) -> (u32, u32) {
    let (x, y) = (i64::from(area.center_x()), i64::from(area.center_y()));
    let side = area.width().min(area.height());
    let most = i64::from(side / 4);
    let run = |at: &dyn Fn(i64) -> bool| {
        let start = (0..3).find(|step| at(*step)).unwrap_or(0);
        (start..most).take_while(|step| at(*step)).count() as u32 + start as u32
    };
    let left = run(&|step| page.at(i64::from(area.left) + step, y));
    let right = run(&|step| page.at(i64::from(area.right) - 1 - step, y));
    let top = run(&|step| page.at(x, i64::from(area.top) + step));
    let bottom = run(&|step| page.at(x, i64::from(area.bottom) - 1 - step));
    // a tick that touches one side of the outline makes that run longer, not the other
    let either = |a: u32, b: u32| a.min(b).max(a.max(b).min(MOST_BORDER * side / 100));
    (either(left, right), either(top, bottom))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Grey;

    /// A page with one outline of `side` pixels at (100, 100) and a stroke through it.
    fn page(side: u32) -> Ink {
        let mut grey = Grey { width: 300, height: 300, pixels: vec![255; 300 * 300] };
        let mut ink = |x: u32, y: u32| grey.pixels[(y * 300 + x) as usize] = 0;
        for at in 0..side {
            for edge in [0, 1, side - 2, side - 1] {
                ink(100 + at, 100 + edge);
                ink(100 + edge, 100 + at);
            }
            for thick in 0..4 {
                ink(98 + at + thick, 98 + at);
            }
        }
        Ink::of(&grey, 200).expect("a page with pixels")
    }

    fn inner(side: u32) -> Shape {
        let area = Area::new(105, 105, 105 + side, 105 + side);
        Shape { area, round: true, drawn: 0.95, corners: 4, filled: 0.0, reach: 0.0, in_word: false }
    }

    #[test]
    fn strokes_inside_a_box_of_the_usual_size_give_way_to_it() {
        let mut shape = inner(19);
        refit(&page(28), &mut shape, 28);
        let off = shape.area.right.abs_diff(128).max(shape.area.bottom.abs_diff(128));
        assert!((shape.area.left, shape.area.top) == (100, 100) && off <= 1 && !shape.round, "{:?}", shape.area);
        assert_eq!(mark(&shape).state, MarkState::Ticked);
    }

    #[test]
    fn where_no_such_box_is_drawn_a_shape_stays_as_it_is() {
        let mut shape = inner(19);
        refit(&page(60), &mut shape, 28);
        assert_eq!((shape.area, shape.round), (Area::new(105, 105, 124, 124), true));
    }
}
