//! Whether an operation that must not act twice would be tried without end.

use super::Mistake;
use super::text::Text;
use crate::component::Effect;
use crate::production::{Failing, Graph, Item, Order};

/// The error of an item that is to be tried for ever, and does harm when it is executed twice.
pub(crate) const fn repeated(item: &Item) -> Option<Text> {
    if !matches!(item.policy.failing, Some(Failing::Block)) || !matches!(item.component.effect, Effect::AtMostOnce) {
        return None;
    }
    let text = Text::new().name(item.name).add(" acts at most once (`effect = \"at_most_once\"` of ");
    let text =
        text.name(item.component.name).add("), and `failing = block` would try a message of it for ever; write ");
    let text = match item.policy.order {
        Order::Key(_) => text.add("`failing = park_key` or `failing = suspend`"),
        _ => text.add("`failing = suspend`"),
    };
    Some(text.add(", or `effect = \"keyed\"` if the outside knows the idempotency key [iop E13]"))
}

pub(super) fn mistakes(graph: &Graph) -> Vec<Mistake> {
    let items = graph.items.iter().enumerate();
    items.filter_map(|(index, item)| Some(Mistake::new(Some(index), &repeated(item)?))).collect()
}
