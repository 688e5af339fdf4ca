//! In: the rule files one by one. Out: what they say together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::LazyLock;

use crate::rules::Book;
use crate::rules::lint::key;
use crate::rules::schema::{FieldRule, PayerRule, RuleFile};
use crate::written::{Fault, FaultKind, Source, Written};

/// What the files say together. Lists go on from file to file, so that a clinic can add to the shipped ones in a file of its own;
/// what may be said only once is a fault the second time.
#[derive(Default)]
pub(in crate::rules) struct Joined {
    pub(in crate::rules) rules: RuleFile,
    said: Said,
    /// Block and name of each list that a file has, be it empty.
    given: BTreeSet<(&'static str, &'static str)>,
}

/// What may be said only once, and where it is.
type Said = BTreeMap<String, String>;

impl Joined {
    /// Adds a file to those before it.
    pub(in crate::rules) fn add(&mut self, source: &Source, mut file: RuleFile, faults: &mut Vec<Fault>) {
        let Self { rules: all, said, given } = self;
        let mut once = |path: &[&dyn Display], what: String, also: &str| {
            is_first(said, format!("{what} {also}"), source, path, what, faults)
        };
        for ((block, name, list), (.., more)) in lists(all).into_iter().zip(lists(&mut file)) {
            list.append(more);
            if source.has(&[&block, &name]) {
                given.insert((block, name));
            }
        }
        for (kind, rule) in file.document {
            let name = key(&kind);
            let own = all.document.entry(kind).or_default();
            own.sign.extend(rule.sign);
            let path: [&dyn Display; 3] = [&"document", &name, &"threshold"];
            if source.has(&path) && once(&path, format!("the threshold of {name}"), "") {
                own.threshold = rule.threshold;
            }
        }
        for (heading, rule) in file.heading {
            all.heading.entry(heading).or_default().words.extend(rule.words);
        }
        for (field, mut rule) in file.field {
            let path: [&dyn Display; 3] = [&"field", &field, &"title"];
            if source.has(&path) && once(&path, format!("the title of {field}"), "") {
                all.field.entry(field).or_default().title = std::mem::take(&mut rule.title);
            }
            let own = all.field.entry(field).or_default();
            for (nth, check) in rule.check.drain(..).enumerate() {
                let Some(before) = own.check.iter_mut().find(|before| before.name == check.name) else {
                    if check.max.is_some() {
                        once(&[&"field", &field, &"check", &nth, &"max"], format!("the `max` of {field}"), "");
                    }
                    own.check.push(check);
                    continue;
                };
                before.values.extend(check.values);
                if check.max.is_some() {
                    once(&[&"field", &field, &"check", &nth, &"max"], format!("the `max` of {field}"), "");
                }
            }
            add_field(own, rule);
        }
        for (payer, rule) in file.payer {
            let name = key(&payer);
            let own = all.payer.entry(payer).or_default();
            if rule.valid_days.is_some() {
                once(&[&"payer", &name, &"valid_days"], format!("the `valid_days` of {name}"), "");
                own.valid_days = rule.valid_days;
            }
            add_payer(own, rule);
        }
        for (fact, rule) in file.fact {
            if rule.when.is_some() {
                once(&[&"fact", &fact, &"when"], format!("the pattern of the fact {fact:?}"), "");
            }
            let own = all.fact.entry(fact).or_default();
            own.words.extend(rule.words);
            own.when = own.when.take().or(rule.when);
        }
        for (area, words) in file.areas {
            all.areas.entry(area).or_default().extend(words);
        }
        for (form, rule) in file.form {
            if once(&[&"form", &form], format!("the form {form:?}"), "") {
                all.form.insert(form, rule);
            }
        }
        for (nth, rule) in file.tell.into_iter().enumerate() {
            if once(&[&"tell", &nth, &"fault"], format!("a sentence for `{}`", rule.fault), "") {
                all.tell.push(rule);
            }
        }
        for (nth, rule) in file.require.into_iter().enumerate() {
            let (fact, payers) = (rule.fact.as_deref().unwrap_or("-"), rule.payers.iter().map(key).collect::<Vec<_>>());
            let days = (rule.effective_from, rule.effective_until);
            let same = format!("{fact} {payers:?} {:?} {days:?}", rule.only_when);
            // what is switched off takes nothing from what is asked; nobody knows what one is that could not be read whole
            if !rule.on
                || source.is_damaged(&[&"require", &nth])
                || once(&[&"require", &nth], format!("the same demand for {}", rule.field), &same)
            {
                all.require.push(rule);
            }
        }
    }

