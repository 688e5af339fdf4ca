//! What is wrong with a file of the rules folder, with its place.

use std::fmt;

use crate::written::words::is_invisible;

/// All that is wrong with a rule book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

/// What kind of thing is wrong; its code stays the same from version to version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// R001: a file cannot be read, is too large, is not UTF-8, or there is none.
    Unreadable,
    /// R002: not TOML.
    Syntax,
    /// R003: a key that is not known.
    UnknownKey,
    /// R004: a value of the wrong shape, or a name that is not known.
    Value,
    /// R005: said twice.
    Twice,
    /// R006: a phrase without a letter or digit.
    EmptyPhrase,
    /// R007: a label with two meanings.
    TwoMeanings,
    /// R008: a rule or test that can never do anything.
    Idle,
    /// R009: the table of codes.
    Codes,
    /// R010: a form that nothing tells or that names no place, or whose days are turned round.
    Form,
    /// R011: two forms that are told by the same.
    SameForm,
    /// R012: a form without a test.
    Untested,
    /// R013: what a payer asks for, without saying where that is said.
    Unsourced,
    /// R014: what no book can work without is not there: an emptied or deleted file.
    Incomplete,
    /// R015: a pattern that is none, puts in what is not there, goes in a circle or is too large.
    Pattern,
    /// R016: a pattern that does not fit its examples, or fits its counter-examples.
    Example,
    /// R017: a pattern that fits anything.
    OverWide,
    /// R018: a pattern or a fact that nothing uses.
    Unused,
    /// R019: a value, a trap, a pattern or a fact without a test.
    UntestedValue,
    /// R020: two rules that are told by the same words, so that one takes from the other.
    Overlap,
    /// R021: a form or a rule that can never count.
    Unreachable,
}

impl FaultKind {
    /// `R001` and so on.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "R001",
            Self::Syntax => "R002",
            Self::UnknownKey => "R003",
            Self::Value => "R004",
            Self::Twice => "R005",
            Self::EmptyPhrase => "R006",
            Self::TwoMeanings => "R007",
            Self::Idle => "R008",
            Self::Codes => "R009",
            Self::Form => "R010",
            Self::SameForm => "R011",
            Self::Untested => "R012",
            Self::Unsourced => "R013",
            Self::Incomplete => "R014",
            Self::Pattern => "R015",
            Self::Example => "R016",
            Self::OverWide => "R017",
            Self::Unused => "R018",
            Self::UntestedValue => "R019",
            Self::Overlap => "R020",
            Self::Unreachable => "R021",
        }
    }

    /// Whether it says that something is not there.
    pub fn is_lack(self) -> bool {
        matches!(self, Self::Idle | Self::Form | Self::Untested | Self::Unsourced | Self::UntestedValue)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of thing.
    pub kind: FaultKind,
    /// File name.
    pub file: String,
    /// Line and column from 1, and the line itself; None where the file as a whole is meant.
    pub place: Option<(usize, usize, String)>,
    /// What is wrong and what to do.
    pub what: String,
}

impl Fault {
    /// A fault of a file as a whole.
    pub fn of_file(kind: FaultKind, file: &str, what: String) -> Self {
        Self { kind, file: file.to_owned(), place: None, what }
    }

    /// A fault at a byte of a file's text.
    pub fn at(kind: FaultKind, file: &str, text: &str, offset: usize, what: String) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let shown = text.lines().nth(line).unwrap_or_default().to_owned();
        Self { kind, file: file.to_owned(), place: Some((line + 1, column, shown)), what }
    }

    /// The line from 1; 0 where the file as a whole is meant.
    pub fn line(&self) -> usize {
        self.place.as_ref().map_or(0, |(line, ..)| *line)
    }
}

/// A longer line is shown in part, in letters.
const SHOWN_LETTERS_MAX: usize = 100;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((line, column, shown)) => {
                writeln!(f, "{}:{line}:{column}: {} [{}]", self.file, self.what, self.kind.code())?;
                let from = column.saturating_sub(SHOWN_LETTERS_MAX / 2);
                // a tab or a sign that steers the terminal would put the mark elsewhere
                let plain = shown.chars().map(|letter| if is_invisible(letter) { ' ' } else { letter });
                let part: String = plain.skip(from).take(SHOWN_LETTERS_MAX).collect();
                writeln!(f, "  | {part}")?;
                write!(f, "  | {:>width$}", "^", width = column - from)
            }
            None => write!(f, "{}: {} [{}]", self.file, self.what, self.kind.code()),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.0.iter().map(Fault::to_string).collect();
        f.write_str(&faults.join("\n"))
    }
}
