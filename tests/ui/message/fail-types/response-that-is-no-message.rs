use iop::prelude::*;

#[message(response = String)]
struct Hello {
    name: String,
}

fn main() {}
