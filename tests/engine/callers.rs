//! Whoever calls from outside: with one id at the same time, with a store that fails, and gone before the answer.

use iop::director::DirectorError;
use iop::engine::{ItemPhase, Stop};
use iop::message::{MessageId, Status};
use iop::prelude::*;

use crate::front::Front;
use crate::kit::Lab;

#[message(response = Receipt)]
pub struct Coin {
    cents: u32,
}

#[message]
pub struct Receipt {
    cents: u32,
}

/// Takes a second for each coin.
#[business_operation]
pub struct Till;

#[handlers]
impl Till {
    async fn take(&mut self, coin: Coin) -> Result<Receipt> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Receipt { cents: coin.cents })
    }
}

production! {
    /// A till.
    pub Booth {
        #[item(standalone)]
        till: Till {},
    }
}

const COIN: &[u8] = br#"{"cents":5}"#;

#[tokio::test(start_paused = true)]
async fn callers_with_one_id_at_the_same_time_all_get_its_response() {
    let lab = Lab::start::<Booth>().await;
    let (director, id) = (lab.director(), Some(MessageId::random()));
    let call = || director.call_json("till", None, COIN, id);
    let impatient = tokio::time::timeout(Duration::from_millis(500), call());
    let (first, second, gone, late) = tokio::join!(call(), call(), impatient, async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        call().await
    });
    assert!(gone.is_err(), "it did not wait for the response");
    for called in [first, second, late] {
        assert_eq!(called.map(|called| called.response.unwrap_or_default()), Ok(r#"{"cents":5}"#.into()));
    }
    assert_eq!(lab.requests_to("till").await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_carried_out_even_when_whoever_asked_for_it_is_gone() {
    let lab = Lab::start::<Booth>().await;
    let director = lab.director();
    let caller = director.clone();
    let _call = tokio::spawn(async move { caller.call_json("till", None, COIN, None).await });
    lab.until("till", Status::InFlight).await;
    let stop = director.stop_item("till", Stop::Drain(Duration::from_secs(60)));
    assert!(tokio::time::timeout(Duration::from_millis(100), stop).await.is_err(), "the turn takes longer");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(director.status().items[0].state, ItemPhase::Stopped);
    assert_eq!(director.start_item("till").await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_failed_recovers_even_when_every_caller_gives_an_id() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Booth>(front.clone(), store, clock).await;
    lab.until_idle().await;
    front.fail();
    let director = lab.director();
    let id = Some(MessageId::random());
    let refused = director.call_json("till", None, COIN, id).await;
    assert!(matches!(refused, Err(DirectorError::NotStored(_) | DirectorError::Unknown(_))), "{refused:?}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let called = director.call_json("till", None, COIN, id).await;
    assert_eq!(called.map(|called| called.response.unwrap_or_default()), Ok(r#"{"cents":5}"#.into()));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_could_not_be_read_is_read_again() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Booth>(front.clone(), store, clock).await;
    lab.until_idle().await;
    front.fail_next_lease();
    let director = lab.director();
    // With an id, the message goes to its queue by way of the store.
    let call = tokio::spawn(async move { director.call_json("till", None, COIN, Some(MessageId::random())).await });
    let served = tokio::time::timeout(Duration::from_secs(10), lab.until("till", Status::Completed)).await;
    assert!(served.is_ok(), "{:#?}", lab.messages().await);
    let _ = call.await;
}
