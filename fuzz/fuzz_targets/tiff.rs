//! A TIFF from anywhere: it opens or is refused in words, and each page comes out with as many pixels as it says.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use rxintake::model::{MediaType, PageContent};
use rxintake::pages::{self, Limits};

/// Small, so that many are tried: the strip of a fax page in the seeds has 276,000 pixels.
const LIMITS: Limits = Limits { paper_bytes_max: 1 << 20, pages_max: 4, page_pixels_max: 1 << 19 };

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !matches!(pages::sniff(bytes, &LIMITS), Ok(MediaType::Tiff)) {
        return Corpus::Reject;
    }
    let Ok(mut paper) = pages::open(bytes.to_vec(), &LIMITS) else { return Corpus::Keep };
    let page_count = paper.document().page_count;
    assert!(page_count <= LIMITS.pages_max);
    for number in 1..=page_count {
        let page = paper.page(number);
        assert_eq!(page.number, number);
        if let PageContent::Pixels { words, ink } = &page.content {
            for grey in [words, ink] {
                assert_eq!(grey.pixels.len(), grey.width as usize * grey.height as usize);
            }
        }
        // the way of a page that took too long
        let (part, rows) = pages::band(page, number % 8, 8);
        assert!(rows.end <= part.height);
    }
    Corpus::Keep
});
