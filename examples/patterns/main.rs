//! The program of the production [`Warehouse`].

use std::process::ExitCode;

use iop_examples::patterns::Warehouse;

fn main() -> ExitCode {
    iop::run::<Warehouse>()
}
