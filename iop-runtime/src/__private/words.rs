//! What an editor completes in `#[item(…)]`: the words of `production!`, and behind them the settings of every item.

use std::ops::Deref;

use crate::component::ItemOptions;

/// The words that the macro understands itself, as fields. Only an editor reads them, and nobody their values.
#[derive(Debug, Default)]
pub struct ItemWords {
    /// No route reaches the item, on purpose.
    pub standalone: (),
    /// `fifo`, `key(field)` or `none`: the order in which its messages are worked on.
    pub order: (),
    /// `block`, `park_key` or `suspend`: what a message that keeps failing does to those behind it.
    pub failing: (),
    /// How often one chain of messages may come here.
    pub max_hops: (),
    /// The item that gets copies of what this one receives.
    pub tap: (),
    /// The item that gets copies of what this one answers.
    pub tap_responses: (),
    /// The name that the item had before; its queue comes along.
    pub renamed_from: (),
    options: ItemOptions,
}

impl Deref for ItemWords {
    type Target = ItemOptions;

    fn deref(&self) -> &ItemOptions {
        &self.options
    }
}
