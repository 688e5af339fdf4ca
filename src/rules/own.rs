//! In: what the rule files say of the values of each field (`say`, `refuse`, `check`) and of facts, and the candidates that the
//! program finds by itself. Out: the candidates as the clinic says them.

use std::collections::BTreeMap;
use std::fmt::Display;

use regex::Regex;

use crate::model::{Field, Value};
use crate::rules::context::{Candidate, Context, touch};
use crate::rules::numbers::npi_holds;
use crate::rules::pattern::{Patterns, is_over_wide};
use crate::rules::schedule::Sayings;
use crate::rules::schema::{CheckName, CheckRule, RefuseRule, RuleFile, SayRule};
use crate::rules::{DateKind, Schedule, find_dates, read_schedule};
use crate::written::{Fault, FaultKind, Source};

/// Fields whose values may be written in a clinic's own way. Names, diagnoses and plans are told by more than their look.
const SAID: [Field; 10] = [
    Field::PayerClaimNumber,
    Field::PayerInsurer,
    Field::PayerAdjuster,
    Field::ProviderCredential,
    Field::ProviderNpi,
    Field::PatientBirthDate,
    Field::PayerDateOfInjury,
    Field::WrittenOn,
    Field::ExpiresOn,
    Field::Frequency,
];
/// A value begins within so many bytes of its slot.
const LEAD_MAX: usize = 6;

/// What words of a frequency are made of.
const TOLD: &str = "write words, numbers of up to three digits and signs, no dates and no prices";

/// What the clinic says of values.
#[derive(Default)]
pub(in crate::rules) struct Own {
    say: Vec<(Field, Say)>,
    refuse: Vec<(Field, Refuse)>,
    checks: BTreeMap<Field, Vec<CheckRule>>,
    /// The patterns of facts, by the facts' names.
    fact_patterns: Vec<(String, Regex)>,
    /// The words of frequencies.
    pub(in crate::rules) sayings: Sayings,
}

/// What is wrong with a rule.
type Why = (FaultKind, String);

struct Say {
    pattern: Regex,
    means: Option<String>,
    rule: String,
}

struct Refuse {
    pattern: Regex,
    tell: String,
}

/// A rule with its place in its file: the block of that number, from 0.
struct Placed<'a> {
    source: &'a Source<'a>,
    field: Field,
    block: &'static str,
    nth: usize,
}

impl Placed<'_> {
    fn tell(&self, faults: &mut Vec<Fault>, kind: FaultKind, what: &str) {
        let what = format!("{} of {}: {what}", self.block, self.field);
        self.source.tell(faults, kind, &self.path(), what);
    }

    fn path(&self) -> [&dyn Display; 4] {
        [&"field", &self.field, &self.block, &self.nth]
    }
}

impl Own {
    /// Takes up what a file says of values; called when the patterns of all files are known.
    pub(in crate::rules) fn add(
        &mut self,
        source: &Source,
        rules: &RuleFile,
        patterns: &Patterns,
        faults: &mut Vec<Fault>,
    ) {
        let pages: Vec<&str> = rules.test.iter().map(|test| test.as_ref().text.as_str()).collect();
        for (field, rule) in &rules.field {
            let place = |block, nth| Placed { source, field: *field, block, nth };
            let lost = |when: &Option<String>| when.as_ref().is_some_and(|when| patterns.needs_a_lost_one(when));
            for (nth, say) in rule.say.iter().enumerate().filter(|(_, say)| !lost(&say.when)) {
                let at = place("say", nth);
                if let Some((kind, what)) = self.add_say(&at, say, patterns, &pages) {
                    at.tell(faults, kind, &what);
                }
            }
            for (nth, refuse) in rule.refuse.iter().enumerate().filter(|(_, refuse)| !lost(&refuse.when)) {
                let at = place("refuse", nth);
                if let Some((kind, what)) = self.add_refuse(&at, refuse, patterns, &pages) {
                    at.tell(faults, kind, &what);
                }
            }
            for (nth, check) in rule.check.iter().enumerate() {
                if let Some(why) = why_no_check(*field, check) {
                    place("check", nth).tell(faults, FaultKind::Value, why);
                }
            }
        }
        for (name, rule) in &rules.fact {
            let mut wrong = |kind, what: String| source.tell(faults, kind, &[&"fact", name], what);
            if rule.words.is_empty() == rule.when.is_none() {
                wrong(FaultKind::Idle, format!("the fact {name:?}: give `words` or a pattern in `when`"));
            }
            if !rules.test.iter().any(|test| test.as_ref().expect_fact.contains(name))
                || !rules.test.iter().any(|test| test.as_ref().expect_no_fact.contains(name))
            {
                let what =
                    format!("the fact {name:?} needs a test with it in `expect_fact`, and one in `expect_no_fact`");
                wrong(FaultKind::UntestedValue, what);
            }
            match rule.when.as_ref().map(|when| patterns.anywhere(when)).transpose() {
                Ok(pattern) if pattern.as_ref().is_some_and(|pattern| pattern.is_match("")) => {
                    wrong(FaultKind::OverWide, format!("the fact {name:?}: its pattern stands on every page"));
                }
                Ok(pattern) => self.fact_patterns.extend(pattern.map(|pattern| (name.clone(), pattern))),
                Err(_) if rule.when.as_ref().is_some_and(|when| patterns.needs_a_lost_one(when)) => {}
                Err(why) => wrong(FaultKind::Pattern, format!("the fact {name:?}: {why}")),
            }
        }
    }

