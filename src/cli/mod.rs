//! In: the command line. Out: an exit code. One file a command.

mod arguments;
mod parse;
mod pretty;
mod read;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

pub use arguments::Arguments;
use arguments::{CodesCommand, Command, ParseArguments, ReadArguments, RecordsCommand, RulesArgument, RulesCommand};
pub use pretty::kind_words;

use crate::config::Config;
use crate::daemon::clock;
use crate::pipeline::Pipeline;
use crate::reader::{self, Reader};
use crate::rules::Book;

/// Everything was as it should be.
const DONE: u8 = 0;
/// Some papers could not be read, or a check found faults.
const FAULTS: u8 = 1;
/// The arguments, the configuration or the rules are wrong.
const REFUSED: u8 = 2;

/// Runs the command that was typed and gives the exit code: 0 done, 1 some papers or checks failed, 2 refused.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    match run(arguments.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let refused = error.is::<Refused>();
            drop(writeln!(io::stderr(), "rxintake: {error:#}"));
            ExitCode::from(if refused { REFUSED } else { FAULTS })
        }
    }
}

/// What was typed or written in a file is wrong; the message says where and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

fn run(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Parse(arguments) => async_main(run_parse(arguments)),
        Command::Read(arguments) => async_main(run_read(arguments)),
        _ => unreachable!(),
    }
}

fn async_main(work: impl Future<Output = anyhow::Result<u8>>) -> anyhow::Result<u8> {
    tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(work)
}

async fn run_parse(arguments: ParseArguments) -> anyhow::Result<u8> {
    let book = book(arguments.rules.as_deref())?;
    let jobs = jobs(arguments.jobs);
    let reader = Reader::new(reader::Options { jobs, ..reader::Options::default() })?;
    let on = arguments.on.unwrap_or_else(clock::today);
    let mut out = io::stdout().lock();
    let all = parse::parse(&arguments.files, arguments.format, jobs, on, &Pipeline::new(reader, book), &mut out).await?;
    Ok(if all { DONE } else { FAULTS })
}

/// The clinic's own rules where they are named, by argument or by the configuration in the environment; else the built-in ones.
fn book(folder: Option<&Path>) -> anyhow::Result<Book> {
    let folder = match folder {
        Some(folder) => Some(folder.to_owned()),
        None => match std::env::var_os("RXINTAKE_CONFIG") {
            Some(config) => Some(Config::load(Path::new(&config)).map_err(|error| Refused(error.to_string()))?.rules_dir),
            None => None,
        },
    };
    match folder {
        Some(folder) => Book::load(&folder).map_err(|faults| Refused(faults.to_string()).into()),
        None => Ok(Book::built_in()),
    }
}

fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}
