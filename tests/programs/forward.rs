//! The example `mllp` as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::mllp::Forward>()
}
