//! The program of the production [`Forward`].

use std::process::ExitCode;

use iop_examples::mllp::Forward;

fn main() -> ExitCode {
    iop::run::<Forward>()
}
