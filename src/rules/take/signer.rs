//! Whose signature it is: the HCP's, the patient's, the therapist's, or nobody's yet.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::model::Field;
use crate::rules::context::Context;
use crate::rules::phrase::Folded;
use crate::rules::sheet::fold;
use crate::rules::take::signature::slash_signatures;
use crate::rules::{NameHit, find_names, read_name};

/// A signer's name begins at most so many bytes behind the words.
const LEAD_MAX: usize = 12;
/// A name has at least so many letters.
const NAME_LETTERS_MIN: usize = 4;
/// Words of a line of a signature that name nobody.
const NOBODY: [&str; 12] =
    ["by", "on", "at", "the", "date", "time", "provider", "physician", "prescriber", "doctor", "hcp", "practitioner"];
/// Words between "electronically signed" and the end of its line that name nobody either.
const BESIDE: [&str; 6] = ["npi", "am", "pm", "on", "at", "by"];
/// So many letters apart two printings of one family name may be.
const DAMAGED_MAX: usize = 1;

/// What the words of an electronic signature are worth.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rules::take) enum Signer {
    /// Nobody is named.
    Nobody,
    /// The patient, a therapist, a clerk.
    Another,
    /// Somebody without a credential whose name is not the prescriber's.
    Unknown,
    Hcp,
}

fn signer_in(line: &str) -> Option<NameHit> {
    read_name(line).or_else(|| find_names(line).into_iter().find(|hit| hit.span.start <= LEAD_MAX))
}

fn line_behind<'a>(page: &'a Context, from: usize) -> &'a str {
    page.text.text.get(from..).unwrap_or_default().lines().next().unwrap_or_default()
}

/// Who signs where the words of a signature stand in running text.
pub(in crate::rules::take) fn of_words(page: &Context, place: &Range<usize>) -> Signer {
    let text = page.text.text.get(..place.start).unwrap_or_default();
    let mut lines = text.rsplit('\n');
    let before = lines.next().unwrap_or_default();
    let behind = line_behind(page, place.end);
    // "Alan Pierce, MD", and under it "(electronically signed)   NPI 1234567893"
    let says = |word: &str| fold(word).contains(char::is_alphabetic) && !BESIDE.contains(&fold(word).as_str());
    if fold(before).is_empty()
        && !behind.split_whitespace().any(says)
        && lines.next().is_some_and(|line| ends_with_hcp(page, line))
    {
        return Signer::Hcp;
    }
    of_line(page, before, behind)
}

/// Who signs where a name stands behind a label.
pub(in crate::rules::take) fn of_slot(page: &Context, text: &str) -> Signer {
    of_line(page, "", text.lines().next().unwrap_or_default())
}

fn of_line(page: &Context, before: &str, line: &str) -> Signer {
    let rule = &page.book.rules.signature;
    let said_before = page.book.phrases.find(&Folded::new(before));
    // "to be electronically signed by": right before the words
    let taken_back = |place: &Range<usize>| fold(before.get(place.end..).unwrap_or_default()).is_empty();
    if said_before.any(&rule.not_yet).iter().any(taken_back) || is_none(page, line) {
        return Signer::Nobody;
    }
    if said_before.has_any(&rule.not_the_provider) {
        return Signer::Another;
    }
    let Some(hit) = signer_in(line) else {
        let words = line.split_whitespace().map(fold).filter(|word| !NOBODY.contains(&word.as_str()));
        let letters: usize = words.map(|word| word.chars().filter(|letter| letter.is_alphabetic()).count()).sum();
        // "Alan Pierce, MD, electronically signed 10/06/2026"
        return if letters >= NAME_LETTERS_MIN || ends_with_hcp(page, before) { Signer::Hcp } else { Signer::Nobody };
    };
    let behind = line.get(hit.span.end..).unwrap_or_default();
    let is_beside = |place: &Range<usize>| fold(behind.get(..place.start).unwrap_or_default()).is_empty();
    let said_behind = page.book.phrases.find(&Folded::new(behind));
    if orders_nothing(page, &hit)
        || said_behind.any(&rule.somebody_else).iter().any(is_beside)
        || hit.credentials.is_empty() && is_of(page, &hit, &[Field::PatientName, Field::PayerAdjuster])
    {
        return Signer::Another;
    }
    if is_unknown(page, &hit) { Signer::Unknown } else { Signer::Hcp }
}

