//! Message types: the trait that `#[message]` implements and the description that it registers.

use std::any::Any;
use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A typed value that is stored and sent. Implemented by `#[message]`, never by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message",
    label = "not a message type",
    note = "put `#[message]` on `{Self}` [iop E12]"
)]
pub trait Message: Serialize + DeserializeOwned + Send + 'static {
    /// What a receiver answers: a message type, or `()` where there is no response.
    type Response: Respond;

    /// Name, version and codec of the type, as registered.
    const TYPE: &'static MessageType;

    /// The values of the `#[key]` fields, in declaration order, as the store indexes them. A `None` field gives no key.
    fn keys(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What a handler may answer: every message type, and `()` for "no response".
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a response",
    label = "not a message type",
    note = "put `#[message]` on `{Self}`; a message without `response = …` has no response [iop E12]"
)]
pub trait Respond: Serialize + DeserializeOwned + Send + 'static {
    /// The type of the stored response message; `None` for `()`.
    const RESPONSE: Option<&'static MessageType>;

    /// The `#[key]` values of the response.
    fn response_keys(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

impl Respond for () {
    const RESPONSE: Option<&'static MessageType> = None;
}

#[diagnostic::do_not_recommend]
impl<M: Message> Respond for M {
    const RESPONSE: Option<&'static MessageType> = Some(M::TYPE);

    fn response_keys(&self) -> Vec<(&'static str, String)> {
        self.keys()
    }
}

/// A decoded body, to be downcast by whoever knows the type.
pub type Decoded = Box<dyn Any + Send>;

/// A decoded body with the values of its `#[key]` fields, by name.
pub type Keyed = (Decoded, Vec<(&'static str, String)>);

/// Where something was written, for errors that name two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceLocation {
    /// The file, as the compiler saw it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// The registered description of a message type.
#[derive(Debug)]
#[non_exhaustive]
pub struct MessageType {
    /// The name that the store keeps: the struct's, or `#[message(name = "…")]`. Never the Rust path.
    pub name: &'static str,
    /// `#[message(version = …)]`, 1 by default.
    pub version: u32,
    /// The Rust path, for people.
    pub rust_path: &'static str,
    /// Where `#[message]` stands.
    pub location: SourceLocation,
    /// The doc comment.
    pub doc: &'static str,
    /// `true` for `#[message(transient)]`: kept in memory only, lost with the process.
    pub transient: bool,
    /// Names of the `#[key]` fields.
    pub keys: &'static [&'static str],
    /// Names of the `#[sensitive]` fields, masked in logs and views.
    pub sensitive: &'static [&'static str],
    /// The response type, where there is one.
    pub response: fn() -> Option<&'static MessageType>,
    decode: fn(&[u8]) -> Result<Decoded, InvalidMessage>,
    read: fn(&[u8]) -> Result<Keyed, InvalidMessage>,
    accept: fn(&[u8]) -> Result<Accepted, InvalidMessage>,
    schema: fn() -> serde_json::Value,
}

impl MessageType {
    /// Describes `M`. Called by generated code in a constant.
    #[must_use]
    pub const fn new<M: Message + schemars::JsonSchema>(
        name: &'static str,
        version: u32,
        rust_path: &'static str,
        location: SourceLocation,
    ) -> Self {
        Self {
            name,
            version,
            rust_path,
            location,
            doc: "",
            transient: false,
            keys: &[],
            sensitive: &[],
            response: || <M::Response as Respond>::RESPONSE,
            decode: |body| decode::<M>(body).map(|message| Box::new(message) as Decoded),
            read: |body| {
                let message = decode::<M>(body)?;
                let keys = message.keys();
                Ok((Box::new(message), keys))
            },
            accept: accept::<M>,
            schema: || schemars::schema_for!(M).to_value(),
        }
    }

    /// Sets what [`new`](Self::new) leaves at its default.
    #[must_use]
    pub const fn with(
        mut self,
        doc: &'static str,
        transient: bool,
        keys: &'static [&'static str],
        sensitive: &'static [&'static str],
    ) -> Self {
        self.doc = doc;
        self.transient = transient;
        self.keys = keys;
        self.sensitive = sensitive;
        self
    }

    /// Reads a JSON body as this type.
    ///
    /// # Errors
    /// [`InvalidMessage`] with the path of the field that does not fit.
    pub fn decode(&self, body: &[u8]) -> Result<Decoded, InvalidMessage> {
        (self.decode)(body)
    }

    /// Reads a JSON body as this type, and gives its `#[key]` values too.
    ///
    /// # Errors
    /// [`InvalidMessage`] with the path of the field that does not fit.
    pub fn read(&self, body: &[u8]) -> Result<Keyed, InvalidMessage> {
        (self.read)(body)
    }

    /// Reads a JSON body from outside and writes it again as the store keeps it: fields in declaration order, unknown
    /// ones left out, defaults filled in.
    ///
    /// # Errors
    /// [`InvalidMessage`] with the path of the field that does not fit.
    pub fn accept(&self, body: &[u8]) -> Result<Accepted, InvalidMessage> {
        (self.accept)(body)
    }

    /// The JSON Schema of the body (draft 2020-12).
    #[must_use]
    pub fn schema(&self) -> serde_json::Value {
        (self.schema)()
    }
}

