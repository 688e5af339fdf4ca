//! The mailbox door: IMAP (RFC 3501) with IDLE (RFC 2177) and MOVE (RFC 6851).
//!
//! A message is identified by UIDVALIDITY, UID and its bytes; `\Seen` belongs to people and is never looked at or set. The raw
//! message is ours before the mailbox is touched.

mod connect;
mod held;
mod resting;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_imap::error::Error as ImapError;
use async_imap::extensions::idle::IdleResponse;
use async_imap::types::UnsolicitedResponse;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::intake::authentication::Verdict;
use crate::intake::mailbox::connect::Session;
use crate::intake::mailbox::resting::Resting;
use crate::intake::message::{self, Head, Limits};
use crate::intake::senders::{Envelope, Profiles};
use crate::intake::{IntakeError, arrival, authentication};
use crate::model::{Arrival, HeldMail, OriginKind, Tls};
use crate::secret::Source;

pub use held::Looked;

/// Set on messages that are ours where no folder for processed ones is named.
const TAKEN: &str = "$RxintakeTaken";
/// Set on messages of senders who are not on the list.
const HELD: &str = "$RxintakeHeld";
/// IDLE is begun anew after so long, in seconds: routers forget silent connections (RFC 2177 says 29 minutes at most).
const IDLE_SECONDS_MAX: u64 = 300;
/// So many of the newest mails show whether the receiving server says who their sender is.
const LOOKED_AT_MAX: usize = 5;
/// A message that could not be fetched so often is told, and stands back behind the others.
const ATTEMPTS_MAX: u32 = 3;

/// A mailbox to watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Host name or address of the server.
    pub host: String,
    /// Port: 993 for implicit TLS, 143 for STARTTLS.
    pub port: u16,
    /// How the connection is encrypted.
    #[serde(default)]
    pub tls: Tls,
    /// The user.
    pub user: String,
    /// A file that holds the password, nothing else.
    pub password_file: Option<PathBuf>,
    /// A file that holds an OAuth 2.0 access token (XOAUTH2), kept fresh by another program; it is read at each login.
    pub token_file: Option<PathBuf>,
    /// A program that prints an access token, with its arguments; it is asked at each login.
    pub token_command: Option<Vec<String>>,
    /// A certificate to trust beside the machine's own, in PEM.
    pub ca_file: Option<PathBuf>,
    /// The folder to watch.
    #[serde(default = "inbox")]
    pub folder: String,
    /// The folder that messages are moved to once they are ours; made if it is not there. Without it they get a keyword.
    pub processed: Option<String>,
    /// Addresses (`fax@efax.com`) or domains (`@efax.com`) whose mails are taken; all where the list is empty.
    #[serde(default)]
    pub allow_from: Vec<String>,
    /// The name of the receiving server in its `Authentication-Results` headers (RFC 8601), or of a domain above it. Where it is
    /// named, a mail that comes from the list `allow_from` or from a fax service must have passed SPF, DKIM or DMARC.
    pub authserv_id: Option<String>,
    /// Seconds between two looks, also while the server tells of new mail by itself.
    #[serde(default = "poll_seconds")]
    pub poll_seconds: u64,
    /// Seconds until an answer is given up.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

fn poll_seconds() -> u64 {
    60
}

fn timeout_seconds() -> u64 {
    60
}

impl Options {
    /// Where an OAuth 2.0 token is to be had; None where a password is used.
    pub fn token(&self) -> Option<Source> {
        let command = self.token_command.clone().map(Source::Command);
        command.or_else(|| self.token_file.clone().map(Source::File))
    }
}

/// A message that is still on the server.
#[derive(Debug)]
pub struct Mail {
    /// Where it came from.
    pub arrival: Arrival,
    /// The raw message.
    pub bytes: Vec<u8>,
    uid: u32,
    /// It was held before.
    was_held: bool,
}

/// What became of a message that was asked for.
#[derive(Debug)]
pub enum Fetched {
    /// It is here, and still on the server.
    Mail(Box<Mail>),
    /// It stays on the server until a person says what becomes of it.
    Held(Box<HeldMail>),
    /// It is not there any more.
    Gone,
}

