//! In: a TOML file of the rules folder, as a person wrote it. Out: what it says, where each part stands, and all its faults.
//!
//! A room of its own: the rule book and the sender profiles are both written in that folder, and neither room may know the other.

mod disk;
mod fault;
mod source;
mod text;
mod words;

pub use disk::{is_rule_file, names_in, read_file, read_folder, unread, was_meant_to_be_one};
pub use fault::{Fault, FaultKind, Faults};
pub use source::Source;
pub use text::Written;

/// Most faults of one kind that are told of one file; that there may be more is told as the last.
const FAULTS_MAX: usize = 50;

/// The last fault of a file of which no more are told.
fn and_more(file: &str, kind: FaultKind) -> Fault {
    let what = format!("there may be more than these {FAULTS_MAX} faults of its kind; mend them, and check again");
    Fault::of_file(kind, file, what)
}
