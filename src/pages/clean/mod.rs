//! In: the pixels of a page as they came. Out: two pictures of it at 300 dpi, level and clean, one for words and one for marks.

mod bits;
mod header;
mod lines;
mod neighbours;
mod shade;
mod sheet;
mod skew;
mod smooth;
mod specks;
mod streaks;
#[cfg(test)]
mod tests;
mod upright;
mod warp;

pub use upright::{turn, upside_down};

use crate::model::Grey;
use bits::{Bits, Blob};
use warp::Map;

/// Dots an inch of the cleaned pictures: what the OCR engine was trained for.
const DPI: u32 = 300;
/// A fax of 204 dots an inch is read best with so many of them, and in three quarters of the time.
const SHOWN_DPI_MIN: u32 = 220;
/// Widest or tallest cleaned page, in pixels: 40 inches.
const SIDE_MAX: f64 = 12_000.0;
/// A page without believable resolution is taken to be letter paper, this wide in inches (and this wide when it lies).
const LETTER_INCHES: (f32, f32) = (8.5, 11.0);
/// Widths that a page may have, in inches. Cameras write 72 dpi whatever the picture shows.
const WIDTH_INCHES: std::ops::Range<f32> = 3.0..18.0;
/// A picture with fewer pixels between black and white than this share is black and white; noise alone gives a scan more.
const GREY_SHARE: f32 = 0.02;
/// With more ink than this share a page is white on black.
const INK_SHARE_MAX: f32 = 0.6;
/// Fewer letter-sized pieces of ink than this are no text.
const LETTERS_MIN: usize = 4;
/// Print on flattened grey is darker than this.
const INK: u8 = 150;

/// Dots an inch, as the file says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolution {
    /// Across.
    pub x_dpi: f32,
    /// Down; half of that across in a standard fax.
    pub y_dpi: f32,
}

impl Resolution {
    /// Of the same page turned by 90 degrees.
    pub(in crate::pages) fn turned(self) -> Self {
        Self { x_dpi: self.y_dpi, y_dpi: self.x_dpi }
    }

    /// By how much the page grows when it is cleaned, across and down.
    fn scales(self) -> (f64, f64) {
        (f64::from(DPI as f32 / self.x_dpi), f64::from(DPI as f32 / self.y_dpi))
    }
}

/// How the page was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Black and white: a fax or a fax-like scan.
    Bilevel,
    /// Grey or colour, flat.
    Scan,
    /// A sheet with something around it, taken by a camera or on an open scanner.
    Photo,
}

/// The line that the receiving machine stamped on the top edge.
#[derive(Debug, Clone)]
pub struct HeaderBand {
    /// First row of the band, in pixels of `words`.
    pub top: u32,
    /// The row below the band.
    pub bottom: u32,
    /// The line alone, at 300 dpi, unleaned.
    pub strip: Grey,
}

/// A cleaned page.
#[derive(Debug, Clone)]
pub struct Cleaned {
    /// For the OCR engine: no rules, no boxes, no header line.
    pub words: Grey,
    /// For marks: the same with its rules and boxes.
    pub ink: Grey,
    /// Of both pictures.
    pub dpi: u32,
    /// How many pixels an inch the words can be read with: fewer than `dpi` where the page came with fewer.
    pub shown_dpi: u32,
    /// The stamped line, where there is one.
    pub fax_header: Option<HeaderBand>,
    /// By how much the page leaned (already corrected).
    pub skew_degrees: f32,
    /// The page was turned by this, clockwise: 180 where its letters stood on their heads, else 0.
    pub turned_degrees: u16,
    /// Nothing that could be text.
    pub blank: bool,
    /// It came white on black (already corrected).
    pub inverted: bool,
    /// How it was taken.
    pub kind: Kind,
}

/// Cleans a page. `resolution` is what the file says; None or nonsense is guessed from the size.
pub fn clean(page: Grey, resolution: Option<Resolution>) -> Cleaned {
    if page.width == 0 || page.height == 0 || page.pixels.len() != page.width as usize * page.height as usize {
        return clean(Grey { width: 1, height: 1, pixels: vec![255] }, None);
    }
    let believed = resolution.filter(|resolution| is_believable(*resolution, &page));
    if is_bilevel(&page) {
        clean_bilevel(&page, believed.unwrap_or_else(|| guess(page.width, page.height)))
    } else {
        clean_grey(page, believed)
    }
}

fn is_believable(resolution: Resolution, page: &Grey) -> bool {
    let Resolution { x_dpi, y_dpi } = resolution;
    let possible = 50.0..=2400.0;
    possible.contains(&x_dpi)
        && possible.contains(&y_dpi)
        && WIDTH_INCHES.contains(&(page.width as f32 / x_dpi))
        && (0.25..4.0).contains(&(x_dpi / y_dpi))
}

