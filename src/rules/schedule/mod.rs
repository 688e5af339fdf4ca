//! In: the words of a frequency, duration or visits slot, or a sentence. Out: a [`Schedule`], with what was used, mended, not understood.

use std::ops::Range;

use crate::model::Frequency;
use crate::rules::Repair;

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
pub fn read(_text: &str) -> Option<Schedule> {
    None
}

/// Finds schedules in running prose; conservative: history, ages, dates and follow-ups are none.
pub fn find(_text: &str) -> Vec<Schedule> {
    Vec::new()
}

/// Reads separate boxes. `rate` may be a bare number or carry its label ("Times per week: 2"); spans in the answer refer to
/// `frequency.text`, the parts joined by line breaks.
pub fn from_parts(
    _rate: Option<&str>,
    _duration: Option<&str>,
    _total: Option<&str>,
    _session: Option<&str>,
) -> Option<Schedule> {
    None
}
