//! TIFF (Adobe TIFF 6.0; fax pages by RFC 2301 and ITU-T T.4, T.6).

use std::collections::BTreeSet;
use std::io::Cursor;
use std::ops::Range;

use hayro_ccitt::{DecodeSettings, Decoder as Sink, DecoderContext, EncodingMode};
use tiff::TiffError;
use tiff::decoder::ifd::Value;
use tiff::decoder::{Decoder, DecodingResult, Limits as TiffLimits};
use tiff::tags::Tag;

use crate::model::{Grey, Page, PageTrouble, PaperError, PaperErrorCode};
use crate::pages::clean::Resolution;
use crate::pages::{Limits, color, page, trouble};

/// T4Options (TIFF 6.0, section 11): bit 0 says two-dimensional coding.
const T4_OPTIONS: Tag = Tag::Unknown(292);
/// JPEG in TIFF (TIFF technical note 2), whose bytes have one bit order alone.
const JPEG: u16 = 7;
/// JBIG (ITU-T T.82) in TIFF.
const JBIG: u16 = 34661;

/// HylaFAX stores a fax as it was sent, unless it is told otherwise.
const JBIG_TOLD: &str = "compressed as JBIG, which is not read. Set RECV_DATA_CONVERSION=JBIG:MMR in HylaFAX's configuration, \
                         and convert this one with HylaFAX's own tools or ask the sender to send it again.";

/// A TIFF whose directories were counted.
pub(in crate::pages) struct Tiff {
    bytes: Vec<u8>,
    decoder: Decoder<Cursor<Vec<u8>>>,
    page_count: u32,
    cut_short: bool,
    /// The first page that is compressed as JBIG, from 1.
    jbig_page: Option<u32>,
    pixels_max: u64,
}

impl Tiff {
    pub(in crate::pages) fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Self, PaperError> {
        let cut = directory_is_missing(&bytes);
        let damaged = move |_| {
            if cut {
                return trouble(
                    PaperErrorCode::Truncated,
                    "The fax broke off before its first page was whole. Ask the sender to send it again.",
                );
            }
            trouble(PaperErrorCode::Damaged, "The fax or scan file is damaged. Ask the sender to send it again.")
        };
        let mut decoder =
            Decoder::new(Cursor::new(bytes.clone())).map_err(damaged)?.with_limits(buffers(limits.page_pixels_max));
        let (page_count, chain_broken) = count(&mut decoder, limits.pages_max)?;
        decoder.seek_to_image(0).map_err(damaged)?;
        let pixels_max = limits.page_pixels_max;
        let mut tiff = Self { bytes, decoder, page_count, cut_short: chain_broken, jbig_page: None, pixels_max };
        let jbig = tiff.jbig_pages();
        if jbig.len() == page_count as usize {
            return Err(trouble(PaperErrorCode::Damaged, &format!("The fax is {JBIG_TOLD}")));
        }
        tiff.jbig_page = jbig.first().copied();
        tiff.cut_short |= tiff.last_strip_is_missing();
        Ok(tiff)
    }

    pub(in crate::pages) fn page_count(&self) -> u32 {
        self.page_count
    }

    pub(in crate::pages) fn error(&self) -> Option<PaperError> {
        if let Some(page) = self.jbig_page {
            return Some(trouble(PaperErrorCode::Damaged, &format!("Page {page} of the fax is {JBIG_TOLD}")));
        }
        let message = "The fax broke off; the pages that came were read. Ask the sender to send it again.";
        self.cut_short.then(|| trouble(PaperErrorCode::Truncated, message))
    }

    pub(in crate::pages) fn page(&mut self, number: u32) -> Page {
        match self.picture(number) {
            Ok((grey, resolution, whole)) => {
                page::from_picture(number, grey, resolution, (!whole).then_some(PageTrouble::Damaged))
            }
            Err(trouble) => page::lost(number, trouble),
        }
    }

