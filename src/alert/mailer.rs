//! Hands letters over: to an SMTP server, or into a folder.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, Tls as ClientTls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::alert::options::first_retry_seconds;
use crate::alert::{AlertError, Options, Smtp};
use crate::model::{Letter, Tls};
use crate::secret::distrust;

/// Access tokens live for an hour or so; so many seconds after it came a token is asked for anew.
const TOKEN_SECONDS: u64 = 300;

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
        /// Connections, kept over several letters; those that logged in with a token, as long as it is asked for no other.
        open: Option<(AsyncSmtpTransport<Tokio1Executor>, Instant)>,
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
            transport(smtp, None)?; // what is wrong with it is told at the start
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
                let transport = connected(server, open).await?;
                let sent = answered(server, transport.send(message)).await;
                if sent.is_err() {
                    *open = None; // a token that ran out is asked for anew
                }
                sent.map(|_| ())
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
                let transport = connected(server, open).await?;
                answered(server, transport.test_connection()).await.map(|_| ())
            }
        }
    }
}

/// The transport's own timeout covers only the connection.
async fn answered<T>(
    server: &Smtp,
    answer: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, AlertError> {
    let host = || server.host.clone();
    match tokio::time::timeout(Duration::from_secs(server.timeout_seconds), answer).await {
        Ok(answer) => answer.map_err(|source| match distrust(&source) {
            Some(what) => AlertError::Untrusted { host: host(), what, source },
            None => AlertError::Refused { host: host(), source },
        }),
        Err(_) => Err(AlertError::Silent { host: host(), seconds: server.timeout_seconds }),
    }
}

/// A token is asked for anew before it can have run out.
async fn connected<'a>(
    server: &Smtp,
    open: &'a mut Option<(AsyncSmtpTransport<Tokio1Executor>, Instant)>,
) -> Result<&'a AsyncSmtpTransport<Tokio1Executor>, AlertError> {
    let source = server.token();
    let is_old = |since: &Instant| source.is_some() && since.elapsed() > Duration::from_secs(TOKEN_SECONDS);
    if open.as_ref().is_some_and(|(_, since)| is_old(since)) {
        *open = None;
    }
    let token = match (&source, &open) {
        (Some(source), None) => {
            let failed = |source| AlertError::Secret { host: server.host.clone(), source };
            Some(source.read().await.map_err(failed)?)
        }
        _ => None,
    };
    if open.is_none() {
        *open = Some((transport(server, token.as_ref().map(|token| token.as_str()))?, Instant::now()));
    }
    match open {
        Some((transport, _)) => Ok(transport),
        None => unreachable!("it was made above"),
    }
}

fn transport(smtp: &Smtp, token: Option<&str>) -> Result<AsyncSmtpTransport<Tokio1Executor>, AlertError> {
    let tls_error = |source| AlertError::Tls { host: smtp.host.clone(), source };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host).port(smtp.port);
    if !smtp.tls.is_allowed_to(&smtp.host) {
        return Err(AlertError::PlainToElsewhere { host: smtp.host.clone() });
    }
    if smtp.tls != Tls::None {
        let mut parameters = TlsParameters::builder(smtp.host.clone());
        if let Some(path) = &smtp.ca_file {
            let pem = fs::read(path).map_err(file_error("read", path))?;
            parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(tls_error)?);
        }
        let parameters = parameters.build().map_err(tls_error)?;
        builder = builder.tls(if smtp.tls == Tls::Implicit {
            ClientTls::Wrapper(parameters)
        } else {
            ClientTls::Required(parameters)
        });
    }
    if let (Some(user), Some(token)) = (&smtp.user, token) {
        builder = builder
            .credentials(Credentials::new(user.clone(), token.to_owned()))
            .authentication(vec![Mechanism::Xoauth2]);
    } else if let (Some(user), Some(path), None) = (&smtp.user, &smtp.password_file, smtp.token()) {
        let password = fs::read_to_string(path).map_err(file_error("read", path))?;
        builder =
            builder.credentials(Credentials::new(user.clone(), password.trim_end_matches(['\r', '\n']).to_owned()));
    }
    Ok(builder.timeout(Some(Duration::from_secs(smtp.timeout_seconds))).build())
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

fn file_error(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> AlertError {
    let path = path.to_owned();
    move |source| AlertError::File { act, path, source }
}