/// A mailbox, connected or not.
#[derive(Debug)]
pub struct Mailbox {
    options: Options,
    open: Option<Open>,
    /// UIDVALIDITY at the last look: without it a UID means nothing.
    uid_validity: u32,
    /// How often fetching failed, by UID.
    failed: BTreeMap<u32, u32>,
    /// What is left alone, for now or until the next start.
    resting: Resting,
}

#[derive(Debug)]
struct Open {
    session: Session,
    /// Bytes that arrived over this connection.
    arrived: Arc<AtomicU64>,
    uid_validity: u32,
    can_idle: bool,
    can_move: bool,
    can_expunge_uid: bool,
}

impl Mailbox {
    /// A mailbox door; nothing is connected yet.
    ///
    /// # Errors
    /// Where the configuration would send the password unencrypted to another machine, or names no password or an empty server.
    pub fn new(options: Options) -> Result<Self, IntakeError> {
        if !options.tls.is_allowed_to(&options.host) {
            return Err(IntakeError::PlainToElsewhere { host: options.host });
        }
        if options.password_file.is_none() && options.token().is_none() {
            return Err(IntakeError::NoSecret { user: options.user });
        }
        if let Some(name) = options.authserv_id.clone().filter(|name| !is_host(name)) {
            return Err(IntakeError::NoServerName { user: options.user, name });
        }
        let (failed, resting) = Default::default();
        Ok(Self { options, open: None, uid_validity: 0, failed, resting })
    }

    /// The user at the host, for people.
    pub fn name(&self) -> String {
        format!("{} at {}", self.options.user, self.options.host)
    }

    /// The messages that are not ours yet, held against those that are `held` (RFC 3501, section 6.4.4).
    ///
    /// # Errors
    /// Where the server cannot be reached or says no. The next call connects anew.
    pub async fn look(&mut self, held: &[HeldMail]) -> Result<Looked, IntakeError> {
        let is_fresh = self.open.is_none();
        let uid_validity = self.open_again().await?;
        if uid_validity != self.uid_validity {
            self.uid_validity = uid_validity;
            self.failed.clear();
            self.resting = Resting::default();
        }
        let not_ours = match self.options.processed {
            Some(_) => format!("UNDELETED UNKEYWORD {HELD}"),
            None => format!("UNDELETED UNKEYWORD {TAKEN} UNKEYWORD {HELD}"),
        };
        let uids = self.search(&not_ours).await?;
        // other lives may have held some
        let is_asked = is_fresh || held.iter().any(|mail| mail.mailbox == held::mailbox(&self.options));
        let marked = if is_asked { self.search(&format!("UNDELETED KEYWORD {HELD}")).await? } else { Vec::new() };
        // what is gone is forgotten
        self.failed.retain(|uid, _| uids.binary_search(uid).is_ok());
        self.resting.keep_only(|uid| uids.binary_search(&uid).is_ok());
        let mut looked = held::sort(&self.options, uid_validity, held, uids, marked);
        looked.new.retain(|uid| !self.resting.rests(*uid));
        Ok(looked)
    }

    /// UIDs, sorted.
    async fn search(&mut self, what: &str) -> Result<Vec<u32>, IntakeError> {
        let (options, open) = self.opened()?;
        let found = answer(options, "search", open.session.uid_search(what)).await;
        let mut uids: Vec<u32> = self.or_closed(found)?.into_iter().collect();
        uids.sort_unstable();
        Ok(uids)
    }

    /// A mail that bears the mark of held ones and that nobody knows of.
    ///
    /// # Errors
    /// Where the server cannot be reached or says no.
    pub async fn describe_held(&mut self, uid: u32, now: Timestamp) -> Result<HeldMail, IntakeError> {
        let (options, open) = self.opened()?;
        let heads = answer(options, "give the header of a mail", async {
            open.session.uid_fetch(uid.to_string(), "(UID BODY.PEEK[HEADER])").await?.try_collect::<Vec<_>>().await
        });
        let heads = heads.await;
        let heads = self.or_closed(heads)?;
        let from = heads.iter().find_map(|head| head.header()).and_then(|head| message::head(head).from);
        let why = "it was held before".to_owned();
        Ok(held::hold(&self.options, (self.uid_validity, uid), from, why, now))
    }

