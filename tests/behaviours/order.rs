//! Order: of messages in a chain, and of items at start and stop.

use std::sync::Mutex;

use iop::engine::Stop;
use iop::prelude::*;
use iop_tests::rig::Rig;

#[message]
struct Tick {
    number: u32,
}

/// Counts.
#[business_service(poll)]
struct Ticker {
    #[target]
    out: Target<Tick>,
    ticks: u32,
}

#[handlers]
impl Ticker {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        self.ticks += 1;
        cx.send_request_async(&self.out, Tick { number: self.ticks }).await?;
        Ok(())
    }
}

/// Hands ticks on.
#[business_process]
struct Relay {
    #[target]
    out: Target<Tick>,
}

#[handlers]
impl Relay {
    async fn on_message(&mut self, tick: Tick, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, tick).response_required(false).await?;
        Ok(())
    }
}

/// Says what it got.
#[business_operation]
struct Display;

#[handlers]
impl Display {
    async fn on_message(&mut self, tick: Tick) -> Result {
        info!("tick {}", tick.number);
        Ok(())
    }
}

production! {
    Ticking {
        ticker: Ticker { out: relay },
        relay: Relay { out: display },
        display: Display {},
    }
}

#[tokio::test(start_paused = true)]
async fn two_ticks_of_a_polling_service_arrive_in_order_through_a_process() {
    let rig = Rig::start::<Ticking>().await;
    rig.until("two ticks", async |rig| (rig.item("display").completed == 2).then_some(())).await;
    let said = rig.said_by::<Display>("display").await;
    assert_eq!(said, ["tick 1", "tick 2"]);
}

#[tokio::test(start_paused = true)]
async fn operations_start_first_and_services_last_and_they_stop_the_other_way_round() {
    let rig = Rig::start::<Bracketed>().await;
    rig.stop(Stop::Drain(Duration::from_secs(1))).await;
    let seen = HOOKS.lock().expect("no panic").clone();
    assert_eq!(
        seen,
        ["operation starts", "process starts", "service starts", "service stops", "process stops", "operation stops"]
    );
}

/// The hooks that ran, in order. A store that is closed cannot be asked.
static HOOKS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn hook(cx: &Context, what: &str) {
    HOOKS.lock().expect("no panic").push(format!("{} {what}", cx.item()));
}

#[business_service]
struct First {
    #[target]
    out: Target<Tick>,
}

#[handlers]
impl First {
    async fn on_init(&mut self, cx: &mut Context) -> Result {
        hook(cx, "starts");
        Ok(())
    }

    async fn on_teardown(&mut self, cx: &mut Context) -> Result {
        hook(cx, "stops");
        Ok(())
    }

    async fn on_process_input(&mut self, tick: Tick, cx: &mut Context) -> Result {
        Ok(cx.send_request_sync(&self.out, tick).await?)
    }
}

#[business_process]
struct Second {
    #[target]
    out: Target<Tick>,
}

#[handlers]
impl Second {
    async fn on_init(&mut self, cx: &mut Context) -> Result {
        hook(cx, "starts");
        Ok(())
    }

    async fn on_teardown(&mut self, cx: &mut Context) -> Result {
        hook(cx, "stops");
        Ok(())
    }

    async fn on_message(&mut self, tick: Tick, cx: &mut Context) -> Result {
        Ok(cx.send_request_sync(&self.out, tick).await?)
    }
}

#[business_operation]
struct Third;

#[handlers]
impl Third {
    async fn on_init(&mut self, cx: &mut Context) -> Result {
        hook(cx, "starts");
        Ok(())
    }

    async fn on_teardown(&mut self, cx: &mut Context) -> Result {
        hook(cx, "stops");
        Ok(())
    }

    async fn on_message(&mut self, tick: Tick) -> Result {
        info!("{}", tick.number);
        Ok(())
    }
}

production! {
    Bracketed {
        service: First { out: process },
        process: Second { out: operation },
        operation: Third {},
    }
}
