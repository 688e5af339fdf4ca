//! Where the value of a label may stand: behind it, below it, above it.

use crate::model::Area;
use crate::rules::label::{CELL_GAP, Label, Meaning};
use crate::rules::sheet::{Row, Sheet, Slot, Token};
use crate::rules::span::{gap_before, line_number};
use crate::rules::ticks::is_box;

/// Between two words of one value there is no gap wider than this many word heights.
const VALUE_GAP: f32 = 3.2;
/// From a label to its value there is no gap wider than this: what stands farther right is another column's.
const FIRST_GAP: f32 = 16.0;
/// A value below its caption stands at most this many word heights lower.
const BELOW: f32 = 2.6;

/// A label that begins farther right than this share of the page may have its value at the left margin of the next row.
const RIGHT_HALF: f32 = 0.4;

/// A value of a caption's shape tells as much as so many distances.
const BY_SHAPE: usize = 3;
/// A row that reaches this share of the page goes on in the next one.
const FULL_ROW: f32 = 0.72;
/// A label that no rule knows has at most so many words.
const UNKNOWN_LABEL_WORDS_MAX: usize = 5;

/// So many rows whose values begin or end at one edge are a page with its values in a column.
const MARGIN_ROWS_MIN: usize = 3;

/// So many rows of two cells are a table of labels and values.
const TABLE_ROWS_MIN: usize = 4;

/// So many captions tell on which side of them their values stand.
const CAPTIONS_MIN: usize = 2;

/// Where a value was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Where {
    SameLine,
    Below,
    Above,
}

/// The labels of a row; those of a page stand in the order of its rows.
pub(in crate::rules) fn of_row(labels: &[Label], row: usize) -> &[Label] {
    let from = labels.partition_point(|label| label.row < row);
    let behind = &labels[from..];
    &behind[..behind.partition_point(|label| label.row == row)]
}

/// The places of a page in which the value of `label` may stand, the likeliest first. A place without words is left out.
/// `rows_max` is how many rows a value may take.
pub(in crate::rules) fn slots(sheet: &Sheet, labels: &[Label], label: &Label, rows_max: usize) -> Vec<(Where, Slot)> {
    let mut found = Vec::new();
    if let Some(before) = before_bracketed(sheet, labels, label) {
        return vec![(Where::SameLine, before)];
    }
    let behind = if label.only == Some(Where::Below) { Vec::new() } else { same_line(sheet, labels, label) };
    let filled = !behind.is_empty();
    if filled {
        let mut places = behind;
        if rows_max > 1 {
            let left = match wraps_to_the_label(sheet, labels, label) {
                true => sheet.rows[label.row + 1].area.left,
                false => sheet.rows[label.row].words[places[0].1].area.left,
            };
            places.extend(below(sheet, labels, label, left, label.row, rows_max - 1, false));
        }
        found.push((Where::SameLine, sheet.slot(places)));
    }
    if label.only != Some(Where::SameLine) && (label.caption || !filled) {
        let places = below(sheet, labels, label, label.area.left, label.row, rows_max, true);
        let first_cell = cell_below(sheet, labels, label).filter(|cell| *cell != places);
        if !places.is_empty() {
            found.push((Where::Below, sheet.slot(places)));
        }
        // several columns side by side, whose rows do not stand on one height
        found.extend(first_cell.map(|cell| (Where::Below, sheet.slot(cell))));
    }
    found
}

/// "Omar Sandoval ______ (patient name)": a label in brackets that ends its row stands behind its value.
fn before_bracketed(sheet: &Sheet, labels: &[Label], label: &Label) -> Option<Slot> {
    let words = &sheet.rows[label.row].words;
    let bracketed = words[label.words.start].text.starts_with('(') && words[label.words.end - 1].text.ends_with(')');
    if !bracketed || label.colon {
        return None;
    }
    let last = of_row(labels, label.row).iter().filter(|other| other.words.end <= label.words.start);
    let from = last.map(|other| other.words.end).max().unwrap_or(0);
    let slot = sheet.slot((from..label.words.start).map(|word| (label.row, word)));
    (!slot.is_empty()).then_some(slot)
}

