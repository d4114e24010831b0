//! Ways to send and answer, as a program, for tests that kill it. Which production, the environment says.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use iop::prelude::*;

/// An amount to take from a card.
#[message(response = Charged)]
struct Charge {
    card: String,
}

/// It was taken.
#[message]
struct Charged {
    card: String,
}

/// Takes money, which must not happen twice.
#[business_operation(effect = "at_most_once")]
struct Till {
    /// Where `charged` has a line for each charge; a charge is not over before there is a file `open`.
    #[setting(default = "till")]
    folder: PathBuf,
}

#[handlers]
impl Till {
    async fn charge(&mut self, charge: Charge) -> Result<Charged> {
        write_line(&self.folder.join("charged"), &charge.card)?;
        while !self.folder.join("open").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Charged { card: charge.card })
    }
}

fn write_line(file: &Path, line: &str) -> std::io::Result<()> {
    writeln!(OpenOptions::new().create(true).append(true).open(file)?, "{line}")
}

production! {
    Charging {
        alerts none;
        #[item(standalone)]
        till: Till {},
    }
}

fn main() -> ExitCode {
    match std::env::var("REQUESTS_PRODUCTION").as_deref() {
        Ok("charging") => iop::run::<Charging>(),
        other => panic!("no such production: {other:?}"),
    }
}
