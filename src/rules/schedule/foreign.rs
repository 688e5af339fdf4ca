//! In: a slot's text. Out: the same text, byte for byte as long, without the clauses that are about something else: medicines,
//! exercises, complaints, what has been done. A slot whose clauses are all of that kind stays as it is.

use std::ops::Range;

use crate::rules::clause::clauses;

use super::prose::{is_exercise, is_history, is_medicine, is_order, is_therapy};

/// The text with clauses of other matters made blank, where another clause has a number of its own.
pub(super) fn keep_own(text: &str) -> String {
    let mut clauses = clauses(text);
    clauses.retain(|clause| text.get(clause.clone()).is_some_and(|clause| !clause.trim().is_empty()));
    // "Neck: 2x/wk x 4; headaches: 1x/wk x 4" are two orders: a complaint is another matter only beside massage or an order
    let treats = clauses.iter().filter_map(|clause| text.get(clause.clone())).any(names_massage);
    let own = |clause: &Range<usize>| text.get(clause.clone()).is_some_and(|clause| !is_foreign(clause, treats));
    let counts = |clause: &Range<usize>| {
        text.get(clause.clone()).is_some_and(|clause| {
            clause.contains(|letter: char| letter.is_ascii_digit()) || super::words::says_rate(clause)
        })
    };
    if clauses.len() < 2 || !clauses.iter().any(|clause| own(clause) && counts(clause)) {
        return text.to_owned();
    }
    let mut kept = text.as_bytes().to_vec();
    for clause in clauses.into_iter().filter(|clause| !own(clause)) {
        kept.get_mut(clause).into_iter().flatten().for_each(|byte| *byte = b' ');
    }
    // whole letters were made blank, so it is text still
    String::from_utf8(kept).unwrap_or_else(|_| text.to_owned())
}

/// Whether a clause names massage or orders something.
fn names_massage(clause: &str) -> bool {
    let lower = clause.to_lowercase();
    words(&lower).any(|word| is_therapy(word) || is_order(word))
}

fn words(lower: &str) -> impl Iterator<Item = &str> {
    lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A clause about a medicine, an exercise or what has been, and, where massage is named (`treats`), about a complaint; none that
/// orders massage.
fn is_foreign(clause: &str, treats: bool) -> bool {
    let lower = clause.to_lowercase();
    let words: Vec<&str> = words(&lower).collect();
    let any = |is: fn(&str) -> bool| words.iter().any(|word| is(word));
    let told = any(is_history) || words.windows(2).any(|pair| matches!(pair, ["to", "date"] | ["so", "far"]));
    if told && !any(is_order) {
        return true;
    }
    !any(is_therapy) && (any(is_medicine) || any(is_exercise) || treats && any(is_complaint))
}

/// What the patient has or does: its numbers order nothing.
fn is_complaint(word: &str) -> bool {
    matches!(
        word,
        "headache"
            | "headaches"
            | "migraine"
            | "migraines"
            | "symptoms"
            | "symptom"
            | "spasms"
            | "numbness"
            | "works"
            | "working"
            | "work"
            | "lifting"
            | "lift"
            | "driving"
            | "smokes"
            | "sleeps"
            | "flares"
            | "episodes"
            | "onset"
    )
}

#[cfg(test)]
mod tests {
    use super::keep_own;

    #[test]
    fn a_medicine_goes_and_keeps_its_place() {
        let text = "massage 2x/wk x 4 wks; ibuprofen 3x/day";
        let kept = keep_own(text);
        assert_eq!(kept.trim_end(), "massage 2x/wk x 4 wks;");
        assert_eq!(kept.len(), text.len());
    }

    #[test]
    fn two_orders_stay_two_though_one_names_a_complaint() {
        let text = "neck: 2x/wk x 4 wks; headaches: 1x/wk x 4 wks";
        assert_eq!(keep_own(text), text);
    }

    #[test]
    fn the_only_clause_stays() {
        assert_eq!(keep_own("ice 3x/day"), "ice 3x/day");
    }
}
