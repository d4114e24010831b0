//! Runs the production of `s7_gather.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s7_gather::Gathering>()
}
