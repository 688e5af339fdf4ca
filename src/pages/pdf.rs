//! PDF: pages as words where they have a text layer that shows, else as pictures.

use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::page::Page as PdfPage;
use hayro::hayro_syntax::{LoadPdfError, Pdf as PdfFile};
use hayro::kurbo::{BezPath, Point, Rect, Shape};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use hayro_cmap::BfString;

use crate::model::{Area, Grey, Line, Page, PageContent, PageTrouble, PaperError, PaperErrorCode, Private, Word};
use crate::pages::{DPI, Limits, clean::Resolution, color, page, trouble};

/// How far from its end a PDF may carry its end mark.
const TAIL_BYTES: usize = 4096;
/// PDF units an inch (ISO 32000-1, 8.3.2.3).
const POINTS_PER_INCH: f64 = 72.0;
/// Dots an inch in which a page with words of its own is shown: enough for its tick boxes and signatures.
const MARKS_DPI: u32 = 200;
/// Widest or tallest rendering, in pixels: a page of 100,000 units is shown smaller instead of filling the memory.
const RENDER_SIDE_MAX: f64 = 5_000.0;
/// Text that differs less from its ground cannot be seen.
const CONTRAST_MIN: u8 = 24;
/// An image that covers this share of the page is the page.
const FULL_PAGE: f64 = 0.85;
/// Where images cover this share of the page, it is read from pixels: its text layer may be a stamp on a scan in strips.
const PICTURE_PAGE: f64 = 0.4;
/// A text layer with fewer words beside a full-page image is a stamp on a scan.
const STAMP_WORDS_MAX: usize = 12;
/// Share of glyphs that must have a Unicode value before the text layer is believed.
const UNICODE_SHARE_MIN: f64 = 0.95;

/// An opened PDF.
pub(in crate::pages) struct Pdf {
    file: PdfFile,
    cut_short: bool,
    pixels_max: u64,
}

impl Pdf {
    pub(in crate::pages) fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Self, PaperError> {
        let encrypted = "The PDF is locked with a password. Ask the sender for it without one, or open it and print it into a new PDF.";
        let damaged = "The PDF is damaged. Ask the sender to send it again.";
        // the file ends with %%EOF (ISO 32000-1, 7.5.5); what some programs write behind it is short
        let tail = bytes.get(bytes.len().saturating_sub(TAIL_BYTES)..).unwrap_or(&bytes);
        let cut_short = !tail.windows(5).any(|window| window == b"%%EOF");
        let file = PdfFile::new(bytes).map_err(|error| match error {
            LoadPdfError::Decryption(_) => trouble(PaperErrorCode::Encrypted, encrypted),
            LoadPdfError::Invalid => trouble(PaperErrorCode::Damaged, damaged),
        })?;
        if file.pages().is_empty() {
            return Err(trouble(PaperErrorCode::Damaged, "The PDF has no pages. Ask the sender to send it again."));
        }
        Ok(Self { file, cut_short, pixels_max: limits.page_pixels_max })
    }

    pub(in crate::pages) fn page_count(&self) -> u32 {
        u32::try_from(self.file.pages().len()).unwrap_or(u32::MAX)
    }

    pub(in crate::pages) fn error(&self) -> Option<PaperError> {
        let message = "The PDF ends early; the pages that came were read. Ask the sender to send it again.";
        self.cut_short.then(|| trouble(PaperErrorCode::Truncated, message))
    }

    pub(in crate::pages) fn page(&self, number: u32) -> Page {
        let Some(shown) = self.file.pages().get(number as usize - 1) else {
            return page::lost(number, PageTrouble::Damaged);
        };
        let (width, height) = shown.render_dimensions();
        let (width, height) = (f64::from(width).max(1.0), f64::from(height).max(1.0));
        let layer = self.look(shown, width, height);
        let covering = layer.images.iter().find(|image| image.area.area() >= FULL_PAGE * width * height);
        if let Some(image) = covering
            && layer.words_seen() <= STAMP_WORDS_MAX
            && layer.paths <= 4
            && let Some(grey) = &image.grey
        {
            let dpi = |pixels: u32, points: f64| (f64::from(pixels) / points * POINTS_PER_INCH) as f32;
            let resolution =
                Resolution { x_dpi: dpi(grey.width, image.area.width()), y_dpi: dpi(grey.height, image.area.height()) };
            return page::from_picture(number, grey.clone(), Some(resolution), None);
        }
        let is_picture = layer.pictures_share(width * height) >= PICTURE_PAGE || !layer.is_believable();
        let ink = show(shown, width, height, if is_picture { DPI } else { MARKS_DPI });
        let scale = f64::from(ink.width) / width;
        if is_picture {
            let dpi = scale as f32 * POINTS_PER_INCH as f32;
            return page::from_picture(number, ink, Some(Resolution { x_dpi: dpi, y_dpi: dpi }), None);
        }
        let lines = layer.lines(scale, &ink);
        let dpi = (scale * POINTS_PER_INCH).round() as u32;
        Page {
            number,
            width: ink.width,
            height: ink.height,
            dpi,
            shown_dpi: dpi,
            turned_degrees: 0,
            fax_header: None,
            blank: lines.is_empty(),
            content: PageContent::Words { lines, ink },
            trouble: None,
        }
    }