    fn add_say(&mut self, at: &Placed, rule: &SayRule, patterns: &Patterns, pages: &[&str]) -> Option<Why> {
        let fault = |kind, what: &str| Some((kind, what.to_owned()));
        if !SAID.contains(&at.field) {
            return fault(
                FaultKind::Idle,
                "this field is told by more than its look; use `labels`, or the words of its file",
            );
        }
        if rule.words.is_empty() == rule.when.is_none() {
            return fault(FaultKind::Idle, "give a pattern in `when`, or `words` and what they mean");
        }
        if at.field == Field::Frequency {
            let Some(means) = rule.means.as_ref().filter(|_| rule.when.is_none()) else {
                return fault(
                    FaultKind::Idle,
                    "of a frequency give `words`, and in `means` words that the grammar reads",
                );
            };
            if !read_schedule(means, &Sayings::default()).is_some_and(|read| is_whole(means, &read)) {
                let what = format!(
                    "the grammar does not read {means:?}: say it as in \"2x/week x 6 weeks\" or \"every 2 weeks\""
                );
                return fault(FaultKind::Value, &what);
            }
            if let Some(phrase) = rule.words.iter().find(|phrase| !Sayings::can_tell(phrase)) {
                return fault(FaultKind::Value, &format!("{phrase:?} cannot be told: {TOLD}"));
            }
            rule.words.iter().for_each(|phrase| self.sayings.say(phrase, means));
            return self.untested(&rule.words, pages);
        }
        let text = match (&rule.when, &rule.means) {
            (Some(when), _) => when.clone(),
            (None, Some(_)) => any_of(&rule.words),
            (None, None) => return fault(FaultKind::Idle, "say in `means` what the `words` stand for"),
        };
        match (patterns.beginning(&text), patterns.anywhere(&text), patterns.whole(&text)) {
            (Ok(_), Ok(_), Ok(whole)) if is_over_wide(&whole) => {
                fault(FaultKind::OverWide, "its pattern fits anything, or nothing at all: narrow it")
            }
            (Ok(pattern), Ok(anywhere), Ok(_)) => {
                let has = |part: &str| pattern.capture_names().flatten().any(|name| name == part);
                if date_kind(at.field).is_some() && !["year", "month", "day"].into_iter().all(has) {
                    return fault(FaultKind::Pattern, "a date names its parts: (?<year>…), (?<month>…), (?<day>…)");
                }
                let place = format!("rules/{}:{}", at.source.name, at.source.line(&at.path()));
                let tested = pages.iter().any(|page| anywhere.is_match(page));
                self.say.push((at.field, Say { pattern, means: rule.means.clone(), rule: place }));
                (!tested).then(untested)
            }
            (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => fault(FaultKind::Pattern, &why),
        }
    }

    fn add_refuse(&mut self, at: &Placed, rule: &RefuseRule, patterns: &Patterns, pages: &[&str]) -> Option<Why> {
        let fault = |kind, what: &str| Some((kind, what.to_owned()));
        if rule.tell.trim().is_empty() || rule.words.is_empty() == rule.when.is_none() {
            return fault(FaultKind::Idle, "give `words` or a pattern in `when`, and in `tell` what staff should know");
        }
        if at.field == Field::Frequency {
            if rule.when.is_some() {
                return fault(FaultKind::Idle, "of a frequency give `words`");
            }
            if let Some(phrase) = rule.words.iter().find(|phrase| !Sayings::can_tell(phrase)) {
                return fault(FaultKind::Value, &format!("{phrase:?} cannot be told: {TOLD}"));
            }
            rule.words.iter().for_each(|phrase| self.sayings.refuse(phrase, &rule.tell));
            return self.untested(&rule.words, pages);
        }
        let text = rule.when.clone().unwrap_or_else(|| any_of(&rule.words));
        let value = if rule.when.is_some() { patterns.whole(&text) } else { patterns.anywhere(&text) };
        match (value, patterns.anywhere(&text)) {
            (Ok(pattern), _) if is_over_wide(&pattern) => {
                fault(FaultKind::OverWide, "its pattern fits anything, or nothing at all: narrow it")
            }
            (Ok(pattern), Ok(anywhere)) => {
                let tested = pages.iter().any(|page| anywhere.is_match(page));
                self.refuse.push((at.field, Refuse { pattern, tell: rule.tell.clone() }));
                (!tested).then(untested)
            }
            (Err(why), _) | (_, Err(why)) => fault(FaultKind::Pattern, &why),
        }
    }

    fn untested(&self, phrases: &[String], pages: &[&str]) -> Option<Why> {
        let stands = |phrase: &String| pages.iter().any(|page| self.sayings.stands_in(phrase, page));
        (!phrases.iter().any(stands)).then(untested)
    }

    /// Takes up what all files together say: the checks, and words of a frequency that are refused by what ships.
    pub(in crate::rules) fn complete(&mut self, rules: &RuleFile) {
        self.checks = rules.field.iter().map(|(field, rule)| (*field, rule.check.clone())).collect();
        if !self.sayings.refuses() {
            let refused = rules.field.get(&Field::Frequency).map(|rule| rule.refuse.as_slice()).unwrap_or_default();
            for rule in refused {
                rule.words.iter().for_each(|phrase| self.sayings.refuse(phrase, &rule.tell));
            }
        }
    }

    /// A check of a field, where it is switched on.
    pub(in crate::rules) fn check(&self, field: Field, name: CheckName) -> Option<&CheckRule> {
        self.checks.get(&field)?.iter().find(|check| check.name == name)
    }

    /// The facts of `asked` that stand on a page.
    pub(in crate::rules) fn facts(&self, page: &Context, asked: impl Fn(&str) -> bool) -> Vec<String> {
        let fits = |name: &str| {
            let mut patterns = self.fact_patterns.iter().filter(|(of, _)| of == name);
            patterns.any(|(_, pattern)| pattern.is_match(&page.text.text))
        };
        let facts = page.book.rules.fact.iter().filter(|(name, _)| asked(name));
        let facts = facts.filter(|(name, rule)| page.found.has_any(&rule.words) || fits(name));
        facts.map(|(name, _)| name.clone()).collect()
    }

    /// Puts the values that the clinic says in the place of those of the same ink, and doubts what it refuses or what does not
    /// stand up to a check.
    pub(in crate::rules) fn apply(&self, page: &Context, found: &mut Vec<Candidate>) {
        for (field, say) in &self.say {
            let said: Vec<Candidate> = page
                .labels_of(*field)
                .filter_map(|label| {
                    page.slots(label, 1).into_iter().find_map(|(_, slot)| {
                        let line = slot.text.lines().next().unwrap_or_default();
                        let start = line.find(|letter: char| letter.is_alphanumeric()).filter(|at| *at <= LEAD_MAX)?;
                        let rest = line.get(start..)?;
                        let end = say.pattern.find(rest).map(|found| found.end()).filter(|end| *end > 0)?;
                        let goes_on = rest.get(end..)?.starts_with(|next: char| next.is_alphanumeric());
                        let value = say.value(*field, rest.get(..end)?, page.on).filter(|_| !goes_on)?;
                        let evidence = slot.evidence(&(start..start + end), &say.rule);
                        Some(Candidate {
                            field: *field,
                            value,
                            evidence,
                            trust: if label.weak { WEAK } else { 1.0 },
                            rule: say.rule.clone(),
                            doubts: Vec::new(),
                            checked: false,
                        })
                    })
                })
                .collect();
            let is_said = |candidate: &Candidate| {
                candidate.field == *field && said.iter().any(|own| touch(&own.evidence, &candidate.evidence))
            };
            found.retain(|candidate| !is_said(candidate));
            found.extend(said);
        }
        for candidate in found.iter_mut() {
            let refused =
                self.refuse.iter().filter(|(field, refuse)| *field == candidate.field && refuse.fits(candidate));
            let refused: Vec<String> = refused.map(|(_, refuse)| refuse.tell.clone()).collect();
            candidate.doubts.extend(refused);
            candidate.doubts.extend(self.fails(candidate));
        }
    }

    /// Why a value does not stand up to the checks of its field that need nothing but the value.
    fn fails(&self, candidate: &Candidate) -> Option<String> {
        match &candidate.value {
            Value::Frequency(frequency) => {
                let max = self.check(candidate.field, CheckName::Range)?.max?;
                frequency
                    .visits
                    .is_some_and(|visits| visits > max)
                    .then(|| format!("more than {max} visits are hardly meant"))
            }
            Value::Text(text) => {
                let values = &self.check(candidate.field, CheckName::OneOf)?.values;
                let bare = |text: &str| text.replace(['.', '-', ' '], "").to_uppercase();
                let listed = |part: &str| values.iter().any(|value| bare(value) == bare(part));
                let parts = || text.reveal().split([',', '/']).map(str::trim).filter(|part| !part.is_empty());
                (!parts().any(listed)).then(|| "it is none of the values that its rule file lists".to_owned())
            }
            _ => None,
        }
    }
}

/// Whether all words took part in a reading that says how often, or how many visits.
fn is_whole(means: &str, read: &Schedule) -> bool {
    let says = |part: Option<&str>| part.is_some_and(|part| part.contains(char::is_alphanumeric));
    let is_all = !says(means.get(..read.span.start)) && !says(means.get(read.span.end..));
    let says_how_often = !read.frequency.phases.is_empty() || read.frequency.visits.is_some();
    is_all && says_how_often && read.leftovers.is_empty() && read.repairs.is_empty()
}

/// What a weak label's value is worth, as elsewhere.
const WEAK: f32 = 0.7;

impl Say {
    /// The value of `text`, which the pattern fits.
    fn value(&self, field: Field, text: &str, on: jiff::civil::Date) -> Option<Value> {
        let meant = self.means.clone().unwrap_or_else(|| text.trim().to_owned());
        match field {
            Field::PayerClaimNumber => Some(Value::ClaimNumber(meant.into())),
            Field::PayerInsurer | Field::PayerAdjuster | Field::ProviderCredential => Some(Value::Text(meant.into())),
            Field::ProviderNpi => {
                let digits: String = meant.chars().filter(char::is_ascii_digit).collect();
                (digits.len() == 10).then(|| Value::Npi { valid: npi_holds(&digits), digits })
            }
            _ => {
                let kind = date_kind(field)?;
                let parts = self.pattern.captures(text)?;
                let part = |name: &str| parts.name(name).map(|part| part.as_str());
                // in the order of which the program makes no question
                let plain = format!("{} {}, {}", month(part("month")?)?, part("day")?, part("year")?);
                let hit = find_dates(&plain, kind, on).into_iter().next()?;
                Some(Value::Date(hit.date))
            }
        }
    }
}

impl Refuse {
    fn fits(&self, candidate: &Candidate) -> bool {
        let written = match &candidate.value {
            Value::Text(text) | Value::ClaimNumber(text) => text.reveal().clone(),
            _ => candidate.evidence.iter().map(|ink| ink.text.reveal().as_str()).collect::<Vec<_>>().join(" "),
        };
        self.pattern.is_match(written.trim_matches(|letter: char| !letter.is_alphanumeric()))
    }
}

/// What is meant by the month of a date: "9", "09", "Sep", "SEPT".
fn month(text: &str) -> Option<&'static str> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let lower = text.to_lowercase();
    let named =
        || MONTHS.iter().position(|month| month.to_lowercase().get(..3).is_some_and(|short| lower.starts_with(short)));
    MONTHS.get(number.or_else(named)?).copied()
}

