//! In: the text of a TOML file. Out: what can be read of it, the place of each part, and what is at fault.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

use crate::written::words::in_plain_words;
use crate::written::{FAULTS_MAX, Fault, FaultKind, Written, and_more};

/// A file as it is written, without the parts that are at fault.
pub struct Source<'t> {
    /// Its name below the folder of rules.
    pub name: &'t str,
    /// Its text.
    pub text: &'t str,
    /// What is left.
    tree: DeTable<'t>,
    /// Section and name of each block, also of those that are at fault.
    named: BTreeSet<(String, String)>,
    /// Where the blocks begin from which something was taken out.
    damaged: BTreeSet<usize>,
    /// Sections from which something was taken out.
    lost: BTreeSet<String>,
}

/// A step from a block to one of its parts.
#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Nth(usize),
}

impl<'t> Source<'t> {
    /// Reads a file and adds what is wrong with its keys and values to `faults`. What is at fault is taken out, and the rest is
    /// read again, so that one fault hides no other.
    pub fn read<T: DeserializeOwned + Default>(written: &'t Written, faults: &mut Vec<Fault>) -> (Self, T) {
        let Written { name, text, left, named, damaged, lost } = written;
        let tree = DeTable::parse(left).map(Spanned::into_inner).unwrap_or_else(|_| unreachable!("the rest is TOML"));
        let sections = tree.iter().filter_map(|(section, value)| Some((section, value.get_ref().as_table()?)));
        let names = sections.flat_map(|(section, blocks)| {
            blocks.keys().map(move |name| (section.get_ref().to_string(), name.get_ref().to_string()))
        });
        let named = names.chain(named.iter().cloned()).collect();
        let mut source = Self { name, text, named, damaged: damaged.clone(), lost: lost.clone(), tree };
        let value = source.deserialize(faults);
        (source, value)
    }

    fn deserialize<T: DeserializeOwned + Default>(&mut self, faults: &mut Vec<Fault>) -> T {
        let others = faults.len();
        // each round takes out a part: it ends
        loop {
            let error = match T::deserialize(Deserializer::from(Spanned::new(0..self.text.len(), self.tree.clone()))) {
                Ok(value) => return value,
                Err(error) => error,
            };
            if faults.len() - others >= FAULTS_MAX {
                faults.push(and_more(self.name, FaultKind::Value));
                break;
            }
            let Some(path) = error.span().and_then(|span| path_to(&self.tree, &span)) else {
                faults.push(Fault::of_file(FaultKind::Value, self.name, error.message().to_owned()));
                break;
            };
            let span = error.span().unwrap_or_default();
            // what was taken out is not missing
            if !(error.message().starts_with("missing field") && self.damaged.contains(&span.start)) {
                let (kind, what) = in_plain_words(error.message(), self.text.get(span.clone()).unwrap_or_default());
                let fault = Fault::at(kind, self.name, self.text, span.start, what);
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
            self.take_out(&path);
        }
        self.lost.extend(self.tree.keys().map(|key| key.get_ref().to_string()));
        self.tree = DeTable::new();
        T::default()
    }

    /// Where a part stands, in bytes: `&[&"require", &3, &"tell"]` is the value of `tell` in the fourth `[[require]]`. Where it is
    /// not there, the block that should hold it.
    pub fn offset(&self, path: &[&dyn Display]) -> usize {
        self.follow(path).last().map_or(0, |part| part.span().start)
    }

    /// The line of a part, from 1.
    pub fn line(&self, path: &[&dyn Display]) -> usize {
        self.text.get(..self.offset(path)).unwrap_or_default().matches('\n').count() + 1
    }

    /// Whether a part is there, be it empty.
    pub fn has(&self, path: &[&dyn Display]) -> bool {
        self.follow(path).len() == path.len()
    }

    /// The number of a text in a list, from 0.
    pub fn index(&self, path: &[&dyn Display], item: &str) -> Option<usize> {
        let list = self.follow(path).get(path.len().checked_sub(1)?)?.get_ref().as_array()?;
        list.iter().position(|own| own.get_ref().as_str() == Some(item))
    }

    /// A fault at a part.
    pub fn fault(&self, kind: FaultKind, path: &[&dyn Display], what: String) -> Fault {
        Fault::at(kind, self.name, self.text, self.offset(path), what)
    }

    /// Tells a fault at a part, but not that something lacks from where something was taken out.
    pub fn tell(&self, faults: &mut Vec<Fault>, kind: FaultKind, path: &[&dyn Display], what: String) {
        let lacks_a_test = matches!(kind, FaultKind::Untested | FaultKind::UntestedValue) && self.has_lost("test");
        if !(lacks_a_test || kind.is_lack() && self.is_damaged(path)) {
            faults.push(self.fault(kind, path, what));
        }
    }

    /// Whether something of the block that holds a part could not be read.
    pub fn is_damaged(&self, path: &[&dyn Display]) -> bool {
        let block = self.follow(path).into_iter().rfind(|part| part.get_ref().is_table());
        block.is_some_and(|block| self.damaged.contains(&block.span().start))
    }

    /// Whether something of a section could not be read.
    pub fn has_lost(&self, section: &str) -> bool {
        self.lost.contains(section)
    }

    /// Whether a block has this name, be it at fault.
    pub fn names_it(&self, section: &str, name: &str) -> bool {
        self.named.contains(&(section.to_owned(), name.to_owned()))
    }

    /// The names of the blocks of a section of which something could not be read.
    pub fn lost_names(&self, section: &str) -> impl Iterator<Item = &str> {
        let of_section = self.named.iter().filter(move |(own, _)| own == section && self.has_lost(section));
        of_section.map(|(_, name)| name.as_str())
    }

    /// The parts that lead to one, as far as they are there.
    fn follow(&self, path: &[&dyn Display]) -> Vec<&Spanned<DeValue<'t>>> {
        let mut parts: Vec<&Spanned<DeValue>> = Vec::new();
        for step in path.iter().map(|step| step.to_string()) {
            let next = match parts.last().map(|part| part.get_ref()) {
                None => self.tree.get(step.as_str()),
                Some(DeValue::Table(table)) => table.get(step.as_str()),
                Some(DeValue::Array(list)) => step.parse::<usize>().ok().and_then(|nth| list.get(nth)),
                Some(_) => None,
            };
            let Some(next) = next else { break };
            parts.push(next);
        }
        parts
    }

