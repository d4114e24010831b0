//! What only shows something: the read model as JSON.

use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::answer::{Failure, json};
use super::operator::answer;
use super::routes::Asked;
use super::table::Route;
use crate::clock::Timestamp;
use crate::director::Role;
use crate::director::view::{self, TraceExtent};
use crate::message::{MessageId, SessionId, Status};
use crate::picture;
use crate::production::{Catalogue, GraphDocument};
use crate::store::{AuditEntry, AuditHash, AuditHead, AuditQuery, EventQuery, Level, MessageQuery, verify_audit};

/// Messages or lines in one answer, at most.
const LONGEST_PAGE: usize = 1000;

/// The calls of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/overview", Role::Viewer, overview)
            .says("The production at a glance.", &[])
            .gives::<view::ProductionOverview>(),
        Route::get("/api/v1/items/{name}", Role::Viewer, item)
            .says("An item with everything that is known of it.", &[])
            .gives::<view::ItemDetail>(),
        Route::get("/api/v1/messages", Role::Viewer, messages)
            .says(
                "Finds messages.",
                &["session", "item", "type", "status", "key", "since", "after", "limit", "oldest_first"],
            )
            .gives::<view::MessagePage>(),
        Route::get("/api/v1/messages/{id}", Role::Viewer, message)
            .says("A message with everything that is known of it.", &["body", "reveal"])
            .gives::<view::MessageDetail>(),
        Route::get("/api/v1/sessions/{id}", Role::Viewer, session)
            .says("A session in order.", &["bodies", "reveal"])
            .gives::<view::SessionTrace>(),
        Route::get("/api/v1/queues", Role::Viewer, queues)
            .says("The backlog of every item.", &[])
            .gives::<Vec<view::QueueView>>(),
        Route::get("/api/v1/log", Role::Viewer, log)
            .says("The event log.", &["level", "item", "session", "message", "after", "limit", "oldest_first"])
            .gives::<view::EventPage>(),
        Route::get("/api/v1/audit", Role::Admin, audit)
            .says("The audit log.", &["who", "action", "object", "since", "after", "limit", "oldest_first"])
            .gives::<Vec<AuditEntry>>(),
        Route::get("/api/v1/audit/verify", Role::Admin, verify)
            .says("Proves the audit log, and that it goes through an end that was kept.", &["number", "hash"])
            .gives::<AuditHead>(),
        Route::get("/api/v1/graph", Role::Viewer, graph)
            .says("Items and routes.", &["form"])
            .gives::<GraphDocument>()
            .gives_text(&["image/svg+xml", "text/plain"]),
        Route::get("/api/v1/types", Role::Viewer, types)
            .says("Every message type, with schema and example.", &[])
            .gives::<Vec<view::TypeView>>(),
        Route::get("/api/v1/types/{name}", Role::Viewer, one_type)
            .says("A message type, with schema and example.", &[])
            .gives::<view::TypeView>(),
        Route::get("/api/v1/catalogue", Role::Viewer, catalogue)
            .says("Everything that is linked into the program.", &[])
            .gives::<Catalogue>(),
    ]
}

async fn overview(asked: Asked) -> Response {
    answer(asked.director.overview().await)
}

async fn item(asked: Asked, Path(name): Path<String>) -> Response {
    answer(asked.director.item(&name).await)
}

async fn queues(asked: Asked) -> Response {
    answer(asked.director.queues().await)
}

/// Which messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichMessages {
    session: Option<SessionId>,
    item: Option<Arc<str>>,
    r#type: Option<Arc<str>>,
    status: Option<Status>,
    /// `name=value`.
    key: Option<String>,
    /// RFC 3339.
    since: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
    #[serde(default)]
    oldest_first: bool,
}

impl WhichMessages {
    fn query(self) -> Result<MessageQuery, Failure> {
        let wrong = |problem: &str| Failure::new(StatusCode::BAD_REQUEST, problem);
        let key = match self.key.as_deref().map(|key| key.split_once('=')) {
            None => None,
            Some(Some((name, value))) => Some((Arc::from(name), Arc::from(value))),
            Some(None) => return Err(wrong("`key` is `name=value`")),
        };
        let since = self.since.as_deref().map(moment).transpose()?;
        Ok(MessageQuery {
            session: self.session,
            item: self.item,
            type_name: self.r#type,
            status: self.status,
            key,
            since,
            after: self.after,
            limit: self.limit.unwrap_or(0).min(LONGEST_PAGE),
            oldest_first: self.oldest_first,
        })
    }
}

