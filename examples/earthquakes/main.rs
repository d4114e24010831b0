//! The program of the production [`Earthquakes`].

use std::process::ExitCode;

use iop_examples::earthquakes::Earthquakes;

fn main() -> ExitCode {
    iop::run::<Earthquakes>()
}
