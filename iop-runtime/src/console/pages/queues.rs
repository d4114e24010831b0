//! The queues of all items, and what stands in one of them.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::item::backlog;
use super::production::state;
use crate::clock::Timestamp;
use crate::console::frame::{Frame, Page, Problem, Visit, page};
use crate::console::html;
use crate::console::live::{Seen, print};
use crate::director::Role;
use crate::director::view::{ItemView, MessageView, ProductionOverview, QueueView};
use crate::engine::ItemPhase;
use crate::message::Kind;
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
    print: String,
}

struct QueueRow {
    queue: QueueView,
    path: String,
    kind: &'static str,
    cells: Cells,
    order: String,
    down: bool,
    paused: bool,
    backlog: String,
}

/// What changes in a row: class and text.
struct Cells {
    state: (String, &'static str),
    queued: (&'static str, String),
    in_flight: (&'static str, String),
    retrying: (&'static str, String),
    suspended: (&'static str, String),
    oldest: String,
    workers: String,
}

impl Cells {
    fn of(queue: &QueueView, item: Option<&ItemView>, now: Timestamp) -> Self {
        let (class, word) = item.map_or(("suspended", "gone"), state);
        let cell = |count: u64, class| if count > 0 { (class, html::count(count)) } else { ("quiet", "0".to_owned()) };
        Self {
            state: (format!("tag {class}"), word),
            queued: cell(queue.queued, "much"),
            in_flight: cell(queue.in_flight, ""),
            retrying: cell(queue.retrying, "warn"),
            suspended: cell(queue.suspended, "bad"),
            oldest: queue.oldest.map_or_else(|| "–".to_owned(), |at| html::spoken_ago(at, now)),
            workers: item.map_or_else(
                || "–".to_owned(),
                |item| format!("{} of {} busy", item.status.workers.busy, item.status.workers.all),
            ),
        }
    }

    /// Name, class and text of those that are numbers.
    fn numbers(&self) -> [(&'static str, &'static str, &str); 3] {
        let Self { queued, in_flight, retrying, .. } = self;
        [("queued", queued), ("in flight", in_flight), ("retrying", retrying)]
            .map(|(name, (class, text))| (name, *class, text.as_str()))
    }

    fn seen(&self, item: &str, seen: &mut Seen) {
        let others = [
            ("state", self.state.0.as_str(), self.state.1),
            ("suspended", self.suspended.0, &self.suspended.1),
            ("oldest", "nowrap", &self.oldest),
            ("workers", "nowrap spare", &self.workers),
        ];
        for (name, class, text) in self.numbers().into_iter().chain(others) {
            let name = format!("{name}:{item}");
            seen.set(name.as_str(), "class", class);
            seen.text(name, text);
        }
    }
}

/// `GET /queues`.
pub(super) async fn queues(visit: Visit) -> Page {
    let overview = visit.director.overview().await?;
    let mut frame = visit.frame("Queues", "/queues").await?;
    "queues".clone_into(&mut frame.live);
    let mut rows: Vec<QueueRow> = rows(&overview)
        .map(|(queue, item)| QueueRow {
            path: html::encoded(&queue.item),
            kind: item.map_or("other", |item| item.status.kind.as_str()),
            cells: Cells::of(queue, item, frame.now),
            order: item.map_or_else(|| "–".to_owned(), |item| item.status.order.clone()),
            down: item.is_none_or(|item| item.status.state == ItemPhase::Stopped),
            paused: item.is_some_and(|item| item.status.state == ItemPhase::Paused),
            backlog: backlog(queue),
            queue: queue.clone(),
        })
        .collect();
    // What is longest is what somebody looks for.
    rows.sort_by_key(|row| std::cmp::Reverse(row.queue.queued + row.queue.retrying + row.queue.suspended));
    page(&QueuesPage {
        frame,
        summary: summary(&overview),
        operator: visit.may(Role::Operator),
        rows,
        print: standing(&overview),
    })
}

/// Every queue, with its item where there is one.
fn rows(overview: &ProductionOverview) -> impl Iterator<Item = (&QueueView, Option<&ItemView>)> {
    let of_items = overview.items.iter().map(|item| (&item.backlog, Some(item)));
    of_items.chain(overview.orphans.iter().map(|queue| (queue, None)))
}

fn summary(overview: &ProductionOverview) -> String {
    let sum = |count: fn(&QueueView) -> u64| html::count(rows(overview).map(|(queue, _)| count(queue)).sum::<u64>());
    format!(
        "{} waiting · {} in flight · {} suspended",
        sum(|queue| queue.queued + queue.retrying),
        sum(|queue| queue.in_flight),
        sum(|queue| queue.suspended)
    )
}

/// What changes in the page of all queues.
pub(super) fn seen(overview: &ProductionOverview, now: Timestamp, seen: &mut Seen) {
    seen.text("summary", summary(overview));
    for (queue, item) in rows(overview) {
        Cells::of(queue, item, now).seen(&queue.item, seen);
    }
    seen.parts.insert("queues", standing(overview));
}

/// Which queues there are, and which can be started, stopped and resumed.
fn standing(overview: &ProductionOverview) -> String {
    let stands = |item: &ItemView| {
        matches!(item.status.state, ItemPhase::Stopped | ItemPhase::Paused).then_some(item.status.state)
    };
    print(&rows(overview).map(|(queue, item)| (&queue.item, item.map(stands))).collect::<Vec<_>>())
}

/// What changes in the page of one queue.
pub(super) fn seen_one(overview: &ProductionOverview, name: &str, seen: &mut Seen) {
    if let Some((queue, _)) = rows(overview).find(|(queue, _)| *queue.item == *name) {
        seen.text("summary", summary_of(queue));
    }
}

fn summary_of(queue: &QueueView) -> String {
    let QueueView { queued, in_flight, retrying, suspended, .. } = queue;
    let [queued, in_flight, retrying, suspended] = [queued, in_flight, retrying, suspended].map(html::count);
    format!("{queued} waiting · {in_flight} in flight · {retrying} tried again · {suspended} suspended")
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
    summary: String,
    /// The search that finds all of it.
    query: String,
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
    let mut frame = visit.frame(format!("Queue of {name}"), "/queues").await?;
    frame.live = format!("queue?item={}", html::encoded(&name));
    page(&QueuePage {
        frame,
        summary: summary_of(&queue),
        query: format!("to:{}", super::quoted(&name)),
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
