//! In: the `[pattern.NAME]` blocks of the rule files. Out: linear patterns made of one another, and what is wrong with them.
//!
//! `{other}` puts another pattern in; a name begins with a letter, so that `{1,2}` stays a number of times.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use crate::rules::lint::nearest;
use crate::rules::schema::{PatternRule, RuleFile};
use crate::written::{Fault, FaultKind, Source};

/// A pattern with all that it puts in is not longer: two that put in another twice grow with each step.
const EXPANDED_BYTES_MAX: usize = 20_000;
/// A compiled pattern is not larger.
const COMPILED_BYTES_MAX: usize = 1_000_000;
/// More patterns are not put into one another: that deep no compiled pattern goes.
const PIECES_MAX: usize = 50;
/// Texts that have nothing in common: what fits all of them says nothing.
const ANYTHING: [&str; 3] = ["Qz", "7 7 7", "~ x & 12/34 otherwise"];

/// What is not said again of a pattern that puts in one which is at fault where it stands.
const LOST: &str = "it puts in a pattern that is at fault itself";

/// What is said of a pattern that puts in itself.
const CIRCLE: &str = "it goes in a circle";

/// The named patterns of the book.
#[derive(Default)]
pub(in crate::rules) struct Patterns {
    named: BTreeMap<String, Named>,
    used: RefCell<BTreeSet<String>>,
    /// Names of patterns that could not be read, which is told where they stand.
    lost: BTreeSet<String>,
    /// Something that may use a pattern could not be read.
    lost_use: bool,
}

struct Named {
    rule: PatternRule,
    /// A fault at its block, its text and each of its examples and counter-examples, to be filled in.
    at: Fault,
    at_text: Fault,
    at_examples: [Vec<Fault>; 2],
}

impl Patterns {
    /// Takes up the patterns of a file.
    pub(in crate::rules) fn add(&mut self, source: &Source, rules: &RuleFile, faults: &mut Vec<Fault>) {
        self.lost.extend(source.lost_names("pattern").map(str::to_owned));
        self.lost_use |= ["field", "fact", "pattern"].into_iter().any(|section| source.has_lost(section));
        for (name, rule) in &rules.pattern {
            let place = |path: &[&dyn Display]| source.fault(FaultKind::Pattern, path, String::new());
            let at = place(&[&"pattern", name]);
            if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.chars().all(is_of_name) {
                let what =
                    format!("{name:?} is no name for a pattern: begin with a letter, and use letters, digits and _");
                faults.push(Fault { what, ..at });
            } else if let Some(Named { at: first, .. }) = self.named.get(name) {
                let place = format!("{}:{}", first.file, first.line());
                let what = format!("the pattern {name:?} stands in {place} already; delete one of the two");
                faults.push(Fault { kind: FaultKind::Twice, what, ..at });
            } else {
                let each = |list: &str, of: &[String]| {
                    (0..of.len()).map(|nth| place(&[&"pattern", name, &list, &nth])).collect()
                };
                let at_examples = [each("examples", &rule.examples), each("counter_examples", &rule.counter_examples)];
                let at_text = place(&[&"pattern", name, &"text"]);
                self.named.insert(name.clone(), Named { rule: rule.clone(), at, at_text, at_examples });
            }
        }
    }

    /// A pattern that must fit a text from its beginning (`^` is put before it), upper and lower case alike.
    ///
    /// # Errors
    /// In words for whoever wrote it: what it puts in is not there or goes in a circle, it is no pattern, or it is too large.
    pub(in crate::rules) fn beginning(&self, text: &str) -> Result<Regex, String> {
        compile(&format!(r"\A(?:{})", self.expand(text, &mut Vec::new())?))
    }

    /// A pattern that must fit a whole text.
    ///
    /// # Errors
    /// As [`Self::beginning`].
    pub(in crate::rules) fn whole(&self, text: &str) -> Result<Regex, String> {
        compile(&format!(r"\A(?:{})\z", self.expand(text, &mut Vec::new())?))
    }

    /// A pattern that fits anywhere in a text.
    ///
    /// # Errors
    /// As [`Self::beginning`].
    pub(in crate::rules) fn anywhere(&self, text: &str) -> Result<Regex, String> {
        compile(&self.expand(text, &mut Vec::new())?)
    }

    /// Whether a pattern puts in one that is at fault, which is told where that one stands.
    pub(in crate::rules) fn needs_a_lost_one(&self, text: &str) -> bool {
        let names: Vec<&str> = pieces(text).map(|(_, name)| name).collect();
        self.used.borrow_mut().extend(names.iter().map(|name| (*name).to_owned()));
        names.iter().any(|name| self.lost.contains(*name) || self.is_at_fault(name))
    }

    /// Whether a named pattern, or one that it puts in, cannot be used.
    fn is_at_fault(&self, name: &str) -> bool {
        self.named(name).is_some_and(|whole| whole.map_or(true, |whole| is_over_wide(&whole)))
    }