    /// Connects where the connection was lost. The UIDVALIDITY of the folder.
    async fn open_again(&mut self) -> Result<u32, IntakeError> {
        if self.open.is_none() {
            self.open = Some(self.connect().await?);
        }
        Ok(self.open.as_ref().map_or(0, |open| open.uid_validity))
    }

    /// A message is ours, but the server will not move or mark it: the others go on, and it is tried again with growing delay.
    /// Whether that is to be told.
    pub fn put_off(&mut self, mail: &Mail) -> bool {
        self.resting.put_off(mail.uid)
    }

    /// One message, without touching it. It is held where its sender is not on the list or may be somebody else, unless a person
    /// `released` it.
    ///
    /// # Errors
    /// Where it cannot be had now; [`IntakeError::Unfetchable`] where it stands back for a while.
    pub async fn fetch(
        &mut self,
        uid: u32,
        released: bool,
        now: Timestamp,
        profiles: &Profiles,
    ) -> Result<Fetched, IntakeError> {
        // a lost connection is nothing that this mail did
        let uid_validity = self.open_again().await?;
        if uid_validity != self.uid_validity {
            return Ok(Fetched::Gone); // another mailbox by now: the next look numbers it anew
        }
        let raw = match self.fetch_raw(uid).await {
            Ok(raw) => raw,
            Err(error) => return Err(self.unfetched(uid, error)),
        };
        self.failed.remove(&uid);
        let options = &self.options;
        let Some(bytes) = raw else { return Ok(Fetched::Gone) };
        let head = message::head(&bytes);
        if let Some(why) = held_because(options, &head, &bytes, profiles).filter(|_| !released) {
            let mail = held::hold(options, (uid_validity, uid), head.from, why, now);
            self.hold(uid).await?;
            return Ok(Fetched::Held(Box::new(mail)));
        }
        let name = head.message_id.unwrap_or_else(|| format!("mail {uid_validity}/{uid}"));
        let key = format!("imap:{}@{}/{}:{uid_validity}/{uid}", options.user, options.host, options.folder);
        let mut arrival = arrival(OriginKind::Imap, name, key, &bytes, now);
        arrival.origin.sender = head.from.map(Into::into);
        Ok(Fetched::Mail(Box::new(Mail { arrival, bytes, uid, was_held: released })))
    }

    /// What is told of a mail that could not be fetched; after some attempts it stands back behind the others.
    fn unfetched(&mut self, uid: u32, error: IntakeError) -> IntakeError {
        let times = self.failed.entry(uid).or_default();
        *times += 1;
        let is_too_large = matches!(error, IntakeError::TooLarge { .. });
        if !is_too_large {
            self.open = None; // nobody knows where in its answer the server is
        }
        if *times < ATTEMPTS_MAX && !is_too_large {
            return error;
        }
        let is_news = self.resting.put_off(uid);
        IntakeError::Unfetchable { user: self.options.user.clone(), is_news }
    }

    /// Marks a mail as held. A server that keeps no keywords (PERMANENTFLAGS without `\*`, RFC 3501, section 7.1) forgets or refuses
    /// that, so whoever asked keeps a list.
    async fn hold(&mut self, uid: u32) -> Result<(), IntakeError> {
        or_answered(self.flag(uid, "+FLAGS.SILENT", HELD).await)
    }

