//! What `production!` fixes of an item and of the whole: order, what a message that keeps failing does, and what must
//! hold from one item to another. Constant data, so that the compiler can prove what follows from it.

/// What `#[item(…)]` fixes at compile time. No settings file changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ItemPolicy {
    /// The order in which the item's messages are worked on.
    pub order: Order,
    /// What a message that keeps failing does to those behind it; `None` where `#[item(failing = …)]` is not written.
    /// Only an item whose order was declared must say so.
    pub failing: Option<Failing>,
    /// The pool size that `production!` writes, where it is a literal; a settings file may say otherwise, and what was
    /// proved of it is proved again at start.
    pub pool_size: Option<u32>,
    /// How often one chain of messages may come to the item: what has come more often is suspended. It makes a circle of
    /// routes end.
    pub max_hops: Option<u32>,
    /// The name that the item had before: its queue and its waiting instances move here at start.
    pub renamed_from: Option<&'static str>,
}

impl ItemPolicy {
    /// Where nothing is written.
    pub const NONE: Self =
        Self { order: Order::Unsaid, failing: None, pool_size: None, max_hops: None, renamed_from: None };

    /// Sets the order.
    #[must_use]
    pub const fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets what a failing message does.
    #[must_use]
    pub const fn failing(mut self, failing: Failing) -> Self {
        self.failing = Some(failing);
        self
    }

    /// Sets the pool size.
    #[must_use]
    pub const fn pool_size(mut self, pool_size: u32) -> Self {
        self.pool_size = Some(pool_size);
        self
    }

    /// Says what the item was called before.
    #[must_use]
    pub const fn renamed_from(mut self, name: &'static str) -> Self {
        self.renamed_from = Some(name);
        self
    }

    /// Bounds how often one chain of messages may come here.
    #[must_use]
    pub const fn max_hops(mut self, max_hops: u32) -> Self {
        self.max_hops = Some(max_hops);
        self
    }
}

/// `#[item(order = …)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Nothing is declared: with one worker the queue's order is kept, with several it is not.
    Unsaid,
    /// `none`: no order is wanted.
    None,
    /// `fifo`: the order of the queue. Needs a pool size of 1.
    Fifo,
    /// `key(field)`: the order of the queue among messages of one value of this `#[key]` field, at any pool size.
    Key(&'static str),
}

/// `#[item(failing = …)]`: what a message of an ordered item does after its last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// `block`: it stays at the head and is tried again for ever; what is behind it (of its key) waits.
    Block,
    /// `park_key`: it is suspended, and so is everything of its key until a person has decided; other keys flow on.
    ParkKey,
    /// `suspend`: it is suspended, and what is behind it goes on.
    Suspend,
}

/// `require order … from … to …;`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// The order that must hold end to end: [`Order::Fifo`] or [`Order::Key`].
    pub order: Order,
    /// Index of the item where it begins.
    pub from: usize,
    /// Index of the item where it ends.
    pub to: usize,
}
