//! A table of several orders, one a row, under a head of captions: the row that orders our treatment, and what stands in the others.

use std::ops::Range;

use crate::model::{Area, Field};
use crate::rules::context::Context;
use crate::rules::find_procedures;
use crate::rules::label::{CELL_GAP, Label, Meaning};
use crate::rules::sheet::Slot;
use crate::rules::span::gap_before;
use crate::rules::{TreatmentFamily, slots};

/// A head has at least so many captions that the book knows.
const CAPTIONS_MIN: usize = 2;
/// The rows of a table stand at most so many word heights apart.
const ROW_GAP: f32 = 3.0;
/// What is ordered is named in at least so many letters.
const LETTERS_MIN: usize = 3;
/// A row of the table begins at most so many word heights from its head.
const BEGINS: f32 = 4.0;
/// A table has at most so many rows.
const ROWS_MAX: usize = 12;

/// A table whose head has captions of orders.
pub(in crate::rules::take) struct OrdersTable<'a> {
    captions: Vec<&'a Label>,
    /// The rows that order massage or manual therapy.
    ours: Vec<usize>,
    /// The rows that order something else.
    others: Vec<usize>,
}

impl<'a> OrdersTable<'a> {
    /// The table of the page: a row of captions, one for how often or how long and one for what is ordered or what is wrong.
    pub(in crate::rules::take) fn of(page: &'a Context) -> Option<Self> {
        let heads =
            page.labels_of(Field::Frequency).filter(|label| label.caption && !label.colon).map(|label| label.row);
        let row = heads.into_iter().find(|row| {
            let captions = page.labels_in(*row).iter().filter(|label| label.caption && !label.colon);
            let of = |field: Field| {
                captions.clone().any(|label| matches!(label.meaning, Meaning::Field(of, _) if of == field))
            };
            (of(Field::Diagnoses) || of(Field::Plan)) && captions.clone().count() >= CAPTIONS_MIN
        })?;
        let captions: Vec<&Label> = page.labels_in(row).iter().filter(|label| label.caption && !label.colon).collect();
        let body = body(page, row);
        let (ours, mut others): (Vec<usize>, Vec<usize>) = body.into_iter().partition(|row| orders_ours(page, *row));
        others.retain(|row| stands_in_columns(page, &captions, *row) && names_an_order(page, &captions, *row));
        (!ours.is_empty()).then_some(Self { captions, ours, others })
    }

    /// What stands under a caption in the first row that orders our treatment.
    pub(in crate::rules::take) fn cell(&self, page: &Context, label: &Label) -> Option<Slot> {
        let row = *self.ours.first()?;
        self.captions.iter().find(|caption| caption.row == label.row && caption.words == label.words)?;
        let column = column(page, label);
        let words = &page.sheet.rows[row].words;
        let inside = (0..words.len()).filter(|word| column.contains(&words[*word].area.left));
        let slot = page.sheet.slot(inside.map(|word| (row, word)));
        (!slot.is_empty()).then_some(slot)
    }

    /// Whether a place of the page stands in the row of another order.
    pub(in crate::rules::take) fn is_of_another(&self, page: &Context, area: &Area) -> bool {
        page.place_of(*area).is_some_and(|(row, _)| self.others.contains(&row))
    }
}

/// The rows under a head that begin a row of the table: something stands in its first column.
fn body(page: &Context, head: usize) -> Vec<usize> {
    let rows = &page.sheet.rows;
    let mut bottom = rows[head].area.bottom;
    let mut body = Vec::new();
    let left = rows[head].area.left.saturating_sub(page.sheet.unit as u32);
    for (row, line) in rows.iter().enumerate().skip(head + 1).take(ROWS_MAX) {
        let far = line.area.top.saturating_sub(bottom) as f32 > ROW_GAP * page.sheet.unit;
        let asks = |label: &Label| label.words.start == 0 && matches!(label.meaning, Meaning::Field(..));
        if far || page.labels_in(row).iter().any(|label| label.colon || asks(label)) {
            break;
        }
        bottom = line.area.bottom;
        let first = line.words.first().map(|word| word.area.left);
        let begins = first.is_some_and(|first| first.abs_diff(left) as f32 <= BEGINS * page.sheet.unit);
        body.extend(begins.then_some(row));
    }
    body
}

/// Whether a cell of a row begins under a caption behind the first: a sentence below the table runs through its columns.
fn stands_in_columns(page: &Context, captions: &[&Label], row: usize) -> bool {
    let line = &page.sheet.rows[row];
    let begins_cell = |at: &usize| gap_before(line, *at) > CELL_GAP * page.sheet.unit;
    (1..line.words.len()).filter(begins_cell).any(|at| {
        let left = line.words[at].area.left;
        captions.iter().skip(1).any(|caption| caption.area.left.abs_diff(left) as f32 <= BEGINS * page.sheet.unit)
    })
}

/// Whether a row says what is ordered: words before the diagnoses, or under a caption of treatments. Else it is a second diagnosis.
fn names_an_order(page: &Context, captions: &[&Label], row: usize) -> bool {
    let of = |field: Field| captions.iter().find(|label| matches!(label.meaning, Meaning::Field(of, _) if of == field));
    let diagnoses = of(Field::Diagnoses).map_or(0..0, |label| 0..column(page, label).start);
    let plan = of(Field::Plan).map_or(0..0, |label| column(page, label));
    let words = page.sheet.rows[row].words.iter();
    let inside = words.filter(|word| diagnoses.contains(&word.area.left) || plan.contains(&word.area.left));
    inside.flat_map(|word| word.folded.chars()).filter(|letter| letter.is_alphabetic()).count() >= LETTERS_MIN
}

fn orders_ours(page: &Context, row: usize) -> bool {
    let text = page.sheet.slot((0..page.sheet.rows[row].words.len()).map(|word| (row, word))).text;
    let mut hits = page.book.treatments.find(&text).into_iter().filter(|hit| !hit.negated);
    let ours = |family: TreatmentFamily| matches!(family, TreatmentFamily::Massage | TreatmentFamily::ManualTherapy);
    hits.any(|hit| ours(hit.family)) || find_procedures(&text).iter().any(|hit| ["97124", "97140"].contains(&hit.code))
}

/// From the left edge of a caption to that of the next cell of the head.
fn column(page: &Context, label: &Label) -> Range<u32> {
    let slack = page.sheet.unit as u32;
    let next = slots::next_in_row(&page.sheet, label);
    label.area.left.saturating_sub(slack)..next.map_or(u32::MAX, |next| next.saturating_sub(slack))
}
