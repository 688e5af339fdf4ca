//! In: text, and the words of `[treatment]` in the rule files. Out: what treatment the text asks for, and what it forbids.

use std::ops::Range;

use rustc_hash::FxHashSet;

use super::phrase::{Phrases, Words};
use crate::rules::phrase::Folded;
use crate::rules::schema::TreatmentRule;

/// A word that forbids stands at most so many words before what it forbids.
const BEFORE_WORDS_MAX: usize = 4;
/// Or begins at most so many words behind it.
const BEHIND_WORDS_MAX: usize = 4;

/// What a treatment word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreatmentFamily {
    /// 97124.
    Massage,
    /// 97140.
    ManualTherapy,
    /// Something beside it: heat, exercise, ultrasound.
    Adjunct,
    /// "Evaluate and treat": the therapist chooses.
    Delegation,
    /// A limit or a precaution: "gentle only", "blood thinner", "contraindicated".
    Precaution,
}

/// A treatment word in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatmentHit {
    /// What it asks for.
    pub family: TreatmentFamily,
    /// Where it stands.
    pub span: Range<usize>,
    /// A "no", "avoid", "hold" or "discontinue" stands before it, or "contraindicated" behind it: it is not ordered.
    pub negated: bool,
}

/// The words of `[treatment]`, made ready for use.
pub(in crate::rules) struct Treatments {
    phrases: Phrases<TreatmentFamily>,
    forbids: Runs,
    forbids_behind: Runs,
    lifts: FxHashSet<String>,
    turns: FxHashSet<String>,
    limits: Vec<String>,
    past: Vec<String>,
    other_therapies: Vec<String>,
    codes: Vec<String>,
    /// By their shapes.
    in_capitals: FxHashSet<Vec<u8>>,
}

impl Treatments {
    pub(in crate::rules) fn new(rule: &TreatmentRule) -> Self {
        use TreatmentFamily::{Adjunct, Delegation, ManualTherapy, Massage, Precaution};
        let families = [
            (&rule.massage, Massage),
            (&rule.manual_therapy, ManualTherapy),
            (&rule.beside, Adjunct),
            (&rule.delegation, Delegation),
            (&rule.precautions, Precaution),
        ];
        let phrases = families.iter().flat_map(|(list, family)| list.iter().map(|phrase| (phrase.as_str(), *family)));
        let set = |list: &[String]| list.iter().flat_map(|words| lower(words)).collect();
        let shapes = |words: &String| Words::new(words).iter().map(|word| word.shape.to_owned()).collect::<Vec<_>>();
        let folded = |list: &[String]| list.iter().map(|phrase| Folded::new(phrase).text).collect();
        Self {
            phrases: Phrases::new(phrases),
            forbids: Runs::new(&rule.forbids),
            forbids_behind: Runs::new(&rule.forbids_behind),
            lifts: set(&rule.lifts),
            turns: set(&rule.turns),
            limits: folded(&rule.limits),
            past: folded(&rule.past),
            other_therapies: folded(&rule.other_therapies),
            codes: rule.codes.clone(),
            in_capitals: rule.in_capitals.iter().flat_map(shapes).collect(),
        }
    }

    /// All treatment words of `text`, from left to right.
    pub(in crate::rules) fn find(&self, text: &str) -> Vec<TreatmentHit> {
        self.find_in(text, &Words::new(text))
    }

    /// The same, of a text whose words are known.
    pub(in crate::rules) fn find_in(&self, text: &str, words: &Words) -> Vec<TreatmentHit> {
        let mut hits = Vec::new();
        let mut i = 0;
        while i < words.len() {
            let Some((family, taken)) = self.phrases.at(words, i) else {
                i += 1;
                continue;
            };
            if let (Some(first), Some(last)) = (words.get(i), words.get(i + taken - 1)) {
                let printed = text.get(first.span.clone()).unwrap_or_default();
                if taken == 1 && self.in_capitals.contains(first.shape) && printed.chars().any(char::is_lowercase) {
                    i += 1;
                    continue;
                }
                let negated = self.is_negated(words, i, i + taken);
                hits.push(TreatmentHit { family, span: first.span.start..last.span.end, negated });
            }
            i += taken;
        }
        hits
    }

    /// Whether a word forbids the one that begins at a byte: "do not perform 97140".
    pub(in crate::rules) fn is_forbidden(&self, words: &Words, place: usize) -> bool {
        words.at(place).is_some_and(|i| self.is_negated(words, i, i + 1))
    }

    /// Whether words name a treatment that a "no" before them only limits: "no deep tissue".
    pub(in crate::rules) fn is_limit(&self, words: &str) -> bool {
        first_of(&self.limits, words).is_some()
    }

    /// Whether words tell what was.
    pub(in crate::rules) fn is_past(&self, words: &str) -> bool {
        first_of(&self.past, words).is_some()
    }

    /// The first therapy of another profession, in the order of the rule file, that words name.
    pub(in crate::rules) fn other_therapy(&self, words: &str) -> Option<&str> {
        first_of(&self.other_therapies, words)
    }

    /// Whether a code is of massage or manual therapy.
    pub(in crate::rules) fn is_ours(&self, code: &str) -> bool {
        self.codes.iter().any(|own| own == code)
    }

    /// A word that forbids stands near before it in the same clause, or one near behind.
    fn is_negated(&self, words: &Words, start: usize, end: usize) -> bool {
        let reach = start.saturating_sub(BEFORE_WORDS_MAX + 1)..start;
        let clause = reach.rev().take_while(|i| words.get(i + 1).is_some_and(|next| !next.new_clause));
        let seen = clause.filter_map(|i| words.get(i)).take(BEFORE_WORDS_MAX);
        let mut before: Vec<&str> =
            seen.map(|word| word.lower).take_while(|word| !self.turns.contains(*word)).collect();
        before.reverse();
        // "no contraindications to massage"
        let lifted = before.iter().any(|word| self.lifts.contains(*word));
        let behind = (end..words.len()).filter_map(|i| words.get(i)).take(BEHIND_WORDS_MAX);
        let behind: Vec<&str> = behind.take_while(|word| !word.new_clause).map(|word| word.lower).collect();
        let denied = behind.contains(&"not");
        !lifted && self.forbids.stands_in(&before, false) || self.forbids_behind.stands_in(&behind, denied)
    }
}

/// The first of folded phrases that stands in words.
fn first_of<'a>(phrases: &'a [String], words: &str) -> Option<&'a str> {
    let text = Folded::new(words).text;
    phrases.iter().find(|phrase| text.contains(phrase.as_str())).map(|phrase| phrase.trim())
}

fn lower(words: &str) -> Vec<String> {
    Words::new(words).iter().map(|word| word.lower.to_owned()).collect()
}

/// Phrases by their words.
struct Runs {
    single: FxHashSet<String>,
    longer: Vec<Vec<String>>,
}

impl Runs {
    fn new(phrases: &[String]) -> Self {
        let parts = phrases.iter().map(|phrase| lower(phrase));
        let (single, longer): (Vec<Vec<String>>, Vec<Vec<String>>) =
            parts.partition(|words: &Vec<String>| words.len() == 1);
        Self { single: single.into_iter().flatten().collect(), longer }
    }

    /// Whether one of them stands among words; only one of several words where `denied`: "not contraindicated", but "not advised".
    fn stands_in(&self, words: &[&str], denied: bool) -> bool {
        !denied && words.iter().any(|word| self.single.contains(*word))
            || self.longer.iter().any(|phrase| words.windows(phrase.len().max(1)).any(|run| run == phrase.as_slice()))
    }
}
