//! Runs the production of `s8_callbacks.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s8_callbacks::Callbacks>()
}