    /// How many of the newest mails were looked at, and how many of them bear a word of the receiving server on their sender.
    /// None where no such word is asked for.
    ///
    /// # Errors
    /// Where the server cannot be reached or says no.
    pub async fn authenticated(&mut self) -> Result<Option<(usize, usize)>, IntakeError> {
        let Some(authserv_id) = self.options.authserv_id.clone() else { return Ok(None) };
        let (options, open) = self.opened()?;
        let found = answer(options, "search", open.session.uid_search("ALL")).await?;
        let mut uids: Vec<u32> = found.into_iter().collect();
        uids.sort_unstable_by(|a, b| b.cmp(a));
        uids.truncate(LOOKED_AT_MAX);
        if uids.is_empty() {
            return Ok(Some((0, 0)));
        }
        let set = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let heads = answer(options, "give the headers of mails", async {
            open.session.uid_fetch(&set, "(UID BODY.PEEK[HEADER])").await?.try_collect::<Vec<_>>().await
        });
        let heads = heads.await?;
        let has_word = |head: &[u8]| authentication::sender(head, &authserv_id) != Verdict::NoWord;
        let said = heads.iter().filter_map(|head| head.header()).filter(|head| has_word(head)).count();
        Ok(Some((uids.len(), said)))
    }

    /// To be called only when the message is durable with us: it is moved, or gets a keyword.
    ///
    /// # Errors
    /// Where that is not possible; the message is then seen again, and known as the same arrival.
    /// Where the server says no ([`IntakeError::is_answered`]) the other mails can be gone on with.
    pub async fn release(&mut self, mail: &Mail) -> Result<(), IntakeError> {
        if mail.was_held {
            or_answered(self.flag(mail.uid, "-FLAGS.SILENT", HELD).await)?;
        }
        let Some(folder) = self.options.processed.clone() else {
            self.flag(mail.uid, "+FLAGS.SILENT", TAKEN).await?;
            self.resting.leave(mail.uid); // the server may keep no keywords
            return Ok(());
        };
        let uid = mail.uid.to_string();
        let (options, open) = self.opened()?;
        if open.can_move {
            let moved = answer(options, "move a mail", open.session.uid_mv(&uid, &folder)).await;
            return self.or_closed(moved);
        }
        let copied = answer(options, "copy a mail", open.session.uid_copy(&uid, &folder)).await;
        self.or_closed(copied)?;
        self.flag(mail.uid, "+FLAGS.SILENT", "\\Deleted").await?;
        let (options, open) = self.opened()?;
        if open.can_expunge_uid {
            let session = &mut open.session;
            let expunged = answer(options, "remove a mail", async {
                session.uid_expunge(&uid).await?.try_collect::<Vec<_>>().await
            });
            let expunged = expunged.await.map(|_| ());
            return self.or_closed(expunged);
        }
        Ok(()) // without UIDPLUS an EXPUNGE would remove what people marked; the mark is enough for us
    }

    /// Waits until the server tells of something, or the time for the next look has come.
    ///
    /// # Errors
    /// Where the connection broke; the next look connects anew.
    pub async fn wait(&mut self) -> Result<(), IntakeError> {
        let poll = Duration::from_secs(self.options.poll_seconds.clamp(1, IDLE_SECONDS_MAX));
        if self.was_told_of_mail() {
            return Ok(());
        }
        let Some(open) = self.open.take_if(|open| open.can_idle) else {
            tokio::time::sleep(poll).await;
            return Ok(());
        };
        let Open { session, arrived, uid_validity, can_idle, can_move, can_expunge_uid } = open;
        let mut idle = session.idle();
        answer(&self.options, "wait for mail", idle.init()).await?;
        let woken = {
            let (waiting, _interrupt) = idle.wait_with_timeout(poll);
            // a server that says "still here" would hold the wait for ever
            match tokio::time::timeout(poll, waiting).await {
                Ok(woken) => woken.map_err(|error| refused(&self.options, "wait for mail", error))?,
                Err(_) => IdleResponse::Timeout,
            }
        };
        if matches!(woken, IdleResponse::ManualInterrupt) {
            // nobody interrupted it: the connection is gone
            let source = std::io::ErrorKind::ConnectionReset.into();
            return Err(IntakeError::MailServer { host: self.options.host.clone(), source });
        }
        let session = answer(&self.options, "end waiting", idle.done()).await?;
        self.open = Some(Open { session, arrived, uid_validity, can_idle, can_move, can_expunge_uid });
        Ok(())
    }

