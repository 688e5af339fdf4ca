//! The reader child: page requests in, readings out. The only binary that links tesseract.

fn main() {}
