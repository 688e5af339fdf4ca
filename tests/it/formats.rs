//! The forms in which a page's picture comes: the same text in each of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rxintake::model::{Grey, MediaType, PageContent, Reading};
use rxintake::pages::clean::turn;
use rxintake::pages::{self, Limits};
use rxintake::reader::{Options, Reader};

use crate::make::{bilevel, fax_page, png, text_picture, tiff};

const TEXT: &str = "Prescription for massage therapy\nPatient: Quentin Zebra, born 03/02/1984\n\
    Diagnosis: M54.2 Cervicalgia, pain in the neck\nTreatment: massage therapy 97124, two units\n\
    Frequency: twice a week for six weeks\nInsurance: the patient pays by himself\n\
    Provider: Alan Pierce, MD, Hillside Medical\nSigned electronically on 10/01/2026";

/// What `tiffcp -c` (man tiffcp) makes of a page that is black and white.
const BILEVEL: [&str; 7] = ["g3:1d", "g3:1d:fill", "g3:2d", "g4", "lzw", "packbits", "zip"];

#[test]
fn a_fax_says_the_same_in_every_compression_and_bit_order() {
    let folder = tempfile::tempdir().unwrap();
    let plain = write(folder.path(), &plain_tiff(&text_picture(TEXT)));
    set_resolution(&plain, 200, 200);
    let expected = pixels(&fs::read(&plain).unwrap(), 1);
    assert!(expected.pixels.iter().filter(|pixel| **pixel < 128).count() > 10_000, "the text is there");
    for compression in BILEVEL {
        for bits in ["msb2lsb", "lsb2msb"] {
            for strip in ["100", "10000"] {
                let how = ["-c", compression, "-f", bits, "-r", strip];
                assert!(pixels(&copied(&plain, &how), 1) == expected, "{how:?}");
            }
        }
    }
    for bytes in ["-B", "-L"] {
        assert!(pixels(&copied(&plain, &["-c", "g4", bytes]), 1) == expected, "tiffcp {bytes}");
    }
}

#[test]
fn a_scan_in_a_tiff_may_be_a_jpeg() {
    let folder = tempfile::tempdir().unwrap();
    let picture = text_picture(TEXT);
    let mut tags = fax_page(picture.width, picture.height, 1, picture.width * picture.height);
    tags[2] = (258, 3, 8);
    tags[4] = (262, 3, 1);
    let plain = write(folder.path(), &tiff(&[tags], &picture.pixels, 0));
    set_resolution(&plain, 200, 200);
    let expected = pixels(&fs::read(&plain).unwrap(), 1);
    for compression in ["jpeg:90", "lzw:2", "packbits", "zip"] {
        let read = pixels(&copied(&plain, &["-c", compression, "-r", "64"]), 1);
        let apart = read.pixels.iter().zip(&expected.pixels).filter(|(one, other)| one.abs_diff(**other) > 100).count();
        assert_eq!((read.width, read.height), (expected.width, expected.height));
        assert!(apart * 1000 < read.pixels.len(), "{compression}: {apart} pixels are another");
    }
}

#[test]
fn a_fax_that_says_no_resolution_is_as_large_on_paper() {
    let picture = text_picture(TEXT);
    let page = pages::open(plain_tiff(&picture), &Limits::default()).unwrap().page(1);
    assert!(is_letter((page.width, page.height)), "{} x {}", page.width, page.height);
}

#[test]
fn every_page_of_a_fax_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (text_picture(TEXT), text_picture("Second page\nwith another text"));
    let first = write(folder.path(), &plain_tiff(&one));
    let second = folder.path().join("second.tif");
    fs::write(&second, plain_tiff(&two)).unwrap();
    let both = folder.path().join("both.tif");
    run(Command::new("tiffcp").args(["-c", "g3:2d", "-f", "lsb2msb"]).args([&first, &second, &first]).arg(&both));
    let bytes = fs::read(both).unwrap();
    assert_eq!(pages::open(bytes.clone(), &Limits::default()).unwrap().document().page_count, 3);
    assert!(pixels(&bytes, 1) == pixels(&plain_tiff(&one), 1));
    assert!(pixels(&bytes, 2) == pixels(&plain_tiff(&two), 1));
    assert!(pixels(&bytes, 3) == pixels(&bytes, 1));
}

#[test]
fn a_standard_fax_saved_as_a_picture_is_not_squashed() {
    let picture = squashed(&text_picture(TEXT));
    let with = |bytes: Vec<u8>| {
        let page = pages::open(bytes, &Limits::default()).unwrap().page(1);
        is_letter((page.width, page.height))
    };
    // pHYs (PNG third edition, 11.3.4.3): dots a metre across and down, and that it is metres
    assert!(with(png_of(&picture, Some((7874, 3937)))));
    assert!(with(jpeg_of(&picture, &jfif(200, 100))));
    assert!(with(jpeg_of(&picture, &exif(1, (200, 100)))));
    // turned as the camera lay: 6 asks for a quarter turn to the right (EXIF 2.32, 4.6.4)
    assert!(with(jpeg_of(&turn(&picture, 270), &exif(6, (100, 200)))));
}

#[tokio::test]
async fn a_page_is_read_however_it_lies() {
    let picture = text_picture(TEXT);
    for degrees in [0, 90, 180, 270] {
        let turned = turn(&picture, degrees);
        let reading = read(png(turned.width, turned.height, &turned.pixels)).await;
        check_words(&reading, &format!("turned by {degrees}"));
        assert_eq!((reading.rotated + degrees) % 360, 0);
        assert!(reading.width < reading.height);
    }
}

