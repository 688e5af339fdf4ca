//! In: a code and a day. Out: whether the code was billable on it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use super::meaning::{Meaning, Titles};
use super::shape::{bare, folded, one_place_apart, packed};

/// ICD-10-CM codes with their titles and the fiscal years in which they may be billed.
#[derive(Debug, Clone, Default)]
pub struct CodeList {
    /// In their order.
    pub(super) codes: Vec<(String, Entry)>,
    /// The same codes as numbers: a code is looked up, and its neighbours are found, without a string being compared.
    packed: Vec<u64>,
    /// For each code the places of those that differ from it in one place, worked out when they are first asked for.
    near: Vec<OnceLock<Vec<usize>>>,
    /// Folded forms without the dot, to the codes that share them.
    folded: BTreeMap<String, Vec<String>>,
    pub(super) full: bool,
    /// Of the newest order file that it was made of or held against.
    pub(super) fiscal_year: u16,
    /// Worked out when words are first held against all titles.
    titles: OnceLock<Titles>,
}

/// One code.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) title: String,
    pub(super) first: First,
    pub(super) last_billable_fy: Option<u16>,
    pub(super) successors: Vec<String>,
    /// What its title says, worked out when it is first asked for.
    pub(super) meaning: OnceLock<Meaning>,
}

/// The first fiscal year in which a code may be billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum First {
    /// Before anything that is received now.
    #[default]
    Always,
    /// This one.
    In(u16),
    /// This one or one before it: no older order file was looked at.
    By(u16),
}

impl Entry {
    fn meaning(&self) -> &Meaning {
        self.meaning.get_or_init(|| Meaning::of(&self.title))
    }
}

/// A code of the list that differs from another one in one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near<'a> {
    pub(super) code: &'a str,
    pub(super) title: &'a str,
    pub(super) meaning: &'a Meaning,
}

/// What the list says of a code on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeStatus {
    /// May stand on a claim.
    Billable,
    /// A heading; the codes below it are meant.
    Header {
        /// Billable codes below it, at most twelve.
        children: Vec<String>,
    },
    /// Was billable, is no more.
    Retired {
        /// The last fiscal year in which it was (FY2026 ends on 30 September 2026).
        last_billable_fy: u16,
        /// What took its place.
        successors: Vec<String>,
    },
    /// Will be billable from the first of October before that fiscal year.
    NotYetValid {
        /// The first fiscal year in which it is.
        first_fy: u16,
    },
    /// Billable from a fiscal year on, and the list does not say whether before it.
    Unsettled {
        /// The first fiscal year of which the list knows it.
        known_from_fy: u16,
    },
    /// Not on the list. Only the full list makes this an error.
    Unknown,
}

/// Most codes that are named below a heading.
const CHILDREN_MAX: usize = 12;

