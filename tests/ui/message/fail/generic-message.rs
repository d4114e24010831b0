use iop::prelude::*;

#[message]
struct Hello<T> {
    name: T,
}

fn main() {}
