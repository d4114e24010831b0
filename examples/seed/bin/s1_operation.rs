//! Runs the production of `s1_operation.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s1_operation::OneOperation>()
}
