//! What was proved while compiling, and what the settings of the environment may break of it.
//!
//! What does not compile stands in `ui/`.

#![allow(missing_docs, missing_debug_implementations, clippy::unwrap_used, reason = "components of tests")]

use iop::prelude::*;
use iop::production::{Graph, Item, Production, Route};
use iop::settings::{LayerSources, Layers, resolve};

#[message]
pub struct Order {
    #[key]
    pub mrn: String,
}

#[business_service]
pub struct Admit {
    #[target]
    pub out: Target<Order>,
}

#[handlers]
impl Admit {
    async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.out, order).await?;
        Ok(())
    }
}

#[business_process]
pub struct Router {
    #[target]
    pub ask: Target<Order>,
}

#[handlers]
impl Router {
    async fn order(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_sync(&self.ask, order).await?;
        Ok(())
    }
}

#[business_operation]
pub struct Lab;

#[handlers]
impl Lab {
    async fn order(&mut self, _order: Order) -> Result {
        Ok(())
    }
}

production! {
    /// Keeps the order of each patient.
    pub Hospital {
        alerts none;
        require order key(mrn) from admit to lab;
        admit: Admit { out: router },
        #[item(order = fifo, failing = block)]
        router: Router { ask: lab },
        #[item(order = key(mrn), failing = park_key, pool_size = 4)]
        lab: Lab {},
    }
}

/// What a start says with these settings.
fn mistakes<P: Production>(set: &[&str]) -> Vec<String> {
    let mut sources = LayerSources::default();
    sources.set = set.iter().map(|text| (*text).into()).collect();
    let errors = resolve(P::GRAPH, P::wiring(), &Layers::read(sources)).err().unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn what_was_compiled_starts_and_so_does_a_keyed_item_with_any_pool_size() {
    assert_eq!(mistakes::<Hospital>(&[]), [""; 0]);
    assert_eq!(mistakes::<Hospital>(&["lab.pool_size=9", "router.pool_size=1"]), [""; 0]);
}

#[test]
fn a_pool_size_from_outside_that_breaks_fifo_keeps_the_production_from_starting() {
    assert_eq!(
        mistakes::<Hospital>(&["router.pool_size=3"]),
        [
            "`router.pool_size` (--set): `router` has 3 workers, which overtake each other, and its order is `fifo`; one is \
          enough, or write `order = key(field)`, which keeps the order of each key at any pool size [iop E10]"
        ]
    );
}

#[test]
fn a_service_that_takes_its_input_side_by_side_keeps_no_order_that_is_required_of_it() {
    assert_eq!(
        mistakes::<Hospital>(&["admit.pool_size=2"]),
        [
            "`admit.pool_size` (--set): `admit` breaks `require order key(mrn) from admit to lab`: its 2 workers take input \
          side by side; write `pool_size = 1` [iop E10]"
        ]
    );
}

/// A graph that no macro has seen.
struct ByHand;

static CIRCLE: Graph = Graph::new(
    "ByHand",
    "",
    iop::message::SourceLocation { file: "", line: 0 },
    &[
        Item::new("admit", "", <Admit as iop::component::Component>::TYPE, false),
        Item::new("router", "", <Router as iop::component::Component>::TYPE, false),
        Item::new("enricher", "", <Router as iop::component::Component>::TYPE, false),
    ],
    &[
        Route { from: 0, target: "out", to: 1 },
        Route { from: 1, target: "ask", to: 2 },
        Route { from: 2, target: "ask", to: 1 },
    ],
);

impl Production for ByHand {
    const GRAPH: &'static Graph = &CIRCLE;

    fn wiring() -> Vec<iop::component::Wiring> {
        let to = |target, item| {
            let mut wiring = iop::component::Wiring::default();
            wiring.targets.push((target, vec![item]));
            wiring
        };
        vec![to("out", "router"), to("ask", "enricher"), to("ask", "router")]
    }
}

#[test]
fn a_graph_that_no_macro_has_seen_is_proved_at_start() {
    assert_eq!(
        mistakes::<ByHand>(&[]),
        ["`enricher` (production!): handlers may wait for each other in a circle, where nothing moves on any more: \
          `router.ask -> enricher.ask -> router`; write `#[target(async)]` on `ask` of `Router`, or on another target of \
          the circle, and send without waiting [iop E08]"]
    );
}
