//! In: text in which boxes stand as signs (`[ ] 1x [X] 2x`). Out: the same text, byte for byte as long, with only what is ticked.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Fewer boxes in a line are a bracket and no choice.
const CHOICES_MIN: usize = 2;

/// The text with each box and what stands behind an empty one made blank. Lines without a choice stay as they are, and so do
/// lines in which nobody knows whether the number before or behind a box belongs to it.
pub(super) fn keep_ticked(text: &str) -> String {
    static BOX: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?P<empty>\[\s?\]|\(\s?\)|[☐□○])|(?P<ticked>\[\s?[xXvV✓✔]\s?\]|\(\s?[xX✓✔]\s?\)|[☒☑])")
            .expect("a fixed pattern")
    });
    // what OCR makes of circles: "O 1 @ 2 O 3"
    static CIRCLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|\s)(?:(?P<empty>[Oo○◯])|(?P<ticked>[@©®●◉⦿]))(?:\s+[0-9])").expect("a fixed pattern")
    });
    let signs = |shapes: &Regex, line: &str| -> Vec<(Range<usize>, bool)> {
        let sign = |found: regex::Captures| {
            let ticked = found.name("ticked");
            Some((found.name("empty").or(ticked)?.range(), ticked.is_some()))
        };
        shapes.captures_iter(line).filter_map(sign).collect()
    };
    let mut kept = text.as_bytes().to_vec();
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let bracketed = line.contains(['[', '(']) || !line.is_ascii();
        let mut boxes = if bracketed { signs(&BOX, line) } else { Vec::new() };
        if boxes.is_empty() && line.contains(['@', '©', '®', '●', '◉', '⦿']) {
            boxes = signs(&CIRCLE, line);
        }
        let before = boxes.first().and_then(|(first, _)| line.get(..first.start)).unwrap_or_default();
        let leads = !before.chars().any(|letter| letter.is_ascii_digit());
        if boxes.len() >= CHOICES_MIN && leads {
            for (sign, ticked) in &boxes {
                let behind = line.get(sign.end..).unwrap_or_default();
                let blanks = behind.len() - behind.trim_start().len();
                let word = behind.trim_start().find(char::is_whitespace).unwrap_or(behind.len() - blanks);
                let end = if *ticked { sign.end } else { sign.end + blanks + word };
                let gone = kept.get_mut(begin + sign.start..begin + end.min(line.trim_end().len()).max(sign.end));
                gone.into_iter().flatten().for_each(|byte| *byte = b' ');
            }
        }
        begin += line.len();
    }
    // whole letters were made blank, so it is text still
    String::from_utf8(kept).unwrap_or_else(|_| text.to_owned())
}
