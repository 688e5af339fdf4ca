//! In: one paper of a clinic. Out: a `[form.NAME]` block and its test, to be looked over by whoever owns the rule files.
//!
//! The draft holds the words that are printed on the form and made values: nothing of the patient on the sample.

use jiff::civil::Date;

use crate::model::{Area, Field, Finding, Reading, Value};
use crate::rules::Book;
use crate::rules::context::Context;
use crate::rules::sheet::{Row, Sheet, Token, fold};
use crate::rules::take;

/// An anchor has at most so many words.
const ANCHOR_WORDS_MAX: usize = 4;
/// So many headings tell a form.
const HEADINGS_MAX: usize = 2;
/// A wider gap, in word heights, stands between two things.
const GAP: f32 = 2.0;

/// What a draft looks for, with a made value and how a test writes it.
const FIELDS: [(Field, &str, &str); 9] = [
    (Field::PatientName, "Maria Lopez", "Maria Lopez"),
    (Field::PatientBirthDate, "03/02/1984", "1984-03-02"),
    (Field::Diagnoses, "M54.2 Cervicalgia", "M54.2"),
    (Field::Frequency, "2x/week x 6 weeks", "ok, 12 visits"),
    (Field::PayerClaimNumber, "44-2211-B90", "44-2211-B90"),
    (Field::PayerDateOfInjury, "08/14/2026", "2026-08-14"),
    (Field::ProviderName, "Alan Pierce, MD", "Alan Pierce"),
    (Field::ProviderNpi, "1234567893", "1234567893"),
    (Field::WrittenOn, "09/01/2026", "2026-09-01"),
];

/// Where a value stands, by the words beside it.
struct Place {
    field: Field,
    below: bool,
    anchor: String,
    row: usize,
}

impl Book {
    /// A block for the form that `reading` is one sample of, and its test. None where no heading or no value can be told.
    pub fn draft_form(&self, reading: &Reading, name: &str, on: Date) -> Option<String> {
        let page = Context::new(&self.0, reading, on, None);
        let findings = take::all(&page);
        let values: Vec<Area> = findings.iter().flat_map(|it| &it.evidence).map(|evidence| evidence.area).collect();
        let names = patient_words(&findings);
        // "Low back pain M54.50": the words before a code are the patient's as well
        let is_print = |place: &Place| {
            let is_patients = names_patient(&place.anchor, &names)
                || place.field == Field::Diagnoses && page.book.codes.speaks_of_one(&place.anchor);
            !is_patients
        };
        let mut places: Vec<Place> = FIELDS
            .iter()
            .filter_map(|(field, ..)| {
                let of_field = findings.iter().filter(|it| it.field == *field && it.value != Value::Unread);
                let best: &Finding = of_field.max_by(|a, b| a.confidence.total_cmp(&b.confidence))?;
                place(*field, best.evidence.first()?.area, &values, &page.sheet).filter(is_print)
            })
            .collect();
        places.sort_by_key(|place| place.row);
        let mut headings = headings(&page.sheet, &values);
        headings.retain(|heading| !names_patient(heading, &names));
        headings.truncate(HEADINGS_MAX);
        (!headings.is_empty() && !places.is_empty()).then(|| write(name, &headings, &places))
    }
}

/// What the patient is called in all that was found.
fn patient_words(findings: &[Finding]) -> Vec<String> {
    let names = findings.iter().filter(|it| it.field == Field::PatientName).flat_map(|it| &it.evidence);
    let words = names.flat_map(|ink| ink.text.reveal().split([' ', ',', '-'])).map(fold);
    words.filter(|word| word.len() > 1).collect()
}

fn names_patient(text: &str, names: &[String]) -> bool {
    text.split([' ', ',', '-']).map(fold).any(|word| names.contains(&word))
}

