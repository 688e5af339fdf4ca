//! Ruled lines: long thin strokes along a row. Some are to be written on, some strike words out.

use crate::model::Area;
use crate::ocr::ink::Ink;

/// Gaps that a fax leaves in a line, in inches.
const GAP_INCHES: f32 = 0.02;
/// Shortest stretch in one row, in inches.
const STRETCH_INCHES: f32 = 0.22;
/// Thickest rule with what is left of its slope, in inches.
const THICK_INCHES: f32 = 0.06;
/// A line over more of the page than this is a streak or a frame and strikes nothing out.
const STREAK_SHARE: f32 = 0.85;

/// The strokes along rows, as areas, from top to bottom.
pub(super) fn find(page: &Ink) -> Vec<Area> {
    let gap = page.inches(GAP_INCHES);
    let shortest = page.inches(STRETCH_INCHES).max(4);
    let mut rules: Vec<Area> = Vec::new();
    let mut first = 0;
    for y in 0..page.height {
        while rules.get(first).is_some_and(|rule| rule.bottom + 3 < y && rule.top + page.inches(0.2) < y) {
            first += 1;
        }
        for (left, right) in stretches(page.row(y, 0, page.width), gap, shortest) {
            let stretch = Area::new(left, y, right, y + 1);
            let known = rules[first..]
                .iter_mut()
                .rev()
                .find(|rule| y <= rule.bottom + 3 && left <= rule.right + 2 * gap && rule.left <= right + 2 * gap);
            match known {
                Some(rule) => *rule = rule.union(&stretch),
                None => rules.push(stretch),
            }
        }
    }
    let thickest = page.inches(THICK_INCHES);
    rules.retain(|rule| rule.height() <= thickest);
    rules
}

/// Whether a stroke runs through the middle of a word and beyond it at both ends.
pub(super) fn strikes(rules: &[Area], word: &Area, page: &Ink) -> bool {
    let (height, over) = (word.height(), page.inches(0.01).max(2));
    let middle = word.top + height * 3 / 10..word.top + height * 7 / 10;
    rules.iter().any(|rule| {
        middle.contains(&rule.center_y())
            && rule.height() * 3 <= height
            && rule.left + over <= word.left
            && rule.right >= word.right.saturating_add(over)
            && (rule.width() as f32) < STREAK_SHARE * page.width as f32
    })
}

/// Stretches of a row that are nearly all ink.
fn stretches(row: &[u8], gap: u32, shortest: u32) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let (mut left, mut right, mut ink) = (0_u32, 0_u32, 0_u32);
    let mut keep = |left: u32, right: u32, ink: u32| {
        // letters in a row leave more white than the gaps of a line
        if right - left >= shortest && ink * 10 >= (right - left) * 8 {
            found.push((left, right));
        }
    };
    let mut x = 0;
    while let Some(skip) = row[x..].iter().position(|bit| *bit != 0) {
        let start = x + skip;
        let length = row[start..].iter().position(|bit| *bit == 0).unwrap_or(row.len() - start);
        x = start + length;
        if ink > 0 && start as u32 - right > gap {
            keep(left, right, ink);
            ink = 0;
        }
        if ink == 0 {
            left = start as u32;
        }
        right = x as u32;
        ink += length as u32;
    }
    keep(left, right, ink);
    found
}
