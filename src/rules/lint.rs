//! In: rule files. Out: rules that are well formed and can still never do what whoever wrote them meant.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::LazyLock;

use serde::Serialize;
use serde_spanned::Spanned;

use crate::model::{Field, PayerKind};
use crate::rules::Book;
use crate::rules::label::Labels;
use crate::rules::people::is_credential;
use crate::rules::phrase::Folded;
use crate::rules::schema::{FormRule, PayerRule, RequireRule, RuleFile, TestRule};
use crate::written::{Fault, FaultKind, Source, Written};

/// A kind's name, as the rule files write it.
pub(in crate::rules) fn key(kind: &impl Serialize) -> String {
    serde_json::to_string(kind).unwrap_or_else(|error| unreachable!("a name is a string: {error}")).replace('"', "")
}

/// Blocks of a file that can never do anything, and words that it says twice of one field.
pub(in crate::rules) fn check_file(source: &Source, rules: &RuleFile, faults: &mut Vec<Fault>) {
    let mut tell = |kind, path: &[&dyn Display], what: String| source.tell(faults, kind, path, what);
    for (kind, rule) in &rules.document {
        for (nth, _) in rule.sign.iter().enumerate().filter(|(_, sign)| sign.weight == 0 || !sign.says_something()) {
            let what = "a sign needs `any`, `lacks` or `found`, and a `weight` other than 0".to_owned();
            tell(FaultKind::Idle, &[&"document", &key(kind), &"sign", &nth], what);
        }
    }
    for (payer, rule) in &rules.payer {
        let asks = !rule.allowed_credentials.is_empty() || rule.valid_days.is_some() || !rule.refused_words.is_empty();
        if asks && rule.because.trim().is_empty() {
            let name = key(payer);
            let what =
                format!("[payer.{name}] asks for something: say in `because` where that is said, and when you read it");
            tell(FaultKind::Unsourced, &[&"payer", &name], what);
        }
    }
    for (nth, test) in rules.test.iter().map(Spanned::as_ref).enumerate().filter(|(_, test)| test.is_idle()) {
        let what = format!(
            "the test {:?} expects nothing: give `expect`, `expect_none`, `expect_doubt`, `expect_sure`, `expect_gap` or `document`",
            test.name
        );
        // where what it expects could not be read, that is told
        let at = if source.has(&[&"test", &nth, &"expect"]) { "expect" } else { "name" };
        tell(FaultKind::Idle, &[&"test", &nth, &at], what);
    }
    let is_bare = |test: &TestRule| test.text.trim().is_empty() && test.document.is_none() && !test.is_idle();
    for (nth, test) in rules.test.iter().map(Spanned::as_ref).enumerate().filter(|(_, test)| is_bare(test)) {
        let what = format!("the test {:?} has no page: put the words of a paper into `text`", test.name);
        tell(FaultKind::Idle, &[&"test", &nth, &"text"], what);
    }
    for (name, form) in &rules.form {
        if let Some(phrase) = contradiction(form) {
            let what = format!(
                "the form {name:?} can never be told: {phrase:?} has to stand on it, and a phrase of `none` is part of that"
            );
            tell(FaultKind::Unreachable, &[&"form", name], what);
        }
    }
    for (field, rule) in &rules.field {
        let said = twice(rule.say.iter().map(|say| &say.words)).into_iter().map(|place| ("say", place));
        let refused = twice(rule.refuse.iter().map(|refuse| &refuse.words)).into_iter().map(|place| ("refuse", place));
        for (block, (nth, word, phrase)) in said.chain(refused) {
            let what = format!("{field}: {phrase:?} stands in two blocks; one of the two must go");
            tell(FaultKind::Overlap, &[&"field", field, &block, &nth, &"words", &word], what);
        }
    }
    for (nth, rule) in rules.require.iter().enumerate() {
        if rule.tell.trim().is_empty() {
            tell(FaultKind::Idle, &[&"require", &nth, &"tell"], SILENT.to_owned());
        }
        if let Some((at, what)) = never_asked(rule) {
            tell(FaultKind::Unreachable, &[&"require", &nth, &at], what);
        }
    }
    for (nth, rule) in rules.tell.iter().enumerate() {
        if rule.tell.trim().is_empty() {
            tell(FaultKind::Idle, &[&"tell", &nth, &"tell"], SILENT.to_owned());
        }
        if !SENTENCES.contains(&rule.fault) {
            let hint = nearest(&rule.fault, SENTENCES.iter()).map(|near| format!("; did you mean `{near}`?"));
            let what = format!("no fault is called `{}`{}", rule.fault, hint.unwrap_or_default());
            tell(FaultKind::Value, &[&"tell", &nth, &"fault"], what);
        }
    }
}

const SILENT: &str = "`tell` is empty: say what staff should do";

/// The faults that the program has a sentence for.
static SENTENCES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let of_file = |(name, text): &(&'static str, &'static str)| {
        let written = Written::new(name, text, &mut Vec::new());
        let (_, rules) = Source::read::<RuleFile>(&written, &mut Vec::new());
        rules.tell.into_iter().map(|rule| rule.fault)
    };
    Book::files().iter().flat_map(of_file).collect()
});

/// The key by which something that is asked can never be missing, and why.
fn never_asked(rule: &RequireRule) -> Option<(&'static str, String)> {
    if let Some((from, until)) = rule.effective_from.zip(rule.effective_until).filter(|(from, until)| until < from) {
        let what = format!("{until} is before {from}: `effective_until` has to be the later day");
        return Some(("effective_until", what));
    }
    let enough = |field: &&Field| **field == rule.field && rule.fact.is_none() || rule.accept.contains(field);
    let field = rule.only_when.iter().find(enough)?;
    let what =
        format!("it is asked only where {field} is there, and then {field} is enough: take it out of `only_when`");
    Some(("only_when", what))
}

