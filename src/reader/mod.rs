//! In: the bytes of a paper. Out: its Readings, made in a child process that may crash without harm.

mod child;
#[doc(hidden)] // the protocol is nobody's business but the fuzzer's
pub mod exam;
mod hand;
mod options;
mod pool;
mod protocol;
mod sandbox;
mod sound;

pub use child::serve;
pub use options::Options;
pub use pool::{Progress, Reader, ReaderError, ReaderReport};
pub use sandbox::{Enforced, Sandbox};