/// The first cell under a caption that begins where the caption does, up to the next gap.
fn cell_below(sheet: &Sheet, labels: &[Label], label: &Label) -> Option<Vec<(usize, usize)>> {
    let slack = 0.8 * sheet.unit;
    for row in label.row + 1..sheet.rows.len() {
        let words = &sheet.rows[row].words;
        if sheet.rows[row].area.top.saturating_sub(label.area.bottom) as f32 > BELOW * sheet.unit {
            return None;
        }
        let Some(first) = words.iter().position(|token| token.area.left.abs_diff(label.area.left) as f32 <= slack)
        else {
            continue;
        };
        if of_row(labels, row).iter().any(|other| other.words.contains(&first)) {
            return None;
        }
        let apart = |word: &usize| {
            words[*word].area.left.saturating_sub(words[*word - 1].area.right) as f32 > VALUE_GAP * sheet.unit
        };
        let end = (first + 1..words.len()).find(apart).unwrap_or(words.len());
        return Some((first..end).map(|word| (row, word)).collect());
    }
    None
}

/// Whether the value of a label goes on under the label itself, as the lines of a paragraph do: the next row begins where the label
/// does, close below, without a label of its own or a gap, and the row before it is no whole sentence.
fn wraps_to_the_label(sheet: &Sheet, labels: &[Label], label: &Label) -> bool {
    let (row, Some(next)) = (&sheet.rows[label.row], sheet.rows.get(label.row + 1)) else { return false };
    let near = |left: u32| next.area.left.abs_diff(left) as f32 <= sheet.unit;
    let is_full = row.area.right as f32 > FULL_ROW * sheet.width as f32;
    let begins = near(label.area.left) && label.words.start == 0 || near(row.area.left) && is_full;
    let close = next.area.top.saturating_sub(row.area.bottom) as f32 <= sheet.unit;
    let labelled = !of_row(labels, label.row + 1).is_empty();
    let apart = |pair: &[Token]| pair[1].area.left.saturating_sub(pair[0].area.right) as f32 > VALUE_GAP * sheet.unit;
    let ended = row.words.last().is_none_or(|last| last.text.ends_with(['.', ';', ':']));
    begins && close && !labelled && !ended && !next.words.windows(2).any(apart)
}

/// Whether the captions of a page stand under their values rather than over them ("Maria Lopez" on a line, "Patient name" in small
/// print under it). `fits` says whether a text, which is made when it asks for it, has the shape of a caption's value; where it does
/// not tell, most captions stand nearer to the words above them than to those below.
pub(in crate::rules) fn captions_stand_below(
    sheet: &Sheet,
    labels: &[Label],
    fits: impl Fn(&Label, &dyn Fn() -> String) -> bool,
) -> bool {
    let captions = labels.iter().filter(|label| label.caption && !label.colon);
    let edges = all_edges(sheet);
    let (mut under, mut over) = (0, 0);
    for label in captions {
        // its value stands beside it
        if is_in_two_columns(sheet, &edges, labels, label) {
            over += 1;
            continue;
        }
        // the nearest row with words in the caption's own column; another caption there says nothing
        let value_in = |row: &usize| {
            let in_column =
                |area: &Area| area.left < label.area.right && area.right + label.area.height() > label.area.left;
            let labelled = of_row(labels, *row).iter().any(|other| in_column(&other.area));
            let words = &sheet.rows[*row].words;
            let own = || (0..words.len()).filter(|at| !words[*at].folded.is_empty() && in_column(&words[*at].area));
            let area = own().map(|at| words[at].area).reduce(|all, area| all.union(&area))?;
            let first = own().next()?;
            Some((!labelled).then_some((area, (*row, first))))
        };
        let cell_at = |(row, first): (usize, usize)| {
            let text = sheet.slot((first..sheet.rows[row].words.len()).map(|at| (row, at))).text;
            text.split("  ").next().unwrap_or_default().to_owned()
        };
        let above = (0..label.row).rev().find_map(|row| value_in(&row)).flatten();
        let below = (label.row + 1..sheet.rows.len()).find_map(|row| value_in(&row)).flatten();
        let of_shape =
            |value: Option<(Area, (usize, usize))>| value.is_some_and(|(_, place)| fits(label, &|| cell_at(place)));
        match (of_shape(above), of_shape(below)) {
            (true, false) => under += BY_SHAPE,
            (false, true) => over += BY_SHAPE,
            _ => {
                let gap_above = above.map(|(area, _)| label.area.top.saturating_sub(area.bottom));
                let gap_below = below.map(|(area, _)| area.top.saturating_sub(label.area.bottom));
                match (gap_above, gap_below) {
                    (Some(above), Some(below)) if above < below => under += 1,
                    (Some(above), None) if (above as f32) < sheet.unit => under += 1,
                    (Some(_) | None, Some(_)) => over += 1,
                    _ => {}
                }
            }
        }
    }
    under >= CAPTIONS_MIN && under > over
}

