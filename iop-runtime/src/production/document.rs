//! The graph as a document: what a program may read of a production without running it.
//!
//! Values of settings are those of the code and of `production!`, not those of the machine: the same source gives the
//! same document everywhere, so that two can be compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Graph;
use crate::component::{ComponentType, Entrance, Wiring};
use crate::message::MessageType;
use crate::settings::{Raw, SettingDecl};

/// A production as a document, in the order of its declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct GraphDocument {
    /// Its name.
    pub production: String,
    /// Its doc comment.
    pub doc: String,
    /// Its items.
    pub items: Vec<ItemDocument>,
    /// Its routes.
    pub routes: Vec<RouteDocument>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ItemDocument {
    /// Its name.
    pub name: String,
    /// Its doc comment, or its component's.
    pub doc: String,
    /// `service`, `process` or `operation`.
    pub kind: String,
    /// Name of its component.
    pub component: String,
    /// How input reaches it: `queue`, `director`, `poll` or `adapter`.
    pub entrance: String,
    /// Names of the message types that it handles.
    pub messages: Vec<String>,
    /// Settings of its component, and those of the engine that `production!` sets.
    pub settings: Vec<SettingDocument>,
}

/// A setting of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SettingDocument {
    /// Its name.
    pub name: String,
    /// The type, for people.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The value in `production!`, else the default in code; null where neither gives one, and for a secret.
    pub value: Raw,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct RouteDocument {
    /// Name of the sending item.
    pub from: String,
    /// Name of the target.
    pub target: String,
    /// Name of the receiving item.
    pub to: String,
    /// Names of the message types that the target carries.
    pub messages: Vec<String>,
    /// What a message must be like to go this way, for people; empty where the sender does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub when: String,
    /// A wire tap: copies go this way, beside the flow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tap: bool,
}

impl RouteDocument {
    /// What is written beside the line: `out: Hello`, `out: Hello, Bye`, `file: Event when Class::Quake`.
    #[must_use]
    pub fn label(&self) -> String {
        let label = format!("{}: {}", self.target, self.messages.join(", "));
        if self.when.is_empty() { label } else { format!("{label} when {}", self.when) }
    }
}

impl GraphDocument {
    /// Describes a production. Nothing of it is started, built or opened.
    #[must_use]
    pub fn of(graph: &Graph, wiring: &[Wiring]) -> Self {
        let nothing = Wiring::default();
        let items = graph.items.iter().enumerate().map(|(index, item)| {
            let component = item.component;
            ItemDocument {
                name: item.name.to_owned(),
                doc: if item.doc.is_empty() { component.doc } else { item.doc }.to_owned(),
                kind: component.kind.as_str().to_owned(),
                component: component.name.to_owned(),
                entrance: entrance(component).to_owned(),
                messages: names(&(component.handles)()),
                settings: settings(component, wiring.get(index).unwrap_or(&nothing)),
            }
        });
        // A route to no item is none; the compiler refuses it.
        let routes = graph.routes.iter().filter_map(|route| {
            let (from, to) = (graph.items.get(route.from)?, graph.items.get(route.to)?);
            let target = from.component.targets.iter().find(|target| target.name == route.target);
            Some(RouteDocument {
                from: from.name.to_owned(),
                target: route.target.to_owned(),
                to: to.name.to_owned(),
                messages: target.map(|target| names(target.messages)).unwrap_or_default(),
                when: target.map(|target| target.when.to_owned()).unwrap_or_default(),
                tap: false,
            })
        });
        let taps = graph.taps.iter().filter_map(|tap| {
            let (of, to) = (graph.items.get(tap.of)?, graph.items.get(tap.to)?);
            let received = (of.component.handles)();
            let answered = || received.iter().filter_map(|message| (message.response)()).collect::<Vec<_>>();
            Some(RouteDocument {
                from: of.name.to_owned(),
                target: if tap.responses { "tap_responses" } else { "tap" }.to_owned(),
                to: to.name.to_owned(),
                messages: names(&if tap.responses { answered() } else { received }),
                when: String::new(),
                tap: true,
            })
        });
        Self {
            production: graph.name.to_owned(),
            doc: graph.doc.to_owned(),
            items: items.collect(),
            routes: routes.chain(taps).collect(),
        }
    }

    /// As indented JSON.
    ///
    /// # Errors
    /// Never for a document of [`of`](Self::of).
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

/// How input reaches a component, in a word.
pub(super) fn entrance(component: &ComponentType) -> &'static str {
    match component.entrance {
        Entrance::Queue => "queue",
        Entrance::Director { .. } => "director",
        Entrance::Poll => "poll",
        Entrance::Adapter(_) => "adapter",
    }
}

pub(super) fn names(messages: &[&'static MessageType]) -> Vec<String> {
    messages.iter().map(|message| message.name.to_owned()).collect()
}

fn settings(component: &ComponentType, wiring: &Wiring) -> Vec<SettingDocument> {
    let given = |name: &str| wiring.settings.iter().find(|(given, _)| *given == name).map(|(_, raw)| raw.clone());
    let declared = component.all_settings().map(|decl: &SettingDecl| SettingDocument {
        name: decl.name.to_owned(),
        type_name: decl.type_name.to_owned(),
        value: match given(decl.name).or_else(|| decl.default.map(|default| default())) {
            Some(value) if !decl.secret => value,
            _ => Raw::Null,
        },
    });
    let options = wiring.options.iter().map(|(name, raw)| SettingDocument {
        name: (*name).to_owned(),
        type_name: "item option".to_owned(),
        value: raw.clone(),
    });
    declared.chain(options).collect()
}
