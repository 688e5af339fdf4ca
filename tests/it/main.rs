//! One binary for all integration tests.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test says what went wrong by failing, and what it measured by printing

mod samples;
#[path = "../../examples/score/tally.rs"]
mod tally;
mod hostile;
mod linkage;
mod make;
mod reader;
mod tidy;
