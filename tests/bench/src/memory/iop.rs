//! Productions of transient messages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use iop::clock::SystemClock;
use iop::engine::{self, StartOptions, Stop};
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{self, Layers};
use iop::store::memory::MemoryStore;
use tokio::runtime::Handle;

use super::{Load, Shape, TEXT, runtime};

#[message(transient, response = Back)]
#[derive(Clone)]
struct Go {
    number: u64,
    text: String,
}

#[message(transient)]
struct Back {
    number: u64,
    text: String,
}

#[business_service]
struct Echo;

#[handlers]
impl Echo {
    async fn on_process_input(&mut self, go: Go) -> Result<Back> {
        Ok(Back { number: go.number + 1, text: go.text })
    }
}

#[business_service]
struct Front {
    #[target]
    next: Target<Go>,
}

#[handlers]
impl Front {
    async fn on_process_input(&mut self, go: Go, cx: &mut Context) -> Result<Back> {
        Ok(cx.send_request_sync(&self.next, go).await?)
    }
}

#[business_process]
struct Middle {
    #[target]
    next: Target<Go>,
}

#[handlers]
impl Middle {
    async fn pass(&mut self, go: Go, cx: &mut Context) -> Result<Back> {
        Ok(cx.send_request_sync(&self.next, go).await?)
    }
}

#[business_operation]
struct Last;

#[handlers]
impl Last {
    async fn answer(&mut self, go: Go) -> Result<Back> {
        Ok(Back { number: go.number + 1, text: go.text })
    }
}

production! { RoundTrip {
    entrance: Echo {},
} }

production! { Chain {
    entrance: Front { next: middle },
    middle: Middle { next: last },
    last: Last {},
} }

production! { PooledRoundTrip {
    #[item(pool_size = 4)]
    entrance: Echo {},
} }

production! { PooledChain {
    #[item(pool_size = 4)]
    entrance: Front { next: middle },
    #[item(pool_size = 4)]
    middle: Middle { next: last },
    #[item(pool_size = 4)]
    last: Last {},
} }

pub(super) fn run(load: Load) -> Duration {
    match load.shape {
        Shape::RoundTrip => drive::<RoundTrip>(load, None),
        Shape::Chain => drive::<Chain>(load, None),
    }
}

/// With four workers in each item.
pub(super) fn pooled(load: Load) -> Duration {
    match load.shape {
        Shape::RoundTrip => drive::<PooledRoundTrip>(load, None),
        Shape::Chain => drive::<PooledChain>(load, None),
    }
}

/// With handlers on threads of their own, as in a program (`iop.threads`).
pub(super) fn apart(load: Load) -> Duration {
    let handlers = runtime();
    let took = match load.shape {
        Shape::RoundTrip => drive::<RoundTrip>(load, Some(handlers.handle().clone())),
        Shape::Chain => drive::<Chain>(load, Some(handlers.handle().clone())),
    };
    handlers.shutdown_background();
    took
}

fn drive<P: Production>(load: Load, handlers: Option<Handle>) -> Duration {
    runtime().block_on(async {
        let clock = Arc::new(SystemClock);
        let resolved = settings::resolve(P::GRAPH, P::wiring(), &Layers::none())
            .unwrap_or_else(|_| unreachable!("the settings are those of the code"));
        let options = StartOptions { handlers, ..StartOptions::default() };
        let running = engine::start(resolved, MemoryStore::new(clock.clone()), options)
            .await
            .unwrap_or_else(|_| unreachable!("an empty store fits"));
        // It has looked into its store: what comes now does not wait behind that.
        let _ = running.until_idle().await;
        let service = running
            .director()
            .get_business_service("entrance")
            .unwrap_or_else(|_| unreachable!("both productions have it"));
        let started = Instant::now();
        let callers = (0..load.callers).map(|_| {
            let service = service.clone();
            tokio::spawn(async move {
                for number in 0..load.each() {
                    let go = Go { number, text: TEXT.to_owned() };
                    let back = service.on_process_input(go).await;
                    std::hint::black_box(back.unwrap_or_else(|error| unreachable!("{error}")).text.len());
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            let _ = caller.await;
        }
        let took = started.elapsed();
        let _ = running.stop(Stop::Now).await;
        took
    })
}