    fn picture(&mut self, number: u32) -> Result<(Grey, Option<Resolution>, bool), PageTrouble> {
        let damaged = |_: TiffError| PageTrouble::Damaged;
        self.decoder.seek_to_image(number as usize - 1).map_err(damaged)?;
        let (width, height) = self.decoder.dimensions().map_err(damaged)?;
        if u64::from(width) * u64::from(height) > self.pixels_max {
            return Err(PageTrouble::TooLarge);
        }
        if width == 0 || height == 0 {
            return Err(PageTrouble::Damaged);
        }
        let resolution = self.resolution();
        let compression = self.short(Tag::Compression).unwrap_or(1);
        let (pixels, whole) = match compression {
            2..=4 => self.fax_pixels(compression, width, height)?,
            JPEG => (plain_pixels(&mut self.decoder, width, height)?, true),
            _ if self.short(Tag::FillOrder) == Some(2) => {
                (plain_pixels(&mut self.mirrored(number)?, width, height)?, true)
            }
            _ => (plain_pixels(&mut self.decoder, width, height)?, true),
        };
        Ok((Grey { width, height, pixels }, resolution, whole))
    }

    fn short(&mut self, tag: Tag) -> Option<u16> {
        self.decoder.find_tag_unsigned::<u16>(tag).ok().flatten()
    }

    fn resolution(&mut self) -> Option<Resolution> {
        let per_inch = if self.short(Tag::ResolutionUnit) == Some(3) { 2.54 } else { 1.0 };
        let mut dots = |tag| match self.decoder.find_tag(tag) {
            Ok(Some(Value::Rational(above, below))) if below != 0 => Some(above as f32 / below as f32 * per_inch),
            _ => None,
        };
        Some(Resolution { x_dpi: dots(Tag::XResolution)?, y_dpi: dots(Tag::YResolution)? })
    }

    /// Where the current page's strips lie, as the file says; they may reach past its end.
    fn strips(&mut self) -> Result<Vec<Range<u64>>, PageTrouble> {
        let damaged = |_: TiffError| PageTrouble::Damaged;
        let offsets = self.decoder.get_tag_u64_vec(Tag::StripOffsets).map_err(damaged)?;
        let sizes = self.decoder.get_tag_u64_vec(Tag::StripByteCounts).map_err(damaged)?;
        Ok(offsets.into_iter().zip(sizes).map(|(offset, size)| offset..offset.saturating_add(size)).collect())
    }

    /// From 1. HylaFAX stores each page as it was sent, and a sender may change its mind between two pages (ITU-T T.30, EOM).
    fn jbig_pages(&mut self) -> Vec<u32> {
        let page_count = self.page_count;
        let is_jbig = |number: &u32| {
            self.decoder.seek_to_image(*number as usize - 1).is_ok() && self.short(Tag::Compression) == Some(JBIG)
        };
        (1..=page_count).filter(is_jbig).collect()
    }

    fn last_strip_is_missing(&mut self) -> bool {
        let size = self.bytes.len() as u64;
        (0..self.page_count as usize).any(|page| {
            self.decoder.seek_to_image(page).is_ok()
                && self.strips().is_ok_and(|strips| strips.iter().any(|strip| strip.end > size))
        })
    }

    /// What can be decoded of a fax page; rows that are missing stay white. The flag says whether the page is whole.
    fn fax_pixels(&mut self, compression: u16, width: u32, height: u32) -> Result<(Vec<u8>, bool), PageTrouble> {
        let strips = self.strips()?;
        let rows_each =
            self.decoder.find_tag_unsigned::<u32>(Tag::RowsPerStrip).ok().flatten().unwrap_or(height).clamp(1, height);
        let reversed = self.short(Tag::FillOrder) == Some(2);
        let two_dimensional = self.decoder.find_tag_unsigned::<u32>(T4_OPTIONS).ok().flatten().unwrap_or(0) & 1 == 1;
        let black_is_zero = self.short(Tag::PhotometricInterpretation) == Some(1);
        let (black, white) = if black_is_zero { (255, 0) } else { (0, 255) };
        let encoding = match compression {
            4 => EncodingMode::Group4,
            3 if two_dimensional => EncodingMode::Group3_2D,
            _ => EncodingMode::Group3_1D,
        };
        let mut rows = Rows { pixels: Vec::new(), width: width as usize, black, white, rows_max: height as usize };
        let mut whole = true;
        for (strip, first_row) in strips.iter().zip((0..height).step_by(rows_each as usize)) {
            let rows_here = rows_each.min(height - first_row);
            let start = usize::try_from(strip.start).unwrap_or(usize::MAX).min(self.bytes.len());
            let end = usize::try_from(strip.end).unwrap_or(usize::MAX).min(self.bytes.len());
            let mut data = self.bytes[start..end].to_vec();
            if reversed {
                data.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
            }
            let settings = DecodeSettings {
                columns: width,
                rows: rows_here,
                end_of_block: compression != 2,
                end_of_line: compression == 3,
                rows_are_byte_aligned: compression == 2,
                encoding,
                strict: false,
            };
            whole &= hayro_ccitt::decode(&data, &mut rows, &mut DecoderContext::new(settings)).is_ok();
            let wanted = (first_row + rows_here) as usize * rows.width;
            whole &= rows.pixels.len() == wanted;
            rows.pixels.resize(wanted, white);
        }
        rows.pixels.resize(rows.width * height as usize, white);
        Ok((rows.pixels, whole))
    }

