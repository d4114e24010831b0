//! A store that fails in the middle: everything speculated on the failed commit is dropped, everything stored goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use iop::clock::Timestamp;
use iop::director::DirectorError;
use iop::message::{MessageId, Status};
use iop::prelude::*;
use iop::store::memory::MemoryStore;
use iop::store::{
    Admin, Caps, Commit, Event, EventQuery, Fence, LeaseBatch, LeaseRequest, LeaseToken, MessageQuery, NodeId,
    ProcessState, QueueStatus, Receipt, Reply, Step, Store, StoreError, StoredMessage, Viewer,
};

use crate::kit::Lab;

/// A memory store that fails from the next step on, until it is told to recover.
#[derive(Debug)]
struct Unreliable {
    inner: Arc<MemoryStore>,
    broken: AtomicBool,
}

impl Unreliable {
    fn fail(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }
}

impl Viewer for Unreliable {
    fn query(&self, query: MessageQuery) -> Reply<Vec<iop::message::Header>> {
        self.inner.query(query)
    }

    fn find(&self, id: MessageId) -> Reply<Option<StoredMessage>> {
        self.inner.find(id)
    }

    fn queues(&self) -> Reply<Vec<QueueStatus>> {
        self.inner.queues()
    }

    fn events(&self, query: EventQuery) -> Reply<Vec<Event>> {
        self.inner.events(query)
    }
}

impl Store for Unreliable {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn epoch(&self) -> u64 {
        self.inner.epoch()
    }

    fn recover(&self) -> Reply<()> {
        self.broken.store(false, Ordering::SeqCst);
        self.inner.recover()
    }

    fn submit(&self, step: Step) -> Receipt {
        if !self.broken.load(Ordering::SeqCst) {
            return self.inner.submit(step);
        }
        // As a real store: it hands out sequences and leases first, and then the commit fails.
        let leases = step.emit.iter().map(|message| {
            message.leased.map(|_| LeaseToken { message: message.id, sequence: u64::MAX / 2, number: 0 })
        });
        Receipt {
            first_sequence: u64::MAX / 2,
            leases: leases.collect(),
            commit: Commit::done(Err(StoreError::NotStored("the disk is on fire".into()))),
        }
    }

    fn lease(&self, request: LeaseRequest) -> Reply<LeaseBatch> {
        self.inner.lease(request)
    }

    fn extend(&self, leases: Vec<LeaseToken>, ttl: Duration) -> Reply<Vec<bool>> {
        self.inner.extend(leases, ttl)
    }

    fn load_state(&self, instance: MessageId) -> Reply<Option<ProcessState>> {
        self.inner.load_state(instance)
    }

    fn is_marked(&self, mark: MessageId) -> Reply<bool> {
        self.inner.is_marked(mark)
    }

    fn acquire(&self, name: Arc<str>, node: NodeId, ttl: Duration) -> Reply<Option<Fence>> {
        self.inner.acquire(name, node, ttl)
    }

    fn renew(&self, fence: Fence, ttl: Duration) -> Reply<bool> {
        self.inner.renew(fence, ttl)
    }

    fn give_up(&self, fence: Fence) -> Reply<()> {
        self.inner.give_up(fence)
    }

    fn append_events(&self, events: Vec<Event>) {
        self.inner.append_events(events);
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Reply<usize> {
        self.inner.purge(before, limit)
    }

    fn admin(&self, action: Admin) -> Reply<bool> {
        self.inner.admin(action)
    }

    fn close(&self) -> Reply<()> {
        self.inner.close()
    }
}

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
    let unreliable = Arc::new(Unreliable { inner: store.clone(), broken: AtomicBool::new(false) });
    let lab = Lab::on_store::<Parcels>(unreliable.clone(), store, clock).await;
    for number in 0..10 {
        lab.call("hub", &format!(r#"{{"number":{number}}}"#)).await.expect("accepted");
    }
    while delivered().len() < 3 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreliable.fail();
    let refused = lab.call("hub", r#"{"number":99}"#).await;
    assert!(matches!(refused, Err(DirectorError::NotStored(_) | DirectorError::Unknown(_))), "{refused:?}");
    // Stopped for a moment while everything starts over.
    while !lab.running.director().status().items.iter().all(|item| item.state == iop::engine::ItemPhase::Running) {
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
