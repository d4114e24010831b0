//! The routes of each item, without a list for each: one array says which is the first, another which is the next.

use super::NONE;
use crate::production::{Graph, Route};

/// Which end of a route an item is asked about.
#[derive(Clone, Copy)]
pub(super) enum End {
    From,
    To,
}

impl End {
    pub(super) const fn of(self, route: &Route) -> usize {
        match self {
            Self::From => route.from,
            Self::To => route.to,
        }
    }

    pub(super) const fn other(self, route: &Route) -> usize {
        match self {
            Self::From => route.to,
            Self::To => route.from,
        }
    }
}

/// Sets `first` by item and `next` by route, in the order of declaration.
pub(super) const fn chain(graph: &Graph, end: End, first: &mut [usize], next: &mut [usize]) {
    let mut item = 0;
    while item < first.len() {
        first[item] = NONE;
        item += 1;
    }
    let mut index = graph.routes.len();
    while index > 0 {
        index -= 1;
        let item = end.of(&graph.routes[index]);
        next[index] = first[item];
        first[item] = index;
    }
}
