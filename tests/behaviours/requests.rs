//! Timeouts of awaited requests, and requests whose response nobody wants.

use iop::message::{Kind, Status};
use iop::prelude::*;
use iop_tests::rig::Rig;
use tokio::time::Instant;

#[message(response = Slept)]
struct Sleep {
    /// Names the sleeper.
    name: String,
    seconds: u64,
}

#[message]
struct Slept {
    name: String,
}

/// Sleeps, and says who did.
#[business_operation]
struct Bed;

#[handlers]
impl Bed {
    async fn on_message(&mut self, sleep: Sleep) -> Result<Slept> {
        tokio::time::sleep(Duration::from_secs(sleep.seconds)).await;
        Ok(Slept { name: sleep.name })
    }
}

#[message(response = Report)]
struct Night {
    sleepers: Vec<(String, u64)>,
}

#[message]
struct Report {
    lines: Vec<String>,
}

/// Sends one to bed after the other, and waits a second for each.
#[business_process]
struct Hotel {
    #[target]
    bed: Target<Sleep>,
}

#[handlers]
impl Hotel {
    async fn on_message(&mut self, night: Night, cx: &mut Context) -> Result<Report> {
        let mut lines = Vec::new();
        for (name, seconds) in night.sleepers {
            let start = Instant::now();
            let sleep = Sleep { name, seconds };
            let line = match cx.send_request_sync(&self.bed, sleep).timeout(Duration::from_secs(1)).await {
                Ok(slept) => slept.name,
                Err(error) => error.to_string(),
            };
            lines.push(format!("{line} ({:.1}s)", start.elapsed().as_secs_f64()));
        }
        Ok(Report { lines })
    }
}

production! {
    Sleeping {
        #[item(standalone)]
        hotel: Hotel { bed: bed },
        #[item(pool_size = 2)]
        bed: Bed {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_timeout_of_one_second_fails_at_one_and_its_late_response_reaches_nobody_else() {
    let rig = Rig::start::<Sleeping>().await;
    let sleepers = [("long", 3), ("short", 0), ("another", 0)].map(|(name, seconds)| (name.to_owned(), seconds));
    let report = rig.call("hotel", &Night { sleepers: sleepers.to_vec() }).await;
    let timed_out = "`bed` did not respond within 1s (1.0s)";
    assert_eq!(report.lines, [timed_out, "short (0.0s)", "another (0.0s)"]);

    rig.until_idle().await;
    let mut late = Vec::new();
    for response in rig.messages_of::<Slept>().await {
        late.push((rig.body::<Slept>(response.id).await.name, response.late, response.status));
    }
    late.sort_by(|one, other| one.0.cmp(&other.0));
    let in_time = |name: &str| (name.to_owned(), false, Status::Completed);
    assert_eq!(late, [in_time("another"), ("long".into(), true, Status::Completed), in_time("short")]);
}

#[message(response = Report)]
struct Announce {
    times: u32,
}

/// Sends without wanting a response.
#[business_process]
struct Crier {
    #[target]
    out: Target<Sleep>,
    #[state]
    called_back: u32,
}

#[handlers]
impl Crier {
    async fn on_message(&mut self, announce: Announce, cx: &mut Context) -> Result<Pending> {
        for _ in 0..announce.times {
            let sleep = Sleep { name: "crier".into(), seconds: 60 };
            cx.send_request_async(&self.out, sleep).response_required(false).await?;
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, _: Response<Sleep>) -> Result {
        self.called_back += 1;
        Ok(())
    }

    async fn on_complete(&mut self, _: Announce) -> Result<Report> {
        Ok(Report { lines: vec![format!("called back {} times", self.called_back)] })
    }
}

production! {
    Crying {
        #[item(standalone)]
        crier: Crier { out: bed },
        bed: Bed {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_wants_no_responses_completes_at_once_and_none_is_made() {
    let rig = Rig::start::<Crying>().await;
    let start = Instant::now();
    let report = rig.call("crier", &Announce { times: 3 }).await;
    assert_eq!(report.lines, ["called back 0 times"]);
    assert!(start.elapsed() < Duration::from_secs(1), "it waited {:?}", start.elapsed());

    rig.until_idle().await;
    let sent = rig.messages_of::<Sleep>().await;
    assert!(sent.len() == 3 && sent.iter().all(|request| request.status == Status::Completed), "{sent:?}");
    assert_eq!(rig.messages_of::<Slept>().await, []);
    let responses: Vec<_> = rig.messages().await.into_iter().filter(|header| header.kind == Kind::Response).collect();
    assert_eq!(responses.len(), 1, "but the crier's own: {responses:?}");
}