    /// Lists and blocks that no file has, as those of an earlier version, count as they ship: a clinic's rules say no less after
    /// an update. A list that stands there and is empty is meant to be. What no book can work without is not made up: that a file
    /// was emptied has to be told.
    pub(in crate::rules) fn filled_in(mut self) -> RuleFile {
        let knows_checks = self.knows_checks();
        let Self { rules, given, .. } = &mut self;
        let mut shipped = shipped().clone();
        for ((block, name, list), (.., shipped)) in lists(rules).into_iter().zip(lists(&mut shipped)) {
            if (block, name) != ("signature", "signed") && !given.contains(&(block, name)) {
                std::mem::swap(list, shipped);
            }
        }
        if rules.areas.is_empty() {
            rules.areas = shipped.areas;
        }
        let sentences: BTreeSet<String> = rules.tell.iter().map(|rule| rule.fault.clone()).collect();
        rules.tell.extend(shipped.tell.into_iter().filter(|rule| !sentences.contains(&rule.fault)));
        if !knows_checks {
            for (field, rule) in shipped.field {
                let own = rules.field.entry(field).or_default();
                own.check = rule.check;
                if field == crate::model::Field::Frequency {
                    own.refuse.extend(rule.refuse);
                }
            }
        }
        self.rules
    }

    /// Whether the files were written when there were `check` and `refuse` blocks, so that a block that is not there was deleted:
    /// one is there, or a list that came after them.
    fn knows_checks(&self) -> bool {
        self.given.contains(&("treatment", "withdrawn"))
            || self.rules.field.values().any(|rule| !rule.check.is_empty() || !rule.refuse.is_empty())
    }
}

fn add_field(own: &mut FieldRule, rule: FieldRule) {
    own.labels.extend(rule.labels);
    own.bare_labels.extend(rule.bare_labels);
    own.weak_labels.extend(rule.weak_labels);
    own.prose.extend(rule.prose);
    own.say.extend(rule.say);
    own.refuse.extend(rule.refuse);
    for (heading, labels) in rule.under {
        own.under.entry(heading).or_default().extend(labels);
    }
}

fn add_payer(own: &mut PayerRule, rule: PayerRule) {
    own.words.extend(rule.words);
    own.prose.extend(rule.prose);
    own.questions.extend(rule.questions);
    own.labels.extend(rule.labels);
    own.insurers.extend(rule.insurers);
    own.allowed_credentials.extend(rule.allowed_credentials);
    own.refused_words.extend(rule.refused_words);
    let sources = [own.because.trim(), rule.because.trim()].into_iter().filter(|because| !because.is_empty());
    own.because = sources.collect::<Vec<_>>().join("; ");
}

/// Whether something that may be said only once is said for the first time.
fn is_first(
    said: &mut Said,
    known_by: String,
    source: &Source,
    path: &[&dyn Display],
    what: String,
    faults: &mut Vec<Fault>,
) -> bool {
    if let Some(place) = said.get(&known_by) {
        let what = format!("{what} stands in {place} already; delete one of the two");
        faults.push(source.fault(FaultKind::Twice, path, what));
        return false;
    }
    said.insert(known_by, format!("{}:{}", source.name, source.line(path)));
    true
}

