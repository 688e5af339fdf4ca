//! From the configuration to a session that is logged in.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_imap::{Authenticator, Client};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use crate::intake::IntakeError;
use crate::intake::mailbox::{Options, answer, refused};
use crate::model::Tls;
use crate::secret::{Source, distrust};

/// A connection, encrypted or not.
pub(in crate::intake::mailbox) trait Wire:
    AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug
{
}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug> Wire for T {}

/// A connection that counts the bytes that arrive.
#[derive(Debug)]
struct Counted {
    tcp: TcpStream,
    arrived: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.tcp).poll_read(context, buffer);
        self.arrived.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

pub(in crate::intake::mailbox) type Session = async_imap::Session<Box<dyn Wire>>;

/// Connects, encrypts and logs in; `arrived` counts the bytes that the server sends.
pub(in crate::intake::mailbox) async fn log_in(
    options: &Options,
    arrived: Arc<AtomicU64>,
) -> Result<Session, IntakeError> {
    let limit = Duration::from_secs(options.timeout_seconds);
    let silent = |act| IntakeError::Silent { host: options.host.clone(), act, seconds: options.timeout_seconds };
    let client =
        tokio::time::timeout(limit, encrypted(options, arrived)).await.map_err(|_| silent("take the connection"))??;
    if let Some(source) = options.token() {
        let token = secret(&source).await?;
        let answer = format!("user={}\x01auth=Bearer {}\x01\x01", options.user, token.as_str());
        let mut login = XOAuth2 { answer, is_asked: false };
        let logged_in = tokio::time::timeout(limit, client.authenticate("XOAUTH2", &mut login)).await;
        return logged_in
            .map_err(|_| silent("log in"))?
            .map_err(|(error, _)| refused(options, "log in with the token of token_command or token_file", error));
    }
    let path = options.password_file.as_ref().ok_or_else(|| IntakeError::NoSecret { user: options.user.clone() })?;
    let password = secret(&Source::File(path.clone())).await?;
    let logged_in = tokio::time::timeout(limit, client.login(&options.user, password.as_str())).await;
    logged_in
        .map_err(|_| silent("log in"))?
        .map_err(|(error, _)| refused(options, "log in with the password of password_file", error))
}

async fn encrypted(options: &Options, arrived: Arc<AtomicU64>) -> Result<Client<Box<dyn Wire>>, IntakeError> {
    let lost = |source| IntakeError::MailServer { host: options.host.clone(), source };
    let tcp = TcpStream::connect((options.host.as_str(), options.port)).await.map_err(lost)?;
    let tcp = Counted { tcp, arrived };
    if options.tls == Tls::Implicit {
        return greeted(options, Client::new(Box::new(handshake(options, tcp).await?) as Box<dyn Wire>)).await;
    }
    let mut client = greeted(options, Client::new(Box::new(tcp) as Box<dyn Wire>)).await?;
    if options.tls == Tls::None {
        return Ok(client);
    }
    let asked = answer(options, "begin encryption (STARTTLS)", client.run_command_and_check_ok("STARTTLS", None)).await;
    asked.map_err(|error| match error {
        IntakeError::Refused { host, answer, .. } => IntakeError::NoEncryption { host, answer },
        other => other,
    })?;
    // a new client: what came unencrypted behind the answer is forgotten (RFC 3501, section 6.2.1)
    Ok(Client::new(Box::new(handshake(options, client.into_inner()).await?)))
}

async fn greeted(options: &Options, mut client: Client<Box<dyn Wire>>) -> Result<Client<Box<dyn Wire>>, IntakeError> {
    let lost = |source| IntakeError::MailServer { host: options.host.clone(), source };
    match client.read_response().await.map_err(lost)? {
        Some(_) => Ok(client),
        None => Err(lost(io::ErrorKind::UnexpectedEof.into())),
    }
}

async fn handshake<T: Wire>(options: &Options, wire: T) -> Result<tokio_rustls::client::TlsStream<T>, IntakeError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| {
        let what = distrust(source.as_ref())
            .unwrap_or("mails wait there; see that `port` and `tls` are what the provider says");
        IntakeError::Tls { host: options.host.clone(), what, source }
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &options.ca_file {
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.into()))? {
            let certificate = certificate.map_err(|error| failed(error.into()))?;
            roots.add(certificate).map_err(|error| failed(error.into()))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(options.host.clone()).map_err(|error| failed(error.into()))?;
    TlsConnector::from(Arc::new(config)).connect(name, wire).await.map_err(|error| failed(error.into()))
}

async fn secret(source: &Source) -> Result<Zeroizing<String>, IntakeError> {
    source.read().await.map_err(IntakeError::Secret)
}

/// SASL XOAUTH2. A refusal comes as a second challenge, which must be answered with nothing.
struct XOAuth2 {
    answer: String,
    is_asked: bool,
}

impl Authenticator for &mut XOAuth2 {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        if std::mem::replace(&mut self.is_asked, true) { String::new() } else { self.answer.clone() }
    }
}
