//! Every way that a message may take from item to item: the routes, then the wire taps, numbered together.
//!
//! Those of one item are found without a list for each: one array says which is the first, another which is the next.

use super::NONE;
use super::text::same;
use crate::production::Graph;

/// A route, or a wire tap.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The target; of a tap, its word in `#[item(…)]`.
    pub(super) target: &'static str,
    /// Nothing waits for what a copy comes to.
    pub(super) tap: bool,
}

pub(super) const fn count(graph: &Graph) -> usize {
    graph.routes.len() + graph.taps.len()
}

pub(super) const fn way(graph: &Graph, index: usize) -> Way {
    if index < graph.routes.len() {
        let route = &graph.routes[index];
        return Way { from: route.from, to: route.to, target: route.target, tap: false };
    }
    let tap = &graph.taps[index - graph.routes.len()];
    Way { from: tap.of, to: tap.to, target: if tap.responses { "tap_responses" } else { "tap" }, tap: true }
}

pub(super) const fn may_be_awaited(graph: &Graph, way: &Way) -> bool {
    let targets = graph.items[way.from].component.targets;
    let mut index = 0;
    while index < targets.len() && !way.tap {
        if same(targets[index].name, way.target) {
            return !targets[index].never_awaited;
        }
        index += 1;
    }
    !way.tap
}

/// Which end of a way an item is asked about.
#[derive(Clone, Copy)]
pub(super) enum End {
    From,
    To,
}

impl End {
    pub(super) const fn of(self, way: &Way) -> usize {
        match self {
            Self::From => way.from,
            Self::To => way.to,
        }
    }

    pub(super) const fn other(self, way: &Way) -> usize {
        match self {
            Self::From => way.to,
            Self::To => way.from,
        }
    }
}

/// Sets `first` by item and `next` by way, in the order of declaration.
pub(super) const fn chain(graph: &Graph, end: End, first: &mut [usize], next: &mut [usize]) {
    let mut item = 0;
    while item < first.len() {
        first[item] = NONE;
        item += 1;
    }
    let mut index = count(graph);
    while index > 0 {
        index -= 1;
        let item = end.of(&way(graph, index));
        next[index] = first[item];
        first[item] = index;
    }
}
