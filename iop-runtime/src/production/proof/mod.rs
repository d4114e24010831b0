//! What can be proved of a graph: that calls cannot wait for each other in a circle, that messages cannot go round for
//! ever, that an order is kept from one item to another, that a name means one message type.
//!
//! Constant functions over the constant data of the graph: `production!` has the compiler evaluate them, so that what
//! they find is an error in the user's source, and components of other crates count. The start of a production calls the
//! same ones. They take time in proportion to the number of items and routes, for they run in an interpreter; only where
//! processes answer in `on_complete` is it items times routes, for one of the circles.

mod circle;
mod effect;
mod names;
mod order;
mod routes;
mod text;

pub use circle::Circles;
pub(crate) use circle::depth;
pub(crate) use effect::repeated;
pub(crate) use names::namesakes;
pub use names::slots;
pub use order::Path;
pub(crate) use text::{Text, contains, same};

use super::Graph;

/// No route, no item.
pub(crate) const NONE: usize = usize::MAX;

/// What is wrong with a graph, in the words of the compile error.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// Index of the item; `None` where it is in none.
    pub(crate) item: Option<usize>,
    pub(crate) text: String,
}

impl Mistake {
    fn new(item: Option<usize>, text: &Text) -> Self {
        Self { item, text: text.as_str().to_owned() }
    }
}

/// Everything that is wrong with a graph whose items have so many workers. Where `production!` has compiled it, that is
/// what settings from the environment have broken; but a graph may also be written by hand.
pub(crate) fn mistakes(graph: &Graph, workers: &dyn Fn(usize) -> u32) -> Vec<Mistake> {
    let mut found = circle::mistakes(graph);
    found.extend(effect::mistakes(graph));
    found.extend(order::overtaking(graph, workers));
    found.extend(graph.requirements.iter().flat_map(|requirement| order::mistakes(graph, requirement, workers)));
    found
}
