//! In: the rule files one by one. Out: what they say together.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::rules::Book;
use crate::rules::fault::{Fault, FaultKind};
use crate::rules::schema::{RequireRule, RuleFile};

/// Adds a file to those before it. Lists go on from file to file; what may be said only once is a fault the second time.
pub(in crate::rules) fn join(all: &mut RuleFile, mut file: RuleFile, name: &str, faults: &mut Vec<Fault>) {
    for (list, more) in lists(all).into_iter().zip(lists(&mut file)) {
        list.append(more);
    }
    for (kind, rule) in file.document {
        if all.document.insert(kind, rule).is_some() {
            faults.push(Fault::of_file(
                FaultKind::Twice,
                name,
                format!("document {kind:?} stands in an earlier file as well"),
            ));
        }
    }
    for (heading, rule) in file.heading {
        all.heading.entry(heading).or_default().words.extend(rule.words);
    }
    for (field, rule) in file.field {
        if all.field.insert(field, rule).is_some() {
            faults.push(Fault::of_file(
                FaultKind::Twice,
                name,
                format!("field {field} stands in an earlier file as well"),
            ));
        }
    }
    for (payer, rule) in file.payer {
        if all.payer.insert(payer, rule).is_some() {
            faults.push(Fault::of_file(
                FaultKind::Twice,
                name,
                format!("payer {payer:?} stands in an earlier file as well"),
            ));
        }
    }
    for (fact, rule) in file.fact {
        if all.fact.insert(fact.clone(), rule).is_some() {
            let what = format!("the fact {fact:?} stands in an earlier file as well");
            faults.push(Fault::of_file(FaultKind::Twice, name, what));
        }
    }
    for (area, words) in file.areas {
        all.areas.entry(area).or_default().extend(words);
    }
    for (form, rule) in file.form {
        if all.form.insert(form.clone(), rule).is_some() {
            faults.push(Fault::of_file(
                FaultKind::Twice,
                name,
                format!("form {form:?} stands in an earlier file as well"),
            ));
        }
    }
    for rule in file.tell {
        if all.tell.iter().any(|other| other.fault == rule.fault) {
            let what = format!("a sentence for `{}` stands here or in an earlier file as well", rule.fault);
            faults.push(Fault::of_file(FaultKind::Twice, name, what));
        }
        all.tell.push(rule);
    }
    for rule in file.require {
        let same =
            |other: &&RequireRule| other.field == rule.field && other.payers == rule.payers && other.fact == rule.fact;
        let days = |rule: &RequireRule| (rule.effective_from, rule.effective_until);
        if all.require.iter().find(same).is_some_and(|other| days(other) == days(&rule)) {
            let what = format!("field {} is asked for here or in an earlier file as well", rule.field);
            faults.push(Fault::of_file(FaultKind::Twice, name, what));
        }
        all.require.push(rule);
    }
}

/// Every list that goes on from file to file.
fn lists(rules: &mut RuleFile) -> Vec<&mut Vec<String>> {
    let RuleFile { other_labels, history, signature, not_present, treatment, second_frequency, .. } = rules;
    vec![
        &mut other_labels.words,
        &mut history.words,
        &mut signature.signed,
        &mut signature.unsigned,
        &mut signature.no_signature,
        &mut signature.not_the_provider,
        &mut signature.not_yet,
        &mut signature.somebody_else,
        &mut signature.orders_nothing,
        &mut signature.on_file,
        &mut signature.closings,
        &mut not_present.rules_out,
        &mut not_present.denies,
        &mut not_present.past,
        &mut not_present.suspects,
        &mut not_present.ruled_out_behind,
        &mut not_present.doubtful_behind,
        &mut not_present.ends,
        &mut not_present.fillers,
        &mut treatment.codes,
        &mut treatment.massage,
        &mut treatment.manual_therapy,
        &mut treatment.beside,
        &mut treatment.delegation,
        &mut treatment.precautions,
        &mut treatment.other_therapies,
        &mut treatment.forbids,
        &mut treatment.forbids_behind,
        &mut treatment.lifts,
        &mut treatment.turns,
        &mut treatment.limits,
        &mut treatment.past,
        &mut treatment.in_capitals,
        &mut treatment.orders,
        &mut treatment.withdrawn,
        &mut second_frequency.orders,
        &mut second_frequency.past,
        &mut second_frequency.something_else,
    ]
}

/// Lists and blocks that no file has, as those of an earlier version, count as they ship: a clinic's rules say no less after an
/// update. What no book can work without is not made up: that a file was emptied has to be told.
pub(in crate::rules) fn fill_in(rules: &mut RuleFile) {
    if lists(rules).iter().any(|list| list.is_empty()) {
        let signed = std::mem::take(&mut rules.signature.signed);
        let mut shipped = shipped().clone();
        for (list, shipped) in lists(rules).into_iter().zip(lists(&mut shipped)) {
            if list.is_empty() {
                std::mem::swap(list, shipped);
            }
        }
        rules.signature.signed = signed;
    }
    if rules.areas.is_empty() {
        rules.areas = shipped().areas.clone();
    }
}

/// The shipped rule files, as one.
pub(in crate::rules) fn shipped() -> &'static RuleFile {
    static SHIPPED: LazyLock<RuleFile> = LazyLock::new(|| {
        let mut all = RuleFile::default();
        for (name, text) in Book::files() {
            let file = toml::Deserializer::parse(text).and_then(RuleFile::deserialize);
            join(&mut all, file.unwrap_or_else(|error| unreachable!("{name} ships: {error}")), name, &mut Vec::new());
        }
        all
    });
    &SHIPPED
}
