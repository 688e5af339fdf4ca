//! Tick boxes that are printed as characters: "[ ]", "(x)".

use crate::model::{Area, Line, Mark, MarkKind, MarkState, Word};
use crate::ocr::ink::Ink;

/// A space between two brackets is at most this many times as wide as they are high.
const GAP_HEIGHTS: f32 = 1.2;

/// The bracketed boxes of a page.
pub(super) fn find(page: &Ink, lines: &[Line]) -> Vec<Mark> {
    let mut marks = Vec::new();
    for line in lines {
        let mut at = 0;
        while at < line.words.len() {
            let taken = (1..=3).rev().find_map(|count| {
                let words = line.words.get(at..at + count)?;
                Some((count, mark(page, words)?))
            });
            if let Some((count, mark)) = taken {
                marks.push(mark);
                at += count;
            } else {
                at += 1;
            }
        }
    }
    marks
}

fn mark(page: &Ink, words: &[Word]) -> Option<Mark> {
    let text: String = words.iter().map(|word| word.text.reveal().as_str()).collect();
    let inner = between(&text)?;
    let area = words.iter().map(|word| word.area).reduce(|all, area| all.union(&area))?;
    if area.width() as f32 > (GAP_HEIGHTS + 1.0) * area.height() as f32 {
        return None;
    }
    let area = page.clip(&area);
    // the brackets themselves stand in the outer quarters
    let inset = area.width() * 3 / 10;
    let middle = Area::new(area.left + inset, area.top, area.right.saturating_sub(inset).max(area.left), area.bottom);
    let pixels = (middle.width() * middle.height()).max(1) as f32;
    let filled = page.count(&middle) as f32 / pixels;
    let read = !inner.is_empty();
    let ticked = read || filled > 0.12;
    let agree = if read { filled > 0.06 } else { !(0.04..=0.2).contains(&filled) };
    let state = if ticked { MarkState::Ticked } else { MarkState::Empty };
    Some(Mark { kind: MarkKind::TickBox, area, state, confidence: if agree { 0.9 } else { 0.6 } })
}

/// What stands between the brackets, where it is nothing or a tick.
fn between(text: &str) -> Option<&str> {
    let inner = [('[', ']'), ('(', ')'), ('{', '}')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))?;
    matches!(inner, "" | "x" | "X" | "v" | "V" | "✓" | "✔" | "✗" | "✕" | "*" | "•" | "●" | "/" | "\\" | "_").then(
        || {
            if inner == "_" { "" } else { inner }
        },
    )
}
