//! What a person decides, over HTTP: of messages that wait, of what is over, and of alerts.

use std::time::Duration;

use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Failure, json};
use super::routes::{Asked, Changed, changed, read};
use super::table::Route;
use crate::clock::Timestamp;
use crate::director::{AgePurge, By, Caller, DirectorError, QueryPurge, Resend, Role};
use crate::engine::{Condition, Mute};
use crate::message::{AlertKind, MessageId, SessionId};
use crate::store::Purged;

/// A call ends after this time with what it has purged; whoever asked goes on.
const PURGE_AT_ONCE: Duration = Duration::from_secs(20);

/// The calls of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/messages/{id}/resume", Role::Operator, resume)
            .says("Puts a suspended message back into its queue.", &["by"])
            .gives::<Changed>(),
        Route::post("/api/v1/messages/{id}/discard", Role::Operator, discard)
            .says("Takes a message out for good.", &["by", "reason"])
            .gives::<Changed>(),
        Route::post("/api/v1/messages/{id}/suspend", Role::Operator, suspend)
            .says("Suspends a message that waits.", &["by", "reason"])
            .gives::<Changed>(),
        Route::post("/api/v1/messages/{id}/move", Role::Operator, move_to)
            .says("Gives a request that waits to another item.", &["by", "reason", "to"])
            .gives::<Changed>(),
        Route::post("/api/v1/messages/{id}/resend", Role::Operator, resend)
            .says(
                "Sends a message once more, as a new one; with the body of the call, where it has one.",
                &["by", "reason", "to", "force"],
            )
            .may_take_a_message()
            .gives::<Resent>(),
        Route::post("/api/v1/purge", Role::Admin, purge)
            .says(
                "Removes finished sessions that are old enough, or those of what a query finds.",
                &["older_than", "at", "q", "up_to", "after", "preview", "by"],
            )
            .gives::<PurgedBody>(),
        Route::post("/api/v1/store/release", Role::Admin, release)
            .says("Lets the operations of a copied store act outside.", &["by"])
            .gives::<Released>(),
        Route::get("/api/v1/alerts", Role::Viewer, alerts)
            .says("The conditions that hold, and the rules that keep silent.", &[])
            .gives::<AlertsBody>(),
        Route::post("/api/v1/alerts/mute", Role::Operator, mute)
            .says("Has a rule keep silent for a while.", &["item", "kind", "seconds", "by"])
            .gives::<Changed>(),
    ]
}

#[derive(Debug, Deserialize)]
struct How {
    by: Option<String>,
    reason: Option<String>,
    to: Option<String>,
    #[serde(default)]
    force: bool,
}

impl How {
    fn by_and_why(&self, caller: &Caller) -> By {
        let by = By::new(caller.in_the_name_of(self.by.as_deref()));
        by.because(self.reason.as_deref().unwrap_or_default())
    }
}

async fn resume(asked: Asked, Path(id): Path<MessageId>, Query(how): Query<How>) -> Response {
    changed(asked.director.resume(id, how.by_and_why(&asked.caller)).await)
}

async fn discard(asked: Asked, Path(id): Path<MessageId>, Query(how): Query<How>) -> Response {
    changed(asked.director.discard(id, how.by_and_why(&asked.caller)).await)
}

async fn suspend(asked: Asked, Path(id): Path<MessageId>, Query(how): Query<How>) -> Response {
    changed(asked.director.suspend(id, how.by_and_why(&asked.caller)).await)
}

async fn move_to(asked: Asked, Path(id): Path<MessageId>, Query(how): Query<How>) -> Response {
    let Some(to) = &how.to else {
        return Failure::new(StatusCode::BAD_REQUEST, "say to which item: `?to=ITEM`").into_response();
    };
    changed(asked.director.move_message(id, to, how.by_and_why(&asked.caller)).await.map(|()| true))
}

#[derive(Debug, Serialize, JsonSchema)]
struct Resent {
    id: MessageId,
    session: SessionId,
}

/// With the body of the call, where it has one.
async fn resend(asked: Asked, Path(id): Path<MessageId>, Query(how): Query<How>, request: Request) -> Response {
    let body = match read(request.into_body(), asked.patience).await {
        Ok(body) => Some(body).filter(|body| !body.is_empty()),
        Err(failure) => return failure.into_response(),
    };
    let resend = Resend { to: how.to.clone(), body, force: how.force, by: how.by_and_why(&asked.caller) };
    answer(asked.director.resend(id, resend).await.map(|called| Resent { id: called.id, session: called.session }))
}

#[derive(Debug, Deserialize)]
struct HowOld {
    by: Option<String>,
    /// In seconds; what the settings say, where it is left out.
    older_than: Option<u64>,
    /// What was so old at this moment, which the preview has said; now, where it is left out.
    #[serde(default, with = "crate::clock::rfc3339_or_null")]
    at: Option<Timestamp>,
    /// The sessions of what this finds, whatever their age.
    q: Option<String>,
    /// With a query: those of messages up to this sequence, which the preview has said.
    up_to: Option<u64>,
    /// With a query: where the call before ended.
    after: Option<u64>,
    #[serde(default)]
    preview: bool,
}