fn date_kind(field: Field) -> Option<DateKind> {
    match field {
        Field::PatientBirthDate => Some(DateKind::Birth),
        Field::PayerDateOfInjury => Some(DateKind::Injury),
        Field::WrittenOn | Field::ExpiresOn => Some(DateKind::Order),
        _ => None,
    }
}

/// Any of some words, by themselves, whatever stands between two of them.
fn any_of(words: &[String]) -> String {
    let phrase = |words: &String| {
        let parts: Vec<String> = words.split_whitespace().map(regex::escape).collect();
        parts.join(r"[\s\-]+")
    };
    format!(r"\b(?:{})\b", words.iter().map(phrase).collect::<Vec<_>>().join("|"))
}

fn untested() -> Why {
    (FaultKind::UntestedValue, "no [[test]] of this file holds words that it fits: give one".to_owned())
}

/// Why a check does nothing for a field.
fn why_no_check(field: Field, check: &CheckRule) -> Option<&'static str> {
    let is_text = matches!(field, Field::ProviderCredential | Field::PayerInsurer | Field::PayerAdjuster);
    let is_ordered = matches!(field, Field::PatientBirthDate | Field::PayerDateOfInjury | Field::WrittenOn);
    match check.name {
        CheckName::NpiLuhn if field != Field::ProviderNpi => Some("`npi-luhn` is for provider.npi"),
        CheckName::DateOrder if !is_ordered => {
            Some("`date-order` is for patient.birth_date, payer.date_of_injury and written_on")
        }
        CheckName::Range if field != Field::Frequency || check.max.is_none() => {
            Some("`range` is for frequency, with `max` visits")
        }
        CheckName::OneOf if !is_text || check.values.is_empty() => {
            Some("`one-of` is for provider.credential, payer.insurer and payer.adjuster, with `values`")
        }
        CheckName::IcdBillableOn | CheckName::WordsAgree if field != Field::Diagnoses => {
            Some("`icd-billable-on` and `words-agree` are for diagnoses")
        }
        _ => None,
    }
}
