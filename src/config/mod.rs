//! In: the configuration file. Out: every room's Options.

mod error;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_spanned::Spanned;

use crate::alert::{self, People, Staff, Tell};
use crate::intake::{folder, hylafax, mailbox};
use crate::reader;

pub use error::ConfigError;

/// Everything that the configuration says. Relative paths are relative to the file, and are made absolute here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Store and originals.
    pub data_dir: PathBuf,
    /// The clinic's rule files; the shipped ones where it is left out.
    pub rules_dir: Option<PathBuf>,
    /// The master key; by default `rxintake.key` beside the configuration. `RXINTAKE_KEY_FILE` and a systemd credential win.
    pub key_file: Option<PathBuf>,
    /// The doors.
    #[serde(default)]
    pub inbox: Vec<Inbox>,
    /// How alerts are sent.
    pub alerts: alert::Options,
    #[serde(default)]
    staff: Vec<Staff>,
    #[serde(default)]
    tell: Vec<Spanned<Tell>>,
    /// Who is told what: `[[staff]]` and `[[tell]]`.
    #[serde(skip)]
    pub people: People,
    /// How long records are kept; for ever where nothing is said.
    #[serde(default)]
    pub retention: Retention,
    /// Figures for a monitoring system.
    pub metrics: Option<Metrics>,
    /// How papers are read.
    #[serde(default)]
    pub reader: reader::Options,
}

/// Where figures and a word on health are to be had.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// An address of this machine alone, with a port: `127.0.0.1:9464`.
    pub listen: SocketAddr,
}

/// How long records are kept. What is open is never removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days from receipt after which a complete record is removed for good.
    pub complete_days: Option<u32>,
    /// Days from receipt after which a paper that was set aside is removed for good.
    pub set_aside_days: Option<u32>,
}

/// A door.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Inbox {
    /// A watched folder.
    Folder(folder::Options),
    /// The receive queue of HylaFAX.
    Hylafax(hylafax::Options),
    /// An IMAP mailbox.
    Imap(Box<mailbox::Options>),
}

impl Inbox {
    /// The paths that it names.
    fn paths(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Folder(options) => std::iter::once(&mut options.path).chain(&mut options.done).collect(),
            Self::Hylafax(options) => std::iter::once(&mut options.path).chain(&mut options.log).collect(),
            Self::Imap(options) => {
                let secrets = options.password_file.iter_mut().chain(&mut options.token_file);
                secrets.chain(&mut options.ca_file).collect()
            }
        }
    }
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// What is wrong with it: file, line, column, and what was probably meant.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(ConfigError::unreadable(path))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| ConfigError::of_toml(path, &text, &error))?;
        if config.inbox.is_empty() {
            return Err(ConfigError::NoInbox { path: path.to_owned() });
        }
        if config.alerts.directory.is_none() && config.alerts.smtp.is_none() {
            return Err(ConfigError::NoAlerts { path: path.to_owned() });
        }
        if let Some(Metrics { listen }) = config.metrics.as_ref().filter(|metrics| !metrics.listen.ip().is_loopback()) {
            return Err(ConfigError::NotLoopback { path: path.to_owned(), listen: *listen });
        }
        let tell: Vec<Tell> = config.tell.iter().map(|tell| tell.get_ref().clone()).collect();
        let staff = std::mem::take(&mut config.staff);
        config.people = People::new(staff, &tell, config.alerts.digest_at.is_some()).map_err(|fault| {
            let begin = config.tell.get(fault.rule.unwrap_or(0)).map_or(0, |tell| tell.span().start);
            ConfigError::of_tell(path, &text, begin, &fault)
        })?;
        let absolute =
            std::path::absolute(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let folder = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        config.resolve(&folder);
        config.alerts.configuration = absolute;
        Ok(config)
    }

    /// Where the master key is: the environment first, then a systemd credential, then the configuration.
    pub fn key_path(&self) -> PathBuf {
        if let Some(path) = std::env::var_os("RXINTAKE_KEY_FILE") {
            return path.into();
        }
        let credential =
            std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join("rxintake-key"));
        match (credential.filter(|path| path.is_file()), &self.key_file) {
            (Some(path), _) => path,
            (None, Some(path)) => path.clone(),
            (None, None) => unreachable!("resolve() names a key file"),
        }
    }

    fn resolve(&mut self, folder: &Path) {
        let absolute = |path: &mut PathBuf| *path = folder.join(&*path);
        absolute(&mut self.data_dir);
        absolute(self.key_file.get_or_insert_with(|| PathBuf::from("rxintake.key")));
        let inboxes = self.inbox.iter_mut().flat_map(Inbox::paths);
        let mut smtp = self.alerts.smtp.as_mut();
        let smtp = smtp
            .as_mut()
            .into_iter()
            .flat_map(|smtp| smtp.password_file.iter_mut().chain(&mut smtp.token_file).chain(&mut smtp.ca_file));
        inboxes.chain(smtp).chain(&mut self.alerts.directory).chain(&mut self.rules_dir).for_each(absolute);
    }
}
