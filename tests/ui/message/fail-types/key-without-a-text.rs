use iop::prelude::*;

#[message]
struct Hello {
    #[key]
    names: Vec<String>,
}

fn main() {}
