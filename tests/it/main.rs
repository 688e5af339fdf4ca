//! One binary for all integration tests.
#![allow(clippy::unwrap_used)] // a test says what went wrong by failing

mod samples;
#[path = "../../examples/score/tally.rs"]
mod tally;
mod hostile;
mod linkage;
mod make;
mod reader;
mod tidy;