/// What was purged, or would be.
#[derive(Debug, Serialize, JsonSchema)]
struct PurgedBody {
    messages: u64,
    bytes: u64,
    oldest: Option<String>,
    marks: u64,
    events: u64,
    /// Something is left: call again.
    more: bool,
    /// By age: as of when, to call again with.
    #[serde(skip_serializing_if = "Option::is_none", with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    at: Option<Timestamp>,
    /// Of a query: what it finds, and what to call again with.
    #[serde(flatten)]
    found: Option<FoundBody>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FoundBody {
    /// The query with absolute times.
    query: String,
    up_to: u64,
    after: Option<u64>,
    /// Sessions that stay: they are not over, or something keeps them longer.
    kept: u64,
}

impl From<Purged> for PurgedBody {
    fn from(purged: Purged) -> Self {
        let oldest = purged.oldest.map(|time| time.to_string());
        let Purged { messages, bytes, marks, events, next, .. } = purged;
        Self { messages, bytes, oldest, marks, events, more: next.is_some(), at: None, found: None }
    }
}

/// The sessions of what a query finds.
async fn purge_found(asked: &Asked, text: &str, how: &HowOld) -> Response {
    let query = match super::search::parsed(asked, text) {
        Ok(query) => query,
        Err(response) => return *response,
    };
    if how.older_than.or(how.at.map(|_| 0)).is_some() {
        let problem = "say it with the query: `until:30d` is what is older than 30 days";
        return Failure::new(StatusCode::BAD_REQUEST, problem).into_response();
    }
    let director = &asked.director;
    let done = match (how.preview, how.up_to) {
        (true, _) => director.purgeable_found(&query).await,
        (false, Some(up_to)) => {
            let which = QueryPurge { query, up_to, after: how.after };
            let by = asked.caller.in_the_name_of(how.by.as_deref());
            let purged = director.purge_found(which.clone(), PURGE_AT_ONCE, &by).await;
            purged.map(|(purged, after)| (QueryPurge { after, ..which }, purged))
        }
        (false, None) => {
            let problem = "look at it first: the preview says with which `up_to` it is done";
            return Failure::new(StatusCode::BAD_REQUEST, problem).into_response();
        }
    };
    answer(done.map(|(QueryPurge { query, up_to, after }, purged)| {
        let found = FoundBody { query: query.to_string(), up_to, after, kept: purged.kept };
        PurgedBody { more: after.is_some(), found: Some(found), ..PurgedBody::from(purged) }
    }))
}

async fn purge(asked: Asked, Query(how): Query<HowOld>) -> Response {
    if let Some(text) = &how.q {
        return purge_found(&asked, text, &how).await;
    }
    let (older_than, director) = (how.older_than.map(Duration::from_secs), &asked.director);
    let done = if how.preview {
        director.purgeable(older_than).await
    } else {
        let which = AgePurge::at(how.at.unwrap_or_else(|| director.now()), older_than);
        let by = asked.caller.in_the_name_of(how.by.as_deref());
        director.purge(which, PURGE_AT_ONCE, &by).await.map(|purged| (which, purged))
    };
    answer(done.map(|(which, purged)| PurgedBody { at: Some(which.at), ..PurgedBody::from(purged) }))
}

#[derive(Debug, Serialize, JsonSchema)]
struct Released {
    released: bool,
}

async fn release(asked: Asked, Query(how): Query<How>) -> Response {
    answer(asked.director.release(how.by_and_why(&asked.caller)).await.map(|released| Released { released }))
}

#[derive(Debug, Serialize, JsonSchema)]
struct AlertsBody {
    conditions: Vec<Condition>,
    muted: Vec<Mute>,
}

async fn alerts(asked: Asked) -> Response {
    let alerts = asked.director.alerts().await;
    answer(alerts.map(|(conditions, muted)| AlertsBody { conditions, muted }))
}

#[derive(Debug, Deserialize)]
struct MuteWhat {
    item: Option<String>,
    kind: Option<String>,
    seconds: u64,
    by: Option<String>,
}

async fn mute(asked: Asked, Query(what): Query<MuteWhat>) -> Response {
    let kind = match what.kind.as_deref().map(|word| (word, AlertKind::from_word(word))) {
        Some((word, None)) => {
            let words = AlertKind::ALL.map(AlertKind::as_str).join(", ");
            let problem = format!("there is no rule `{word}`; there are: {words}");
            return Failure::new(StatusCode::NOT_FOUND, problem).into_response();
        }
        Some((_, kind)) => kind,
        None => None,
    };
    let (by, duration) = (asked.caller.in_the_name_of(what.by.as_deref()), Duration::from_secs(what.seconds));
    changed(asked.director.mute_alerts(what.item.as_deref(), kind, duration, &by).await.map(|()| true))
}

pub(super) fn answer<T: Serialize>(result: Result<T, DirectorError>) -> Response {
    match result {
        Ok(value) => json(&value),
        Err(error) => Failure::from(error).into_response(),
    }
}
