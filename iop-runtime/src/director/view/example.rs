//! A body that fits a JSON Schema: something to begin with for whoever writes a message by hand.

use serde_json::{Map, Number, Value};

/// No body goes deeper than this.
const DEPTH: usize = 64;

/// A value of a schema: its first example or default where it has one, else the simplest one that fits, with every field.
pub(super) fn example(schema: &Value) -> Value {
    Writer { root: schema, inside: Vec::new() }.value(schema, 0)
}

struct Writer<'a> {
    root: &'a Value,
    /// The references that are being followed: a type that contains itself ends where it may, in an empty list or in null.
    inside: Vec<&'a str>,
}

impl<'a> Writer<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        if let Some(given) = given(schema) {
            return given;
        }
        if depth >= DEPTH {
            return Value::Null;
        }
        if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
            let Some(target) = path.strip_prefix('#').and_then(|path| self.root.pointer(path)) else {
                return Value::Null;
            };
            self.inside.push(path);
            let value = self.value(target, depth + 1);
            self.inside.pop();
            return value;
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.object(schema, parts, depth);
        }
        for of in ["oneOf", "anyOf"] {
            let forms = schema.get(of).and_then(Value::as_array).into_iter().flatten();
            // Fields beside the alternatives are those that every variant has.
            if let Some(form) = forms.min_by_key(|form| (self.repeats(form), type_of(form) == Some("null"))) {
                return self.object(schema, std::slice::from_ref(form), depth);
            }
        }
        match type_of(schema) {
            Some("object") => self.object(schema, &[], depth),
            Some("array") => self.array(schema, depth),
            Some("string") => Value::from(text(schema)),
            Some("integer") => Value::from(integer(schema)),
            Some("number") => number(schema),
            Some("boolean") => Value::from(false),
            _ => Value::Null,
        }
    }

    /// Whether a schema leads back to what is being written.
    fn repeats(&self, schema: &Value) -> bool {
        let leads_to = schema.get("$ref").and_then(Value::as_str);
        leads_to.is_some_and(|path| path == "#" || self.inside.contains(&path))
    }

    /// The fields of a schema and of the parts beside it; a single part that is no object stands for itself.
    fn object(&mut self, schema: &'a Value, parts: &'a [Value], depth: usize) -> Value {
        let mut fields = Map::new();
        for part in parts {
            match self.value(part, depth + 1) {
                Value::Object(more) => fields.extend(more),
                other if schema.get("properties").is_none() => return other,
                _ => {}
            }
        }
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            fields.insert(name.clone(), self.value(field, depth + 1));
        }
        Value::Object(fields)
    }

    fn array(&mut self, schema: &'a Value, depth: usize) -> Value {
        if let Some(items) = schema.get("prefixItems").and_then(Value::as_array) {
            return items.iter().map(|item| self.value(item, depth + 1)).collect();
        }
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1).clamp(1, 16);
        match schema.get("items") {
            Some(item) if !self.repeats(item) => (0..least).map(|_| self.value(item, depth + 1)).collect(),
            _ => Value::Array(Vec::new()),
        }
    }
}

/// What the schema itself says.
fn given(schema: &Value) -> Option<Value> {
    let first = |key: &str| schema.get(key)?.as_array()?.first().cloned();
    // A default of null says that the field may be left out, and nothing of what may stand in it.
    let default = schema.get("default").filter(|default| !default.is_null()).cloned();
    first("examples").or(default).or_else(|| schema.get("const").cloned()).or_else(|| first("enum"))
}

/// The type, or the first of several that is not null.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(name) => Some(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).min_by_key(|name| *name == "null"),
        _ => None,
    }
}

fn text(schema: &Value) -> String {
    let known = match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2026-01-31",
        Some("date-time" | "partial-date-time") => "2026-01-31T12:00:00Z",
        Some("time" | "partial-time") => "12:00:00",
        Some("duration") => "PT1M",
        Some("uuid") => "00000000-0000-0000-0000-000000000000",
        Some("uri") => "https://example.com/",
        Some("email") => "name@example.com",
        Some("ip" | "ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        _ => "text",
    };
    let least = schema.get("minLength").and_then(Value::as_u64).and_then(|least| usize::try_from(least).ok());
    let most = schema.get("maxLength").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    let mut text = known.to_owned();
    while text.len() < least.unwrap_or(0).min(256) {
        text.push('x');
    }
    text.chars().take(most.unwrap_or(usize::MAX)).collect()
}

fn integer(schema: &Value) -> i64 {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64).map(|bound| bound as i64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|least| least.saturating_add(1)));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|most| most.saturating_sub(1)));
    let wanted = 1.max(least.unwrap_or(i64::MIN));
    wanted.min(most.unwrap_or(i64::MAX))
}

fn number(schema: &Value) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|least| least + 1.0));
    let wanted = 1.5_f64.max(least.unwrap_or(f64::MIN)).min(bound("maximum").unwrap_or(f64::MAX));
    Number::from_f64(wanted).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_example_has_every_field_and_follows_references_and_bounds() {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "minLength": 6 },
                "nick": { "type": ["null", "string"], "default": null },
                "age": { "type": "integer", "minimum": 18, "maximum": 99 },
                "share": { "type": "number", "maximum": 1.0 },
                "kind": { "$ref": "#/$defs/Kind" },
                "born": { "type": "string", "format": "date" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "either": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/Kind" }] }
            },
            "$defs": { "Kind": { "type": "string", "enum": ["adult", "child"] } }
        });
        let expected = json!({
            "name": "textxx", "nick": "text", "age": 18, "share": 1.0, "kind": "adult", "born": "2026-01-31",
            "tags": ["text"], "either": "adult"
        });
        assert_eq!(example(&schema), expected);
    }

    #[test]
    fn a_type_that_contains_itself_has_an_example_that_ends() {
        let schema = json!({
            "type": "object",
            "properties": {
                "next": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] },
                "all": { "type": "array", "items": { "$ref": "#" } }
            }
        });
        assert_eq!(example(&schema), json!({ "next": null, "all": [] }));
    }

    #[test]
    fn a_variant_of_a_tagged_enum_keeps_the_fields_that_all_variants_have() {
        let schema = json!({
            "type": "object",
            "properties": { "at": { "type": "integer" } },
            "oneOf": [
                { "type": "object", "properties": { "kind": { "const": "circle" }, "radius": { "type": "integer" } } },
                { "type": "object", "properties": { "kind": { "const": "square" } } }
            ]
        });
        assert_eq!(example(&schema), json!({ "kind": "circle", "radius": 1, "at": 1 }));
    }
}
