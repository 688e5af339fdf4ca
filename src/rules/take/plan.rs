//! What to do: procedure codes, treatment words, body areas.

use crate::model::{Field, Procedure, Value};
use crate::rules::context::{Candidate, Context};
use crate::rules::ticks::SURE;
use crate::rules::{ProcedureHit, TreatmentFamily, find_procedures, treatment_words};

/// A plan may run over this many rows.
const ROWS_MAX: usize = 6;

pub(in crate::rules::take) fn take(page: &Context) -> Vec<Candidate> {
    let mut found = ticked(page);
    let rule = "rules/40-plan.toml";
    // codes in the text; a code beside a box is ordered only by its tick
    for hit in find_procedures(&page.text.text) {
        if !page.is_beside_box(&hit.span) {
            let evidence = page.text.evidence(&hit.span, rule);
            found.push(procedure(hit, evidence, 0.98, rule, Vec::new()));
        }
    }
    if found.is_empty() {
        found.extend(by_words(page));
    }
    found.extend(words_of_the_plan(page));
    found
}

fn procedure(
    hit: ProcedureHit,
    evidence: Vec<crate::model::Evidence>,
    trust: f32,
    rule: &str,
    mut more: Vec<String>,
) -> Candidate {
    more.extend(hit.doubts);
    if let Some(new) = hit.replaced_by {
        more.push(format!("{} was deleted from CPT; {new} took its place", hit.code));
    }
    let value = Value::Procedure(Procedure { code: Some(hit.code.to_owned()), units: hit.units });
    Candidate { field: Field::Plan, value, evidence, trust, rule: rule.to_owned(), doubts: more }
}

/// Procedures beside ticked boxes. A box that could hardly be told is a doubt on the whole plan.
fn ticked(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for tick in &page.ticks {
        let hits = find_procedures(&tick.words.text);
        let doubts = |confidence: f32| {
            if confidence < SURE { vec!["the tick could hardly be told".to_owned()] } else { Vec::new() }
        };
        if tick.ticked {
            for hit in hits {
                let evidence = tick.words.evidence(&hit.span, "rules/40-plan.toml");
                found.push(procedure(hit, evidence, 0.98, "rules/40-plan.toml", doubts(tick.confidence)));
            }
        }
    }
    found
}

/// Massage or manual therapy named in words only: the family's code.
fn by_words(page: &Context) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let labels: Vec<_> = page.labels_of(Field::Plan).cloned().collect();
    let labelled =
        labels.iter().filter_map(|label| Some((page.slots(label, ROWS_MAX).into_iter().next()?.1, label.rule.clone())));
    let ticked =
        page.ticks.iter().filter(|tick| tick.ticked).map(|tick| (tick.words.clone(), "rules/40-plan.toml".to_owned()));
    let mut places: Vec<_> = ticked.chain(labelled).collect();
    if places.is_empty() {
        let ordering = page.book.rules.field.get(&Field::Plan).map(|rule| rule.prose.as_slice()).unwrap_or_default();
        let orders = page.found.any(ordering);
        places.extend(orders.into_iter().map(|place| {
            (crate::rules::take::people::after(&page.text, place.end, 160), "rules/40-plan.toml".to_owned())
        }));
    }
    for (slot, rule) in places {
        for hit in treatment_words(&slot.text) {
            let code = match hit.family {
                TreatmentFamily::Massage => "97124",
                TreatmentFamily::ManualTherapy => "97140",
                _ => continue,
            };
            let same = Value::Procedure(Procedure { code: Some(code.to_owned()), units: None });
            if hit.negated || found.iter().any(|candidate| candidate.value == same) {
                continue;
            }
            let evidence = slot.evidence(&hit.span, &rule);
            found.push(Candidate {
                field: Field::Plan,
                value: same,
                evidence,
                trust: 0.9,
                rule: rule.clone(),
                doubts: Vec::new(),
            });
        }
    }
    found
}

/// The words of the plan as they stand.
fn words_of_the_plan(page: &Context) -> Vec<Candidate> {
    let mut found = Vec::new();
    for label in page.labels_of(Field::Plan) {
        let Some((_, slot)) = page.slots(label, ROWS_MAX).into_iter().next() else { continue };
        if treatment_words(&slot.text).is_empty() && find_procedures(&slot.text).is_empty() {
            continue;
        }
        let words = slot.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let evidence = slot.evidence(&(0..slot.text.len()), &label.rule);
        found.push(Candidate {
            field: Field::Plan,
            value: Value::Text(words.into()),
            evidence,
            trust: 0.9,
            rule: label.rule.clone(),
            doubts: Vec::new(),
        });
        break;
    }
    found
}