    /// Whether the server told of new mail beside another answer: IDLE does not tell of it again.
    fn was_told_of_mail(&self) -> bool {
        let Some(open) = &self.open else { return false };
        let told = std::iter::from_fn(|| open.session.unsolicited_responses.try_recv().ok());
        // all are taken out: the queue is short, and a full one would stop the session
        told.filter(|told| matches!(told, UnsolicitedResponse::Exists(_))).count() > 0
    }

    /// Says goodbye. The server does without it, too.
    pub async fn close(&mut self) {
        if let Some(mut open) = self.open.take() {
            tokio::time::timeout(Duration::from_secs(2), open.session.logout()).await.ok();
        }
    }

    async fn connect(&self) -> Result<Open, IntakeError> {
        let options = &self.options;
        let arrived = Arc::new(AtomicU64::new(0));
        let mut session = connect::log_in(options, arrived.clone()).await?;
        let capabilities = answer(options, "say what it can do", session.capabilities()).await?;
        if let Some(processed) = &options.processed {
            let listed = answer(options, "list its folders", async {
                session.list(Some(""), Some(processed)).await?.try_collect::<Vec<_>>().await
            });
            if listed.await?.is_empty() {
                answer(options, "make the folder for processed mails", session.create(processed)).await?;
            }
        }
        let selected = answer(options, "open the folder", session.select(&options.folder)).await?;
        Ok(Open {
            session,
            arrived,
            uid_validity: selected.uid_validity.unwrap_or(0),
            can_idle: capabilities.has_str("IDLE"),
            can_move: capabilities.has_str("MOVE"),
            can_expunge_uid: capabilities.has_str("UIDPLUS"),
        })
    }

    async fn fetch_raw(&mut self, uid: u32) -> Result<Option<Vec<u8>>, IntakeError> {
        let limit = Limits::default().message_bytes_max;
        let set = uid.to_string();
        let (options, open) = self.opened()?;
        let sizes = answer(options, "tell a mail's size", async {
            open.session.uid_fetch(&set, "(UID RFC822.SIZE)").await?.try_collect::<Vec<_>>().await
        });
        let sizes = sizes.await?;
        let Some(size) = sizes.iter().find(|fetch| fetch.uid == Some(uid)).and_then(|fetch| fetch.size) else {
            return Ok(None);
        };
        if u64::from(size) > limit {
            return Err(IntakeError::TooLarge { what: "a mail", limit });
        }
        let arrived = open.arrived.clone();
        let fetched = answer_piece_by_piece(options, "give a mail", &arrived, async {
            open.session.uid_fetch(&set, "(UID BODY.PEEK[])").await?.try_collect::<Vec<_>>().await
        });
        let fetched = fetched.await?;
        Ok(fetched.iter().find(|fetch| fetch.uid == Some(uid)).and_then(|fetch| fetch.body()).map(<[u8]>::to_vec))
    }

    async fn flag(&mut self, uid: u32, act: &str, flag: &str) -> Result<(), IntakeError> {
        let (options, open) = self.opened()?;
        let stored = answer(options, "mark a mail", async {
            open.session.uid_store(uid.to_string(), format!("{act} ({flag})")).await?.try_collect::<Vec<_>>().await
        });
        let stored = stored.await.map(|_| ());
        self.or_closed(stored)
    }

    fn opened(&mut self) -> Result<(&Options, &mut Open), IntakeError> {
        let host = &self.options.host;
        let closed = || IntakeError::MailServer { host: host.clone(), source: std::io::ErrorKind::NotConnected.into() };
        Ok((&self.options, self.open.as_mut().ok_or_else(closed)?))
    }

    /// After an error nobody knows where in the protocol we are, unless the server said no.
    fn or_closed<T>(&mut self, outcome: Result<T, IntakeError>) -> Result<T, IntakeError> {
        if outcome.as_ref().is_err_and(|error| !is_answered(error)) {
            self.open = None;
        }
        outcome
    }
}

