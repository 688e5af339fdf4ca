//! The child's side: papers in by standard input, readings out by standard output, nothing else.

use std::io::{self, Read, Write};

use rlimit::Resource;

use crate::ocr::{self, Engine};
use crate::pages::{self, Opened};
use crate::reader::protocol::{Answer, Request, receive, send};

/// Open files: the three standard ones and the trained data.
const FILES_MAX: u64 = 32;

/// Answers requests until the input ends. `memory_max_bytes` is the address space the process gives itself.
///
/// # Errors
/// Where the pipe to the daemon breaks.
pub fn serve(tessdata: &str, memory_max_bytes: u64, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    for (resource, limit) in [(Resource::AS, memory_max_bytes), (Resource::CORE, 0), (Resource::NOFILE, FILES_MAX)] {
        resource.set(limit, limit)?;
    }
    let mut desk = Desk { tessdata: tessdata.to_owned(), engine: None, paper: None };
    while let Some(frame) = receive(input)? {
        let request: Request = serde_json::from_slice(&frame).map_err(io::Error::other)?;
        let answer = desk.answer(request, input)?;
        send(output, &serde_json::to_vec(&answer).map_err(io::Error::other)?)?;
    }
    Ok(())
}

struct Desk {
    tessdata: String,
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
            Request::Page { number } => self.read(number)?,
            Request::Report => match self.engine() {
                Ok(_) => Answer::Report { sandbox: String::new() },
                Err(error) => Answer::EngineFailed(error),
            },
        })
    }

    fn read(&mut self, number: u32) -> io::Result<Answer> {
        let paper = self.paper.as_mut().ok_or_else(|| io::Error::other("a page was asked for before a paper"))?;
        let page = paper.page(number);
        let engine = match self.engine() {
            Ok(engine) => engine,
            Err(error) => return Ok(Answer::EngineFailed(error)),
        };
        match ocr::read(page, engine) {
            Ok(reading) => Ok(Answer::Read(Box::new(reading))),
            // the engine is gone; the daemon starts another child and tells the page
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn engine(&mut self) -> Result<&mut Engine, String> {
        if self.engine.is_none() {
            self.engine = Some(Engine::start(&self.tessdata).map_err(|error| error.to_string())?);
        }
        Ok(self.engine.as_mut().expect("just started"))
    }
}
