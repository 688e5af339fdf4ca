//! The tesseract engine and all its quirks. Only the reader child calls this.

use tesseract::{OcrEngineMode, PageSegMode, Tesseract};

use crate::model::{Area, Grey, Line, Word};
use crate::ocr::{resize, tsv};

/// Tesseract multiplies `height * bytes a line` in a 32-bit integer; beyond this side it reads outside the picture.
const SIDE_MAX: u32 = 20_000;
/// Dots an inch of a word that is shown twice as large.
const WORD_DPI: u32 = 600;

/// The engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// The trained data is not where it should be.
    #[error("the OCR engine cannot start with language data `eng` in {folder}; install the package tesseract-ocr-eng")]
    Start {
        /// The folder of the trained data.
        folder: String,
        /// What tesseract says.
        #[source]
        source: tesseract::InitializeError,
    },
    /// The page could not be read.
    #[error("the OCR engine failed on a page")]
    Page(#[source] tesseract::TesseractError),
    /// An earlier page broke the engine.
    #[error("the OCR engine is gone since an earlier failure")]
    Gone,
}

/// One engine, kept over many pages.
pub struct Engine {
    /// None since a page broke it.
    engine: Option<Tesseract>,
    /// The letters it may answer with; empty means all.
    characters: String,
}

impl Engine {
    /// Starts an engine on the trained data in `folder`.
    ///
    /// # Errors
    /// Where the trained data is missing.
    pub fn start(folder: &str) -> Result<Self, OcrError> {
        let engine = Tesseract::new_with_oem(Some(folder), Some("eng"), OcrEngineMode::LstmOnly);
        let engine = engine.map_err(|source| OcrError::Start { folder: folder.to_owned(), source })?;
        Ok(Self { engine: Some(engine), characters: String::new() })
    }

    /// The lines on a picture of `dpi`, which is shown to the engine with `shown_dpi` where that is less: a fax gains nothing
    /// by more pixels than it came with, and the engine's time grows with them. Places are those of `grey`.
    ///
    /// # Errors
    /// Where tesseract fails; the engine is gone then.
    pub(in crate::ocr) fn lines(&mut self, grey: &Grey, dpi: u32, shown_dpi: u32) -> Result<Vec<Line>, OcrError> {
        if grey.width < 10 || grey.height < 10 || grey.width > SIDE_MAX || grey.height > SIDE_MAX {
            return Ok(Vec::new());
        }
        let small = resize::smaller(grey, dpi, shown_dpi);
        let picture = small.as_ref().unwrap_or(grey);
        let tsv = self.table(picture, shown_dpi.min(dpi), PageSegMode::PsmAuto, "")?;
        let mut lines = tsv::lines(&tsv, picture.width, picture.height);
        if small.is_some() {
            let larger = |at: u32, side: u32, of: u32| (u64::from(at) * u64::from(side) / u64::from(of)) as u32;
            for word in lines.iter_mut().flat_map(|line| &mut line.words) {
                let Area { left, top, right, bottom } = word.area;
                let x = |at| larger(at, grey.width, picture.width);
                let y = |at| larger(at, grey.height, picture.height);
                word.area = Area::new(x(left), y(top), x(right), y(bottom));
            }
        }
        Ok(lines)
    }

    /// The words on a picture of a single line, from left to right.
    ///
    /// # Errors
    /// Where tesseract fails; the engine is gone then.
    pub(in crate::ocr) fn line(&mut self, grey: &Grey, dpi: u32) -> Result<Vec<Word>, OcrError> {
        let tsv = self.table(grey, dpi, PageSegMode::PsmSingleLine, "")?;
        Ok(tsv::lines(&tsv, grey.width, grey.height).into_iter().flat_map(|line| line.words).collect())
    }

    /// What a picture of a single word says, read with the letters of `characters` alone, and how sure the engine is of it.
    ///
    /// # Errors
    /// Where tesseract fails; the engine is gone then.
    pub(in crate::ocr) fn word(&mut self, grey: &Grey, characters: &str) -> Result<(String, f32), OcrError> {
        let tsv = self.table(grey, WORD_DPI, PageSegMode::PsmSingleLine, characters)?;
        let words: Vec<_> = tsv::lines(&tsv, grey.width, grey.height).into_iter().flat_map(|line| line.words).collect();
        let text = words.iter().map(|word| word.text.reveal().as_str()).collect::<Vec<_>>().join(" ");
        let confidence = words.iter().map(|word| word.confidence).reduce(f32::min).unwrap_or(0.0);
        Ok((text, confidence))
    }

    /// Tesseract's table of words for a picture.
    fn table(&mut self, grey: &Grey, dpi: u32, mode: PageSegMode, characters: &str) -> Result<String, OcrError> {
        let mut engine = self.engine.take().ok_or(OcrError::Gone)?;
        engine.set_page_seg_mode(mode);
        if self.characters != characters {
            engine = engine
                .set_variable("tessedit_char_whitelist", characters)
                .map_err(|error| OcrError::Page(error.into()))?;
            characters.clone_into(&mut self.characters);
        }
        let side = |pixels: u32| i32::try_from(pixels).expect("at most SIDE_MAX");
        let (width, height) = (side(grey.width), side(grey.height));
        let mut engine = engine
            .set_frame(&grey.pixels, width, height, 1, width)
            .map_err(|error| OcrError::Page(error.into()))?
            .set_source_resolution(i32::try_from(dpi).unwrap_or(300))
            .recognize()
            .map_err(|error| OcrError::Page(error.into()))?;
        let tsv = engine.get_tsv_text(0).map_err(|error| OcrError::Page(error.into()))?;
        self.engine = Some(engine);
        Ok(tsv)
    }
}
