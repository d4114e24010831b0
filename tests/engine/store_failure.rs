//! A store that fails in the middle: everything speculated on the failed commit is dropped, everything stored goes on.

use std::sync::{Arc, Mutex, PoisonError};

use iop::clock::SystemClock;
use iop::director::DirectorError;
use iop::engine::{self, ItemPhase, Running, StartOptions};
use iop::message::Status;
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{self, Layers};
use iop::store::sqlite::{Fault, SqliteStore};
use iop::store::{MessageQuery, Store, StoreError, Viewer};

use crate::front::Front;
use crate::kit::Lab;

#[message]
pub struct Parcel {
    number: u32,
}

/// Passes parcels on.
#[business_process]
pub struct Hub {
    #[target]
    out: Target<Parcel>,
}

#[handlers]
impl Hub {
    async fn pass(&mut self, parcel: Parcel, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, parcel).response_required(false).await?;
        Ok(())
    }
}

static DELIVERED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Delivers one parcel a second.
#[business_operation]
pub struct Driver;

#[handlers]
impl Driver {
    async fn deliver(&mut self, parcel: Parcel) -> Result {
        tokio::time::sleep(Duration::from_secs(1)).await;
        DELIVERED.lock().unwrap_or_else(PoisonError::into_inner).push(parcel.number);
        Ok(())
    }
}

production! {
    /// Parcels through a hub.
    pub Parcels {
        #[item(standalone)]
        hub: Hub { out: driver },
        driver: Driver {},
    }
}

fn delivered() -> Vec<u32> {
    DELIVERED.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_commit_what_is_stored_goes_on_in_order_and_the_caller_of_what_is_not_is_told() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Parcels>(front.clone(), store, clock).await;
    for number in 0..10 {
        lab.call("hub", &format!(r#"{{"number":{number}}}"#)).await.expect("accepted");
    }
    while delivered().len() < 3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    front.fail();
    let refused = lab.call("hub", r#"{"number":99}"#).await;
    assert!(matches!(refused, Err(DirectorError::NotStored(_) | DirectorError::Unknown(_))), "{refused:?}");
    // Stopped for a moment while everything starts over.
    while !lab.director().status().items.iter().all(|item| item.state == ItemPhase::Running) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    lab.until_idle().await;
    let mut numbers = delivered();
    // The parcel under way when the store failed is delivered again: outside, at least once.
    numbers.dedup();
    assert_eq!(numbers, (0..10).collect::<Vec<_>>());
    let messages = lab.messages().await;
    assert_eq!(messages.len(), 20);
    assert!(messages.iter().all(|header| header.status == Status::Completed), "{messages:#?}");
}

/// Takes letters.
#[business_operation]
pub struct Letterbox;

#[handlers]
impl Letterbox {
    async fn take(&mut self, _letter: Parcel) -> Result {
        Ok(())
    }
}

production! {
    /// A letter box.
    pub Post {
        #[item(standalone)]
        slot: Letterbox {},
    }
}

/// A letter box on a disk.
struct OnDisk {
    store: Arc<SqliteStore>,
    running: Running,
    _dir: tempfile::TempDir,
}

impl OnDisk {
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(&dir.path().join("store"), Arc::new(SystemClock)).expect("the store opens");
        let resolved = settings::resolve(Post::GRAPH, Post::wiring(), &Layers::none()).expect("valid settings");
        let options = StartOptions::default();
        let running = engine::start(resolved, store.clone(), options).await.expect("it fits the store");
        Self { store, running, _dir: dir }
    }

    async fn post(&self, number: u32) -> std::result::Result<(), DirectorError> {
        let body = format!(r#"{{"number":{number}}}"#);
        self.running.director().call_json("slot", None, body.as_bytes(), None).await.map(drop)
    }

    /// Waits until letters are taken again.
    async fn until_it_goes_on(&self, number: u32) {
        while self.post(number).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

// On a real disk, and so in real time.
#[tokio::test]
async fn an_error_of_the_disk_leaves_callers_in_doubt_and_everything_else_goes_on() {
    let post = OnDisk::start().await;
    post.post(1).await.expect("it works");
    let epoch = post.store.epoch();
    post.store.inject(Fault::AfterCommit);
    let doubt = post.post(2).await;
    assert!(matches!(doubt, Err(DirectorError::Unknown(_))), "{doubt:?}");
    post.until_it_goes_on(3).await;
    assert!(post.store.epoch() > epoch, "what was leased before is void");
    assert_eq!(post.running.until_idle().await.expect("the store works").suspended, 0);
    let stored = post.store.query(MessageQuery::default()).await.expect("the store works");
    // The one in doubt was stored, and so it is done; the ones that were refused meanwhile are not there.
    assert!(stored.len() >= 3 && stored.iter().all(|letter| letter.status == Status::Completed), "{stored:#?}");
}

#[tokio::test]
async fn the_third_error_of_the_disk_in_ten_minutes_is_the_last() {
    let post = OnDisk::start().await;
    for failure in 1..=3 {
        post.until_it_goes_on(failure).await;
        post.store.inject(Fault::AfterCommit);
        assert!(post.post(10 + failure).await.is_err());
    }
    let gone = post.running.store_gone().await;
    assert!(matches!(gone, StoreError::Unknown(_)), "{gone:?}");
}

#[tokio::test]
async fn a_damaged_database_is_not_tried_again() {
    let post = OnDisk::start().await;
    post.store.inject(Fault::Damage);
    assert!(post.post(1).await.is_err());
    let gone = post.running.store_gone().await;
    assert!(matches!(gone, StoreError::Corrupt(_)), "{gone:?}");
}
