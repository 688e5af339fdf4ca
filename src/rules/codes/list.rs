//! In: a code table as text. Out: a [`CodeList`] that knows which code was billable on which day.

use std::collections::BTreeMap;

use jiff::civil::Date;

/// ICD-10-CM codes with their titles and the fiscal years in which they may be billed.
#[derive(Debug, Clone, Default)]
pub struct CodeList {
    codes: BTreeMap<String, Entry>,
    full: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    title: String,
}

/// What the list says of a code on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeStatus {
    /// May stand on a claim.
    Billable,
    /// A heading; the codes below it are meant.
    Header {
        /// Billable codes below it.
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

/// Whether the words beside a code fit its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// They do.
    Agrees,
    /// They do not; this code's title fits them.
    Contradicts(String),
    /// Nothing can be said.
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
    #[error("no code in the table")]
    Empty,
}

impl CodeList {
    /// The massage-relevant codes that ship with the program.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Reads a table as [`CodeList::to_tsv`] writes it.
    pub fn from_tsv(_text: &str) -> Result<Self, CodeListError> {
        Err(CodeListError::Empty)
    }

    /// The table as text.
    pub fn to_tsv(&self) -> String {
        String::new()
    }

    /// Takes the official order file of a fiscal year (icd10cm-order, fixed width) over this list: its codes are billable or
    /// headers from that year on; codes of this list that it lacks are retired. The answer is a full list.
    pub fn import(&self, _order_file: &str, _fiscal_year: u16) -> Result<Self, CodeListError> {
        Err(CodeListError::Empty)
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
    pub fn look_up(&self, _code: &str, _on: Date) -> CodeStatus {
        CodeStatus::Unknown
    }

    /// The official short title.
    pub fn title(&self, code: &str) -> Option<&str> {
        self.codes.get(code).map(|entry| entry.title.as_str())
    }

    /// Whether `words`, which stand beside `code`, fit its title; if another code that looks like it fits better, which.
    pub fn agrees_with(&self, _code: &str, _words: &str) -> Agreement {
        Agreement::Unknown
    }

    /// The one billable code that looks like `printed` and whose title fits `words`.
    pub fn mend(&self, _printed: &str, _words: &str, _on: Date) -> Option<String> {
        None
    }
}
