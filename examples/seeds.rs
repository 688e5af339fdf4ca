//! Makes small inputs for the fuzzer from the sample papers: `make fuzz`. Writes into the folder that is named.
#![allow(missing_docs)]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::Context;
use image::{DynamicImage, ImageFormat};
use mail_builder::MessageBuilder;
use rxintake::model::ReadPaper;
use tiff::decoder::Decoder;
use tiff::encoder::{Compression, TiffEncoder, colortype};
use tiff::tags::Tag;

/// Rows of a fax page that are kept.
const FAX_ROWS: u32 = 160;
/// Bytes of its coded data that are kept: enough for these rows.
const FAX_BYTES: usize = 4000;
/// A fax that calls itself so fine is made coarser before it is cleaned, which takes a tenth of the time.
const FINE_DPI: u32 = 570;
/// Lines of a reading that are kept.
const LINES: usize = 4;
/// T4Options and FillOrder say how the data is coded (TIFF 6.0, section 11).
const KEPT_SHORTS: [u16; 5] = [258, 259, 262, 266, 277];

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).context("name the folder")?);
    let target = |name: &str| -> anyhow::Result<PathBuf> {
        let target = folder.join(name);
        fs::create_dir_all(&target)?;
        Ok(target)
    };
    let (tiffs, pictures, mails, protocol) =
        (target("tiff")?, target("picture")?, target("mail")?, target("protocol")?);
    for (sample, name) in samples("samples")? {
        match sample.extension().and_then(|extension| extension.to_str()) {
            Some("tif") => fs::write(tiffs.join(&name), small_fax(&fs::read(&sample)?)?)?,
            Some("jpg") => write_pictures(&image::open(&sample)?, &name, &pictures, &tiffs)?,
            _ => {}
        }
    }
    for (sample, name) in samples("samples/readings")? {
        let read: ReadPaper = serde_json::from_slice(&fs::read(&sample)?)?;
        fs::write(protocol.join(format!("{name}-answers")), answers(&read)?)?;
        fs::write(mails.join(&name), mail(&read, &folder)?)?;
    }
    let requests = [
        r#"{"Open":{"limits":{}}}"#,
        "the paper",
        r#"{"Page":{"number":1,"band":[2,8]}}"#,
        r#""Report""#,
        r#""Close""#,
    ];
    fs::write(protocol.join("requests"), requests.map(|request| frame(request.as_bytes())).concat())?;
    Ok(())
}

/// The files of a folder and their names without ending, in order.
fn samples(folder: &str) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).context("call this from the project's root")? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
        found.extend(name.filter(|_| path.is_file()).map(|name| (path, name)));
    }
    found.sort();
    Ok(found)
}

/// Two pages: the top rows of a fax's first page, coded as they were sent.
fn small_fax(fax: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut decoder = Decoder::new(Cursor::new(fax))?;
    let long = |decoder: &mut Decoder<_>, tag| decoder.find_tag_unsigned::<u32>(tag).ok().flatten();
    let start = decoder.get_tag_u64_vec(Tag::StripOffsets)?.first().copied().context("a fax has strips")?;
    let data = fax.get(usize::try_from(start)?..).unwrap_or_default();
    let data = data.get(..FAX_BYTES).unwrap_or(data);
    let width = long(&mut decoder, Tag::ImageWidth).context("a fax has a width")?;
    let begin = 8_u32;
    let data_bytes = u32::try_from(data.len())?;
    let mut tags = vec![(256, width), (257, FAX_ROWS), (273, begin), (278, FAX_ROWS), (279, data_bytes)];
    tags.extend(long(&mut decoder, Tag::Unknown(292)).map(|options| (292, options)));
    for number in KEPT_SHORTS {
        tags.extend(long(&mut decoder, Tag::Unknown(number)).map(|value| (number, value)));
    }
    tags.extend([282, 283].map(|number| (number, begin + data_bytes)));
    tags.sort_unstable();
    let first = (begin + data_bytes + 8).to_le_bytes();
    let fine = [FINE_DPI, 1].map(u32::to_le_bytes).concat();
    let mut bytes = [b"II*\0", first.as_slice(), data, &fine].concat();
    for is_last in [false, true] {
        bytes.extend(u16::try_from(tags.len())?.to_le_bytes());
        for (number, value) in &tags {
            let kind = if matches!(number, 282 | 283) { 5_u16 } else { 4 }; // 5: a fraction that lies elsewhere, 4: a long
            bytes.extend([number.to_le_bytes(), kind.to_le_bytes()].concat());
            bytes.extend([1, *value].map(u32::to_le_bytes).concat());
        }
        let next = if is_last { 0 } else { u32::try_from(bytes.len())? + 4 };
        bytes.extend(next.to_le_bytes());
    }
    Ok(bytes)
}

