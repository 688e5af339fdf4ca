//! What is wrong with a rule file, with its place.

use std::fmt;

/// All that is wrong with a rule book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// File name.
    pub file: String,
    /// Line and column from 1, and the line itself; None where the file as a whole is meant.
    pub place: Option<(usize, usize, String)>,
    /// What is wrong and what to do.
    pub what: String,
}

impl Fault {
    pub(in crate::rules) fn of_file(file: &str, what: String) -> Self {
        Self { file: file.to_owned(), place: None, what }
    }

    pub(in crate::rules) fn at(file: &str, text: &str, offset: usize, what: String) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let shown = text.lines().nth(line).unwrap_or_default().to_owned();
        Self { file: file.to_owned(), place: Some((line + 1, column, shown)), what }
    }

    pub(in crate::rules) fn of_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let mut what = error.message().lines().collect::<Vec<_>>().join("; ");
        if let Some(nearest) = nearest(&what) {
            what.push_str(&format!("; did you mean `{nearest}`?"));
        }
        match error.span() {
            Some(span) => Self::at(file, text, span.start, what),
            None => Self::of_file(file, what),
        }
    }
}

/// From "unknown field `labls`, expected one of `title`, `labels`": the allowed key that is nearest to the unknown one.
fn nearest(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown").then(|| quoted.next())??;
    let best = quoted.max_by(|a, b| strsim::jaro_winkler(unknown, a).total_cmp(&strsim::jaro_winkler(unknown, b)))?;
    (strsim::jaro_winkler(unknown, best) > 0.75).then(|| best.to_owned())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((line, column, shown)) => {
                writeln!(f, "{}:{line}:{column}: {}", self.file, self.what)?;
                writeln!(f, "  | {shown}")?;
                write!(f, "  | {:>column$}", "^")
            }
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.0.iter().map(Fault::to_string).collect();
        f.write_str(&faults.join("\n"))
    }
}