fn words(tokens: &[Token]) -> String {
    let words: Vec<&str> = tokens.iter().map(|token| token.text.trim_end_matches([':', '#', '.'])).collect();
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Words that may be printed: letters, and no digit of somebody's number.
fn is_print(token: &Token) -> bool {
    !token.folded.is_empty() && !token.text.chars().any(|letter| letter.is_ascii_digit())
}

/// The words left of a value on its line, else those above it.
fn place(field: Field, value: Area, values: &[Area], sheet: &Sheet) -> Option<Place> {
    // another value is no anchor
    let is_value =
        |token: &Token| values.iter().any(|area| area.overlap_x(&token.area) > 0 && area.overlap_y(&token.area) > 0);
    let on_line =
        |row: &Row| row.words.iter().any(|token| token.area.overlap_x(&value) > 0 && token.area.overlap_y(&value) > 0);
    let row = sheet.rows.iter().position(on_line)?;
    let left = sheet.rows[row].words.iter().take_while(|token| token.area.center_x() < value.left).count();
    let gap = GAP * sheet.unit;
    let mut begin = left;
    while let Some(before) = begin.checked_sub(1) {
        let token = &sheet.rows[row].words[before];
        let apart =
            begin < left && sheet.rows[row].words[begin].area.left.saturating_sub(token.area.right) as f32 > gap;
        if apart
            || is_value(token)
            || !is_print(token)
            || left - before > ANCHOR_WORDS_MAX
            || begin < left && token.ends_label()
        {
            break;
        }
        begin = before;
    }
    let behind = words(&sheet.rows[row].words[begin..left]);
    if !behind.is_empty() {
        return Some(Place { field, below: false, anchor: behind, row });
    }
    let above = sheet.rows.get(row.checked_sub(1)?)?;
    let over: Vec<Token> = above.words.iter().filter(|token| token.area.overlap_x(&value) > 0).cloned().collect();
    let anchor = words(&over);
    let printed = !over.is_empty()
        && over.len() <= ANCHOR_WORDS_MAX
        && over.iter().all(|token| is_print(token) && !is_value(token))
        && !anchor.is_empty();
    printed.then_some(Place { field, below: true, anchor, row })
}

/// The first lines of two words and more that hold nothing that was found: the form's own heading.
fn headings(sheet: &Sheet, values: &[Area]) -> Vec<String> {
    let free = |row: &&Row| {
        let touched = values.iter().any(|value| value.overlap_x(&row.area) > 0 && value.overlap_y(&row.area) > 0);
        let letters = row.words.iter().filter(|token| is_print(token)).count();
        let may_stand = |token: &Token| (is_print(token) || token.folded.is_empty()) && !token.ends_label();
        !touched && letters >= 2 && row.words.iter().all(may_stand)
    };
    sheet.rows.iter().filter(free).map(|row| words(&row.words)).collect()
}

fn write(name: &str, headings: &[String], places: &[Place]) -> String {
    let quoted: Vec<String> = headings.iter().map(|heading| format!("{heading:?}")).collect();
    let mut block = format!("[form.{name}]\nall = [{}]\n\n[form.{name}.field]\n", quoted.join(", "));
    let mut sample = headings.join("\n\n") + "\n\n";
    let mut expected = Vec::new();
    for Place { field, below, anchor, .. } in places {
        let key = if *below { "below" } else { "right_of" };
        block.push_str(&format!("\"{field}\" = {{ {key} = {anchor:?} }}\n"));
        let Some((_, made, shown)) = FIELDS.iter().find(|(of, ..)| of == field) else { continue };
        let between = if *below { "\n" } else { "   " };
        sample.push_str(&format!("{anchor}{between}{made}\n\n"));
        expected.push(format!("\"{field}\" = {shown:?}"));
    }
    block.push_str(&format!(
        "\n[[test]]\nname = \"a draft of {name}: hold it against the paper\"\nform = {name:?}\ntext = '''\n{sample}'''\n\
         expect = {{ {} }}\n",
        expected.join(", ")
    ));
    block
}
