//! In: the command line. Out: an exit code. One file a command.

mod arguments;
mod doctor;
mod explain;
mod inbox;
mod init;
mod keeping;
mod log;
mod manual;
mod parse;
mod pretty;
mod read;
mod records;
mod rehearse;
mod rules;
mod run;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::config::Config;
use crate::daemon::{Records, Rules, clock};
use crate::intake::senders::Profiles;
use crate::pipeline::Pipeline;
use crate::reader::{self, Reader};
use crate::rules::Book;
use crate::store::{Store, find_or_make_key};

pub use arguments::Arguments;
use arguments::{
    AuditCommand, CodesCommand, Command, InboxCommand, KeyCommand, ParseArguments, ReadArguments, RecordsCommand,
    RulesCommand, RunArguments,
};
pub use pretty::kind_words;

/// The configuration where none is named.
const CONFIGURATION: &str = "rxintake.toml";
/// That of the packaged system (`packaging/rxintake.service`).
const PACKAGED: &str = "/var/lib/rxintake/rxintake.toml";
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
            writeln!(io::stderr(), "rxintake: {error:#}").ok();
            ExitCode::from(if refused { REFUSED } else { FAULTS })
        }
    }
}

/// What was typed or written in a file is wrong; the message says where and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

fn run(command: Command) -> anyhow::Result<u8> {
    let mut out = io::stdout().lock();
    match command {
        Command::Parse(arguments) => in_runtime(run_parse(arguments, &mut out)),
        Command::Read(arguments) => in_runtime(run_read(arguments, &mut out)),
        Command::Run(arguments) => {
            drop(out);
            in_runtime(run_daemon(arguments))
        }
        Command::Records(command) => run_records(command, &mut out),
        Command::Inbox(InboxCommand::Held(argument)) => {
            inbox::held(&records(&config(&argument.config)?)?, &mut out).map(|()| DONE)
        }
        Command::Inbox(InboxCommand::Release { config: argument, ids, by }) => {
            let records = records(&config(&argument.config)?)?;
            inbox::release(&records, &ids, &by.unwrap_or_else(keeping::user), &mut out).map(|()| DONE)
        }
        Command::Rules(RulesCommand::Check { explain: Some(asked), .. }) => {
            rules::help(&asked, &mut out)?;
            Ok(code(true))
        }
        Command::Rules(RulesCommand::Check { rules: arguments, explain: None }) => {
            Ok(code(rules::check(rules_folder(arguments.rules.as_deref())?.as_deref(), &mut out)?))
        }
        Command::Rules(RulesCommand::Test(arguments)) => {
            let senders = match rules_folder(arguments.rules.as_deref())? {
                Some(folder) => Profiles::load(&folder).map_err(|fault| Refused(fault.to_string()))?,
                None => Profiles::built_in(),
            };
            Ok(code(rules::test(&book(arguments.rules.as_deref())?, &senders, &mut out)?))
        }
        Command::Rules(RulesCommand::Explain { rules, on, sender, file }) => in_runtime(async {
            let pipeline = Pipeline::new(reader_for(jobs(None))?, book(rules.rules.as_deref())?);
            let on = on.unwrap_or_else(clock::today);
            explain::explain(&file, on, sender.as_deref(), &pipeline, &mut out).await.map(code)
        }),
        Command::Rules(RulesCommand::NewForm { rules, name, file }) => in_runtime(async {
            let pipeline = Pipeline::new(reader_for(jobs(None))?, book(rules.rules.as_deref())?);
            rules::new_form(&file, &name, clock::today(), &pipeline, &mut out).await.map(code)
        }),
        Command::Rules(RulesCommand::Codes(CodesCommand::Import { rules, fiscal_year, file })) => {
            let folder = rules_folder(rules.rules.as_deref())?
                .ok_or_else(|| Refused("name the folder of your rule files: --rules DIR".to_owned()))?;
            rules::import_codes(&folder, &file, fiscal_year, clock::today(), &mut out).map(|()| DONE)
        }
        Command::Rules(RulesCommand::Rehearse { config: argument, rules, show_values }) => {
            let config = config(&argument.config)?;
            rehearse::rehearse(&records(&config)?, &book(Some(&rules))?, show_values, &mut out).map(|()| DONE)
        }
        Command::Rules(RulesCommand::Schema) => {
            write!(out, "{}", Book::schema())?;
            Ok(DONE)
        }
        Command::Backup { config: argument, folder } => {
            let config = config(&argument.config)?;
            keeping::backup(&config, &folder, &records(&config)?, &mut out).map(code)
        }
        Command::Restore { config: argument, folder } => {
            keeping::restore(&config(&argument.config)?, &folder, &mut out).map(|()| DONE)
        }
        Command::Rebuild(argument) => keeping::rebuild(&config(&argument.config)?, &mut out).map(code),
        Command::Key(KeyCommand::Rotate(argument)) => {
            keeping::rotate_key(&config(&argument.config)?, &mut out).map(|()| DONE)
        }
        Command::Audit(AuditCommand::Verify(argument)) => {
            keeping::verify_audit(&config(&argument.config)?, &mut out).map(code)
        }
        Command::Audit(AuditCommand::List(argument)) => {
            keeping::list_audit(&config(&argument.config)?, &mut out).map(|()| DONE)
        }
        Command::Doctor(argument) => {
            let config = config(&argument.config)?;
            in_runtime(async { Ok(code(doctor::doctor(&config, &mut out).await?)) })
        }
        Command::Manual { folder } => manual::write(&folder, &mut out).map(|()| DONE),
        Command::Init { folder } => init::init(&folder, Book::files(), &mut out).map(|()| DONE),
    }
}

