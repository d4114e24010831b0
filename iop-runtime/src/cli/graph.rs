//! What a production is, without running it: its graph, the catalogue, schemas.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::arguments::{GraphArguments, GraphForm, Rows as Form, SchemaArguments, SchemaForm};
use super::exit::{Exit, Failure};
use super::table::{Rows, text, write_list};
use super::{Program, linked};
use crate::component::Entrance;
use crate::events::escaped;
use crate::message::MessageType;
use crate::picture;
use crate::production::{Catalogue, GraphDocument, Registry};
use crate::settings::closest::closest;

impl Program {
    /// `graph`.
    pub(crate) fn export(self, arguments: &GraphArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
        let document = GraphDocument::of(self.graph, &(self.wiring)());
        if let Some(older) = &arguments.diff {
            return difference(&document, older, out);
        }
        match arguments.output {
            GraphForm::Ascii => ascii(&document, out)?,
            GraphForm::Mermaid => write!(out, "{}", document.mermaid())?,
            GraphForm::Dot => write!(out, "{}", document.dot())?,
            GraphForm::Svg => writeln!(out, "{}", picture::svg(&document))?,
            GraphForm::Json => writeln!(out, "{}", document.json()?)?,
        }
        Ok(Exit::Done)
    }
}

fn difference(document: &GraphDocument, older: &Path, out: &mut dyn Write) -> Result<Exit, Failure> {
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot read {} as a graph: {error}; write one with `graph -o json`", older.display()))
    };
    let text = std::fs::read_to_string(older).map_err(|error| cannot(&error))?;
    let older: GraphDocument = serde_json::from_str(&text).map_err(|error| cannot(&error))?;
    for change in document.changes_since(&older) {
        writeln!(out, "{}", escaped(&change))?;
    }
    Ok(Exit::Done)
}

/// `list`.
pub(crate) fn list(form: Form, out: &mut dyn Write) -> Result<Exit, Failure> {
    let catalogue = Catalogue::of(&linked()?);
    match form {
        Form::Table => list_for_people(&catalogue, out)?,
        Form::Json => {
            serde_json::to_writer_pretty(&mut *out, &catalogue)?;
            writeln!(out)?;
        }
        // Three kinds of things in one list, so that each says what it is.
        Form::Jsonl | Form::Csv => write_list(form, &entries(&catalogue)?, entry_table, out)?,
    }
    Ok(Exit::Done)
}

/// Everything in one list: `what` is `production`, `component` or `message`.
fn entries(catalogue: &Catalogue) -> Result<Vec<Value>, Failure> {
    let catalogue = serde_json::to_value(catalogue)?;
    let mut entries = Vec::new();
    for (of, what) in [("productions", "production"), ("components", "component"), ("messages", "message")] {
        for entry in catalogue[of].as_array().into_iter().flatten() {
            let mut entry = entry.clone();
            entry["what"] = what.into();
            entries.push(entry);
        }
    }
    Ok(entries)
}

