//! A message as a span of OTLP, in its form as JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::message::{Header, Kind, MessageId, Status};
use crate::traces::Parent;

/// `SPAN_KIND_INTERNAL` and `SPAN_KIND_CONSUMER`.
const INTERNAL: u8 = 1;
const CONSUMER: u8 = 5;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// A message that was finished at `ended`, in the trace of its session or in that of whoever asked for it.
pub(super) fn of(header: &Header, ended: Timestamp, parent: Option<Parent>) -> Value {
    let trace = parent.map_or_else(|| header.session.to_string(), |parent| hex(&parent.trace));
    // What has no parent here has one where the call came from.
    let above = header.parent.map(span_id).or_else(|| parent.map(|parent| hex(&parent.span)));
    let item = header.target.as_deref().or(header.source.as_deref()).unwrap_or("outside");
    let mut span = json!({
        "traceId": trace,
        "spanId": span_id(header.id),
        "name": format!("{item} {}", header.type_name),
        "kind": if header.kind == Kind::Timer { INTERNAL } else { CONSUMER },
        "startTimeUnixNano": nanoseconds(header.created),
        "endTimeUnixNano": nanoseconds(ended.max(header.created)),
        "attributes": attributes(header, item),
        "status": status(header),
    });
    if let Some(above) = above {
        span["parentSpanId"] = above.into();
    }
    if let Some(started) = header.started {
        span["events"] = json!([{ "timeUnixNano": nanoseconds(started), "name": "last attempt begins" }]);
    }
    span
}

/// What a span is sent in.
pub(super) fn request(service: &str, spans: &[Value]) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            text("service.name", service),
            text("telemetry.sdk.name", "iop"),
            text("telemetry.sdk.language", "rust"),
            text("telemetry.sdk.version", version),
        ] },
        "scopeSpans": [{ "scope": { "name": "iop", "version": version }, "spans": spans }],
    }] })
}

fn attributes(header: &Header, item: &str) -> Vec<Value> {
    let attempts = u64::from(header.attempt) + u64::from(header.status == Status::Completed);
    let mut attributes = vec![
        text("iop.item", item),
        text("iop.message.id", &header.id.to_string()),
        text("iop.message.type", &header.type_name),
        text("iop.message.status", header.status.as_str()),
        text("iop.session", &header.session.to_string()),
        number("iop.attempts", attempts),
    ];
    if let Some(source) = &header.source {
        attributes.push(text("iop.source", source));
    }
    if let Some(started) = header.started {
        let waited = u64::try_from(started.since(header.created).as_micros()).unwrap_or(u64::MAX);
        attributes.push(number("iop.queue_micros", waited));
    }
    attributes
}

/// A message is no error where it went well, however many attempts it took.
fn status(header: &Header) -> Value {
    if header.status == Status::Completed {
        return json!({});
    }
    let why = header.error.as_deref().unwrap_or(header.status.as_str());
    json!({ "code": ERROR, "message": why })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// Numbers of 64 bits are texts in this form.
fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn nanoseconds(time: Timestamp) -> String {
    (i128::from(time.0) * 1000).max(0).to_string()
}

/// The half of a message id that differs inside a session; it is never zero.
fn span_id(id: MessageId) -> String {
    hex(&id.to_bytes()[8..])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
