//! The socket in the data folder: while the daemon holds the store, the other commands ask it.
//!
//! One JSON line asks, one JSON line answers; behind the line that promises an original come its bytes, as they are. Only the
//! owner of the data folder can reach it.

use std::fs;
use std::io::{self, BufRead, BufReader as StdBufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::alert;
use crate::config::Config;
use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared, clock};
use crate::model::{ArrivalId, Decision, HeldMail, Letter, Record};
use crate::store::{Act, Store, StoreError};

/// Longest question, in bytes.
const QUESTION_BYTES_MAX: u64 = 1 << 20;

/// What other commands may ask.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    /// The ids of all records, oldest first.
    Ids,
    /// One record.
    Record(ArrivalId),
    /// The original of a record.
    Original(ArrivalId),
    /// When a record whose id begins so was removed for good.
    PurgedAt(String),
    /// The letters that are owed.
    Letters,
    /// How things stand.
    Standing,
    /// The mails that are held.
    Held,
    /// Take a held mail in; by whom.
    Release(String, String),
    /// Append a decision to a record.
    Decide(ArrivalId, Decision),
    /// Write down who does what, and with which record.
    Audit(Act, Option<ArrivalId>, String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ids(Vec<ArrivalId>),
    Record(Option<Box<Record>>),
    /// So many bytes follow behind the line.
    Original {
        bytes: u64,
    },
    PurgedAt(Option<Timestamp>),
    Letters(Vec<Letter>),
    Standing(Standing),
    Held(Vec<HeldMail>),
    Released,
    Decided,
    Audited,
    /// A sentence.
    Refused(String),
}

/// How things stand.
#[derive(Debug, Serialize, Deserialize)]
pub struct Standing {
    /// Papers that wait to be read.
    pub papers: usize,
    /// Letters that wait to be handed over.
    pub letters: usize,
    /// When the newest record's paper came in.
    pub last_paper: Option<Timestamp>,
    /// What was set aside because it is damaged: a sentence each.
    pub damaged: Vec<String>,
}

/// The records, wherever they are to be had: in the store itself, or from the daemon that holds it.
pub enum Records {
    /// Nobody else has the store.
    Store(Store),
    /// The socket of the daemon.
    Daemon(PathBuf),
}

impl Records {
    /// The daemon's records where a daemon runs on `folder`, else those of the store that `open` opens.
    ///
    /// # Errors
    /// Where neither can be had.
    pub fn open(folder: &Path, open: impl FnOnce() -> Result<Store, StoreError>) -> Result<Self, StoreError> {
        match open() {
            Ok(store) => Ok(Self::Store(store)),
            Err(StoreError::Locked(_)) if path(folder).try_exists().unwrap_or(false) => Ok(Self::Daemon(path(folder))),
            Err(error) => Err(error),
        }
    }

    /// The ids of all records, oldest first.
    ///
    /// # Errors
    /// Where they cannot be had.
    pub fn ids(&self) -> Result<Vec<ArrivalId>, SocketError> {
        match self {
            Self::Store(store) => Ok(store.records()?),
            Self::Daemon(path) => match ask(path, &Question::Ids)? {
                Answer::Ids(ids) => Ok(ids),
                other => Err(unexpected(other)),
            },
        }
    }

