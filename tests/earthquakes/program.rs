//! The example as a program, for tests that run it in a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::earthquakes::Earthquakes>()
}
