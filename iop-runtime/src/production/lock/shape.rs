//! A JSON Schema as a flat list of fields: what of it matters to whoever reads stored JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Fields by their path: `lines/[]/price`. `[]` is every element of a list, `[0]` the first of a tuple, `{}` every value of
/// a map, `<Moved>` a variant that its tag names.
pub(super) type Shape = BTreeMap<String, Field>;

/// What is known of a field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Field {
    /// Forms of JSON that it may have: `string`, `integer int32`, `null`, a variant in `"…"` or `<…>`.
    pub(super) kinds: BTreeSet<String>,
    /// It may be left out.
    pub(super) optional: bool,
    /// Its other names.
    pub(super) aliases: BTreeSet<String>,
}

/// The shape of what a schema describes.
pub(super) fn of(schema: &Value) -> Shape {
    let mut shape = Shape::new();
    Walk { root: schema, shape: &mut shape }.value(schema, "", &mut Vec::new());
    shape
}

struct Walk<'a> {
    root: &'a Value,
    shape: &'a mut Shape,
}

impl<'a> Walk<'a> {
    /// The value at `path` may be what `schema` says. `inside` are the parts that it stands in, with their paths.
    fn value(&mut self, schema: &'a Value, path: &str, inside: &mut Vec<(&'a str, String)>) {
        self.aliases(schema, path);
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            if let Some((_, first)) = inside.iter().find(|(part, _)| *part == reference) {
                let again = format!("as {}", if first.is_empty() { "/" } else { first });
                self.field(path).kinds.insert(again);
            } else if let Some(part) = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) {
                inside.push((reference, path.to_owned()));
                self.value(part, path, inside);
                inside.pop();
            }
            return;
        }
        for list in ["allOf", "anyOf", "oneOf"] {
            for one in schema.get(list).and_then(Value::as_array).into_iter().flatten() {
                self.form(one, path, inside);
            }
        }
        self.plain(schema, path, inside);
    }

    /// One of several forms: a variant, or any other.
    fn form(&mut self, schema: &'a Value, path: &str, inside: &mut Vec<(&'a str, String)>) {
        if let Some((variant, content)) = wrapped(schema) {
            let below = self.variant(schema, path, variant);
            self.value(content, &below, inside);
        } else if let Some((tag, variant)) = tag(schema) {
            let below = self.variant(schema, path, variant);
            self.fields(schema, &below, Some(tag), inside);
        } else {
            self.value(schema, path, inside);
        }
    }

    fn variant(&mut self, schema: &Value, path: &str, variant: &str) -> String {
        let name = format!("<{variant}>");
        self.field(path).kinds.insert(name.clone());
        let below = join(path, &name);
        self.aliases(schema, &below);
        self.field(&below).optional = true;
        below
    }

    fn plain(&mut self, schema: &'a Value, path: &str, inside: &mut Vec<(&'a str, String)>) {
        let constant = schema.get("const").into_iter();
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let variants: Vec<String> = constant.chain(listed).map(Value::to_string).collect();
        if !variants.is_empty() {
            self.field(path).kinds.extend(variants.iter().cloned());
            if let [one] = variants.as_slice() {
                // Other names of the variant, not of the field.
                let aliases = aliases(schema);
                if !aliases.is_empty() {
                    self.field(&join(path, one)).aliases.extend(aliases);
                    self.field(&join(path, one)).optional = true;
                }
            }
            return;
        }
        let format = schema.get("format").and_then(Value::as_str);
        for kind in types(schema) {
            let text = match (kind, format) {
                ("string" | "integer" | "number", Some(format)) => format!("{kind} {format}"),
                _ => kind.to_owned(),
            };
            self.field(path).kinds.insert(text);
        }
        self.fields(schema, path, None, inside);
        if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
            self.value(items, &join(path, "[]"), inside);
        }
        for (index, item) in schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten().enumerate() {
            self.value(item, &join(path, &format!("[{index}]")), inside);
        }
    }

    fn fields(&mut self, schema: &'a Value, path: &str, tag: Option<&str>, inside: &mut Vec<(&'a str, String)>) {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        for (name, property) in properties.filter(|(name, _)| tag != Some(name)) {
            let below = join(path, &name.replace('~', "~0").replace('/', "~1"));
            let optional = !required.contains(&name.as_str());
            self.value(property, &below, inside);
            let field = self.field(&below);
            field.optional |= optional;
        }
        if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
            let below = join(path, "{}");
            self.value(others, &below, inside);
            self.field(&below).optional = true;
        }
    }

    fn aliases(&mut self, schema: &Value, path: &str) {
        if schema.get("const").is_none() {
            let aliases = aliases(schema);
            if !aliases.is_empty() {
                self.field(path).aliases.extend(aliases);
            }
        }
    }

    fn field(&mut self, path: &str) -> &mut Field {
        self.shape.entry(path.to_owned()).or_default()
    }
}

fn aliases(schema: &Value) -> Vec<String> {
    let aliases = schema.get("x-iop-aliases").and_then(Value::as_array).into_iter().flatten();
    aliases.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A variant that is an object around its content: `{ "Moved": … }`.
fn wrapped(schema: &Value) -> Option<(&str, &Value)> {
    let alone = schema.get("additionalProperties") == Some(&Value::Bool(false));
    let mut properties = schema.get("properties").filter(|_| alone)?.as_object()?.iter();
    match (properties.next(), properties.next()) {
        (Some((name, content)), None) => Some((name, content)),
        _ => None,
    }
}

/// The name of the field that says which variant an object is, and which it is: `{ "kind": "Moved", … }`.
fn tag(schema: &Value) -> Option<(&str, &str)> {
    let properties = schema.get("properties")?.as_object()?;
    properties.iter().find_map(|(name, property)| Some((name.as_str(), property.get("const")?.as_str()?)))
}

fn join(path: &str, segment: &str) -> String {
    if path.is_empty() { segment.to_owned() } else { format!("{path}/{segment}") }
}
