//! What can be asked: the director's calls, one route each.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::body::HttpBody;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Patience;
use super::access::{Gate, by_our_name, known};
use super::answer::{Failure, json, stored_json};
use super::headers::harden;
use super::login::by_address;
use super::table::Route;
use crate::director::{Called, Caller, Director, DirectorError, Identity, ProductionStatus, Role};
use crate::engine::{ItemPhase, Stop};
use crate::message::{MessageId, SessionId};
use crate::traces::{Parent, Traces};

/// Bytes of a body.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// Makes a repetition safe: the same key is the same message.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The trace of another program that a call belongs to.
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// What is a line for a monitor.
const PLAIN: &[&str] = &["text/plain"];

/// What the calls work on.
#[derive(Debug, Clone)]
pub(crate) struct Behind {
    pub(super) director: Director,
    pub(super) gate: Arc<Gate>,
    pub(super) grace: Duration,
    pub(super) patience: Patience,
    /// Comes when the entrance is closed: who looks on is let go.
    pub(super) stop: CancellationToken,
    /// Where traces are exported.
    pub(super) traces: Option<Arc<Traces>>,
}

/// Somebody who was let in asks: what a handler works with.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Acts in the name of the caller.
    pub(crate) director: Director,
    /// Who asks.
    pub(crate) caller: Caller,
    /// How long a stop of an item waits for its handlers.
    pub(crate) grace: Duration,
    /// How long a caller may take to send a body.
    pub(crate) patience: Patience,
    /// Comes when the entrance is closed.
    pub(crate) stop: CancellationToken,
    /// Where traces are exported.
    pub(super) traces: Option<Arc<Traces>>,
}

impl FromRequestParts<Behind> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, behind: &Behind) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().cloned().ok_or_else(super::access::unknown_caller)?;
        let director = behind.director.acting_as(caller.actor());
        let (stop, traces) = (behind.stop.clone(), behind.traces.clone());
        Ok(Self { director, caller, grace: behind.grace, patience: behind.patience, stop, traces })
    }
}

/// Every call.
pub(super) fn all() -> Vec<Route> {
    let mut all = vec![
        Route::open_get("/health/live", alive).says("The process answers.", &[]).gives_text(PLAIN),
        Route::open_get("/health/ready", ready)
            .says("Items have come up, and the store answers.", &[])
            .gives_text(PLAIN),
        Route::open_get("/healthz", alive),
        Route::post("/api/v1/services/{name}", Role::Operator, call_service)
            .says("Calls a service: its message in, its response out.", &[])
            .takes_a_message()
            .gives::<Value>()
            .gives_nothing(),
        Route::post("/api/v1/items/{name}/messages", Role::Operator, send_message)
            .says("Calls any item that takes messages, or sends it one.", &["type", "wait"])
            .takes_a_message()
            .gives::<Sent>(),
        Route::post("/api/v1/items/{name}/start", Role::Operator, start)
            .says("Starts an item.", &[])
            .gives::<Changed>(),
        Route::post("/api/v1/items/{name}/stop", Role::Operator, stop)
            .says("Stops an item; its queue waits.", &["grace", "now"])
            .gives::<Changed>(),
        Route::post("/api/v1/items/{name}/restart", Role::Operator, restart)
            .says("Stops an item and starts it again.", &["grace", "now"])
            .gives::<Changed>(),
        Route::post("/api/v1/items/{name}/pause", Role::Operator, pause)
            .says("Has an item take nothing more; its queue grows.", &[])
            .gives::<Changed>(),
        Route::post("/api/v1/items/{name}/resume", Role::Operator, resume)
            .says("Has a paused item go on with its queue.", &[])
            .gives::<Changed>(),
        Route::get("/api/v1/status", Role::Viewer, status)
            .says("The state of every item.", &[])
            .gives::<ProductionStatus>(),
    ];
    all.extend(super::login::routes());
    all.extend(super::show::routes());
    all.extend(super::events::routes());
    all.extend(super::metrics::routes());
    all.extend(super::openapi::routes());
    all.extend(super::edits::routes());
    all.extend(super::operator::routes());
    all.extend(super::search::routes());
    all.extend(super::transfer::routes());
    all
}

pub(super) fn router(routes: Vec<Route>, behind: Behind) -> Router {
    super::table::router(routes)
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(behind.clone())
        .layer(from_fn_with_state(behind.clone(), by_address))
        .layer(from_fn_with_state(behind.clone(), known))
        .layer(from_fn_with_state(behind.clone(), by_our_name))
        .layer(from_fn(super::refusal::as_page))
        .layer(from_fn_with_state(behind, harden))
}

/// The process answers.
async fn alive() -> &'static str {
    "ok\n"
}

/// Every item that is to be up has come up, and the store answers. Says no more than that: it is open to everybody.
async fn ready(State(behind): State<Behind>) -> Response {
    let starts = behind.director.status().items.iter().any(|item| item.state == ItemPhase::Starting);
    let store = behind.director.store().note(Arc::from("iop.ready")).await;
    if starts || store.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response();
    }
    "ok\n".into_response()
}

/// Who is nobody is not told what there is.
async fn unknown_path(caller: Option<Extension<Caller>>) -> Failure {
    if caller.is_none() {
        return super::access::unknown_caller();
    }
    Failure::new(StatusCode::NOT_FOUND, "there is nothing here; the calls begin with /api/v1/")
}

