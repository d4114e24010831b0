//! What happens, as it happens: server-sent events for pages and programs that look on.
//!
//! A look is taken three times in a second, whatever happens in between, and only what is different is sent: a busy production
//! costs a reader no more than a quiet one. Whoever comes back says what they have seen last, and gets what followed.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::answer::Failure;
use super::routes::{Asked, Behind};
use super::table::Route;
use crate::director::view::{EventPage, LiveItem};
use crate::director::{Director, Role};
use crate::store::EventQuery;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(333);
/// Without anything to say, a sign of life is sent after so many looks: proxies cut off who says nothing.
const QUIET: u32 = 45;
/// Then the reader comes back by itself, and shows anew who it is.
const LONGEST: Duration = Duration::from_secs(300);
/// Log lines in one look.
const LINES: usize = 200;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The route of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/events", Role::Viewer, events)
            .says("What happens, as server-sent events: `status` and `log`.", &["topics", "after"]),
    ]
}

#[derive(Debug, Deserialize)]
struct Which {
    /// `status`, `log` or both with a comma.
    topics: Option<String>,
    /// Log lines that follow this one.
    after: Option<u64>,
}

/// What somebody looks at.
#[derive(Debug, Clone, Copy, Default)]
struct Topics {
    status: bool,
    log: bool,
}

impl Topics {
    fn read(text: &str) -> Result<Self, Failure> {
        let mut topics = Self::default();
        for word in text.split(',').map(str::trim) {
            match word {
                "status" => topics.status = true,
                "log" => topics.log = true,
                _ => {
                    let problem = format!("there is no topic `{word}`; there are: status, log");
                    return Err(Failure::new(StatusCode::BAD_REQUEST, problem));
                }
            }
        }
        Ok(topics)
    }
}

async fn events(
    State(behind): State<Behind>,
    asked: Asked,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Response {
    let topics = match Topics::read(which.topics.as_deref().unwrap_or("status,log")) {
        Ok(topics) => topics,
        Err(failure) => return failure.into_response(),
    };
    let last = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()?.parse().ok());
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = Watch {
        director: asked.director,
        stop: behind.stop,
        topics,
        looks,
        until: Instant::now() + LONGEST,
        items: HashMap::new(),
        line: last.or(which.after),
        quiet: 0,
    };
    let body = Body::from_stream(stream::unfold(watch, |mut watch| async move {
        let text = watch.next().await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), watch))
    }));
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))], body).into_response()
}

/// One reader.
struct Watch {
    director: Director,
    stop: CancellationToken,
    topics: Topics,
    looks: Interval,
    until: Instant,
    /// What was sent of each item last.
    items: HashMap<String, Value>,
    /// The log line that was sent last; `None` until the end of the log is known.
    line: Option<u64>,
    quiet: u32,
}

/// Items that are different from before; at first, all.
#[derive(Debug, Serialize)]
struct StatusEvent<'a> {
    production: &'static str,
    items: Vec<&'a Value>,
}

impl Watch {
    /// What there is to say next; `None` where it is over.
    async fn next(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                () = tokio::time::sleep_until(self.until) => return None,
                _ = self.looks.tick() => {}
            }
            let mut text = String::new();
            if self.topics.status {
                self.status(&mut text);
            }
            if self.topics.log {
                self.log(&mut text).await;
            }
            self.quiet += 1;
            if text.is_empty() && self.quiet >= QUIET {
                ": nothing new\n\n".clone_into(&mut text);
            }
            if !text.is_empty() {
                self.quiet = 0;
                return Some(text);
            }
        }
    }

    fn status(&mut self, text: &mut String) {
        let mut changed = Vec::new();
        for item in self.director.live() {
            let LiveItem { status, .. } = &item;
            let name = status.name.clone();
            let Ok(value) = serde_json::to_value(&item) else { continue };
            if self.items.get(&name) != Some(&value) {
                self.items.insert(name.clone(), value);
                changed.push(name);
            }
        }
        if changed.is_empty() {
            return;
        }
        let items = changed.iter().filter_map(|name| self.items.get(name)).collect();
        let event = StatusEvent { production: self.director.graph().name, items };
        write(text, "status", None, &event);
    }

    async fn log(&mut self, text: &mut String) {
        let query = match self.line {
            Some(_) => EventQuery { after: self.line, limit: LINES, oldest_first: true, ..EventQuery::default() },
            None => EventQuery { limit: 1, ..EventQuery::default() },
        };
        // A store that cannot be read now is asked again at the next look.
        let Ok(EventPage { events, .. }) = self.director.events(query).await else { return };
        if self.line.is_none() {
            // Who has seen nothing sees what is said from now on.
            self.line = Some(events.first().map_or(0, |event| event.number));
            return;
        }
        for event in events {
            self.line = Some(event.number);
            write(text, "log", Some(event.number), &event);
        }
    }
}

/// JSON has no line breaks of its own.
fn write(text: &mut String, topic: &str, id: Option<u64>, value: &impl Serialize) {
    let Ok(json) = serde_json::to_string(value) else { return };
    if let Some(id) = id {
        text.push_str(&format!("id: {id}\n"));
    }
    text.push_str(&format!("event: {topic}\ndata: {json}\n\n"));
}
