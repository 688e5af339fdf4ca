//! How alerts are sent.

use std::path::{Path, PathBuf};

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::model::Tls;
use crate::secret::Source;

/// Settings of alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The sender's address.
    pub from: String,
    /// A folder for `.eml` files; used where no SMTP server is named.
    pub directory: Option<PathBuf>,
    /// The time of day at which the front desk is told of everything that is still open ("17:00"); never where left out.
    pub digest_at: Option<Time>,
    /// Hours after which the operator is told of a record that cannot be used and that nobody settled; never where left out.
    pub escalate_after_hours: Option<u32>,
    /// No letter leaves from this time of day on ("20:00") until `quiet_until`: they wait.
    pub quiet_from: Option<Time>,
    /// The end of the quiet hours ("07:00").
    pub quiet_until: Option<Time>,
    /// After so many letters to the same people within `storm_minutes` the rest goes as one letter with a count; 0 is never.
    #[serde(default = "storm_letters")]
    pub storm_letters: u32,
    /// How long a storm of letters is gathered at most, in minutes.
    #[serde(default = "storm_minutes")]
    pub storm_minutes: u32,
    /// The SMTP server.
    pub smtp: Option<Smtp>,
    /// The configuration that all this stands in, so that a letter can print commands that work.
    #[serde(skip)]
    pub configuration: PathBuf,
}

/// The home of the packaged system, which only its own user may look into (`StateDirectory` in `packaging/rxintake.service`).
const PACKAGED: &str = "/var/lib/rxintake";

impl Options {
    /// The command with these arguments as it works wherever it is typed on this machine.
    pub fn command(&self, arguments: &str) -> String {
        let user = if self.configuration.starts_with(PACKAGED) { "sudo -u rxintake " } else { "" };
        match self.configuration.as_path() {
            path if path == Path::new("") => format!("rxintake {arguments}"),
            path => format!("{user}rxintake {arguments} --config {}", quoted(path)),
        }
    }

    /// Whether letters wait at this time of day. The quiet hours may go over midnight.
    pub fn is_quiet(&self, at: Time) -> bool {
        match (self.quiet_from, self.quiet_until) {
            (Some(from), Some(until)) if from <= until => from <= at && at < until,
            (Some(from), Some(until)) => from <= at || at < until,
            _ => false,
        }
    }
}

/// An SMTP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Host name or address.
    pub host: String,
    /// Port: 465 for implicit TLS, 587 for STARTTLS.
    pub port: u16,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// The user to log in as, if the server asks for one.
    pub user: Option<String>,
    /// A file that holds the password, nothing else.
    pub password_file: Option<PathBuf>,
    /// A file that holds an OAuth 2.0 access token (XOAUTH2), kept fresh by another program.
    pub token_file: Option<PathBuf>,
    /// A program that prints an access token, with its arguments.
    pub token_command: Option<Vec<String>>,
    /// A certificate to trust beside the machine's own, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Seconds until an attempt is given up. A busy server may take a minute.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Seconds until a letter that was not taken is tried again; the wait doubles up to an hour.
    #[serde(default = "first_retry_seconds")]
    pub first_retry_seconds: u32,
}

impl Smtp {
    /// Where an OAuth 2.0 token is to be had; None where a password is used, or nothing.
    pub fn token(&self) -> Option<Source> {
        let command = self.token_command.clone().map(Source::Command);
        command.or_else(|| self.token_file.clone().map(Source::File))
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+@".contains(letter);
    if path.chars().all(is_plain) { path.into_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// More mails than that in ten minutes are not read one by one.
fn storm_letters() -> u32 {
    25
}

fn storm_minutes() -> u32 {
    10
}

pub(in crate::alert) fn first_retry_seconds() -> u32 {
    30
}

fn timeout_seconds() -> u64 {
    60
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn quiet_hours_go_over_midnight() {
        let options = |from, until| Options {
            from: "rxintake@clinic.example".to_owned(),
            directory: None,
            digest_at: None,
            escalate_after_hours: None,
            quiet_from: from,
            quiet_until: until,
            storm_letters: storm_letters(),
            storm_minutes: storm_minutes(),
            smtp: None,
            configuration: PathBuf::new(),
        };
        let night = options(Some(time(20, 0, 0, 0)), Some(time(7, 0, 0, 0)));
        assert!(night.is_quiet(time(23, 0, 0, 0)) && night.is_quiet(time(6, 59, 0, 0)));
        assert!(!night.is_quiet(time(7, 0, 0, 0)) && !night.is_quiet(time(19, 59, 0, 0)));
        let noon = options(Some(time(12, 0, 0, 0)), Some(time(13, 0, 0, 0)));
        assert!(noon.is_quiet(time(12, 30, 0, 0)) && !noon.is_quiet(time(13, 0, 0, 0)));
        assert!(!options(None, None).is_quiet(time(3, 0, 0, 0)));
    }

    #[test]
    fn a_command_works_wherever_it_is_typed() {
        let command = |path: &str| {
            let text = "from = \"rxintake@clinic.example\"";
            Options { configuration: path.into(), ..toml::from_str::<Options>(text).unwrap() }.command("doctor")
        };
        assert_eq!(command("/srv/clinic/rxintake.toml"), "rxintake doctor --config /srv/clinic/rxintake.toml");
        assert_eq!(command("/srv/our clinic's/r.toml"), "rxintake doctor --config '/srv/our clinic'\\''s/r.toml'");
        let packaged = "sudo -u rxintake rxintake doctor --config /var/lib/rxintake/rxintake.toml";
        assert_eq!(command("/var/lib/rxintake/rxintake.toml"), packaged);
    }
}
