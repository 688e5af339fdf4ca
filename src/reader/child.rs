//! The child's side: papers in by standard input, readings out by standard output, nothing else.

use std::io::{self, Read, Write};

use crate::ocr::{self, Engine};
use crate::pages::{self, Opened};
use crate::reader::protocol::{self, Answer, Request, receive, send};
use crate::reader::sandbox::{self, Sandbox};

/// Answers requests until the input ends. `tessdata` is the folder of the trained data, `memory_max_bytes` the address space and
/// `processor_seconds_max` the processor time that the process gives itself.
///
/// # Errors
/// Where the pipe to the daemon breaks, the daemon talks nonsense, or the engine fails on a page: the process is to end then.
pub fn serve(
    tessdata: &str,
    memory_max_bytes: u64,
    processor_seconds_max: u64,
    input: &mut impl Read,
    output: &mut impl Write,
) -> io::Result<()> {
    let sandbox = sandbox::enter(tessdata, memory_max_bytes, processor_seconds_max)?;
    let mut desk = Desk { tessdata: tessdata.to_owned(), sandbox, engine: None, paper: None };
    while let Some(request) = protocol::request(input)? {
        let answer = desk.answer(request, input)?;
        send(output, &serde_json::to_vec(&answer).map_err(io::Error::other)?)?;
    }
    Ok(())
}

struct Desk {
    tessdata: String,
    sandbox: Sandbox,
    /// Started by the first page that needs it: a paper with a text layer needs none.
    engine: Option<Engine>,
    paper: Option<Opened>,
}

impl Desk {
    fn answer(&mut self, request: Request, input: &mut impl Read) -> io::Result<Answer> {
        Ok(match request {
            Request::Open { limits } => {
                self.paper = None;
                let bytes = receive(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
                match pages::open(bytes, &limits) {
                    Ok(paper) => {
                        let document = paper.document().clone();
                        self.paper = Some(paper);
                        Answer::Opened(document)
                    }
                    Err(error) => Answer::Refused(error),
                }
            }
            Request::Page { number, band } => self.read(number, band)?,
            Request::Close => {
                self.paper = None;
                Answer::Closed
            }
            Request::Report => match self.start_engine() {
                Ok(_) => Answer::Report { sandbox: self.sandbox },
                Err(error) => Answer::EngineFailed(error),
            },
        })
    }

    fn read(&mut self, number: u32, band: Option<(u32, u32)>) -> io::Result<Answer> {
        let paper = self.paper.as_mut().ok_or_else(|| io::Error::other("a page was asked for before a paper"))?;
        let page = paper.page(number);
        let (page, rows) = match band {
            Some((band, bands)) => pages::band(page, band, bands),
            None => (page, 0..u32::MAX),
        };
        if ocr::needs_engine(&page)
            && let Err(error) = self.start_engine()
        {
            return Ok(Answer::EngineFailed(error));
        }
        match ocr::read(page, self.engine.as_mut()) {
            Ok(mut reading) => {
                reading.lines.retain(|line| rows.contains(&line.area().center_y()));
                Ok(Answer::Read(Box::new(reading)))
            }
            // the engine is gone; the daemon starts another child and tells the page
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn start_engine(&mut self) -> Result<(), String> {
        if self.engine.is_none() {
            self.engine = Some(Engine::start(&self.tessdata).map_err(|error| error.to_string())?);
        }
        Ok(())
    }
}
