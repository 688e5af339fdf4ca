//! Print that the engine passed over: ink in rows of letters where no word was read is read again, as lines of their own.

use crate::model::{Area, Grey, Line, Word};
use crate::ocr::ink::Ink;
use crate::ocr::resize;
use crate::ocr::tesseract::{Engine, OcrError};

/// Side of the squares that are looked at, in pixels: a fiftieth of an inch at 300 dpi.
const CELL: u32 = 6;
/// Cells an inch, at 300 dpi.
const CELLS_PER_INCH: u32 = 50;
/// Grey below this is print.
const INK: u8 = 128;
/// Height of a row of letters, in cells: six to thirty points.
const HEIGHT: std::ops::RangeInclusive<u32> = 3..=20;
/// Pieces of ink so far apart may be words of one row, in cells.
const GAP_MAX: u32 = 8;
/// Less than this, in cells, is a letter or a speck and no word.
const WIDTH_MIN: u32 = 10;
/// Most rows of a page that are read again.
const ROWS_MAX: usize = 12;
/// A row less sure than this is handwriting, a logo or dirt.
const SURE: f32 = 0.70;
/// A row has at least so many letters and digits.
const LETTERS_MIN: usize = 3;
/// How much larger a row is shown.
const ENLARGED: u32 = 2;
/// Paper around a row that is shown with it, in pixels.
const MARGIN: u32 = 9;

/// Reads what `lines` has no words for and puts it where it belongs, from top to bottom.
///
/// # Errors
/// Where the engine fails.
pub(in crate::ocr) fn read_missed(
    lines: &mut Vec<Line>,
    page: &Grey,
    dpi: u32,
    engine: &mut Engine,
) -> Result<(), OcrError> {
    for row in rows(page, lines) {
        let mut words = read_row(page, &row, dpi, engine)?;
        words.retain(|word| word.text.reveal().chars().any(char::is_alphanumeric));
        let letters: usize =
            words.iter().map(|word| word.text.reveal().chars().filter(|c| c.is_alphanumeric()).count()).sum();
        let sure = words.iter().map(|word| word.confidence).sum::<f32>() / words.len().max(1) as f32;
        if letters >= LETTERS_MIN && sure >= SURE {
            insert(lines, words);
        }
    }
    Ok(())
}

fn read_row(page: &Grey, row: &Area, dpi: u32, engine: &mut Engine) -> Result<Vec<Word>, OcrError> {
    let (left, top) = (row.left.saturating_sub(MARGIN), row.top.saturating_sub(MARGIN));
    let around = Area::new(left, top, (row.right + MARGIN).min(page.width), (row.bottom + MARGIN).min(page.height));
    let large = resize::cut(page, &around, ENLARGED);
    let mut words = engine.line(&large, dpi * ENLARGED)?;
    for word in &mut words {
        let Area { left: l, top: t, right: r, bottom: b } = word.area;
        word.area = Area::new(left + l / ENLARGED, top + t / ENLARGED, left + r / ENLARGED, top + b / ENLARGED);
    }
    Ok(words)
}

