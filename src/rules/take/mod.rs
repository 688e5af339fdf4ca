//! In: a page laid out. Out: the candidates for each field, one file a group of fields.

mod body_areas;
pub(in crate::rules) mod dates;
mod diagnosis;
mod expiry;
mod frequency;
mod matter;
mod numbers;
mod orders_table;
mod payer;
mod people;
mod plan;
mod quoted;
mod signature;
pub(in crate::rules) mod signer;
mod unread;
pub(in crate::rules) mod whose;
mod veto;

use crate::model::Finding;
use crate::rules::context::{Candidate, Context};

/// All candidates of a page.
pub(in crate::rules) fn all(page: &Context) -> Vec<Finding> {
    let candidates = [
        people::take,
        numbers::take,
        dates::take,
        diagnosis::take,
        plan::take,
        body_areas::take,
        frequency::take,
        payer::take,
        signature::take,
    ];
    let mut found: Vec<Candidate> = candidates.iter().flat_map(|take| take(page)).collect();
    quoted::leave_out(page, &mut found);
    page.book.own.apply(page, &mut found);
    found.extend(unread::take(page, &found));
    found.into_iter().map(Candidate::finding).collect()
}