fn code(well: bool) -> u8 {
    if well { DONE } else { FAULTS }
}

fn in_runtime(work: impl Future<Output = anyhow::Result<u8>>) -> anyhow::Result<u8> {
    tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(work)
}

async fn run_parse(arguments: ParseArguments, out: &mut impl Write) -> anyhow::Result<u8> {
    let book = book(arguments.rules.as_deref())?;
    let jobs = jobs(arguments.jobs);
    let pipeline = Pipeline::new(reader_for(jobs)?, book);
    let on = arguments.on.unwrap_or_else(clock::today);
    Ok(code(parse::parse(&arguments.files, arguments.format, jobs, on, &pipeline, out).await?))
}

async fn run_read(arguments: ReadArguments, out: &mut impl Write) -> anyhow::Result<u8> {
    let jobs = jobs(arguments.jobs);
    Ok(code(read::read(&arguments.files, arguments.format, jobs, &reader_for(jobs)?, out).await?))
}

async fn run_daemon(arguments: RunArguments) -> anyhow::Result<u8> {
    let config = config(&arguments.config.config)?;
    let rules = Rules::named(&config);
    let reader = Reader::new(config.reader.clone())?;
    run::run(config, reader, rules, arguments.once, arguments.log).await.map(|()| DONE)
}

fn run_records(command: RecordsCommand, out: &mut impl Write) -> anyhow::Result<u8> {
    let (RecordsCommand::List(argument)
    | RecordsCommand::Show { config: argument, .. }
    | RecordsCommand::Original { config: argument, .. }
    | RecordsCommand::Resolve { config: argument, .. }
    | RecordsCommand::Export { config: argument, .. }) = &command;
    let config = config(&argument.config)?;
    let store = records(&config)?;
    match command {
        RecordsCommand::List(_) => return Ok(code(records::list(&store, out)?)),
        RecordsCommand::Show { id, .. } => records::show(&store, &id, out)?,
        RecordsCommand::Original { id, to, .. } => records::original(&store, &id, &to, out)?,
        RecordsCommand::Resolve { id, fields, by, note, .. } => {
            let by = by.unwrap_or_else(keeping::user);
            records::resolve(&store, &config, &id, &fields, &by, note, &mut *out)?;
        }
        RecordsCommand::Export { .. } => return Ok(code(records::export(&store, out)?)),
    }
    Ok(DONE)
}

fn records(config: &Config) -> anyhow::Result<Records> {
    let (key, _) = find_or_make_key(&config.key_path(), &config.data_dir)?;
    let records = Records::open(&config.data_dir, || Store::open(&config.data_dir, key))?;
    if let Records::Store(store) = &records {
        for what in store.new_damages() {
            writeln!(io::stderr(), "TROUBLE: {what}").ok(); // nobody reads it, and the records are to be had all the same
        }
    }
    Ok(records)
}

fn reader_for(jobs: usize) -> anyhow::Result<Reader> {
    Ok(Reader::new(reader::Options { jobs, ..reader::Options::default() })?)
}

fn config(path: &Path) -> Result<Config, Refused> {
    // where nothing is named and nothing lies here, the packaged system is meant; a folder that may not be looked into is there
    let is_named = path != Path::new(CONFIGURATION) || path.try_exists().unwrap_or(true);
    let packaged = Path::new(PACKAGED);
    let path = if is_named || matches!(packaged.try_exists(), Ok(false)) { path } else { packaged };
    Config::load(path).map_err(|error| Refused(error.to_string()))
}

/// The folder of the clinic's own rules where it is named, by argument or by the configuration in the environment.
fn rules_folder(folder: Option<&Path>) -> Result<Option<PathBuf>, Refused> {
    if let Some(folder) = folder {
        return Ok(Some(folder.to_owned()));
    }
    let config = std::env::var_os("RXINTAKE_CONFIG").map(|path| config(Path::new(&path))).transpose()?;
    Ok(config.and_then(|config| config.rules_dir))
}

/// The clinic's own rules where they are named, else the built-in ones.
fn book(folder: Option<&Path>) -> Result<Book, Refused> {
    match rules_folder(folder)? {
        Some(folder) => Book::load(&folder).map_err(|faults| Refused(faults.to_string())),
        None => Ok(Book::built_in()),
    }
}

fn jobs(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}
