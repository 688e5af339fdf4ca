//! The reader child: page requests in, readings out. The only binary that links tesseract.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let tessdata = arguments.next();
    let mut number = || arguments.next().and_then(|number| number.parse().ok());
    let (Some(tessdata), Some(memory_max_bytes), Some(seconds_max)) = (tessdata, number(), number()) else {
        return ExitCode::from(2); // started by hand: rxintake starts this program
    };
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    match rxintake::reader::serve(&tessdata, memory_max_bytes, seconds_max, &mut input, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
