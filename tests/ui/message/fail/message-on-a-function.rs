use iop::prelude::*;

#[message]
fn hello() {}

fn main() {}
