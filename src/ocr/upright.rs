//! Which way up a page stands, found cheaply: only where the reading as it came is poor, and on a part of the page.

use crate::model::{Grey, Line};
use crate::ocr::tesseract::{Engine, OcrError};

/// A page whose words are surer than this on the average stands upright; the engine's average on turned pages is 0.3.
const UPRIGHT_CONFIDENCE: f32 = 0.70;
/// Side of the part of the page that is turned and read, in inches.
const PART_INCHES: u32 = 4;
/// How much better a turned part must read before the page is turned.
const CLEARLY_BETTER: f32 = 1.3;
/// Grey below this is ink.
const INK: u8 = 128;

/// A page's picture as it stands upright, its lines, and by how many degrees clockwise it was turned.
pub(in crate::ocr) struct Upright {
    pub(in crate::ocr) lines: Vec<Line>,
    pub(in crate::ocr) degrees: u16,
}

/// Reads a page of `dpi`, turned if it reads better so; the engine is shown it with `shown_dpi`.
///
/// # Errors
/// Where the engine fails.
pub(in crate::ocr) fn read(page: &Grey, dpi: u32, shown_dpi: u32, engine: &mut Engine) -> Result<Upright, OcrError> {
    let lines = engine.lines(page, dpi, shown_dpi)?;
    if mean(&lines) >= UPRIGHT_CONFIDENCE {
        return Ok(Upright { lines, degrees: 0 });
    }
    let part = densest_part(page, dpi * PART_INCHES);
    let as_it_came = score(&engine.lines(&part, dpi, shown_dpi)?) * CLEARLY_BETTER;
    // whether lines run across was looked at before (`pages::clean`), and lines that run up the page read well too: only a page
    // that is no better on its head is tried on its sides
    for ways in [&[180][..], &[90, 270]] {
        let mut best = (as_it_came, 0);
        for degrees in ways.iter().copied() {
            let turned = score(&engine.lines(&turn(&part, degrees), dpi, shown_dpi)?);
            if turned > best.0 {
                best = (turned, degrees);
            }
        }
        if let (_, degrees @ 1..) = best {
            return Ok(Upright { lines: engine.lines(&turn(page, degrees), dpi, shown_dpi)?, degrees });
        }
    }
    Ok(Upright { lines, degrees: 0 })
}

/// The picture turned clockwise by 90, 180 or 270 degrees.
pub(in crate::ocr) fn turn(grey: &Grey, degrees: u16) -> Grey {
    let (width, height) = (grey.width as usize, grey.height as usize);
    let sideways = |from: &dyn Fn(usize, usize) -> usize| {
        let places = (0..width).flat_map(|y| (0..height).map(move |x| (x, y)));
        let pixels = places.map(|(x, y)| grey.pixels[from(x, y)]).collect();
        Grey { width: grey.height, height: grey.width, pixels }
    };
    match degrees {
        90 => sideways(&|x, y| (height - 1 - x) * width + y),
        180 => Grey { pixels: grey.pixels.iter().rev().copied().collect(), ..*grey },
        270 => sideways(&|x, y| x * width + width - 1 - y),
        _ => grey.clone(),
    }
}

/// The square of `side` pixels with the most ink, on a grid of half its side.
fn densest_part(page: &Grey, side: u32) -> Grey {
    let (width, height) = (side.min(page.width), side.min(page.height));
    let starts = |size: u32, part: u32| (0..=(size - part)).step_by((side / 2).max(1) as usize);
    let ink = |left: u32, top: u32| -> usize {
        let columns = left as usize..(left + width) as usize;
        // every fourth row tells enough
        (top..top + height)
            .step_by(4)
            .map(|y| page.row(y)[columns.clone()].iter().filter(|&&pixel| pixel < INK).count())
            .sum()
    };
    let places = starts(page.height, height).flat_map(|top| starts(page.width, width).map(move |left| (left, top)));
    let (left, top) = places.max_by_key(|&(left, top)| ink(left, top)).unwrap_or((0, 0));
    let rows = (top..top + height).flat_map(|y| &page.row(y)[left as usize..(left + width) as usize]);
    Grey { width, height, pixels: rows.copied().collect() }
}

/// Letters in words that the engine is sure of.
fn score(lines: &[Line]) -> f32 {
    let words = lines.iter().flat_map(|line| &line.words).filter(|word| word.confidence > 0.6);
    words.map(|word| letters(word.text.reveal()) as f32 * word.confidence).sum()
}

/// The average confidence of a letter.
fn mean(lines: &[Line]) -> f32 {
    let words = lines.iter().flat_map(|line| &line.words);
    let (sum, count) = words.fold((0.0, 0), |(sum, count), word| {
        let letters = letters(word.text.reveal());
        (sum + letters as f32 * word.confidence, count + letters)
    });
    if count == 0 { 0.0 } else { sum / count as f32 }
}

fn letters(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_quarter_turns_are_none() {
        let page = Grey { width: 3, height: 2, pixels: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(turn(&page, 90), Grey { width: 2, height: 3, pixels: vec![4, 1, 5, 2, 6, 3] });
        assert_eq!(turn(&turn(&page, 90), 90), turn(&page, 180));
        assert_eq!(turn(&turn(&page, 90), 180), turn(&page, 270));
        assert_eq!(turn(&turn(&page, 90), 270), page);
    }

    #[test]
    fn the_densest_part_holds_the_ink() {
        let mut page = Grey { width: 40, height: 40, pixels: vec![255; 1600] };
        page.pixels[39 * 40 - 1] = 0; // row 38 of the last column
        page.pixels[37 * 40 - 1] = 0;
        let part = densest_part(&page, 20);
        assert_eq!((part.width, part.height), (20, 20));
        assert!(part.pixels.contains(&0));
        assert_eq!(densest_part(&page, 100).pixels.len(), 1600);
    }
}
