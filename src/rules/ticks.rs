//! Tick boxes with the words that they stand beside.

use crate::model::{Area, MarkKind, MarkState, Reading};
use crate::rules::sheet::{Row, Sheet, Slot, Token, fold};

/// Marks less sure than this are told as a doubt.
pub(in crate::rules) const SURE: f32 = 0.7;

/// A box that only OCR's letters tell of: nobody knows whether it is ticked.
const UNKNOWN: f32 = 0.2;
/// The first word beside a box stands at most this many word heights from it.
const WORDS_AFTER: f32 = 2.0;
/// What OCR makes of a box with a bracket has at most so many letters and signs.
const EDGED_LETTERS_MAX: usize = 3;
/// A gap this many word heights wide ends the words beside a box: the next choice begins, its box perhaps unseen.
const GAP: f32 = 1.3;

/// On the far side of a box the next word is at least this many times as far as on the near one.
const BESIDE: f32 = 1.5;
/// ... and at least so many times for the last box of a row that tells by itself.
const ROW_BESIDE: f32 = 2.0;
/// A box and the words of its row stand on one height but for so many word heights.
const ROW_REACH: f32 = 1.2;
/// At least so many boxes tell that they stand behind their words, and this many times as many as speak against it.
const BEHIND_MIN: usize = 3;
const BEHIND_TO_BEFORE: usize = 2;
/// An answer has at most so many letters.
const ANSWER_LETTERS_MAX: usize = 5;
/// So many boxes side by side without words, or one over the other, are a table of boxes.
const SIDE_BY_SIDE_MIN: usize = 2;
const STACKED_MIN: usize = 3;
/// What a box stands beside or under is at most so many word heights over it.
const QUESTION_OVER: f32 = 2.6;

/// A tick box and its words.
#[derive(Debug)]
pub(in crate::rules) struct Tick {
    pub(in crate::rules) ticked: bool,
    pub(in crate::rules) confidence: f32,
    pub(in crate::rules) area: Area,
    /// The words beside it, up to the next box: on its right, or on its left where the form's boxes stand behind their words. In a
    /// table of boxes those that head its row, or its column where the row has none; beside "Yes" the question.
    pub(in crate::rules) words: Slot,
    /// The words are a question that was answered with yes (ticked) or no.
    pub(in crate::rules) asked: bool,
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
        let (ticked, confidence) = match sign(&token.text) {
            Some(ticked) => (ticked, token.confidence.max(SURE)),
            None if looks_like_a_box(&token.text) => (false, UNKNOWN),
            None => continue,
        };
        let known = seen.iter().any(|area| area.overlap_x(&token.area) > 0 && area.overlap_y(&token.area) > 0);
        if !known {
            boxes.push((token.area, ticked, confidence));
        }
    }
    let behind = boxes_stand_behind(sheet, &boxes);
    let tick = |(area, ticked, confidence): &(Area, bool, f32)| {
        let behind = behind || stand_behind_in_row(sheet, &boxes, area);
        tick(sheet, &boxes, *area, *ticked, *confidence, behind)
    };
    let mut ticks: Vec<Tick> = boxes.iter().filter_map(tick).collect();
    ticks.sort_by_key(|tick| (tick.row, tick.area.left));
    ticks
}

/// Signs that are a tick box by themselves.
fn sign(text: &str) -> Option<bool> {
    match text {
        "☒" | "☑" | "✓" | "✔" | "✕" | "✗" | "✘" | "[x]" | "[X]" | "(x)" | "(X)" | "[✓]" | "(✓)" | "(•)" | "(*)"
        | "(o)" | "(O)" | "[*]" | "[v]" | "[V]" | "●" | "◉" | "⦿" | "[X" | "[x" | "X]" | "x]" => Some(true),
        "☐" | "□" | "[]" | "()" | "[ ]" | "( )" | "○" | "◯" => Some(false),
        _ => None,
    }
}