/// The rows over a caption in its own column, up to the next label: where captions stand under their values.
pub(in crate::rules) fn over(sheet: &Sheet, labels: &[Label], label: &Label, rows_max: usize) -> Option<Slot> {
    let slack = (0.8 * sheet.unit) as u32;
    let left = label.area.left.saturating_sub(slack);
    let next = of_row(labels, label.row).iter().filter(|other| other.words.start >= label.words.end);
    let right = next.map(|other| other.area.left.saturating_sub(slack)).min().unwrap_or(sheet.width);
    let far = (2.0 * VALUE_GAP * sheet.unit) as u32;
    let mut places = Vec::new();
    let (mut top, mut rows) = (label.area.top, 0);
    for row in (0..label.row).rev() {
        let area = sheet.rows[row].area;
        let reach = right.min(label.area.right + far);
        let in_column = |other: &Label| other.area.left < reach && other.area.right > left;
        if top.saturating_sub(area.bottom) as f32 > BELOW * sheet.unit
            || rows == rows_max
            || of_row(labels, row).iter().any(in_column)
        {
            break;
        }
        let tokens = &sheet.rows[row].words;
        let in_column = |word: &usize| (left..right).contains(&tokens[*word].area.left);
        let first = (0..tokens.len()).find(in_column);
        // what begins far right of the caption, or stands behind a wide gap, is another column's
        let near = first.filter(|word| tokens[*word].area.left < label.area.right + far);
        let apart = |word: &usize| tokens[*word].area.left.saturating_sub(tokens[*word - 1].area.right) > far;
        let end = near.map(|first| (first + 1..tokens.len()).find(apart).unwrap_or(tokens.len()));
        let cell = near.zip(end).map_or(0..0, |(first, end)| first..end);
        let words: Vec<(usize, usize)> = cell.filter(in_column).map(|word| (row, word)).collect();
        if words.iter().all(|(row, word)| sheet.rows[*row].words[*word].folded.is_empty()) {
            continue;
        }
        rows += 1;
        top = area.top;
        places.splice(0..0, words);
    }
    let slot = sheet.slot(places);
    (!slot.is_empty()).then_some(slot)
}

/// The row above a caption, within its width: "______ \n Signature of provider".
pub(in crate::rules) fn above(sheet: &Sheet, labels: &[Label], label: &Label) -> Option<Slot> {
    let row = label.row.checked_sub(1)?;
    if of_row(labels, row).iter().any(|other| other.area.overlap_x(&label.area) > 0) {
        return None;
    }
    // the row belongs to captions of its own
    let below = label.area.top.saturating_sub(sheet.rows[row].area.bottom);
    let captioned = |other: &Label| {
        let nearer = sheet.rows[row].area.top.saturating_sub(other.area.bottom) <= below;
        other.caption && other.area.overlap_x(&sheet.rows[row].area) > 0 && nearer
    };
    let over = row.checked_sub(1).map(|over| of_row(labels, over)).unwrap_or_default();
    if over.iter().any(captioned) {
        return None;
    }
    let left = label.area.left.saturating_sub(sheet.unit as u32);
    let words = sheet.rows[row]
        .words
        .iter()
        .enumerate()
        .filter(|(_, token)| token.area.left >= left)
        .map(|(word, _)| (row, word));
    let slot = sheet.slot(words);
    let near = (label.area.top as f32 - sheet.rows[row].area.bottom as f32) < BELOW * sheet.unit;
    (near && !slot.is_empty()).then_some(slot)
}

