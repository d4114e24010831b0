//! The smallest production.
fn main() {}