/// Whether the boxes of this form stand behind their words ("Massage [ ]   Manual therapy [x]"): most boxes have a word close on
/// their left and none on their right, and the words on their left are no labels.
fn boxes_stand_behind(sheet: &Sheet, boxes: &[(Area, bool, f32)]) -> bool {
    let (mut behind, mut before) = (0, 0);
    for (area, ..) in boxes {
        let Some(row) = row_of(sheet, area, true) else { continue };
        let words = || sheet.rows[row].words.iter().filter(|token| !token.folded.is_empty() && !is_box(&token.text));
        let left = words()
            .filter(|token| token.area.right <= area.left + area.width() / 2)
            .max_by_key(|token| token.area.right);
        let right =
            words().filter(|token| token.area.left + area.width() / 2 >= area.right).map(|token| token.area.left).min();
        let gap_left = left.map_or(u32::MAX, |token| area.left.saturating_sub(token.area.right));
        let gap_right = right.map_or(u32::MAX, |right| right.saturating_sub(area.right));
        let near = |gap: u32| gap as f32 <= WORDS_AFTER * sheet.unit;
        let labelled = left.is_some_and(Token::ends_label);
        if near(gap_left) && !labelled && (gap_right as f32) > BESIDE * gap_left.max(1) as f32 {
            behind += 1;
        } else if near(gap_right) {
            before += 1;
        }
    }
    behind >= BEHIND_MIN && behind > BEHIND_TO_BEFORE * before
}

/// "Auto [x]  WC [ ]     Claim #": whether the boxes of one row stand behind their words. The first of several has a word close on its
/// left that is no label, and the last has none on its right.
fn stand_behind_in_row(sheet: &Sheet, boxes: &[(Area, bool, f32)], area: &Area) -> bool {
    let beside = boxes.iter().map(|(other, ..)| other);
    let mut beside: Vec<&Area> =
        beside.filter(|other| other.center_y().abs_diff(area.center_y()) < sheet.unit as u32).collect();
    beside.sort_by_key(|other| other.left);
    let [first, .., last] = beside.as_slice() else { return false };
    let Some(row) = row_of(sheet, area, true) else { return false };
    let words = || sheet.rows[row].words.iter().filter(|token| !token.folded.is_empty() && !is_box(&token.text));
    let before = words().filter(|token| token.area.center_x() < first.left).max_by_key(|token| token.area.right);
    let behind = words().filter(|token| token.area.center_x() > last.right).map(|token| token.area.left).min();
    let near = |gap: u32| gap as f32 <= WORDS_AFTER * sheet.unit;
    let gap_before = |of: &Area| {
        let left = words().filter(|token| token.area.center_x() < of.left).map(|token| token.area.right).max();
        left.map_or(u32::MAX, |left| of.left.saturating_sub(left))
    };
    let gap_behind = behind.map_or(u32::MAX, |left| left.saturating_sub(last.right));
    let between = |pair: &[&Area]| {
        words().any(|token| token.area.center_x() > pair[0].right && token.area.center_x() < pair[1].left)
    };
    before.is_some_and(|token| !token.ends_label())
        && beside.iter().all(|of| near(gap_before(of)))
        && beside.windows(2).all(between)
        && gap_behind as f32 > ROW_BESIDE * gap_before(last).max(1) as f32
}

/// The row of the page that a box stands in: of those that have words on the side where its words stand, the nearest; in a table of
/// boxes they stand at its row's beginning.
fn row_of(sheet: &Sheet, area: &Area, behind: bool) -> Option<usize> {
    row_on_side(sheet, area, behind).or_else(|| row_on_side(sheet, area, true))
}

