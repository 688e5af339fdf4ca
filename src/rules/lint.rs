//! In: rule files. Out: rules that are well formed and can still never do what whoever wrote them meant.

use std::collections::{BTreeMap, BTreeSet};

use serde_spanned::Spanned;

use crate::model::PayerKind;
use crate::rules::fault::{Fault, FaultKind};
use crate::rules::phrase::Folded;
use crate::rules::schema::{FormRule, PayerRule, RuleFile};

/// Forms of a file that can never be told, and words that a file says twice of one field.
pub(in crate::rules) fn check_file(file: &str, text: &str, rules: &RuleFile, faults: &mut Vec<Fault>) {
    for (name, form) in &rules.form {
        if let Some(phrase) = contradiction(form) {
            let at = text.find(&format!("[form.{name}")).unwrap_or(0);
            let what = format!(
                "the form {name:?} can never be told: {phrase:?} has to stand on it, and a phrase of `none` is part of that"
            );
            faults.push(Fault::at(FaultKind::Unreachable, file, text, at, what));
        }
    }
    for (field, rule) in &rules.field {
        let said = rule.say.iter().map(|say| &say.words);
        let refused = rule.refuse.iter().map(|refuse| &refuse.words);
        for phrase in twice(said).into_iter().chain(twice(refused)) {
            let at = text.rfind(&format!("{phrase:?}")).unwrap_or(0);
            let what = format!("{field}: {phrase:?} stands in two blocks; one of the two must go");
            faults.push(Fault::at(FaultKind::Overlap, file, text, at, what));
        }
    }
}

/// Facts that are named and that no file has, and facts that nothing asks for.
pub(in crate::rules) fn check_facts(
    file: &str,
    text: &str,
    rules: &RuleFile,
    known: &BTreeSet<String>,
    faults: &mut Vec<Fault>,
) {
    let in_tests =
        rules.test.iter().map(Spanned::as_ref).flat_map(|test| test.expect_fact.iter().chain(&test.expect_no_fact));
    for fact in rules.require.iter().filter_map(|rule| rule.fact.as_ref()).chain(in_tests) {
        if !known.contains(fact) {
            let near =
                known.iter().max_by(|a, b| strsim::jaro_winkler(a, fact).total_cmp(&strsim::jaro_winkler(b, fact)));
            let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            let at = text.find(&format!("{fact:?}")).unwrap_or(0);
            faults.push(Fault::at(FaultKind::Value, file, text, at, format!("no fact is called {fact:?}{hint}")));
        }
    }
}

/// A list of a payer.
type OfPayer = fn(&PayerRule) -> &Vec<String>;

/// What files say against one another: words that tell two kinds of payer, and facts that nothing asks for.
pub(in crate::rules) fn check_all(files: &[(String, String)], rules: &RuleFile, faults: &mut Vec<Fault>) {
    let mut told = |kind, header: &str, near: &str, what: String| {
        let place = files.iter().find_map(|(name, text)| {
            let block = text.find(header)?;
            Some((name, text, block + text.get(block..)?.find(near)?))
        });
        faults.push(match place {
            Some((name, text, at)) => Fault::at(kind, name, text, at, what),
            None => Fault::of_file(kind, "the rule files", what),
        });
    };
    let lists: [(&str, OfPayer); 5] = [
        ("words", |rule| &rule.words),
        ("prose", |rule| &rule.prose),
        ("questions", |rule| &rule.questions),
        ("labels", |rule| &rule.labels),
        ("insurers", |rule| &rule.insurers),
    ];
    for (list, of) in lists {
        let mut owners: BTreeMap<String, PayerKind> = BTreeMap::new();
        for (kind, rule) in &rules.payer {
            for phrase in of(rule) {
                let owner = *owners.entry(Folded::new(phrase).text).or_insert(*kind);
                if owner != *kind {
                    let what = format!(
                        "{phrase:?} stands in `{list}` of two kinds of payer, {owner:?} and {kind:?}, and so tells neither"
                    );
                    let key = serde_json::to_string(kind).unwrap_or_default();
                    let header = format!("[payer.{}]", key.trim_matches('"'));
                    told(FaultKind::Overlap, &header, &format!("{phrase:?}"), what);
                }
            }
        }
    }
    let mut owners: BTreeMap<String, &String> = BTreeMap::new();
    for (area, phrase) in rules.areas.iter().flat_map(|(area, list)| list.iter().map(move |phrase| (area, phrase))) {
        let owner = *owners.entry(Folded::new(phrase).text).or_insert(area);
        if owner != area {
            let what = format!("{phrase:?} stands in two areas, {owner:?} and {area:?}; one of the two must go");
            told(FaultKind::Overlap, "[areas]", &format!("{phrase:?}"), what);
        }
    }
    let asked = |fact: &String| rules.require.iter().any(|rule| rule.fact.as_ref() == Some(fact));
    for fact in rules.fact.keys().filter(|fact| !asked(fact)) {
        let what = format!(
            "nothing asks for the fact {fact:?}: name it in a [[require]] (`on = false` will do), or delete it"
        );
        told(FaultKind::Unused, &format!("[fact.{fact}]"), "", what);
    }
}

/// A phrase that must stand on a form and holds one that must not.
fn contradiction(form: &FormRule) -> Option<&String> {
    let none: Vec<String> = form.none.iter().map(|phrase| Folded::new(phrase).text).collect();
    let holds = |phrase: &&String| {
        let text = Folded::new(phrase).text;
        none.iter().any(|none| text.contains(none.as_str()))
    };
    let any_left = form.any.is_empty() || form.any.iter().any(|phrase| !holds(&phrase));
    form.all.iter().find(holds).or_else(|| form.any.first().filter(|_| !any_left))
}

/// Phrases that stand in two of some lists.
fn twice<'a>(lists: impl Iterator<Item = &'a Vec<String>>) -> Vec<&'a String> {
    let mut seen = BTreeSet::new();
    let mut again = Vec::new();
    for list in lists {
        let own: BTreeMap<String, &String> = list.iter().map(|phrase| (Folded::new(phrase).text, phrase)).collect();
        again.extend(own.iter().filter(|(folded, _)| seen.contains(*folded)).map(|(_, phrase)| *phrase));
        seen.extend(own.into_keys());
    }
    again
}
