//! Hands letters over: to an SMTP server, or into a folder.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::Message;
use lettre::message::{Mailbox, MultiPart};

use crate::alert::connection::{self, Connection};
use crate::alert::options::first_retry_seconds;
use crate::alert::{AlertError, Options, Smtp};
use crate::model::Letter;

/// The ways a letter can go.
pub enum Mailer {
    /// Into a folder, one `.eml` file a letter.
    Directory {
        /// The sender.
        from: Mailbox,
        /// The folder.
        folder: PathBuf,
    },
    /// To a mail server.
    Smtp {
        /// The sender.
        from: Mailbox,
        /// The server.
        server: Box<Smtp>,
        /// The connection, kept over several letters.
        open: Option<Box<Connection>>,
    },
}

impl Mailer {
    /// A mailer by the configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// Where the configuration leads nowhere.
    pub fn new(options: &Options) -> Result<Self, AlertError> {
        let from = mailbox(&options.from)?;
        if let Some(smtp) = &options.smtp {
            if smtp.token().is_some() && smtp.user.is_none() {
                return Err(AlertError::NoUser);
            }
            connection::check(smtp)?; // what is wrong with it is told at the start
            return Ok(Self::Smtp { from, server: Box::new(smtp.clone()), open: None });
        }
        let folder = options.directory.clone().ok_or(AlertError::NoWay)?;
        fs::create_dir_all(&folder).map_err(file_error("make", &folder))?;
        Ok(Self::Directory { from, folder })
    }

    /// Where letters go, for people.
    pub fn destination(&self) -> String {
        match self {
            Self::Directory { folder, .. } => format!("the folder {}", folder.display()),
            Self::Smtp { server, .. } => format!("the mail server {}", server.host),
        }
    }

    /// Seconds until a letter that was not taken is tried again.
    pub fn first_retry_seconds(&self) -> i64 {
        match self {
            Self::Directory { .. } => first_retry_seconds().into(),
            Self::Smtp { server, .. } => server.first_retry_seconds.into(),
        }
    }

    /// Hands a letter over. When this returns, it is somebody else's to deliver.
    ///
    /// # Errors
    /// Where it was not taken; it is to be tried again.
    pub async fn send(&mut self, letter: &Letter) -> Result<(), AlertError> {
        match self {
            Self::Directory { from, folder } => write_file(folder, letter, &message(from, letter)?.formatted()),
            Self::Smtp { from, server, open } => {
                let message = message(from, letter)?;
                let sent = within(server, async { connected(server, open).await?.send(server, &message).await }).await;
                if sent.is_err() {
                    *open = None; // whatever state it is in; a token that ran out is asked for anew
                }
                sent
            }
        }
    }

    /// Whether letters can be handed over right now.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&mut self) -> Result<(), AlertError> {
        match self {
            Self::Directory { folder, .. } => {
                let path = folder.join(".rxintake-check");
                fs::write(&path, b"").and_then(|()| fs::remove_file(&path)).map_err(file_error("write into", folder))
            }
            Self::Smtp { server, open, .. } => {
                within(server, async { connected(server, open).await.map(|_| ()) }).await
            }
        }
    }
}

async fn within<T>(server: &Smtp, work: impl Future<Output = Result<T, AlertError>>) -> Result<T, AlertError> {
    let silent = || AlertError::Silent { host: server.host.clone(), seconds: server.timeout_seconds };
    tokio::time::timeout(Duration::from_secs(server.timeout_seconds), work).await.unwrap_or_else(|_| Err(silent()))
}

/// The connection that is kept, where it still is one; else a new one. A token is asked for anew before it can have run out.
async fn connected<'a>(server: &Smtp, open: &'a mut Option<Box<Connection>>) -> Result<&'a mut Connection, AlertError> {
    if let Some(mut connection) = open.take()
        && connection.is_alive().await
    {
        return Ok(open.insert(connection));
    }
    Ok(open.insert(Box::new(Connection::open(server).await?)))
}

fn mailbox(address: &str) -> Result<Mailbox, AlertError> {
    address.parse().map_err(|source| AlertError::Address { address: address.to_owned(), source })
}

fn message(from: &Mailbox, letter: &Letter) -> Result<Message, AlertError> {
    let mut builder =
        Message::builder().from(from.clone()).subject(&letter.subject).message_id(Some(letter.message_id.clone()));
    // by the clock of the letter, not of the attempt: a letter sent twice is the same letter
    builder = builder.date(std::time::SystemTime::from(letter.written_at));
    for address in &letter.to {
        builder = builder.to(mailbox(address)?);
    }
    builder
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
        .map_err(AlertError::Build)
}

/// Another name, fsync, rename: a letter in the folder is whole. Sent twice, it is the same file.
fn write_file(folder: &Path, letter: &Letter, bytes: &[u8]) -> Result<(), AlertError> {
    let name: String =
        letter.message_id.chars().filter(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(*letter)).collect();
    let (temporary, path) = (folder.join(format!(".{name}.new")), folder.join(format!("{name}.eml")));
    let mut open = OpenOptions::new();
    let mut file = open
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(file_error("make", &temporary))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(file_error("write", &temporary))?;
    fs::rename(&temporary, &path).map_err(file_error("rename", &temporary))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(file_error("make durable", folder))
}

pub(in crate::alert) fn file_error(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> AlertError {
    let path = path.to_owned();
    move |source| AlertError::File { act, path, source }
}
