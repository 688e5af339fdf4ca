//! What the daemon and its reader child say to each other: frames of a four-byte length (little endian) and that many bytes.
//!
//! The daemon asks `Request`s as JSON; behind `Open` follows one frame with the bytes of the paper. The child answers each with
//! one `Answer` as JSON. A child that says anything else is ended.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::model::{Document, PaperError, Reading};
use crate::pages::Limits;
use crate::reader::Sandbox;

/// Largest answer, in bytes: a page of a million words.
const ANSWER_BYTES_MAX: u32 = 256 << 20;

/// What the daemon asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::reader) enum Request {
    /// Open the paper whose bytes follow.
    Open { limits: Limits },
    /// Read a page, from 1, of the paper that is open.
    /// `band` (which of how many, from 0) asks for a horizontal part of it alone.
    Page { number: u32, band: Option<(u32, u32)> },
    /// Forget the paper that is open.
    Close,
    /// Start the engine and say what is there.
    Report,
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::reader) enum Answer {
    /// The paper is open.
    Opened(Document),
    /// The paper cannot be opened.
    Refused(PaperError),
    /// A page was read.
    Read(Box<Reading>),
    /// The engine and the sandbox.
    Report { sandbox: Sandbox },
    /// The paper is forgotten.
    Closed,
    /// The engine does not work: not the paper's fault.
    EngineFailed(String),
}

impl Request {
    /// Whether the bytes of a paper follow in a frame of their own.
    pub(in crate::reader) fn brings_paper(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// Child's side: the next request; None at the end of the input.
pub(in crate::reader) fn request(input: &mut impl Read) -> io::Result<Option<Request>> {
    let Some(frame) = receive(input)? else { return Ok(None) };
    serde_json::from_slice(&frame).map(Some).map_err(io::Error::other)
}

/// Daemon's side: the next answer.
pub(in crate::reader) async fn answer(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Answer> {
    serde_json::from_slice(&receive_async(input).await?).map_err(io::Error::other)
}

/// Child's side: the next frame; None at the end of the input.
pub(in crate::reader) fn receive(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut bytes = Vec::new();
    let length = u64::from(u32::from_le_bytes(length));
    input.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(Some(bytes)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Child's side: sends one frame.
pub(in crate::reader) fn send(output: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("a frame of 4 GiB"))?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(bytes)?;
    output.flush()
}

/// Daemon's side: the next frame.
async fn receive_async(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = input.read_u32_le().await?;
    if length > ANSWER_BYTES_MAX {
        return Err(io::Error::other("the reader child talks nonsense"));
    }
    let mut bytes = Vec::new();
    input.take(u64::from(length)).read_to_end(&mut bytes).await?;
    if bytes.len() == length as usize { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Daemon's side: sends one frame.
pub(in crate::reader) async fn send_async(output: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::Error::other("a frame of 4 GiB"))?;
    output.write_u32_le(length).await?;
    output.write_all(bytes).await?;
    output.flush().await
}
