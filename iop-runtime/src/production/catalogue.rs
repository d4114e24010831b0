//! The catalogue: everything that is linked into the program, as a document.

use schemars::JsonSchema;
use serde::Serialize;

use super::document::{entrance, names};
use super::{Graph, Registry};
use crate::component::ComponentType;
use crate::message::MessageType;
use crate::settings::Raw;

/// Everything that is linked, by name.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Catalogue {
    /// Productions.
    pub productions: Vec<ProductionEntry>,
    /// Components.
    pub components: Vec<ComponentEntry>,
    /// Message types.
    pub messages: Vec<MessageEntry>,
}

/// A production.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ProductionEntry {
    /// Its name.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Where `production!` stands.
    pub location: String,
    /// Names of its items.
    pub items: Vec<&'static str>,
    /// How many routes it has.
    pub routes: usize,
}

/// A component.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ComponentEntry {
    /// Its name.
    pub name: &'static str,
    /// `service`, `process` or `operation`.
    pub kind: &'static str,
    /// How input reaches it: `queue`, `director`, `poll` or `adapter`.
    pub entrance: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// The Rust path.
    pub rust_path: &'static str,
    /// Where its attribute stands.
    pub location: String,
    /// Names of the message types that it handles.
    pub messages: Vec<String>,
    /// Its settings.
    pub settings: Vec<SettingEntry>,
    /// Its targets.
    pub targets: Vec<TargetEntry>,
    /// The Rust path of the error type whose table it declares; null where it declares none.
    pub errors: Option<&'static str>,
}

/// A setting of a component.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct SettingEntry {
    /// Its name.
    pub name: &'static str,
    /// The type, for people.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// The default in code; null where there is none.
    pub default: Raw,
    /// Must be given.
    pub required: bool,
}

/// A target of a component.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct TargetEntry {
    /// Its name.
    pub name: &'static str,
    /// Its doc comment.
    pub doc: &'static str,
    /// Names of the message types that it carries.
    pub messages: Vec<String>,
    /// Must be wired.
    pub required: bool,
    /// May lead to several items.
    pub many: bool,
}

/// A message type.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct MessageEntry {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// Its doc comment.
    pub doc: &'static str,
    /// The Rust path.
    pub rust_path: &'static str,
    /// Where `#[message]` stands.
    pub location: String,
    /// Name of the response's type; null where there is no response.
    pub response: Option<&'static str>,
    /// Names of the `#[key]` fields.
    pub keys: &'static [&'static str],
}

impl Catalogue {
    /// Describes what is linked, by name in alphabetical order.
    #[must_use]
    pub fn of(registry: &Registry) -> Self {
        Self {
            productions: registry.productions.values().map(|graph| production(graph)).collect(),
            components: registry.components.values().map(|component| describe(component)).collect(),
            messages: registry.messages.values().map(|message| message_type(message)).collect(),
        }
    }
}

fn production(graph: &Graph) -> ProductionEntry {
    ProductionEntry {
        name: graph.name,
        doc: graph.doc,
        location: graph.location.to_string(),
        items: graph.items.iter().map(|item| item.name).collect(),
        routes: graph.routes.len(),
    }
}

fn describe(component: &ComponentType) -> ComponentEntry {
    let settings = component.all_settings().map(|decl| {
        let default = decl.default.filter(|_| !decl.secret).map_or(Raw::Null, |default| default());
        let required = decl.default.is_none() && !decl.optional;
        SettingEntry { name: decl.name, type_name: decl.type_name, doc: decl.doc, default, required }
    });
    let targets = component.targets.iter().map(|target| TargetEntry {
        name: target.name,
        doc: target.doc,
        messages: names(target.messages),
        required: target.required,
        many: target.many,
    });
    ComponentEntry {
        name: component.name,
        kind: component.kind.as_str(),
        entrance: entrance(component),
        doc: component.doc,
        rust_path: component.rust_path,
        location: component.location.to_string(),
        messages: names(&(component.handles)()),
        settings: settings.collect(),
        targets: targets.collect(),
        errors: component.errors.map(|table| table.type_name()),
    }
}

fn message_type(message: &MessageType) -> MessageEntry {
    MessageEntry {
        name: message.name,
        version: message.version,
        doc: message.doc,
        rust_path: message.rust_path,
        location: message.location.to_string(),
        response: (message.response)().map(|response| response.name),
        keys: message.keys,
    }
}
