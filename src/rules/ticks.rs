//! Tick boxes with the words that they stand beside.

use crate::model::{Area, MarkKind, MarkState, Reading};
use crate::rules::sheet::{Sheet, Slot, Token};

/// Marks less sure than this are told as a doubt.
pub(in crate::rules) const SURE: f32 = 0.7;

/// A box that only OCR's letters tell of: nobody knows whether it is ticked.
const UNKNOWN: f32 = 0.2;
/// The first word beside a box stands at most this many word heights from it.
const WORDS_AFTER: f32 = 2.0;
/// A gap this many word heights wide ends the words beside a box: the next choice begins, its box perhaps unseen.
const GAP: f32 = 1.3;

/// A tick box and its words.
#[derive(Debug)]
pub(in crate::rules) struct Tick {
    pub(in crate::rules) ticked: bool,
    pub(in crate::rules) confidence: f32,
    pub(in crate::rules) area: Area,
    /// The words to its right, up to the next box.
    pub(in crate::rules) words: Slot,
    /// The row of the page.
    pub(in crate::rules) row: usize,
}

/// The tick boxes of a page: those that the reader saw as boxes, and those that stand in the text as signs.
pub(in crate::rules) fn find(reading: &Reading, sheet: &Sheet) -> Vec<Tick> {
    let mut boxes: Vec<(Area, bool, f32)> = reading
        .marks
        .iter()
        .filter(|mark| mark.kind == MarkKind::TickBox)
        .map(|mark| (mark.area, mark.state == MarkState::Ticked, mark.confidence))
        .collect();
    let seen: Vec<Area> = boxes.iter().map(|(area, ..)| *area).collect();
    for token in sheet.rows.iter().flat_map(|row| &row.words) {
        let known = seen.iter().any(|area| area.overlap_x(&token.area) > 0 && area.overlap_y(&token.area) > 0);
        if known {
            continue;
        }
        if let Some(ticked) = sign(&token.text) {
            boxes.push((token.area, ticked, token.confidence.max(SURE)));
        } else if looks_like_a_box(&token.text) {
            boxes.push((token.area, false, UNKNOWN));
        }
    }
    let mut ticks: Vec<Tick> = boxes
        .iter()
        .filter_map(|(area, ticked, confidence)| tick(sheet, &boxes, *area, *ticked, *confidence))
        .collect();
    ticks.sort_by_key(|tick| (tick.row, tick.area.left));
    ticks
}

/// Signs that are a tick box by themselves.
fn sign(text: &str) -> Option<bool> {
    match text {
        "☒" | "☑" | "✓" | "✔" | "✕" | "✗" | "✘" | "[x]" | "[X]" | "(x)" | "(X)" | "[✓]" | "(✓)" | "(•)" | "(*)"
        | "[*]" | "[v]" | "[V]" | "●" | "◉" | "⦿" | "[X" | "[x" | "X]" | "x]" => Some(true),
        "☐" | "□" | "[]" | "()" | "[ ]" | "( )" | "○" | "◯" => Some(false),
        _ => None,
    }
}

fn tick(sheet: &Sheet, boxes: &[(Area, bool, f32)], area: Area, ticked: bool, confidence: f32) -> Option<Tick> {
    let middle = area.center_y();
    let near = |(_, row): &(usize, &crate::rules::sheet::Row)| {
        let reach = row
            .words
            .iter()
            .filter(|token| token.area.right > area.left)
            .map(|token| token.area.center_y().abs_diff(middle))
            .min();
        reach.unwrap_or(u32::MAX)
    };
    let (row, words) = sheet.rows.iter().enumerate().min_by_key(near)?;
    if near(&(row, words)) as f32 > 1.2 * sheet.unit {
        return None;
    }
    let next_box = boxes
        .iter()
        .filter(|(other, ..)| other.left > area.right && other.center_y().abs_diff(middle) < sheet.unit as u32)
        .map(|(other, ..)| other.left)
        .min()
        .unwrap_or(u32::MAX);
    let mut right = area.right;
    let mut places = Vec::new();
    for (index, token) in words.words.iter().enumerate() {
        // the box itself, read as a letter, is no word beside it
        let is_box = token.area.overlap_x(&area) * 2 > token.area.width().min(area.width());
        if token.area.center_x() <= area.right || is_box || token.area.center_x() >= next_box {
            continue;
        }
        if token.area.left.saturating_sub(right) as f32 > if places.is_empty() { WORDS_AFTER } else { GAP } * sheet.unit
        {
            break;
        }
        if !is_box_debris(token) {
            places.push((row, index));
        }
        right = token.area.right;
    }
    let words = sheet.slot(places);
    Some(Tick { ticked, confidence, area, words, row })
}

/// A sign that is a tick box, or what OCR makes of one.
pub(in crate::rules) fn is_box(text: &str) -> bool {
    sign(text).is_some() || looks_like_a_box(text)
}

/// What OCR makes of a box, ticked or not: `[7]`, `C]`, `(_]`. Its state cannot be told from the letters.
fn looks_like_a_box(text: &str) -> bool {
    let letters = text.chars().count();
    (1..=3).contains(&letters)
        && (text.contains(['[', ']'])
            || matches!(text, "(_)" | "C)" | "O)" | "(_" | "CO" | "[1" | "Ol" | "LJ" | "LI" | "Cl"))
}

/// What OCR makes of an empty box: a bracket, a lone "O".
fn is_box_debris(token: &Token) -> bool {
    token.text.chars().all(|letter| !letter.is_alphanumeric())
        || matches!(token.text.as_str(), "O" | "C" | "L]" | "LJ" | "[J")
}
