use iop::prelude::*;

#[business_operation]
struct Door;

fn main() {}
