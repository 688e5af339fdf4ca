//! The daemon's side: children that are started, watched and ended.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::model::{Document, MediaType, PageTrouble, PaperError, PaperErrorCode, ReadPaper, Reading, Source};
use crate::pages;
use crate::reader::Options;
use crate::reader::protocol::{Answer, Request, receive_async, send_async};

/// Where Debian and Ubuntu put tesseract's trained data.
const TESSDATA_DIRS: [&str; 3] =
    ["/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata"];

/// No paper can be read: our turn, not the paper's.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// The reader program is not there.
    #[error("the program rxintake-reader is not at {0}; install it beside rxintake")]
    NoProgram(PathBuf),
    /// The language data is not there.
    #[error("tesseract's language data `eng` is not installed; install the package tesseract-ocr-eng")]
    NoLanguageData,
    /// The child cannot be started.
    #[error("cannot start {program}")]
    Start {
        /// What was to be started.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The engine does not start.
    #[error("{0}")]
    Engine(String),
    /// The child died twice while a paper was being opened or before it could say anything.
    #[error("the reader child died")]
    Died(#[source] io::Error),
}

/// How far a paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The page that was just read, from 1.
    pub page: u32,
    /// How many there are.
    pub page_count: u32,
}

/// What `doctor` tells about the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderReport {
    /// The reader program.
    pub program: PathBuf,
    /// The folder of the trained data.
    pub tessdata: PathBuf,
    /// What holds the child in.
    pub sandbox: String,
}

/// A pool of reader children. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Arc<Pool>);

struct Pool {
    options: Options,
    program: PathBuf,
    tessdata: PathBuf,
    places: Semaphore,
    idle: Mutex<Vec<Hand>>,
}

/// A running child.
struct Hand {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    pages: u32,
}

impl Reader {
    /// A pool; children are started when papers come.
    ///
    /// # Errors
    /// Where the reader program or the language data is missing.
    pub fn new(options: Options) -> Result<Self, ReaderError> {
        let program = match std::env::var_os("RXINTAKE_READER").map(PathBuf::from).or_else(|| options.program.clone()) {
            Some(program) => program,
            None => beside_this_program(),
        };
        if !program.is_file() {
            return Err(ReaderError::NoProgram(program));
        }
        let tessdata = options.tessdata_dir.clone().or_else(|| {
            TESSDATA_DIRS.iter().map(PathBuf::from).find(|folder| folder.join("eng.traineddata").is_file())
        });
        let tessdata = tessdata.ok_or(ReaderError::NoLanguageData)?;
        let places = Semaphore::new(options.jobs.max(1));
        Ok(Self(Arc::new(Pool { options, program, tessdata, places, idle: Mutex::new(Vec::new()) })))
    }

