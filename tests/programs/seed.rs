//! Seed productions as a program, for tests that kill it or talk to it from outside. Which one, the environment says.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use iop::prelude::*;
use iop_examples::seed::messages::{MyMessage, MyReply};
use iop_examples::seed::s2_catalogue::Catalogue;
use iop_examples::seed::s3_service::OneService;
use iop_examples::seed::s8_callbacks::MyCallbackProcess;

/// Answers everything, and holds second messages back until there is a file `open` in its folder.
#[business_operation]
struct Gate {
    /// Where `open` is looked for, and `handled` has a line for each attempt.
    #[setting(default = "gate")]
    folder: PathBuf,
}

#[handlers]
impl Gate {
    async fn on_message(&mut self, request: MyMessage) -> Result<MyReply> {
        let mut handled = OpenOptions::new().create(true).append(true).open(self.folder.join("handled"))?;
        writeln!(handled, "{}", request.message)?;
        while request.message.ends_with('2') && !self.folder.join("open").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(MyReply { message: format!("{}, answered", request.message) })
    }
}

production! {
    GatedCallbacks {
        #[item(standalone)]
        process: MyCallbackProcess { out: gate },
        gate: Gate {},
    }
}

fn main() -> ExitCode {
    match std::env::var("SEED_PRODUCTION").as_deref() {
        Ok("catalogue") => iop::run::<Catalogue>(),
        Ok("one_service") => iop::run::<OneService>(),
        Ok("gated_callbacks") => iop::run::<GatedCallbacks>(),
        other => panic!("no such production: {other:?}"),
    }
}