/// Stands in for the description of a type that `#[message]` has refused, so that its uses are not refused as well.
#[doc(hidden)]
pub static REFUSED_MESSAGE: MessageType = MessageType {
    name: "(refused)",
    version: 0,
    rust_path: "",
    location: SourceLocation { file: "", line: 0 },
    doc: "",
    transient: false,
    keys: &[],
    sensitive: &[],
    response: || None,
    decode: |_| Err(refused()),
    read: |_| Err(refused()),
    accept: |_| Err(refused()),
    schema: || serde_json::Value::Bool(false),
};

fn refused() -> InvalidMessage {
    InvalidMessage { path: ".".to_owned(), reason: "not a message".to_owned() }
}

impl PartialEq for MessageType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.version == other.version
    }
}

impl Eq for MessageType {}

/// Reads a JSON body as `M`.
pub(crate) fn decode<M: DeserializeOwned>(body: &[u8]) -> Result<M, InvalidMessage> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| InvalidMessage::new(&error.path().to_string(), &error.into_inner()))?;
    json.end().map_err(|error| InvalidMessage::new(".", &error))?;
    Ok(value)
}

/// A body from outside that fits its message type.
#[derive(Debug)]
pub struct Accepted {
    /// The value.
    pub value: Decoded,
    /// JSON as the store keeps it.
    pub body: Bytes,
    /// Its `#[key]` values.
    pub keys: Vec<(&'static str, String)>,
}

fn accept<M: Message>(body: &[u8]) -> Result<Accepted, InvalidMessage> {
    let value: M = decode(body)?;
    let body = serde_json::to_vec(&value)
        .map_err(|error| InvalidMessage { path: ".".to_owned(), reason: error.to_string() })?;
    Ok(Accepted { keys: value.keys(), body: body.into(), value: Box::new(value) })
}

/// A body that does not fit its message type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", field(path))]
pub struct InvalidMessage {
    /// The path of the field, for example `order.lines[2].amount`; `.` is the body itself.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Where it is, unless it is the body as a whole.
fn field(path: &str) -> String {
    if path == "." { String::new() } else { format!("field `{path}`: ") }
}

impl InvalidMessage {
    fn new(path: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        if error.is_syntax() || error.is_eof() {
            // What is no JSON has no fields; its column is all that can be said.
            return Self { path: ".".to_owned(), reason: text };
        }
        // A body travels on one line, so the path says more than line and column do.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let reason = text.strip_suffix(&place).unwrap_or(&text);
        // serde names the object that lacks a field; people look for the field.
        let missing = reason.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        match missing {
            Some(field) if path == "." => Self { path: field.to_owned(), reason: "missing".to_owned() },
            Some(field) => Self { path: format!("{path}.{field}"), reason: "missing".to_owned() },
            None => Self { path: path.to_owned(), reason: reason.to_owned() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Line {
        #[expect(dead_code, reason = "only read")]
        price: u32,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only read")]
        lines: Vec<Line>,
    }

    fn refused(body: &str) -> String {
        decode::<Order>(body.as_bytes()).expect_err("does not fit").to_string()
    }

    #[test]
    fn a_body_that_does_not_fit_names_the_field_and_not_the_column() {
        assert_eq!(refused("{}"), "field `lines`: missing");
        assert_eq!(refused(r#"{"lines":[{"price":1},{}]}"#), "field `lines[1].price`: missing");
        let wrong = r#"field `lines[0].price`: invalid type: string "x", expected u32"#;
        assert_eq!(refused(r#"{"lines":[{"price":"x"}]}"#), wrong);
    }

    #[test]
    fn a_body_that_is_no_json_names_the_column_and_no_field() {
        assert_eq!(refused(r#"{"lines":[]} x"#), "trailing characters at line 1 column 14");
        assert_eq!(refused(r#"{"lines":[{"pri"#), "EOF while parsing a string at line 1 column 15");
        assert_eq!(refused("7"), "invalid type: integer `7`, expected struct Order");
    }
}
