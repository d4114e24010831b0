//! A handler that blocks its thread.

use std::sync::mpsc;
use std::sync::{Mutex, OnceLock};

use iop::prelude::*;
use iop::store::EventQuery;
use iop_tests::rig::Rig;

#[message(response = Done)]
struct Work {
    blocks: bool,
}

#[message]
struct Done {}

/// Where a blocked handler waits until the test lets it go.
static GATE: OnceLock<Mutex<mpsc::Receiver<()>>> = OnceLock::new();

/// Blocks its thread where it is told to, as no handler should.
#[business_operation]
struct Worker;

#[handlers]
impl Worker {
    async fn on_message(&mut self, work: Work) -> Result<Done> {
        if work.blocks
            && let Some(gate) = GATE.get()
        {
            // Ends when the sender does, whatever becomes of the test.
            let _ = gate.lock().expect("one waits").recv();
        }
        Ok(Done {})
    }
}

production! {
    Working {
        #[item(standalone, timeout = "1s")]
        blocked: Worker {},
        #[item(standalone)]
        other: Worker {},
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_blocks_its_thread_is_reported_as_stuck_and_the_other_items_go_on() {
    let (open, gate) = mpsc::channel();
    GATE.set(Mutex::new(gate)).expect("the only test that blocks");
    let rig = Rig::start::<Working>().await;
    let blocked = async { rig.try_call("blocked", &Work { blocks: true }).await };
    let meanwhile = async {
        rig.until("the stuck worker is counted", async |rig| (rig.item("blocked").workers.stuck == 1).then_some(()))
            .await;
        rig.until("the stuck worker is reported", async |rig| {
            let lines = rig.events(EventQuery { item: Some("blocked".into()), ..EventQuery::default() }).await;
            lines.iter().any(|line| line.text.contains("blocks its thread")).then_some(())
        })
        .await;
        rig.call("other", &Work { blocks: false }).await;
        drop(open);
    };
    let (_, ()) = tokio::join!(blocked, meanwhile);
}
