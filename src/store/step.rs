//! Moments between two durable acts, by name, so that a test can kill the program at each of them (`tests/it/steps.rs`). In a
//! release nothing of this is there.

/// Dies by SIGKILL where `RXINTAKE_KILL_AT` names this moment and the build is one for tests.
#[cfg(debug_assertions)]
pub fn step(name: &str) {
    if std::env::var_os("RXINTAKE_KILL_AT").is_some_and(|asked| asked == name) {
        let killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        unreachable!("nobody lives through SIGKILL: {killed:?}");
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
pub fn step(_name: &str) {}