/// The beginning of the next row, where a label ends its own row: the value did not fit and went on at the left margin.
pub(in crate::rules) fn wrapped(sheet: &Sheet, labels: &[Label], label: &Label) -> Option<Slot> {
    let row = &sheet.rows[label.row];
    // specks between two rows are no row
    let has_words = |row: &Row| row.words.iter().any(|token| !token.folded.is_empty());
    let (at, next) = sheet.rows.iter().enumerate().skip(label.row + 1).find(|(_, row)| has_words(row))?;
    let ends_row = row.words.iter().skip(label.words.end).all(|token| token.folded.is_empty());
    let first = next.words.iter().find(|token| !token.folded.is_empty())?;
    let near = next.area.top.saturating_sub(row.area.bottom) as f32 <= BELOW * sheet.unit;
    let at_margin = first.area.left <= row.area.left + (3.0 * sheet.unit) as u32
        && (label.area.left > row.area.left + row.area.width() / 2
            || label.area.left as f32 > RIGHT_HALF * sheet.width as f32);
    let labelled = !of_row(labels, at).is_empty();
    ((label.colon || label.caption) && ends_row && near && at_margin && !labelled)
        .then(|| sheet.slot((0..next.words.len()).map(|word| (at, word))))
}

fn same_line(sheet: &Sheet, labels: &[Label], label: &Label) -> Vec<(usize, usize)> {
    let row = &sheet.rows[label.row];
    let end = of_row(labels, label.row)
        .iter()
        .filter(|other| other.words.start >= label.words.end)
        .map(|other| other.words.start)
        .min();
    let mut places = Vec::new();
    let mut right: Option<u32> = None;
    for word in label.words.end..end.unwrap_or(row.words.len()) {
        let token = &row.words[word];
        let gap = token.area.left.saturating_sub(right.unwrap_or(label.area.right)) as f32;
        let far = right.is_none()
            && gap > FIRST_GAP * sheet.unit
            && !values_stand_in_a_column(sheet, labels)
            && !is_in_two_columns(sheet, &all_edges(sheet), labels, label);
        // "11. Weeks      12. Is the worker ...": the number of the form's next line is no value
        let is_number = line_number(row, word + 1, CELL_GAP * sheet.unit) == Some(word);
        let names_next =
            is_number && row.words.get(word + 1).is_some_and(|next| next.folded.chars().any(char::is_alphabetic));
        if far || names_next || right.is_some() && gap > VALUE_GAP * sheet.unit {
            break;
        }
        if places.is_empty() && token.folded.is_empty() && !is_box(&token.text) {
            continue;
        }
        places.push((label.row, word));
        right = Some(token.area.right);
    }
    places
}

/// Whether the values of a page stand in a column of their own, far from their labels at the left: rows of one label and one cell,
/// whose cells begin or end at one edge.
fn values_stand_in_a_column(sheet: &Sheet, labels: &[Label]) -> bool {
    let edges: Vec<(u32, u32)> = (0..sheet.rows.len())
        .filter_map(|row| {
            // "Sessions: how often?" is two labels and one question
            let mut of_row: Vec<&Label> = of_row(labels, row).iter().collect();
            of_row.sort_by_key(|label| label.words.start);
            let first = of_row.first()?.words.start;
            let label = of_row
                .iter()
                .reduce(|before, next| if next.words.start == before.words.end { next } else { before })?;
            let more = of_row.iter().any(|other| other.words.start >= label.words.end);
            let words = &sheet.rows[row].words;
            let one_cell = (label.words.end + 1..words.len()).all(|word| {
                words[word].area.left.saturating_sub(words[word - 1].area.right) as f32 <= VALUE_GAP * sheet.unit
            });
            let is_row = !more && first == 0 && label.words.end < words.len() && one_cell;
            is_row.then(|| Some((words.get(label.words.end)?.area.left, words.last()?.area.right))).flatten()
        })
        .collect();
    let near = |a: u32, b: u32| a.abs_diff(b) as f32 <= sheet.unit;
    let of_edge = |(left, right): &(u32, u32)| {
        let begin = edges.iter().filter(|(other, _)| near(*other, *left)).count();
        let end = edges.iter().filter(|(_, other)| near(*other, *right)).count();
        begin.max(end)
    };
    edges.iter().any(|edge| of_edge(edge) >= MARGIN_ROWS_MIN)
}

