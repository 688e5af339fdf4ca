//! The reader child: page requests in, readings out. The only binary that links tesseract.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let tessdata = arguments.next();
    let memory_max_bytes = arguments.next().and_then(|bytes| bytes.parse().ok());
    let (Some(tessdata), Some(memory_max_bytes)) = (tessdata, memory_max_bytes) else {
        return ExitCode::from(2); // started by hand
    };
    match rxintake::reader::serve(&tessdata, memory_max_bytes, &mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
