//! What a route takes in the body of a call, for the document of the API.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::director::view::registry;

/// What a body is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Takes {
    /// There is none.
    #[default]
    Nothing,
    /// A message, of one of the types that there are; a call of some routes has one of its own without it.
    Message {
        /// Whether the call has to have it.
        required: bool,
    },
    /// A value of a type.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Lines, with a value of a type each.
    Lines(fn(&mut SchemaGenerator) -> Schema),
    /// Text.
    Text,
}

impl Takes {
    /// A value of this type.
    pub(super) fn json<T: JsonSchema>() -> Self {
        Self::Json(SchemaGenerator::subschema_for::<T>)
    }

    /// Lines, with a value of this type each.
    pub(super) fn lines<T: JsonSchema>() -> Self {
        Self::Lines(SchemaGenerator::subschema_for::<T>)
    }

    /// The body as the document has it.
    pub(super) fn body(self) -> Option<Value> {
        let (kind, schema) = match self {
            Self::Nothing => return None,
            Self::Message { .. } => {
                let messages = registry().messages.keys().map(|name| json!({ "$ref": reference(name) }));
                ("application/json", json!({ "anyOf": messages.collect::<Vec<_>>() }))
            }
            Self::Json(of) => ("application/json", read_as(of)),
            Self::Lines(of) => ("application/jsonl", read_as(of)),
            Self::Text => ("text/plain", json!({ "type": "string" })),
        };
        let required = !matches!(self, Self::Message { required: false });
        Some(json!({ "required": required, "content": { kind: { "schema": schema } } }))
    }
}

/// The schema of what is read: what may be left out is not required. It stands where it is used, since among what is written
/// the same type can have another one.
fn read_as(of: fn(&mut SchemaGenerator) -> Schema) -> Value {
    let in_place = |settings: &mut SchemaSettings| settings.inline_subschemas = true;
    let mut schemas = SchemaSettings::draft2020_12().for_deserialize().with(in_place).into_generator();
    of(&mut schemas).to_value()
}

/// The schemas of every message type, as the components that [`Takes::Message`] refers to.
pub(super) fn messages() -> Map<String, Value> {
    let messages = registry().messages.values().map(|message| {
        let mut schema = message.schema();
        if let Some(members) = schema.as_object_mut() {
            members.remove("$schema");
        }
        refer_to(&mut schema, &reference(message.name));
        (component(message.name), schema)
    });
    messages.collect()
}

/// The name of a component has no other letters than these.
fn component(message: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let name: String = message.chars().map(|letter| if allowed(letter) { letter } else { '_' }).collect();
    format!("message.{name}")
}

fn reference(message: &str) -> String {
    format!("#/components/schemas/{}", component(message))
}

/// What the schema of a message says of itself is said from where it stands now.
fn refer_to(schema: &mut Value, place: &str) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "$ref" => {
                        if let Some(within) = text.strip_prefix('#') {
                            *text = format!("{place}{within}");
                        }
                    }
                    member => refer_to(member, place),
                }
            }
        }
        Value::Array(members) => members.iter_mut().for_each(|member| refer_to(member, place)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_refers_to_its_own_parts_refers_to_them_where_it_stands() {
        let mut schema = json!({
            "$ref": "#/$defs/Order",
            "$defs": { "Order": { "properties": { "lines": { "items": { "$ref": "#/$defs/Line" } }, "again": { "$ref": "#" } } } },
        });
        refer_to(&mut schema, &reference("lab::Order"));
        let place = "#/components/schemas/message.lab__Order";
        assert_eq!(schema["$ref"], format!("{place}/$defs/Order"));
        let properties = &schema["$defs"]["Order"]["properties"];
        assert_eq!(properties["lines"]["items"]["$ref"], format!("{place}/$defs/Line"));
        assert_eq!(properties["again"]["$ref"], place);
    }
}
