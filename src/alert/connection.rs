//! In: where the mail server is. Out: a connection on which letters go, one after the other, encrypted unless it stays on this
//! machine.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use lettre::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::alert::mailer::file_error;
use crate::alert::{AlertError, Smtp};
use crate::model::Tls;
use crate::secret::distrust;

/// Access tokens live for an hour or so; so many seconds after it came a token is asked for anew.
const TOKEN_SECONDS: u64 = 300;
/// A connection that rested longer, in seconds, is not used again: servers and firewalls give them up without a word.
const REST_SECONDS_MAX: u64 = 60;

/// A connection that is encrypted and logged in as the configuration says.
pub struct Connection {
    smtp: AsyncSmtpConnection,
    has_token: bool,
    since: Instant,
    used: Instant,
}

/// Whether the settings can be used at all.
///
/// # Errors
/// What is wrong with them.
pub(in crate::alert) fn check(server: &Smtp) -> Result<(), AlertError> {
    if !server.tls.is_allowed_to(&server.host) {
        return Err(AlertError::PlainToElsewhere { host: server.host.clone() });
    }
    parameters(server)?;
    if server.token().is_none() {
        password(server)?;
    }
    Ok(())
}

impl Connection {
    /// Connects, encrypts and logs in.
    ///
    /// # Errors
    /// Where the server does not answer, cannot be trusted, does not encrypt or refuses the login.
    pub(in crate::alert) async fn open(server: &Smtp) -> Result<Self, AlertError> {
        check(server)?;
        let token = match server.token() {
            Some(source) => {
                let failed = |source| AlertError::Secret { host: server.host.clone(), source };
                Some(source.read().await.map_err(failed)?)
            }
            None => None,
        };
        let mut smtp = encrypted(server).await?;
        let login = match (&server.user, &token) {
            (Some(user), Some(token)) => Some((user, token.to_string(), [Mechanism::Xoauth2].as_slice())),
            (Some(user), None) => password(server)?.map(|password| (user, password, DEFAULT_MECHANISMS)),
            (None, _) => None,
        };
        if let Some((user, secret, mechanisms)) = login {
            let credentials = Credentials::new(user.clone(), secret);
            smtp.auth(mechanisms, &credentials).await.map_err(refused(server))?;
        }
        let now = Instant::now();
        Ok(Self { smtp, has_token: token.is_some(), since: now, used: now })
    }

    /// Whether another letter can go on it. One that cannot is closed.
    pub(in crate::alert) async fn is_alive(&mut self) -> bool {
        let is_old = self.has_token && self.since.elapsed() > Duration::from_secs(TOKEN_SECONDS);
        let has_rested = self.used.elapsed() > Duration::from_secs(REST_SECONDS_MAX);
        let is_alive = !is_old && !has_rested && !self.smtp.has_broken() && self.smtp.test_connected().await;
        if !is_alive {
            self.smtp.abort().await;
        }
        is_alive
    }

    /// Hands a letter over.
    ///
    /// # Errors
    /// Where it was not taken, or nobody can know whether it was. The connection is of no use then.
    pub(in crate::alert) async fn send(&mut self, server: &Smtp, message: &Message) -> Result<(), AlertError> {
        self.smtp.send(message.envelope(), &message.formatted()).await.map_err(refused(server))?;
        self.used = Instant::now();
        Ok(())
    }
}

async fn encrypted(server: &Smtp) -> Result<AsyncSmtpConnection, AlertError> {
    let hello = ClientId::default();
    let Some(parameters) = parameters(server)? else {
        return AsyncSmtpConnection::connect_with_transport(Box::new(tcp(server).await?), &hello)
            .await
            .map_err(refused(server));
    };
    if server.tls == Tls::Implicit {
        let address = (server.host.as_str(), server.port);
        let limit = Some(Duration::from_secs(server.timeout_seconds));
        return AsyncSmtpConnection::connect_tokio1(address, limit, &hello, Some(parameters), None)
            .await
            .map_err(refused(server));
    }
    let line_by_line = Box::new(LineByLine { tcp: tcp(server).await? });
    let mut smtp = AsyncSmtpConnection::connect_with_transport(line_by_line, &hello).await.map_err(refused(server))?;
    if !smtp.can_starttls() {
        return Err(AlertError::NoEncryption { host: server.host.clone() });
    }
    let failed = |source: SmtpError| match refused(server)(source) {
        AlertError::Refused { host, source } if source.status().is_none() => AlertError::Unencrypted { host, source },
        other => other,
    };
    smtp.starttls(parameters, &hello).await.map_err(failed)?;
    Ok(smtp)
}

async fn tcp(server: &Smtp) -> Result<TcpStream, AlertError> {
    let unreached = |source| AlertError::Unreached { host: server.host.clone(), source };
    TcpStream::connect((server.host.as_str(), server.port)).await.map_err(unreached)
}

fn refused(server: &Smtp) -> impl Fn(SmtpError) -> AlertError {
    let host = server.host.clone();
    move |source| match distrust(&source) {
        Some(what) => AlertError::Untrusted { host: host.clone(), what, source },
        None => AlertError::Refused { host: host.clone(), source },
    }
}

/// None where the connection stays plain.
fn parameters(server: &Smtp) -> Result<Option<TlsParameters>, AlertError> {
    if server.tls == Tls::None {
        return Ok(None);
    }
    let tls_error = |source| AlertError::Tls { host: server.host.clone(), source };
    let mut parameters = TlsParameters::builder(server.host.clone());
    if let Some(path) = &server.ca_file {
        let pem = fs::read(path).map_err(file_error("read", path))?;
        parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(tls_error)?);
    }
    parameters.build().map(Some).map_err(tls_error)
}

fn password(server: &Smtp) -> Result<Option<String>, AlertError> {
    let Some(path) = &server.password_file else { return Ok(None) };
    let password = fs::read_to_string(path).map_err(file_error("read", path))?;
    Ok(Some(password.trim_end_matches(['\r', '\n']).to_owned()))
}

/// A connection that gives at most a line at a time, so that nothing is read ahead. What somebody on the line wrote in plain behind
/// the server's answer to STARTTLS would else pass for its answers in the encrypted dialogue (RFC 3207, section 6), and a letter
/// that nobody took for sent; so it spoils the handshake.
#[derive(Debug)]
struct LineByLine {
    tcp: TcpStream,
}

impl AsyncRead for LineByLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; 4096];
        let most = piece.len().min(buffer.remaining());
        let (room, _) = piece.split_at_mut(most);
        let mut ahead = ReadBuf::new(room);
        let there = ready!(self.tcp.poll_peek(context, &mut ahead))?;
        let line = ahead.filled().iter().position(|byte| *byte == b'\n').map_or(there, |at| at + 1);
        let (room, _) = piece.split_at_mut(line);
        let mut read = ReadBuf::new(room);
        ready!(Pin::new(&mut self.tcp).poll_read(context, &mut read))?;
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineByLine {
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

impl AsyncTokioStream for LineByLine {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}
