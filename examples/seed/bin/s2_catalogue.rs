//! Runs the production of `s2_catalogue.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    iop::run::<iop_examples::seed::s2_catalogue::Catalogue>()
}
