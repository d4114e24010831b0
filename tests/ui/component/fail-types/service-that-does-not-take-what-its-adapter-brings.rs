#[path = "../../parts.rs"]
mod parts;
use iop::prelude::*;
use parts::*;

use iop::adapter::file::FileInbound;

#[business_service(adapter = FileInbound)]
struct Door;

#[handlers]
impl Door {
    async fn on_process_input(&mut self, _hello: Hello) -> Result {
        Ok(())
    }
}

fn main() {}
