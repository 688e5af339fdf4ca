//! In: a code table as text. Out: a [`CodeList`] that knows which code was billable on which day.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use super::meaning::{Meaning, Titles};
use super::shape::{bare, dotted, folded, one_place_apart, packed};

/// ICD-10-CM codes with their titles and the fiscal years in which they may be billed.
#[derive(Debug, Clone, Default)]
pub struct CodeList {
    /// In their order.
    codes: Vec<(String, Entry)>,
    /// The same codes as numbers: a code is looked up, and its neighbours are found, without a string being compared.
    packed: Vec<u64>,
    /// Folded forms without the dot, to the codes that share them.
    folded: BTreeMap<String, Vec<String>>,
    full: bool,
    /// Worked out when words are first held against all titles.
    titles: OnceLock<Titles>,
}

/// One code.
#[derive(Debug, Clone)]
struct Entry {
    title: String,
    first_fy: Option<u16>,
    last_billable_fy: Option<u16>,
    successors: Vec<String>,
    /// What its title says, worked out when it is first asked for.
    meaning: OnceLock<Meaning>,
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
    /// Not on the list. Only the full list makes this an error.
    Unknown,
}

/// Why a code table could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum CodeListError {
    /// A line that does not hold its columns.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// No code in the whole text.
    #[error("no code in the table: is it the icd10cm-order file?")]
    Empty,
    /// An order file without its end.
    #[error(
        "only {lines} lines, and none for the codes that begin with {lacking}: a whole order file has more than \
         {ORDER_LINES_MIN}; download it again, unpack it, and import that"
    )]
    CutOff {
        /// Lines with a code.
        lines: usize,
        /// Letters with which no code begins.
        lacking: String,
    },
}

/// A whole order file has 95,358 lines (January 2021), 98,186 (fiscal year 2026) or 98,403 (2027), headings included.
const ORDER_LINES_MIN: usize = 90_000;

const FULL_MARK: &str = "# the full list";
const CHILDREN_MAX: usize = 12;

