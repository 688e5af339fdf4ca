//! The daemon's side: a pool of children that are started, asked, and ended when they hang or die.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::model::{Document, MediaType, PageTrouble, PaperError, PaperErrorCode, ReadPaper, Reading};
use crate::pages;
use crate::reader::hand::{Failure, Hand};
use crate::reader::protocol::{Answer, Request};
use crate::reader::{Options, Sandbox, sound};

/// Where Debian and Ubuntu put tesseract's trained data.
const TESSDATA_DIRS: [&str; 3] =
    ["/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata"];
/// A page that passed its limit is read again in this many bands, so that most of its words are saved.
const BANDS: u32 = 8;

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
    /// The child died before it saw any paper.
    #[error("the reader child ended by itself before it saw a paper")]
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
    pub sandbox: Sandbox,
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

impl Reader {
    /// A pool; children are started when papers come.
    ///
    /// # Errors
    /// Where the reader program or the language data is missing.
    pub fn new(options: Options) -> Result<Self, ReaderError> {
        let named = std::env::var_os("RXINTAKE_READER").map(PathBuf::from).or_else(|| options.program.clone());
        let program = named.unwrap_or_else(beside_this_program);
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
        let limits = self.0.options.limits();
        let refused = |error| ReadPaper { media_type: None, readings: Vec::new(), error: Some(error) };
        match pages::sniff(&paper, &limits) {
            Ok(MediaType::Text) => Ok(pages::read_text(&paper, &limits)),
            Ok(_) => {
                let _place = self.0.places.acquire().await.expect("the pool never closes its places");
                self.0.read(&paper, progress).await
            }
            Err(error) => Ok(refused(error)),
        }
    }

    /// Starts a child and its engine, and tells what is there.
    ///
    /// # Errors
    /// What keeps papers from being read.
    pub async fn check(&self) -> Result<ReaderReport, ReaderError> {
        let mut hand = self.0.hand()?;
        match hand.ask(&Request::Report, None, self.0.options.open_timeout_ms).await {
            Ok(Answer::Report { sandbox }) => {
                self.0.put_back(hand).await;
                Ok(ReaderReport { program: self.0.program.clone(), tessdata: self.0.tessdata.clone(), sandbox })
            }
            Ok(Answer::EngineFailed(message)) => Err(ReaderError::Engine(message)),
            Ok(_) => Err(ReaderError::Died(nonsense())),
            Err(error) => Err(ReaderError::Died(error.into())),
        }
    }
}

/// How one page ended that gave no reading.
struct PageFailure {
    trouble: PageTrouble,
    code: PaperErrorCode,
    what: &'static str,
}

