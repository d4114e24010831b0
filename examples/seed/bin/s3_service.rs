//! Runs the production of `s3_service.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s3_service::OneService>()
}
