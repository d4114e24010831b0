//! The laboratory as a program, for the tests of the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_tests::lab::Lab>()
}
