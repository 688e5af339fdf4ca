//! What is wrong with a configuration file.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::alert::TellFault;

/// The configuration cannot be used. Each message says where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}; `rxintake init` writes one")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is another user's.
    #[error(
        "this user may not read the configuration {path}; the packaged system is asked with `sudo -u rxintake rxintake …`, \
         another with --config FILE"
    )]
    Forbidden {
        /// The file.
        path: PathBuf,
    },
    /// A line is wrong.
    #[error("{path}:{line}:{column}: {what}\n  | {shown}\n  | {:>column$}", "^")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong, and what was probably meant.
        what: String,
        /// The line itself.
        shown: String,
    },
    /// No door.
    #[error("{path}: no [[inbox]] is named, so no paper would ever come in; add one, `rxintake init` shows how")]
    NoInbox {
        /// The file.
        path: PathBuf,
    },
    /// Figures would be told to other machines.
    #[error(
        "{path}: [metrics] listen = \"{listen}\" can be reached from other machines; name an address of this machine alone, for \
         instance \"127.0.0.1:9464\""
    )]
    NotLoopback {
        /// The file.
        path: PathBuf,
        /// The address.
        listen: SocketAddr,
    },
    /// No way for alerts.
    #[error(
        "{path}: [alerts] names neither `directory` nor [alerts.smtp], so nobody would be told; add one of the two"
    )]
    NoAlerts {
        /// The file.
        path: PathBuf,
    },
}

impl ConfigError {
    pub(in crate::config) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Forbidden { path },
            _ => Self::Unreadable { path, source },
        }
    }

    pub(in crate::config) fn of_toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        let offset = offset_of_key(text, offset, error.message()).unwrap_or(offset);
        let mut what = error.message().lines().collect::<Vec<_>>().join("; ");
        if let Some(nearest) = nearest_key(&what) {
            what.push_str(&format!("; did you mean `{nearest}`?"));
        }
        Self::at(path, text, offset, what)
    }

    /// A fault in a `[[tell]]` block that begins at `begin`; the word at fault stands below.
    pub(in crate::config) fn of_tell(path: &Path, text: &str, begin: usize, fault: &TellFault) -> Self {
        let below = text.get(begin..).unwrap_or_default();
        let quoted = format!("\"{}\"", fault.word);
        let word = fault.rule.and_then(|_| below.find(&quoted).or_else(|| below.find(&fault.word)));
        Self::at(path, text, begin + word.unwrap_or(0), fault.what.clone())
    }

    fn at(path: &Path, text: &str, offset: usize, what: String) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let shown = text.lines().nth(line - 1).unwrap_or_default().to_owned();
        Self::Line { path: path.to_owned(), line, column, what, shown }
    }
}

/// From "unknown field `hosst`, expected one of `host`, `port`": the key that is nearest to the unknown one.
fn nearest_key(message: &str) -> Option<&str> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown").then(|| quoted.next())??;
    let near = |known: &&str| strsim::jaro_winkler(unknown, known);
    let best = quoted.max_by(|a, b| near(a).total_cmp(&near(b)))?;
    (near(&best) > 0.7).then_some(best)
}

/// In a table whose kind decides its keys the parser only knows where the table begins; the unknown key stands below.
fn offset_of_key(text: &str, offset: usize, message: &str) -> Option<usize> {
    let unknown = message.strip_prefix("unknown field `")?.split('`').next()?;
    let below = text.get(offset..)?;
    let mut at = offset;
    for line in below.split_inclusive('\n') {
        let key = line.trim_start();
        if key.strip_prefix(unknown).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return Some(at + line.len() - key.len());
        }
        at += line.len();
    }
    None
}
