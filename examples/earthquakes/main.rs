//! The program of the production [`Earthquakes`](iop_examples::earthquakes::Earthquakes).

use std::process::ExitCode;

use iop_examples::earthquakes::Earthquakes;

fn main() -> ExitCode {
    iop::run::<Earthquakes>()
}
