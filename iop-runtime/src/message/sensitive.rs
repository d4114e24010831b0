//! `#[sensitive]`: which values of a body are shown to nobody, and the body without them.
//!
//! The JSON Schema of a type says it (`x-iop-sensitive`), so parts, lists, variants and whatever serde makes of them are
//! followed. Where a value could be one of several forms, it is masked if one of them says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::types::MessageType;

/// What stands in place of a sensitive value.
pub const MASK: &str = "***";

/// What a sensitive field looks like in `{:?}`. For generated code.
#[doc(hidden)]
pub static MASKED: Masked = Masked;

/// See [`MASKED`].
#[doc(hidden)]
pub struct Masked;

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

const MARK: &str = "x-iop-sensitive";

/// Schemas refer to themselves; a body does not go deeper than this.
const DEPTH: usize = 128;

/// Made once for each type: schemas are not cheap.
static KNOWN: LazyLock<Mutex<BTreeMap<usize, Arc<Sensitivity>>>> = LazyLock::new(Mutex::default);

/// What is sensitive in the bodies of a type.
pub(super) fn of(message: &MessageType) -> Arc<Sensitivity> {
    // A description is a static, so its address is its identity; the one that stands in for refused types has no body.
    let key = std::ptr::from_ref(message).addr();
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    known.unwrap_or_else(|| {
        let made = Arc::new(Sensitivity::new(message));
        KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&made));
        made
    })
}

impl MessageType {
    /// Whether a body of this type has values that are not shown.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        of(self).any
    }

    /// A body of `version` as people see it: sensitive values are [`MASK`]. Where the version is not known, nothing of the
    /// body is shown.
    #[must_use]
    pub fn masked(&self, version: u32, mut body: Value) -> Value {
        let sensitivity = of(self);
        if !sensitivity.any {
            return body;
        }
        match sensitivity.schema_of(version) {
            Some(schema) => {
                Walk { root: schema }.mask(schema, &mut body, 0);
                if version != self.version {
                    by_name(&sensitivity.names, &mut body);
                }
                body
            }
            None => Value::from(MASK),
        }
    }
}

/// See [`of`].
#[derive(Debug)]
pub(super) struct Sensitivity {
    any: bool,
    version: u32,
    schema: Value,
    /// Of the versions before, the oldest first.
    older: Vec<Value>,
    /// Every name that a sensitive field has.
    names: BTreeSet<String>,
}

impl Sensitivity {
    fn new(message: &MessageType) -> Self {
        let schema = message.schema();
        let older: Vec<Value> = message.upgrades.iter().map(|upgrade| (upgrade.schema)()).collect();
        let mut names = BTreeSet::new();
        collect(&schema, &mut names);
        let any = std::iter::once(&schema).chain(&older).any(is_marked_somewhere);
        Self { any, version: message.version, schema, older, names }
    }

    fn schema_of(&self, version: u32) -> Option<&Value> {
        let behind = usize::try_from(self.version.checked_sub(version)?).ok()?;
        match behind {
            0 => Some(&self.schema),
            _ => self.older.len().checked_sub(behind).and_then(|index| self.older.get(index)),
        }
    }

    /// Whether an error at this path may quote the value there.
    pub(super) fn may_quote(&self, path: &str) -> bool {
        if !self.any {
            return true;
        }
        let segments = path.split(['.', '[']).map(|segment| segment.trim_end_matches(']'));
        let segments: Vec<&str> = segments.filter(|segment| !segment.is_empty()).collect();
        Walk { root: &self.schema }.is_open(&self.schema, &segments, 0)
    }
}

fn is_marked(schema: &Value) -> bool {
    schema.get(MARK).and_then(Value::as_bool).unwrap_or(false)
}

fn is_marked_somewhere(schema: &Value) -> bool {
    is_marked(schema)
        || match schema {
            Value::Object(fields) => fields.values().any(is_marked_somewhere),
            Value::Array(values) => values.iter().any(is_marked_somewhere),
            _ => false,
        }
}

