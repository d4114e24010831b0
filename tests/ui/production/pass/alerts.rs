#![deny(warnings, missing_docs)]
#![allow(missing_debug_implementations, reason = "the macros ask for none")]
//! Alerts reach an item that no other route reaches.

#[path = "../../loops.rs"]
#[allow(missing_docs, reason = "what the cases are made of")]
mod loops;

use iop::message::Alert;
use iop::prelude::*;
use loops::{Admit, Lab, Pump};

/// Tells somebody.
#[business_operation]
struct Pager;

#[handlers]
impl Pager {
    async fn alert(&mut self, alert: Alert) -> Result {
        warn!("{alert:?}");
        Ok(())
    }
}

production! {
    /// Alerts go to the pager.
    pub Hospital {
        admit: Admit { out: lab },
        second: Admit { out: pump },
        lab: Lab {},
        #[item(order = key(mrn), failing = park_key, pool_size = 2)]
        pump: Pump {},
        pager: Pager {},
        alerts to pager;
    }
}
