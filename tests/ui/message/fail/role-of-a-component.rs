use iop::prelude::*;

#[message]
struct Hello {
    #[setting]
    name: String,
}

fn main() {}
