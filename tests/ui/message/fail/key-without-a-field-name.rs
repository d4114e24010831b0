use iop::prelude::*;

#[message]
struct Hello(#[key] String);

fn main() {}
