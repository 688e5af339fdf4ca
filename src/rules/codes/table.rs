//! In: a code table as text. Out: a [`CodeList`], and back; every line that cannot be is told.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::ops::RangeInclusive;

use super::list::{CodeList, Entry, First};
use super::shape::{bare, dotted};

/// Why a code table or an order file could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum CodeListError {
    /// Lines that do not hold what they should.
    #[error("{0}")]
    Lines(FaultyLines),
    /// No code in the whole text.
    #[error("no code in the table: is it the icd10cm-order file?")]
    Empty,
    /// A table that does not hold as many codes as it says.
    #[error(
        "it says that it holds {said} codes and holds {held}: it was cut off, or changed without its line `{COUNT}`"
    )]
    Count {
        /// As its head says; at least, where the head does not say it.
        said: usize,
        /// Lines with a code.
        held: usize,
    },
    /// An order file without its end.
    #[error(
        "it is not whole: {lines} lines of more than {least}{}; download it again, unpack it, and import that",
        if lacking.is_empty() { String::new() } else { format!(", and none for the codes that begin with {lacking}") }
    )]
    CutOff {
        /// Lines with a code.
        lines: usize,
        /// Beginnings with which no code begins.
        lacking: String,
        /// Lines of the shortest whole file.
        least: usize,
    },
    /// A fiscal year of which there is no order file.
    #[error(
        "there is no order file of fiscal year {year}: ICD-10-CM counts from fiscal year {first}, and that of {latest} is \
         the last that can be out; give that of the file with --fiscal-year",
        first = FISCAL_YEARS.start()
    )]
    Year {
        /// As given.
        year: u16,
        /// The latest that there can be.
        latest: u16,
    },
}

/// The faulty lines of a table, each with what is wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FaultyLines(Vec<(usize, String)>);

/// So many faulty lines are told one by one.
const TOLD_LINES_MAX: usize = 20;

/// Claims in the US bear ICD-10-CM since 1 October 2015, the first day of fiscal year 2016 (45 CFR 162.1002(c)).
pub(super) const FISCAL_YEARS: RangeInclusive<u16> = 2016..=2099;
/// Fewest codes of the full list, headings aside: fiscal year 2016 had 69,823.
const FULL_CODES_MIN: usize = 69_000;

const FULL_MARK: &str = "# the full list";
const YEAR: &str = "# fiscal year:";
const COUNT: &str = "# codes:";

impl FaultyLines {
    /// `line` counts from 1.
    pub(super) fn add(&mut self, line: usize, what: impl Into<String>) {
        self.0.push((line, what.into()));
    }

    /// An error where there is one.
    pub(super) fn into_result(self) -> Result<(), CodeListError> {
        if self.0.is_empty() { Ok(()) } else { Err(CodeListError::Lines(self)) }
    }
}

impl fmt::Display for FaultyLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> =
            self.0.iter().take(TOLD_LINES_MAX).map(|(line, what)| format!("line {line}: {what}")).collect();
        f.write_str(&told.join("\n"))?;
        match self.0.len().saturating_sub(TOLD_LINES_MAX) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more such lines"),
        }
    }
}

impl CodeList {
    /// Reads a table as [`CodeList::to_tsv`] writes it: code, title, first_fy, last_billable_fy, successors. `first_fy` is a
    /// year, "by 2027" where it may be an earlier one, or empty for a code that always was.
    ///
    /// # Errors
    /// All faulty lines, or that there are fewer codes than the head says.
    pub fn from_tsv(text: &str) -> Result<Self, CodeListError> {
        let mut codes: BTreeMap<String, (usize, Entry)> = BTreeMap::new();
        let mut faults = FaultyLines::default();
        let (mut full, mut fiscal_year, mut count) = (false, None, None);
        for (index, line) in without_mark(text).lines().enumerate() {
            full |= line.starts_with(FULL_MARK);
            let mut head = |key, value: &mut Option<usize>| {
                let Some(said) = line.strip_prefix(key) else { return };
                *value = said.trim().parse().map_err(|_| faults.add(index + 1, format!("`{key}` takes a number"))).ok();
            };
            head(YEAR, &mut fiscal_year);
            head(COUNT, &mut count);
            if line.trim().is_empty() || line.starts_with('#') || line.starts_with("code\t") {
                continue;
            }
            match read_line(line) {
                Ok((code, _)) if codes.contains_key(&code) => {
                    let (first, _) = &codes[&code];
                    faults
                        .add(index + 1, format!("{code} stands in line {} already; delete one of the two", first + 1));
                }
                Ok((code, entry)) => drop(codes.insert(code, (index, entry))),
                Err(what) => faults.add(index + 1, what),
            }
        }
        faults.into_result()?;
        // a table of an earlier version says neither
        let least = count.unwrap_or(if full { FULL_CODES_MIN } else { 1 });
        let held = codes.len();
        if held == 0 {
            return Err(CodeListError::Empty);
        }
        if count.is_some_and(|count| count != held) || held < least {
            return Err(CodeListError::Count { said: least, held });
        }
        let codes: BTreeMap<String, Entry> = codes.into_iter().map(|(code, (_, entry))| (code, entry)).collect();
        let latest = || codes.values().filter_map(Entry::latest_year).max().unwrap_or(*FISCAL_YEARS.start());
        let fiscal_year = fiscal_year.and_then(|year| u16::try_from(year).ok()).unwrap_or_else(latest);
        Ok(Self::of(codes, full, fiscal_year))
    }

