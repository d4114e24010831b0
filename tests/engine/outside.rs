//! Alerts about what stands around the items: a store that grows.

use iop::clock::Clock;
use iop::message::{AlertKind, AlertPhase};
use iop::prelude::*;
use iop::store::{Purge, PurgeBatch, Store};
use iop::{Alert, production};

use crate::alerts::{look, phases, sent, until_sent};
use crate::kit::Lab;

#[message]
pub struct Letter {
    text: String,
}

/// A line that takes every letter.
#[business_operation]
pub struct Line;

#[handlers]
impl Line {
    async fn letter(&mut self, _: Letter) -> Result {
        Ok(())
    }
}

/// Where alerts go.
#[business_operation]
pub struct Pager;

#[handlers]
impl Pager {
    async fn alert(&mut self, _: Alert) -> Result {
        Ok(())
    }
}

production! {
    pub Post {
        #[item(standalone)]
        line: Line {},
        pager: Pager {},
        alerts to pager;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_has_grown_to_its_limit_is_told_and_again_when_a_purge_has_made_room() {
    let lab = Lab::with::<Post>("iop.alert_store_bytes", 10_000).await;
    let letter = |size: usize| format!(r#"{{"text": "{}"}}"#, "x".repeat(size));
    lab.call("line", &letter(8_000)).await.expect("delivered");
    look(60).await;
    assert_eq!(sent(&lab).await, [], "below the limit");

    lab.call("line", &letter(3_000)).await.expect("delivered");
    let alerts = until_sent(&lab, 1).await;
    let alert = &alerts[0].0;
    assert_eq!((alert.kind, alert.phase, alert.item.as_deref()), (AlertKind::Store, AlertPhase::Entered, None));
    assert_eq!(alert.limit, Some(10_000.0));
    assert!(alert.value.is_some_and(|bytes| (11_000.0..12_000.0).contains(&bytes)), "{:?}", alert.value);
    look(60).await;
    assert_eq!(sent(&lab).await.len(), 1, "it lasts");

    // The first alert goes with the rest.
    let purged = lab.store.purge(PurgeBatch::first(Purge::messages_before(lab.clock().now()), 1_000)).await;
    assert_eq!(purged.expect("purged").messages, 3);
    assert_eq!(phases(&until_sent(&lab, 1).await), [(AlertKind::Store, AlertPhase::Left)]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_a_purge_cannot_bring_down_to_its_size_is_told_and_again_when_it_could() {
    let lab = Lab::with::<Post>("iop.max_store_bytes", 10_000).await;
    lab.call("line", &format!(r#"{{"text": "{}"}}"#, "x".repeat(20_000))).await.expect("delivered");
    // What has ended within the last hour stays.
    let alerts = until_sent(&lab, 1).await;
    let alert = &alerts[0].0;
    assert_eq!((alert.kind, alert.phase, alert.limit), (AlertKind::Store, AlertPhase::Entered, Some(10_000.0)));
    assert!(alert.text.contains("nothing more of it may go"), "{}", alert.text);
    look(2 * 3600).await;
    assert_eq!(phases(&until_sent(&lab, 1).await).last(), Some(&(AlertKind::Store, AlertPhase::Left)));
}
