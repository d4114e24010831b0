//! Runs the production of `s6_process.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s6_process::Chain>()
}
