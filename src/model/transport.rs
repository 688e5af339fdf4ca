//! How a connection to a mail server is protected.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// From the first byte (RFC 8314).
    Implicit,
    /// After STARTTLS, which must succeed (RFC 3207 for SMTP, RFC 3501 section 6.2.1 for IMAP).
    #[default]
    Starttls,
    /// Not at all; only to this machine itself.
    None,
}

impl Tls {
    /// Whether a password may travel to `host` this way: unencrypted only to this machine itself.
    pub fn is_allowed_to(self, host: &str) -> bool {
        self != Self::None || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}
