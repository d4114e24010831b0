use iop::prelude::*;

#[message]
#[serde(deny_unknown_fields)]
struct Hello {
    name: String,
}

fn main() {}