/// Every list that goes on from file to file, with its block and its name.
fn lists(rules: &mut RuleFile) -> Vec<(&'static str, &'static str, &mut Vec<String>)> {
    let RuleFile { other_labels, history, signature, not_present, treatment, second_frequency, .. } = rules;
    vec![
        ("other_labels", "words", &mut other_labels.words),
        ("history", "words", &mut history.words),
        ("signature", "signed", &mut signature.signed),
        ("signature", "unsigned", &mut signature.unsigned),
        ("signature", "no_signature", &mut signature.no_signature),
        ("signature", "not_the_provider", &mut signature.not_the_provider),
        ("signature", "not_yet", &mut signature.not_yet),
        ("signature", "somebody_else", &mut signature.somebody_else),
        ("signature", "orders_nothing", &mut signature.orders_nothing),
        ("signature", "on_file", &mut signature.on_file),
        ("signature", "closings", &mut signature.closings),
        ("not_present", "rules_out", &mut not_present.rules_out),
        ("not_present", "denies", &mut not_present.denies),
        ("not_present", "past", &mut not_present.past),
        ("not_present", "suspects", &mut not_present.suspects),
        ("not_present", "ruled_out_behind", &mut not_present.ruled_out_behind),
        ("not_present", "doubtful_behind", &mut not_present.doubtful_behind),
        ("not_present", "ends", &mut not_present.ends),
        ("not_present", "fillers", &mut not_present.fillers),
        ("treatment", "codes", &mut treatment.codes),
        ("treatment", "massage", &mut treatment.massage),
        ("treatment", "manual_therapy", &mut treatment.manual_therapy),
        ("treatment", "beside", &mut treatment.beside),
        ("treatment", "delegation", &mut treatment.delegation),
        ("treatment", "precautions", &mut treatment.precautions),
        ("treatment", "other_therapies", &mut treatment.other_therapies),
        ("treatment", "forbids", &mut treatment.forbids),
        ("treatment", "forbids_behind", &mut treatment.forbids_behind),
        ("treatment", "lifts", &mut treatment.lifts),
        ("treatment", "turns", &mut treatment.turns),
        ("treatment", "limits", &mut treatment.limits),
        ("treatment", "past", &mut treatment.past),
        ("treatment", "in_capitals", &mut treatment.in_capitals),
        ("treatment", "orders", &mut treatment.orders),
        ("treatment", "withdrawn", &mut treatment.withdrawn),
        ("second_frequency", "orders", &mut second_frequency.orders),
        ("second_frequency", "past", &mut second_frequency.past),
        ("second_frequency", "something_else", &mut second_frequency.something_else),
    ]
}

/// The shipped rule files, as one.
fn shipped() -> &'static RuleFile {
    static SHIPPED: LazyLock<RuleFile> = LazyLock::new(|| {
        let (mut all, mut faults) = (Joined::default(), Vec::new());
        for (name, text) in Book::files() {
            let written = Written::new(name, text, &mut faults);
            let (source, file) = Source::read(&written, &mut faults);
            all.add(&source, file, &mut faults);
        }
        all.rules
    });
    &SHIPPED
}

#[cfg(test)]
mod tests {
    use super::Joined;
    use crate::written::{Source, Written};

    /// What `treatment.forbids` and the checks of NPIs hold when only this file is there.
    fn filled_in(text: &str) -> (usize, usize) {
        let mut faults = Vec::new();
        let written = Written::new("x.toml", text, &mut faults);
        let (source, file) = Source::read(&written, &mut faults);
        let mut joined = Joined::default();
        joined.add(&source, file, &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        let rules = joined.filled_in();
        let checks = rules.field.get(&crate::model::Field::ProviderNpi).map_or(0, |rule| rule.check.len());
        (rules.treatment.forbids.len(), checks)
    }

    #[test]
    fn what_a_folder_does_not_know_counts_as_shipped_and_what_it_empties_is_empty() {
        let (forbids, checks) = filled_in("[other_labels]\nwords = [\"x\"]\n");
        assert!(forbids > 0 && checks > 0, "an earlier version knew neither");
        assert_eq!(filled_in("[treatment]\nforbids = []\n"), (0, checks));
        assert_eq!(filled_in("[treatment]\nwithdrawn = []\n"), (forbids, 0), "whoever knew this list knew the checks");
        assert_eq!(filled_in("[[field.written_on.check]]\nname = \"date-order\"\n"), (forbids, 0));
    }
}
