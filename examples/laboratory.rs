//! A laboratory, and how it is tested: one component, the whole, a crash at every point, and a replay.

use iop::prelude::*;

#[message(response = Report)]
struct Order {
    #[key]
    number: String,
    amounts: Vec<u32>,
}

#[message]
struct Report {
    sum: u32,
}

#[message]
struct Entry {
    text: String,
}

#[business_service]
struct Intake {
    #[target]
    out: Target<Order>,
}

#[handlers]
impl Intake {
    async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result<Report> {
        Ok(cx.send_request_sync(&self.out, order).await?)
    }
}

#[business_process]
struct Ward {
    #[setting(default = 1)]
    factor: u32,
    #[target]
    device: Target<Order>,
    #[target]
    list: Target<Entry>,
}

#[handlers]
impl Ward {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result<Report> {
        let text = order.number.clone();
        let report = cx.send_request_sync(&self.device, order).await?;
        cx.send_request_async(&self.list, Entry { text }).response_required(false).await?;
        Ok(Report { sum: report.sum * self.factor })
    }
}

/// Talks to a device that no test has.
#[business_operation]
struct Device;

#[handlers]
impl Device {
    async fn measure(&mut self, _order: Order) -> Result<Report> {
        Err(Error::unavailable("the device does not answer"))
    }
}

#[business_operation]
struct List;

#[handlers]
impl List {
    async fn entry(&mut self, entry: Entry) -> Result {
        info!("{}", entry.text);
        Ok(())
    }
}

production! {
    Lab {
        intake: Intake { out: ward },
        ward: Ward { device: device, list: list },
        device: Device {},
        list: List {},
    }
}

fn main() -> ExitCode {
    iop::run::<Lab>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use iop::engine::Stop;
    use iop::message::Status;
    use iop::testing::{Harness, NoResponse, Replay, Stub, TestProduction, for_every_crash};

    fn order() -> Order {
        Order { number: "A-1".into(), amounts: vec![1, 2] }
    }

    fn device() -> Stub<Device> {
        Stub::new().answer(|order: Order| Ok(Report { sum: order.amounts.iter().sum() }))
    }

    // One component: its settings, what the others answer, and then what it did.
    #[tokio::test]
    async fn the_ward_multiplies_and_keeps_a_list() {
        let mut ward = Harness::<Ward>::new().setting("factor", 10).answer(|_: Order| Ok(Report { sum: 3 }));
        let handled = ward.handle(order()).await;
        assert_eq!(handled.response().sum, 30);
        assert_eq!(handled.sent::<Entry>()[0].message.text, "A-1");
        assert_eq!(handled.sent::<Entry>()[0].target, "list");
    }

    #[tokio::test]
    async fn without_a_measurement_there_is_no_entry() {
        let mut ward = Harness::<Ward>::new().answer(|_: Order| Err(NoResponse::TimedOut));
        let handled = ward.handle(order()).await;
        assert_eq!(handled.error().to_string(), "`device` did not respond within 30s");
        assert!(handled.sent::<Entry>().is_empty());
    }

    // The whole production: in memory, with virtual time, and without the device.
    #[tokio::test(start_paused = true)]
    async fn an_order_is_measured_and_listed() {
        let lab = TestProduction::<Lab>::new().setting("ward.factor", 2).stub("device", device()).start().await;
        assert_eq!(lab.call("intake", order()).await.unwrap().sum, 6);
        lab.until_idle().await;
        lab.traces().await[0].assert_path(&["intake", "ward", "device", "list"]).assert_completed();
    }

    // An outage of more than an hour takes milliseconds.
    #[tokio::test(start_paused = true)]
    async fn a_device_that_comes_back_is_asked_again() {
        let mut attempts = 0;
        let device = Stub::<Device>::new().answer(move |_: Order| {
            attempts += 1;
            if attempts < 200 { Err(Error::unavailable("no answer")) } else { Ok(Report { sum: 3 }) }
        });
        let lab = TestProduction::<Lab>::new().stub("device", device).start().await;
        let session = lab.send("device", order()).await.unwrap();
        lab.until_idle().await;
        lab.trace(session).await.assert_status("device", Status::Completed);
    }

    // A crash at every point that an order passes: nothing is lost, nothing is there twice.
    #[tokio::test(start_paused = true)]
    async fn a_crash_changes_nothing() {
        for_every_crash(async |crashes| {
            let lab = TestProduction::<Lab>::new().stub("device", device()).crashes(crashes).start().await;
            let report = lab.call("intake", order()).await.unwrap();
            lab.until_idle().await;
            (report.sum, lab.traces().await[0].snapshot())
        })
        .await;
    }

    // What one build has recorded, another does the same.
    #[tokio::test(start_paused = true)]
    async fn this_build_does_what_the_last_one_did() {
        let lab = TestProduction::<Lab>::new().stub("device", device()).start().await;
        lab.call("intake", order()).await.unwrap();
        lab.until_idle().await;
        let record = lab.stop(Stop::Drain(Duration::from_secs(1))).await;
        Replay::of::<Lab>().against_store(&*record).await.unwrap().assert_same();
    }
}
