use iop::prelude::*;

struct Door;

#[business_operation]
impl Door {}

fn main() {}
