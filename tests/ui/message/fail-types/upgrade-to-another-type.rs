use iop::prelude::*;

#[message(part)]
struct HelloV1 {
    name: String,
}

#[message(part)]
struct HelloV2 {
    first: String,
    last: String,
}

fn from_v1(old: HelloV1) -> HelloV2 {
    HelloV2 { first: old.name, last: String::new() }
}

#[message(version = 3, upgrade = from_v1)]
struct Hello {
    full_name: String,
}

fn main() {}
