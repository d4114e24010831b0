//! A store that fails in the middle: everything speculated on the failed commit is dropped, everything stored goes on.

use std::sync::{Mutex, PoisonError};

use iop::director::DirectorError;
use iop::message::Status;
use iop::prelude::*;

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
    while !lab.director().status().items.iter().all(|item| item.state == iop::engine::ItemPhase::Running) {
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
