//! An IMAP server that misbehaves as it is told, on loopback: what a real one does only on a bad day.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// In so many pieces a mail is sent.
pub(crate) const PIECES: usize = 5;

/// What is wrong with the server.
#[derive(Default)]
pub(crate) struct Script {
    /// The connection breaks the first time that this mail is fetched: behind so many of its five pieces.
    pub(crate) cut: Option<(u32, usize)>,
    /// This mail is not moved.
    pub(crate) unmovable: Option<u32>,
    /// No keyword is kept (PERMANENTFLAGS without `\*`).
    pub(crate) no_keywords: bool,
    /// So long between two pieces of a mail.
    pub(crate) pause: Duration,
}

/// The server, with the mails 1, 2, 3 and so on in its inbox.
pub(crate) struct Server {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    script: Script,
    mails: BTreeMap<u32, Vec<u8>>,
    flagged: BTreeSet<u32>,
    /// How often each was fetched.
    fetched: BTreeMap<u32, usize>,
}

impl Server {
    pub(crate) fn start(mails: &[Vec<u8>], script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = (1..).zip(mails.iter().cloned()).collect();
        let state = State { script, mails, flagged: BTreeSet::new(), fetched: BTreeMap::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.unwrap(), shared.clone());
                // a connection that broke is what some of this is about
                std::thread::spawn(move || serve(stream, &state).ok());
            }
        });
        Self { port, state }
    }

    /// What the daemon's configuration says of this mailbox.
    pub(crate) fn inbox(&self, more: &str) -> String {
        format!(
            "[[inbox]]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nuser = \"fax\"\n\
             password_file = \"secrets/imap\"\n{more}\n",
            self.port
        )
    }

    pub(crate) fn fetched(&self, uid: u32) -> usize {
        self.state.lock().unwrap().fetched.get(&uid).copied().unwrap_or(0)
    }

    /// The mails that are still in the inbox.
    pub(crate) fn left(&self) -> Vec<u32> {
        self.state.lock().unwrap().mails.keys().copied().collect()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    out.write_all(b"* OK ready\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let mut words = line.splitn(2, ' ');
        let (tag, command) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let uid = || command.split(' ').nth(2).and_then(|uid| uid.parse().ok()).unwrap_or(0);
        let mut answer = "OK done";
        if command == "CAPABILITY" {
            out.write_all(b"* CAPABILITY IMAP4rev1 MOVE\r\n")?;
        } else if command.starts_with("LIST") {
            out.write_all(b"* LIST () \"/\" Processed\r\n")?;
        } else if command.starts_with("SELECT") {
            let star = if state.lock().unwrap().script.no_keywords { "" } else { " \\*" };
            write!(out, "* 9 EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen{star})] x\r\n")?;
            out.write_all(b"* OK [UIDVALIDITY 7] x\r\n")?;
        } else if command.starts_with("UID SEARCH") {
            let state = state.lock().unwrap();
            let is_held = command.contains(" KEYWORD $RxintakeHeld");
            let uids =
                state.mails.keys().filter(|uid| state.flagged.contains(uid) == is_held).map(|uid| format!(" {uid}"));
            write!(out, "* SEARCH{}\r\n", uids.collect::<String>())?;
        } else if command.contains("RFC822.SIZE") {
            let size = state.lock().unwrap().mails.get(&uid()).map_or(0, Vec::len);
            write!(out, "* 1 FETCH (UID {} RFC822.SIZE {size})\r\n", uid())?;
        } else if command.starts_with("UID FETCH") {
            fetch(&mut out, uid(), state)?;
        } else if command.starts_with("UID MOVE") {
            let mut state = state.lock().unwrap();
            if state.script.unmovable == Some(uid()) {
                answer = "NO over quota";
            } else {
                state.mails.remove(&uid());
            }
        } else if command.starts_with("UID STORE") {
            let mut state = state.lock().unwrap();
            if state.script.no_keywords {
                answer = "NO no keywords here";
            } else {
                if command.contains("-FLAGS") {
                    state.flagged.remove(&uid())
                } else {
                    state.flagged.insert(uid())
                };
            }
        }
        write!(out, "{tag} {answer}\r\n")?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a slow line is what a test is about, none waits for it to pass")]
fn fetch(out: &mut TcpStream, uid: u32, state: &Mutex<State>) -> std::io::Result<()> {
    let (mail, pause, cut_behind) = {
        let mut state = state.lock().unwrap();
        let times = state.fetched.entry(uid).or_default();
        *times += 1;
        let is_first = *times == 1;
        let cut_behind = state.script.cut.filter(|(cut, _)| *cut == uid && is_first).map(|(_, pieces)| pieces);
        (state.mails[&uid].clone(), state.script.pause, cut_behind)
    };
    let broken = || Err(std::io::ErrorKind::ConnectionAborted.into());
    write!(out, "* 1 FETCH (UID {uid} BODY[] {{{}}}\r\n", mail.len())?;
    for (number, piece) in mail.chunks(mail.len().div_ceil(PIECES)).enumerate() {
        if cut_behind == Some(number) {
            return broken();
        }
        std::thread::sleep(pause); // the line is slow
        out.write_all(piece)?;
    }
    if cut_behind == Some(PIECES) {
        return broken();
    }
    out.write_all(b")\r\n")
}
