//! The production under fault: orders come in over HTTP and as files, pass a process, and are delivered to an outside
//! target in the order of their lanes. Beside it a process that gathers, one that waits for responses, one with timers.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::SystemTime;

use iop::adapter::file::{FileInbound, ReceivedFile};
use iop::prelude::*;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;

/// Says which production this program is to be, in place of the suite.
pub(crate) const PRODUCTION: &str = "FAULT_PRODUCTION";

/// Numbers that the tally gathers before it says so.
pub(crate) const BATCH: usize = 10;

/// What the driver sends.
#[message]
pub(crate) struct Order {
    pub(crate) number: u64,
    #[key]
    pub(crate) lane: String,
    /// What is wrong with it: a word that `Desk` knows, or nothing.
    pub(crate) trouble: String,
    pub(crate) filler: String,
}

/// What the outside gets.
#[message]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    #[key]
    pub(crate) lane: String,
}

/// What the tally gets.
#[message]
pub(crate) struct Count {
    pub(crate) number: u64,
    #[key]
    pub(crate) lane: String,
}

/// Numbers of one lane that the tally has gathered.
#[message]
pub(crate) struct Batch {
    #[key]
    pub(crate) lane: String,
    pub(crate) numbers: Vec<u64>,
}

/// A case that needs three opinions.
#[message]
pub(crate) struct Case {
    pub(crate) number: u64,
}

#[message(response = Opinion)]
pub(crate) struct Question {
    pub(crate) number: u64,
}

#[message]
pub(crate) struct Opinion {
    pub(crate) number: u64,
}

/// Wants a delivery after a while.
#[message]
pub(crate) struct Alarm {
    pub(crate) number: u64,
    pub(crate) after_ms: u64,
}

/// Takes orders over HTTP.
#[business_service]
pub(crate) struct Intake {
    #[target]
    out: Target<Order>,
}

#[handlers]
impl Intake {
    async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, order).response_required(false).await?;
        Ok(())
    }
}

/// Takes orders as files, each a line of JSON.
#[business_service(adapter = FileInbound)]
pub(crate) struct Files {
    #[target]
    out: Target<Order>,
}

#[handlers]
impl Files {
    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        for line in file.text()?.lines() {
            let order: Order = serde_json::from_str(line).map_err(Error::fatal)?;
            cx.send_request_async(&self.out, order).response_required(false).await?;
        }
        Ok(())
    }
}

/// Passes orders on, unless they are trouble.
#[business_process]
pub(crate) struct Desk {
    #[target]
    out: Target<Delivery>,
    #[target]
    tally: Target<Count>,
}

#[handlers]
impl Desk {
    async fn pass(&mut self, order: Order, cx: &mut Context) -> Result {
        trouble(&order.trouble).await?;
        let count = Count { number: order.number, lane: order.lane.clone() };
        cx.send_request_async(&self.tally, count).response_required(false).await?;
        let delivery = Delivery { number: order.number, lane: order.lane };
        cx.send_request_async(&self.out, delivery).response_required(false).await?;
        Ok(())
    }
}

/// What handlers do that should not.
async fn trouble(word: &str) -> Result {
    match word {
        "" => Ok(()),
        "poison" => Err(Error::retry("this order is poison")),
        "panic" => panic!("this order makes its handler panic"),
        "abort" => std::process::abort(),
        "hang" => std::future::pending().await,
        "block" => {
            // A blocked thread is what this order is for; it lasts longer than any scenario.
            std::thread::sleep(Duration::from_secs(3600));
            Ok(())
        }
        "spin" => loop {
            std::hint::spin_loop();
        },
        "slow" => {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(())
        }
        other => Err(Error::fatal(format!("no such trouble: {other}"))),
    }
}

/// Gathers ten numbers of a lane.
#[business_process(correlate = lane)]
pub(crate) struct Tally {
    #[target]
    out: Target<Batch>,
    #[state]
    numbers: Vec<u64>,
}

#[handlers]
impl Tally {
    async fn count(&mut self, count: Count, cx: &mut Context) -> Result {
        self.numbers.push(count.number);
        if self.numbers.len() == BATCH {
            let batch = Batch { lane: count.lane, numbers: std::mem::take(&mut self.numbers) };
            cx.send_request_async(&self.out, batch).response_required(false).await?;
            cx.end_group()?;
        }
        Ok(())
    }
}

/// Takes batches, and that is all: what matters is that they are stored.
#[business_operation]
pub(crate) struct Stamp;

#[handlers]
impl Stamp {
    async fn stamp(&mut self, _: Batch) -> Result {
        Ok(())
    }
}

/// Takes cases over HTTP.
#[business_service]
pub(crate) struct Casework {
    #[target]
    out: Target<Case>,
}

#[handlers]
impl Casework {
    async fn on_process_input(&mut self, case: Case, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, case).response_required(false).await?;
        Ok(())
    }
}

/// Asks three times, and delivers when it has all the responses.
#[business_process]
pub(crate) struct Cases {
    #[target]
    clerk: Target<Question>,
    #[target]
    out: Target<Delivery>,
    #[state]
    opinions: u64,
}

#[handlers]
impl Cases {
    async fn open(&mut self, case: Case, cx: &mut Context) -> Result<Pending> {
        for key in ["1", "2", "3"] {
            cx.send_request_async(&self.clerk, Question { number: case.number }).completion_key(key).await?;
        }
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Question>) -> Result {
        response.result?;
        self.opinions += 1;
        Ok(())
    }

