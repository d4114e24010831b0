//! The static graph of items and routes that `production!` writes down.

mod catalogue;
mod difference;
mod document;
mod export;
pub mod lock;
mod policy;
pub(crate) mod proof;
mod registry;

pub use catalogue::{Catalogue, ComponentEntry, MessageEntry, ProductionEntry, SettingEntry, TargetEntry};
pub use document::{GraphDocument, ItemDocument, RouteDocument, SettingDocument};
pub use policy::{Failing, ItemPolicy, Order, Requirement};
pub use registry::{RegisteredComponent, RegisteredMessage, RegisteredProduction, Registry};

use crate::component::{ComponentType, Wiring};
use crate::message::SourceLocation;

/// A graph of items and routes. Implemented by `production!`, never by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a production",
    label = "not a production",
    note = "declare it with `production! {{ pub {Self} {{ … }} }}`"
)]
pub trait Production: 'static {
    /// Items and routes.
    const GRAPH: &'static Graph;

    /// Settings and targets of the items, in the order of the graph.
    fn wiring() -> Vec<Wiring>;
}

/// A production as constant data.
#[derive(Debug)]
#[non_exhaustive]
pub struct Graph {
    /// Its name.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Where `production!` stands.
    pub location: SourceLocation,
    /// Its items, in the order of declaration.
    pub items: &'static [Item],
    /// Its routes, in the order of declaration.
    pub routes: &'static [Route],
    /// Its `require …;` statements, in the order of declaration.
    pub requirements: &'static [Requirement],
    /// `alerts to item;`: index of the item that alerts are sent to.
    pub alerts: Option<usize>,
    /// Its wire taps, in the order of declaration.
    pub taps: &'static [Tap],
}

impl Graph {
    /// Called by generated code in a constant.
    #[must_use]
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        location: SourceLocation,
        items: &'static [Item],
        routes: &'static [Route],
    ) -> Self {
        Self { name, doc, location, items, routes, requirements: &[], alerts: None, taps: &[] }
    }

    /// With other items in the same places.
    pub(crate) const fn with_items(&self, items: &'static [Item]) -> Self {
        Self { items, ..*self }
    }

    /// The wiring as far as the components of this graph have a place for it: in place of an item's own component may
    /// stand one with other settings and targets.
    pub(crate) fn fitting(&self, wiring: Vec<Wiring>) -> Vec<Wiring> {
        let fitting = |(mut wiring, item): (Wiring, &'static Item)| {
            let component = item.component;
            wiring.settings.retain(|(name, _)| component.all_settings().any(|setting| setting.name == *name));
            wiring.targets.retain(|(name, _)| component.targets.iter().any(|target| target.name == *name));
            wiring
        };
        wiring.into_iter().zip(self.items).map(fitting).collect()
    }

    /// Adds the statements of `production!`.
    #[must_use]
    pub const fn with(mut self, requirements: &'static [Requirement], alerts: Option<usize>) -> Self {
        self.requirements = requirements;
        self.alerts = alerts;
        self
    }

    /// Adds the wire taps.
    #[must_use]
    pub const fn taps(mut self, taps: &'static [Tap]) -> Self {
        self.taps = taps;
        self
    }
}

/// `#[item(tap = …)]`: copies of what an item receives go to another, beside the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tap {
    /// Index of the item that is tapped.
    pub of: usize,
    /// Index of the item that gets the copies.
    pub to: usize,
    /// `tap_responses`: copies of what it answers.
    pub responses: bool,
}

/// A component placed in a production.
#[derive(Debug)]
#[non_exhaustive]
pub struct Item {
    /// Its name.
    pub name: &'static str,
    /// Its doc comment in `production!`.
    pub doc: &'static str,
    /// The component.
    pub component: &'static ComponentType,
    /// `#[item(standalone)]`: no route reaches it, on purpose.
    pub standalone: bool,
    /// What `#[item(…)]` fixes.
    pub policy: ItemPolicy,
}

impl Item {
    /// Called by generated code in a constant.
    #[must_use]
    pub const fn new(
        name: &'static str,
        doc: &'static str,
        component: &'static ComponentType,
        standalone: bool,
    ) -> Self {
        Self { name, doc, component, standalone, policy: ItemPolicy::NONE }
    }

    /// The same item once more.
    pub(crate) const fn copy(&self) -> Self {
        Self { ..*self }
    }

    /// Sets what `#[item(…)]` fixes.
    #[must_use]
    pub const fn policy(mut self, policy: ItemPolicy) -> Self {
        self.policy = policy;
        self
    }
}

/// A target wired to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Index of the sending item.
    pub from: usize,
    /// The target's name.
    pub target: &'static str,
    /// Index of the receiving item.
    pub to: usize,
}