fn entry_table(entries: &[Value]) -> Rows {
    let mut rows = Rows::new(["what", "name", "kind", "messages", "defined in"]);
    for entry in entries {
        let messages = entry["messages"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let messages = messages.collect::<Vec<_>>().join(", ");
        rows.push([
            text(&entry["what"]),
            text(&entry["name"]),
            text(&entry["kind"]),
            messages,
            text(&entry["location"]),
        ]);
    }
    rows
}

fn list_for_people(catalogue: &Catalogue, out: &mut dyn Write) -> Result<(), Failure> {
    let mut productions = Rows::new(["production", "items", "routes", "defined in"]);
    for entry in &catalogue.productions {
        productions.push([
            entry.name.to_owned(),
            entry.items.join(", "),
            entry.routes.to_string(),
            entry.location.clone(),
        ]);
    }
    let mut components = Rows::new(["component", "kind", "messages", "targets", "settings", "errors", "defined in"]);
    for entry in &catalogue.components {
        let targets = entry.targets.iter().map(|target| format!("{}: {}", target.name, target.messages.join(" + ")));
        let settings = entry.settings.iter().map(|setting| setting.name);
        components.push([
            entry.name.to_owned(),
            entry.kind.to_owned(),
            entry.messages.join(", "),
            targets.collect::<Vec<_>>().join(", "),
            settings.collect::<Vec<_>>().join(", "),
            entry.errors.unwrap_or_default().to_owned(),
            entry.location.clone(),
        ]);
    }
    let mut messages = Rows::new(["message", "version", "response", "keys", "defined in"]);
    for entry in &catalogue.messages {
        messages.push([
            entry.name.to_owned(),
            entry.version.to_string(),
            entry.response.unwrap_or_default().to_owned(),
            entry.keys.join(", "),
            entry.location.clone(),
        ]);
    }
    productions.write(out)?;
    writeln!(out)?;
    components.write(out)?;
    writeln!(out)?;
    messages.write(out)?;
    Ok(())
}

/// Every item with what it sends to whom, for a terminal: services first, operations last.
fn ascii(document: &GraphDocument, out: &mut dyn Write) -> Result<(), Failure> {
    for kind in ["service", "process", "operation"] {
        for item in document.items.iter().filter(|item| item.kind == kind) {
            writeln!(out, "{}  ({kind} {})", escaped(&item.name), escaped(&item.component))?;
            let routes: Vec<_> = document.routes.iter().filter(|route| route.from == item.name).collect();
            for (index, route) in routes.iter().enumerate() {
                let corner = if index + 1 == routes.len() { '`' } else { '|' };
                let line = if route.tap { "- -" } else { "--" };
                writeln!(out, "  {corner}{line} {} {line}> {}", escaped(&route.label()), escaped(&route.to))?;
            }
        }
    }
    Ok(())
}

impl Program {
    /// `schema`.
    pub(crate) fn schema(self, arguments: &SchemaArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
        let registry = linked()?;
        let chosen: Vec<&MessageType> = match &arguments.type_name {
            Some(name) => vec![named(&registry, name)?],
            None => registry.messages.values().copied().collect(),
        };
        let document = match (arguments.output, arguments.type_name.is_some()) {
            (Some(SchemaForm::Openapi), _) => self.openapi(&chosen),
            (_, true) => chosen.first().map_or(Value::Null, |message| message.schema()),
            (_, false) => Value::Object(chosen.iter().map(|of| (of.name.to_owned(), of.schema())).collect()),
        };
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)?;
        Ok(Exit::Done)
    }

    /// The types, with the calls of the services that take one of them.
    fn openapi(self, messages: &[&MessageType]) -> Value {
        let (mut schemas, mut paths) = (Map::new(), Map::new());
        let mut wanted: Vec<&MessageType> = messages.to_vec();
        for item in self.graph.items {
            let component = item.component;
            let takes = (component.handles)().into_iter().find(|of| messages.iter().any(|other| other.name == of.name));
            let (Entrance::Director { .. }, Some(message)) = (component.entrance, takes) else { continue };
            let response = (message.response)();
            wanted.extend(response);
            paths.insert(
                format!("/api/v1/services/{}", item.name),
                call(item.name, message.name, response.map(|of| of.name)),
            );
        }
        for message in wanted {
            let mut schema = message.schema();
            let definitions = schema.as_object_mut().and_then(|schema| schema.remove("$defs"));
            // What a type refers to stands beside it in an OpenAPI document, under a name of its own.
            let mut text = schema.to_string();
            for (name, definition) in definitions.as_ref().and_then(Value::as_object).into_iter().flatten() {
                let moved = format!("{}.{name}", message.name);
                text = refer(&text, name, &moved);
                let definition = definitions
                    .as_ref()
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                    .fold(definition.to_string(), |text, (other, _)| {
                        refer(&text, other, &format!("{}.{other}", message.name))
                    });
                schemas.insert(moved, serde_json::from_str(&definition).unwrap_or_default());
            }
            schemas.insert(message.name.to_owned(), serde_json::from_str(&text).unwrap_or_default());
        }
        json!({
            "openapi": "3.1.0",
            "info": { "title": self.graph.name, "description": self.graph.doc, "version": "1" },
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            },
            "security": [{ "token": [] }],
        })
    }
}

/// A text of JSON in which references to a definition lead to where it was moved.
fn refer(text: &str, name: &str, moved: &str) -> String {
    text.replace(&format!("\"#/$defs/{name}\""), &format!("\"#/components/schemas/{moved}\""))
}

/// The call of a service.
fn call(item: &str, message: &str, response: Option<&str>) -> Value {
    let body =
        |name: &str| json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{name}") } } });
    let answers = match response {
        Some(name) => json!({ "200": { "description": "the response", "content": body(name) } }),
        None => json!({ "204": { "description": "it was taken; there is no response" } }),
    };
    json!({ "post": {
        "operationId": item,
        "requestBody": { "required": true, "content": body(message) },
        "responses": answers,
    } })
}

fn named(registry: &Registry, name: &str) -> Result<&'static MessageType, Failure> {
    registry.messages.get(name).copied().ok_or_else(|| {
        let known = registry.messages.keys().copied();
        let help = match closest(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.collect::<Vec<_>>().join(", ")),
        };
        Failure::found_nothing(format!("no message type is named `{}`; {help}", escaped(name)))
    })
}