impl Pool {
    async fn read(&self, paper: &[u8], progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<ReadPaper, ReaderError> {
        let (mut hand, document) = match self.open(paper).await? {
            Ok(opened) => opened,
            Err(error) => return Ok(ReadPaper { media_type: None, readings: Vec::new(), error: Some(error) }),
        };
        let media_type = Some(document.media_type);
        let page_count = document.page_count;
        let mut error = document.error;
        let mut readings = Vec::new();
        for number in 1..=page_count {
            if !self.is_fit(&hand) {
                hand.end().await;
                hand = match self.open(paper).await? {
                    Ok((fresh, _)) => fresh,
                    Err(again) => {
                        let error = error.or(Some(again));
                        // the paper kills every child: its other pages are told as not read
                        readings.extend(
                            (number..=page_count).map(|number| sound::unread(number, PageTrouble::ReaderFailed)),
                        );
                        return Ok(ReadPaper { media_type, readings, error });
                    }
                };
            }
            match self.page(&mut hand, number).await? {
                Ok(reading) => readings.push(reading),
                Err(PageFailure { trouble, code, what }) => {
                    let message =
                        format!("Page {number} {what}. Look at it by hand, or ask the sender to send it again.");
                    error.get_or_insert(PaperError { code, message });
                    let saved = match trouble {
                        PageTrouble::TimedOut => self.save(&mut hand, paper, number).await?,
                        _ => None,
                    };
                    readings.push(saved.unwrap_or_else(|| sound::unread(number, trouble)));
                }
            }
            progress(Progress { page: number, page_count });
        }
        self.put_back(hand).await;
        let error = error.or_else(|| readings.iter().find_map(page_error));
        Ok(ReadPaper { media_type, readings, error })
    }

    async fn page(&self, hand: &mut Hand, number: u32) -> Result<Result<Reading, PageFailure>, ReaderError> {
        let request = Request::Page { number, band: None };
        Ok(match hand.ask(&request, None, self.options.ocr_timeout_ms * 2 / 3).await {
            Ok(Answer::Read(reading)) if sound::is_sound(&reading, number) => Ok(*reading),
            Ok(Answer::EngineFailed(message)) => return Err(ReaderError::Engine(message)),
            Err(Failure::TimedOut) => Err(PageFailure {
                trouble: PageTrouble::TimedOut,
                code: PaperErrorCode::TimedOut,
                what: "took too long to read, so that words on it may be missing",
            }),
            _ => {
                hand.is_spent = true;
                Err(PageFailure {
                    trouble: PageTrouble::ReaderFailed,
                    code: PaperErrorCode::ReaderFailed,
                    what: "could not be read",
                })
            }
        })
    }

    /// What can be read of a slow page in the last third of its time, band by band. The engine cannot be stopped in mid-page
    /// and asked what it has, so the words that are not in the slow band are saved this way.
    async fn save(&self, hand: &mut Hand, paper: &[u8], number: u32) -> Result<Option<Reading>, ReaderError> {
        let mut saved: Option<Reading> = None;
        for band in 0..BANDS {
            if hand.is_spent {
                match self.open(paper).await? {
                    Ok((fresh, _)) => std::mem::replace(hand, fresh).end().await,
                    Err(_) => break,
                }
            }
            let request = Request::Page { number, band: Some((band, BANDS)) };
            match hand.ask(&request, None, self.options.ocr_timeout_ms / 3 / u64::from(BANDS)).await {
                Ok(Answer::Read(reading)) if sound::is_sound(&reading, number) => match &mut saved {
                    Some(saved) => saved.lines.extend(reading.lines),
                    None => saved = Some(*reading),
                },
                Ok(Answer::EngineFailed(message)) => return Err(ReaderError::Engine(message)),
                _ => hand.is_spent = true,
            }
        }
        Ok(saved.map(|reading| Reading { trouble: Some(PageTrouble::TimedOut), ..reading }))
    }

    /// A child in which the paper is open, or why it cannot be opened. A paper that kills two children is told as such.
    async fn open(&self, paper: &[u8]) -> Result<Result<(Hand, Document), PaperError>, ReaderError> {
        let mut failure = None;
        for _ in 0..2 {
            let mut hand = self.hand()?;
            let request = Request::Open { limits: self.options.limits() };
            match hand.ask(&request, Some(paper), self.options.open_timeout_ms).await {
                Ok(Answer::Opened(document)) if document.page_count <= self.options.pages_max => {
                    return Ok(Ok((hand, document)));
                }
                Ok(Answer::Refused(error)) => {
                    self.put_back(hand).await;
                    return Ok(Err(error));
                }
                Ok(Answer::EngineFailed(message)) => return Err(ReaderError::Engine(message)),
                Ok(_) => failure = Some(Failure::Broken(nonsense())),
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
        Hand::start(&self.program, &self.tessdata, &self.options)
            .map_err(|source| ReaderError::Start { program: self.program.clone(), source })
    }

    /// Whether a child may be asked for another page.
    fn is_fit(&self, hand: &Hand) -> bool {
        !hand.is_spent && hand.pages < self.options.pages_per_child
    }

    /// Keeps a child for the next paper, unless it is used up. It forgets the paper first.
    async fn put_back(&self, mut hand: Hand) {
        let forgot = matches!(hand.ask(&Request::Close, None, self.options.open_timeout_ms).await, Ok(Answer::Closed));
        let heavy = hand.resident_bytes().is_some_and(|bytes| bytes > self.options.memory_mark_bytes);
        if !forgot || heavy || !self.is_fit(&hand) {
            hand.end().await;
        } else {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(hand);
        }
    }
}

/// What a page with a damaged or too large picture says about its paper.
fn page_error(reading: &Reading) -> Option<PaperError> {
    let (code, what) = match reading.trouble? {
        PageTrouble::TooLarge => (PaperErrorCode::TooLarge, "has more pixels than are read"),
        _ => (PaperErrorCode::Damaged, "is damaged, or its colours are stored in a way that is not read"),
    };
    let message = format!("Page {} {what}. Look at it by hand, or ask the sender to send it again.", reading.page);
    Some(PaperError { code, message })
}

fn nonsense() -> io::Error {
    io::Error::other("the reader child talks nonsense")
}

fn beside_this_program() -> PathBuf {
    let name = "rxintake-reader";
    let here = std::env::current_exe().ok();
    // a test binary stands one folder below the programs
    let folders = here.as_deref().and_then(Path::parent).into_iter().flat_map(|folder| [Some(folder), folder.parent()]);
    let found = folders.flatten().map(|folder| folder.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| Path::new("/usr/bin").join(name))
}