fn row_on_side(sheet: &Sheet, area: &Area, behind: bool) -> Option<usize> {
    let middle = area.center_y();
    let near = |row: &Row| {
        let beside = row
            .words
            .iter()
            .filter(|token| if behind { token.area.left < area.right } else { token.area.right > area.left });
        beside.map(|token| token.area.center_y().abs_diff(middle)).min().unwrap_or(u32::MAX)
    };
    let reach = (ROW_REACH * sheet.unit) as u32;
    let is_level = |row: &Row| row.area.top <= middle + reach && middle <= row.area.bottom + reach;
    let level = sheet.rows.iter().enumerate().filter(|(_, row)| is_level(row));
    let (row, near) = level.map(|(at, row)| (at, near(row))).min_by_key(|(_, near)| *near)?;
    (near <= reach).then_some(row)
}

/// The words that a box stands behind, back to the box or the gap before them.
fn words_before(sheet: &Sheet, boxes: &[(Area, bool, f32)], area: Area, row: usize) -> Vec<(usize, usize)> {
    let middle = area.center_y();
    let in_row = boxes.iter().map(|(other, ..)| other);
    let in_row =
        in_row.filter(|other| other.right < area.left && other.center_y().abs_diff(middle) < sheet.unit as u32);
    let last_box = in_row.map(|other| other.right).max().unwrap_or(0);
    let mut left = area.left;
    let mut places = Vec::new();
    for (index, token) in sheet.rows[row].words.iter().enumerate().rev() {
        if token.area.center_x() >= area.left {
            continue;
        }
        let gap = left.saturating_sub(token.area.right) as f32;
        let limit = if places.is_empty() { WORDS_AFTER } else { GAP };
        if token.area.center_x() <= last_box || gap > limit * sheet.unit || token.ends_label() {
            break;
        }
        if !is_box_debris(token) {
            places.insert(0, (row, index));
        }
        left = token.area.left;
    }
    places
}

