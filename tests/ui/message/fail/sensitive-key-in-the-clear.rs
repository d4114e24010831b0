use iop::prelude::*;

#[message]
struct Admission {
    #[sensitive]
    #[key] // the mistake
    mrn: String,
    #[sensitive]
    #[key(hashed)]
    name: String,
}

fn main() {}
