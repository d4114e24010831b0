//! A warehouse, for those who look for a pattern by its name: splitter, router, aggregator, fan-out, wire tap.
//!
//! ```text
//! cargo run --bin patterns -- graph
//! cargo run --bin patterns -- test desk -b '{"number": "7", "country": "de", "goods": [
//!     {"name": "Faust", "kind": "book"}, {"name": "ice", "kind": "food"}, {"name": "a card", "kind": "gift"}]}'
//! ```
//!
//! An order is *split* into its lines; a *router* sends each line to where its goods lie; what was picked is *gathered* into
//! one parcel, or after an hour into one that says what is missing; all carriers are *asked at once*, and the cheapest gets it.
//! What the dispatcher receives is *tapped* for the audit.

pub mod aggregator;
pub mod carriers;
pub mod messages;
pub mod warehouse;

use iop::prelude::*;

use aggregator::Packer;
use carriers::{Audit, Carrier, Dispatcher};
use messages::{Kind, Line};
use warehouse::{OrderDesk, OrderSplitter, Picker};

router! {
    /// Sends each line to where its goods lie.
    pub ByKind(line: &Line) {
        match line.goods.kind {
            Kind::Book | Kind::Music => shelf,
            Kind::Food => cold_store,
            // Not sold any more: somebody has to talk to the customer.
            Kind::Animal => suspend,
            // Goes with every parcel anyway.
            Kind::Gift => gifts,
        }
    }
}

production! {
    /// From an order to a label.
    pub Warehouse {
        desk: OrderDesk { out: splitter },
        splitter: OrderSplitter { lines: by_kind },
        by_kind: ByKind { shelf: shelf, cold_store: cold_store, gifts: shelf },
        #[item(pool_size = 4)]
        shelf: Picker { out: packer },
        cold_store: Picker { out: packer },
        packer: Packer { out: dispatcher },
        #[item(tap = audit)]
        dispatcher: Dispatcher { carriers: [bike, van, train] },
        bike: Carrier { first: 2, each: 2 },
        van: Carrier { first: 5, each: 1 },
        train: Carrier { first: 9, each: 0 },
        audit: Audit {},
    }
}
