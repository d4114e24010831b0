//! Reading JSON bodies: what does not fit is said with the path of its field, and without values that are sensitive.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::sensitive;
use super::types::{Decoded, Message, MessageType, Respond};
use super::written::written;

/// Reads the body of a stored message of `version` as `R`.
pub(crate) fn read<R: Respond>(version: u32, body: &[u8]) -> Result<R, InvalidMessage> {
    let Some(message) = R::RESPONSE else { return parse(body).map_err(InvalidMessage::from) };
    let body = message.upgraded(version, body)?;
    parse(&body).map_err(|unfit| unfit.told(message).stored(message))
}

/// Reads a JSON body of the program's version of `R`.
pub(crate) fn decode<R: Respond>(body: &[u8]) -> Result<R, InvalidMessage> {
    parse(body).map_err(|unfit| match R::RESPONSE {
        Some(message) => unfit.told(message),
        None => InvalidMessage::from(unfit),
    })
}

/// Reads JSON as `M`.
pub(super) fn parse<M: DeserializeOwned>(body: &[u8]) -> Result<M, Unfit> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Unfit { path: error.path().to_string(), error: error.into_inner() })?;
    json.end().map_err(|error| Unfit { path: ".".to_owned(), error })?;
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

pub(super) fn accept<M: Message>(body: &[u8]) -> Result<Accepted, Unfit> {
    let value: M = parse(body)?;
    let body = written(&value).map_err(|error| Unfit { path: ".".to_owned(), error })?;
    Ok(Accepted { keys: value.keys(), body, value: Box::new(value) })
}

/// What serde says of a body that does not fit. It may quote values, so nobody sees it as it is.
#[derive(Debug)]
pub struct Unfit {
    pub(super) path: String,
    pub(super) error: serde_json::Error,
}

impl Unfit {
    pub(super) fn refused() -> Self {
        Self { path: ".".to_owned(), error: serde::de::Error::custom("not a message") }
    }

    /// What may be said of a body of this type.
    pub(super) fn told(self, message: &MessageType) -> InvalidMessage {
        let syntax = self.is_syntax();
        let invalid = InvalidMessage::from(self);
        if syntax || sensitive::of(message).may_quote(&invalid.path) {
            return invalid;
        }
        InvalidMessage { reason: sensitive::without_value(&invalid.reason), ..invalid }
    }

    fn is_syntax(&self) -> bool {
        self.error.is_syntax() || self.error.is_eof()
    }
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

impl From<Unfit> for InvalidMessage {
    fn from(unfit: Unfit) -> Self {
        let text = unfit.error.to_string();
        if unfit.is_syntax() {
            // What is no JSON has no fields; its column is all that can be said.
            return Self { path: ".".to_owned(), reason: text };
        }
        let Unfit { path, error } = unfit;
        // A body travels on one line, so the path says more than line and column do.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let reason = text.strip_suffix(&place).unwrap_or(&text);
        // serde names the object that lacks a field; people look for the field.
        let missing = reason.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        match missing {
            Some(field) if path == "." => Self { path: field.to_owned(), reason: "missing".to_owned() },
            Some(field) => Self { path: format!("{path}.{field}"), reason: "missing".to_owned() },
            None => Self { path, reason: reason.to_owned() },
        }
    }
}

impl InvalidMessage {
    /// Of a stored message: whoever reads it can still do something about it.
    pub(super) fn stored(self, message: &MessageType) -> Self {
        let reason = format!(
            "{}; a stored `{}` does not fit this program: give the field `#[serde(default)]` or `#[serde(alias = \"…\")]`, \
             or the type a new version with an `upgrade`, and resume the message [iop E14]",
            self.reason, message.name
        );
        Self { reason, ..self }
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
        InvalidMessage::from(parse::<Order>(body.as_bytes()).expect_err("does not fit")).to_string()
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
