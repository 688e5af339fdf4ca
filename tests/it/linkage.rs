//! The daemon holds the secrets; the C libraries that meet hostile bytes are in the reader child alone.

use std::fs;
use std::path::Path;

#[test]
fn only_the_reader_links_the_engine() {
    let daemon = needed_libraries(Path::new(env!("CARGO_BIN_EXE_rxintake")));
    let reader = needed_libraries(Path::new(env!("CARGO_BIN_EXE_rxintake-reader")));
    let engine = |library: &&String| library.starts_with("libtesseract") || library.starts_with("liblept");
    assert!(daemon.iter().any(|library| library.starts_with("libc.so")), "{daemon:?}");
    assert!(!daemon.iter().any(|library| engine(&library)), "{daemon:?}");
    assert!(reader.iter().any(|library| engine(&library)), "{reader:?}");
}

/// The DT_NEEDED entries of a 64-bit little-endian ELF file (System V ABI, chapters 4 and 5).
fn needed_libraries(program: &Path) -> Vec<String> {
    const DYNAMIC: u32 = 6; // section type SHT_DYNAMIC
    const NEEDED: u64 = 1;
    let bytes = fs::read(program).unwrap();
    assert!(bytes.starts_with(b"\x7fELF\x02\x01"), "not a 64-bit little-endian ELF file");
    let number = |at: usize, size: usize| {
        bytes[at..at + size].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let place = |at: usize, size: usize| usize::try_from(number(at, size)).unwrap();
    let (sections, section_size, section_count) = (place(0x28, 8), place(0x3a, 2), place(0x3c, 2));
    let section = |index: usize| sections + index * section_size;
    let dynamic = (0..section_count)
        .map(section)
        .find(|at| number(at + 4, 4) == u64::from(DYNAMIC))
        .expect("a dynamically linked program");
    let names = place(section(place(dynamic + 0x28, 4)) + 0x18, 8); // sh_link: the string table
    let (start, size) = (place(dynamic + 0x18, 8), place(dynamic + 0x20, 8));
    (start..start + size)
        .step_by(16)
        .filter(|at| number(*at, 8) == NEEDED)
        .map(|at| {
            let name = names + place(at + 8, 8);
            let end = name + bytes[name..].iter().position(|byte| *byte == 0).unwrap();
            String::from_utf8(bytes[name..end].to_vec()).unwrap()
        })
        .collect()
}
