//! Input that somebody brings and waits for: refused at once where it cannot be taken, and finished at a stop.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use iop::adapter::{Committed, Inbound, InboundAdapter, Inputs, Received};
use iop::component::{Fields, ItemConfig, Wiring};
use iop::engine::Stop;
use iop::prelude::*;
use iop::settings::SettingDecl;
use tokio::sync::Notify;

use crate::front::Front;
use crate::kit::Lab;

#[message]
pub struct Parcel {
    text: String,
}

/// Shelves parcels.
#[business_operation]
pub struct Shelf;

#[handlers]
impl Shelf {
    async fn shelve(&mut self, parcel: Parcel) -> Result {
        info!("{}", parcel.text);
        Ok(())
    }
}

/// Who stands before the counter. One test has it at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static DOOR: Mutex<VecDeque<&str>> = Mutex::new(VecDeque::new());
static BELL: Notify = Notify::const_new();
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
static OPENED: AtomicU32 = AtomicU32::new(0);
/// Lets go of the parcel that waits.
static KEY: Notify = Notify::const_new();

fn of<T>(shared: &'static Mutex<T>) -> MutexGuard<'static, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn say(what: String) {
    of(&SAID).push(what);
    BELL.notify_waiters();
}

fn bring(parcels: &[&'static str]) {
    of(&DOOR).extend(parcels);
    BELL.notify_waiters();
}

/// Waits until so much was said, and takes it.
async fn said(count: usize) -> Vec<String> {
    while of(&SAID).len() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    std::mem::take(&mut *of(&SAID))
}

/// Everybody waits until told.
pub struct Window;

#[derive(Default)]
pub struct WindowFields;

impl Fields for WindowFields {
    fn wiring(self) -> Wiring {
        Wiring::default()
    }
}

impl InboundAdapter for Window {
    type Input = String;
    type Ticket = &'static str;
    type Fields = WindowFields;
    const SETTINGS: &'static [SettingDecl] = &[];
    const INPUTS: Inputs = Inputs::Brought;

    fn build(_config: &ItemConfig) -> Result<Self> {
        Ok(Self)
    }

    async fn open(&mut self) -> Result {
        OPENED.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn receive(&mut self) -> Result<Received<String, &'static str>> {
        let Some(ticket) = of(&DOOR).pop_front() else { return Ok(Received::Nothing) };
        Ok(Received::Input(Inbound { input: ticket.to_owned(), identity: None, label: ticket.to_owned(), ticket }))
    }

    async fn accepted(&mut self, ticket: &'static str, _: Committed) -> Result {
        say(format!("{ticket} accepted"));
        Ok(())
    }

    async fn refused(&mut self, ticket: &'static str, error: &str) -> Result {
        say(format!("{ticket} refused: {error}"));
        Ok(())
    }

    async fn arrival(&mut self) {
        loop {
            let rings = BELL.notified();
            if !of(&DOOR).is_empty() {
                return;
            }
            rings.await;
        }
    }

    async fn stopping(&mut self) {
        say("the door is closed".to_owned());
    }
}

/// Takes what is brought.
#[business_service(adapter = Window)]
pub struct Porter {
    #[target]
    out: Target<Parcel>,
    parcels: u32,
}

#[handlers]
impl Porter {
    async fn on_process_input(&mut self, input: String, cx: &mut Context) -> Result {
        self.parcels += 1;
        match input.as_str() {
            "fails" => return Err(Error::retry(format!("number {} of this porter", self.parcels))),
            "is unwanted" => return Err(Error::unavailable("come back tomorrow")),
            "panics" => panic!("number {} of this porter", self.parcels),
            "waits" => KEY.notified().await,
            _ => {}
        }
        cx.send_request_async(&self.out, Parcel { text: input }).await?;
        Ok(())
    }
}

production! {
    /// A porter at a window.
    pub Lodge {
        porter: Porter { out: shelf },
        shelf: Shelf {},
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_brought_and_fails_is_refused_at_once_and_keeps_nobody_from_the_window() {
    let _turn = TURN.lock().await;
    OPENED.store(0, Ordering::SeqCst);
    let lab = Lab::start::<Lodge>().await;
    lab.until_idle().await;
    let began = tokio::time::Instant::now();
    bring(&["first", "fails", "is unwanted", "panics", "second"]);
    assert_eq!(
        said(5).await,
        [
            "first accepted",
            "fails refused: number 2 of this porter",
            "is unwanted refused: come back tomorrow",
            "panics refused: the handler panicked: number 4 of this porter",
            "second accepted",
        ]
    );
    // Nothing waited for a backoff, and nothing for the next look of an adapter that fetches.
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(OPENED.load(Ordering::SeqCst), 1);
    assert_eq!(lab.requests_to("shelf").await.len(), 2);
    lab.stop(Stop::Drain(Duration::from_secs(60))).await;
    assert_eq!(said(1).await, ["the door is closed"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_brought_and_cannot_be_stored_is_refused_with_the_reason() {
    let _turn = TURN.lock().await;
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Lodge>(front.clone(), store, clock).await;
    lab.until_idle().await;
    front.fill(true);
    bring(&["first"]);
    assert_eq!(
        said(1).await,
        ["first refused: no space is left on the disk of the store: nothing new is taken until there is"]
    );
    front.fill(false);
    front.fail();
    bring(&["second"]);
    assert_eq!(said(1).await, ["second refused: not stored: the disk is on fire"]);
    bring(&["third"]);
    assert_eq!(said(1).await, ["third accepted"]);
    lab.until_idle().await;
    assert_eq!(lab.requests_to("shelf").await.len(), 1);
    lab.stop(Stop::Drain(Duration::from_secs(60))).await;
    assert_eq!(said(1).await, ["the door is closed"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_let_in_before_a_stop_is_finished() {
    let _turn = TURN.lock().await;
    let lab = Lab::start::<Lodge>().await;
    bring(&["waits"]);
    while !of(&DOOR).is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bring(&["second", "third"]);
    let stop = tokio::spawn(lab.stop(Stop::Drain(Duration::from_secs(60))));
    // At once, and not only when the turn is over.
    assert_eq!(said(1).await, ["the door is closed"]);
    KEY.notify_one();
    stop.await.expect("it stops");
    assert_eq!(said(3).await, ["waits accepted", "second accepted", "third accepted"]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_until_all_is_done_waits_while_the_store_recovers() {
    let _turn = TURN.lock().await;
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Lodge>(front.clone(), store, clock).await;
    lab.until_idle().await;
    front.fail();
    // What it asks the store itself is what fails.
    lab.until_idle().await;
    bring(&["first"]);
    assert_eq!(said(1).await, ["first accepted"]);
    lab.until_idle().await;
    assert_eq!(lab.requests_to("shelf").await.len(), 1);
    lab.stop(Stop::Drain(Duration::from_secs(60))).await;
    assert_eq!(said(1).await, ["the door is closed"]);
}
