//! `#[item(max_hops = …)]`: a chain of messages that comes to an item more often than it allows goes no further.
//!
//! Counted along the parents in the store: what an item has sent knows the message that it was working on. So nothing is
//! carried along in messages, and only items that have a bound pay for it.

use super::core::Core;
use super::envelope::Envelope;
use super::guard::Failed;
use super::item::ItemState;
use crate::component::{Disposition, Error};
use crate::message::{Header, Kind, SuspendReason};
use crate::store::StoreError;

/// Refuses a request whose chain has come to the item too often.
pub(crate) async fn check(core: &Core, item: &ItemState, envelope: &mut Envelope) -> Result<(), Failed> {
    let Some(max) = item.declared.policy.max_hops else { return Ok(()) };
    // The chain is committed in its order: where the last of it is durable, all of it can be read.
    let counted = match envelope.commit.wait().await {
        Ok(_) => come_here(core, &envelope.header, max).await,
        Err(error) => Err(error),
    };
    match counted {
        Ok(times) if times <= max => Ok(()),
        Ok(_) => Err(too_often(&item.name, max)),
        Err(error) => Err(Error::unavailable(error).into()),
    }
}

/// How often the chain has come to the item of its last message, that one included. Not counted further than to one more
/// than `max`.
async fn come_here(core: &Core, last: &Header, max: u32) -> Result<u32, StoreError> {
    let mut times = 1;
    let mut parent = last.parent;
    while let Some(id) = parent.filter(|_| times <= max) {
        let Some(message) = core.store.find(id).await? else { break };
        if message.header.kind == Kind::Request && message.header.target == last.target {
            times += 1;
        }
        parent = message.header.parent;
    }
    Ok(times)
}

fn too_often(item: &str, max: u32) -> Failed {
    let plural = if max == 1 { "" } else { "s" };
    Failed {
        error: format!("this chain of messages has come to `{item}` more than {max} time{plural} (`max_hops = {max}`)"),
        disposition: Disposition::Fatal,
        reason: SuspendReason::MaxHops,
        panicked: false,
        not_sent: true,
        unwanted: false,
    }
}
