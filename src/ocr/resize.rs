//! A picture in another size.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::model::{Area, Grey};

/// A picture of `dpi` with `wanted` pixels an inch, every one of its pixels counted; None where it has no more than that.
pub(in crate::ocr) fn smaller(grey: &Grey, dpi: u32, wanted: u32) -> Option<Grey> {
    let side = |pixels: u32| (u64::from(pixels) * u64::from(wanted) / u64::from(dpi.max(1))).max(1) as u32;
    (wanted < dpi).then(|| to(grey, side(grey.width), side(grey.height), FilterType::Bilinear))
}

/// A part of the picture, which must be on it, `times` as large.
pub(in crate::ocr) fn cut(grey: &Grey, area: &Area, times: u32) -> Grey {
    let columns = area.left as usize..area.right as usize;
    let pixels = (area.top..area.bottom).flat_map(|y| &grey.row(y)[columns.clone()]).copied().collect();
    let part = Grey { width: area.width(), height: area.height(), pixels };
    to(&part, part.width * times, part.height * times, FilterType::CatmullRom)
}

fn to(grey: &Grey, width: u32, height: u32, filter: FilterType) -> Grey {
    let from = TypedImageRef::<U8>::from_buffer(grey.width, grey.height, &grey.pixels).expect("one byte a pixel");
    let mut pixels = vec![255; width as usize * height as usize];
    let mut to = TypedImage::<U8>::from_buffer(width, height, &mut pixels).expect("one byte a pixel");
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize_typed(&from, &mut to, &options).expect("the whole picture is inside itself");
    Grey { width, height, pixels }
}
