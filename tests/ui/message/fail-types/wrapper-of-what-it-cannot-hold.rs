#[path = "../../parts.rs"]
mod parts;
use std::collections::HashSet;

use iop::prelude::*;
use parts::*;

#[message(part)]
pub struct Ward {
    pub name: String,
}

#[message(response = Greeting)]
pub struct Admit {
    pub wards: HashSet<Ward>,
}

fn main() {}
