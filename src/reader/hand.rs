//! One running child, as the daemon sees it.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::reader::Options;
use crate::reader::protocol::{self, Answer, Request, send_async};

/// Bytes of a page of memory on every machine that Debian and Ubuntu run this on.
const MEMORY_PAGE_BYTES: u64 = 4096;

/// A running child.
pub(in crate::reader) struct Hand {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    /// How many pages it was asked for.
    pub(in crate::reader) pages: u32,
    /// It hung or died and is to be ended.
    pub(in crate::reader) is_spent: bool,
}

/// Why a child gave no answer.
pub(in crate::reader) enum Failure {
    /// It was still at work when its time was over.
    TimedOut,
    /// It is gone, or says what no child says.
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
    pub(in crate::reader) fn start(program: &Path, tessdata: &Path, options: &Options) -> io::Result<Self> {
        // the last resort against a child whose parent was killed: the processor time of all its pages
        let pages = u64::from(options.pages_per_child.max(1));
        let seconds_max = (options.ocr_timeout_ms * pages + options.open_timeout_ms) / 1000 + 1;
        let mut child = Command::new(program)
            .arg(tessdata)
            .arg(options.memory_max_bytes.to_string())
            .arg(seconds_max.to_string())
            .env_clear()
            // several threads make tesseract several times slower; inside the process it is too late to say so
            .env("OMP_THREAD_LIMIT", "1")
            // the buffers of one page are used again for the next: mapping them anew costs a quarter of a text page's time
            // (glibc, mallopt(3); above 32 MB it maps whatever is said)
            .env("MALLOC_MMAP_THRESHOLD_", "33554432")
            .env("MALLOC_TRIM_THRESHOLD_", "268435456")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null()) // tesseract's warnings could quote the paper
            .kill_on_drop(true)
            .spawn()?;
        let no_pipe = || io::Error::other("no pipe");
        let input = child.stdin.take().ok_or_else(no_pipe)?;
        let output = child.stdout.take().ok_or_else(no_pipe)?;
        Ok(Self { child, input, output, pages: 0, is_spent: false })
    }

    /// Asks, and waits at most `limit_ms` for the answer.
    pub(in crate::reader) async fn ask(
        &mut self,
        request: &Request,
        paper: Option<&[u8]>,
        limit_ms: u64,
    ) -> Result<Answer, Failure> {
        if matches!(request, Request::Page { .. }) {
            self.pages += 1;
        }
        let exchange = async {
            send_async(&mut self.input, &serde_json::to_vec(request)?).await?;
            if let Some(paper) = paper {
                send_async(&mut self.input, paper).await?;
            }
            protocol::answer(&mut self.output).await
        };
        let answer = match timeout(Duration::from_millis(limit_ms), exchange).await {
            Ok(answer) => answer.map_err(Failure::Broken),
            Err(_) => Err(Failure::TimedOut),
        };
        self.is_spent |= answer.is_err();
        answer
    }

    /// Resident memory, in bytes; None where the kernel does not tell.
    pub(in crate::reader) fn resident_bytes(&self) -> Option<u64> {
        let sizes = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id()?)).ok()?;
        sizes.split(' ').nth(1)?.parse::<u64>().ok().map(|pages| pages * MEMORY_PAGE_BYTES)
    }

    /// Ends the child, whatever it is doing.
    pub(in crate::reader) async fn end(mut self) {
        drop(self.child.kill().await); // fails only where it has ended already
    }
}
