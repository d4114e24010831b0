//! The program of the production [`Hospital`].

use std::process::ExitCode;

use iop_examples::hl7::Hospital;

fn main() -> ExitCode {
    iop::run::<Hospital>()
}