    /// The file with the bits of page `number`'s bytes in their usual order: the decoder knows of no other.
    fn mirrored(&mut self, number: u32) -> Result<Decoder<Cursor<Vec<u8>>>, PageTrouble> {
        let damaged = |_: TiffError| PageTrouble::Damaged;
        let mut bytes = self.bytes.clone();
        for strip in self.strips()? {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let places = place(strip.start)..place(strip.end);
            bytes[places].iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
        let decoder = Decoder::new(Cursor::new(bytes)).map_err(damaged)?;
        let mut decoder = decoder.with_limits(buffers(self.pixels_max));
        decoder.seek_to_image(number as usize - 1).map_err(damaged)?;
        Ok(decoder)
    }
}

/// Room for the four colours of every pixel.
fn buffers(pixels_max: u64) -> TiffLimits {
    let mut limits = TiffLimits::default();
    limits.decoding_buffer_size = usize::try_from(pixels_max * 4).unwrap_or(usize::MAX);
    limits
}

/// What the decoder makes of the page at which it is, in grey.
fn plain_pixels(decoder: &mut Decoder<Cursor<Vec<u8>>>, width: u32, height: u32) -> Result<Vec<u8>, PageTrouble> {
    let damaged = |_: TiffError| PageTrouble::Damaged;
    let color = decoder.colortype().map_err(damaged)?;
    let bytes = match decoder.read_image().map_err(damaged)? {
        DecodingResult::U8(bytes) => bytes,
        DecodingResult::U16(samples) => samples.iter().map(|sample| (sample >> 8) as u8).collect(),
        _ => return Err(PageTrouble::Damaged), // floating point and 32 bits a sample: no scanner makes them
    };
    color::to_grey(&bytes, color, width, height).ok_or(PageTrouble::Damaged)
}

/// The header points at a directory behind the end of the file: writers that put it last were cut off.
fn directory_is_missing(bytes: &[u8]) -> bool {
    let Some(&[first, _, _, _, a, b, c, d]) = bytes.first_chunk::<8>() else { return false };
    let offset = if first == b'M' { u32::from_be_bytes([a, b, c, d]) } else { u32::from_le_bytes([a, b, c, d]) };
    u64::from(offset) + 2 > bytes.len() as u64
}

/// How many directories the chain holds, and whether it ends before its end. A chain that loops ends where it loops.
fn count(decoder: &mut Decoder<Cursor<Vec<u8>>>, pages_max: u32) -> Result<(u32, bool), PaperError> {
    let mut seen = BTreeSet::new();
    let mut pages = 1;
    while decoder.more_images() {
        if pages > pages_max || !seen.insert(decoder.ifd_pointer().map(|pointer| pointer.0)) {
            break;
        }
        if decoder.next_image().is_err() {
            return Ok((pages, true));
        }
        pages += 1;
    }
    Ok((pages, false))
}

struct Rows {
    pixels: Vec<u8>,
    width: usize,
    black: u8,
    white: u8,
    rows_max: usize,
}

impl Sink for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        let start = self.pixels.len();
        if start >= self.width * self.rows_max {
            return;
        }
        self.pixels.resize(start + self.width, self.white);
        for run in changes.chunks(2) {
            let from = (run[0] as usize).min(self.width);
            let to = run.get(1).map_or(self.width, |to| *to as usize).clamp(from, self.width);
            self.pixels[start + from..start + to].fill(self.black);
        }
    }
}
