//! Crashes in the middle of turns: nothing is lost, nothing is done twice inside.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use iop::clock::SystemClock;
use iop::engine::{self, StartOptions};
use iop::message::{Header, Status, SuspendReason};
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{self, Layers};
use iop::store::sqlite::SqliteStore;
use iop::store::{MessageQuery, Viewer};

use crate::kit::Lab;

#[message(response = Total)]
pub struct Order {
    amount: u32,
}

#[message]
pub struct Total {
    amount: u32,
}

#[message(response = Rate)]
pub struct AskRate {
    amount: u32,
}

#[message]
pub struct Rate {
    percent: u32,
}

#[message]
pub struct Booking {
    text: String,
}

static FAIL_ONCE: AtomicUsize = AtomicUsize::new(0);
static STOP_HERE: AtomicUsize = AtomicUsize::new(0);
static RATES: AtomicUsize = AtomicUsize::new(0);
static BOOKINGS: AtomicUsize = AtomicUsize::new(0);

/// Asks for a rate, books, and answers.
#[business_process]
pub struct Clerk {
    #[target]
    rates: Target<AskRate>,
    #[target]
    books: Target<Booking>,
}

#[handlers]
impl Clerk {
    async fn take(&mut self, order: Order, cx: &mut Context) -> Result<Total> {
        cx.send_request_async(&self.books, Booking { text: "asked".into() }).await?;
        let rate = cx.send_request_sync(&self.rates, AskRate { amount: order.amount }).await?;
        cx.send_request_async(&self.books, Booking { text: "answered".into() }).await?;
        if FAIL_ONCE.swap(0, Ordering::SeqCst) == 1 {
            return Err(Error::retry("after the response"));
        }
        if STOP_HERE.load(Ordering::SeqCst) == 1 {
            std::future::pending::<()>().await;
        }
        Ok(Total { amount: order.amount * rate.percent / 100 })
    }
}

/// Gives a rate, counting how often.
#[business_operation]
pub struct Rates;

#[handlers]
impl Rates {
    async fn rate(&mut self, _ask: AskRate) -> Result<Rate> {
        RATES.fetch_add(1, Ordering::SeqCst);
        Ok(Rate { percent: 50 })
    }
}

/// Books, counting how often.
#[business_operation]
pub struct Books;

#[handlers]
impl Books {
    async fn book(&mut self, booking: Booking) -> Result {
        info!("{}", booking.text);
        BOOKINGS.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

production! {
    /// A clerk.
    pub Office {
        #[item(standalone)]
        clerk: Clerk { rates: rates, books: books },
        rates: Rates {},
        books: Books {},
    }
}

// One test, because the counters are shared by what runs in this process.
#[tokio::test(start_paused = true)]
async fn a_repeated_turn_finds_its_recorded_requests_and_sends_nothing_twice() {
    let reset = || (RATES.swap(0, Ordering::SeqCst), BOOKINGS.swap(0, Ordering::SeqCst));

    // The turn fails after it was answered, and is repeated in the same process.
    FAIL_ONCE.store(1, Ordering::SeqCst);
    let lab = Lab::start::<Office>().await;
    assert_eq!(lab.call("clerk", r#"{"amount":80}"#).await.as_deref(), Ok(r#"{"amount":40}"#));
    lab.until_idle().await;
    assert_eq!(reset(), (1, 2));

    // The process crashes in the middle of the turn.
    STOP_HERE.store(1, Ordering::SeqCst);
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("clerk", None, br#"{"amount":60}"#, None).await });
    while RATES.load(Ordering::SeqCst) == 0 || lab.requests_to("rates").await[1].status != Status::Completed {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    call.abort();
    STOP_HERE.store(0, Ordering::SeqCst);
    let lab = lab.crash_and_restart::<Office>().await;
    lab.until_idle().await;
    assert_eq!(reset(), (1, 2));
    let orders = lab.requests_to("clerk").await;
    assert!(orders.iter().all(|order| order.status == Status::Completed), "{orders:#?}");
    assert_eq!(
        lab.session(orders[1].session).await.len(),
        8,
        "an order, its total, a rate, two bookings, each answered"
    );
}

#[message]
pub struct Parcel {
    ticks: bool,
}

/// Never comes back from a parcel that ticks.
#[business_operation]
pub struct Scale;

#[handlers]
impl Scale {
    async fn weigh(&mut self, parcel: Parcel) -> Result {
        if parcel.ticks {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

production! {
    /// A scale.
    pub Counter {
        #[item(standalone, timeout = "1h", request_timeout = "1h")]
        scale: Scale {},
    }
}

async fn parcels(store: &SqliteStore) -> Vec<Header> {
    let query = MessageQuery { oldest_first: true, ..MessageQuery::default() };
    store.query(query).await.expect("readable")
}

/// The store as a kill leaves it at this moment: who is only dropped here is cut off, and then nothing is in flight.
fn as_killed(store: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    // The tip first: it must not be ahead of the log.
    for name in ["tip", "iop.db", "iop.db-wal", "pages", "flight", "engine.lock"] {
        fs::copy(store.join(name), to.join(name)).expect("a file of the store");
    }
}

// On the store that knows of crashes, and so in real time.
#[tokio::test]
async fn a_message_that_was_in_flight_in_three_crashes_is_suspended_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dir = folder.path().join("0");
    let open = |dir: &Path| SqliteStore::open(dir, Arc::new(SystemClock)).expect("it opens");
    let start = async |store: Arc<SqliteStore>| {
        let resolved = settings::resolve(Counter::GRAPH, Counter::wiring(), &Layers::none()).expect("valid settings");
        engine::start(resolved, store, StartOptions::default()).await.expect("it fits the store")
    };
    let mut store = open(&dir);
    let mut running = start(store.clone()).await;
    let _calls = [r#"{"ticks":true}"#, r#"{"ticks":false}"#].map(|body| {
        let director = running.director();
        tokio::spawn(async move { director.call_json("scale", None, body.as_bytes(), None).await })
    });
    for crash in 0..3 {
        while !parcels(&store).await.iter().any(|parcel| parcel.status == Status::InFlight && parcel.crashes == crash) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let next = folder.path().join((crash + 1).to_string());
        as_killed(&dir, &next);
        dir = next;
        store = open(&dir);
        running = start(store.clone()).await;
    }
    assert_eq!(running.until_idle().await.expect("the store works").suspended, 1);
    let parcels = parcels(&store).await;
    assert_eq!(parcels[0].reason, Some(SuspendReason::CrashSuspect));
    assert_eq!(parcels[1].status, Status::Completed);
}
