//! What can go wrong at a door.

use std::io;
use std::path::PathBuf;

use crate::intake::mailbox::is_answered;
use crate::secret::SecretError;

/// A door could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The watched folder cannot be read.
    #[error("cannot {act} the inbox folder {path}; see that it is there and that this user may read and write it")]
    Folder {
        /// What was tried.
        act: &'static str,
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file in the inbox cannot be read. Its name may be a patient's, so it is not said.
    #[error("cannot {act} a file in the inbox folder {folder} ({of}); it stays there: let this user read it")]
    File {
        /// What was tried.
        act: &'static str,
        /// The folder.
        folder: PathBuf,
        /// Its size and its time.
        of: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file whose lock somebody keeps.
    #[error(
        "a file in the inbox folder {folder} ({of}) has been locked for more than an hour, so it is not taken; end the program \
         that writes it, or copy it there under another name"
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// Its size and its time.
        of: String,
    },
    /// The file system gives no locks.
    #[error(
        "the folder {folder} gives no locks (flock), so only time shows that a file there is complete; on NFS the lock daemon \
         is missing"
    )]
    NoLocks {
        /// The folder.
        folder: PathBuf,
    },
    /// Papers are ours, but their files stay in the inbox.
    #[error(
        "papers were taken in, but their files cannot be moved to {done}; they are not read again, and are moved as soon as this \
         user may write there"
    )]
    Unmoved {
        /// The folder of taken papers.
        done: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A paper was taken while it was still written.
    #[error(
        "a paper was still written after it had been taken in; it was read again from {folder}, as a record of its own: compare \
         the two. Let whoever writes it write elsewhere and rename it into the inbox"
    )]
    Grown {
        /// Where it lies now.
        folder: PathBuf,
    },
    /// Something in the inbox that is no file.
    #[error(
        "{what} lies in the inbox folder {folder}; it is not followed or looked into: put the papers themselves there"
    )]
    NoFile {
        /// The folder.
        folder: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The receive queue cannot be read.
    #[error("cannot read HylaFAX's receive queue {path}; `rxintake doctor` says what to do")]
    Queue {
        /// The folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A fax of the receive queue cannot be read.
    #[error(
        "cannot read a fax ({of}) in HylaFAX's receive queue {folder}; write `RecvFileMode: 0640` into the modem's configuration \
         (etc/config.DEVICE) and put this user into the group of the files, then `rxintake doctor`"
    )]
    Fax {
        /// The folder.
        folder: PathBuf,
        /// Its size and its time.
        of: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A fax whose lock somebody keeps.
    #[error(
        "a fax ({of}) in HylaFAX's receive queue {folder} has been locked for more than an hour, so it is not taken; see with \
         `faxstat` whether its call is still going on, and restart faxgetty where it is not"
    )]
    FaxLocked {
        /// The folder.
        folder: PathBuf,
        /// Its size and its time.
        of: String,
    },
    /// A fax is kept from us for longer than a call takes.
    #[error(
        "a fax in {folder} has been closed to its group for more than an hour; write `RecvFileMode: 0640` into the modem's \
         configuration, then `rxintake doctor`"
    )]
    FaxKept {
        /// The folder.
        folder: PathBuf,
    },
    /// The mail server cannot be reached, or the connection broke.
    #[error("the mail server {host} does not answer; mails wait there")]
    MailServer {
        /// The server.
        host: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The mail server says no.
    #[error("the mail server {host} refuses to {act}; mails wait there. It says: {}", said(answer))]
    Refused {
        /// The server.
        host: String,
        /// What was asked.
        act: &'static str,
        /// Its answer.
        answer: Box<async_imap::error::Error>,
    },
    /// The mail server does not encrypt, or somebody on the line keeps it from doing so.
    #[error(
        "the mail server {host} does not encrypt (STARTTLS), so the mailbox is not opened; see that `port` and `tls` are what the \
         provider says. Where it did before, somebody may sit on the line. It says: {}",
        said(answer)
    )]
    NoEncryption {
        /// The server.
        host: String,
        /// Its answer.
        answer: Box<async_imap::error::Error>,
    },
    /// The mail server takes too long.
    #[error("the mail server {host} did not {act} within {seconds} s; mails wait there")]
    Silent {
        /// The server.
        host: String,
        /// What was asked.
        act: &'static str,
        /// How long we waited.
        seconds: u64,
    },
    /// The password or token of the mailbox cannot be had.
    #[error("the mailbox cannot be logged in to")]
    Secret(#[source] SecretError),
    /// No password is named.
    #[error(
        "the mailbox {user} has no password_file, token_command or token_file; name one of them in the configuration"
    )]
    NoSecret {
        /// The user.
        user: String,
    },
    /// An unencrypted connection to another machine.
    #[error("tls = \"none\" is for this machine only; the mail server {host} needs \"implicit\" or \"starttls\"")]
    PlainToElsewhere {
        /// The server.
        host: String,
    },
    /// The certificates of the mail server cannot be checked.
    #[error("the encrypted connection to the mail server {host} cannot be made; {what}")]
    Tls {
        /// The server.
        host: String,
        /// What to do.
        what: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A mail is held in the mailbox.
    #[error(
        "a mail from a sender who is not on the list (allow_from) is held in the mailbox {user}; `rxintake inbox held` says which, `rxintake inbox release` takes it in"
    )]
    Held {
        /// The mailbox.
        user: String,
    },
    /// A mail is held because nobody can say that its sender is who he says.
    #[error(
        "a mail in the mailbox {user} {what}, but its sender could not be verified: {why}. It is held there; open no link in it. \
         Where it is genuine, `rxintake inbox release` takes it in"
    )]
    Unverified {
        /// The mailbox.
        user: String,
        /// As what it came.
        what: &'static str,
        /// What the receiving server said.
        why: String,
    },
    /// An empty name of the receiving server.
    #[error(
        "authserv_id = \"{name}\" of the mailbox {user} is no server's name; write what stands first behind \
         `Authentication-Results:` in the headers of a mail there, or leave it out"
    )]
    NoServerName {
        /// The mailbox.
        user: String,
        /// What is written there.
        name: String,
    },
    /// A mail that cannot be fetched.
    #[error(
        "a mail in the mailbox {user} cannot be fetched; it stays there and is tried again, each time later: open it, and drop its \
         papers into the inbox folder"
    )]
    Unfetchable {
        /// The mailbox.
        user: String,
        /// Whether that is to be told: the first time, and seldom then.
        is_news: bool,
    },
    /// The bytes are no mail.
    #[error("this is no e-mail message")]
    NoMessage,
    /// A mail or archive is larger than is taken.
    #[error("{what} is larger than {limit} bytes and stays where it is; put it there in parts")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl IntakeError {
    /// Whether a mail server said no to one thing, so that the others can be gone on with.
    pub fn is_answered(&self) -> bool {
        is_answered(self)
    }
}

/// What a mail server answered, in its own words: `code: None, info: Some("over quota")` as the IMAP client has it.
fn said(answer: &async_imap::error::Error) -> String {
    let text = answer.to_string();
    let words = text.split_once("info: Some(\"").and_then(|(_, words)| words.rsplit_once("\")"));
    words.map_or_else(|| text.clone(), |(words, _)| words.to_owned())
}
