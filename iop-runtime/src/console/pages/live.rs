//! What is different in a page while somebody looks at it: one stream of events for each page that is open.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::{alerts, figures::Figures, item, jobs, log, production, queues, suspended, trace};
use crate::console::frame::{Lamps, Page, Visit};
use crate::console::live::{Looks, Seen};
use crate::director::DirectorError;
use crate::director::http::stream::{self, Look, News};
use crate::director::http::{Tail, last_seen};
use crate::director::view::{ProductionOverview, QueueView};
use crate::message::{MessageId, SessionId};
use crate::store::EventQuery;

/// Between two looks at what moves all the time.
const OFTEN: Duration = Duration::from_millis(500);
/// Between two looks at anything else.
const SELDOM: Duration = Duration::from_secs(2);

/// Which page is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Open {
    /// One in which nothing but the bar changes.
    Page,
    Production,
    Item,
    Queues,
    Queue,
    Suspended,
    Jobs,
    Alerts,
    Trace,
}

/// What of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    /// An item.
    #[serde(default)]
    item: String,
    session: Option<SessionId>,
    /// A message of the session.
    m: Option<MessageId>,
    /// A job.
    job: Option<u64>,
}

/// `GET /live/{page}`.
pub(super) async fn live(visit: Visit, Path(open): Path<Open>, Query(which): Query<Which>, looks: Arc<Looks>) -> Page {
    Ok(Watch { visit, open, which, looks, tail: None, skipped: false, said: None }.answer())
}

/// `GET /live/log`: the bar, and the lines that fit as they are written.
pub(super) async fn log(visit: Visit, Query(lines): Query<log::Which>, headers: HeaderMap, looks: Arc<Looks>) -> Page {
    let seen = last_seen(&headers).or(lines.after());
    let newest = visit.director.events(EventQuery { limit: 1, ..EventQuery::default() }).await?;
    let newest = newest.events.first().map_or(0, |event| event.number);
    let late = too_late(seen, newest);
    let (tail, skipped) = (Tail::new(lines.query(), lines.text(), late.or(seen)), late.is_some());
    let (open, which) = (Open::Page, Which::default());
    Ok(Watch { visit, open, which, looks, tail: Some(tail), skipped, said: None }.answer())
}

/// Where to go on for whom more was said than a page keeps: who looked elsewhere for long would get all of it, and keep the
/// last of it.
fn too_late(seen: Option<u64>, newest: u64) -> Option<u64> {
    let first = newest.saturating_sub(log::KEPT);
    seen.is_some_and(|seen| seen < first).then_some(first)
}

/// Somebody who looks at a page.
struct Watch {
    visit: Visit,
    open: Open,
    which: Which,
    looks: Arc<Looks>,
    tail: Option<Tail>,
    /// Lines that were not seen are left out before those of the tail.
    skipped: bool,
    /// What they see.
    said: Option<Seen>,
}

impl Look for Watch {
    fn pace(&self) -> Duration {
        match self.open {
            Open::Page if self.tail.is_none() => SELDOM,
            Open::Suspended | Open::Alerts => SELDOM,
            _ => OFTEN,
        }
    }

    async fn look(&mut self, news: &mut News) {
        if std::mem::take(&mut self.skipped) {
            news.add("skipped", None, &log::KEPT);
        }
        if let Some(tail) = &mut self.tail {
            tail.look(&self.visit.director, news).await;
        }
        // A store that cannot be read now is asked again at the next look.
        let Ok(now) = self.seen().await else { return };
        let earlier = self.said.take().unwrap_or_else(|| {
            news.add("hello", None, &self.visit.director.since().to_string());
            Seen::default()
        });
        let changed = now.since(&earlier);
        if !changed.values.is_empty() {
            news.add("values", None, &changed.values);
        }
        if !changed.parts.is_empty() {
            news.add("parts", None, &changed.parts);
        }
        self.said = Some(now);
    }
}

impl Watch {
    fn answer(self) -> Response {
        stream::answer(self.visit.stop.clone(), self)
    }

    async fn seen(&self) -> Result<Seen, DirectorError> {
        let (director, which) = (&self.visit.director, &self.which);
        let overview = self.looks.overview(director).await?;
        let mut seen = Seen::default();
        seen.lamps(&lamps(&overview));
        match self.open {
            Open::Page => {}
            Open::Production => production::seen(&overview, &mut seen),
            Open::Item => {
                let detail = director.item(&which.item).await?;
                Figures::of_item(&detail, director.now()).seen(&mut seen);
                item::seen(&detail, &mut seen);
            }
            Open::Queues => queues::seen(&overview, director.now(), &mut seen),
            Open::Queue => queues::seen_one(&overview, &which.item, &mut seen),
            Open::Suspended => suspended::seen(&director.suspended().await?, &which.item, &mut seen),
            Open::Jobs => match which.job {
                Some(number) => jobs::seen_one(director.job(number).await?, &mut seen),
                None => jobs::seen(&director.jobs(None).await?, &mut seen),
            },
            Open::Alerts => alerts::seen(&director.alerts().await?, &mut seen),
            Open::Trace => {
                if let Some(session) = which.session {
                    trace::seen(director, session, which.m, &mut seen).await?;
                }
            }
        }
        Ok(seen)
    }
}

fn lamps(overview: &ProductionOverview) -> Lamps {
    let queues = overview.items.iter().map(|item| &item.backlog).chain(&overview.orphans);
    let suspended = queues.map(|queue: &QueueView| queue.suspended).sum();
    Lamps::of(overview.items.iter().map(|item| &item.status), suspended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_late_gets_as_many_lines_as_a_page_keeps_and_is_told_so() {
        assert_eq!(too_late(Some(7), 5_000), Some(5_000 - log::KEPT));
        assert_eq!(too_late(Some(5_000 - log::KEPT), 5_000), None, "just as many were said");
        assert_eq!(too_late(Some(5_000), 5_000), None);
        assert_eq!(too_late(Some(3), 10), None, "the log is short");
        assert_eq!(too_late(None, 5_000), None, "who has seen nothing misses nothing");
    }
}
