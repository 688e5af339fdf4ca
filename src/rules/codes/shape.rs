//! The shape of an ICD-10-CM code, and the characters that OCR mixes up in one.

/// "M54.2" without its dot, upper case.
pub(super) fn bare(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
}

/// With the dot behind the third character where it is longer.
pub(super) fn dotted(bare: &str) -> String {
    match bare.split_at_checked(3) {
        Some((head, tail)) if !tail.is_empty() => format!("{head}.{tail}"),
        _ => bare.to_owned(),
    }
}

/// One character for each class of look-alikes: {0 O D Q} {1 I L} {5 S} {8 B} {2 Z} {6 G}.
pub(super) fn folded(bare: &str) -> String {
    bare.chars()
        .map(|c| match c.to_ascii_uppercase() {
            'O' | 'D' | 'Q' => '0',
            'I' | 'L' | '|' | '!' => '1',
            'S' | '$' => '5',
            'B' => '8',
            'Z' => '2',
            'G' => '6',
            c => c,
        })
        .collect()
}

/// Whether a code without its dot could be one as it stands: what no code has at a place speaks for a misread.
pub(super) fn is_well_formed(bare: &str) -> bool {
    let chars: Vec<char> = bare.chars().collect();
    let [first, second, third, tail @ ..] = chars.as_slice() else { return false };
    let category = first.is_ascii_uppercase() && (second.is_ascii_digit() || (*first, *second) == ('Q', 'A'));
    let third_fits = third.is_ascii_digit()
        || matches!(
            (*first, *second, *third),
            ('C', '4' | '7', 'A' | 'B')
                | ('D', '3', 'A')
                | ('M', '1', 'A')
                | ('O', '9', 'A')
                | ('Z', '3', 'A')
                | ('J', '4', 'B')
                | ('K', '6', 'A')
        );
    let tail_fits = tail.iter().enumerate().all(|(place, c)| match place {
        0..=2 => c.is_ascii_digit() || matches!(c, 'X' | 'A'..='H'),
        _ if matches!(first, 'S' | 'T' | 'V' | 'W' | 'X' | 'Y' | 'M') => {
            matches!(c, 'A'..='H' | 'J' | 'K' | 'M' | 'N' | 'P'..='S')
        }
        _ => c.is_ascii_alphanumeric() && !matches!(c, 'I' | 'L' | 'O'),
    });
    // a fourth to sixth place holds X only as a filler before a seventh
    let filled = tail
        .iter()
        .position(|c| *c == 'X')
        .is_none_or(|at| tail.len() == 4 || at + 1 == tail.len() || tail.iter().skip(at).all(|c| *c == 'X'));
    category && third_fits && tail.len() <= 4 && tail_fits && filled
}
