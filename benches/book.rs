//! How long the rule book takes for a page.

fn main() {}
