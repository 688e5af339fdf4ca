//! In: a Page. Out: its Reading.

mod again;
mod tesseract;
mod tsv;

pub use tesseract::{Engine, OcrError};

use crate::model::{Grey, Line, Page, PageContent, Reading, Source};

/// A page whose words are surer than this on the average is taken to stand upright.
const UPRIGHT_CONFIDENCE: f32 = 0.70;

/// Whether `read` has to look at pixels for words.
pub fn needs_engine(page: &Page) -> bool {
    matches!(page.content, PageContent::Pixels { .. })
}

/// Reads a page with `engine`, which a page with words of its own does without.
///
/// # Errors
/// Where the engine fails or is not there; it must be made anew then.
pub fn read(page: Page, engine: Option<&mut Engine>) -> Result<Reading, OcrError> {
    let Page { number, width, height, dpi, content, trouble } = page;
    let reading = |source, rotated, lines, width, height| Reading {
        page: number,
        width,
        height,
        source,
        rotated,
        lines,
        marks: Vec::new(),
        fax_header: None,
        trouble,
    };
    match content {
        PageContent::Words { lines, .. } => Ok(reading(Source::TextLayer, 0, lines, width, height)),
        PageContent::Pixels { words, .. } => {
            let engine = engine.ok_or(OcrError::Gone)?;
            let upright = engine.lines(&words, dpi)?;
            let mut best = (score(&upright), 0, upright, words.width, words.height);
            if mean(&best.2) < UPRIGHT_CONFIDENCE {
                for degrees in [180, 90, 270] {
                    let turned = turn(&words, degrees);
                    let lines = engine.lines(&turned, dpi)?;
                    let other = score(&lines);
                    if other > best.0 * 1.2 {
                        best = (other, degrees, lines, turned.width, turned.height);
                    }
                    if mean(&best.2) > UPRIGHT_CONFIDENCE {
                        break;
                    }
                }
            }
            let (_, rotated, mut lines, width, height) = best;
            again::look_again(&mut lines, &turn(&words, rotated), engine)?;
            Ok(reading(Source::Ocr, rotated, lines, width, height))
        }
    }
}

/// Letters in words that the engine is sure of.
fn score(lines: &[Line]) -> f32 {
    let words = lines.iter().flat_map(|line| &line.words).filter(|word| word.confidence > 0.6);
    words.map(|word| word.text.reveal().chars().count() as f32 * word.confidence).sum()
}

fn mean(lines: &[Line]) -> f32 {
    let words: Vec<f32> = lines.iter().flat_map(|line| &line.words).map(|word| word.confidence).collect();
    if words.is_empty() { 0.0 } else { words.iter().sum::<f32>() / words.len() as f32 }
}

/// The picture turned clockwise by 90, 180 or 270 degrees.
fn turn(grey: &Grey, degrees: u16) -> Grey {
    let (width, height) = (grey.width as usize, grey.height as usize);
    let at = |x: usize, y: usize| grey.pixels[y * width + x];
    let (turned_width, turned_height, pixels): (u32, u32, Vec<u8>) = match degrees {
        180 => (grey.width, grey.height, grey.pixels.iter().rev().copied().collect()),
        90 => (
            grey.height,
            grey.width,
            (0..width).flat_map(|y| (0..height).map(move |x| (x, y))).map(|(x, y)| at(y, height - 1 - x)).collect(),
        ),
        270 => (
            grey.height,
            grey.width,
            (0..width).flat_map(|y| (0..height).map(move |x| (x, y))).map(|(x, y)| at(width - 1 - y, x)).collect(),
        ),
        _ => (grey.width, grey.height, grey.pixels.clone()),
    };
    Grey { width: turned_width, height: turned_height, pixels }
}
