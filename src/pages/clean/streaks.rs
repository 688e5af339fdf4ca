//! What a dirty or failing fax scanner draws: black lines down the whole page, white lines across it. Strokes that such a line
//! crosses are closed again.

use crate::pages::clean::bits::Bits;

/// A column that is ink in this share of its rows is a streak: no letter, rule or box edge fills a page from top to bottom.
const STREAK_SHARE: f32 = 0.6;
/// Widest black streak, in inches.
const STREAK_INCHES: f32 = 0.03;
/// Tallest white streak, in inches. Higher ones hide too much of a letter to be mended.
const GAP_INCHES: f32 = 0.021;
/// Highest stem between two bows, in inches (12 point digits).
const STEM_INCHES: f32 = 0.085;
/// Strokes of print are about this thick, in inches (10 point type).
const STROKE_INCHES: f32 = 0.012;

/// A black line down the whole page: its columns from `left` up to, not including, `right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Streak {
    left: usize,
    right: usize,
}

/// Takes out black lines that run down the page. What they hid is left open until the dirt beside them is gone too: `close`.
pub(super) fn take_out(bits: &mut Bits, x_dpi: f32) -> Vec<Streak> {
    let (width, height) = (bits.width, bits.height);
    if width < 3 || height < 100 {
        return Vec::new();
    }
    let mut counts = vec![0u32; width];
    for y in 0..height {
        for (count, ink) in counts.iter_mut().zip(bits.row(y)) {
            *count += u32::from(*ink);
        }
    }
    let is_dark = |x: usize| counts[x] as f32 > STREAK_SHARE * height as f32;
    let widest = (STREAK_INCHES * x_dpi).ceil() as usize;
    let mut streaks = Vec::new();
    let mut x = 0;
    while x < width {
        let left = x;
        while x < width && is_dark(x) {
            x += 1;
        }
        if left < x && x - left <= widest {
            streaks.push(Streak { left, right: x });
            (0..height).for_each(|y| bits.row_mut(y)[left..x].fill(0));
        }
        x += 1;
    }
    streaks
}

/// Closes the strokes that streaks crossed or hid.
pub(super) fn close(bits: &mut Bits, streaks: &[Streak], x_dpi: f32, y_dpi: f32) {
    let stroke = (STROKE_INCHES * x_dpi).round().max(2.0) as usize;
    for Streak { left, right } in streaks.iter().copied() {
        (0..bits.height).for_each(|y| mend_row(bits, y, left, right, stroke));
        mend_stems(bits, left, right, (STEM_INCHES * y_dpi) as usize);
    }
}

/// What lies at one row between the columns beside a streak: a crossing stroke, the rest of a stem, or paper.
fn mend_row(bits: &mut Bits, y: usize, first: usize, end: usize, stroke: usize) {
    let near = |x: usize| bits.at(x, y) || (y > 0 && bits.at(x, y - 1) && bits.at(x, y + 1));
    let left = first > 0 && near(first - 1);
    let right = near(end);
    let row = bits.row(y);
    let reach_left = row[..first].iter().rev().take_while(|ink| **ink != 0).count();
    let reach_right = row[end..].iter().take_while(|ink| **ink != 0).count();
    let (keep_left, keep_right) = match (left, right) {
        (true, true) => (end - first, 0),
        (true, false) => (hidden(reach_left, stroke), 0),
        (false, true) => (0, hidden(reach_right, stroke)),
        (false, false) => (0, 0),
    };
    for (offset, ink) in bits.row_mut(y)[first..end].iter_mut().enumerate() {
        *ink = u8::from(offset < keep_left || end - first - offset <= keep_right);
    }
}

/// Closes stems that a streak hid from end to end, as the left side of a 6: between two places, near each other, where ink ends at
/// the streak and which are not both crossings (through the middle of an `o` there is no stem).
fn mend_stems(bits: &mut Bits, first: usize, end: usize, highest: usize) {
    let contact = |bits: &Bits, y: usize| (first > 0 && bits.at(first - 1, y), bits.at(end, y));
    let mut last: Option<(usize, (bool, bool))> = None;
    for y in 0..bits.height {
        let here = contact(bits, y);
        if here == (false, false) {
            continue;
        }
        if let Some((before, above)) = last
            && (3..=highest).contains(&(y - before))
            && !(above == (true, true) && here == (true, true))
        {
            (before..y).for_each(|row| bits.row_mut(row)[first..end].fill(1));
        }
        last = Some((y, here));
    }
}

/// Part of a stroke that must lie under the streak when so much of it looks out: strokes have one thickness.
fn hidden(seen: usize, stroke: usize) -> usize {
    if seen == 0 { 0 } else { stroke.saturating_sub(seen) }
}

/// Closes white lines that run across the page.
pub(super) fn mend_white(bits: &mut Bits, y_dpi: f32) {
    let (width, height) = (bits.width, bits.height);
    if width < 100 || height < 3 {
        return;
    }
    let highest = (GAP_INCHES * y_dpi).round().max(1.0) as usize;
    let stroke = (STROKE_INCHES * y_dpi).round().max(1.0) as usize;
    let empty: Vec<bool> = (0..height).map(|y| bits.row(y).iter().all(|ink| *ink == 0)).collect();
    let mut y = 1;
    while y < height {
        let first = y;
        while y < height && empty[y] {
            y += 1;
        }
        if first < y && y < height && y - first <= highest && !empty[first - 1] && cuts_strokes(bits, first, y) {
            mend_gap(bits, first, y, stroke);
        }
        y += 1;
    }
}

/// Whether the ink above an empty stripe goes on below it: between lines of text it does not.
fn cuts_strokes(bits: &Bits, first: usize, end: usize) -> bool {
    let below = |x: usize| (x.saturating_sub(1)..=x + 1).any(|x| bits.at(x, end));
    let above = (0..bits.width).filter(|x| bits.at(*x, first - 1));
    let (mut all, mut going_on) = (0, 0);
    for x in above {
        all += 1;
        going_on += usize::from(below(x));
    }
    going_on >= 4 && going_on * 10 >= all * 3
}

fn mend_gap(bits: &mut Bits, first: usize, end: usize, stroke: usize) {
    let seen = |bits: &Bits, x: usize, down: bool| {
        (0..stroke)
            .take_while(
                |step| if down { bits.at(x, end + step) } else { first > *step && bits.at(x, first - 1 - step) },
            )
            .count()
    };
    for x in 0..bits.width {
        let above = seen(bits, x, false);
        let below = seen(bits, x, true);
        let beside = |x: usize, y: usize| bits.at(x, y) || bits.at(x + 1, y) || (x > 0 && bits.at(x - 1, y));
        let through = (above > 0 && beside(x, end)) || (below > 0 && beside(x, first - 1));
        let (from_above, from_below) = if through {
            (end - first, 0)
        } else {
            // a flat stroke that the stripe covers in part; one lone row of ink may as well be the tip of a letter
            let part = |seen: usize| if seen == 0 || seen >= stroke { 0 } else { (stroke - seen).min(end - first) };
            (part(above), part(below))
        };
        for y in first..end {
            if y - first < from_above || end - y <= from_below {
                bits.ink[y * bits.width + x] = 1;
            }
        }
    }
}
