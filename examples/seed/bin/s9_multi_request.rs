//! Runs the production of `s9_multi_request.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s9_multi_request::MultiRequest>()
}