impl CodeList {
    /// The massage-relevant codes that ship with the program.
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: OnceLock<Arc<CodeList>> = OnceLock::new();
        let read =
            || Self::from_tsv(include_str!("../../../rules/codes/icd10cm.tsv")).expect("the table that ships is sound");
        BUILT_IN.get_or_init(|| Arc::new(read())).clone()
    }

    /// Reads a table as [`CodeList::to_tsv`] writes it: code, title, first_fy, last_billable_fy, successors.
    pub fn from_tsv(text: &str) -> Result<Self, CodeListError> {
        let mut codes = BTreeMap::new();
        let mut full = false;
        for (index, line) in text.lines().enumerate() {
            let fault = |what: &str| CodeListError::Line { line: index + 1, what: what.to_owned() };
            full |= line.starts_with(FULL_MARK);
            if line.trim().is_empty() || line.starts_with('#') || line.starts_with("code\t") {
                continue;
            }
            let mut columns = line.split('\t');
            let code = columns.next().unwrap_or_default().trim().to_ascii_uppercase();
            if !(3..=8).contains(&code.len()) || dotted(&bare(&code)) != code {
                return Err(fault("the first column is no ICD-10-CM code with its dot"));
            }
            let title = columns.next().ok_or_else(|| fault("the title is missing"))?.trim().to_owned();
            let year = |column: Option<&str>| match column.map(str::trim) {
                None | Some("") => Ok(None),
                Some(year) => year.parse::<u16>().map(Some).map_err(|_| fault("a fiscal year is four digits")),
            };
            let first_fy = year(columns.next())?;
            let last_billable_fy = year(columns.next())?;
            let successors = columns.next().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            codes.insert(code, Entry { title, first_fy, last_billable_fy, successors, meaning: OnceLock::new() });
        }
        if codes.is_empty() { Err(CodeListError::Empty) } else { Ok(Self::of(codes, full)) }
    }

    fn of(codes: BTreeMap<String, Entry>, full: bool) -> Self {
        let mut index: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for code in codes.keys() {
            index.entry(folded(&bare(code))).or_default().push(code.clone());
        }
        let number = |code: &String| packed(code).expect("a code has at most eight characters, its dot among them");
        let packed = codes.keys().map(number).collect();
        Self { codes: codes.into_iter().collect(), packed, folded: index, full, titles: OnceLock::new() }
    }

    fn entry(&self, code: &str) -> Option<&Entry> {
        let at = self.packed.binary_search(&packed(code)?).ok()?;
        self.codes.get(at).map(|(_, entry)| entry)
    }

    /// The table as text.
    pub fn to_tsv(&self) -> String {
        let mut out = String::new();
        if self.full {
            out.push_str(FULL_MARK);
            out.push('\n');
        }
        out.push_str("code\ttitle\tfirst_fy\tlast_billable_fy\tsuccessors\n");
        for (code, entry) in &self.codes {
            let year = |year: Option<u16>| year.map(|year| year.to_string()).unwrap_or_default();
            let (first, last) = (year(entry.first_fy), year(entry.last_billable_fy));
            writeln!(out, "{code}\t{}\t{first}\t{last}\t{}", entry.title, entry.successors.join(" "))
                .expect("a string takes all");
        }
        out
    }

    /// Takes the official order file of a fiscal year (icd10cm-order, fixed width: order number 1-5, code 7-13, billable 15,
    /// short title 17-76, long title from 78) over this list: its codes are billable or headers from that year on; codes of
    /// this list that it lacks or heads are retired. The answer is a full list, and so the file must be whole.
    pub fn import(&self, order_file: &str, fiscal_year: u16) -> Result<Self, CodeListError> {
        let full = self.import_part(order_file, fiscal_year)?;
        let lines = order_file.lines().filter(|line| !line.trim().is_empty()).count();
        // every letter begins a code since U07.1 came in fiscal year 2020
        let begins = |letter: &char| order_file.lines().any(|line| line.get(6..7) == Some(letter.to_string().as_str()));
        let lacking: String = ('A'..='Z').filter(|letter| !begins(letter)).collect();
        if lines < ORDER_LINES_MIN || !lacking.is_empty() {
            return Err(CodeListError::CutOff { lines, lacking });
        }
        Ok(full)
    }

    /// The same, of as many lines as there are.
    fn import_part(&self, order_file: &str, fiscal_year: u16) -> Result<Self, CodeListError> {
        let mut codes: BTreeMap<String, Entry> = BTreeMap::new();
        for (index, line) in order_file.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let fault = |what: &str| CodeListError::Line { line: index + 1, what: what.to_owned() };
            let code = line.get(6..13).map(str::trim).filter(|code| (3..=7).contains(&code.len()));
            let code = code.filter(|code| code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()));
            let code = dotted(code.ok_or_else(|| fault("columns 7 to 13 hold no code"))?);
            let billable = match line.get(14..15) {
                Some("1") => true,
                Some("0") => false,
                _ => return Err(fault("column 15 is neither 0 (a heading) nor 1 (billable)")),
            };
            if !billable {
                continue;
            }
            let long = line.get(77..).map(str::trim).filter(|title| !title.is_empty());
            let title = long.or_else(|| line.get(16..).map(str::trim)).unwrap_or_default().to_owned();
            let known = self.entry(&code);
            let first_fy = match known {
                Some(known) => known.first_fy.filter(|_| known.last_billable_fy.is_none()),
                None => self.full.then_some(fiscal_year),
            };
            codes.insert(
                code,
                Entry { title, first_fy, last_billable_fy: None, successors: Vec::new(), meaning: OnceLock::new() },
            );
        }
        if codes.is_empty() {
            return Err(CodeListError::Empty);
        }
        for (code, entry) in &self.codes {
            if !codes.contains_key(code) {
                let last = entry.last_billable_fy.or(Some(fiscal_year.saturating_sub(1)));
                // a code of a coming year is not retired by the file of this one
                let coming = entry.first_fy.is_some_and(|first| fiscal_year < first);
                let last_billable_fy = if coming { entry.last_billable_fy } else { last };
                codes.insert(code.clone(), Entry { last_billable_fy, ..entry.clone() });
            }
        }
        Ok(Self::of(codes, true))
    }

    /// Whether every code of ICD-10-CM stands in it.
    pub fn is_full(&self) -> bool {
        self.full
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
            return match entry.first_fy.filter(|first| fiscal_year < *first) {
                Some(first_fy) => CodeStatus::NotYetValid { first_fy },
                None => CodeStatus::Billable,
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
        let places = self.packed.iter().zip(&self.codes).filter(|(known, _)| one_place_apart(number, **known));
        places.map(|(_, (code, entry))| Near { code, title: &entry.title, meaning: entry.meaning() }).collect()
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

/// FY2027 begins on 1 October 2026.
fn fiscal_year(on: Date) -> u16 {
    let year = u16::try_from(on.year()).unwrap_or_default();
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
    fn the_official_file_makes_a_full_list() {
        let line = |code: &str, flag: u8, title: &str| format!("00001 {code:<7} {flag} {title:<60} {title}\n");
        let file = [
            line("M54", 0, "Dorsalgia"),
            line("M542", 1, "Cervicalgia"),
            line("S134XXA", 1, "Sprain of ligaments of cervical spine, init"),
        ]
        .concat();
        let cut_off = CodeList::built_in().import(&file, 2027);
        assert!(matches!(cut_off, Err(CodeListError::CutOff { lines: 3, lacking }) if lacking.starts_with("ABC")));
        let full = CodeList::built_in().import_part(&file, 2027).unwrap();
        assert!(full.is_full());
        assert_eq!(full.look_up("M54.2", date(2026, 11, 2)), CodeStatus::Billable);
        assert!(matches!(full.look_up("M54.6", date(2026, 11, 2)), CodeStatus::Retired { last_billable_fy: 2026, .. }));
        let again = CodeList::from_tsv(&full.to_tsv()).unwrap();
        assert!(again.is_full() && again.to_tsv() == full.to_tsv());
        assert!(matches!(CodeList::built_in().import("hello", 2027), Err(CodeListError::Line { line: 1, .. })));
        assert!(matches!(CodeList::built_in().import("", 2027), Err(CodeListError::Empty)));
    }

    #[test]
    fn no_two_codes_that_ship_look_alike() {
        let list = CodeList::built_in();
        assert!(900 < list.len());
        let twice: Vec<_> = list.folded.values().filter(|codes| 1 < codes.len()).collect();
        assert!(twice.len() < 30, "{twice:?}");
    }
}
