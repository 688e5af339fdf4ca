//! What can be typed: the commands and their arguments, as data. Nothing is computed here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;

use crate::cli::parse::ParseFormat;
use crate::cli::read::ReadFormat;

/// Reads the prescriptions that reach a medical-massage clinic by fax, e-mail and scanner, keeps them as records and tells
/// staff what is missing.
#[derive(Debug, Parser)]
#[command(name = "rxintake", version, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read papers and print what they say; stores nothing
    Parse(ParseArguments),
    /// Print the words of papers alone, before any rule
    Read(ReadArguments),
    /// Watch the inboxes, keep records, tell staff what is missing
    Run(RunArguments),
    /// Look at what is stored
    #[command(subcommand)]
    Records(RecordsCommand),
    /// Mails that are held in their mailboxes, since nobody vouches for their sender
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// The rule book: is it sound, do its tests pass, why did a paper give that
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Copy everything that cannot be made again; the daemon may run
    Backup {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// An empty folder, best on another disk. What is in the copy is sealed: keep the master key elsewhere
        folder: PathBuf,
    },
    /// Put a copy back into an empty data folder
    Restore {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// The folder of the copy
        folder: PathBuf,
    },
    /// Make the embedded store anew where it is damaged: the next run reads every original again
    Rebuild(ConfigArgument),
    /// The master key
    #[command(subcommand)]
    Key(KeyCommand),
    /// The journal of who did what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check that everything the configuration names can be reached, and say what to do where not
    Doctor(ConfigArgument),
    /// Write the man pages and the completions for bash, zsh and fish into a folder
    Manual {
        /// The folder; made if it is not there
        folder: PathBuf,
    },
    /// Write a commented starter configuration and the rule files
    Init {
        /// The folder to write into; made if it is not there
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
}

/// Which configuration to use.
#[derive(Debug, Args)]
pub struct ConfigArgument {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "RXINTAKE_CONFIG", default_value = "rxintake.toml")]
    pub config: PathBuf,
}

/// Arguments of `parse`.
#[derive(Debug, Args)]
pub struct ParseArguments {
    /// How to print
    #[arg(long, value_enum, default_value = "pretty")]
    pub format: ParseFormat,
    /// The folder of the rule files [default: that of the configuration in RXINTAKE_CONFIG, else the built-in ones]
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// How many papers are read at once [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// The day of receipt, for everything that depends on a date [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub on: Option<Date>,
    /// PDF, TIFF, JPEG, PNG; .txt as an already read page; .eml as a mail with its papers
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Arguments of `read`.
#[derive(Debug, Args)]
pub struct ReadArguments {
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReadFormat,
    /// How many papers are read at once [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// PDF, TIFF, JPEG, PNG or .txt
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigArgument,
    /// End when every inbox is empty and the outbox too
    #[arg(long)]
    pub once: bool,
    /// What happens, for people at a terminal (with file names and initials) or for a log (JSON lines without patient data)
    #[arg(long, value_enum, default_value = "people")]
    pub log: LogFormat,
}

/// For whom it is told what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    People,
    /// JSON lines.
    Json,
}

/// What can be done with records.
#[derive(Debug, Subcommand)]
pub enum RecordsCommand {
    /// One line a record
    List(ConfigArgument),
    /// One record with its history
    Show {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// The record's id, or as many of its first letters as make it unique
        id: String,
    },
    /// Write the paper of a record to a file, as it came in, to look at it
    Original {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// The record's id, or as many of its first letters as make it unique
        id: String,
        /// The file; it must not be there yet. It is not sealed and holds the patient's data: remove it afterwards
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Close gaps and doubts of a record by hand: what was settled on the phone, or seen on the picture
    Resolve {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// The record's id, or as many of its first letters as make it unique
        id: String,
        /// The fields that are settled, as `records show` names them; all of them where none is named
        fields: Vec<String>,
        /// Who settled it
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// What was found out; kept sealed with the record
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Every record, for other programs
    Export {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// How to print
        #[arg(long, value_enum, default_value = "jsonl")]
        format: ExportFormat,
    },
}

/// What can be done with held mails.
#[derive(Debug, Subcommand)]
pub enum InboxCommand {
    /// A line or two a mail: its id, since when, the mailbox, who sent it, why it is held
    Held(ConfigArgument),
    /// Take held mails in all the same. Others are moved or removed in the mailbox itself
    Release {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// The ids of the mails, or as many of their first letters as make them unique
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Who says so
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// What can be done with the master key.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Put a new key in its place and wrap everything anew; stop the daemon first
    Rotate(ConfigArgument),
}

/// What can be done with the audit journal.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that no line was changed or removed
    Verify(ConfigArgument),
    /// Print it
    List(ConfigArgument),
}

/// How records are exported.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum ExportFormat {
    /// One JSON line a record.
    Jsonl,
}

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Find every fault in every rule file
    Check {
        /// Which rule files.
        #[command(flatten)]
        rules: RulesArgument,
        /// Say what a fault's code means and what to do, and check nothing
        #[arg(long, value_name = "CODE")]
        explain: Option<String>,
    },
    /// Run the tests that stand in the rule files
    Test(RulesArgument),
    /// Show for every field of a paper what was found where, by which rule, what was taken and why not the rest; what was asked for,
    /// and what staff are told
    Explain {
        /// Which rule files.
        #[command(flatten)]
        rules: RulesArgument,
        /// The day of receipt, for everything that depends on a date [default: today]
        #[arg(long, value_name = "YYYY-MM-DD")]
        on: Option<Date>,
        /// Who sent it: a fax number or an address, by which a clinic's own form may be known
        #[arg(long, value_name = "NUMBER|ADDRESS")]
        sender: Option<String>,
        /// PDF, TIFF, JPEG, PNG, .txt or .eml
        file: PathBuf,
    },
    /// Draft a [form.NAME] block and its test from one paper of a clinic; nothing of its patient is in the draft
    NewForm {
        /// Which rule files.
        #[command(flatten)]
        rules: RulesArgument,
        /// What to call the form: letters, digits, - and _
        #[arg(long, default_value = "new")]
        name: String,
        /// PDF, TIFF, JPEG, PNG, .txt or .eml
        file: PathBuf,
    },
    /// The table of diagnosis codes
    #[command(subcommand)]
    Codes(CodesCommand),
    /// Show which stored papers would read differently under other rule files; changes nothing
    Rehearse {
        /// Which configuration.
        #[command(flatten)]
        config: ConfigArgument,
        /// Print values as they are and as they would be: patient data
        #[arg(long)]
        show_values: bool,
        /// The folder of the other rule files
        rules: PathBuf,
    },
    /// Print the JSON Schema of the rule files, for editors
    Schema,
}

/// What can be done with the table of codes.
#[derive(Debug, Subcommand)]
pub enum CodesCommand {
    /// Take the official icd10cm-order file of a fiscal year (cms.gov), so that every code is known
    Import {
        /// Which rule files: the table is written into their folder.
        #[command(flatten)]
        rules: RulesArgument,
        /// The fiscal year, which begins on 1 October of the year before [default: the year in the file's name]
        #[arg(long, value_name = "YYYY")]
        fiscal_year: Option<u16>,
        /// icd10cm-order-YYYY.txt
        file: PathBuf,
    },
}

/// Which rule files.
#[derive(Debug, Args)]
pub struct RulesArgument {
    /// The folder of the rule files [default: that of the configuration in RXINTAKE_CONFIG, else the built-in ones]
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
}
