//! What a route answers where it has done what it was asked for: the type of its JSON, or the kinds of its texts.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// What an answer is. Without any of these there is a page for people.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gives {
    /// The schema of the type whose value is serialised.
    json: Option<fn(&mut SchemaGenerator) -> Schema>,
    texts: &'static [&'static str],
    nothing: bool,
}

impl Gives {
    /// A value of this type.
    pub(super) fn json<T: JsonSchema>() -> Self {
        Self { json: Some(SchemaGenerator::subschema_for::<T>), ..Self::default() }
    }

    /// Also, or only, text of these kinds.
    pub(super) fn text(self, kinds: &'static [&'static str]) -> Self {
        Self { texts: kinds, ..self }
    }

    /// Also, or only, nothing: 204.
    pub(super) fn nothing(self) -> Self {
        Self { nothing: true, ..self }
    }

    /// The responses of the document, by status; none where nobody has said what comes.
    pub(super) fn responses(self, schemas: &mut SchemaGenerator) -> Map<String, Value> {
        let mut content = Map::new();
        if let Some(schema) = self.json {
            content.insert("application/json".to_owned(), json!({ "schema": schema(schemas) }));
        }
        for kind in self.texts {
            content.insert((*kind).to_owned(), json!({ "schema": { "type": "string" } }));
        }
        let mut responses = Map::new();
        if !content.is_empty() {
            responses.insert("200".to_owned(), json!({ "description": "Done.", "content": content }));
        }
        if self.nothing {
            responses.insert("204".to_owned(), json!({ "description": "Done; there is nothing to say." }));
        }
        responses
    }
}
