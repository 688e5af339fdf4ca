//! How alerts are sent.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::Tls;

/// Settings of alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The sender's address.
    pub from: String,
    /// A folder for `.eml` files; used where no SMTP server is named.
    pub directory: Option<PathBuf>,
    /// The SMTP server.
    pub smtp: Option<Smtp>,
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
    /// A certificate to trust beside the machine's own, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Seconds until an attempt is given up. A busy server may take a minute.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Seconds until a letter that was not taken is tried again; the wait doubles up to an hour.
    #[serde(default = "first_retry_seconds")]
    pub first_retry_seconds: u32,
}

pub(in crate::alert) fn first_retry_seconds() -> u32 {
    30
}

fn timeout_seconds() -> u64 {
    60
}
