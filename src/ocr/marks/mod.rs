//! In: the ink of an upright page and the words read on it. Out: its tick boxes, its places to sign, its struck-out words.

mod boxes;
mod brackets;
mod rules;
mod signatures;

use crate::model::{Area, Grey, Line, Mark, MarkKind, Word};
use crate::ocr::ink::Ink;

/// Words up to this many times as wide as a tick box can be the box itself, read as letters.
const BOX_WORD_WIDTH: f32 = 1.5;

/// What was found on a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::ocr) struct Marks {
    /// Tick boxes and places to sign, from top to bottom.
    pub(in crate::ocr) marks: Vec<Mark>,
    /// Words with a stroke through them: index of the line, index of the word.
    pub(in crate::ocr) struck_out: Vec<(usize, usize)>,
    /// Words that are a tick box read as letters: index of the line, index of the word.
    pub(in crate::ocr) not_words: Vec<(usize, usize)>,
}

/// Looks for marks. `ink` is upright, with square pixels and its ruled lines; the boxes of `lines` are in its pixels.
pub(in crate::ocr) fn find(ink: &Grey, lines: &[Line], dpi: u32) -> Marks {
    let Some(page) = Ink::of(ink, dpi) else { return Marks::default() };
    let words: Vec<((usize, usize), &Word)> = lines
        .iter()
        .enumerate()
        .flat_map(|(at, line)| line.words.iter().enumerate().map(move |(word_at, word)| ((at, word_at), word)))
        .collect();
    let height = letter_height(&words, dpi);
    let rules = rules::find(&page);
    let mut ticks = boxes::find(&page, &words, height);
    for bracket in brackets::find(&page, lines) {
        if !ticks.iter().any(|tick| touch(&tick.area, &bracket.area)) {
            ticks.push(bracket);
        }
    }
    let not_words = words.iter().filter(|(_, word)| ticks.iter().any(|tick| is_box(word, tick))).map(|(at, _)| *at);
    let not_words = not_words.collect();
    let struck_out =
        words.iter().filter(|(_, word)| rules::strikes(&rules, &word.area, &page)).map(|(at, _)| *at).collect();
    let mut marks = signatures::find(&page, lines, &rules, height);
    marks.retain(|mark| mark.area.width() > 0 && mark.area.height() > 0);
    marks.extend(ticks);
    marks.sort_by_key(|mark| (mark.area.top, mark.area.left));
    Marks { marks, struck_out, not_words }
}

/// The height of a usual word, in pixels; a tenth of an inch where nothing was read.
fn letter_height(words: &[((usize, usize), &Word)], dpi: u32) -> f32 {
    let mut heights: Vec<u32> =
        words.iter().filter(|(_, word)| word.confidence > 0.7).map(|(_, word)| word.area.height()).collect();
    heights.sort_unstable();
    let usual = heights.get(heights.len() / 2).map_or(0.1 * dpi as f32, |height| *height as f32);
    usual.clamp(0.05 * dpi as f32, 0.25 * dpi as f32)
}

fn touch(a: &Area, b: &Area) -> bool {
    a.overlap_x(b) > 0 && a.overlap_y(b) > 0
}

fn is_box(word: &Word, tick: &Mark) -> bool {
    let (area, mark) = (&word.area, &tick.area);
    let inside = area.overlap_x(mark) * 2 > area.width() && area.overlap_y(mark) * 2 > area.height().min(mark.height());
    tick.kind == MarkKind::TickBox && inside && area.width() as f32 <= BOX_WORD_WIDTH * mark.width() as f32
}

#[cfg(test)]
mod tests;
