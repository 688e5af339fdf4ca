//! In: a page, its sender, and the `[form.NAME]` blocks. Out: the labels of the page as the form that it is has them.
//!
//! A form names text that stands on it beside each value. Such an anchor becomes a label of its field, and the general labels of
//! that field are put aside: what is behind the anchor is read as behind any other label.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use jiff::civil::Date;
use serde_spanned::Spanned;
use strsim::osa_distance;

use crate::model::{Field, Reading};
use crate::rules::label::{Label, Meaning};
use crate::rules::phrase::Found;
use crate::rules::schema::{FormRule, PlaceRule, RuleFile};
use crate::rules::sheet::{Row, Sheet, fold};
use crate::rules::slots::Where;
use crate::written::{Fault, FaultKind, Source};

/// Words of an anchor of at least this many letters may differ in one letter: OCR damage.
const TOLERANT_LETTERS_MIN: usize = 5;
/// Digits of a fax number that tell senders apart, from its end: a North American number without its country.
const FAX_DIGITS: usize = 10;

/// Which form a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormStory {
    /// One form fits: its name and what told it.
    Is(String, String),
    /// Several fit equally well: none is used.
    Several(Vec<String>),
    /// None of the forms of the book; for each why not.
    None(Vec<(String, String)>),
}

/// The form of a page, by its text or its sender. Of several that fit the one with the most text of its own on the page counts.
pub(in crate::rules) fn recognise<'a>(
    forms: impl Iterator<Item = (&'a String, &'a FormRule)>,
    found: &Found,
    reading: &Reading,
    sender: Option<&str>,
    on: Date,
) -> FormStory {
    let mut fits: Vec<(usize, &str, String)> = Vec::new();
    let mut why_not = Vec::new();
    for (name, form) in forms {
        match fit(form, found, reading, sender, on) {
            Ok((weight, what)) => fits.push((weight, name, what)),
            Err(why) => why_not.push((name.clone(), why)),
        }
    }
    let most = fits.iter().map(|(weight, ..)| *weight).max();
    fits.retain(|(weight, ..)| Some(*weight) == most);
    match fits.as_slice() {
        [] => FormStory::None(why_not),
        [(_, name, what)] => FormStory::Is((*name).to_owned(), what.clone()),
        _ => FormStory::Several(fits.iter().map(|(_, name, _)| (*name).to_owned()).collect()),
    }
}

/// How many of its phrases stand on the page and what told it, or why it is not this form.
fn fit(
    form: &FormRule,
    found: &Found,
    reading: &Reading,
    sender: Option<&str>,
    on: Date,
) -> Result<(usize, String), String> {
    if form.valid_from.is_some_and(|from| on < from) || form.valid_until.is_some_and(|until| until < on) {
        return Err("it is not valid on this day".to_owned());
    }
    if let Some((phrase, _)) = found.each(&form.none).find(|(_, stands)| *stands) {
        return Err(format!("{phrase:?} stands on the page"));
    }
    let count = |list| found.each(list).filter(|(_, stands)| *stands).count();
    let (all, any) = (count(&form.all), count(&form.any));
    let told_by_text = !(form.all.is_empty() && form.any.is_empty());
    if told_by_text && all == form.all.len() && (any > 0 || form.any.is_empty()) {
        return Ok((all + any, "its text".to_owned()));
    }
    if is_sender(form, reading, sender) {
        return Ok((all + any, "its sender".to_owned()));
    }
    Err(match found.each(&form.all).find(|(_, stands)| !stands) {
        Some((phrase, _)) => format!("{phrase:?} does not stand on the page"),
        None if told_by_text => "none of its `any` stands on the page".to_owned(),
        None => "it came from another sender".to_owned(),
    })
}

/// Whether the door, or the line that the sending machine stamped on the page, names a sender of the form.
fn is_sender(form: &FormRule, reading: &Reading, sender: Option<&str>) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let stamped = reading.fax_header.as_ref().map(|line| digits(&line.text())).unwrap_or_default();
    let told = sender.map(digits).unwrap_or_default();
    let same_fax = |number: &String| {
        let number = digits(number);
        let end = number.get(number.len().saturating_sub(FAX_DIGITS)..).unwrap_or_default();
        end.len() == FAX_DIGITS && (told.ends_with(end) || stamped.contains(end))
    };
    let mail = sender.unwrap_or_default().to_lowercase();
    let mail = mail.rsplit('<').next().unwrap_or_default().trim_end_matches('>');
    // "@clinic.example" is everybody there
    let same_mail = |address: &String| {
        let address = address.to_lowercase();
        mail == address || address.starts_with('@') && mail.ends_with(&address)
    };
    form.sender_fax.iter().any(same_fax) || form.sender_email.iter().any(same_mail)
}

