//! What a patient has had is not what is treated.

use super::HISTORY;
use crate::model::Area;
use crate::rules::context::{Candidate, Context};

/// A list under a heading has at most so many rows, and the heading so many words.
const LIST_ROWS_MAX: usize = 12;
const HEADING_WORDS_MAX: usize = 4;

/// "Medical History: GERD (K21.9)", "Previous diagnosis: M54.2": left out where something else is named, else told as a doubt.
pub(super) fn leave_out(found: &mut Vec<Candidate>, page: &Context) {
    let is_history =
        |candidate: &Candidate| candidate.evidence.first().is_some_and(|evidence| stands_in(page, evidence.area));
    let told: Vec<bool> = found.iter().map(is_history).collect();
    if told.iter().all(|told| *told) {
        found.iter_mut().for_each(|candidate| candidate.doubts.push(HISTORY.to_owned()));
    } else {
        let mut told = told.into_iter();
        found.retain(|candidate| {
            let is_history = told.next() == Some(true);
            if is_history {
                page.set_aside(candidate, HISTORY);
            }
            !is_history
        });
    }
}

/// Whether the nearest label before a word of the page is one of the book's words for what the patient has had.
pub(super) fn stands_in(page: &Context, area: Area) -> bool {
    let words = &page.text.words;
    let Some(at) = words.iter().position(|word| word.area.overlap_x(&area) > 0 && word.area.overlap_y(&area) > 0)
    else {
        return false;
    };
    let before = page.text.text.get(..words[at].range.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    match line.rsplit_once([':', '?']) {
        Some((label, _)) => ends_as_history(page, label),
        None => stands_under(page, area),
    }
}

/// A line that holds nothing but such words has the lines below it that begin farther right.
fn stands_under(page: &Context, area: Area) -> bool {
    let rows = &page.sheet.rows;
    let Some(own) = rows.iter().position(|row| row.area.overlap_y(&area) > 0) else { return false };
    let indent = |row: usize| rows[row].area.left as f32;
    let heading = (0..own).rev().take(LIST_ROWS_MAX).find(|row| indent(*row) + page.sheet.unit <= indent(own));
    heading.is_some_and(|row| {
        let words: Vec<&str> = rows[row].words.iter().map(|token| token.text.as_str()).collect();
        words.len() <= HEADING_WORDS_MAX && ends_as_history(page, words.join(" ").trim_end_matches(':'))
    })
}

fn ends_as_history(page: &Context, label: &str) -> bool {
    let label = label.to_lowercase();
    let ends = |history: &String| match history.is_ascii() {
        true => {
            let tail = label.len().checked_sub(history.len()).and_then(|at| label.get(at..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(history))
        }
        false => label.ends_with(&history.to_lowercase()),
    };
    page.book.rules.history.words.iter().any(ends)
}
