//! The numbers of patient and provider: NPI, phone, fax.

use std::cell::LazyCell;
use std::ops::Deref;

use crate::model::{Area, Field, PersonName, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::label::{Label, Meaning};
use crate::rules::numbers::npi_holds;
use crate::rules::people::names_credential;
use crate::rules::schema::CheckName;
use crate::rules::sheet::{Slot, fold};
use crate::rules::slots::{Where, above};
use crate::rules::take::people::{LABELLED, PROSE, is_chosen, names_provider};
use crate::rules::take::signer::{orders_nothing, signers};
use crate::rules::take::whose::{self, Owner};
use crate::rules::{NameHit, NpiHit, find_names, find_npis, find_phones};

/// A letterhead has so many rows.
const LETTERHEAD_ROWS: usize = 5;
/// A caption stands at most so many word heights over its value.
const CAPTION_HEIGHTS: f32 = 3.0;
/// Digits that are as sure as this are what was written.
const PLAIN: f32 = 0.9;

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = npi(page);
    found.extend(phones(page));
    found
}

/// The NPI stands behind its label, wherever that is; the digits are never taken from a phone slot.
fn npi(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    // of several practitioners the ticked one's
    let refused = |label: &Label| {
        let own = page.ticks.iter().filter(|tick| names_provider(&tick.words) && tick.row == label.row);
        own.filter(|tick| tick.area.left < label.area.left)
            .max_by_key(|tick| tick.area.left)
            .is_some_and(|tick| !tick.ticked)
    };
    let chosen = is_chosen(page);
    let signers = LazyCell::new(|| signers(page));
    let own = |label: &&Label| whose::owner(page, label) != Some(Owner::Another);
    for label in page.labels_of(Field::ProviderNpi).filter(|label| !(chosen && refused(label))).filter(own) {
        let over = above(&page.sheet, &page.labels, label).filter(|_| label.caption).map(|slot| (Where::Above, slot));
        for (place, slot) in page.slots(label, 1).into_iter().chain(over) {
            let Some(hit) = find_npis(&slot.text).into_iter().find(|hit| hit.span.start <= 6) else { continue };
            let is_held = page.book.own.check(Field::ProviderNpi, CheckName::NpiLuhn).is_some();
            let hit = if is_held { as_printed(hit, &slot) } else { unheld(hit) };
            let mut doubts = hit.doubts;
            if is_held && !hit.valid {
                doubts.push("its check digit does not hold".to_owned());
            }
            if is_beside_another_name(page, label, &signers) {
                doubts.push("it stands beside another name than that of who signed".to_owned());
            }
            let value = Value::Npi { digits: hit.digits, valid: hit.valid };
            let trust = if place == Where::SameLine { LABELLED } else { PROSE };
            let evidence = slot.evidence(&hit.span, &label.rule);
            found.push(Candidate {
                field: Field::ProviderNpi,
                value,
                evidence,
                trust,
                rule: label.rule.clone(),
                doubts,
                checked: hit.valid,
            });
            break;
        }
    }
    if found.is_empty() {
        found.extend(npi_by_itself(page).or_else(|| unread_npi(page)));
    }
    found
}

/// A digit is mended only where it could hardly be read: what stands clearly on the paper is what somebody wrote.
fn as_printed(hit: NpiHit, slot: &Slot) -> NpiHit {
    if hit.printed == hit.digits || slot.confidence(&hit.span) < PLAIN {
        return hit;
    }
    NpiHit { digits: hit.printed.clone(), valid: false, repairs: Vec::new(), doubts: Vec::new(), ..hit }
}

/// The number as it is printed, where its check digit is not asked for.
fn unheld(hit: NpiHit) -> NpiHit {
    NpiHit { digits: hit.printed.clone(), valid: npi_holds(&hit.printed), doubts: Vec::new(), ..hit }
}

/// A number of an NPI's length behind the word, of which too little is a digit.
fn unread_npi(page: &Context) -> Option<Candidate> {
    let words = &page.text.words;
    let text = |at: usize| page.text.text.get(words.get(at)?.range.clone());
    let number = (1..words.len()).find(|at| {
        let behind_npi = text(at - 1).is_some_and(|word| fold(word) == "npi");
        let token = text(*at).map(fold).unwrap_or_default();
        let digits = token.chars().filter(char::is_ascii_digit).count();
        let of_another = || {
            let at = words.get(*at).and_then(|word| page.place_of(word.area));
            at.is_some_and(|(row, word)| whose::is_of_another(page, row, word))
        };
        behind_npi && !of_another() && (8..=12).contains(&token.len()) && digits >= 5
    })?;
    let rule = "rules/70-provider.toml";
    Some(Candidate {
        field: Field::ProviderNpi,
        value: Value::Unread,
        evidence: page.text.evidence(&words[number].range, rule),
        trust: 0.5,
        rule: rule.to_owned(),
        doubts: Vec::new(),
        checked: false,
    })
}

/// "Alan Pierce, MD  NPI 1234567893" in a letterhead, signed by somebody else.
fn is_beside_another_name(page: &Context, label: &Label, signers: &impl Deref<Target = Vec<NameHit>>) -> bool {
    let before = &page.sheet.rows[label.row].words[..label.words.start];
    if !before.iter().any(|token| names_credential(&token.text)) || signers.is_empty() {
        return false;
    }
    let row = page.sheet.slot((0..label.words.start).map(|word| (label.row, word)));
    let Some(beside) = find_names(&row.text).into_iter().rfind(|hit| !hit.credentials.is_empty()) else { return false };
    somebody_else_signs(signers, &beside.name)
}