/// The labels of a page as `form` has them: its anchors instead of the general labels of their fields. A field whose anchor is
/// not on the page keeps its general labels.
pub(in crate::rules) fn apply(form: &FormRule, sheet: &Sheet, labels: Vec<Label>) -> Vec<Label> {
    let mut placed: Vec<Label> = Vec::new();
    let mut fields: Vec<Field> = Vec::new();
    for (field, place) in &form.field {
        let of_field = anchored(*field, place, sheet);
        if !of_field.is_empty() {
            fields.push(*field);
            placed.extend(of_field);
        }
    }
    let touches = |label: &Label, other: &Label| {
        label.row == other.row && label.words.start < other.words.end && other.words.start < label.words.end
    };
    let general = labels.into_iter().filter(|label| {
        let replaced = matches!(label.meaning, Meaning::Field(field, _) if fields.contains(&field));
        !replaced && !placed.iter().any(|own| touches(own, label))
    });
    let mut all: Vec<Label> = general.collect();
    all.extend(placed);
    all.sort_by_key(|label| (label.row, label.words.start));
    all
}

/// The anchor of a field as a label, with the text that ends its value, if the page has both.
fn anchored(field: Field, place: &PlaceRule, sheet: &Sheet) -> Vec<Label> {
    let means = Meaning::Field(field, None);
    let label = |anchor: &str, only: Option<Where>| -> Option<Label> {
        let mut label = find(anchor, sheet)?;
        (label.meaning, label.only, label.rule) = (means, only, place.rule.clone());
        label.caption = only != Some(Where::SameLine);
        Some(label)
    };
    if let Some([from, to]) = &place.between {
        let end = find(to, sheet).map(|end| Label { rule: place.rule.clone(), ..end });
        let both =
            label(from, None).zip(end).filter(|(from, to)| (from.row, from.words.end) <= (to.row, to.words.start));
        return both.map(|(from, to)| vec![Label { caption: from.row != to.row, ..from }, to]).unwrap_or_default();
    }
    let right = place.right_of.as_deref().and_then(|anchor| label(anchor, Some(Where::SameLine)));
    let below = place.below.as_deref().and_then(|anchor| label(anchor, Some(Where::Below)));
    let boxes = place.boxes.as_deref().and_then(|anchor| label(anchor, None));
    right.or(below).or(boxes).into_iter().collect()
}

/// Where the words of an anchor stand, the first time from the top.
fn find(anchor: &str, sheet: &Sheet) -> Option<Label> {
    let wanted: Vec<String> = anchor.split_whitespace().map(fold).filter(|word| !word.is_empty()).collect();
    sheet.rows.iter().enumerate().find_map(|(row, words)| {
        let start = (0..words.words.len()).find(|at| stands_at(&wanted, words, *at))?;
        let mut end = start + wanted.len();
        // a colon or a number sign that stands alone
        while words
            .words
            .get(end)
            .is_some_and(|token| token.folded.is_empty() && token.text.chars().all(|c| ":#.-=".contains(c)))
        {
            end += 1;
        }
        let area = words.words[start..end].iter().map(|token| token.area).reduce(|all, area| all.union(&area))?;
        let rule = String::new();
        Some(Label {
            row,
            words: start..end,
            meaning: Meaning::Other,
            area,
            rule,
            phrase: anchor.to_owned(),
            colon: true,
            caption: false,
            weak: false,
            only: None,
        })
    })
}

fn stands_at(wanted: &[String], row: &Row, at: usize) -> bool {
    let alike = |wanted: &String, read: &str| {
        wanted == read || wanted.chars().count() >= TOLERANT_LETTERS_MIN && osa_distance(wanted, read) <= 1
    };
    !wanted.is_empty()
        && wanted
            .iter()
            .enumerate()
            .all(|(offset, word)| row.words.get(at + offset).is_some_and(|token| alike(word, &token.folded)))
}

/// Tells each place its `file:line`.
pub(in crate::rules) fn number(source: &Source, rules: &mut RuleFile) {
    for (name, form) in &mut rules.form {
        for (field, place) in &mut form.field {
            place.rule = format!("rules/{}:{}", source.name, source.line(&[&"form", name, &"field", field]));
        }
    }
}

