use iop::prelude::*;

#[message]
struct Hello {
    #[keys]
    name: String,
}

fn main() {}
