use iop::prelude::*;

#[message(part)]
struct OldHello {
    name: String,
}

fn from_old(old: OldHello) -> Hello {
    Hello { full_name: old.name }
}

#[message(upgrade = from_old)]
struct Hello {
    full_name: String,
}

fn main() {}