/// What is wrong with the forms of one file.
pub(in crate::rules) fn check_file(source: &Source, rules: &RuleFile, faults: &mut Vec<Fault>) {
    for (name, form) in &rules.form {
        let mut wrong = |kind, part: &[&dyn Display], what: String| {
            let path: Vec<&dyn Display> =
                [&"form" as &dyn Display, name].into_iter().chain(part.iter().copied()).collect();
            source.tell(faults, kind, &path, what);
        };
        let told = [&form.all, &form.any, &form.sender_fax, &form.sender_email];
        if told.iter().all(|list| list.is_empty()) {
            let what = format!("nothing tells the form {name:?}: give `all`, `any`, `sender_fax` or `sender_email`");
            wrong(FaultKind::Form, &[], what);
        }
        if form.field.is_empty() {
            let what = format!("the form {name:?} names no field: give [form.{name}.field.\"patient.name\"] and so on");
            wrong(FaultKind::Form, &[&"field"], what);
        }
        if form.valid_from.zip(form.valid_until).is_some_and(|(from, until)| until < from) {
            let what = format!("the form {name:?} ends before it begins: `valid_until` is before `valid_from`");
            wrong(FaultKind::Form, &[&"valid_until"], what);
        }
        for (field, place) in form.field.iter().filter(|(_, place)| place.places() != 1) {
            let what = format!(
                "form {name:?}, {field}: give one of `right_of`, `below`, `between` and `box`, not {}",
                place.places()
            );
            wrong(FaultKind::Form, &[&"field", field], what);
        }
        let says_nothing = |phrase: &str| fold(phrase).is_empty();
        let empty = |phrase: &str| format!("form {name:?}: the text {phrase:?} has no letter or digit");
        for (key, list) in [("all", &form.all), ("any", &form.any), ("none", &form.none)] {
            for (nth, phrase) in list.iter().enumerate().filter(|(_, phrase)| says_nothing(phrase)) {
                wrong(FaultKind::EmptyPhrase, &[&key, &nth], empty(phrase));
            }
        }
        for (field, place) in &form.field {
            for phrase in place.anchors().filter(|phrase| says_nothing(phrase)) {
                wrong(FaultKind::EmptyPhrase, &[&"field", field], empty(phrase));
            }
        }
        for (nth, number) in form.sender_fax.iter().enumerate() {
            if number.chars().filter(char::is_ascii_digit).count() < FAX_DIGITS {
                let what = format!("form {name:?}: the fax number {number:?} has fewer than {FAX_DIGITS} digits");
                wrong(FaultKind::Form, &[&"sender_fax", &nth], what);
            }
        }
        for (nth, address) in form.sender_email.iter().enumerate().filter(|(_, address)| !address.contains('@')) {
            let what = format!(
                "form {name:?}: {address:?} is no address: write \"desk@clinic.example\" or \"@clinic.example\""
            );
            wrong(FaultKind::Form, &[&"sender_email", &nth], what);
        }
        if !rules.test.iter().any(|test| test.as_ref().form.as_ref() == Some(name)) {
            let what = format!("the form {name:?} has no test in its file: give one a [[test]] with form = {name:?}");
            wrong(FaultKind::Untested, &[], what);
        }
    }
    for (nth, test) in rules.test.iter().map(Spanned::as_ref).enumerate() {
        if let Some(form) = test.form.as_ref().filter(|form| !source.names_it("form", form)) {
            let what = format!("the test {:?} names the form {form:?}, which its file does not have", test.name);
            source.tell(faults, FaultKind::Value, &[&"test", &nth, &"form"], what);
        }
    }
}

/// Two forms of the book that are told by the same text, or by the same sender and no text, on the same days: none would ever
/// be used.
pub(in crate::rules) fn check_all(sources: &[Source], forms: &BTreeMap<String, FormRule>, faults: &mut Vec<Fault>) {
    let set = |list: &[String]| -> BTreeSet<String> { list.iter().map(|phrase| fold(phrase)).collect() };
    let told = |form: &FormRule| {
        let text = (set(&form.all), set(&form.any), set(&form.none));
        let by_text = !(form.all.is_empty() && form.any.is_empty());
        (
            text,
            if by_text { (BTreeSet::new(), BTreeSet::new()) } else { (set(&form.sender_fax), set(&form.sender_email)) },
        )
    };
    let all: Vec<(&String, &FormRule)> = forms.iter().collect();
    for (index, (name, form)) in all.iter().enumerate() {
        for (other_name, other) in &all[index + 1..] {
            let apart = form.valid_until.zip(other.valid_from).is_some_and(|(until, from)| until < from)
                || other.valid_until.zip(form.valid_from).is_some_and(|(until, from)| until < from);
            if !apart && told(form) == told(other) {
                let what =
                    format!("the forms {name:?} and {other_name:?} are told by the same, so neither is ever used");
                let path: [&dyn Display; 2] = [&"form", other_name];
                let source = sources.iter().find(|source| source.has(&path));
                faults.extend(source.map(|source| source.fault(FaultKind::SameForm, &path, what)));
            }
        }
    }
}