    fn look(&self, page: &PdfPage<'_>, width: f64, height: f64) -> Layer {
        let cache = InterpreterCache::new();
        let transform = page.initial_transform(true).to_kurbo();
        let bounds = Rect::new(0.0, 0.0, width, height);
        let mut context = Context::new(transform, bounds, &cache, self.file.xref(), InterpreterSettings::default());
        let mut layer = Layer { page_area: width * height, pixels_max: self.pixels_max, ..Layer::default() };
        interpret_page(page, &mut context, &mut layer);
        layer
    }
}

fn show(page: &PdfPage<'_>, width: f64, height: f64, dpi: u32) -> Grey {
    let wanted = f64::from(dpi) / POINTS_PER_INCH;
    let scale = wanted.min(RENDER_SIDE_MAX / width).min(RENDER_SIDE_MAX / height) as f32;
    let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let how = RenderSettings { force_image_interpolation: true, ..RenderSettings::default() };
    let pixmap = render(page, &RenderCache::new(), &InterpreterSettings::default(), &how, &settings);
    let pixels = pixmap.data().iter().map(|pixel| color::luma(pixel.r, pixel.g, pixel.b)).collect();
    Grey { width: u32::from(pixmap.width()), height: u32::from(pixmap.height()), pixels }
}

/// What a page shows, in its own order.
#[derive(Default)]
struct Layer {
    letters: Vec<Letter>,
    without_unicode: usize,
    images: Vec<Placed>,
    paths: usize,
    page_area: f64,
    pixels_max: u64,
}

struct Letter {
    text: String,
    origin: Point,
    size: f64,
    area: Rect,
}

struct Placed {
    area: Rect,
    grey: Option<Grey>,
}

/// The advance of a letter of a font of drawings (Type 3) that gives none, in thousandths of an em.
const TYPE3_ADVANCE: f64 = 500.0;
/// How much of its advance such a letter takes: what it draws is not asked.
const TYPE3_INK: f64 = 0.92;

struct Piece {
    text: String,
    area: Rect,
    baseline: f64,
    size: f64,
}

impl Layer {
    fn words_seen(&self) -> usize {
        self.pieces().len()
    }

    fn pictures_share(&self, page_area: f64) -> f64 {
        self.images.iter().map(|image| image.area.area()).sum::<f64>() / page_area
    }

    fn is_believable(&self) -> bool {
        let known = self.letters.len() as f64;
        known > 0.0 && known / (known + self.without_unicode as f64) >= UNICODE_SHARE_MIN
    }

    /// Letters become words where no blank and no gap stands between them.
    fn pieces(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut open = false;
        for letter in &self.letters {
            if letter.text.chars().all(char::is_whitespace) {
                open = false;
                continue;
            }
            let joins = open
                && pieces.last().is_some_and(|piece| {
                    let gap = letter.origin.x - piece.area.x1;
                    (letter.origin.y - piece.baseline).abs() < 0.3 * piece.size
                        && gap < 0.25 * piece.size
                        && gap > -0.6 * piece.size
                });
            match pieces.last_mut() {
                Some(piece) if joins => {
                    piece.text.push_str(&letter.text);
                    piece.area = piece.area.union(letter.area);
                }
                _ => pieces.push(Piece {
                    text: letter.text.clone(),
                    area: letter.area,
                    baseline: letter.origin.y,
                    size: letter.size,
                }),
            }
            open = true;
        }
        pieces
    }

    /// Words that stand on one baseline are a line. A word without ink behind it (white on white) is none.
    fn lines(&self, scale: f64, ink: &Grey) -> Vec<Line> {
        let mut pieces = self.pieces();
        pieces.sort_by(|a, b| a.baseline.total_cmp(&b.baseline));
        let mut rows: Vec<Vec<Piece>> = Vec::new();
        for piece in pieces {
            match rows.last_mut() {
                Some(row)
                    if row.last().is_some_and(|last| {
                        (piece.baseline - last.baseline).abs() < 0.35 * last.size.min(piece.size)
                    }) =>
                {
                    row.push(piece)
                }
                _ => rows.push(vec![piece]),
            }
        }
        let word = |piece: &Piece| {
            let area = place(piece.area, scale, ink)?;
            let text = Private::new(piece.text.clone());
            has_ink(ink, &area).then_some(Word { text, area, confidence: 1.0, also: Vec::new(), struck_out: false })
        };
        let line = |mut row: Vec<Piece>| {
            row.sort_by(|a, b| a.area.x0.total_cmp(&b.area.x0));
            let words: Vec<Word> = row.iter().filter_map(word).collect();
            (!words.is_empty()).then_some(Line { words })
        };
        rows.into_iter().filter_map(line).collect()
    }
}