/// Whether the signatures of a page name others than `name`, and not it.
fn somebody_else_signs(signers: &[NameHit], name: &PersonName) -> bool {
    let family = |name: &PersonName| fold(name.full.reveal().rsplit(' ').next().unwrap_or_default());
    let is_own = |signer: &NameHit| strsim::osa_distance(&family(&signer.name), &family(name)) <= 1;
    !signers.is_empty() && !signers.iter().any(is_own)
}

/// Ten digits whose check digit holds, behind a word that is NPI but for one letter, or on the line of a name with a credential: no
/// phone begins with a 1.
fn npi_by_itself(page: &Context) -> Option<Candidate> {
    let signers = LazyCell::new(|| signers(page));
    let mut sound = find_npis(&page.text.text).into_iter().filter(|hit| hit.valid && hit.repairs.is_empty());
    let hit = sound.find(|hit| {
        let at = page.text.words.iter().find(|word| word.range.start >= hit.span.start);
        let at = at.and_then(|at| page.place_of(at.area));
        if at.is_some_and(|(row, word)| whose::is_of_another(page, row, word)) {
            return false;
        }
        let line =
            page.text.text.get(..hit.span.start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        // "Individual NPI | Group NPI": under the caption of another number
        let at = page.text.words.iter().find(|word| word.range.end > hit.span.start);
        if at.is_some_and(|word| is_under_another_caption(page, word.area)) {
            return false;
        }
        let is_of_provider = || {
            hit.digits.starts_with('1')
                && names_credential(line)
                && find_names(line).iter().any(|hit| {
                    !hit.credentials.is_empty()
                        && !orders_nothing(page, hit)
                        && !somebody_else_signs(&signers, &hit.name)
                })
        };
        let mut words = line.split_whitespace().rev().map(fold).filter(|word| !word.is_empty());
        let is_named = words
            .by_ref()
            .take(3)
            .any(|word| word == "npi" || word.len() <= 4 && strsim::osa_distance(&word, "npi") == 1);
        is_named || is_of_provider()
    })?;
    let rule = "rules/70-provider.toml";
    let evidence = page.text.evidence(&hit.span, rule);
    let value = Value::Npi { digits: hit.digits, valid: true };
    Some(Candidate {
        field: Field::ProviderNpi,
        value,
        evidence,
        trust: PROSE,
        rule: rule.to_owned(),
        doubts: hit.doubts,
        checked: true,
    })
}

/// Whether the nearest caption right over a word asks for something that no field takes.
fn is_under_another_caption(page: &Context, area: Area) -> bool {
    let reach = (CAPTION_HEIGHTS * page.sheet.unit) as u32;
    let is_over = |label: &&Label| {
        let gap = area.top.saturating_sub(label.area.bottom);
        label.caption && label.area.bottom <= area.top && gap <= reach && label.area.overlap_x(&area) > 0
    };
    let nearest = page.labels.iter().filter(is_over).max_by_key(|label| label.area.bottom);
    nearest.is_some_and(|label| label.meaning == Meaning::Other)
}

/// "Phone: 704-555-0123  Fax: 704-555-0124" in a letterhead, or below the prescriber: a plain "Phone" that does not stand with the
/// patient's name or birth date.
fn is_the_clinics(page: &Context, label: &Label) -> bool {
    let is_of =
        |other: &Label, fields: &[Field]| matches!(other.meaning, Meaning::Field(of, _) if fields.contains(&of));
    let patient = [Field::PatientName, Field::PatientBirthDate];
    let provider = [Field::ProviderName, Field::ProviderNpi, Field::ProviderSignature];
    let beside = |fields: &[Field]| page.labels_in(label.row).iter().any(|other| is_of(other, fields));
    if !label.is_plain() || beside(&patient) {
        return false;
    }
    let above = |fields: &[Field]| {
        let rows =
            page.labels.iter().filter(|other| other.row < label.row && is_of(other, fields)).map(|other| other.row);
        rows.max()
    };
    // under nobody's name it is nobody's
    beside(&provider)
        || beside(&[Field::ProviderFax])
        || above(&patient) < above(&provider)
        || above(&patient).is_none() && is_in_letterhead(label)
}

/// The first rows of a page belong to the sender.
fn is_in_letterhead(label: &Label) -> bool {
    label.row < LETTERHEAD_ROWS
}

fn phones(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for field in [Field::PatientPhone, Field::ProviderPhone, Field::ProviderFax] {
        for label in page.labels_of(field) {
            let owner = whose::owner(page, label);
            // a second number of the HCP's, such as "Cell", is asked for by nobody
            let is_private = field == Field::PatientPhone && !label.is_plain() && owner == Some(Owner::Provider);
            if owner == Some(Owner::Another) || is_private {
                continue;
            }
            let field =
                if field == Field::PatientPhone && is_the_clinics(page, label) { Field::ProviderPhone } else { field };
            for (_, slot) in page.slots(label, 1) {
                let Some(hit) = find_phones(&slot.text).into_iter().find(|hit| hit.span.start <= 6) else { continue };
                let evidence = slot.evidence(&hit.span, &label.rule);
                let value = Value::Phone(hit.e164);
                found.push(Candidate {
                    field,
                    value,
                    evidence,
                    trust: LABELLED,
                    rule: label.rule.clone(),
                    doubts: hit.doubts,
                    checked: false,
                });
                break;
            }
        }
    }
    found
}