fn moment(text: &str) -> Result<Timestamp, Failure> {
    let wrong = |_| Failure::new(StatusCode::BAD_REQUEST, "`since` is a time such as 2026-01-31T12:00:00Z");
    text.parse::<jiff::Timestamp>().map(|time| Timestamp(time.as_microsecond())).map_err(wrong)
}

async fn messages(asked: Asked, Query(which): Query<WhichMessages>) -> Response {
    match which.query() {
        Ok(query) => answer(asked.director.messages(query).await),
        Err(failure) => failure.into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct HowMuch {
    /// Also what is sensitive.
    #[serde(default)]
    reveal: bool,
    /// Of a session: with the bodies.
    #[serde(default)]
    bodies: bool,
    /// Of a message: with its body, which is then on record as seen.
    #[serde(default = "yes")]
    body: bool,
}

fn yes() -> bool {
    true
}

async fn message(asked: Asked, Path(id): Path<MessageId>, Query(how): Query<HowMuch>) -> Response {
    let sight = if how.body { asked.caller.role.sight(how.reveal) } else { view::Sight::Withheld };
    answer(asked.director.message(id, sight).await)
}

async fn session(asked: Asked, Path(id): Path<SessionId>, Query(how): Query<HowMuch>) -> Response {
    let sight = if how.bodies { asked.caller.role.sight(how.reveal) } else { view::Sight::Withheld };
    answer(asked.director.trace(id, TraceExtent { sight, ..TraceExtent::default() }).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichLines {
    level: Option<Level>,
    item: Option<Arc<str>>,
    session: Option<SessionId>,
    message: Option<MessageId>,
    after: Option<u64>,
    limit: Option<usize>,
    #[serde(default)]
    oldest_first: bool,
}

async fn log(asked: Asked, Query(which): Query<WhichLines>) -> Response {
    let WhichLines { level, item, session, message, after, limit, oldest_first } = which;
    let limit = limit.unwrap_or(0).min(LONGEST_PAGE);
    answer(asked.director.events(EventQuery { level, item, session, message, after, limit, oldest_first }).await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichEntries {
    who: Option<Arc<str>>,
    action: Option<Arc<str>>,
    object: Option<Arc<str>>,
    /// RFC 3339.
    since: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
    #[serde(default)]
    oldest_first: bool,
}

async fn audit(asked: Asked, Query(which): Query<WhichEntries>) -> Response {
    let WhichEntries { who, action, object, since, after, limit, oldest_first } = which;
    let since = match since.as_deref().map(moment).transpose() {
        Ok(since) => since,
        Err(failure) => return failure.into_response(),
    };
    let limit = limit.unwrap_or(0).min(LONGEST_PAGE);
    answer(asked.director.audit(AuditQuery { who, action, object, since, after, limit, oldest_first }).await)
}

/// An end of the log that was kept elsewhere.
#[derive(Debug, Deserialize)]
struct KeptEnd {
    number: Option<u64>,
    hash: Option<AuditHash>,
}

async fn verify(asked: Asked, Query(kept): Query<KeptEnd>) -> Response {
    let kept = match (kept.number, kept.hash) {
        (Some(number), Some(hash)) => Some(AuditHead { number, hash }),
        (None, None) => None,
        _ => return Failure::new(StatusCode::BAD_REQUEST, "an end has a `number` and a `hash`").into_response(),
    };
    match verify_audit(&**asked.director.store(), kept).await {
        Ok(head) => json(&head),
        Err(fault) => Failure::new(StatusCode::CONFLICT, fault.to_string()).into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct WhichForm {
    #[serde(default)]
    form: GraphForm,
}

/// How a graph is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum GraphForm {
    #[default]
    Json,
    Svg,
    Mermaid,
    Dot,
}

async fn graph(asked: Asked, Query(which): Query<WhichForm>) -> Response {
    let document = asked.director.graph_document();
    let (kind, text) = match which.form {
        GraphForm::Json => return json(&document),
        GraphForm::Svg => ("image/svg+xml", picture::svg(&document)),
        GraphForm::Mermaid => ("text/plain; charset=utf-8", document.mermaid()),
        GraphForm::Dot => ("text/plain; charset=utf-8", document.dot()),
    };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

async fn types(asked: Asked) -> Response {
    json(&asked.director.message_types())
}

async fn one_type(Path(name): Path<String>) -> Response {
    match view::message_type(&name) {
        Some(found) => json(&found),
        None => {
            let problem = format!("there is no message type `{name}`; `GET /api/v1/types` lists them");
            Failure::new(StatusCode::NOT_FOUND, problem).into_response()
        }
    }
}

async fn catalogue() -> Response {
    json(&Catalogue::of(view::registry()))
}