/// The answer to a command, in time.
async fn answer<T>(
    options: &Options,
    act: &'static str,
    command: impl Future<Output = Result<T, ImapError>>,
) -> Result<T, IntakeError> {
    match tokio::time::timeout(Duration::from_secs(options.timeout_seconds), command).await {
        Ok(answered) => answered.map_err(|error| refused(options, act, error)),
        Err(_) => Err(IntakeError::Silent { host: options.host.clone(), act, seconds: options.timeout_seconds }),
    }
}

/// The answer to a command that brings many bytes: only silence ends it, however slow the line is.
async fn answer_piece_by_piece<T>(
    options: &Options,
    act: &'static str,
    arrived: &AtomicU64,
    command: impl Future<Output = Result<T, ImapError>>,
) -> Result<T, IntakeError> {
    let limit = Duration::from_secs(options.timeout_seconds);
    let mut command = pin!(command);
    loop {
        let before = arrived.load(Ordering::Relaxed);
        match tokio::time::timeout(limit, command.as_mut()).await {
            Ok(answered) => return answered.map_err(|error| refused(options, act, error)),
            Err(_) if arrived.load(Ordering::Relaxed) > before => {}
            Err(_) => {
                return Err(IntakeError::Silent { host: options.host.clone(), act, seconds: options.timeout_seconds });
            }
        }
    }
}

/// The server said no: the connection is as it was.
pub(in crate::intake) fn is_answered(error: &IntakeError) -> bool {
    let IntakeError::Refused { answer, .. } = error else { return false };
    matches!(**answer, ImapError::No(_) | ImapError::Bad(_))
}

fn refused(options: &Options, act: &'static str, error: ImapError) -> IntakeError {
    let host = options.host.clone();
    match error {
        ImapError::Io(source) => IntakeError::MailServer { host, source },
        ImapError::ConnectionLost => {
            IntakeError::MailServer { host, source: std::io::ErrorKind::ConnectionReset.into() }
        }
        answer => IntakeError::Refused { host, act, answer: Box::new(answer) },
    }
}

/// A server that says no to a mark keeps none.
fn or_answered(marked: Result<(), IntakeError>) -> Result<(), IntakeError> {
    match marked {
        Err(error) if is_answered(&error) => Ok(()),
        marked => marked,
    }
}

/// Why a mail is to be held, in a sentence: its sender is not on the list, or is on it, or a fax service, and may be somebody else.
fn held_because(options: &Options, head: &Head, raw: &[u8], profiles: &Profiles) -> Option<String> {
    let user = options.user.clone();
    if !allows(&options.allow_from, head.from.as_deref()) {
        return Some(IntakeError::Held { user }.to_string());
    }
    let authserv_id = options.authserv_id.as_ref()?;
    let (from, subject) = (head.from.as_deref().unwrap_or(""), head.subject.as_deref().unwrap_or(""));
    let what = match profiles.read(&Envelope { from, subject, ..Envelope::default() }) {
        Some(announced) if announced.is_unverified => return None,
        Some(_) => "looks like a fax mail",
        None if options.allow_from.is_empty() => return None,
        None => "looks like one of a sender on the list (allow_from)",
    };
    let why = match authentication::sender(raw, authserv_id) {
        Verdict::Verified => return None,
        Verdict::NotVerified => format!("{authserv_id} says that neither DMARC nor SPF or DKIM passed for his domain"),
        Verdict::NoWord => format!("{authserv_id} says nothing of him (no such Authentication-Results header)"),
    };
    Some(IntakeError::Unverified { user, what, why }.to_string())
}

fn is_host(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || ".-_".contains(letter))
}

fn allows(list: &[String], from: Option<&str>) -> bool {
    let from = from.map(str::to_lowercase).unwrap_or_default();
    list.is_empty()
        || list
            .iter()
            .map(|entry| entry.to_lowercase())
            .any(|entry| from == entry || entry.starts_with('@') && from.ends_with(&entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_held_against_the_list() {
        let list = ["@efax.com".to_owned(), "Office@Hillside.example".to_owned()];
        assert!(allows(&list, Some("message@eFax.com")));
        assert!(allows(&list, Some("office@hillside.example")));
        assert!(!allows(&list, Some("message@notefax.com")));
        assert!(!allows(&list, None));
        assert!(allows(&[], None));
    }
}
