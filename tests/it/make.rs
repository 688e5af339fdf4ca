//! Papers that tests make for themselves.

use rxintake::model::{Grey, PageContent};
use rxintake::pages::{self, Limits};

/// A white page.
pub(crate) fn blank_png(width: u32, height: u32) -> Vec<u8> {
    png(width, height, &vec![255; width as usize * height as usize])
}

/// A grey picture.
pub(crate) fn png(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::write_buffer_with_format(
        &mut bytes,
        pixels,
        width,
        height,
        image::ExtendedColorType::L8,
        image::ImageFormat::Png,
    )
    .unwrap();
    bytes.into_inner()
}

/// A PDF with a text in Helvetica on each page.
pub(crate) fn pdf(pages: &[&str]) -> Vec<u8> {
    pdf_of_size(pages, (612, 792))
}

/// The same on pages of `size`, in points.
pub(crate) fn pdf_of_size(pages: &[&str], size: (i64, i64)) -> Vec<u8> {
    use lopdf::content::{Content, Operation};
    use lopdf::{Document, Object, Stream, dictionary};

    let mut document = Document::with_version("1.5");
    let tree = document.new_object_id();
    let font = document.add_object(dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica" });
    let resources = document.add_object(dictionary! { "Font" => dictionary! { "F1" => font } });
    let kids: Vec<Object> = pages
        .iter()
        .map(|text| {
            let mut operations = vec![
                Operation::new("BT", vec![]),
                Operation::new("Tf", vec!["F1".into(), 12.into()]),
                Operation::new("TL", vec![20.into()]),
                Operation::new("Td", vec![72.into(), 700.into()]),
            ];
            for line in text.lines() {
                operations.push(Operation::new("Tj", vec![Object::string_literal(line)]));
                operations.push(Operation::new("T*", vec![]));
            }
            operations.push(Operation::new("ET", vec![]));
            let content = document.add_object(Stream::new(dictionary! {}, Content { operations }.encode().unwrap()));
            let page = dictionary! { "Type" => "Page", "Parent" => tree, "Contents" => content };
            document.add_object(page).into()
        })
        .collect();
    let count = i64::try_from(kids.len()).unwrap();
    let media_box: Vec<Object> = [0, 0, size.0, size.1].into_iter().map(Object::from).collect();
    let root = dictionary! {
        "Type" => "Pages", "Kids" => kids, "Count" => count, "Resources" => resources, "MediaBox" => media_box,
    };
    document.objects.insert(tree, root.into());
    let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", catalog);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// A text as a picture of a letter page in grey: 200 dots an inch.
pub(crate) fn text_picture(text: &str) -> Grey {
    let page = pages::open(pdf(&[text]), &Limits::default()).unwrap().page(1);
    match page.content {
        PageContent::Words { ink, .. } | PageContent::Pixels { ink, .. } => ink,
    }
}

/// One bit a pixel, each row beginning on a byte, 1 for ink: what [`fax_page`] with compression 1 holds.
pub(crate) fn bilevel(picture: &Grey) -> Vec<u8> {
    let byte = |pixels: &[u8]| (0_u8..).zip(pixels).filter(|(_, pixel)| **pixel < 128).map(|(at, _)| 0x80 >> at).sum();
    (0..picture.height).flat_map(|y| picture.row(y).chunks(8).map(byte)).collect()
}

/// The same, to be opened by a password alone (PDF 1.4, the 128-bit key of its standard handler).
pub(crate) fn encrypted_pdf(text: &str) -> Vec<u8> {
    use lopdf::encryption::{EncryptionState, EncryptionVersion, Permissions};
    use lopdf::{Document, Object, StringFormat};

    let mut document = Document::load_mem(&pdf(&[text])).unwrap();
    let id = Object::String(vec![7; 16], StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "user",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

/// A little-endian TIFF: a directory of tags (number, type 3 short or 4 long, value) for each page, then `data` at
/// [`TIFF_DATA`]. The directory after the last one begins at `next`; 0 ends the chain.
pub(crate) fn tiff(pages: &[Vec<(u16, u16, u32)>], data: &[u8], next: u32) -> Vec<u8> {
    let mut bytes = vec![b'I', b'I', 42, 0];
    let first = TIFF_DATA + u32::try_from(data.len()).unwrap();
    bytes.extend(first.to_le_bytes());
    bytes.resize(TIFF_DATA as usize, 0);
    bytes.extend(data);
    for (index, tags) in pages.iter().enumerate() {
        bytes.extend(u16::try_from(tags.len()).unwrap().to_le_bytes());
        for (number, kind, value) in tags {
            bytes.extend(number.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        let here = u32::try_from(bytes.len()).unwrap() + 4;
        bytes.extend(if index + 1 < pages.len() { here } else { next }.to_le_bytes());
    }
    bytes
}

/// Where the data of [`tiff`] begins.
pub(crate) const TIFF_DATA: u32 = 16;

/// The tags of a black-and-white page (TIFF 6.0, section 3), compressed as said, its data at [`TIFF_DATA`].
pub(crate) fn fax_page(width: u32, height: u32, compression: u32, data_bytes: u32) -> Vec<(u16, u16, u32)> {
    vec![
        (256, 4, width),
        (257, 4, height),
        (258, 3, 1),
        (259, 3, compression),
        (262, 3, 0),
        (273, 4, TIFF_DATA),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, data_bytes),
    ]
}