/// Rows of ink the size of letters without a word on them, the widest first.
fn rows(page: &Grey, lines: &[Line]) -> Vec<Area> {
    let mut cells = cells(page);
    for word in lines.iter().flat_map(|line| &line.words) {
        let Area { left, top, right, bottom } = word.area;
        let columns = (left / CELL).saturating_sub(1).min(cells.width)..(right / CELL + 2).min(cells.width);
        for y in (top / CELL).saturating_sub(1)..(bottom / CELL + 2).min(cells.height) {
            let start = (y * cells.width) as usize;
            cells.pixels[start + columns.start as usize..start + columns.end as usize].fill(255);
        }
    }
    let Some(ink) = Ink::of(&cells, CELLS_PER_INCH) else { return Vec::new() };
    let mut pieces: Vec<Area> = ink.pieces(1).iter().map(|piece| piece.area).collect();
    pieces.retain(|area| HEIGHT.contains(&area.height()) && area.width() >= 2);
    pieces.sort_by_key(|area| area.left);
    let mut rows: Vec<Area> = Vec::new();
    for piece in pieces {
        let goes_on = |row: &&mut Area| {
            row.overlap_y(&piece) * 2 > row.height().min(piece.height())
                && piece.left <= row.right + GAP_MAX
                && HEIGHT.contains(&row.union(&piece).height())
        };
        match rows.iter_mut().rev().find(goes_on) {
            Some(row) => *row = row.union(&piece),
            None => rows.push(piece),
        }
    }
    rows.retain(|row| row.width() >= WIDTH_MIN && row.width() > row.height());
    rows.sort_by_key(|row| std::cmp::Reverse(row.width()));
    rows.truncate(ROWS_MAX);
    let pixels = |cells: u32, side: u32| (cells * CELL).min(side);
    let area = |row: &Area| {
        let (x, y) = (|at| pixels(at, page.width), |at| pixels(at, page.height));
        Area::new(x(row.left), y(row.top), x(row.right), y(row.bottom))
    };
    rows.iter().map(area).collect()
}

/// The page with one pixel a cell, black where there is ink in it.
fn cells(page: &Grey) -> Grey {
    let (width, height) = (page.width / CELL, page.height / CELL);
    let mut pixels = vec![255_u8; (width * height) as usize];
    for (y, row) in pixels.chunks_exact_mut(width.max(1) as usize).enumerate() {
        // every second row tells enough
        for from in (y as u32 * CELL..(y as u32 + 1) * CELL).step_by(2) {
            for (cell, part) in row.iter_mut().zip(page.row(from).chunks_exact(CELL as usize)) {
                *cell = part.iter().fold(*cell, |darkest, pixel| darkest.min(*pixel));
            }
        }
    }
    pixels.iter_mut().for_each(|pixel| *pixel = if *pixel < INK { 0 } else { 255 });
    Grey { width, height, pixels }
}

/// As a line of its own between those above and below it.
fn insert(lines: &mut Vec<Line>, words: Vec<Word>) {
    let new = Line { words };
    let area = new.area();
    let at = lines.iter().position(|line| line.area().center_y() > area.center_y()).unwrap_or(lines.len());
    lines.insert(at, new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Private;

    /// A page with three rows of upright strokes, each as tall as print of ten points.
    fn page() -> Grey {
        let mut page = Grey { width: 1200, height: 600, pixels: vec![255; 1200 * 600] };
        for top in [100, 200, 300] {
            for left in (120..900).step_by(12) {
                for y in top..top + 30 {
                    page.pixels[y * 1200 + left..y * 1200 + left + 6].fill(0);
                }
            }
        }
        page
    }

    fn line(top: u32) -> Line {
        let word = Word {
            text: Private::from("strokes"),
            area: Area::new(118, top, 900, top + 31),
            confidence: 0.9,
            also: Vec::new(),
            struck_out: false,
        };
        Line { words: vec![word] }
    }

    #[test]
    fn rows_without_words_are_found() {
        let found = rows(&page(), &[line(100), line(300)]);
        let [row] = found[..] else { panic!("{found:?}") };
        assert!(row.left.abs_diff(120) <= CELL && row.right.abs_diff(894) <= 2 * CELL, "{row:?}");
        assert!(row.top.abs_diff(200) <= CELL && row.bottom.abs_diff(230) <= CELL, "{row:?}");
    }

    #[test]
    fn a_page_that_was_read_has_no_such_rows() {
        assert_eq!(rows(&page(), &[line(100), line(200), line(300)]), []);
    }

    #[test]
    fn what_is_found_stands_between_its_neighbours() {
        let mut lines = vec![line(100), line(300)];
        insert(&mut lines, line(200).words);
        let tops: Vec<u32> = lines.iter().map(|line| line.area().top).collect();
        assert_eq!(tops, [100, 200, 300]);
    }
}