/// The names of fields that are marked, their aliases included.
fn collect(schema: &Value, names: &mut BTreeSet<String>) {
    if let Some(Value::Object(properties)) = schema.get("properties") {
        for (name, property) in properties.iter().filter(|(_, property)| is_marked(property)) {
            names.insert(name.clone());
            let aliases = property.get("x-iop-aliases").and_then(Value::as_array).into_iter().flatten();
            names.extend(aliases.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(|value| collect(value, names)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

fn by_name(names: &BTreeSet<String>, body: &mut Value) {
    match body {
        Value::Object(fields) => {
            for (name, value) in fields {
                if names.contains(name) { *value = Value::from(MASK) } else { by_name(names, value) }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| by_name(names, value)),
        _ => {}
    }
}

/// A way through a schema and what it describes, at the same time.
struct Walk<'a> {
    root: &'a Value,
}

impl<'a> Walk<'a> {
    fn resolve(&self, schema: &'a Value) -> Option<&'a Value> {
        let pointer = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
        self.root.pointer(pointer)
    }

    /// The schemas that say something of the same value.
    fn same(&self, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
        let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
        self.resolve(schema).into_iter().chain(lists)
    }

    fn mask(&self, schema: &'a Value, value: &mut Value, depth: usize) {
        if is_marked(schema) || depth > DEPTH {
            // There is nothing to hide in what is not there.
            if !value.is_null() {
                *value = Value::from(MASK);
            }
            return;
        }
        for other in self.same(schema) {
            if !is_another(other, value) {
                self.mask(other, value, depth + 1);
            }
        }
        match value {
            Value::Object(fields) => self.mask_fields(schema, fields, depth),
            Value::Array(values) => {
                let first = schema.get("prefixItems").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                for (index, value) in values.iter_mut().enumerate() {
                    if let Some(schema) = first.get(index).or_else(|| schema.get("items")) {
                        self.mask(schema, value, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn mask_fields(&self, schema: &'a Value, fields: &mut Map<String, Value>, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, value) in fields {
            let property = properties.and_then(|properties| properties.get(name));
            if let Some(schema) = property.or_else(|| schema.get("additionalProperties")) {
                self.mask(schema, value, depth + 1);
            }
        }
    }

    /// The path is known to the schema, and nothing at its end or on the way is sensitive.
    fn is_open(&self, schema: &'a Value, path: &[&str], depth: usize) -> bool {
        if is_marked(schema) || depth > DEPTH {
            return false;
        }
        let Some((segment, rest)) = path.split_first() else { return !self.hides(schema, &mut BTreeSet::new()) };
        let mut ways = self.same(schema).filter(|other| self.knows(other, segment, depth)).peekable();
        if ways.peek().is_some() {
            return ways.all(|other| self.is_open(other, path, depth + 1));
        }
        self.below(schema, segment).is_some_and(|below| self.is_open(below, rest, depth + 1))
    }

    fn below(&self, schema: &'a Value, segment: &str) -> Option<&'a Value> {
        let property = schema.get("properties").and_then(|properties| properties.get(segment));
        let index = || segment.parse::<usize>().ok();
        let first = || schema.get("prefixItems").and_then(|items| items.get(index()?));
        let item = || schema.get("items").filter(|_| index().is_some());
        let others = || schema.get("additionalProperties").filter(|others| **others != Value::Bool(false));
        property.or_else(first).or_else(item).or_else(others)
    }

    fn knows(&self, schema: &'a Value, segment: &str, depth: usize) -> bool {
        depth <= DEPTH
            && (self.below(schema, segment).is_some()
                || self.same(schema).any(|other| self.knows(other, segment, depth + 1)))
    }

    /// Something in the value is sensitive, or may be.
    fn hides(&self, schema: &'a Value, seen: &mut BTreeSet<&'a str>) -> bool {
        if is_marked(schema) {
            return true;
        }
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let (Some(reference), Some(part)) = (reference, self.resolve(schema))
            && seen.insert(reference)
            && self.hides(part, seen)
        {
            return true;
        }
        match schema {
            // The parts that stand beside are looked at where they are referred to.
            Value::Object(fields) => fields.iter().any(|(name, value)| name != "$defs" && self.hides(value, seen)),
            Value::Array(values) => values.iter().any(|value| self.hides(value, seen)),
            _ => false,
        }
    }
}

/// A variant that is not the one that the value says it is.
fn is_another(variant: &Value, value: &Value) -> bool {
    let Some(properties) = variant.get("properties").and_then(Value::as_object) else { return false };
    properties.iter().any(|(name, property)| match (property.get("const"), value.get(name)) {
        (Some(constant), Some(found)) => constant != found,
        _ => false,
    })
}

/// What serde says, without the value that it quotes.
pub(super) fn without_value(reason: &str) -> String {
    const HIDDEN: &str = "its value does not fit, and is not shown because it may be sensitive";
    let known = ["missing", "invalid type: ", "invalid value: ", "unknown variant"];
    let Some(start) = known.into_iter().find(|start| reason.starts_with(start)) else { return HIDDEN.to_owned() };
    if start == "missing" {
        return reason.to_owned();
    }
    // What is expected is the type's own text and stands last.
    let Some((found, expected)) = reason.rsplit_once(", expected ") else { return HIDDEN.to_owned() };
    let kind = found.split(['"', '`', '(']).next().unwrap_or_default().trim_end();
    format!("{kind}, expected {expected}")
}