    /// Reads a paper. What is wrong with the paper is said in the answer; `progress` is told after each page.
    ///
    /// # Errors
    /// Only where it is our turn: no reader, no engine.
    pub async fn read(
        &self,
        paper: Arc<[u8]>,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<ReadPaper, ReaderError> {
        if let Ok(MediaType::Text) = pages::sniff(&paper) {
            let readings = pages::text_readings(&paper).unwrap_or_else(|| unreachable!("sniffed as text"));
            return Ok(ReadPaper { media_type: Some(MediaType::Text), readings, error: None });
        }
        let _place = self.0.places.acquire().await.expect("the pool never closes its places");
        self.0.read(&paper, progress).await
    }

    /// Starts a child and its engine, and tells what is there.
    ///
    /// # Errors
    /// What keeps papers from being read.
    pub async fn check(&self) -> Result<ReaderReport, ReaderError> {
        let mut hand = self.0.hand()?;
        match hand.ask(&Request::Report, None, self.0.options.open_timeout_ms).await {
            Ok(Answer::Report { sandbox }) => {
                self.0.put_back(hand);
                Ok(ReaderReport { program: self.0.program.clone(), tessdata: self.0.tessdata.clone(), sandbox })
            }
            Ok(Answer::EngineFailed(message)) => Err(ReaderError::Engine(message)),
            Ok(_) => Err(ReaderError::Died(io::Error::other("the reader child talks nonsense"))),
            Err(error) => Err(ReaderError::Died(error.into())),
        }
    }
}

impl Pool {
    async fn read(&self, paper: &[u8], progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<ReadPaper, ReaderError> {
        let (mut hand, document) = match self.open(paper).await? {
            Ok(opened) => opened,
            Err(error) => return Ok(ReadPaper { media_type: None, readings: Vec::new(), error: Some(error) }),
        };
        let mut readings = Vec::new();
        let mut error = document.error.clone();
        for number in 1..=document.page_count {
            match hand.ask(&Request::Page { number }, None, self.options.ocr_timeout_ms).await {
                Ok(Answer::Read(reading)) if reading.page == number => readings.push(*reading),
                Ok(Answer::EngineFailed(message)) => return Err(ReaderError::Engine(message)),
                outcome => {
                    let (trouble, code, what) = match outcome {
                        Err(Failure::TimedOut) => {
                            (PageTrouble::TimedOut, PaperErrorCode::TimedOut, "took too long to read")
                        }
                        _ => (PageTrouble::ReaderFailed, PaperErrorCode::ReaderFailed, "could not be read"),
                    };
                    hand.end().await;
                    readings.push(unread(number, trouble));
                    let message =
                        format!("Page {number} {what}. Look at it by hand, or ask the sender to send it again.");
                    error.get_or_insert(PaperError { code, message });
                    match self.open(paper).await? {
                        Ok((fresh, _)) => hand = fresh,
                        Err(_) => {
                            readings.extend(
                                (number + 1..=document.page_count)
                                    .map(|number| unread(number, PageTrouble::ReaderFailed)),
                            );
                            return Ok(ReadPaper { media_type: Some(document.media_type), readings, error });
                        }
                    }
                }
            }
            progress(Progress { page: number, page_count: document.page_count });
        }
        self.put_back(hand);
        Ok(ReadPaper { media_type: Some(document.media_type), readings, error })
    }

    /// A child in which the paper is open, or why it cannot be opened. A paper that kills two children is told as such.
    async fn open(&self, paper: &[u8]) -> Result<Result<(Hand, Document), PaperError>, ReaderError> {
        let mut failure = None;
        for _ in 0..2 {
            let mut hand = self.hand()?;
            let request = Request::Open { limits: self.options.limits.clone() };
            match hand.ask(&request, Some(paper), self.options.open_timeout_ms).await {
                Ok(Answer::Opened(document)) => return Ok(Ok((hand, document))),
                Ok(Answer::Refused(error)) => {
                    self.put_back(hand);
                    return Ok(Err(error));
                }
                Ok(Answer::EngineFailed(message)) => return Err(ReaderError::Engine(message)),
                Ok(_) => failure = Some(Failure::Broken(io::Error::other("the reader child talks nonsense"))),
                Err(error) => failure = Some(error),
            }
            hand.end().await;
        }
        let (code, message) = match failure {
            Some(Failure::TimedOut) => (
                PaperErrorCode::TimedOut,
                "Opening the file took too long. Ask the sender to send it again, in fewer pages.",
            ),
            _ => (
                PaperErrorCode::ReaderFailed,
                "The file could not be opened. Look at it by hand, or ask the sender to send it again as a PDF.",
            ),
        };
        Ok(Err(PaperError { code, message: message.to_owned() }))
    }

    fn hand(&self) -> Result<Hand, ReaderError> {
        if let Some(hand) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(hand);
        }
        let start = |source| ReaderError::Start { program: self.program.clone(), source };
        let mut child = Command::new(&self.program)
            .arg(&self.tessdata)
            .arg(self.options.memory_max_bytes.to_string())
            .env_clear()
            // several threads make tesseract several times slower; inside the process it is too late to say so
            .env("OMP_THREAD_LIMIT", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(start)?;
        let missing = || start(io::Error::other("no pipe"));
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        Ok(Hand { child, input, output, pages: 0 })
    }

    fn put_back(&self, hand: Hand) {
        if hand.pages < self.options.pages_per_child {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(hand);
        }
    }
}

/// Why a child gave no answer.
enum Failure {
    TimedOut,
    Broken(io::Error),
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => io::ErrorKind::TimedOut.into(),
            Failure::Broken(error) => error,
        }
    }
}

impl Hand {
    async fn ask(&mut self, request: &Request, paper: Option<&[u8]>, limit_ms: u64) -> Result<Answer, Failure> {
        if matches!(request, Request::Page { .. }) {
            self.pages += 1;
        }
        let exchange = async {
            send_async(&mut self.input, &serde_json::to_vec(request)?).await?;
            if let Some(paper) = paper {
                send_async(&mut self.input, paper).await?;
            }
            let answer = receive_async(&mut self.output).await?;
            serde_json::from_slice(&answer).map_err(io::Error::other)
        };
        match timeout(Duration::from_millis(limit_ms), exchange).await {
            Ok(answer) => answer.map_err(Failure::Broken),
            Err(_) => Err(Failure::TimedOut),
        }
    }

    async fn end(mut self) {
        drop(self.child.kill().await);
    }
}

fn beside_this_program() -> PathBuf {
    let name = "rxintake-reader";
    let here = std::env::current_exe().ok();
    let folders = here.as_deref().and_then(Path::parent).into_iter().flat_map(|folder| [Some(folder), folder.parent()]);
    let found = folders.flatten().map(|folder| folder.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| Path::new("/usr/bin").join(name))
}

fn unread(number: u32, trouble: PageTrouble) -> Reading {
    Reading {
        page: number,
        width: 1,
        height: 1,
        source: Source::Ocr,
        rotated: 0,
        lines: Vec::new(),
        marks: Vec::new(),
        fax_header: None,
        trouble: Some(trouble),
    }
}