    /// The table as text.
    pub fn to_tsv(&self) -> String {
        let mut out = String::new();
        if self.full {
            out.push_str(FULL_MARK);
            out.push('\n');
        }
        let (year, count) = (self.fiscal_year, self.codes.len());
        let head = format!("{YEAR} {year}\n{COUNT} {count}\ncode\ttitle\tfirst_fy\tlast_billable_fy\tsuccessors\n");
        out.push_str(&head);
        for (code, entry) in &self.codes {
            let first = match entry.first {
                First::Always => String::new(),
                First::In(year) => year.to_string(),
                First::By(year) => format!("by {year}"),
            };
            let last = entry.last_billable_fy.map(|year| year.to_string()).unwrap_or_default();
            writeln!(out, "{code}\t{}\t{first}\t{last}\t{}", entry.title, entry.successors.join(" "))
                .expect("a string takes all");
        }
        out
    }
}

impl Entry {
    /// The latest order file that must have been looked at to know it.
    fn latest_year(&self) -> Option<u16> {
        let first = match self.first {
            First::Always => None,
            First::In(year) | First::By(year) => Some(year),
        };
        first.max(self.last_billable_fy.map(|last| last + 1))
    }
}

/// A text without the mark that some editors put at its beginning.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Whether a code without its dot has letters and digits where every code has them.
pub(super) fn is_shaped(bare: &str) -> bool {
    let letters = bare.as_bytes();
    (3..=7).contains(&letters.len())
        && letters.iter().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
        && letters[0].is_ascii_uppercase()
        && letters[1..3].iter().any(u8::is_ascii_digit)
}

fn read_line(line: &str) -> Result<(String, Entry), String> {
    let mut columns = line.split('\t').map(str::trim);
    let code = columns.next().unwrap_or_default().to_ascii_uppercase();
    if !is_shaped(&bare(&code)) || dotted(&bare(&code)) != code {
        return Err(format!("{code:?} in the first column is no ICD-10-CM code with its dot"));
    }
    let title = columns.next().filter(|title| !title.is_empty()).ok_or("the title is missing")?.to_owned();
    let first = match columns.next().unwrap_or_default() {
        "" => First::Always,
        text => match text.strip_prefix("by ") {
            Some(text) => First::By(year(text)?),
            None => First::In(year(text)?),
        },
    };
    let last = columns.next().filter(|text| !text.is_empty()).map(year).transpose()?;
    if let (First::In(first), Some(last)) = (first, last)
        && last < first
    {
        return Err(format!("{code} ends in {last}, before it begins in {first}"));
    }
    let successors = columns.next().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    Ok((code, Entry { title, first, last_billable_fy: last, successors, ..Entry::default() }))
}

fn year(text: &str) -> Result<u16, String> {
    let year = text.parse().ok().filter(|year| FISCAL_YEARS.contains(year));
    let (first, last) = FISCAL_YEARS.into_inner();
    year.ok_or_else(|| format!("{text:?} is no fiscal year: four digits, from {first} to {last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faulty_lines_are_told() {
        let table = "\u{feff}code\ttitle\tfirst_fy\tlast_billable_fy\tsuccessors\nM54.2\tCervicalgia\nZZZ.ZZ\tNone\n\
                     M54.6\tPain\t3027\nM54.6\tPain\t2027\t2020\nM25.50\t\nM54.2\tCervicalgia\n";
        let told = CodeList::from_tsv(table).unwrap_err().to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 5, "{told}");
        for (line, wanted) in lines.iter().zip([
            "line 3: \"ZZZ.ZZ\"",
            "line 4: \"3027\" is no fiscal year",
            "line 5: M54.6 ends in 2020, before it begins",
            "line 6: the title",
            "line 7: M54.2 stands in line 2 already",
        ]) {
            assert!(line.starts_with(wanted), "{told}");
        }
    }

    #[test]
    fn a_table_that_lost_lines_is_told() {
        let whole = CodeList::built_in().to_tsv();
        assert_eq!(CodeList::from_tsv(&whole).unwrap().to_tsv(), whole);
        let cut: String = whole.split_inclusive('\n').take(500).collect();
        assert!(matches!(CodeList::from_tsv(&cut), Err(CodeListError::Count { held: 497, .. })));
        // an earlier version wrote no count
        let full = format!("{FULL_MARK}\nM54.2\tCervicalgia\n");
        assert!(matches!(CodeList::from_tsv(&full), Err(CodeListError::Count { held: 1, .. })));
    }
}