fn tick(
    sheet: &Sheet,
    boxes: &[(Area, bool, f32)],
    area: Area,
    ticked: bool,
    confidence: f32,
    behind: bool,
) -> Option<Tick> {
    let middle = area.center_y();
    let row = row_of(sheet, &area, behind)?;
    let words = &sheet.rows[row];
    if behind {
        let words = sheet.slot(words_before(sheet, boxes, area, row));
        return Some(Tick { ticked, confidence, area, words, asked: false, row });
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
    let asked = answer(&words.text).map(|yes| (yes, question(sheet, boxes, area, row)));
    let Some((yes, question)) = asked.filter(|(_, question)| !question.is_empty()) else {
        let words = if words.is_empty() { heading(sheet, boxes, area, row) } else { words };
        return Some(Tick { ticked, confidence, area, words, asked: false, row });
    };
    // an empty "No" says nothing
    (yes || ticked).then_some(Tick { ticked: ticked && yes, confidence, area, words: question, asked: true, row })
}

/// Whether the words beside a box say yes or no.
fn answer(words: &str) -> Option<bool> {
    let mut letters = words.chars().filter(|letter| letter.is_alphanumeric());
    if letters.nth(ANSWER_LETTERS_MAX).is_some() {
        return None;
    }
    match fold(words).as_str() {
        "yes" | "y" | "yessi" | "si" => Some(true),
        "no" | "n" | "none" => Some(false),
        _ => None,
    }
}

/// What the boxes of a row ask: the words on their left, or else the cell over them ("Therapeutic massage [ ] yes [ ] no").
fn question(sheet: &Sheet, boxes: &[(Area, bool, f32)], area: Area, row: usize) -> Slot {
    let words = &sheet.rows[row].words;
    let mut left = area.left;
    let mut places = Vec::new();
    for (index, token) in words.iter().enumerate().rev() {
        let is_box = is_box(&token.text)
            || boxes.iter().any(|(other, ..)| other.overlap_x(&token.area) > 0 && other.overlap_y(&token.area) > 0);
        if token.area.center_x() >= area.left || is_box {
            continue;
        }
        let is_answer = places.is_empty() && answer(&token.text).is_some();
        let between = boxes.iter().filter(|(other, ..)| {
            other.left >= token.area.right
                && other.right <= left
                && other.center_y().abs_diff(area.center_y()) < sheet.unit as u32
        });
        // other words behind another box are another choice
        if !is_answer && !places.is_empty() && between.count() > 0
            || left.saturating_sub(token.area.right) as f32 > 2.0 * WORDS_AFTER * sheet.unit
        {
            break;
        }
        if !is_answer {
            places.insert(0, (row, index));
        }
        left = token.area.left;
    }
    if places.is_empty() { over(sheet, area, row) } else { sheet.slot(places) }
}

/// The cell of the row above that stands over a box.
fn over(sheet: &Sheet, area: Area, row: usize) -> Slot {
    let Some(above) = row.checked_sub(1).map(|row| &sheet.rows[row]) else { return sheet.slot([]) };
    if area.top.saturating_sub(above.area.bottom) as f32 > QUESTION_OVER * sheet.unit {
        return sheet.slot([]);
    }
    let apart =
        |before: &Token, next: &Token| next.area.left.saturating_sub(before.area.right) as f32 > GAP * sheet.unit;
    let mut from = 0;
    for cell in above.words.chunk_by(|before, next| !apart(before, next)) {
        let to = from + cell.len();
        let is_over = cell[0].area.left <= area.right && cell[cell.len() - 1].area.right >= area.left;
        if is_over {
            return sheet.slot((from..to).map(|word| (row - 1, word)));
        }
        from = to;
    }
    sheet.slot([])
}

/// The words of a box in a table of boxes: the head of its row, or of its column.
fn heading(sheet: &Sheet, boxes: &[(Area, bool, f32)], area: Area, row: usize) -> Slot {
    let others = || boxes.iter().map(|(other, ..)| other);
    let beside = others().filter(|other| other.center_y().abs_diff(area.center_y()) < sheet.unit as u32);
    let stacked = others().filter(|other| other.center_x().abs_diff(area.center_x()) < area.width() / 2);
    let first = beside.clone().map(|other| other.left).min().unwrap_or(area.left);
    if beside.count() < SIDE_BY_SIDE_MIN && stacked.count() < STACKED_MIN {
        return sheet.slot([]);
    }
    let words = &sheet.rows[row].words;
    let of_row = (0..words.len()).filter(|word| words[*word].area.right <= first);
    let of_row = sheet.slot(of_row.map(|word| (row, word)));
    if !of_row.is_empty() {
        return of_row;
    }
    let in_column = |token: &Token| token.area.left <= area.right && token.area.right >= area.left;
    let headed = |row: &usize| sheet.rows[*row].words.iter().any(|token| in_column(token) && !token.folded.is_empty());
    let of_column = (0..row).rev().find(headed).map(|row| {
        let words = &sheet.rows[row].words;
        sheet.slot((0..words.len()).filter(|word| in_column(&words[*word])).map(|word| (row, word)))
    });
    of_column.unwrap_or(of_row)
}

/// A sign that is a tick box, or what OCR makes of one.
pub(in crate::rules) fn is_box(text: &str) -> bool {
    sign(text).is_some() || looks_like_a_box(text)
}

/// What OCR makes of a box, ticked or not: `[7]`, `C]`, `(_]`. Its state cannot be told from the letters.
fn looks_like_a_box(text: &str) -> bool {
    let edged = || text.bytes().any(|byte| byte == b'[' || byte == b']');
    matches!(text, "(_)" | "C)" | "O)" | "(_" | "CO" | "[1" | "Ol" | "LJ" | "LI" | "Cl")
        || text.chars().nth(EDGED_LETTERS_MAX).is_none() && edged()
}

/// What OCR makes of an empty box: a bracket, a lone "O".
fn is_box_debris(token: &Token) -> bool {
    token.text.chars().all(|letter| !letter.is_alphanumeric())
        || matches!(token.text.as_str(), "O" | "C" | "L]" | "LJ" | "[J")
}
