//! In: the command line. Out: an exit code. One file a command.

pub mod read;
