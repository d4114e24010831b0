use iop::prelude::*;

#[business_operation]
enum Door {
    Open,
    Shut,
}

fn main() {}
