//! Arguments in, exit code out.

use std::process::ExitCode;

/// A page's rules make thousands of short texts.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rxintake::cli::main()
}
