use iop::prelude::*;

#[message(respose = Greeting)]
struct Hello {
    name: String,
}

fn main() {}
