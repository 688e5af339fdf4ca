//! In: the bytes of a paper. Out: a Document and its Pages, square pixels.

pub mod clean;
mod color;
mod density;
mod limits;
mod page;
mod pdf;
mod picture;
mod sniff;
mod text;
mod tiff;

pub use limits::Limits;
pub use sniff::sniff;
pub use text::read as read_text;

use std::ops::Range;

use crate::model::{Document, Grey, MediaType, Page, PageContent, PaperError, PaperErrorCode};

/// Dots an inch at which pages are worked on: what the OCR engine was trained for.
pub const DPI: u32 = 300;

/// A paper whose pages can be asked for one by one.
pub struct Opened {
    document: Document,
    pages: Pages,
}

enum Pages {
    Pdf(Box<pdf::Pdf>),
    Tiff(Box<tiff::Tiff>),
    Picture(picture::Picture),
}

/// Looks what the bytes are and opens them.
///
/// # Errors
/// What is wrong with the paper, in words for the front desk.
pub fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Opened, PaperError> {
    let media_type = sniff(&bytes, limits)?;
    let pages = match media_type {
        MediaType::Pdf => Pages::Pdf(Box::new(pdf::Pdf::open(bytes, limits)?)),
        MediaType::Tiff => Pages::Tiff(Box::new(tiff::Tiff::open(bytes, limits)?)),
        MediaType::Jpeg | MediaType::Png => Pages::Picture(picture::Picture::open(bytes, media_type, limits)?),
        MediaType::Text => return Err(trouble(PaperErrorCode::NotAPaper, "Plain text has no pages to look at.")),
    };
    let (count, mut error) = match &pages {
        Pages::Pdf(pdf) => (pdf.page_count(), pdf.error()),
        Pages::Tiff(tiff) => (tiff.page_count(), tiff.error()),
        Pages::Picture(picture) => (1, picture.error()),
    };
    if count > limits.pages_max {
        let message = format!(
            "The file has {count} pages; the first {} were read. Split it, or look at the rest by hand.",
            limits.pages_max
        );
        error = Some(trouble(PaperErrorCode::TooManyPages, &message));
    }
    let page_count = count.min(limits.pages_max);
    Ok(Opened { document: Document { media_type, page_count, error }, pages })
}

impl Opened {
    /// What was opened.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Page `number`, from 1. A page whose picture is damaged is there with what could be saved of it.
    pub fn page(&mut self, number: u32) -> Page {
        match &mut self.pages {
            Pages::Pdf(pdf) => pdf.page(number),
            Pages::Tiff(tiff) => tiff.page(number),
            Pages::Picture(picture) => picture.page(),
        }
    }
}

/// A horizontal part of a page, `band` of `bands` from 0, and its rows. The rest of the page is white, so that places stay
/// what they are; a quarter of an inch around the rows stays, so that no line is cut.
pub fn band(page: Page, band: u32, bands: u32) -> (Page, Range<u32>) {
    let rows = page.height * band / bands..page.height * (band + 1) / bands;
    let PageContent::Pixels { words, ink } = page.content else { return (page, rows) };
    let keep = |mut grey: Grey| {
        let row = |row: u32| row.min(grey.height) as usize * grey.width as usize;
        let (top, bottom) = (row(rows.start.saturating_sub(DPI / 4)), row(rows.end + DPI / 4));
        grey.pixels[..top].fill(255);
        grey.pixels[bottom..].fill(255);
        grey
    };
    (Page { content: PageContent::Pixels { words: keep(words), ink: keep(ink) }, ..page }, rows)
}

fn trouble(code: PaperErrorCode, message: &str) -> PaperError {
    PaperError { code, message: message.to_owned() }
}