/// The second of a row's two cells, by its first word, and where both begin.
type Edges = (usize, u32, u32);

fn all_edges(sheet: &Sheet) -> Vec<Option<Edges>> {
    sheet.rows.iter().map(|row| edges(row, sheet.unit)).collect()
}

/// Of a row of two cells, and of no other.
fn edges(row: &Row, unit: f32) -> Option<Edges> {
    let first = row.words.first()?.area;
    let mut ends = (1..row.words.len()).filter(|at| gap_before(row, *at) > VALUE_GAP * unit);
    let second = ends.next()?;
    ends.next().is_none().then(|| (second, first.left, row.words[second].area.left))
}

/// Whether a label is the first of two cells of its row in a table of such rows, whose cells begin at the same edges.
fn is_in_two_columns(sheet: &Sheet, edges: &[Option<Edges>], labels: &[Label], label: &Label) -> bool {
    let Some((second, left, value)) = edges[label.row] else { return false };
    let near = |a: u32, b: u32| a.abs_diff(b) as f32 <= sheet.unit;
    let alike = |(_, first, other): &&Edges| near(*first, left) && near(*other, value);
    let is_first =
        label.words.end <= second && !of_row(labels, label.row).iter().any(|other| other.words.contains(&second));
    is_first && edges.iter().flatten().filter(alike).nth(TABLE_ROWS_MIN - 1).is_some()
}