    /// One record.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub fn record(&self, id: &ArrivalId) -> Result<Option<Record>, SocketError> {
        match self {
            Self::Store(store) => Ok(store.record(id)?),
            Self::Daemon(path) => match ask(path, &Question::Record(id.clone()))? {
                Answer::Record(record) => Ok(record.map(|record| *record)),
                other => Err(unexpected(other)),
            },
        }
    }

    /// The bytes of a record's paper, as they came in.
    ///
    /// # Errors
    /// Where there is no such record, or they cannot be had whole.
    pub fn original(&self, id: &ArrivalId) -> Result<Vec<u8>, SocketError> {
        let path = match self {
            Self::Store(store) => return Ok(store.original(id)?),
            Self::Daemon(path) => path,
        };
        let (answer, mut behind) = ask_for_more(path, &Question::Original(id.clone()))?;
        let Answer::Original { bytes } = answer else { return Err(unexpected(answer)) };
        let silent = |source| SocketError::Silent { path: path.clone(), source };
        let mut original = Vec::new();
        behind.by_ref().take(bytes).read_to_end(&mut original).map_err(silent)?;
        if original.len() as u64 != bytes {
            return Err(silent(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(original)
    }

    /// When a record whose id begins with `id` was removed for good; None where none was.
    ///
    /// # Errors
    /// Where that cannot be had.
    pub fn purged_at(&self, id: &str) -> Result<Option<Timestamp>, SocketError> {
        match self {
            Self::Store(store) => Ok(store.purged_at(id)?),
            Self::Daemon(path) => match ask(path, &Question::PurgedAt(id.to_owned()))? {
                Answer::PurgedAt(at) => Ok(at),
                other => Err(unexpected(other)),
            },
        }
    }

    /// The letters that are owed, also those that cannot be delivered.
    ///
    /// # Errors
    /// Where they cannot be had.
    pub fn letters(&self) -> Result<Vec<Letter>, SocketError> {
        match self {
            Self::Store(store) => Ok(store.letters()?),
            Self::Daemon(path) => match ask(path, &Question::Letters)? {
                Answer::Letters(letters) => Ok(letters),
                other => Err(unexpected(other)),
            },
        }
    }

    /// How things stand.
    ///
    /// # Errors
    /// Where that cannot be had.
    pub fn standing(&self) -> Result<Standing, SocketError> {
        match self {
            Self::Store(store) => Ok(standing(store)?),
            Self::Daemon(path) => match ask(path, &Question::Standing)? {
                Answer::Standing(standing) => Ok(standing),
                other => Err(unexpected(other)),
            },
        }
    }

    /// The mails that are held in their mailboxes, the oldest first.
    ///
    /// # Errors
    /// Where they cannot be had.
    pub fn held(&self) -> Result<Vec<HeldMail>, SocketError> {
        match self {
            Self::Store(store) => Ok(store.held()?),
            Self::Daemon(path) => match ask(path, &Question::Held)? {
                Answer::Held(held) => Ok(held),
                other => Err(unexpected(other)),
            },
        }
    }

    /// A held mail is to be taken in: `by` says so, which stands in the audit journal first.
    ///
    /// # Errors
    /// Where it is not held, or that cannot be kept.
    pub fn release(&self, id: &str, by: &str) -> Result<(), SocketError> {
        match self {
            Self::Store(store) => Ok(release(store, id, by)?),
            Self::Daemon(path) => match ask(path, &Question::Release(id.to_owned(), by.to_owned()))? {
                Answer::Released => Ok(()),
                other => Err(unexpected(other)),
            },
        }
    }

    /// Whether a daemon holds them.
    pub fn daemon_runs(&self) -> bool {
        matches!(self, Self::Daemon(_))
    }

    /// Appends a person's decision. Who has to know of what it settles is told by letters after the configuration `config`.
    ///
    /// # Errors
    /// Where there is no such record, or it cannot be kept.
    pub fn decide(&self, id: &ArrivalId, decision: Decision, config: &Config) -> Result<(), SocketError> {
        match self {
            Self::Store(store) => Ok(decide(store, id, decision, config)?),
            Self::Daemon(path) => match ask(path, &Question::Decide(id.clone(), decision))? {
                Answer::Decided => Ok(()),
                other => Err(unexpected(other)),
            },
        }
    }
}

impl Records {
    /// Writes down in the audit journal that `by` does `act`. Whoever acts does so only after this.
    ///
    /// # Errors
    /// Where it cannot be written: then nothing is to be done.
    pub fn audit(&self, act: Act, record: Option<&ArrivalId>, by: &str) -> Result<(), SocketError> {
        match self {
            Self::Store(store) => Ok(store.audit(clock::now(), by, act, record.cloned())?),
            Self::Daemon(path) => match ask(path, &Question::Audit(act, record.cloned(), by.to_owned()))? {
                Answer::Audited => Ok(()),
                other => Err(unexpected(other)),
            },
        }
    }
}

/// The records could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The store does not give them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The daemon does not answer.
    #[error("the daemon that holds the records does not answer at {path}; is it still running?")]
    Silent {
        /// The socket.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The daemon refuses.
    #[error("{0}")]
    Refused(String),
}

fn unexpected(answer: Answer) -> SocketError {
    SocketError::Refused(match answer {
        Answer::Refused(why) => why,
        _ => "the daemon speaks another version; use the rxintake that it was started with".to_owned(),
    })
}

fn path(folder: &Path) -> PathBuf {
    folder.join("socket")
}

fn ask(path: &Path, question: &Question) -> Result<Answer, SocketError> {
    Ok(ask_for_more(path, question)?.0)
}

/// The answer, and what comes behind its line.
fn ask_for_more(path: &Path, question: &Question) -> Result<(Answer, StdBufReader<StdUnixStream>), SocketError> {
    let silent = |source| SocketError::Silent { path: path.to_owned(), source };
    let wrong = |error: serde_json::Error| silent(io::Error::other(error));
    let mut stream = StdUnixStream::connect(path).map_err(silent)?;
    let mut line = serde_json::to_vec(question).map_err(wrong)?;
    line.push(b'\n');
    stream.write_all(&line).map_err(silent)?;
    let mut answer = String::new();
    let mut stream = StdBufReader::new(stream);
    stream.read_line(&mut answer).map_err(silent)?;
    Ok((serde_json::from_str(&answer).map_err(wrong)?, stream))
}

/// Answers until the daemon stops. Where the socket cannot be made, the daemon works on and says so.
pub(in crate::daemon) async fn answer(shared: Shared) {
    let path = path(&shared.config.data_dir);
    // the lock on the store is ours: what lies here was left by a daemon that died
    fs::remove_file(&path).ok();
    let listener = UnixListener::bind(&path)
        .and_then(|listener| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map(|()| listener));
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => {
            let what = format!(
                "`rxintake records` will not work while the daemon runs: cannot make {}: {error}",
                path.display()
            );
            (shared.tell)(Event::Trouble { what });
            return shared.stop.cancelled().await;
        }
    };
    loop {
        let stream = tokio::select! {
            () = shared.stop.cancelled() => break,
            accepted = listener.accept() => accepted.map(|(stream, _)| stream),
        };
        match stream {
            Ok(stream) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    // whoever asked may be gone
                    serve(stream, shared).await.ok();
                });
            }
            Err(error) => (shared.tell)(trouble(&error)),
        }
    }
    fs::remove_file(&path).ok();
}

