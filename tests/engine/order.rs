//! Order and bounded memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use iop::prelude::*;

use crate::kit::Lab;

#[message(response = Count)]
pub struct Burst {
    count: u32,
}

#[message]
pub struct Count {
    sent: u32,
}

#[message]
pub struct Number {
    number: u32,
}

/// Sends so many numbers.
#[business_service]
pub struct Source {
    #[target]
    out: Target<Number>,
}

#[handlers]
impl Source {
    async fn on_process_input(&mut self, burst: Burst, cx: &mut Context) -> Result<Count> {
        for number in 0..burst.count {
            cx.send_request_async(&self.out, Number { number }).response_required(false).await?;
        }
        Ok(Count { sent: burst.count })
    }
}

static SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Notes what it gets.
#[business_operation]
pub struct Sink;

#[handlers]
impl Sink {
    async fn note(&mut self, number: Number) -> Result {
        SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(number.number);
        Ok(())
    }
}

production! {
    /// One worker.
    pub InOrder {
        source: Source { out: sink },
        sink: Sink {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_queue_with_one_worker_keeps_order_also_beyond_its_window_and_bounds_its_memory() {
    let lab = Lab::start::<InOrder>().await;
    // Stopped, so that the backlog grows beyond what is kept in memory.
    let director = lab.director();
    director.stop_item("sink", iop::engine::Stop::Now).await.expect("known item");
    for _ in 0..5 {
        assert_eq!(lab.call("source", r#"{"count":1000}"#).await.as_deref(), Ok(r#"{"sent":1000}"#));
    }
    let sink = director.status().items.into_iter().find(|item| item.name == "sink").expect("sink");
    assert!(sink.queued <= 1024, "{} messages in memory", sink.queued);
    assert!(sink.more_in_store);
    director.start_item("sink").await.expect("known item");
    lab.until_idle().await;
    let seen = std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner));
    let expected: Vec<u32> = (0..5).flat_map(|_| 0..1000).collect();
    assert_eq!(seen, expected);
    assert!(lab.messages().await.iter().all(|header| header.status.is_finished()));
}

static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// Takes its time.
#[business_operation]
pub struct Slow;

#[handlers]
impl Slow {
    async fn wait(&mut self, _number: Number) -> Result {
        MOST.fetch_max(AT_ONCE.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        AT_ONCE.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }
}

production! {
    /// Four workers.
    pub Pool {
        source: Source { out: slow },
        #[item(pool_size = 4)]
        slow: Slow {},
    }
}

#[tokio::test(start_paused = true)]
async fn a_pool_of_four_works_on_four_messages_at_once_and_never_on_more() {
    let lab = Lab::start::<Pool>().await;
    let begun = tokio::time::Instant::now();
    lab.call("source", r#"{"count":40}"#).await.expect("accepted");
    lab.until_idle().await;
    assert_eq!(MOST.load(Ordering::SeqCst), 4);
    // 40 messages of a second each, four at a time.
    assert_eq!(begun.elapsed().as_secs(), 10);
}

static REACHABLE: AtomicUsize = AtomicUsize::new(0);
static ARRIVED: AtomicUsize = AtomicUsize::new(0);

/// Cannot be reached for a while.
#[business_operation]
pub struct Far;

#[handlers]
impl Far {
    async fn reach(&mut self, _number: Number) -> Result {
        if REACHABLE.load(Ordering::SeqCst) == 0 {
            return Err(Error::unavailable("no route"));
        }
        ARRIVED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

production! {
    /// Two workers.
    pub Outage {
        source: Source { out: far },
        #[item(pool_size = 2)]
        far: Far {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_keeps_no_more_in_memory_than_a_backlog() {
    let lab = Lab::start::<Outage>().await;
    for _ in 0..6 {
        lab.call("source", r#"{"count":1000}"#).await.expect("accepted");
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let status = lab.director().status();
    let far = status.items.into_iter().find(|item| item.name == "far").expect("far");
    assert!(far.queued <= 2048, "{} messages in memory", far.queued);
    REACHABLE.store(1, Ordering::SeqCst);
    lab.until_idle().await;
    assert_eq!(ARRIVED.load(Ordering::SeqCst), 6000);
    assert!(lab.messages().await.iter().all(|header| header.status.is_finished()));
}

#[message]
pub struct Scan {
    pixels: String,
}

/// Looks at scans.
#[business_operation]
pub struct Viewer;

#[handlers]
impl Viewer {
    async fn view(&mut self, scan: Scan) -> Result {
        info!("{} pixels", scan.pixels.len());
        Ok(())
    }
}

production! {
    /// Large messages.
    pub Scans {
        #[item(standalone, timeout = "1000s")]
        viewer: Viewer {},
    }
}

#[tokio::test(start_paused = true)]
async fn large_messages_are_read_into_memory_a_few_at_a_time() {
    let lab = Lab::start::<Scans>().await;
    let director = lab.director();
    director.stop_item("viewer", iop::engine::Stop::Now).await.expect("known item");
    // Into the store alone: an item that is stopped takes nothing from outside.
    let scans = (0..64).map(|number| {
        crate::kit::request("viewer", "Scan", number, format!(r#"{{"pixels":"{}"}}"#, "x".repeat(1 << 20)))
    });
    lab.put(scans.collect()).await;
    let lab = lab.crash_and_restart::<Scans>().await;
    let director = lab.director();
    let mut most = 0;
    while lab.messages().await.iter().any(|header| !header.status.is_finished()) {
        most = most.max(director.status().items[0].queued);
        tokio::task::yield_now().await;
    }
    assert!(most <= 32, "{most} MiB in memory");
}