/// Fax pages have widths of their own (ITU-T T.4, table 2); anything else is taken for letter paper, a strip for a cutting.
fn guess(width: u32, height: u32) -> Resolution {
    let of_letter = |inches: f32| Resolution { x_dpi: width as f32 / inches, y_dpi: width as f32 / inches };
    match width {
        1728 | 2048 | 2432 if height < width => Resolution { x_dpi: 204.0, y_dpi: 98.0 },
        1728 | 2048 | 2432 => Resolution { x_dpi: 204.0, y_dpi: 196.0 },
        _ if height > 3 * width || width > 3 * height => Resolution { x_dpi: 200.0, y_dpi: 200.0 },
        _ if width <= height => of_letter(LETTER_INCHES.0),
        _ => of_letter(LETTER_INCHES.1),
    }
}

fn is_bilevel(page: &Grey) -> bool {
    let grey = page.pixels.iter().filter(|pixel| (4..252).contains(*pixel)).count();
    (grey as f32) < GREY_SHARE * page.pixels.len() as f32
}

fn clean_bilevel(page: &Grey, resolution: Resolution) -> Cleaned {
    let Resolution { x_dpi, y_dpi } = resolution;
    let mut bits = Bits::of(page, 128);
    let share = bits.ink.iter().map(|ink| usize::from(*ink)).sum::<usize>() as f32 / bits.ink.len() as f32;
    let inverted = share > INK_SHARE_MAX;
    if inverted {
        bits.ink.iter_mut().for_each(|ink| *ink ^= 1);
    }
    let streaks = streaks::take_out(&mut bits, x_dpi);
    streaks::mend_white(&mut bits, y_dpi);
    specks::fill_pinholes(&mut bits);
    let mut letters = specks::remove(&mut bits, x_dpi, y_dpi);
    streaks::close(&mut bits, &streaks, x_dpi, y_dpi);
    let lies = upright::lies(&letters, x_dpi, y_dpi);
    // a machine stamps its line along the edge that went in first, however the page lay; else it was turned with the page
    let stamped = if lies { take_header(&mut bits, &letters, resolution) } else { None };
    let resolution = if lies { resolution.turned() } else { resolution };
    if lies {
        letters.iter_mut().for_each(|blob| *blob = blob.turned(bits.height));
        bits = bits.turned();
    }
    let upside_down = upright::votes(&letters) == Some(true);
    if upside_down {
        bits.ink.reverse();
        letters.iter_mut().for_each(|blob| *blob = blob.on_its_head(bits.width, bits.height));
    }
    let fax_header = stamped.or_else(|| take_header(&mut bits, &letters, resolution));
    let Resolution { x_dpi, y_dpi } = resolution;
    let (scale_x, scale_y) = resolution.scales();
    let (page_width, page_height) = (bits.width as u32, bits.height as u32);
    let (width, height) = scaled(page_width, page_height, scale_x, scale_y);
    let skew_degrees = skew::measure(&bits, x_dpi, y_dpi);
    let map = Map::upright(page_width, page_height, scale_x, scale_y, f64::from(skew_degrees));
    let ink = warp::warp(&bits.to_grey(), &map, width, height);
    let mut words = ink.clone();
    lines::remove(&mut words);
    let words = smooth::soften(&words);
    let blank = letters.len() < LETTERS_MIN;
    let shown_dpi = shown_dpi(resolution);
    Cleaned {
        words,
        ink,
        dpi: DPI,
        shown_dpi,
        fax_header,
        skew_degrees,
        turned_degrees: degrees(lies, upside_down),
        blank,
        inverted,
        kind: Kind::Bilevel,
    }
}

/// No finer than the page came, but fine enough for the engine.
fn shown_dpi(came: Resolution) -> u32 {
    (came.x_dpi.max(came.y_dpi) as u32).clamp(SHOWN_DPI_MIN, DPI)
}

fn scaled(width: u32, height: u32, scale_x: f64, scale_y: f64) -> (u32, u32) {
    let side = |pixels: u32, scale: f64| (f64::from(pixels) * scale).round().clamp(1.0, SIDE_MAX) as u32;
    (side(width, scale_x), side(height, scale_y))
}

/// Clockwise.
fn degrees(lies: bool, upside_down: bool) -> u16 {
    u16::from(lies) * 90 + u16::from(upside_down) * 180
}

/// Takes the stamped line out of a page, where there is one.
fn take_header(bits: &mut Bits, letters: &[Blob], resolution: Resolution) -> Option<HeaderBand> {
    let (top, bottom) = header::find(bits, letters, resolution.y_dpi)?;
    let (scale_x, scale_y) = resolution.scales();
    let height = scaled(1, bits.height as u32, scale_x, scale_y).1;
    let strip = cut(bits, top, bottom);
    let map = Map::upright(strip.width, strip.height, scale_x, scale_y, 0.0);
    let (strip_width, strip_height) = scaled(strip.width, strip.height, scale_x, scale_y);
    let row = |y: usize| ((y as f64 * scale_y) as u32).min(height);
    Some(HeaderBand { top: row(top), bottom: row(bottom), strip: warp::warp(&strip, &map, strip_width, strip_height) })
}

