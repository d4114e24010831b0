//! Answers and bodies held against the schemas of an OpenAPI document: whether each field is described, each that has to be there is
//! there, and each is of its type. Formats, patterns and bounds are not looked at.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A document of an API.
#[derive(Debug)]
pub(crate) struct Document(Value);

/// The fields of an object that a schema describes; `None` where it takes any.
type Described = Option<BTreeSet<String>>;

impl Document {
    pub(crate) fn new(document: Value) -> Self {
        Self(document)
    }

    /// Every call: method and path.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (String, String)> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, operations)| {
            operations.as_object().unwrap().keys().map(|method| (method.to_ascii_uppercase(), path.clone()))
        })
    }

    /// The path in the document of a path that was asked for; one that says it letter by letter comes first.
    pub(crate) fn template(&self, method: &str, path: &str) -> Option<String> {
        let path = path.split('?').next().unwrap_or_default();
        let fits = |template: &str| {
            let (these, those) = (template.split('/'), path.split('/'));
            these.clone().count() == those.clone().count()
                && these.zip(those).all(|(this, that)| this.starts_with('{') || this == that)
        };
        let found = self.operations().filter(|(of, template)| of == method && fits(template));
        found.map(|(_, template)| template).min_by_key(|template| template.matches('{').count())
    }

    /// What is different between an answer and its description.
    pub(crate) fn mistakes(&self, method: &str, path: &str, status: u16, kind: &str, body: &Value) -> Vec<String> {
        let Some(template) = self.template(method, path) else {
            return vec![format!("{method} {path} is not in the document")];
        };
        let responses = &self.0["paths"][&template][method.to_ascii_lowercase()]["responses"];
        let response = responses.get(status.to_string()).or_else(|| {
            // What went wrong may be said in general, what was done may not.
            responses.get("default").filter(|_| status >= 400)
        });
        let Some(response) = response else {
            return vec![format!("{method} {template} answers {status}, which is not described")];
        };
        let kind = kind.split(';').next().unwrap_or_default();
        if status == 204 && kind.is_empty() {
            return Vec::new();
        }
        let Some(content) = response["content"].get(kind) else {
            return vec![format!("{method} {template} answers {status} with `{kind}`, which is not described")];
        };
        let mut mistakes = Vec::new();
        if kind == "application/json" {
            self.check(&content["schema"], body, "", &mut mistakes);
        }
        mistakes.iter().map(|mistake| format!("{method} {template}: {mistake}")).collect()
    }

    /// What is different between the body of a call and its description.
    pub(crate) fn mistakes_of_call(&self, method: &str, path: &str, body: &str) -> Vec<String> {
        let Some(template) = self.template(method, path) else {
            return vec![format!("{method} {path} is not in the document")];
        };
        let described = &self.0["paths"][&template][method.to_ascii_lowercase()]["requestBody"];
        if body.is_empty() {
            let missing = described["required"] == true;
            return if missing { vec![format!("{method} {template} has to have a body")] } else { Vec::new() };
        }
        let Some((kind, content)) = described["content"].as_object().and_then(|content| content.iter().next()) else {
            return vec![format!("{method} {template} takes a body, which is not described")];
        };
        let mut mistakes = Vec::new();
        match kind.as_str() {
            "application/json" => match serde_json::from_str(body) {
                Ok(value) => self.check(&content["schema"], &value, "", &mut mistakes),
                Err(error) => mistakes.push(error.to_string()),
            },
            // What is not described of a line is not read.
            "application/jsonl" => {
                for line in body.lines() {
                    self.described(&content["schema"], &serde_json::from_str(line).unwrap(), "", &mut mistakes);
                }
            }
            kind => assert_eq!(kind, "text/plain"),
        }
        mistakes.iter().map(|mistake| format!("{method} {template}: {mistake}")).collect()
    }

    /// Every call that takes a body.
    pub(crate) fn with_a_body(&self) -> impl Iterator<Item = (String, String)> {
        self.operations()
            .filter(|(method, path)| self.0["paths"][path][method.to_ascii_lowercase()]["requestBody"].is_object())
    }

    /// A value, and that all of its fields are described.
    fn check(&self, schema: &Value, value: &Value, at: &str, mistakes: &mut Vec<String>) {
        let described = self.described(schema, value, at, mistakes);
        if let (Some(described), Some(fields)) = (described, value.as_object()) {
            let unknown = fields.keys().filter(|name| !described.contains(*name));
            mistakes.extend(unknown.map(|name| format!("{at} has `{name}`, which is not described")));
        }
    }

    /// A value, and which of its fields are described.
    fn described(&self, schema: &Value, value: &Value, at: &str, mistakes: &mut Vec<String>) -> Described {
        let Some(schema) = schema.as_object().filter(|schema| schema.keys().any(|key| says_something(key))) else {
            assert!(schema == &Value::Bool(true) || schema.is_object(), "{at}: no schema: {schema}");
            return None;
        };
        let mut described = Some(BTreeSet::new());
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.0.pointer(reference.trim_start_matches('#'));
            let target = target.unwrap_or_else(|| panic!("{at}: there is no {reference}"));
            described = join(described, self.described(target, value, at, mistakes));
        }
        is_of_its_type(schema, value, at, mistakes);
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            described = join(described, self.described(part, value, at, mistakes));
        }
        for forms in ["anyOf", "oneOf"].iter().filter_map(|of| schema.get(*of)?.as_array()) {
            described = join(described, self.one_of(forms, value, at, mistakes));
        }
        if let Some(fields) = value.as_object() {
            described = join(described, self.fields(schema, fields, at, mistakes));
        }
        self.elements(schema, value, at, mistakes);
        described
    }

    /// Which of several forms a value has; what is wrong with the others is of no interest.
    fn one_of(&self, forms: &[Value], value: &Value, at: &str, mistakes: &mut Vec<String>) -> Described {
        let (mut described, mut fits, mut wrong) = (Some(BTreeSet::new()), false, Vec::new());
        for form in forms {
            let mut inside = Vec::new();
            let of_form = self.described(form, value, at, &mut inside);
            if inside.is_empty() {
                fits = true;
                described = join(described, of_form);
            }
            wrong.extend(inside);
        }
        if !fits {
            mistakes.push(format!("{at} is none of {} forms: {}", forms.len(), wrong.join("; ")));
        }
        described
    }

    fn fields(
        &self,
        schema: &Map<String, Value>,
        fields: &Map<String, Value>,
        at: &str,
        mistakes: &mut Vec<String>,
    ) -> Described {
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        mistakes
            .extend(required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{at} has no `{name}`")));
        let nothing = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
        for (name, field) in properties.iter().filter_map(|(name, of)| Some((name, (of, fields.get(name)?)))) {
            self.check(field.0, field.1, &format!("{at}.{name}"), mistakes);
        }
        let Some(others) = schema.get("additionalProperties").filter(|others| **others != Value::Bool(false)) else {
            return Some(properties.keys().cloned().collect());
        };
        for (name, value) in fields.iter().filter(|(name, _)| !properties.contains_key(*name)) {
            self.check(others, value, &format!("{at}.{name}"), mistakes);
        }
        None
    }

    fn elements(&self, schema: &Map<String, Value>, value: &Value, at: &str, mistakes: &mut Vec<String>) {
        let first = schema.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (index, element) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(of) = first.get(index).or_else(|| schema.get("items")) {
                self.check(of, element, &format!("{at}[{index}]"), mistakes);
            }
        }
    }
}

/// Whether a word of a schema narrows what fits it.
fn says_something(word: &str) -> bool {
    !matches!(word, "description" | "title" | "default" | "examples")
}

fn join(one: Described, other: Described) -> Described {
    let (mut one, other) = (one?, other?);
    one.extend(other);
    Some(one)
}

fn is_of_its_type(schema: &Map<String, Value>, value: &Value, at: &str, mistakes: &mut Vec<String>) {
    let is = |name: &Value| match name.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: there is no type `{other}`"),
    };
    match schema.get("type") {
        Some(Value::Array(names)) if !names.iter().any(is) => mistakes.push(format!("{at} is none of {names:?}")),
        Some(name @ Value::String(text)) if !is(name) => mistakes.push(format!("{at} is no {text}")),
        _ => {}
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        mistakes.push(format!("{at} is not {}", schema["const"]));
    }
    let words = schema.get("enum").and_then(Value::as_array);
    if words.is_some_and(|words| !words.contains(value)) {
        mistakes.push(format!("{at} is {value}, which is not described"));
    }
}
