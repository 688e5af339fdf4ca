//! In: where a secret lies. Out: the secret. Passwords lie in files; tokens (OAuth 2.0) in files that another program keeps fresh,
//! or come from a program that is asked for one. No secret stands in the configuration.

mod trust;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use zeroize::Zeroizing;

pub use trust::distrust;

/// Longest secret, in bytes: a token of Microsoft takes some 3 kB.
const SECRET_BYTES_MAX: u64 = 64 << 10;
/// A program that gives no token by then hangs, in seconds: it may have to ask a server.
const COMMAND_SECONDS_MAX: u64 = 30;

/// Where a secret lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a file, alone.
    File(PathBuf),
    /// In the output of a program: its name and its arguments, no shell.
    Command(Vec<String>),
}

/// A secret could not be had. Holds nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The program cannot be started, or its output not be read.
    #[error("cannot run the token_command {program}")]
    Command {
        /// Its name.
        program: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The program failed, hung or said nothing.
    #[error("the token_command {program} {what}; run it by hand as this user to see why")]
    NoToken {
        /// Its name.
        program: String,
        /// What it did.
        what: &'static str,
    },
}

impl Source {
    /// Reads the secret.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub async fn read(&self) -> Result<Zeroizing<String>, SecretError> {
        match self {
            Self::File(path) => file(path),
            Self::Command(command) => {
                let (program, arguments) =
                    command.split_first().map_or(("", [].as_slice()), |(first, rest)| (first, rest));
                let limit = Duration::from_secs(COMMAND_SECONDS_MAX);
                let no_token = |what| SecretError::NoToken { program: program.to_owned(), what };
                let ran = tokio::time::timeout(limit, run(program, arguments)).await;
                let (token, is_well) = ran
                    .map_err(|_| no_token("did not end within 30 seconds"))?
                    .map_err(|source| SecretError::Command { program: program.to_owned(), source })?;
                match (is_well, token.is_empty()) {
                    (true, false) => Ok(token),
                    (true, true) => Err(no_token("printed no token")),
                    (false, _) => Err(no_token("failed")),
                }
            }
        }
    }
}

fn file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.map_err(|source| SecretError::File { path: path.to_owned(), source })?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn run(program: &str, arguments: &[String]) -> std::io::Result<(Zeroizing<String>, bool)> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null()) // it might say the token there
        .kill_on_drop(true)
        .spawn()?;
    let mut said = Zeroizing::new(String::new());
    if let Some(output) = child.stdout.take() {
        output.take(SECRET_BYTES_MAX).read_to_string(&mut said).await?;
    }
    let is_well = child.wait().await?.success();
    Ok((Zeroizing::new(said.trim().to_owned()), is_well))
}

/// When a token runs out, where it says so itself (a JWT, RFC 7519 section 4.1.4).
pub fn expiry(token: &str) -> Option<Timestamp> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_when_it_runs_out() {
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(r#"{"exp":1800000000}"#));
        assert_eq!(expiry(&token), Timestamp::from_second(1_800_000_000).ok());
        assert_eq!(expiry("opaque"), None);
    }

    #[tokio::test]
    async fn a_program_gives_a_token_or_a_reason() {
        let ask =
            async |command: &[&str]| Source::Command(command.iter().map(|it| (*it).to_owned()).collect()).read().await;
        assert_eq!(ask(&["echo", "a token"]).await.unwrap().as_str(), "a token");
        assert!(ask(&["false"]).await.unwrap_err().to_string().contains("failed"));
        assert!(ask(&["true"]).await.unwrap_err().to_string().contains("no token"));
        assert!(ask(&["/no/such/program"]).await.is_err());
    }
}
