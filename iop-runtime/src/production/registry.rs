//! What is linked: every message type, component type and production, by name.
//!
//! The registry serves what runs: the catalogue, access by name, decoding by stored type name. No compile-time check
//! depends on it, because it is filled after type checking.

use std::collections::BTreeMap;

use super::Graph;
use crate::component::ComponentType;
use crate::message::{MessageType, SourceLocation};

/// A message type, as submitted by `#[message]`.
#[derive(Debug)]
pub struct RegisteredMessage(pub &'static MessageType);

/// A component, as submitted by its attribute.
#[derive(Debug)]
pub struct RegisteredComponent(pub &'static ComponentType);

/// A production, as submitted by `production!`.
#[derive(Debug)]
pub struct RegisteredProduction(pub &'static Graph);

inventory::collect!(RegisteredMessage);
inventory::collect!(RegisteredComponent);
inventory::collect!(RegisteredProduction);

/// Everything that is linked, by name.
#[derive(Debug, Default)]
pub struct Registry {
    /// Message types.
    pub messages: BTreeMap<&'static str, &'static MessageType>,
    /// Components.
    pub components: BTreeMap<&'static str, &'static ComponentType>,
    /// Productions.
    pub productions: BTreeMap<&'static str, &'static Graph>,
}

impl Registry {
    /// Collects what is linked.
    ///
    /// # Errors
    /// One line for every name that is taken twice, naming both places.
    pub fn linked() -> Result<Self, Vec<String>> {
        Self::collect(
            inventory::iter::<RegisteredMessage>().map(|registered| registered.0),
            inventory::iter::<RegisteredComponent>().map(|registered| registered.0),
            inventory::iter::<RegisteredProduction>().map(|registered| registered.0),
        )
    }

    /// Collects what is given.
    ///
    /// # Errors
    /// See [`linked`](Self::linked).
    pub fn collect(
        messages: impl IntoIterator<Item = &'static MessageType>,
        components: impl IntoIterator<Item = &'static ComponentType>,
        productions: impl IntoIterator<Item = &'static Graph>,
    ) -> Result<Self, Vec<String>> {
        let mut errors = Vec::new();
        let registry = Self {
            messages: by_name("message types", messages, |message| (message.name, message.location), &mut errors),
            components: by_name(
                "components",
                components,
                |component| (component.name, component.location),
                &mut errors,
            ),
            productions: by_name("productions", productions, |graph| (graph.name, graph.location), &mut errors),
        };
        if errors.is_empty() {
            return Ok(registry);
        }
        // Link order is not specified; a report that changes from build to build cannot be compared.
        errors.sort();
        Err(errors)
    }
}

fn by_name<T>(
    what: &str,
    all: impl IntoIterator<Item = &'static T>,
    name: impl Fn(&T) -> (&'static str, SourceLocation),
    errors: &mut Vec<String>,
) -> BTreeMap<&'static str, &'static T> {
    let mut found = BTreeMap::new();
    for one in all {
        let (key, here) = name(one);
        if let Some(other) = found.insert(key, one) {
            let (_, there) = name(other);
            // The two places in a fixed order, for the same reason.
            let (first, second) =
                if (there.file, there.line) <= (here.file, here.line) { (there, here) } else { (here, there) };
            errors.push(format!("two {what} are named `{key}`: {first} and {second}; rename one with `name = \"…\"`"));
        }
    }
    found
}
