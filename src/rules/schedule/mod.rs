//! In: the words of a frequency, duration or visits slot, or a sentence. Out: a [`Schedule`], with what was used, mended, not understood.

mod arithmetic;
mod aside;
mod boxes;
mod build;
mod counts;
mod element;
mod extent;
mod foreign;
mod latin;
mod parse;
mod prose;
mod rate;
mod saying;
#[cfg(test)]
mod tests;
mod token;
mod tongue;
mod words;

use std::ops::Range;

use crate::model::Frequency;
use crate::rules::Repair;

pub(in crate::rules) use prose::find;
pub(in crate::rules) use saying::Sayings;
pub(in crate::rules) use words::count as count_word;

/// A frequency as read from words, with everything a person needs to judge the reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// What the words say.
    pub frequency: Frequency,
    /// From the first to the last byte of the input that took part.
    pub span: Range<usize>,
    /// The pieces that took part.
    pub used: Vec<Range<usize>>,
    /// Words inside the span that were not understood.
    pub leftovers: Vec<Range<usize>>,
    /// What was read otherwise than it stands.
    pub repairs: Vec<Repair>,
    /// Why a person should look; no patient data. Empty when the reading is sound.
    pub doubts: Vec<String>,
    /// The order asks for a re-evaluation.
    pub re_evaluate: bool,
}

impl Schedule {
    /// Whether a person should look at the words.
    pub fn is_doubtful(&self) -> bool {
        !self.doubts.is_empty()
    }
}

/// Reads a slot: what stands in the frequency, duration and visits fields of a form, joined by line breaks or ` | `, each
/// with or without its label. None when nothing in it speaks of how often or how long.
pub(in crate::rules) fn read(text: &str, sayings: &Sayings) -> Option<Schedule> {
    let ticked = boxes::keep_ticked(shorten(text));
    let own = foreign::keep_own(&ticked);
    let text = own.as_str();
    let tokens = sayings.tokens(text);
    let (parts, left) = parse::parts(&tokens);
    build::build(text, &tokens, &parts, &left).or_else(|| build::bare_number(text, &tokens))
}

/// Reads separate boxes. `rate` may be a bare number or carry its label ("Times per week: 2"); spans in the answer refer to
/// the parts that are there, each after its label, joined by line breaks.
pub(in crate::rules) fn from_parts(
    rate: Option<&str>,
    duration: Option<&str>,
    total: Option<&str>,
    session: Option<&str>,
    sayings: &Sayings,
) -> Option<Schedule> {
    let captioned = |caption: &str, part: Option<&str>| -> Option<String> {
        let part = part.map(str::trim).filter(|part| !part.is_empty())?;
        Some(if part.contains(':') { part.to_owned() } else { format!("{caption}: {part}") })
    };
    let parts = [
        captioned("Frequency", rate),
        captioned("Duration", duration),
        captioned("Visits", total),
        captioned("Session length", session),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { None } else { read(&parts.join("\n"), sayings) }
}

/// A slot holds a few lines; what is longer is no slot, and its end is not looked at.
const SLOT_BYTES_MAX: usize = 4000;

fn shorten(text: &str) -> &str {
    let end = (0..=SLOT_BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}
