//! A mail from anywhere: it is taken apart or refused in words. What it says as plain text is read as a page.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rxintake::intake::message::{self, Limits};
use rxintake::intake::senders::Profiles;
use rxintake::pages;

static PROFILES: LazyLock<Profiles> = LazyLock::new(Profiles::built_in);

/// Small, so that an archive that unpacks to much more than it is shows.
const LIMITS: Limits = Limits { message_bytes_max: 1 << 20, papers_max: 8, unpacked_bytes_max: 1 << 20 };

fuzz_target!(|bytes: &[u8]| {
    if let Ok(opened) = message::open(bytes, &LIMITS, &PROFILES) {
        assert!(!opened.papers.is_empty(), "a mail without papers is refused");
    }
    let limits = pages::Limits { pages_max: 8, ..pages::Limits::default() };
    let text = pages::read_text(bytes, &limits);
    assert!(text.readings.len() <= 8);
    for reading in &text.readings {
        for word in reading.lines.iter().flat_map(|line| &line.words) {
            assert!(word.area.right <= reading.width && word.area.bottom <= reading.height, "a word off its page");
        }
    }
});