    /// A named pattern, which must fit a whole text.
    fn named(&self, name: &str) -> Option<Result<Regex, String>> {
        let expanded = self.expand(&self.named.get(name)?.rule.text, &mut vec![name.to_owned()]);
        Some(expanded.and_then(|expanded| compile(&format!(r"\A(?:{expanded})\z"))))
    }

    fn expand(&self, text: &str, within: &mut Vec<String>) -> Result<String, String> {
        let mut expanded = String::new();
        let mut behind = 0;
        for (piece, name) in pieces(text) {
            expanded.push_str(text.get(behind..piece.start).unwrap_or_default());
            behind = piece.end;
            if within.iter().any(|outer| outer == name) {
                // it is told once: of the first by name
                let is_first =
                    within.first().is_some_and(|first| first == name) && within.iter().min() == within.first();
                let why = format!("{CIRCLE}: {} → {name}", within.join(" → "));
                return Err(if is_first { why } else { LOST.to_owned() });
            }
            let Some(named) = self.named.get(name) else {
                return Err(if self.lost.contains(name) { LOST.to_owned() } else { self.unknown(name) });
            };
            self.used.borrow_mut().insert(name.to_owned());
            if within.len() == PIECES_MAX {
                return Err(format!("it puts more than {PIECES_MAX} patterns into one another"));
            }
            within.push(name.to_owned());
            expanded.push_str(&format!("(?:{})", self.expand(&named.rule.text, within)?));
            within.pop();
            if expanded.len() > EXPANDED_BYTES_MAX {
                return Err(format!("with all that it puts in it is longer than {EXPANDED_BYTES_MAX} bytes"));
            }
        }
        expanded.push_str(text.get(behind..).unwrap_or_default());
        Ok(expanded)
    }

    fn unknown(&self, name: &str) -> String {
        let hint =
            nearest(name, self.named.keys()).map(|near| format!("; did you mean {{{near}}}?")).unwrap_or_default();
        format!("no pattern is called {{{name}}}{hint}")
    }

    /// What is wrong with the named patterns. To be asked when all that use them have been compiled.
    pub(in crate::rules) fn check(&self, faults: &mut Vec<Fault>) {
        for (name, Named { rule, at, at_text, at_examples }) in &self.named {
            let mut wrong = |kind, at: &Fault, what: String| faults.push(Fault { kind, what, ..at.clone() });
            let Some(whole) = self.named(name) else { continue };
            let whole = match whole {
                Ok(whole) => whole,
                Err(why) => {
                    let is_own = why.starts_with(CIRCLE) || why != LOST && !self.needs_a_lost_one(&rule.text);
                    if is_own {
                        wrong(FaultKind::Pattern, at_text, format!("the pattern {name:?}: {why}"));
                    }
                    continue;
                }
            };
            let is_over_wide = is_over_wide(&whole);
            if is_over_wide {
                let what = format!("the pattern {name:?} fits anything, or nothing at all: narrow it");
                wrong(FaultKind::OverWide, at_text, what);
            }
            if rule.examples.is_empty() || rule.counter_examples.is_empty() {
                let what = format!(
                    "the pattern {name:?} needs `examples` that it fits and `counter_examples` that it does not"
                );
                wrong(FaultKind::UntestedValue, at, what);
            }
            if !self.used.borrow().contains(name) && !self.lost_use {
                let what = format!("nothing uses the pattern {name:?}: put {{{name}}} into a `when`, or delete it");
                wrong(FaultKind::Unused, at, what);
            }
            // that one which fits anything fits its counter-examples is no news
            if is_over_wide {
                continue;
            }
            let [at_good, at_bad] = at_examples;
            for (example, at) in rule.examples.iter().zip(at_good).filter(|(example, _)| !whole.is_match(example)) {
                wrong(FaultKind::Example, at, format!("the pattern {name:?} does not fit its example {example:?}"));
            }
            for (example, at) in rule.counter_examples.iter().zip(at_bad).filter(|(example, _)| whole.is_match(example))
            {
                wrong(FaultKind::Example, at, format!("the pattern {name:?} fits {example:?}, which it should not"));
            }
        }
    }
}

/// Whether a pattern that must fit a whole text fits anything.
pub(in crate::rules) fn is_over_wide(whole: &Regex) -> bool {
    whole.is_match("") || ANYTHING.iter().all(|text| whole.is_match(text))
}

/// Where a pattern puts in others, and their names.
fn pieces(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    static PIECE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\\[pPxuU]\{[^}]*\}|\\.|\{([A-Za-z][A-Za-z0-9_]*)\}").expect("a fixed pattern"));
    PIECE.captures_iter(text).filter_map(|found| Some((found.get(0)?.range(), found.get(1)?.as_str())))
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).case_insensitive(true).size_limit(COMPILED_BYTES_MAX).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large: repeat less, or name fewer choices".to_owned(),
        other => {
            let said = other.to_string();
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            format!("it is no pattern: {}", last.trim_start_matches("error: "))
        }
    })
}