/// Names that no file has: of facts, of plain labels.
pub(in crate::rules) fn check_names(
    source: &Source,
    rules: &RuleFile,
    facts: &BTreeSet<String>,
    labels: &Labels,
    faults: &mut Vec<Fault>,
) {
    let mut fact = |name: &String, path: &[&dyn Display]| {
        if !facts.contains(name) {
            let hint = nearest(name, facts.iter()).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            source.tell(faults, FaultKind::Value, path, format!("no fact is called {name:?}{hint}"));
        }
    };
    for (nth, rule) in rules.require.iter().enumerate() {
        rule.fact.iter().for_each(|name| fact(name, &[&"require", &nth, &"fact"]));
    }
    for (nth, test) in rules.test.iter().map(Spanned::as_ref).enumerate() {
        for (key, names) in [("expect_fact", &test.expect_fact), ("expect_no_fact", &test.expect_no_fact)] {
            names.iter().enumerate().for_each(|(at, name)| fact(name, &[&"test", &nth, &key, &at]));
        }
    }
    for (nth, rule) in rules.wording.iter().enumerate() {
        if let Some(like) = rule.like.as_ref().filter(|like| !labels.lists(like)) {
            let what =
                format!("`like`: no label of any field is {like:?}; name one that a rule file lists in `labels`");
            source.tell(faults, FaultKind::Value, &[&"wording", &nth, &"like"], what);
        }
    }
}

/// The known name that is most like one, if any is like it.
pub(in crate::rules) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let likeness = |known: &String| strsim::jaro_winkler(known, name);
    known.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|near| likeness(near) > LIKENESS_MIN)
}

/// Names that are less alike (Jaro-Winkler, 1 for the same) are not proposed for each other.
const LIKENESS_MIN: f64 = 0.75;

/// A list of a payer.
type OfPayer = fn(&PayerRule) -> &Vec<String>;

/// What files say only together: kinds of paper that nothing tells, credentials that there are not, words that tell two kinds of
/// payer or two areas, and facts that nothing asks for.
pub(in crate::rules) fn check_all(sources: &[Source], rules: &RuleFile, faults: &mut Vec<Fault>) {
    let lost = |section: &str| sources.iter().any(|source| source.has_lost(section));
    // of two files the later one can see the earlier
    let mut told = |kind, path: &[&dyn Display], phrase: Option<&str>, what: String| {
        let place = sources.iter().rev().find_map(|source| {
            let nth = match phrase {
                Some(phrase) => source.index(path, phrase)?,
                None => 0,
            };
            let item: Vec<&dyn Display> = path.iter().copied().chain(phrase.map(|_| &nth as &dyn Display)).collect();
            source.has(path).then(|| source.fault(kind, &item, what.clone()))
        });
        faults.push(place.unwrap_or_else(|| Fault::of_file(kind, "the rule files", what)));
    };
    for (kind, _) in rules.document.iter().filter(|(_, rule)| rule.sign.is_empty() || rule.threshold < 1) {
        if !lost("document") {
            let what = "a kind of paper needs signs and a threshold of at least 1".to_owned();
            told(FaultKind::Idle, &[&"document", &key(kind)], None, what);
        }
    }
    let means = rules.field.get(&Field::ProviderCredential).map(|rule| rule.say.as_slice()).unwrap_or_default();
    for (kind, rule) in &rules.payer {
        let known = |name: &String| is_credential(name) || means.iter().any(|say| say.means.as_ref() == Some(name));
        for name in rule.allowed_credentials.iter().filter(|name| !known(name)) {
            let what = format!(
                "{name:?} is no credential that the program knows, so no paper has it: correct it, or name it in `means` of a \
                 `say` of provider.credential"
            );
            told(FaultKind::Value, &[&"payer", &key(kind), &"allowed_credentials"], Some(name), what);
        }
    }
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
                        "{phrase:?} stands in `{list}` of two kinds of payer, {} and {}, and so tells neither",
                        key(&owner),
                        key(kind)
                    );
                    told(FaultKind::Overlap, &[&"payer", &key(kind), &list], Some(phrase), what);
                }
            }
        }
    }
    let mut owners: BTreeMap<String, &String> = BTreeMap::new();
    for (area, phrase) in rules.areas.iter().flat_map(|(area, list)| list.iter().map(move |phrase| (area, phrase))) {
        let owner = *owners.entry(Folded::new(phrase).text).or_insert(area);
        if owner != area {
            let what = format!("{phrase:?} stands in two areas, {owner:?} and {area:?}; one of the two must go");
            told(FaultKind::Overlap, &[&"areas", area], Some(phrase), what);
        }
    }
    let asked = |fact: &String| rules.require.iter().any(|rule| rule.fact.as_ref() == Some(fact));
    for fact in rules.fact.keys().filter(|fact| !asked(fact) && !lost("require")) {
        let what = format!(
            "nothing asks for the fact {fact:?}: name it in a [[require]] (`on = false` will do), or delete it"
        );
        told(FaultKind::Unused, &[&"fact", fact], None, what);
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

/// Phrases that stand in two of some lists: the number of the later list, the place there, and the phrase.
fn twice<'a>(lists: impl Iterator<Item = &'a Vec<String>>) -> Vec<(usize, usize, &'a String)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut again = Vec::new();
    for (nth, list) in lists.enumerate() {
        for (at, phrase) in list.iter().enumerate() {
            if *seen.entry(Folded::new(phrase).text).or_insert(nth) != nth {
                again.push((nth, at, phrase));
            }
        }
    }
    again
}
