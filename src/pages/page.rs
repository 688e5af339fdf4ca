//! The picture of a page as its file holds it in, the Page out: cleaned, level, square pixels at 300 dpi.

use crate::model::{Grey, Page, PageContent, PageTrouble};
use crate::pages::DPI;
use crate::pages::clean::{self, Cleaned, Resolution};

/// Finer pictures are made coarser by a whole factor before they are cleaned: no letter gains by it, and the work is bounded.
const FINE_DPI: f32 = 450.0;
/// Pixels above which a picture without resolution is taken to be fine: a letter page at 450 dpi.
const FINE_PIXELS: u64 = 19_000_000;

/// A page from its picture. `resolution` is what the file says.
pub(in crate::pages) fn from_picture(
    number: u32,
    picture: Grey,
    resolution: Option<Resolution>,
    trouble: Option<PageTrouble>,
) -> Page {
    let (picture, resolution) = coarser(picture, resolution);
    let Cleaned { words, ink, dpi, shown_dpi, fax_header, turned_degrees, blank, .. } =
        clean::clean(picture, resolution);
    let (width, height) = (words.width, words.height);
    let fax_header = fax_header.map(|band| (band.top..band.bottom, band.strip));
    let content = PageContent::Pixels { words, ink };
    Page { number, width, height, dpi, shown_dpi, turned_degrees, fax_header, blank, content, trouble }
}

/// A page of which nothing could be saved.
pub(in crate::pages) fn lost(number: u32, trouble: PageTrouble) -> Page {
    let white = Grey { width: 1, height: 1, pixels: vec![255] };
    Page {
        number,
        width: 1,
        height: 1,
        dpi: DPI,
        shown_dpi: DPI,
        turned_degrees: 0,
        fax_header: None,
        blank: true,
        content: PageContent::Pixels { words: white.clone(), ink: white },
        trouble: Some(trouble),
    }
}

fn coarser(picture: Grey, resolution: Option<Resolution>) -> (Grey, Option<Resolution>) {
    let pixels = u64::from(picture.width) * u64::from(picture.height);
    let by_pixels = (pixels as f32 / FINE_PIXELS as f32).sqrt().ceil();
    let by_dpi = resolution.map_or(1.0, |resolution| (resolution.x_dpi.min(resolution.y_dpi) / FINE_DPI).ceil());
    // a wide drawing at an honest 300 dpi has many pixels as well, but nothing is gained by them
    let factor = by_pixels.max(by_dpi).clamp(1.0, 16.0);
    if factor < 2.0 {
        return (picture, resolution);
    }
    let finer = |dpi: f32| dpi / factor;
    let resolution = resolution.map(|r| Resolution { x_dpi: finer(r.x_dpi), y_dpi: finer(r.y_dpi) });
    (shrink(&picture, factor as u32), resolution)
}

/// Each `factor` by `factor` pixels become one, their average.
fn shrink(picture: &Grey, factor: u32) -> Grey {
    let (width, height) = (picture.width.div_ceil(factor), picture.height.div_ceil(factor));
    let mut pixels = Vec::with_capacity(width as usize * height as usize);
    let mut sums = vec![(0_u32, 0_u32); width as usize];
    for y in 0..height {
        sums.fill((0, 0));
        for row in y * factor..((y + 1) * factor).min(picture.height) {
            for (cell, chunk) in sums.iter_mut().zip(picture.row(row).chunks(factor as usize)) {
                cell.0 += chunk.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                cell.1 += chunk.len() as u32;
            }
        }
        pixels.extend(sums.iter().map(|(sum, count)| (sum / count.max(&1)) as u8));
    }
    Grey { width, height, pixels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fine_scan_becomes_coarser_and_stays_as_large_on_paper() {
        let picture = Grey { width: 5100, height: 6600, pixels: vec![255; 5100 * 6600] };
        let page = from_picture(1, picture, Some(Resolution { x_dpi: 600.0, y_dpi: 600.0 }), None);
        assert_eq!((page.width, page.height), (2550, 3300));
        assert!(page.blank);
    }

    #[test]
    fn shrinking_averages() {
        let picture = Grey { width: 3, height: 2, pixels: vec![0, 100, 50, 100, 200, 150] };
        assert_eq!(shrink(&picture, 2), Grey { width: 2, height: 1, pixels: vec![100, 100] });
    }
}
