//! JPEG and PNG: one page.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use crate::model::{Grey, MediaType, Page, PageTrouble, PaperError, PaperErrorCode};
use crate::pages::clean::Resolution;
use crate::pages::{Limits, density, page, trouble};

/// A picture, decoded and turned as its EXIF data says.
pub(in crate::pages) struct Picture {
    grey: Grey,
    resolution: Option<Resolution>,
    cut_short: bool,
}

impl Picture {
    pub(in crate::pages) fn open(bytes: Vec<u8>, media_type: MediaType, limits: &Limits) -> Result<Self, PaperError> {
        let damaged = || trouble(PaperErrorCode::Damaged, "The picture is damaged. Ask the sender to send it again.");
        let format = if media_type == MediaType::Png { ImageFormat::Png } else { ImageFormat::Jpeg };
        // a JPEG that was cut short decodes without an error, grey where the rest should be (ITU-T T.81, B.2.1: EOI ends it)
        let tail = bytes.get(bytes.len().saturating_sub(4096)..).unwrap_or(&bytes);
        let cut_short = format == ImageFormat::Jpeg && !tail.windows(2).any(|pair| pair == [0xff, 0xd9]);
        let mut reader = ImageReader::with_format(Cursor::new(&bytes), format);
        reader.no_limits();
        let mut decoder = reader.into_decoder().map_err(|_| damaged())?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > limits.page_pixels_max {
            let message = "The picture has more pixels than are read. Ask the sender to take it at a lower resolution.";
            return Err(trouble(PaperErrorCode::TooLarge, message));
        }
        let orientation = decoder.orientation().map_err(|_| damaged())?;
        let resolution = match format {
            ImageFormat::Png => density::of_png(&bytes),
            _ => density::of_jpeg(&bytes, decoder.exif_metadata().ok().flatten().as_deref()),
        };
        let mut image = DynamicImage::from_decoder(decoder).map_err(|_| damaged())?;
        image.apply_orientation(orientation);
        let image = image.into_luma8();
        let grey = Grey { width: image.width(), height: image.height(), pixels: image.into_raw() };
        let resolution = resolution.map(|stored| if lies(orientation) { stored.turned() } else { stored });
        Ok(Self { grey, resolution, cut_short })
    }

    pub(in crate::pages) fn error(&self) -> Option<PaperError> {
        let message = "The picture ends early; what is there was read. Ask the sender to send it again.";
        self.cut_short.then(|| trouble(PaperErrorCode::Truncated, message))
    }

    pub(in crate::pages) fn page(&self) -> Page {
        page::from_picture(1, self.grey.clone(), self.resolution, self.cut_short.then_some(PageTrouble::Damaged))
    }
}

/// Whether the stored picture has its rows where the shown one has its columns.
fn lies(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}