impl CodeList {
    /// The massage-relevant codes that ship with the program.
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: OnceLock<Arc<CodeList>> = OnceLock::new();
        let read =
            || Self::from_tsv(include_str!("../../../rules/codes/icd10cm.tsv")).expect("the table that ships is sound");
        BUILT_IN.get_or_init(|| Arc::new(read())).clone()
    }

    pub(super) fn of(codes: BTreeMap<String, Entry>, full: bool, fiscal_year: u16) -> Self {
        let mut index: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for code in codes.keys() {
            index.entry(folded(&bare(code))).or_default().push(code.clone());
        }
        let number = |code: &String| packed(code).expect("a code has at most eight characters, its dot among them");
        let packed: Vec<u64> = codes.keys().map(number).collect();
        let near = vec![OnceLock::new(); packed.len()];
        let codes = codes.into_iter().collect();
        Self { codes, packed, near, folded: index, full, fiscal_year, titles: OnceLock::new() }
    }

    pub(super) fn entry(&self, code: &str) -> Option<&Entry> {
        let at = self.packed.binary_search(&packed(code)?).ok()?;
        self.codes.get(at).map(|(_, entry)| entry)
    }

    /// Whether every code of ICD-10-CM stands in it.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The fiscal year of the newest order file that it was made of or held against.
    pub fn fiscal_year(&self) -> u16 {
        self.fiscal_year
    }

    /// How many codes.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// What the list says of `code` (with its dot) on a day.
    pub fn look_up(&self, code: &str, on: Date) -> CodeStatus {
        let fiscal_year = fiscal_year(on);
        if let Some(entry) = self.entry(code) {
            if let Some(last) = entry.last_billable_fy.filter(|last| *last < fiscal_year) {
                return CodeStatus::Retired { last_billable_fy: last, successors: entry.successors.clone() };
            }
            return match entry.first {
                First::In(first_fy) if fiscal_year < first_fy => CodeStatus::NotYetValid { first_fy },
                First::By(known_from_fy) if fiscal_year < known_from_fy => CodeStatus::Unsettled { known_from_fy },
                _ => CodeStatus::Billable,
            };
        }
        let children = self.children(code);
        if children.is_empty() { CodeStatus::Unknown } else { CodeStatus::Header { children } }
    }

    /// Whether a code that is billable on a day is so no more from the next first of October on.
    pub fn ends_with_the_year(&self, code: &str, on: Date) -> bool {
        self.entry(code).is_some_and(|entry| entry.last_billable_fy == Some(fiscal_year(on)))
    }

    /// What took or will take the place of a code.
    pub fn successors(&self, code: &str) -> Vec<String> {
        self.entry(code).map(|entry| entry.successors.clone()).unwrap_or_default()
    }

    fn children(&self, code: &str) -> Vec<String> {
        if code.len() < 3 {
            return Vec::new();
        }
        let Some(number) = packed(code) else { return Vec::new() };
        let from = self.packed.partition_point(|known| *known < number);
        let below = self.codes[from..].iter().take_while(|(child, _)| child.starts_with(code));
        below
            .filter(|(_, entry)| entry.last_billable_fy.is_none())
            .map(|(child, _)| child.clone())
            .take(CHILDREN_MAX)
            .collect()
    }

    /// The title of the official table.
    pub fn title(&self, code: &str) -> Option<&str> {
        self.entry(code).map(|entry| entry.title.as_str())
    }

    /// All codes with their titles.
    #[cfg(test)]
    pub(super) fn titled(&self) -> impl Iterator<Item = (&str, &str)> {
        self.codes.iter().map(|(code, entry)| (code.as_str(), entry.title.as_str()))
    }

    /// The codes that are as long as `code` and differ from it in one place, in their order.
    pub(super) fn near(&self, code: &str) -> Vec<Near<'_>> {
        let Some(number) = packed(code) else { return Vec::new() };
        let look = || self.places_near(number);
        let unlisted;
        let places = match self.packed.binary_search(&number) {
            Ok(at) => self.near[at].get_or_init(look),
            Err(_) => {
                unlisted = look();
                &unlisted
            }
        };
        let at = |place: &usize| {
            let (code, entry) = &self.codes[*place];
            Near { code, title: &entry.title, meaning: entry.meaning() }
        };
        places.iter().map(at).collect()
    }

    fn places_near(&self, number: u64) -> Vec<usize> {
        let places = self.packed.iter().enumerate();
        places.filter(|(_, known)| one_place_apart(number, **known)).map(|(place, _)| place).collect()
    }

    /// Codes that look like `code` (without its dot) once look-alike characters are made one.
    pub(super) fn alike(&self, code: &str) -> &[String] {
        self.folded.get(&folded(code)).map(Vec::as_slice).unwrap_or_default()
    }

    /// All codes with what their titles say.
    pub(super) fn meanings(&self) -> impl Iterator<Item = (&str, &Meaning)> {
        self.codes.iter().map(|(code, entry)| (code.as_str(), entry.meaning()))
    }

    /// The stems of all titles, in the order of [`Self::meanings`].
    pub(super) fn titles(&self) -> &Titles {
        self.titles.get_or_init(|| Titles::of(self.codes.iter().map(|(_, entry)| entry.meaning())))
    }

    /// What the title of a code says.
    pub(super) fn meaning(&self, code: &str) -> Option<&Meaning> {
        self.entry(code).map(Entry::meaning)
    }
}

/// FY2027 begins on 1 October 2026. A day before our era, which no paper bears, is of year 0.
pub fn fiscal_year(on: Date) -> u16 {
    let year = u16::try_from(on.year()).unwrap_or(0);
    if 10 <= on.month() { year + 1 } else { year }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_code_is_billable_on_a_day() {
        let list = CodeList::built_in();
        assert_eq!(list.look_up("M54.2", date(2026, 11, 2)), CodeStatus::Billable);
        assert!(
            matches!(list.look_up("M54.5", date(2026, 11, 2)), CodeStatus::Retired { last_billable_fy: 2021, successors } if successors.len() == 3)
        );
        assert_eq!(list.look_up("M72.2", date(2026, 9, 30)), CodeStatus::Billable);
        assert!(matches!(list.look_up("M72.2", date(2026, 10, 1)), CodeStatus::Retired { .. }));
        assert_eq!(list.look_up("M67.A01", date(2026, 9, 30)), CodeStatus::NotYetValid { first_fy: 2027 });
        assert!(
            matches!(list.look_up("S13.4", date(2026, 11, 2)), CodeStatus::Header { children } if children.len() == 3)
        );
        assert!(matches!(list.look_up("M54", date(2026, 11, 2)), CodeStatus::Header { .. }));
        assert_eq!(list.look_up("Z99.9", date(2026, 11, 2)), CodeStatus::Unknown);
    }

    #[test]
    fn no_two_codes_that_ship_look_alike() {
        let list = CodeList::built_in();
        assert!(900 < list.len());
        let twice: Vec<_> = list.folded.values().filter(|codes| 1 < codes.len()).collect();
        assert!(twice.len() < 30, "{twice:?}");
    }
}
