//! A scratch clinic, and the real daemon on it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A plain order on one page, as the body of a mail or a text attachment.
pub(crate) const ORDER: &str = "PRESCRIPTION FOR MASSAGE THERAPY\nPatient: Quentin Zebra\nDOB: 03/02/1984\n\
    Diagnosis: M54.2 Cervicalgia\nTreatment: massage therapy 97124\nFrequency: 2x/week x 6 weeks\n\
    Insurance: self pay\nProvider: Alan Pierce, MD\nElectronically signed by Alan Pierce, MD\nDate: 10/01/2026\n";

/// A program that says nothing for so long hangs: the test fails instead of waiting with it.
const SILENCE_MAX: Duration = Duration::from_secs(120);

/// What `rxintake init` makes, in a scratch folder.
pub(crate) struct Clinic {
    folder: TempDir,
}

impl Clinic {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clinic = Self { folder };
        let made = clinic.command(&["init"]).arg(clinic.path("")).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        clinic
    }

    pub(crate) fn path(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    /// Puts a finished file into the inbox: written elsewhere, then renamed.
    pub(crate) fn drop_paper(&self, name: &str, bytes: &[u8]) {
        let elsewhere = self.path("elsewhere");
        fs::write(&elsewhere, bytes).unwrap();
        fs::rename(elsewhere, self.path("inbox").join(name)).unwrap();
    }

    /// The same with a mail whose body is `text`.
    pub(crate) fn drop_mail(&self, name: &str, text: &str) {
        let mail = mail_builder::MessageBuilder::new()
            .from(("Hillside Medical", "office@hillside.example"))
            .to("fax@clinic.example")
            .subject("Order")
            .message_id(format!("{name}@hillside.example"))
            .text_body(text)
            .write_to_vec()
            .unwrap();
        self.drop_paper(&format!("{name}.eml"), &mail);
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rxintake"));
        command.args(arguments).env("RXINTAKE_CONFIG", self.path("rxintake.toml")).env_remove("RXINTAKE_KEY_FILE");
        command
    }

    /// `run --once` to its end.
    pub(crate) fn run_once(&self) -> Output {
        let mut daemon = self.start(&["run", "--once"]);
        let mut said = Vec::new();
        while let Some(line) = daemon.line() {
            said.extend(line.into_bytes());
            said.push(b'\n');
        }
        let status = daemon.child.wait().unwrap();
        Output { status, stdout: said, stderr: fs::read(self.path("stderr")).unwrap() }
    }

    /// Starts the daemon; its outcomes are lines on its standard output.
    pub(crate) fn start(&self, arguments: &[&str]) -> Daemon {
        self.start_command(self.command(arguments))
    }

    /// The same whom the modes of files bind, also where the tests run as root: without the capabilities to pass them over.
    pub(crate) fn start_bound_by_modes(&self, arguments: &[&str]) -> Daemon {
        let command = self.command(arguments);
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return self.start_command(command);
        }
        let mut bound = Command::new("setpriv");
        bound.args(["--bounding-set", "-dac_override,-dac_read_search"]).arg(command.get_program()).args(arguments);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => bound.env(name, value),
                None => bound.env_remove(name),
            };
        }
        self.start_command(bound)
    }

    pub(crate) fn start_command(&self, mut command: Command) -> Daemon {
        let stderr = fs::File::create(self.path("stderr")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = channel();
        std::thread::spawn(move || {
            // a test that has heard enough hangs up
            output.lines().map_while(Result::ok).all(|line| say.send(line).is_ok())
        });
        Daemon { child, lines }
    }

    /// What `records export` prints.
    pub(crate) fn records(&self) -> Vec<Value> {
        let output = self.command(&["records", "export", "--format", "jsonl"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The alerts that were written, by file name.
    pub(crate) fn alerts(&self) -> Vec<(String, String)> {
        // one that is being written has a name of its own until it is whole
        let mut alerts: Vec<(String, String)> = files(&self.path("outbox"))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        alerts.sort();
        alerts
    }
}

/// A running daemon; killed when it goes out of scope.
pub(crate) struct Daemon {
    child: Child,
    lines: Receiver<String>,
}

impl Daemon {
    /// The next line that it prints; None when it has ended.
    pub(crate) fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(SILENCE_MAX) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the daemon has said nothing for {SILENCE_MAX:?}"),
        }
    }

    /// Reads lines until one holds `words`.
    pub(crate) fn until(&mut self, words: &str) -> String {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the daemon ended before it said {words:?}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Reads lines until each of `words` was said, whichever comes first. A line says one of them: the first that it holds.
    pub(crate) fn until_each(&mut self, words: &[&str]) {
        let mut awaited = words.to_vec();
        while !awaited.is_empty() {
            let line = self.line().unwrap_or_else(|| panic!("the daemon ended before it said {awaited:?}"));
            let said = awaited.iter().position(|words| line.contains(words));
            said.map(|said| awaited.remove(said));
        }
    }

    /// Waits for a file whose name holds `words`.
    pub(crate) fn until_file(&mut self, folder: &Path, words: &str) {
        let begin = Instant::now();
        let there =
            || files(folder).iter().any(|path| path.file_name().is_some_and(|it| it.to_string_lossy().contains(words)));
        while !there() {
            assert!(self.child.try_wait().unwrap().is_none(), "the daemon ended without {words}");
            assert!(begin.elapsed() < SILENCE_MAX, "no file {words} in {}", folder.display());
            std::thread::yield_now();
        }
    }

    /// Waits until something is seen to have happened. What it says meanwhile is let go.
    pub(crate) fn until_seen(&mut self, what: &str, mut is_seen: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !is_seen() {
            assert!(begin.elapsed() < SILENCE_MAX, "not seen: {what}");
            self.is_silent_for(Duration::from_millis(100));
        }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it says nothing for so long.
    pub(crate) fn is_silent_for(&mut self, time: Duration) -> bool {
        matches!(self.lines.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    /// Whether it says `words` within so long.
    pub(crate) fn hears_within(&mut self, time: Duration, words: &str) -> bool {
        let end = Instant::now() + time;
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains(words) {
                return true;
            }
        }
        false
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// kill -9 after so long, whatever it does then. True if it had not come to its end.
    pub(crate) fn kill_within_milliseconds(mut self, milliseconds: u32) -> bool {
        let end = Instant::now() + Duration::from_millis(milliseconds.into());
        let cut_short = loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break false,
                Err(RecvTimeoutError::Timeout) => break true,
            }
        };
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        cut_short
    }

    /// SIGTERM, and what it says until it ends.
    pub(crate) fn stop(mut self) -> Vec<String> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut said = Vec::new();
        while let Some(line) = self.line() {
            said.push(line);
        }
        assert!(self.child.wait().unwrap().success());
        said
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // it may have ended by itself
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// All files under `folder`.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