/// A photograph, small, in the codings that scanners and phones use.
fn write_pictures(photo: &DynamicImage, name: &str, pictures: &Path, tiffs: &Path) -> anyhow::Result<()> {
    let small = photo.thumbnail(64, 64);
    let grey = small.to_luma8();
    let kinds = [
        ("grey", DynamicImage::from(grey.clone())),
        ("colour", small.to_rgb8().into()),
        ("deep", DynamicImage::from(small.to_luma16())),
        ("clear", small.to_rgba8().into()),
    ];
    for (kind, picture) in kinds {
        picture.save_with_format(pictures.join(format!("{name}-{kind}.png")), ImageFormat::Png)?;
        if matches!(kind, "grey" | "colour") {
            picture.save_with_format(pictures.join(format!("{name}-{kind}.jpg")), ImageFormat::Jpeg)?;
        }
    }
    // a strip is cleaned at 200 dpi, a square as a whole letter page, which takes a hundred times as long
    let strip = small.crop_imm(0, small.height() / 2, small.width(), small.width() / 4);
    let (grey, colour) = (strip.to_luma8(), strip.to_rgb8());
    for (kind, compression) in
        [("plain", Compression::Uncompressed), ("lzw", Compression::Lzw), ("packbits", Compression::Packbits)]
    {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes)?.with_compression(compression);
        encoder.write_image::<colortype::Gray8>(grey.width(), grey.height(), &grey)?;
        encoder.write_image::<colortype::RGB8>(grey.width(), grey.height(), &colour)?;
        fs::write(tiffs.join(format!("{name}-{kind}")), bytes.into_inner())?;
    }
    Ok(())
}

/// What the reader child answers for the first lines of a paper's first page.
fn answers(read: &ReadPaper) -> anyhow::Result<Vec<u8>> {
    let opened =
        serde_json::json!({ "Opened": { "media_type": read.media_type, "page_count": 1, "error": read.error } });
    let mut bytes = frame(&serde_json::to_vec(&opened)?);
    for reading in read.readings.iter().take(1) {
        let mut reading = reading.clone();
        reading.lines.truncate(LINES);
        reading.marks.truncate(LINES);
        bytes.extend(frame(&serde_json::to_vec(&serde_json::json!({ "Read": reading }))?));
    }
    bytes.extend(frame(br#""Closed""#));
    Ok(bytes)
}

/// Four bytes of length, little endian, and that many bytes.
fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a seed is small");
    [&length.to_le_bytes(), body].concat()
}

/// A mail that brings a paper's first lines as text, and a small picture and fax where there are some.
fn mail(read: &ReadPaper, seeds: &Path) -> anyhow::Result<Vec<u8>> {
    let lines = read.readings.iter().flat_map(|reading| &reading.lines).take(20);
    let text: Vec<String> = lines.map(|line| line.text()).collect();
    let mut message = MessageBuilder::new()
        .from("fax@carrier.example")
        .to("desk@clinic.example")
        .subject("New fax from +1 704 555 0123, 2 pages")
        .message_id("seed@clinic.example")
        .date(0_i64)
        .text_body(text.join("\n"));
    for (kind, name, file) in [
        ("image/tiff", "fax.tif", "tiff/16-clearance-fax-fine"),
        ("image/png", "photo.png", "picture/12-pad-photo-grey.png"),
    ] {
        message = message.attachment(kind, name, fs::read(seeds.join(file))?);
    }
    Ok(message.write_to_vec()?)
}
