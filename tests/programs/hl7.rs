//! The example `hl7` as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::hl7::Hospital>()
}
