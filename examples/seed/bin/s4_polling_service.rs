//! Runs the production of `s4_polling_service.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s4_polling_service::Pulling>()
}