fn place(area: Rect, scale: f64, ink: &Grey) -> Option<Area> {
    let inside = |value: f64, max: u32| (value * scale).clamp(0.0, f64::from(max)) as u32;
    let area = Area::new(
        inside(area.x0, ink.width),
        inside(area.y0, ink.height),
        inside(area.x1, ink.width),
        inside(area.y1, ink.height),
    );
    (area.width() > 0 && area.height() > 0).then_some(area)
}

/// Whether something shows in and around `area`: white text on white does not.
fn has_ink(ink: &Grey, area: &Area) -> bool {
    let columns = area.left.saturating_sub(2) as usize..(area.right + 2).min(ink.width) as usize;
    let rows = area.top.saturating_sub(2)..(area.bottom + 2).min(ink.height);
    let pixels = || rows.clone().flat_map(|y| &ink.row(y)[columns.clone()]);
    let (darkest, brightest) = (pixels().min().copied().unwrap_or(0), pixels().max().copied().unwrap_or(0));
    brightest - darkest >= CONTRAST_MIN
}

impl<'a> Device<'a> for Layer {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {
        self.paths += 1;
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Invisible) {
            return; // somebody else's OCR; the picture is read anew
        }
        for glyph in run.glyphs() {
            let transform = props.transform * glyph.transform();
            let outline = match &**glyph {
                Glyph::Outline(outline) => outline.outline().bounding_box(),
                Glyph::Type3(drawn) => {
                    let advance = drawn.advance_width().map_or(TYPE3_ADVANCE, f64::from);
                    Rect::new(0.0, 0.0, advance * TYPE3_INK, 700.0)
                }
            };
            let origin = transform * Point::ZERO;
            // glyph space has a thousand units to the em (ISO 32000-1, 9.2.4)
            let size = (transform * Point::new(0.0, 1000.0) - origin).hypot();
            let text = match glyph.as_unicode() {
                Some(BfString::Char(letter)) => letter.to_string(),
                Some(BfString::String(letters)) => letters,
                None => {
                    self.without_unicode += 1;
                    continue;
                }
            };
            let text = without_ligatures(text);
            self.letters.push(Letter { text, origin, size, area: transform.transform_rect_bbox(outline) });
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let (width, height) = (image.width(), image.height());
        let area = props.transform.transform_rect_bbox(Rect::new(0.0, 0.0, f64::from(width), f64::from(height)));
        let upright = props.transform.as_coeffs();
        let straight = upright[1].abs() < 1e-3 && upright[2].abs() < 1e-3 && upright[0] > 0.0 && upright[3] > 0.0;
        let wanted = area.area() >= FULL_PAGE * self.page_area
            && straight
            && u64::from(width) * u64::from(height) <= self.pixels_max;
        let mut grey = None;
        if wanted && let Image::Raster(raster) = image {
            raster.with_rgba(|data, _| grey = luma(data), None);
        }
        self.images.push(Placed { area, grey });
    }
}

/// Letters that a font draws in one ("ﬁ") are letters by themselves.
fn without_ligatures(text: String) -> String {
    const LIGATURES: [(char, &str); 7] =
        [('ﬀ', "ff"), ('ﬁ', "fi"), ('ﬂ', "fl"), ('ﬃ', "ffi"), ('ﬄ', "ffl"), ('ﬅ', "st"), ('ﬆ', "st")];
    if text.is_ascii() {
        return text;
    }
    LIGATURES.iter().fold(text, |text, (one, letters)| text.replace(*one, letters))
}

fn luma(data: ImageData) -> Option<Grey> {
    match data {
        ImageData::Luma(image) => Grey::new(image.width, image.height, image.data),
        ImageData::Rgb(image) => {
            let mix = |pixel: &[u8]| color::luma(pixel[0], pixel[1], pixel[2]);
            Grey::new(image.width, image.height, image.data.chunks_exact(3).map(mix).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_ligatures;

    #[test]
    fn letters_drawn_in_one_are_letters() {
        assert_eq!(without_ligatures("Identi\u{fb01}er o\u{fb03}ce".to_owned()), "Identifier office");
        assert_eq!(without_ligatures("Renée".to_owned()), "Renée");
    }
}
