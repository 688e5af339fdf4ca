//! What an answered mail quotes is an earlier matter: it counts only where the answer itself says nothing of a field.

use std::ops::Range;

use crate::rules::context::{Candidate, Context};
use crate::rules::sheet::Row;

/// The head of a mail has at most so many rows below its first.
const HEAD_ROWS: usize = 4;

/// Leaves out what stands in quoted lines alone, of fields that have a value outside them.
pub(in crate::rules::take) fn leave_out(page: &Context, found: &mut Vec<Candidate>) {
    let quoted = quoted(&page.sheet.rows);
    if quoted.is_empty() {
        return;
    }
    let is_quoted = |candidate: &Candidate| {
        let inside = |top: u32| quoted.iter().any(|rows| rows.contains(&top));
        !candidate.evidence.is_empty() && candidate.evidence.iter().all(|ink| inside(ink.area.top))
    };
    let own: Vec<_> = found.iter().filter(|it| !is_quoted(it)).map(|it| it.field).collect();
    found.retain(|candidate| {
        let is_out = own.contains(&candidate.field) && is_quoted(candidate);
        if is_out {
            page.set_aside(candidate, "it stands in a mail that this one answers");
        }
        !is_out
    });
}

/// From top to bottom of the lines that are quoted: those with ">" below "... wrote:", all below where none has one, or all from
/// the head of a second mail on.
fn quoted(rows: &[Row]) -> Vec<Range<u32>> {
    let says_so = |row: &Row| row.words.last().is_some_and(|last| last.text.eq_ignore_ascii_case("wrote:"));
    let place = |row: &Row| row.area.top..row.area.bottom;
    if let Some(at) = rows.iter().position(says_so) {
        let below = &rows[at + 1..];
        let marked = |row: &&Row| row.words.first().is_some_and(|first| first.text.starts_with('>'));
        return match below.iter().any(|row| marked(&row)) {
            true => below.iter().filter(marked).map(place).collect(),
            false => below.iter().map(place).collect(),
        };
    }
    let begins =
        |row: &Row, heads: &[&str]| row.words.first().is_some_and(|first| heads.contains(&first.text.as_str()));
    let is_head = |at: &usize| {
        let next = rows.iter().skip(at + 1).take(HEAD_ROWS);
        begins(&rows[*at], &["From:"])
            && next.filter(|row| begins(row, &["Sent:", "Date:", "To:", "Subject:"])).count() > 1
    };
    let second = (0..rows.len()).filter(is_head).nth(1);
    second.map(|at| rows[at..].iter().map(place).collect()).unwrap_or_default()
}
