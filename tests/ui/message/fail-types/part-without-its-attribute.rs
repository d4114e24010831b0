#[path = "../../parts.rs"]
mod parts;
use std::collections::HashMap;

use iop::prelude::*;
use parts::*;

pub struct Ward {
    pub name: String,
}

#[derive(Clone)]
pub enum Way {
    In,
    Out,
}

#[message(response = Greeting)]
pub struct Admit {
    #[key]
    pub mrn: String,
    pub ward: Ward,
    #[sensitive]
    pub earlier: HashMap<String, Vec<Option<Ward>>>,
}

#[message]
pub enum Moved {
    Through(Way, u32),
    Nowhere { since: Admit },
}

fn main() {}
