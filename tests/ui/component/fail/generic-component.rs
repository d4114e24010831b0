use iop::prelude::*;

#[business_operation]
struct Door<T> {
    inside: T,
}

fn main() {}
