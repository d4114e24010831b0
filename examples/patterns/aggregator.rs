//! What was split comes together again.

use std::collections::BTreeMap;

use iop::prelude::*;

use super::messages::{Head, Parcel, Picked};

/// **Aggregator**: the lines of one order, in whatever order they come, become one parcel.
///
/// `correlate` names the key: all messages of one value of it work on one state, one after the other, whichever request
/// they come from. The state is stored with each, so a parcel survives a crash half packed. It is sent when it is complete or
/// the time is over, whatever comes first, and once: with the same commit the group ends.
#[business_process(correlate = piece)]
pub struct Packer {
    /// How long to wait for the last line, from the first one.
    #[setting(default = "1h")]
    patience: Duration,
    #[target]
    out: Target<Parcel>,
    #[state]
    pieces: Pieces,
    #[state]
    head: Head,
    /// By their place in the order.
    #[state]
    contents: BTreeMap<u64, String>,
}

#[handlers]
impl Packer {
    async fn on_message(&mut self, picked: Picked, cx: &mut Context) -> Result {
        if self.pieces.is_empty() {
            cx.set_timer(self.patience, "patience").await?;
        }
        if !self.pieces.arrive(&picked.piece) {
            info!("{} had come before", picked.what);
            return Ok(());
        }
        self.head = picked.head;
        self.contents.insert(picked.piece.position, picked.what);
        if self.pieces.is_complete() {
            self.send(cx).await?;
        }
        Ok(())
    }

    async fn on_timer(&mut self, _: Timer, cx: &mut Context) -> Result {
        warn!("order {} goes without {} lines", self.head.number, self.pieces.missing().count());
        self.send(cx).await
    }
}

impl Packer {
    async fn send(&mut self, cx: &mut Context) -> Result {
        let Head { number, country, carrier } = std::mem::take(&mut self.head);
        let contents = std::mem::take(&mut self.contents).into_values().collect();
        let parcel = Parcel { number, country, carrier, contents, missing: self.pieces.missing().collect() };
        cx.send_request_async(&self.out, parcel).response_required(false).await?;
        cx.end_group()
    }
}