#[tokio::test]
async fn an_inverted_page_and_a_photograph_with_a_turn_are_read() {
    let picture = text_picture(TEXT);
    let black = Grey { pixels: picture.pixels.iter().map(|pixel| 255 - pixel).collect(), ..picture.clone() };
    check_words(&read(png(black.width, black.height, &black.pixels)).await, "white on black");
    check_words(&read(jpeg_of(&turn(&picture, 270), &exif(6, (200, 200)))).await, "EXIF turn");
}

/// Letter paper at 300 dpi, within the pixels that are lost where sides are rounded.
fn is_letter((width, height): (u32, u32)) -> bool {
    width.abs_diff(2550) <= 3 && height.abs_diff(3300) <= 3
}

fn check_words(reading: &Reading, what: &str) {
    let text: Vec<String> = reading.lines.iter().map(|line| line.text()).collect();
    let text = text.join(" ");
    for word in ["Quentin", "Zebra", "03/02/1984", "M54.2", "97124", "Hillside", "10/01/2026"] {
        assert!(text.contains(word), "{what}: no {word} in {text}");
    }
}

async fn read(bytes: Vec<u8>) -> Reading {
    let program = Some(PathBuf::from(env!("CARGO_BIN_EXE_rxintake-reader")));
    let reader = Reader::new(Options { jobs: 1, program, ..Options::default() }).unwrap();
    let read = reader.read(Arc::from(bytes), &|_| ()).await.unwrap();
    assert!(read.error.is_none() && read.media_type != Some(MediaType::Text), "{:?}", read.error);
    read.readings.into_iter().next().unwrap()
}

/// The words' picture of a page, cleaned.
fn pixels(bytes: &[u8], number: u32) -> Grey {
    let mut paper = pages::open(bytes.to_vec(), &Limits::default()).unwrap();
    assert!(paper.document().error.is_none());
    let page = paper.page(number);
    assert!(page.trouble.is_none());
    match page.content {
        PageContent::Pixels { words, .. } => words,
        PageContent::Words { .. } => panic!("a picture has no text layer"),
    }
}

/// Uncompressed, and without resolution.
fn plain_tiff(picture: &Grey) -> Vec<u8> {
    let data = bilevel(picture);
    tiff(&[fax_page(picture.width, picture.height, 1, u32::try_from(data.len()).unwrap())], &data, 0)
}

fn write(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("plain.tif");
    fs::write(&path, bytes).unwrap();
    path
}

fn set_resolution(path: &Path, x_dpi: u32, y_dpi: u32) {
    let (x, y) = (x_dpi.to_string(), y_dpi.to_string());
    for set in [["296", "2"], ["282", &x], ["283", &y]] {
        run(Command::new("tiffset").arg("-s").args(set).arg(path));
    }
}

fn copied(path: &Path, how: &[&str]) -> Vec<u8> {
    let copy = path.with_file_name("copy.tif");
    run(Command::new("tiffcp").args(how).args([path, &copy]));
    fs::read(copy).unwrap()
}

/// From the package libtiff-tools.
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Every second row, as a fax machine sends them in its standard resolution.
fn squashed(picture: &Grey) -> Grey {
    let rows = (0..picture.height).step_by(2);
    Grey {
        height: picture.height.div_ceil(2),
        pixels: rows.flat_map(|y| picture.row(y)).copied().collect(),
        ..*picture
    }
}

fn png_of(picture: &Grey, dots_a_metre: Option<(u32, u32)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width, picture.height);
    encoder.set_color(png::ColorType::Grayscale);
    let dots = dots_a_metre.map(|(xppu, yppu)| png::PixelDimensions { xppu, yppu, unit: png::Unit::Meter });
    encoder.set_pixel_dims(dots);
    encoder.write_header().unwrap().write_image_data(&picture.pixels).unwrap();
    bytes
}

/// `segment` takes the place of the encoder's own first segment.
fn jpeg_of(picture: &Grey, segment: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut encoded, 90);
    let (width, height) = (picture.width, picture.height);
    image::ImageEncoder::write_image(encoder, &picture.pixels, width, height, image::ExtendedColorType::L8).unwrap();
    // SOI, then APP0 with its length (ITU-T T.871, 10.1)
    let rest = 4 + usize::from(u16::from_be_bytes([encoded[4], encoded[5]]));
    [&encoded[..2], segment, &encoded[rest..]].concat()
}

fn jfif(x_dpi: u8, y_dpi: u8) -> Vec<u8> {
    [&b"\xff\xe0\x00\x10JFIF\0\x01\x02\x01\x00"[..], &[x_dpi, 0, y_dpi, 0, 0]].concat()
}

/// Orientation and dots an inch.
fn exif(orientation: u32, (x_dpi, y_dpi): (u32, u32)) -> Vec<u8> {
    let mut directory = b"Exif\0\0II*\0\x08\0\0\0\x04\0".to_vec();
    for (tag, kind, value) in [(274_u16, 3_u16, orientation), (282, 5, 62), (283, 5, 70), (296, 3, 2)] {
        directory.extend(tag.to_le_bytes());
        directory.extend(kind.to_le_bytes());
        directory.extend(1_u32.to_le_bytes());
        directory.extend(value.to_le_bytes());
    }
    directory.extend([0; 4]);
    [x_dpi, 1, y_dpi, 1].iter().for_each(|number| directory.extend(number.to_le_bytes()));
    let length = u16::try_from(directory.len() + 2).unwrap().to_be_bytes();
    [&[0xff, 0xe1][..], &length, &directory].concat()
}