async fn serve(stream: UnixStream, shared: Shared) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut question = String::new();
    BufReader::new(reading.take(QUESTION_BYTES_MAX)).read_line(&mut question).await?;
    // an original may be a hundred megabytes: it is opened beside the daemon's other work
    let (answer, behind) = tokio::task::spawn_blocking(move || answer_to(&question, &shared)).await?;
    let mut line = serde_json::to_vec(&answer).map_err(io::Error::other)?;
    line.push(b'\n');
    writing.write_all(&line).await?;
    writing.write_all(&behind).await
}

/// The answer, and the bytes that follow behind its line: none where it is no original.
fn answer_to(question: &str, shared: &Shared) -> (Answer, Vec<u8>) {
    let refused = |why: String| (Answer::Refused(why), Vec::new());
    match serde_json::from_str(question) {
        Ok(question) => look_up(question, shared).unwrap_or_else(|error| refused(error.to_string())),
        Err(error) => refused(format!("the question cannot be understood: {error}")),
    }
}

fn standing(store: &Store) -> Result<Standing, StoreError> {
    let (papers, letters) = store.owed()?;
    let last = store.records()?.pop().map(|id| store.readable(&id)).transpose()?.flatten();
    let last_paper = last.map(|record| record.arrival.received_at);
    let damaged = store.damaged()?.into_iter().map(|(_, what)| what).collect();
    Ok(Standing { papers, letters, last_paper, damaged })
}

fn decide(store: &Store, id: &ArrivalId, decision: Decision, config: &Config) -> Result<(), StoreError> {
    let now = decision.decided_at;
    store.decide(id, decision, |before, after| {
        alert::letters_of_decision(before, after, &config.people, &config.alerts, now)
    })
}

fn release(store: &Store, id: &str, by: &str) -> Result<(), StoreError> {
    store.audit(clock::now(), by, Act::Released, None)?;
    // one that is gone in the meantime needs no word
    let mails = store.held()?.into_iter().filter(|mail| mail.id == id);
    mails.map(|mail| HeldMail { is_released: true, ..mail }).try_for_each(|mail| store.hold(&mail))
}

fn look_up(question: Question, shared: &Shared) -> Result<(Answer, Vec<u8>), StoreError> {
    let store = &shared.store;
    let answer = match question {
        Question::Ids => Answer::Ids(store.records()?),
        Question::Record(id) => Answer::Record(store.record(&id)?.map(Box::new)),
        Question::Original(id) => {
            let original = store.original(&id)?;
            return Ok((Answer::Original { bytes: original.len() as u64 }, original));
        }
        Question::PurgedAt(id) => Answer::PurgedAt(store.purged_at(&id)?),
        Question::Letters => Answer::Letters(store.letters()?),
        Question::Held => Answer::Held(store.held()?),
        Question::Release(id, by) => {
            release(store, &id, &by)?;
            shared.released.notify_waiters();
            Answer::Released
        }
        Question::Standing => Answer::Standing(standing(store)?),
        Question::Decide(id, decision) => {
            decide(store, &id, decision, &shared.config)?;
            shared.letters.notify_one();
            Answer::Decided
        }
        Question::Audit(act, record, by) => {
            store.audit(clock::now(), &by, act, record)?;
            Answer::Audited
        }
    };
    Ok((answer, Vec::new()))
}
