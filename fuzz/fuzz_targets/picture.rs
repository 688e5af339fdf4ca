//! A JPEG or PNG from anywhere: it is opened, decoded and turned, or refused in words.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use rxintake::model::MediaType;
use rxintake::pages::{self, Limits};

/// Small, so that many are tried.
const LIMITS: Limits = Limits { paper_bytes_max: 1 << 20, pages_max: 8, page_pixels_max: 1 << 16 };

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if !matches!(pages::sniff(bytes, &LIMITS), Ok(MediaType::Jpeg | MediaType::Png)) {
        return Corpus::Reject;
    }
    // its page is cleaned at 300 dpi whatever its size: too slow for this, and the same code as for a TIFF
    if let Ok(paper) = pages::open(bytes.to_vec(), &LIMITS) {
        assert_eq!(paper.document().page_count, 1);
    }
    Corpus::Keep
});
