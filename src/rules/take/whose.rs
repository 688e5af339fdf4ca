//! Whose a plain "Phone", "NPI" or "DOB" is: what stands before it on its row, or over it, says so.

use crate::model::Field;
use crate::rules::context::Context;
use crate::rules::find_names;
use crate::rules::label::{Label, Meaning};
use crate::rules::schema::Heading;
use crate::rules::sheet::{Token, fold};
use crate::rules::take::signer::orders_nothing;

/// So many rows over a label may lie between it and whose it is.
const ROWS_MAX: usize = 3;
/// Rows of one block are at most so many word heights apart.
const BLOCK: f32 = 1.3;
/// Groups of the book whose words name somebody who neither orders nor is treated.
const OTHERS: [&str; 3] = ["other_person", "adjuster", "therapist"];
/// What a clinic that massages calls itself.
const MASSEURS: [&str; 4] = ["massage", "bodywork", "massotherapy", "therapeutics"];

/// To whom a value belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Owner {
    Patient,
    Provider,
    /// An insurer, an adjuster, an attorney, a therapist.
    Another,
}

/// Whose the value of a label is; None where nothing says it.
pub(in crate::rules::take) fn owner(page: &Context, label: &Label) -> Option<Owner> {
    at(page, label.row, label.words.start)
}

/// Whose the word at a place of the page is.
pub(in crate::rules) fn at(page: &Context, row: usize, word: usize) -> Option<Owner> {
    if let Some(owner) = on_row(page, row, word) {
        return Some(owner);
    }
    // "From: Cascade Family Medicine  Phone:" under "To: Healing Hands"
    if page.labels_in(row).iter().any(|label| label.words.end <= word && fold(&label.phrase) == "from") {
        return None;
    }
    let mut below = row;
    for above in (0..row).rev().take(ROWS_MAX) {
        let gap = page.sheet.rows[below].area.top.saturating_sub(page.sheet.rows[above].area.bottom);
        if gap as f32 > BLOCK * page.sheet.unit {
            return None;
        }
        let whole = page.sheet.rows[above].words.len();
        // an insurer's line over a phone says little: forms list the patient's facts one under the other
        if let Some(owner) = on_row(page, above, whole).filter(|_| !names_insurer(page, above)) {
            return Some(owner);
        }
        below = above;
    }
    None
}

/// Whether the number at a place is somebody else's, or behind a label that nobody asks for ("Facility NPI").
pub(in crate::rules::take) fn is_of_another(page: &Context, row: usize, word: usize) -> bool {
    let before = page.labels_in(row).iter().filter(|label| label.words.end <= word);
    let last = before.max_by_key(|label| label.words.end);
    last.is_some_and(|label| label.meaning == Meaning::Other) || at(page, row, word) == Some(Owner::Another)
}

/// The last that the row says before a word.
fn on_row(page: &Context, row: usize, word: usize) -> Option<Owner> {
    let before = || page.labels_in(row).iter().filter(|label| label.words.end <= word);
    let said = |owner: Owner| before().filter(move |label| of_label(page, label) == Some(owner));
    let last = before().filter(|label| of_label(page, label).is_some()).max_by_key(|label| label.words.end);
    if let Some(last) = last {
        let owner = of_label(page, last)?;
        // "Patient: Maria Lopez   Insurance: Premera   Phone:"
        let also_patients = owner == Owner::Another && said(Owner::Patient).next().is_some();
        return Some(if also_patients { Owner::Patient } else { owner });
    }
    let first = page.labels_in(row).iter().map(|label| label.words.start).min();
    let first = first.map_or(word, |first| first.min(word));
    if page.sheet.rows[row].words[..word].windows(3).any(|words| is_therapist(page, words)) {
        return Some(Owner::Another);
    }
    let text_to = |end: usize| page.sheet.slot((0..end).map(|word| (row, word))).text;
    let names = find_names(&text_to(word));
    let with_credential = names.iter().rfind(|hit| !hit.credentials.is_empty());
    match with_credential {
        Some(hit) if orders_nothing(page, hit) => Some(Owner::Another),
        Some(_) => Some(Owner::Provider),
        None => is_masseurs(&text_to(first)).then_some(Owner::Another),
    }
}

/// "Jane Doe, LMT"; two letters may be a state ("South Boston, MA").
fn is_therapist(page: &Context, words: &[Token]) -> bool {
    let [given, family, credential] = words else { return false };
    let capital = |token: &Token| token.text.starts_with(char::is_uppercase);
    let printed = credential.text.trim_end_matches([',', '.']);
    capital(given)
        && capital(family)
        && printed.len() > 2
        && page.book.rules.signature.orders_nothing.iter().any(|of| of == printed)
}

/// "Healing Hands Massage": a clinic's name, no order's title.
fn is_masseurs(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
    const TITLES: [&str; 8] = ["order", "referral", "prescription", "request", "rx", "therapy", "plan", "treatment"];
    let holds = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    holds(&MASSEURS) && !holds(&TITLES) && !text.contains(':')
}

fn of_label(page: &Context, label: &Label) -> Option<Owner> {
    match label.meaning {
        Meaning::Field(Field::PatientName | Field::PatientBirthDate, _) if !label.weak => Some(Owner::Patient),
        Meaning::Field(Field::PatientName, _) => has_patient(page).then_some(Owner::Another),
        Meaning::Field(Field::ProviderName | Field::ProviderSignature, _) => Some(Owner::Provider),
        Meaning::Field(Field::ProviderPhone | Field::ProviderNpi | Field::ProviderFax, _) if !label.is_plain() => {
            Some(Owner::Provider)
        }
        Meaning::Field(Field::PayerAdjuster | Field::PayerInsurer | Field::PayerKind, _) => Some(Owner::Another),
        Meaning::Heading(Heading::Other) => Some(Owner::Another),
        Meaning::Other => is_another(page, label).then_some(Owner::Another),
        _ => None,
    }
}

/// A label that names somebody else: "Attorney", "Employer", "Refer to", "To".
fn is_another(page: &Context, label: &Label) -> bool {
    let said = fold(&label.phrase);
    let words: Vec<String> = label.phrase.split_whitespace().map(fold).collect();
    let of_group = |group: &&str| page.book.rules.words.get(*group).into_iter().flatten();
    let mut named = OTHERS.iter().flat_map(of_group).map(|word| fold(word));
    let headed = page.book.rules.heading.get(&Heading::Other);
    said == "to"
        || named.any(|of| words.contains(&of))
        || headed.is_some_and(|rule| rule.words.iter().any(|of| fold(of) == said))
}

/// A label that says whose name it asks for, filled in, stands on the page.
fn has_patient(page: &Context) -> bool {
    page.labels_of(Field::PatientName).any(|label| !label.weak && !page.slots(label, 1).is_empty())
}

fn names_insurer(page: &Context, row: usize) -> bool {
    let mut of_payer = page.labels_of(Field::PayerInsurer).chain(page.labels_of(Field::PayerKind));
    of_payer.any(|label| label.row == row)
}
