//! In: the bytes of a paper. Out: its Readings, made in a child process that may crash without harm.

mod child;
mod options;
mod pool;
mod protocol;

pub use child::serve;
pub use options::Options;
pub use pool::{Progress, Reader, ReaderError, ReaderReport};
