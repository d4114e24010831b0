//! What happens, as it happens, for programs that look on: the state of every item, and the event log.
//!
//! Only what is different is sent. Whoever comes back says what they have seen last, and gets what followed.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Failure;
use super::routes::{Asked, Behind};
use super::stream::{self, Look, News};
use super::table::Route;
use crate::director::view::LiveItem;
use crate::director::{Director, Role};
use crate::store::EventQuery;

/// Between two looks.
const PACE: Duration = Duration::from_millis(333);
/// Log lines in one look.
const LINES: usize = 200;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The route of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/events", Role::Viewer, events)
            .says("What happens, as server-sent events: `status` and `log`.", &["topics", "after"])
            .gives_text(&["text/event-stream"]),
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
    let tail = topics.log.then(|| Tail::new(EventQuery::default(), "", last_seen(&headers).or(which.after)));
    let watch = Watch { director: asked.director, status: topics.status, items: HashMap::new(), tail };
    stream::answer(behind.stop, watch)
}

/// The number of the line that somebody who comes back has seen last.
pub(crate) fn last_seen(headers: &HeaderMap) -> Option<u64> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.parse().ok()
}

/// One reader.
struct Watch {
    director: Director,
    status: bool,
    /// What was sent of each item last.
    items: HashMap<String, Value>,
    tail: Option<Tail>,
}

/// Items that are different from before; at first, all.
#[derive(Debug, Serialize)]
struct StatusEvent<'a> {
    production: &'static str,
    items: Vec<&'a Value>,
}

impl Look for Watch {
    fn pace(&self) -> Duration {
        PACE
    }

    async fn look(&mut self, news: &mut News) {
        if self.status {
            self.status(news);
        }
        if let Some(tail) = &mut self.tail {
            tail.look(&self.director, news).await;
        }
    }
}

impl Watch {
    fn status(&mut self, news: &mut News) {
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
        news.add("status", None, &StatusEvent { production: self.director.graph().name, items });
    }
}

/// The end of the event log, line by line.
#[derive(Debug)]
pub(crate) struct Tail {
    query: EventQuery,
    /// What a line must say, in small letters.
    text: String,
    /// The line up to which everything was looked at; `None` until the end of the log is known.
    line: Option<u64>,
}

impl Tail {
    /// The lines that fit a query and have a text, after a line; of nothing else than the query's conditions is made use.
    pub(crate) fn new(query: EventQuery, text: &str, after: Option<u64>) -> Self {
        Self { query, text: text.to_lowercase(), line: after }
    }

    /// Says the next lines.
    pub(crate) async fn look(&mut self, director: &Director, news: &mut News) {
        // A store that cannot be read now is asked again at the next look.
        let Ok(newest) = director.events(EventQuery { limit: 1, ..EventQuery::default() }).await else { return };
        let newest = newest.events.first().map_or(0, |event| event.number);
        // Who has seen nothing sees what is said from now on.
        let line = *self.line.get_or_insert(newest);
        if line >= newest {
            return;
        }
        let query = EventQuery { after: Some(line), limit: LINES, oldest_first: true, ..self.query.clone() };
        let Ok(page) = director.events(query).await else { return };
        // Where nothing else fits, what was said up to now need not be looked at again.
        let last = page.events.last().map_or(newest, |event| event.number);
        self.line = Some(if page.events.len() < LINES { last.max(newest) } else { last });
        for event in page.events {
            if self.text.is_empty() || event.text.to_lowercase().contains(&self.text) {
                news.add("log", Some(event.number), &event);
            }
        }
    }
}
