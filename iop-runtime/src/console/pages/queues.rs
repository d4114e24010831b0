//! The queues of all items, and what stands in one of them.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::item::backlog;
use super::production::state;
use crate::console::frame::{Frame, Page, Problem, Visit, page};
use crate::console::html;
use crate::director::Role;
use crate::director::view::{MessageView, QueueView};
use crate::engine::ItemPhase;
use crate::search::{self, Query as Sought};
use crate::store::Search;

/// Messages of a queue on one page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "queues.html")]
struct QueuesPage {
    frame: Frame,
    summary: String,
    operator: bool,
    rows: Vec<QueueRow>,
}

struct QueueRow {
    queue: QueueView,
    path: String,
    kind: &'static str,
    class: &'static str,
    word: &'static str,
    workers: String,
    order: String,
    down: bool,
    backlog: String,
}

/// `GET /queues`.
pub(super) async fn queues(visit: Visit) -> Page {
    let overview = visit.director.overview().await?;
    let mut rows: Vec<QueueRow> = Vec::new();
    for item in overview.items {
        let (class, word) = state(&item);
        let workers = item.status.workers;
        rows.push(QueueRow {
            path: html::encoded(&item.backlog.item),
            kind: item.status.kind.as_str(),
            class,
            word,
            workers: format!("{} of {} busy", workers.busy, workers.all),
            order: item.status.order,
            down: item.status.state == ItemPhase::Stopped,
            backlog: backlog(&item.backlog),
            queue: item.backlog,
        });
    }
    rows.extend(overview.orphans.into_iter().map(|queue| QueueRow {
        path: html::encoded(&queue.item),
        kind: "other",
        class: "suspended",
        word: "gone",
        workers: "–".to_owned(),
        order: "–".to_owned(),
        down: true,
        backlog: backlog(&queue),
        queue,
    }));
    // What is longest is what somebody looks for.
    rows.sort_by_key(|row| std::cmp::Reverse(row.queue.queued + row.queue.retrying + row.queue.suspended));
    let sum = |count: fn(&QueueView) -> u64| html::count(rows.iter().map(|row| count(&row.queue)).sum::<u64>());
    page(&QueuesPage {
        frame: visit.frame("Queues", "/queues").await?,
        summary: format!(
            "{} waiting · {} in flight · {} suspended",
            sum(|queue| queue.queued + queue.retrying),
            sum(|queue| queue.in_flight),
            sum(|queue| queue.suspended)
        ),
        operator: visit.may(Role::Operator),
        rows,
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    after: Option<u64>,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    frame: Frame,
    path: String,
    queue: QueueView,
    operator: bool,
    messages: Vec<MessageView>,
    next: Option<u64>,
    paged: bool,
}

/// `GET /queues/{item}`: what stands in it, in order. Nothing is taken out by looking.
pub(super) async fn queue(visit: Visit, Path(name): Path<String>, Query(which): Query<Which>) -> Page {
    let queues = visit.director.queues().await?;
    let queue = queues.into_iter().find(|queue| *queue.item == *name);
    let queue = queue.ok_or_else(|| Problem::not_found(format!("there is no queue of `{name}`")))?;
    let found = super::find(
        &visit,
        Search { query: unfinished(&name)?, after: which.after, limit: PAGE, oldest_first: true, ..Search::default() },
    );
    let found = found.await?;
    page(&QueuePage {
        frame: visit.frame(format!("Queue of {name}"), "/queues").await?,
        path: html::encoded(&name),
        queue,
        operator: visit.may(Role::Operator),
        messages: found.headers.into_iter().map(MessageView::from).collect(),
        next: found.next,
        paged: which.after.is_some(),
    })
}

/// Everything for the item that is not over.
fn unfinished(item: &str) -> Result<Sought, Problem> {
    let statuses = "status:queued,in_flight,retrying,suspended kind:request,timer";
    search::parse(&format!("to:{} {statuses}", super::quoted(item)))
        .map_err(|error| Problem::not_found(error.to_string()))
}
