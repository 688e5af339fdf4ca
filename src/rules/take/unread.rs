//! Ink that stands where a value belongs and could not be read: it is neither present nor missing.

use crate::model::{Evidence, Field, Private, Source, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::label::Label;
use crate::rules::slots::Where;
use crate::rules::take::whose::{self, Owner};
use crate::rules::take::{dates, frequency, plan};

/// Fewer letters and digits than this behind a label are debris of its line.
const LETTERS_MIN: usize = 3;
/// A page whose words are less sure than this in the mean is too poor to say what is not on it.
const LEGIBLE: f32 = 0.72;

/// So unsure are the words of handwriting, and so many fields of a page filled in by hand.
const POOR: f32 = 0.5;
const POOR_FIELDS_MIN: usize = 3;

/// What a prescription may be asked for.
const ASKED: [Field; 11] = [
    Field::PatientName,
    Field::PatientBirthDate,
    Field::Diagnoses,
    Field::Plan,
    Field::Frequency,
    Field::PayerKind,
    Field::PayerClaimNumber,
    Field::PayerDateOfInjury,
    Field::ProviderName,
    Field::ProviderNpi,
    Field::WrittenOn,
];

/// For each field that `found` lacks: the ink behind its label, or the whole page where that is too poor.
pub(in crate::rules::take) fn take(page: &Context, found: &[Candidate]) -> Vec<Candidate> {
    let legible = page.reading.source == Source::TextLayer || page.legibility() >= LEGIBLE;
    let lacking = ASKED.iter().filter(|field| !found.iter().any(|candidate| candidate.field == **field));
    let penned = is_penned(found);
    // a pen's ten digits are lost whole, and the two or three letters of their label with them
    lacking.filter_map(|field| unread(page, *field, legible && !(penned && *field == Field::ProviderNpi))).collect()
}

/// Whether the values of a page are written by hand: several of them could hardly be read, whatever is printed around them.
fn is_penned(found: &[Candidate]) -> bool {
    let poor = |candidate: &Candidate| candidate.evidence.iter().any(|evidence| evidence.confidence < POOR);
    let fields =
        ASKED.iter().filter(|field| found.iter().any(|candidate| candidate.field == **field && poor(candidate)));
    fields.count() >= POOR_FIELDS_MIN
}

fn unread(page: &Context, field: Field, legible: bool) -> Option<Candidate> {
    if field == Field::Plan && plan::has_choices(page) {
        return None;
    }
    // a tick may be missed in a picture
    let sees_all = page.reading.source == Source::TextLayer;
    // "Who pays?" over boxes of which none is ticked
    if field == Field::PayerKind && sees_all && page.lists_choices && !page.ticks.is_empty() {
        return None;
    }
    let mut seen = false;
    let is_asked = |label: &&Label| {
        let of_another = field == Field::ProviderNpi && whose::owner(page, label) == Some(Owner::Another);
        !of_another && dates::is_this_orders(page, label)
    };
    for label in page.labels_of(field).filter(is_asked) {
        seen = true;
        if field == Field::Frequency && frequency::is_left_empty(page, label) {
            continue;
        }
        let slot = page.slots(label, 1).into_iter().find(|(place, slot)| {
            // what stands below "Claim #: ____" is the next line, and no words of a text layer are unreadable
            letters(&slot.text) >= LETTERS_MIN
                && !page.begins_with_label(slot)
                && !(sees_all && page.is_choice(slot))
                && (*place == Where::SameLine || !label.colon && !sees_all)
        });
        let slot = slot.map(|(_, slot)| slot);
        if let Some(slot) = slot {
            return Some(candidate(field, slot.evidence(&(0..slot.text.len()), &label.rule), &label.rule));
        }
    }
    if seen || legible {
        return None;
    }
    let area = page.text.words.iter().map(|word| word.area).reduce(|all, area| all.union(&area))?;
    let rule = "rules/90-required.toml";
    let evidence = Evidence {
        page: page.sheet.page,
        area,
        text: Private::from(""),
        confidence: page.legibility(),
        rule: rule.to_owned(),
    };
    Some(candidate(field, vec![evidence], rule))
}

fn letters(text: &str) -> usize {
    text.chars().filter(|letter| letter.is_alphanumeric()).count()
}

fn candidate(field: Field, evidence: Vec<Evidence>, rule: &str) -> Candidate {
    Candidate {
        field,
        value: Value::Unread,
        evidence,
        trust: 0.5,
        rule: rule.to_owned(),
        doubts: Vec::new(),
        checked: false,
    }
}
