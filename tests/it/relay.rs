//! Somebody between the daemon and a server, on loopback, who does to a connection what he is told.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Whose words a piece of a connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Daemon,
    Server,
}

/// What becomes of a piece.
pub(crate) enum Deed {
    /// It goes on as it is.
    Pass,
    /// Something else goes on in its place.
    Instead(Vec<u8>),
    /// It goes nowhere, and whoever said it gets this answer.
    Answer(&'static [u8]),
    /// Both ends of the connection break.
    Cut,
}

/// Stands before a server.
pub(crate) struct Relay {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
    connections: Arc<AtomicUsize>,
    /// Ways that are open: two a connection.
    open: Arc<AtomicUsize>,
}

impl Relay {
    /// Before the server at `server`; `deed` says what becomes of each piece, as it came over the line.
    pub(crate) fn start(server: u16, deed: impl Fn(By, &[u8]) -> Deed + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(AtomicUsize::new(0));
        let (deed, ears, count, ways) = (Arc::new(deed), heard.clone(), connections.clone(), open.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let daemon = stream.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                // a server that was stopped takes no connection: the daemon's ends too
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                for (by, from, to) in
                    [(By::Daemon, daemon.try_clone(), server.try_clone()), (By::Server, Ok(server), Ok(daemon))]
                {
                    let (from, to, deed, ears, ways) =
                        (from.unwrap(), to.unwrap(), deed.clone(), ears.clone(), ways.clone());
                    ways.fetch_add(1, Ordering::SeqCst);
                    std::thread::spawn(move || {
                        // a connection that broke is what this is about
                        pass(by, &from, &to, &*deed, &ears).ok();
                        from.shutdown(Shutdown::Both).ok();
                        to.shutdown(Shutdown::Both).ok();
                        ways.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            }
        });
        Self { port, heard, connections, open }
    }

    /// Whether a connection is open.
    pub(crate) fn is_in_use(&self) -> bool {
        self.open.load(Ordering::SeqCst) > 0
    }

    /// How often the daemon connected.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// All that the daemon said, over all connections.
    pub(crate) fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

fn pass(
    by: By,
    mut from: &TcpStream,
    mut to: &TcpStream,
    deed: &(dyn Fn(By, &[u8]) -> Deed + Send + Sync),
    heard: &Mutex<Vec<u8>>,
) -> std::io::Result<()> {
    let mut piece = [0; 16 << 10];
    loop {
        let read = from.read(&mut piece)?;
        let said = &piece[..read];
        if read == 0 {
            return Ok(());
        }
        if by == By::Daemon {
            heard.lock().unwrap().extend(said);
        }
        match deed(by, said) {
            Deed::Pass => to.write_all(said)?,
            Deed::Instead(other) => to.write_all(&other)?,
            Deed::Answer(answer) => from.write_all(answer)?,
            Deed::Cut => return Ok(()),
        }
    }
}
