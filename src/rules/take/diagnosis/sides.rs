//! The side of a code against the side that the rest of the page names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::model::{Diagnosis, Value};
use crate::rules::clause::clauses;
use crate::rules::codes::{Side, find_procedures, names_a_side};
use crate::rules::context::{Candidate, Context};
use crate::rules::ticks::Tick;

/// A clause with one of these words says where nothing is to be done.
const NOT_TREATED: [&str; 9] =
    ["avoid", "not", "no", "except", "without", "precaution", "precautions", "contraindication", "contraindications"];
/// A clause with one of these speaks of where the treatment is wanted.
const WHERE: [&str; 9] = ["treat", "treatment", "area", "areas", "region", "regions", "site", "focus", "location"];
/// Boxes whose words are sides, of which one question is made.
const BOXES_MIN: usize = 2;

/// A code of one side.
struct Sided {
    at: usize,
    side: Side,
    areas: BTreeSet<String>,
}

/// Doubts the codes of one side ("pain in right shoulder") where the words beside them say both sides, the plan names the other side of
/// the same area alone, or a box for another side is ticked; not where a code for that side stands on the page as well.
pub(super) fn doubt(found: &mut [Candidate], page: &Context) {
    let sided: Vec<Sided> = found.iter().enumerate().filter_map(|(at, candidate)| sided(page, at, candidate)).collect();
    if sided.is_empty() {
        return;
    }
    let treated = treated(page, found);
    let boxed = boxed(page);
    let mut doubts = Vec::new();
    for code in &sided {
        let twin = sided.iter().any(|other| other.side != code.side && other.areas == code.areas);
        if twin {
            continue;
        }
        let of_areas = || code.areas.iter().filter_map(|area| treated.get(area)).flatten();
        let elsewhere = of_areas().next().is_some() && of_areas().all(|side| *side == opposite(code.side));
        let both = both_beside(page, &found[code.at], &code.areas);
        let box_says = boxed.filter(|side| *side != code.side);
        // a box for the side of another code
        let of_another = box_says.is_some_and(|side| sided.iter().any(|other| other.side == side));
        let why = if both {
            "the words beside it say both sides, the code one"
        } else if elsewhere {
            "the plan names the other side"
        } else if box_says.is_some() && !of_another {
            "another side is ticked or named than that of the code"
        } else {
            continue;
        };
        doubts.push((code.at, why));
    }
    for (at, why) in doubts {
        found[at].doubts.push(why.to_owned());
    }
}

fn sided(page: &Context, at: usize, candidate: &Candidate) -> Option<Sided> {
    let Value::Diagnosis(Diagnosis { code: Some(code), .. }) = &candidate.value else { return None };
    let title = page.book.codes.title(code)?;
    let (mut right, mut left, mut both) = (false, false, false);
    for word in title.split(|letter: char| !letter.is_alphanumeric()) {
        right |= word.eq_ignore_ascii_case("right");
        left |= word.eq_ignore_ascii_case("left");
        both |= word.eq_ignore_ascii_case("bilateral");
    }
    let side = match (right, left, both) {
        (true, false, false) => Side::Right,
        (false, true, false) => Side::Left,
        _ => return None,
    };
    let areas = page.book.areas.find(title).into_iter().map(|hit| hit.area).collect();
    Some(Sided { at, side, areas })
}

fn opposite(side: Side) -> Side {
    match side {
        Side::Left => Side::Right,
        Side::Right => Side::Left,
        Side::Both => Side::Both,
    }
}

/// "M25.511 bilateral shoulder pain".
fn both_beside(page: &Context, candidate: &Candidate, areas: &BTreeSet<String>) -> bool {
    let Value::Diagnosis(Diagnosis { text: Some(text), .. }) = &candidate.value else { return false };
    page.book.areas.find(text).iter().any(|hit| hit.side == Some(Side::Both) && areas.contains(&hit.area))
}

/// The sides of each body area that clauses on the treatment name; what stands on the line of a code is the diagnosis' own.
fn treated(page: &Context, found: &[Candidate]) -> BTreeMap<String, BTreeSet<Side>> {
    let mut sides: BTreeMap<String, BTreeSet<Side>> = BTreeMap::new();
    let ink: BTreeSet<&str> = found
        .iter()
        .flat_map(|candidate| &candidate.evidence)
        .map(|evidence| evidence.text.reveal().as_str())
        .collect();
    for place in clauses(&page.text.text) {
        if !names_a_side(page.words(), &place) {
            continue;
        }
        let clause = page.text.text.get(place.clone()).unwrap_or_default();
        let any = |list: &[&str]| {
            let mut words = clause.split(|letter: char| !letter.is_alphanumeric());
            words.any(|word| list.iter().any(|known| word.eq_ignore_ascii_case(known)))
        };
        let first = page.treatments().partition_point(|hit| hit.span.start < place.start);
        let mut named = page.treatments()[first..].iter().take_while(|hit| hit.span.start < place.end).peekable();
        let is_order = any(&WHERE) || named.peek().is_some() || !find_procedures(clause).is_empty();
        if !is_order || any(&NOT_TREATED) || named.any(|hit| hit.negated) {
            continue;
        }
        if page.book.treatments.is_past(clause) || ink.iter().any(|ink| clause.contains(ink)) {
            continue;
        }
        for hit in page.book.areas.find(clause) {
            if let Some(side) = hit.side {
                sides.entry(hit.area).or_default().insert(side);
            }
        }
    }
    sides
}

/// The side of the one ticked box of a question ("Side: [ ] R [X] L [ ] B"), or behind the word ("Side: left").
fn boxed(page: &Context) -> Option<Side> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:side|laterality)\s?:\s{0,4}(left|right|both|bilateral|lt|rt|[lrb])\b")
            .expect("a fixed pattern")
    });
    let of_side = |tick: &Tick| side(tick.words.text.split_whitespace().next().unwrap_or_default());
    let boxes: Vec<(bool, Side)> = page.ticks.iter().filter_map(|tick| Some((tick.ticked, of_side(tick)?))).collect();
    let mut ticked = boxes.iter().filter(|(ticked, _)| *ticked).map(|(_, side)| *side);
    match (ticked.next(), ticked.next()) {
        (Some(one), None) if BOXES_MIN <= boxes.len() => Some(one),
        (None, _) if boxes.is_empty() => NAMED.captures(&page.text.text)?.get(1).and_then(|word| side(word.as_str())),
        _ => None,
    }
}

fn side(word: &str) -> Option<Side> {
    match word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase().as_str() {
        "l" | "lt" | "left" => Some(Side::Left),
        "r" | "rt" | "right" => Some(Side::Right),
        "b" | "both" | "bilateral" => Some(Side::Both),
        _ => None,
    }
}
