//! Pixels of any shape in, square pixels at 300 dpi out.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};

use crate::model::{Grey, Page, PageContent, PageTrouble};
use crate::pages::DPI;

/// Widest or tallest page after scaling, in pixels: 40 inches. The OCR engine is not given more.
const SIDE_MAX: u32 = 12_000;
/// A page without resolution tags is taken to be this wide, in inches: letter paper.
const LETTER_WIDTH_INCHES: f32 = 8.5;

/// Dots an inch, across and down; None where the file does not say.
pub(in crate::pages) type Resolution = Option<(f32, f32)>;

/// A page from its picture, scaled to square pixels.
pub(in crate::pages) fn page(number: u32, grey: Grey, resolution: Resolution, trouble: Option<PageTrouble>) -> Page {
    let ink = scale(grey, resolution);
    Page {
        number,
        width: ink.width,
        height: ink.height,
        dpi: DPI,
        content: PageContent::Pixels { words: ink.clone(), ink },
        trouble,
    }
}

/// A page of which nothing could be saved.
pub(in crate::pages) fn lost_page(number: u32, trouble: PageTrouble) -> Page {
    let white = Grey { width: 1, height: 1, pixels: vec![255] };
    Page {
        number,
        width: 1,
        height: 1,
        dpi: DPI,
        content: PageContent::Pixels { words: white.clone(), ink: white },
        trouble: Some(trouble),
    }
}

fn scale(grey: Grey, resolution: Resolution) -> Grey {
    let (x_dpi, y_dpi) = resolution
        .filter(|(x, y)| (20.0..=2400.0).contains(x) && (20.0..=2400.0).contains(y))
        .unwrap_or_else(|| guess(&grey));
    let target = |pixels: u32, dpi: f32| ((pixels as f32 * DPI as f32 / dpi).round() as u32).clamp(1, SIDE_MAX);
    let (width, height) = (target(grey.width, x_dpi), target(grey.height, y_dpi));
    if (width, height) == (grey.width, grey.height) {
        return grey;
    }
    let Some(image) = ImageBuffer::<Luma<u8>, _>::from_raw(grey.width, grey.height, grey.pixels) else {
        return Grey { width: 1, height: 1, pixels: vec![255] };
    };
    let scaled = imageops::resize(&image, width, height, FilterType::CatmullRom);
    Grey { width, height, pixels: scaled.into_raw() }
}

/// Fax pages have widths of their own (ITU-T T.4, table 2); anything else is taken for letter paper.
fn guess(grey: &Grey) -> (f32, f32) {
    let standard_fax = matches!(grey.width, 1728 | 2048 | 2432) && grey.height < grey.width;
    match grey.width {
        1728 | 2048 | 2432 if standard_fax => (204.0, 98.0),
        1728 | 2048 | 2432 => (204.0, 196.0),
        width => (width as f32 / LETTER_WIDTH_INCHES, width as f32 / LETTER_WIDTH_INCHES),
    }
}
