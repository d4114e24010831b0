//! S4: a service that looks for work by itself, every five seconds by default.
//!
//! IoP: a pulling service names `"Ens.InboundAdapter"` as its adapter in order to be scheduled, and its `on_process_input` takes
//! nothing. Here the attribute says `poll`. The next call waits for the one that runs: they never overlap. When the first one
//! comes is the item's setting `first_call`: `at_once` (the default), or `after_interval`.
//!
//! ```text
//! cargo run --bin s4_polling_service -- run --set pulling.call_interval=1s
//! ```

use iop::prelude::*;

/// Is called again and again.
#[business_service(poll)]
pub struct MyPullingService {
    /// From one call to the next.
    #[setting(default = "5s")]
    call_interval: Duration,
    calls: u32,
}

#[handlers]
impl MyPullingService {
    async fn on_process_input(&mut self) -> Result {
        self.calls += 1;
        info!("call {}, the next one in {:?}", self.calls, self.call_interval);
        Ok(())
    }
}

production! {
    /// One service that is called by the clock.
    pub Pulling {
        pulling: MyPullingService {},
    }
}
