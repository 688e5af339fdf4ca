//! What can go wrong on the way of a letter.

use std::io;
use std::path::PathBuf;

use crate::secret::SecretError;

/// A letter could not be handed over.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// Neither a folder nor a server is named.
    #[error("[alerts] names neither `directory` nor `smtp`; alerts would reach nobody")]
    NoWay,
    /// An address is none.
    #[error("\"{address}\" is no mail address")]
    Address {
        /// The address, from the configuration.
        address: String,
        /// What is wrong with it.
        #[source]
        source: lettre::address::AddressError,
    },
    /// A Message cannot be built from the letter.
    #[error("the letter cannot be built")]
    Build(#[source] lettre::error::Error),
    /// Plain SMTP to another machine.
    #[error(
        "smtp.tls = \"none\" is only for this machine itself; {host} is another one. Use \"starttls\" or \"implicit\""
    )]
    PlainToElsewhere {
        /// The host.
        host: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {act} {path}")]
    File {
        /// What was tried.
        act: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The TLS settings do not work.
    #[error("the TLS settings for {host} do not work")]
    Tls {
        /// The host.
        host: String,
        /// Why.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// The token of the mail server cannot be had.
    #[error("the mail server {host} cannot be logged in to")]
    Secret {
        /// The host.
        host: String,
        /// Why not.
        #[source]
        source: SecretError,
    },
    /// A token without a user.
    #[error("[alerts.smtp] names a token but no user; add user = \"…\"")]
    NoUser,
    /// The server did not take the letter.
    #[error("the mail server {host} did not take the letter")]
    Refused {
        /// The host.
        host: String,
        /// What it said.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// Nobody vouches for the server.
    #[error("the mail server {host} is not trusted, so no letter goes there; {what}")]
    Untrusted {
        /// The host.
        host: String,
        /// What to do.
        what: &'static str,
        /// Why not.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// Nobody answers there.
    #[error("the mail server {host} cannot be reached; letters wait, and go when it answers again")]
    Unreached {
        /// The host.
        host: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The server does not encrypt, or somebody on the line keeps it from doing so.
    #[error(
        "the mail server {host} does not offer to encrypt (STARTTLS), so no letter goes there; ask whoever runs it for the port that \
         does (mostly 587, or 465 with tls = \"implicit\"). Where it did before, somebody may sit on the line"
    )]
    NoEncryption {
        /// The host.
        host: String,
    },
    /// The encrypted dialogue does not come about.
    #[error(
        "the connection to the mail server {host} cannot be encrypted, so no letter goes there; see that `port` and `tls` are what \
         the provider says. Where it went before, somebody may sit on the line"
    )]
    Unencrypted {
        /// The host.
        host: String,
        /// Why not.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// The server said nothing.
    #[error("the mail server {host} did not answer within {seconds} seconds")]
    Silent {
        /// The host.
        host: String,
        /// How long was waited.
        seconds: u64,
    },
}

impl AlertError {
    /// Whether the server will say the same the next time (a 5xx answer, RFC 5321 section 4.2.1).
    pub fn is_permanent(&self) -> bool {
        // a refused login is no fault of the letter (RFC 4954, section 6)
        let is_login = |code: u16| matches!(code, 530 | 534 | 535 | 538);
        matches!(self, Self::Refused { source, .. }
            if source.is_permanent() && !source.status().is_some_and(|code| is_login(code.into())))
    }

    /// Whether it is about this one letter; another may be taken. Else the server takes none.
    pub fn is_of_letter(&self) -> bool {
        // 421 and 454 are said of the whole server (RFC 5321, section 4.2.3; RFC 3207, section 4)
        let is_of_server = |code: u16| matches!(code, 421 | 454);
        match self {
            Self::Address { .. } | Self::Build(_) => true,
            Self::Refused { source, .. } => {
                self.is_permanent()
                    || source.is_transient() && !source.status().is_some_and(|code| is_of_server(code.into()))
            }
            _ => false,
        }
    }
}