async fn wrong_method() -> Failure {
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "calls are POST; what only shows something is GET, and a row of a table is PUT or DELETE",
    )
}

/// The response of a service to its message, as it is.
async fn call_service(asked: Asked, Path(name): Path<String>, request: Request) -> Response {
    // Operations and processes have a path of their own: who means a service is told that there is none.
    if let Err(error) = asked.director.get_business_service(&name) {
        return Failure::from(error).into_response();
    }
    match call(&asked, &name, None, true, request).await {
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
    /// For the response; `false` answers as soon as the message is durable.
    wait: Option<bool>,
}

/// What became of a message to any item.
#[derive(Debug, Serialize, JsonSchema)]
struct Sent {
    id: MessageId,
    session: SessionId,
    /// Null where the message has no response.
    #[schemars(with = "serde_json::Value")]
    response: Option<Box<RawValue>>,
}

async fn send_message(
    asked: Asked,
    Path(name): Path<String>,
    Query(which): Query<WhichType>,
    request: Request,
) -> Response {
    let waits = which.wait.unwrap_or(true);
    match call(&asked, &name, which.r#type.as_deref(), waits, request).await {
        Ok(called) => {
            let text = called.response.and_then(|body| String::from_utf8(body.into()).ok());
            let response = text.and_then(|text| RawValue::from_string(text).ok());
            json(&Sent { id: called.id, session: called.session, response })
        }
        Err(failure) => failure.into_response(),
    }
}

async fn call(
    asked: &Asked,
    item: &str,
    which: Option<&str>,
    waits: bool,
    request: Request,
) -> Result<Called, Failure> {
    let (head, body) = request.into_parts();
    let identity = Identity::from(message_id(item, &head.headers)?);
    let body = read(body, asked.patience).await?;
    let parent = head.headers.get(TRACE_PARENT).and_then(|text| Parent::from_header(text.to_str().ok()?));
    if let (Some(traces), Some(parent)) = (&asked.traces, parent) {
        // Before anything of the session can be finished.
        traces.adopt(SessionId::of(identity.id()), parent);
    }
    let director = &asked.director;
    let called = if waits {
        director.call_json_as(item, which, &body, identity).await
    } else {
        director.send_json_as(item, which, &body, identity).await
    };
    Ok(called?)
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

/// Bytes in a second that a body comes with at least.
const SLOWEST: u32 = 16 * 1024;

/// Reads a body: not more than there may be, and not for longer than the patience lasts.
pub(crate) async fn read(body: Body, patience: Patience) -> Result<Bytes, Failure> {
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return Err(too_large());
    }
    let began = Instant::now();
    let mut body = Limited::new(body, BODY_LIMIT);
    let mut whole = BytesMut::new();
    loop {
        let come = u32::try_from(whole.len()).unwrap_or(u32::MAX);
        let slow = patience.slow_body + Duration::from_secs(1) * come / SLOWEST;
        let Ok(frame) = tokio::time::timeout_at(began + slow.min(patience.body), body.frame()).await else {
            let problem = format!("the body came too slowly: {come} bytes in {} s", began.elapsed().as_secs());
            return Err(Failure::new(StatusCode::REQUEST_TIMEOUT, problem));
        };
        match frame {
            None => return Ok(whole.freeze()),
            Some(Ok(frame)) => whole.extend(frame.into_data().ok().as_deref().unwrap_or_default()),
            Some(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
            Some(Err(error)) => {
                return Err(Failure::new(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}")));
            }
        }
    }
}

fn too_large() -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body has at most {BODY_LIMIT} bytes"))
}

async fn status(asked: Asked) -> Response {
    json(&asked.director.status())
}

async fn start(asked: Asked, Path(name): Path<String>) -> Response {
    changed(asked.director.start_item(&name).await)
}

/// How an item is stopped.
#[derive(Debug, Deserialize)]
struct HowToStop {
    /// Seconds that running handlers may take; as long as a stop of the production, where it is left out.
    grace: Option<u64>,
    /// Cuts running handlers off.
    #[serde(default)]
    now: bool,
}

impl HowToStop {
    fn stop(&self, asked: &Asked) -> Stop {
        if self.now { Stop::Now } else { Stop::Drain(self.grace.map_or(asked.grace, Duration::from_secs)) }
    }
}

async fn stop(asked: Asked, Path(name): Path<String>, Query(how): Query<HowToStop>) -> Response {
    changed(asked.director.stop_item(&name, how.stop(&asked)).await)
}

async fn pause(asked: Asked, Path(name): Path<String>) -> Response {
    changed(asked.director.pause_item(&name).await)
}

async fn resume(asked: Asked, Path(name): Path<String>) -> Response {
    changed(asked.director.resume_item(&name).await)
}

async fn restart(asked: Asked, Path(name): Path<String>, Query(how): Query<HowToStop>) -> Response {
    changed(asked.director.restart_item(&name, how.stop(&asked)).await.map(|()| true))
}

/// Whether the item was in another state before.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Changed {
    changed: bool,
}

pub(super) fn changed(result: Result<bool, DirectorError>) -> Response {
    match result {
        Ok(changed) => json(&Changed { changed }),
        Err(error) => Failure::from(error).into_response(),
    }
}
