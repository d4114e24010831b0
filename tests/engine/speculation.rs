//! Speculation: what a turn sends reaches a process before it is durable; an operation's call and the answer to a caller
//! outside wait for the commit.

use std::sync::atomic::{AtomicUsize, Ordering};

use iop::prelude::*;

use crate::front::Front;
use crate::kit::Lab;

#[message(response = Receipted)]
pub struct Letter {
    text: String,
}

#[message]
pub struct Receipted {}

static IN_OFFICE: AtomicUsize = AtomicUsize::new(0);
static IN_VAN: AtomicUsize = AtomicUsize::new(0);

/// The entrance.
#[business_service]
pub struct Entrance {
    #[target]
    out: Target<Letter>,
}

#[handlers]
impl Entrance {
    async fn on_process_input(&mut self, letter: Letter, cx: &mut Context) -> Result<Receipted> {
        Ok(cx.send_request_sync(&self.out, letter).await?)
    }
}

/// In the middle.
#[business_process]
pub struct Office {
    #[target]
    out: Target<Letter>,
}

#[handlers]
impl Office {
    async fn sort(&mut self, letter: Letter, cx: &mut Context) -> Result<Receipted> {
        IN_OFFICE.fetch_add(1, Ordering::SeqCst);
        Ok(cx.send_request_sync(&self.out, letter).await?)
    }
}

/// Touches the outside.
#[business_operation]
pub struct Van;

#[handlers]
impl Van {
    async fn deliver(&mut self, _letter: Letter) -> Result<Receipted> {
        IN_VAN.fetch_add(1, Ordering::SeqCst);
        Ok(Receipted {})
    }
}

production! {
    /// A letter's way.
    pub Post {
        entrance: Entrance { out: office },
        office: Office { out: van },
        van: Van {},
    }
}

/// Lets everything run that can run without time passing.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_works_on_what_is_not_durable_yet_and_what_touches_the_outside_waits() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Post>(front.clone(), store, clock).await;
    lab.until_idle().await;

    front.hold();
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("entrance", None, br#"{"text":"dear"}"#, None).await });
    settle().await;
    // The input, the request to the office and the request to the van are submitted, and the process has run on them.
    assert_eq!(IN_OFFICE.load(Ordering::SeqCst), 1);
    assert_eq!(front.held(), 3);
    // The operation has not been called: its message is not durable.
    assert_eq!(IN_VAN.load(Ordering::SeqCst), 0);

    // One commit for all three.
    front.release();
    settle().await;
    assert_eq!(IN_VAN.load(Ordering::SeqCst), 1);
    // The responses went all the way back in memory; the caller outside still waits for the second commit.
    assert_eq!(front.held(), 3);
    assert!(!call.is_finished());

    front.release();
    let called = call.await.expect("no panic").expect("answered");
    assert_eq!(called.response.as_deref(), Some(b"{}".as_slice()));
    assert!(lab.messages().await.iter().all(|header| header.status.is_finished()));
}

#[message(response = Receipted)]
pub struct Order {
    text: String,
}

static SHIPPED: AtomicUsize = AtomicUsize::new(0);

/// Asks first, and then touches the outside.
#[business_operation]
pub struct Shipper {
    #[target]
    customs: Target<Order>,
}

#[handlers]
impl Shipper {
    async fn ship(&mut self, order: Order, cx: &mut Context) -> Result<Receipted> {
        let receipted = cx.send_request_sync(&self.customs, order).await?;
        SHIPPED.fetch_add(1, Ordering::SeqCst);
        Ok(receipted)
    }
}

/// Knows the answer at once.
#[business_operation]
pub struct Customs;

#[handlers]
impl Customs {
    async fn clear(&mut self, _order: Order) -> Result<Receipted> {
        Ok(Receipted {})
    }
}

production! {
    /// Through customs.
    pub Harbour {
        #[item(standalone)]
        shipper: Shipper { customs: customs },
        customs: Customs {},
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_goes_on_with_a_response_only_when_it_is_durable() {
    let (store, clock) = Lab::memory();
    let front = Front::of(store.clone());
    let lab = Lab::on_store::<Harbour>(front.clone(), store, clock).await;
    lab.until_idle().await;
    front.hold();
    let director = lab.director();
    let call = tokio::spawn(async move { director.call_json("shipper", None, br#"{"text":"dear"}"#, None).await });
    // The order, the request to customs.
    for _ in 0..2 {
        settle().await;
        assert_eq!(front.held(), 1);
        front.release();
    }
    settle().await;
    // The response is there, and its commit is open.
    assert_eq!(front.held(), 1);
    assert_eq!(SHIPPED.load(Ordering::SeqCst), 0);
    front.release();
    settle().await;
    assert_eq!(SHIPPED.load(Ordering::SeqCst), 1);
    front.release();
    assert!(call.await.expect("no panic").is_ok());
}