    async fn on_complete(&mut self, case: Case, cx: &mut Context) -> Result {
        if self.opinions != 3 {
            return Err(Error::fatal(format!("{} opinions of case {}", self.opinions, case.number)));
        }
        let delivery = Delivery { number: case.number, lane: format!("case-{}", case.number) };
        cx.send_request_async(&self.out, delivery).response_required(false).await?;
        Ok(())
    }
}

/// Has opinions, after a while.
#[business_operation]
pub(crate) struct Clerk {
    #[setting(default = "20ms")]
    pause: Duration,
}

#[handlers]
impl Clerk {
    async fn opine(&mut self, question: Question) -> Result<Opinion> {
        tokio::time::sleep(self.pause).await;
        Ok(Opinion { number: question.number })
    }
}

/// Takes alarms over HTTP.
#[business_service]
pub(crate) struct Waking {
    #[target]
    out: Target<Alarm>,
}

#[handlers]
impl Waking {
    async fn on_process_input(&mut self, alarm: Alarm, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, alarm).response_required(false).await?;
        Ok(())
    }
}

/// Delivers when its timer goes off, and says in the lane when that was too early by the clock on the wall.
#[business_process]
pub(crate) struct Alarms {
    #[target]
    out: Target<Delivery>,
    #[state]
    due_ms: u64,
}

#[handlers]
impl Alarms {
    async fn set(&mut self, alarm: Alarm, cx: &mut Context) -> Result<Pending> {
        self.due_ms = wall_ms() + alarm.after_ms;
        cx.set_timer(Duration::from_millis(alarm.after_ms), "alarm").await?;
        Ok(Pending)
    }

    async fn on_timer(&mut self, _: Timer, cx: &mut Context) -> Result {
        let alarm: Alarm = cx.request()?;
        // Milliseconds are cut off on both sides.
        let when = if wall_ms() + 2 < self.due_ms { "early" } else { "alarm" };
        let delivery = Delivery { number: alarm.number, lane: format!("{when}-{}", alarm.number) };
        cx.send_request_async(&self.out, delivery).response_required(false).await?;
        Ok(())
    }

    async fn on_complete(&mut self, _: Alarm) -> Result {
        Ok(())
    }
}

fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Tells the target outside, and waits until it says that it has it.
#[business_operation]
pub(crate) struct Outside {
    #[setting]
    address: SocketAddr,
    line: Option<BufStream<TcpStream>>,
}

/// A target that says nothing for so long is out.
const PATIENCE: Duration = Duration::from_secs(1);

#[handlers]
impl Outside {
    async fn deliver(&mut self, delivery: Delivery, cx: &mut Context) -> Result {
        let said = format!("{} {} {}\n", delivery.number, delivery.lane, cx.idempotency_key());
        // Taken out while it is used: a connection on which something went wrong is not used again.
        let line = self.line.take();
        let told = tokio::time::timeout(PATIENCE, tell(line, self.address, &said)).await;
        self.line = Some(told.map_err(Error::unavailable)?.map_err(Error::unavailable)?);
        Ok(())
    }
}

async fn tell(
    line: Option<BufStream<TcpStream>>,
    address: SocketAddr,
    said: &str,
) -> std::io::Result<BufStream<TcpStream>> {
    let mut line = match line {
        Some(line) => line,
        None => BufStream::new(TcpStream::connect(address).await?),
    };
    line.write_all(said.as_bytes()).await?;
    line.flush().await?;
    let mut answer = String::new();
    line.read_line(&mut answer).await?;
    if answer == "ok\n" { Ok(line) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

production! {
    /// What the suite puts under fault.
    pub(crate) Works {
        alerts none;
        #[item(pool_size = 16)]
        intake: Intake { out: desk },
        files: Files { path: "in", pattern: "*.json", call_interval: "20ms", stable: "0s", out: desk },
        #[item(pool_size = 4, order = key(lane), failing = suspend, backoff = "20ms", timeout = "1s")]
        desk: Desk { out: outside, tally: tally },
        #[item(pool_size = 2)]
        tally: Tally { out: stamp },
        stamp: Stamp {},
        #[item(pool_size = 16)]
        casework: Casework { out: cases },
        #[item(pool_size = 4)]
        cases: Cases { clerk: clerk, out: outside },
        #[item(pool_size = 32)]
        clerk: Clerk {},
        #[item(pool_size = 4)]
        waking: Waking { out: alarms },
        #[item(pool_size = 4)]
        alarms: Alarms { out: outside },
        #[item(pool_size = 4, order = key(lane), failing = suspend, backoff = "50ms", backoff_cap = "200ms")]
        outside: Outside {},
    }
}

production! {
    /// The same after an edit: other pool sizes, another order of the items, a desk of another name, no cases and no alarms.
    pub(crate) Edited {
        alerts none;
        #[item(pool_size = 2, order = key(lane), failing = suspend, backoff = "50ms", backoff_cap = "200ms")]
        outside: Outside {},
        stamp: Stamp {},
        tally: Tally { out: stamp },
        #[item(pool_size = 8, order = key(lane), failing = suspend, backoff = "20ms", timeout = "1s", renamed_from = "desk")]
        counter: Desk { out: outside, tally: tally },
        files: Files { path: "in", pattern: "*.json", call_interval: "20ms", stable: "0s", out: counter },
        #[item(pool_size = 4)]
        intake: Intake { out: counter },
    }
}

/// Runs the production of this name, with the command line of a production.
pub(crate) fn run(name: &str) -> ExitCode {
    match name {
        "edited" => iop::run::<Edited>(),
        _ => iop::run::<Works>(),
    }
}