/// Rows under the label in its own column, down to the next label of that column. A label in the column ends it; a row that
/// belongs to another column does not.
fn below(
    sheet: &Sheet,
    labels: &[Label],
    label: &Label,
    left: u32,
    from_row: usize,
    rows_max: usize,
    first_is_value: bool,
) -> Vec<(usize, usize)> {
    let slack = (0.8 * sheet.unit) as u32;
    let next_cell = of_row(labels, label.row)
        .iter()
        .filter(|other| other.words.start >= label.words.end)
        .map(|other| other.area.left)
        .min();
    let beside = next_in_row(sheet, label).into_iter().chain(next_cell).min();
    let right = beside.unwrap_or_else(|| heading_beside(sheet, labels, label)).saturating_sub(slack / 2);
    let column = Area::new(left.saturating_sub(slack), 0, right.max(left + 1), sheet.height);
    let mut places = Vec::new();
    let mut bottom = sheet.rows[from_row].area.bottom;
    let mut rows = 0;
    for (index, row) in sheet.rows.iter().enumerate().skip(from_row + 1) {
        if (row.area.top.saturating_sub(bottom)) as f32 > BELOW * sheet.unit || rows == rows_max {
            break;
        }
        let of_row = of_row(labels, index);
        let in_label = |word: usize| of_row.iter().any(|other| other.words.contains(&word));
        let ends = of_row.iter().any(|other| {
            other.area.left >= column.left
                && other.area.left < column.right
                && !(rows > 0 && matches!(other.meaning, Meaning::Other) && !other.colon)
        });
        if ends {
            break;
        }
        let mut words: Vec<(usize, usize)> = row
            .words
            .iter()
            .enumerate()
            .filter(|(word, token)| {
                !in_label(*word)
                    && token.area.center_x() > column.left
                    && token.area.center_x() < column.right
                    && token.area.left + slack >= column.left
            })
            .map(|(word, _)| (index, word))
            .collect();
        // a value that begins a little left of its caption is taken whole, unless another caption stands over it
        while first_is_value
            && rows == 0
            && let Some((_, first)) = words.first().copied()
            && is_cut_off(sheet, row, first)
            && !in_label(first - 1)
            && !under_another(sheet, labels, label, &row.words[first - 1].area)
        {
            words.insert(0, (index, first - 1));
        }
        // "Reason for consult: pain": a label that no rule knows begins another matter
        if (rows > 0 || !first_is_value) && begins_with_a_colon(&row.words, &words) {
            break;
        }
        // "13. Functional goals": so does the next line of a numbered form
        let numbered = words.first().is_some_and(|(_, word)| {
            line_number(row, word + 1, CELL_GAP * sheet.unit) == Some(*word)
                && row.words.get(word + 1).is_some_and(|next| next.folded.starts_with(char::is_alphabetic))
        });
        if numbered {
            break;
        }
        // what stands behind another label of this row is that label's, however long the label is
        let first = words.first();
        // without a colon only what stands right behind it
        let owned = of_row.iter().any(|other| {
            first.is_some_and(|(_, word)| other.colon && other.words.end <= *word || other.words.end == *word)
        });
        // a row that begins left of the column and runs into it is no continuation: its first words would be cut off
        if owned || !first_is_value && words.first().is_some_and(|(_, word)| is_cut_off(sheet, row, *word)) {
            break;
        }
        // a continuation stands under its beginning, not left of it
        let begins_left = row.words.first().is_some_and(|token| token.area.right < column.left);
        if words.is_empty() {
            if begins_left || !first_is_value {
                break;
            }
            continue;
        }
        if !first_is_value && begins_left && !of_row.is_empty() {
            break;
        }
        rows += 1;
        bottom = row.area.bottom;
        places.extend(words);
    }
    places
}

/// Whether another label of a caption's row, or one above it, stands over a place.
fn under_another(sheet: &Sheet, labels: &[Label], label: &Label, place: &Area) -> bool {
    let slack = sheet.unit as u32;
    let mut before = of_row(labels, label.row).iter().filter(|other| other.words.end <= label.words.start);
    before.any(|other| other.area.left < place.right && place.left < other.area.right + slack)
}

/// Whether the word before `first` stands so close to it that the two belong together.
fn is_cut_off(sheet: &Sheet, row: &Row, first: usize) -> bool {
    let before = first.checked_sub(1).and_then(|before| row.words.get(before));
    before.is_some_and(|before| !before.folded.is_empty() && gap_before(row, first) <= CELL_GAP * sheet.unit)
}

/// Whether the words of a row begin with a few words and a colon.
fn begins_with_a_colon(row: &[Token], places: &[(usize, usize)]) -> bool {
    let words = || places.iter().filter_map(|(_, word)| row.get(*word)).take(UNKNOWN_LABEL_WORDS_MAX);
    let Some(colon) = words().position(|token| token.text.ends_with(':')) else { return false };
    words().take(colon + 1).all(|token| !token.text.contains(|letter: char| letter.is_ascii_digit()))
}

/// Where the next cell of a caption's own row begins.
pub(in crate::rules) fn next_in_row(sheet: &Sheet, label: &Label) -> Option<u32> {
    let behind = sheet.rows[label.row].words.iter().skip(label.words.end).map(|token| token.area.left);
    let mut behind = behind.filter(|left| left.saturating_sub(label.area.right) as f32 > VALUE_GAP * sheet.unit);
    behind.next().filter(|_| label.caption)
}

/// Where the column of a label ends that is the last of its row: at the next part of the form beside it, else at the page's edge.
fn heading_beside(sheet: &Sheet, labels: &[Label], label: &Label) -> u32 {
    let headings = labels
        .iter()
        .filter(|other| matches!(other.meaning, Meaning::Heading(_)) && other.area.left > label.area.right);
    headings.map(|other| other.area.left).min().unwrap_or(sheet.width)
}
