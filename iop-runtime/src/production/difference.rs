//! What changed between two graphs, for a person who reviews a deployment.

use super::document::{GraphDocument, ItemDocument, RouteDocument};

impl GraphDocument {
    /// What is not in `older` as it is here, one line each: `+` added, `-` removed, `~` changed.
    #[must_use]
    pub fn changes_since(&self, older: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        if self.production != older.production {
            changes.push(format!("~ production: {} -> {}", older.production, self.production));
        }
        for item in &self.items {
            match older.items.iter().find(|other| other.name == item.name) {
                Some(other) => item_changes(other, item, &mut changes),
                None => changes.push(format!("+ item {}: {} {}", item.name, item.kind, item.component)),
            }
        }
        let gone = older.items.iter().filter(|item| !self.items.iter().any(|other| other.name == item.name));
        changes.extend(gone.map(|item| format!("- item {}: {} {}", item.name, item.kind, item.component)));
        for route in &self.routes {
            match older.routes.iter().find(|other| same_ends(route, other)) {
                Some(other) if (&other.messages, &other.when) == (&route.messages, &route.when) => {}
                Some(other) => {
                    changes.push(format!("~ route {}: carries {} -> {}", ends(route), carries(other), carries(route)));
                }
                None => changes.push(format!("+ route {}: {}", ends(route), carries(route))),
            }
        }
        let gone = older.routes.iter().filter(|route| !self.routes.iter().any(|other| same_ends(route, other)));
        changes.extend(gone.map(|route| format!("- route {}: {}", ends(route), carries(route))));
        changes
    }
}

fn same_ends(one: &RouteDocument, other: &RouteDocument) -> bool {
    (&one.from, &one.target, &one.to) == (&other.from, &other.target, &other.to)
}

fn carries(route: &RouteDocument) -> String {
    let messages = route.messages.join(", ");
    if route.when.is_empty() { messages } else { format!("{messages} when {}", route.when) }
}

fn ends(route: &RouteDocument) -> String {
    format!("{}.{} -> {}", route.from, route.target, route.to)
}

fn item_changes(older: &ItemDocument, newer: &ItemDocument, changes: &mut Vec<String>) {
    let name = &newer.name;
    if (&older.kind, &older.component) != (&newer.kind, &newer.component) {
        changes
            .push(format!("~ item {name}: {} {} -> {} {}", older.kind, older.component, newer.kind, newer.component));
    }
    if older.entrance != newer.entrance {
        changes.push(format!("~ item {name}: entrance {} -> {}", older.entrance, newer.entrance));
    }
    if older.messages != newer.messages {
        changes.push(format!("~ item {name}: handles {} -> {}", older.messages.join(", "), newer.messages.join(", ")));
    }
    for setting in &newer.settings {
        match older.settings.iter().find(|other| other.name == setting.name) {
            Some(other) if other == setting => {}
            Some(other) => changes.push(format!(
                "~ setting {name}.{}: {} ({}) -> {} ({})",
                setting.name, other.value, other.type_name, setting.value, setting.type_name
            )),
            None => changes.push(format!("+ setting {name}.{}: {}", setting.name, setting.value)),
        }
    }
    let gone = older.settings.iter().filter(|one| !newer.settings.iter().any(|other| other.name == one.name));
    changes.extend(gone.map(|setting| format!("- setting {name}.{}: {}", setting.name, setting.value)));
}
