//! `rxintake init`: a commented starter configuration, the rule files, the folders.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, bail};

use crate::intake::senders::Profiles;
use crate::rules::Book;
use crate::store::find_or_make_key;

const CONFIGURATION: &str = include_str!("starter.toml");

/// Writes into `folder`; nothing that is there already is touched.
///
/// # Errors
/// Where a configuration is there already, or the folder cannot be written.
pub(in crate::cli) fn init(folder: &Path, rules: &[(&str, &str)], out: &mut impl Write) -> anyhow::Result<()> {
    let configuration = folder.join("rxintake.toml");
    if configuration.try_exists()? {
        bail!("{} is there already; move it away first, or edit it", configuration.display());
    }
    let stdin = std::io::stdin();
    let text =
        if stdin.is_terminal() { questions(&mut stdin.lock(), out)?.fill_in() } else { CONFIGURATION.to_owned() };
    for (part, mode) in [("inbox", 0o777), ("rules", 0o777), ("rules/senders", 0o777), ("secrets", 0o700)] {
        let part = folder.join(part);
        let made = DirBuilder::new().recursive(true).mode(mode).create(&part); // less what the umask takes
        made.with_context(|| format!("cannot make {}", part.display()))?;
    }
    for (name, text) in rules.iter().chain([&Book::SCHEMA, &Profiles::FILE]) {
        let path = folder.join("rules").join(name);
        if !path.try_exists()? {
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    let key = folder.join("secrets/master.key");
    find_or_make_key(&key, &folder.join("data"))?; // where the starter configuration puts both
    fs::write(&configuration, text).with_context(|| format!("cannot write {}", configuration.display()))?;
    writeln!(out, "Wrote {}", configuration.display())?;
    writeln!(out, "Wrote the rule files into {}", folder.join("rules").display())?;
    writeln!(
        out,
        "The master key is {}. Keep a copy elsewhere: without it the records cannot be read.",
        key.display()
    )?;
    writeln!(out, "Next: edit rxintake.toml, then `rxintake doctor --config {}`", configuration.display())?;
    Ok(())
}

/// What is asked of a person at a terminal. An empty answer leaves the starter configuration as it is.
#[derive(Default)]
struct Answers {
    address: Option<String>,
    smtp_host: Option<String>,
    inbox: Option<String>,
}

fn questions(input: &mut impl BufRead, out: &mut impl Write) -> anyhow::Result<Answers> {
    writeln!(
        out,
        "Three questions; Enter alone leaves an answer open. All of it can be changed in rxintake.toml later."
    )?;
    let address = |text: &str| {
        text.parse::<lettre::Address>().map(|_| ()).map_err(|_| "This is no mail address, such as desk@clinic.example.")
    };
    let host = |text: &str| {
        let is_host = text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-:".contains(letter));
        if is_host { Ok(()) } else { Err("This is no host name, such as smtp.clinic.example.") }
    };
    let folder = |text: &str| {
        if Path::new(text).is_absolute() {
            Ok(())
        } else {
            Err("Name the folder from the root on, such as /srv/scans.")
        }
    };
    Ok(Answers {
        address: ask("Which mail address is told what is missing?", &address, input, out)?,
        smtp_host: ask("Which mail server (SMTP) sends? Without one, letters go into a folder.", &host, input, out)?,
        inbox: ask("In which folder do scans and faxes arrive? Without one, in `inbox` here.", &folder, input, out)?,
    })
}

/// Asks until the answer is good. None where it is left open, or nobody answers any more.
fn ask(
    question: &str,
    check: &dyn Fn(&str) -> Result<(), &'static str>,
    input: &mut impl BufRead,
    out: &mut impl Write,
) -> anyhow::Result<Option<String>> {
    loop {
        write!(out, "{question}\n> ")?;
        out.flush()?;
        let mut line = String::new();
        input.read_line(&mut line)?;
        let answer = line.trim();
        if answer.is_empty() {
            return Ok(None);
        }
        match check(answer) {
            Ok(()) => return Ok(Some(answer.to_owned())),
            Err(what) => writeln!(out, "{what}")?,
        }
    }
}

impl Answers {
    /// The starter configuration with the answers in their places.
    fn fill_in(&self) -> String {
        let mut text = CONFIGURATION.to_owned();
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        if let Some(inbox) = &self.inbox {
            let done = Path::new(inbox).join("done").to_string_lossy().into_owned();
            text = text.replacen("path = \"inbox\"", &format!("path = {}", quoted(inbox)), 1);
            text = text.replacen("done = \"inbox/done\"", &format!("done = {}", quoted(&done)), 1);
        }
        if let Some(host) = &self.smtp_host {
            text = text.replacen("directory = \"outbox\"", "# directory = \"outbox\"", 1);
            if let Some((before, block)) = text.split_once("# [alerts.smtp]") {
                let (block, after) = block.split_once("\n\n").unwrap_or((block, ""));
                let block = format!("[alerts.smtp]{}", block.replace("\n# ", "\n"));
                let block = block.replacen("\"smtp.clinic.example\"", &quoted(host), 1);
                text = format!("{before}{block}\n\n{after}");
            }
        }
        if let Some(address) = &self.address {
            for starter in ["rxintake", "desk", "therapists", "billing"] {
                text = text.replace(&format!("\"{starter}@clinic.example\""), &quoted(address));
            }
        }
        text
    }
}
