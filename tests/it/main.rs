//! One binary for all integration tests.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::string_slice)] // a test says what went wrong by failing, and what it measured by printing

mod samples;
#[path = "../../examples/score/tally.rs"]
mod tally;
mod bells;
mod calibration;
mod certificates;
mod clinic;
mod copies;
mod diagnosis;
mod dovecot;
mod durability;
mod encryption;
mod exim;
mod explained;
mod fax_queue;
mod faults;
mod folder;
mod formats;
mod hostile;
mod imap_script;
mod journey;
mod keeping;
mod load;
mod linkage;
mod long_fax;
mod mail_papers;
mod mailbox;
mod make;
mod reader;
mod relay;
mod rule_faults;
mod rulebook;
mod steps;
mod tell;
mod tidy;
mod values;