    /// Takes out a part; the block that held it is damaged.
    fn take_out(&mut self, path: &[Step]) {
        if let Some(Step::Key(section)) = path.first() {
            self.lost.insert(section.clone());
        }
        self.damaged.extend(remove(&mut self.tree, 0..0, path).map(|span| span.start));
    }
}

/// The way to the part with a span: that of its key, of its value, or of its header. Of several the innermost.
fn path_to(tree: &DeTable, span: &Range<usize>) -> Option<Vec<Step>> {
    let mut found: Option<Vec<Step>> = None;
    each_part(tree, &mut Vec::new(), &mut |path, key, value| {
        let is_it = key.is_some_and(|key| key == *span) || value.span() == *span;
        if is_it && found.as_ref().is_none_or(|found| found.len() <= path.len()) {
            found = Some(path.to_vec());
        }
    });
    found
}

/// Tells each part of a table with the way to it, the span of its key and its value.
fn each_part<'v>(
    table: &'v DeTable<'_>,
    path: &mut Vec<Step>,
    tell: &mut impl FnMut(&[Step], Option<Range<usize>>, &'v Spanned<DeValue<'_>>),
) {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().to_string()));
        tell(path, Some(key.span()), value);
        each_part_of(value, path, tell);
        path.pop();
    }
}

fn each_part_of<'v>(
    value: &'v Spanned<DeValue<'_>>,
    path: &mut Vec<Step>,
    tell: &mut impl FnMut(&[Step], Option<Range<usize>>, &'v Spanned<DeValue<'_>>),
) {
    match value.get_ref() {
        DeValue::Table(table) => each_part(table, path, tell),
        DeValue::Array(list) => {
            for (nth, item) in list.iter().enumerate() {
                path.push(Step::Nth(nth));
                tell(path, None, item);
                each_part_of(item, path, tell);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Removes the part at the end of a path; the span of the table that held it.
fn remove(table: &mut DeTable, span: Range<usize>, path: &[Step]) -> Option<Range<usize>> {
    let (Step::Key(key), rest) = path.split_first()? else { return None };
    if rest.is_empty() {
        return table.remove(key.as_str()).map(|_| span);
    }
    remove_from(table.get_mut(key.as_str())?, span, rest)
}

fn remove_from(value: &mut Spanned<DeValue>, holder: Range<usize>, path: &[Step]) -> Option<Range<usize>> {
    let span = value.span();
    match value.get_mut() {
        DeValue::Table(table) => remove(table, span, path),
        DeValue::Array(list) => {
            let (Step::Nth(nth), rest) = path.split_first()? else { return None };
            if !rest.is_empty() {
                return remove_from(<[_]>::get_mut(list, *nth)?, holder, rest);
            }
            let mut left = DeArray::new();
            let others = list.iter().enumerate().filter(|(at, _)| at != nth);
            others.for_each(|(_, item)| left.push(item.clone()));
            *list = left;
            Some(holder)
        }
        _ => None,
    }
}