/// Takes rows out of a page: they are white there afterwards.
fn cut(bits: &mut Bits, top: usize, bottom: usize) -> Grey {
    let rows = top * bits.width..bottom.min(bits.height) * bits.width;
    let ink = bits.ink[rows.clone()].to_vec();
    bits.ink[rows].fill(0);
    let padding = vec![0; bits.width * 6];
    let ink = [padding.clone(), ink, padding].concat();
    Bits { width: bits.width, height: ink.len() / bits.width, ink }.to_grey()
}

fn clean_grey(mut page: Grey, mut believed: Option<Resolution>) -> Cleaned {
    let sheet = sheet::find(&page);
    let inverted = sheet.is_none() && is_dark(&page);
    if inverted {
        page.pixels.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    }
    let mut view = View::of(&page, sheet, believed);
    let mut small = view.half(&page);
    let half_dpi = DPI as f32 / 2.0;
    let lies = upright::lies(&specks::remove(&mut small.clone(), half_dpi, half_dpi), half_dpi, half_dpi);
    if lies {
        page = turn(&page, 90);
        believed = believed.map(Resolution::turned);
        view = View::of(&page, if inverted { None } else { sheet::find(&page) }, believed);
        small = view.half(&page);
    }
    let View { sheet, level, width, height } = view;
    let skew_degrees = skew::measure(&small, half_dpi, half_dpi);
    let turned = Map::upright(width, height, 1.0, 1.0, f64::from(skew_degrees));
    let flat = shade::flatten(&warp::warp(&page, &level.after(&turned), width, height));
    let mut bits = Bits::of(&flat, INK);
    let before = bits.clone();
    let letters = specks::remove(&mut bits, DPI as f32, DPI as f32);
    let mut ink = flat;
    whiten(&mut ink, &before, &bits);
    let mut words = ink.clone();
    lines::remove(&mut words);
    let upside_down = upright::votes(&letters) == Some(true);
    if upside_down {
        (words, ink) = (turn(&words, 180), turn(&ink, 180));
    }
    Cleaned {
        words,
        ink,
        dpi: DPI,
        shown_dpi: believed.filter(|_| sheet.is_none()).map_or(DPI, shown_dpi),
        fax_header: None,
        skew_degrees,
        turned_degrees: degrees(lies, upside_down),
        blank: letters.len() < LETTERS_MIN,
        inverted,
        kind: if sheet.is_some() { Kind::Photo } else { Kind::Scan },
    }
}

/// White on black: most of the page is darker than the middle between its ink and its paper.
fn is_dark(page: &Grey) -> bool {
    let small = sheet::reduce(page, (page.width as usize / 800).max(1));
    if small.pixels.is_empty() {
        return false;
    }
    let threshold = sheet::otsu(&small);
    let dark = small.pixels.iter().filter(|pixel| **pixel < threshold).count();
    dark as f32 > INK_SHARE_MAX * small.pixels.len() as f32 && threshold < 140
}

/// What of a picture is the page, and how it comes from there at 300 dpi.
struct View {
    sheet: Option<sheet::Sheet>,
    level: Map,
    width: u32,
    height: u32,
}

impl View {
    fn of(page: &Grey, sheet: Option<sheet::Sheet>, believed: Option<Resolution>) -> Self {
        let (seen_width, seen_height) =
            sheet.map_or((f64::from(page.width), f64::from(page.height)), |sheet| sheet.size());
        let resolution = believed.unwrap_or_else(|| guess(seen_width.max(1.0) as u32, seen_height.max(1.0) as u32));
        let (scale_x, scale_y) = resolution.scales();
        let side = |pixels: f64, scale: f64| (pixels * scale).round().clamp(1.0, SIDE_MAX) as u32;
        let (width, height) = (side(seen_width, scale_x), side(seen_height, scale_y));
        let level = match &sheet {
            Some(sheet) => sheet.map(f64::from(width), f64::from(height)),
            None => Map::upright(page.width, page.height, scale_x, scale_y, 0.0),
        };
        Self { sheet, level, width, height }
    }

    /// The page's ink, at half of 300 dpi.
    fn half(&self, page: &Grey) -> Bits {
        let half = Map { x: [2.0, 0.0, 0.0], y: [0.0, 2.0, 0.0], depth: [0.0, 0.0] };
        let small = warp::warp(page, &self.level.after(&half), self.width.div_ceil(2), self.height.div_ceil(2));
        Bits::of(&shade::flatten(&small), INK)
    }
}

/// Whitens what was ink and is no more, with the soft edge around it.
fn whiten(grey: &mut Grey, before: &Bits, after: &Bits) {
    let width = before.width;
    for y in 0..before.height {
        for x in 0..width {
            let at = y * width + x;
            if before.ink[at] != after.ink[at] {
                for row in y.saturating_sub(1)..(y + 2).min(before.height) {
                    for column in x.saturating_sub(1)..(x + 2).min(width) {
                        if after.ink[row * width + column] == 0 {
                            grey.pixels[row * width + column] = 255;
                        }
                    }
                }
            }
        }
    }
}
