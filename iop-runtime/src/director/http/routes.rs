//! What can be asked: the director's calls, one route each.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::access::{Token, by_our_name, with_token};
use super::answer::{Failure, json, stored_json};
use crate::director::{Called, Director, DirectorError};
use crate::engine::Stop;
use crate::message::{MessageId, SessionId};

/// Bytes of a body.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Makes a repetition safe: the same key is the same message.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What the calls work on.
#[derive(Debug, Clone)]
pub(super) struct Behind {
    pub(super) director: Director,
    /// How long a stop of an item waits for its handlers.
    pub(super) grace: Duration,
    /// From the first byte of a body to its last.
    pub(super) body_timeout: Duration,
}

pub(super) fn router(behind: Behind, token: Arc<Token>) -> Router {
    let api = Router::new()
        .route("/services/{name}", post(call_service))
        .route("/items/{name}/messages", post(send_message))
        .route("/items/{name}/start", post(start))
        .route("/items/{name}/stop", post(stop))
        .route("/items/{name}/restart", post(restart))
        .route("/status", get(status))
        .merge(super::edits::routes())
        .merge(super::operator::routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(behind)
        .layer(from_fn_with_state(token, with_token));
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .nest("/api/v1", api)
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(by_our_name))
}

async fn unknown_path() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "there is nothing here; the calls begin with /api/v1/")
}

async fn wrong_method() -> Failure {
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "calls are POST; what only shows something is GET, and a row of a table is PUT or DELETE",
    )
}

/// The response of a service to its message, as it is.
async fn call_service(State(behind): State<Behind>, Path(name): Path<String>, request: Request) -> Response {
    // Operations and processes have a path of their own: who means a service is told that there is none.
    if let Err(error) = behind.director.get_business_service(&name) {
        return Failure::from(error).into_response();
    }
    match call(&behind, &name, None, request).await {
        Ok(called) => {
            let (id, session) = (called.id, called.session);
            let mut response = called.response.map_or_else(|| StatusCode::NO_CONTENT.into_response(), stored_json);
            let headers = response.headers_mut();
            for (name, value) in [("iop-message", id.to_string()), ("iop-session", session.to_string())] {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    headers.insert(HeaderName::from_static(name), value);
                }
            }
            response
        }
        Err(failure) => failure.into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct WhichType {
    r#type: Option<String>,
}

/// What became of a message to any item.
#[derive(Debug, Serialize)]
struct Sent {
    id: MessageId,
    session: SessionId,
    /// Null where the message has no response.
    response: Option<Box<RawValue>>,
}

async fn send_message(
    State(behind): State<Behind>,
    Path(name): Path<String>,
    Query(which): Query<WhichType>,
    request: Request,
) -> Response {
    match call(&behind, &name, which.r#type.as_deref(), request).await {
        Ok(called) => {
            let text = called.response.and_then(|body| String::from_utf8(body.into()).ok());
            let response = text.and_then(|text| RawValue::from_string(text).ok());
            json(&Sent { id: called.id, session: called.session, response })
        }
        Err(failure) => failure.into_response(),
    }
}

async fn call(behind: &Behind, item: &str, which: Option<&str>, request: Request) -> Result<Called, Failure> {
    let (head, body) = request.into_parts();
    let id = message_id(item, &head.headers)?;
    let body = read(body, behind.body_timeout).await?;
    Ok(behind.director.call_json(item, which, &body, id).await?)
}

/// The id that the caller gives the message. A key that is no id stands for one, for this item.
fn message_id(item: &str, headers: &HeaderMap) -> Result<Option<MessageId>, Failure> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = key.as_bytes();
    if key.is_empty() || key.len() > 255 {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "an Idempotency-Key has 1 to 255 bytes"));
    }
    let id = std::str::from_utf8(key).ok().and_then(|key| key.parse().ok());
    Ok(Some(id.unwrap_or_else(|| MessageId::of_input(&[b"idempotency-key", item.as_bytes(), key]))))
}

pub(super) async fn read(body: Body, timeout: Duration) -> Result<Bytes, Failure> {
    let collected = Limited::new(body, BODY_LIMIT).collect();
    match tokio::time::timeout(timeout, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {BODY_LIMIT} bytes")))
        }
        Ok(Err(error)) => Err(Failure::new(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}"))),
        Err(_) => {
            let problem = format!("the body did not come within {timeout:?}");
            Err(Failure::new(StatusCode::REQUEST_TIMEOUT, problem))
        }
    }
}

async fn status(State(behind): State<Behind>) -> Response {
    json(&behind.director.status())
}

async fn start(State(behind): State<Behind>, Path(name): Path<String>) -> Response {
    changed(behind.director.start_item(&name).await)
}

async fn stop(State(behind): State<Behind>, Path(name): Path<String>) -> Response {
    changed(behind.director.stop_item(&name, Stop::Drain(behind.grace)).await)
}

async fn restart(State(behind): State<Behind>, Path(name): Path<String>) -> Response {
    changed(behind.director.restart_item(&name, Stop::Drain(behind.grace)).await.map(|()| true))
}

/// Whether the item was in another state before.
#[derive(Debug, Serialize)]
struct Changed {
    changed: bool,
}

pub(super) fn changed(result: Result<bool, DirectorError>) -> Response {
    match result {
        Ok(changed) => json(&Changed { changed }),
        Err(error) => Failure::from(error).into_response(),
    }
}