/// Whether a line ends with the name of somebody who may order; behind it may stand its NPI.
fn ends_with_hcp(page: &Context, line: &str) -> bool {
    static NPI: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)[\s,]*\bNPI\W{0,3}\d{10}$").expect("a fixed pattern"));
    let bare = line.trim_end_matches([' ', ',', '(', '-', '–', '.']);
    let bare = NPI.find(bare).and_then(|npi| bare.get(..npi.start())).unwrap_or(bare);
    let last = find_names(bare).into_iter().next_back();
    last.is_some_and(|hit| {
        let behind = bare.get(hit.span.end..).unwrap_or_default();
        !hit.credentials.is_empty() && !orders_nothing(page, &hit) && behind.len() <= LEAD_MAX
    })
}

/// Words at the beginning of a signature's place that are none: "pending", "stamp", "on file". Behind a name they are another
/// matter ("Alan Pierce, MD. Signature on file").
pub(in crate::rules::take) fn is_none(page: &Context, text: &str) -> bool {
    let said = page.book.phrases.find(&Folded::new(text));
    let begins = |place: &Range<usize>| matches!(fold(text.get(..place.start).unwrap_or_default()).as_str(), "" | "by");
    said.any(&page.book.rules.signature.no_signature).iter().any(begins)
}

/// Whether the credentials behind a name are of those who may not order ("RN"), and none is of those who may.
pub(in crate::rules) fn orders_nothing(page: &Context, hit: &NameHit) -> bool {
    let holds = |list: &[String]| hit.credentials.iter().any(|own| list.iter().any(|of| is_one_credential(of, own)));
    holds(&page.book.rules.signature.orders_nothing)
        && !page.book.rules.payer.values().any(|payer| holds(&payer.allowed_credentials))
}

/// "PA-C" and "P.A.C." are one.
fn is_one_credential(one: &str, other: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|sign| !matches!(sign, b'.' | b'-' | b' ')).map(|letter| letter.to_ascii_uppercase())
    }
    letters(one).eq(letters(other))
}

/// Whether the name is that of one of these fields.
pub(in crate::rules::take) fn is_of(page: &Context, hit: &NameHit, fields: &[Field]) -> bool {
    let own = fold(hit.name.full.reveal());
    fields.iter().any(|field| page.names_of(*field).iter().any(|name| fold(name) == own))
}

/// Somebody without a credential whose family name is none of those that a label gives as the prescriber's.
fn is_unknown(page: &Context, hit: &NameHit) -> bool {
    let words =
        |name: &str| -> Vec<String> { name.split([' ', '-']).map(fold).filter(|word| word.len() > 2).collect() };
    let own = words(hit.name.full.reveal());
    let named = page.names_of(Field::ProviderName);
    let alike = |name: &String| {
        let near = |word: &String| own.iter().any(|own| strsim::osa_distance(own, word) <= DAMAGED_MAX);
        words(name).iter().any(near)
    };
    hit.credentials.is_empty() && !hit.titled && hit.doubts.is_empty() && !named.is_empty() && !named.iter().any(alike)
}

/// Who signed, where the words of a signature name somebody who may order.
pub(in crate::rules::take) fn signers(page: &Context) -> Vec<NameHit> {
    let places = page.found.any(&page.book.rules.signature.signed).into_iter().chain(slash_signatures(&page.text.text));
    let of_hcp = places.filter(|place| matches!(of_words(page, place), Signer::Hcp));
    of_hcp.filter_map(|place| read_name(page.after(place.end, 80).text.lines().next()?)).collect()
}
