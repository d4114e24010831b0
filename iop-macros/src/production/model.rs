//! A production whose names are resolved.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, LitStr};

/// What is generated.
pub(crate) struct Production {
    pub(crate) docs: Vec<syn::Attribute>,
    pub(crate) doc: String,
    pub(crate) visibility: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) items: Vec<Item>,
    /// In the order of declaration.
    pub(crate) routes: Vec<Route>,
    /// In the order of declaration.
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) alerts: Alerts,
    /// What is written where the name of an item should be, and is none: the beginning of one, perhaps.
    pub(crate) no_items: Vec<Ident>,
    /// Rustc shall ask whether required orders are kept.
    pub(crate) ask_order: bool,
}

/// Where alerts go.
pub(crate) enum Alerts {
    /// Nothing is said.
    Unsaid,
    /// `alerts none;`, or a name that is none.
    Nowhere,
    /// `alerts to item;`
    To(Destination),
}

/// `require order … from … to …;`
pub(crate) struct Requirement {
    pub(crate) order: Order,
    pub(crate) from: Destination,
    pub(crate) to: Destination,
    /// The items on a way from the one to the other.
    pub(crate) between: Vec<usize>,
}

/// An order, and the word that says so.
pub(crate) enum Order {
    None(Ident),
    Fifo(Ident),
    /// By this field.
    Key(Ident),
}

/// `failing = …`
pub(crate) enum Failing {
    /// And the word that says so.
    Block(Ident),
    /// And the word that says so.
    ParkKey(Ident),
    /// And the word that says so.
    Suspend(Ident),
}

/// What `#[item(…)]` fixes at compile time.
#[derive(Default)]
pub(crate) struct Policy {
    pub(crate) order: Option<Order>,
    pub(crate) failing: Option<Failing>,
    /// Where it is a literal.
    pub(crate) pool_size: Option<u32>,
    pub(crate) max_hops: Option<u32>,
    pub(crate) renamed_from: Option<LitStr>,
}

/// A route of the graph.
pub(crate) struct Route {
    pub(crate) from: usize,
    pub(crate) target: String,
    pub(crate) to: usize,
    /// The name of the item as it is written in the route.
    pub(crate) written: Ident,
    /// It may lie on a circle of routes.
    pub(crate) in_circle: bool,
}

/// Copies of what an item receives, or of what it answers, go to another.
pub(crate) struct Tap {
    pub(crate) to: Destination,
    pub(crate) responses: bool,
}

/// An item whose component is written.
pub(crate) struct Item {
    pub(crate) ident: Ident,
    pub(crate) ty: TokenStream,
    pub(crate) doc: String,
    pub(crate) standalone: bool,
    pub(crate) policy: Policy,
    pub(crate) taps: Vec<Tap>,
    pub(crate) options: Vec<(Ident, TokenStream)>,
    /// Options without a value: the beginning of one, perhaps.
    pub(crate) half_written: Vec<Ident>,
    /// One more option could be written: behind a comma, or where there is none yet.
    pub(crate) room: bool,
    pub(crate) fields: Vec<Field>,
    /// Something is wrong with its order, and that was said.
    pub(crate) refused: bool,
    /// Rustc shall ask whether every target is wired.
    pub(crate) ask_wired: bool,
    /// Rustc shall ask whether it needs a route, for there is none.
    pub(crate) ask_reached: bool,
    /// Items that no route reaches but from each other, this one being the first: rustc shall ask whether they need one.
    pub(crate) ask_entered: Vec<usize>,
    /// Fields that are set to a value in which its name stands, and their items. Where one is a target, a route was meant.
    pub(crate) mentioned: Vec<(usize, Ident)>,
}

/// A field of an item.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) value: Value,
}

/// What it is set to.
pub(crate) enum Value {
    /// An item, and the name as it is written here.
    Item(Destination),
    /// Several.
    Items(Vec<Destination>),
    /// An empty list.
    Nothing,
    /// A setting.
    Setting(Expr),
    /// Nothing that could be used; the name is still resolved.
    Unknown,
}

/// Where a route ends.
pub(crate) struct Destination {
    pub(crate) index: usize,
    /// The name as it is written in the route.
    pub(crate) written: Ident,
}
