//! What a running production shows of itself: the [views](super::view) of its store, and of what only it knows.

use std::sync::Arc;

use super::view::{
    self, CountsView, EventPage, ExportPage, ItemDetail, ItemView, LiveItem, MessageDetail, MessagePage, MessageView,
    ProductionOverview, QueueView, RouteView, SessionTrace, Sight, TableView, TraceExtent, TypeView,
};
use super::{Act, Director, DirectorError, status, store_error};
use crate::clock::Timestamp;
use crate::engine::{ItemState, RatesNow};
use crate::lookup::TableError;
use crate::message::{MessageId, SessionId, Status};
use crate::production::GraphDocument;
use crate::search::Query;
use crate::store::{EventQuery, MessageQuery, Search, Viewer};

/// Problems that are shown at a glance.
const PROBLEMS: usize = 10;

/// Log lines that are shown with an item.
const LINES: usize = 20;

/// Which page of an export.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExportOf {
    /// What follows this sequence: the `next` of the page before.
    pub after: Option<u64>,
    /// Only what was accepted up to this sequence: the `up_to` of the first page.
    pub up_to: Option<u64>,
    /// At most so many messages; 0 stands for 100.
    pub limit: usize,
}

impl Director {
    pub(super) fn viewer(&self) -> &dyn Viewer {
        &*self.core.store
    }

    /// The production at a glance.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn overview(&self) -> Result<ProductionOverview, DirectorError> {
        let (core, rates) = (&self.core, RatesNow::of(&self.core));
        let mut backlogs = self.queues().await?.into_iter();
        let items: Vec<_> = core
            .items
            .iter()
            .zip(backlogs.by_ref())
            .map(|(item, backlog)| ItemView::of(core, item, &rates, backlog))
            .collect();
        let mut counts = CountsView::default();
        for item in &items {
            counts.add(item.counts);
        }
        Ok(ProductionOverview {
            production: core.graph.name,
            doc: core.graph.doc,
            since: core.rates.since(),
            now: core.clock.now(),
            degraded: items.iter().any(|item| item.status.degraded),
            items,
            orphans: backlogs.collect(),
            counts,
            series: view::series(&rates, 0..core.items.len()),
            latency: view::latency(self.viewer(), None).await.map_err(store_error)?,
            problems: self.problems(None).await?,
        })
    }

    /// When the production was started.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.core.rates.since()
    }

    /// Every item as it is at this moment. Asks nothing of the store, and so may be asked often.
    #[must_use]
    pub fn live(&self) -> Vec<LiveItem> {
        let (core, rates) = (&self.core, RatesNow::of(&self.core));
        let of = |item: &Arc<ItemState>| {
            let status = status::of_item(core, item);
            let counts = CountsView::of(&status, rates.last_hour(item.index), rates.lately(item.index));
            LiveItem { status, counts }
        };
        core.items.iter().map(of).collect()
    }

    /// An item with everything that is known of it.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`], and where the store cannot be read.
    pub async fn item(&self, name: &str) -> Result<ItemDetail, DirectorError> {
        let (core, index) = (&self.core, self.index(name)?);
        let (item, rates) = (&core.items[index], RatesNow::of(core));
        let backlog = self.queues().await?.into_iter().nth(index);
        let backlog = backlog.ok_or_else(|| DirectorError::Unknown("the store has no queues".to_owned()))?;
        let events = EventQuery { item: Some(name.into()), limit: LINES, ..EventQuery::default() };
        let prefix = format!("{name}.");
        let settings = self.settings().into_iter().filter(|setting| setting.key.starts_with(&prefix)).collect();
        let graph = core.graph;
        let of = |item: usize, target| graph.items.get(item).map(|item| RouteView { item: item.name, target });
        let routes = || graph.routes.iter();
        Ok(ItemDetail {
            item: ItemView::of(core, item, &rates, backlog),
            settings,
            series: view::series(&rates, std::iter::once(index)),
            latency: view::latency(self.viewer(), Some(name)).await.map_err(store_error)?,
            sends_to: routes().filter(|way| way.from == index).filter_map(|way| of(way.to, way.target)).collect(),
            receives_from: routes().filter(|way| way.to == index).filter_map(|way| of(way.from, way.target)).collect(),
            problems: self.problems(Some(name)).await?,
            events: self.events(events).await?.events,
        })
    }

    /// The newest messages that need somebody, or another attempt.
    async fn problems(&self, item: Option<&str>) -> Result<Vec<MessageView>, DirectorError> {
        let mut found = Vec::new();
        for status in [Status::Suspended, Status::Retrying] {
            let query = MessageQuery {
                item: item.map(Into::into),
                status: Some(status),
                limit: PROBLEMS,
                ..MessageQuery::default()
            };
            found.extend(self.messages(query).await?.messages);
        }
        found.sort_by_key(|message| std::cmp::Reverse(message.sequence));
        found.truncate(PROBLEMS);
        Ok(found)
    }

    /// A page of messages.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn messages(&self, query: MessageQuery) -> Result<MessagePage, DirectorError> {
        view::messages(self.viewer(), query).await.map_err(store_error)
    }

    /// A message with everything that is known of it. Who sees its body is on record.
    ///
    /// # Errors
    /// [`DirectorError::UnknownMessage`], and where the store cannot be read.
    pub async fn message(&self, id: MessageId, sight: Sight) -> Result<MessageDetail, DirectorError> {
        let found = view::message(self.viewer(), id, sight).await.map_err(store_error)?;
        let found = found.ok_or(DirectorError::UnknownMessage(id))?;
        self.seen(format!("message {id}"), sight).await?;
        Ok(found)
    }

    /// A session. The id of any of its messages will do. Who sees bodies is on record.
    ///
    /// # Errors
    /// [`DirectorError::UnknownMessage`], and where the store cannot be read.
    pub async fn trace(&self, session: SessionId, extent: TraceExtent) -> Result<SessionTrace, DirectorError> {
        let viewer = self.viewer();
        let mut found = view::trace(viewer, session, extent).await.map_err(store_error)?;
        if found.is_none()
            && let Some(of) = view::trace_of(viewer, session.input()).await.map_err(store_error)?
        {
            found = view::trace(viewer, of, extent).await.map_err(store_error)?;
        }
        let found = found.ok_or(DirectorError::UnknownMessage(session.input()))?;
        self.seen(format!("session {}", found.session), extent.sight).await?;
        Ok(found)
    }

    /// A page of what a query finds, with the bodies: see [`view::export`]. Who sees them is on record.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn export(&self, query: &Query, page: ExportOf, sight: Sight) -> Result<ExportPage, DirectorError> {
        let ExportOf { after, up_to, limit } = page;
        let query = query.clone().at(self.core.clock.now());
        self.seen(format!("export of `{query}`"), sight).await?;
        let search = Search { query, after, up_to, limit, oldest_first: true, within: Some(super::search::WITHIN) };
        view::export(self.viewer(), search, sight).await.map_err(store_error)
    }

    /// Puts on record that somebody sees bodies, before they do.
    async fn seen(&self, what: String, sight: Sight) -> Result<(), DirectorError> {
        let action = match sight {
            Sight::Withheld => return Ok(()),
            Sight::Masked => "body.view",
            Sight::Open => "body.reveal",
        };
        self.record(Act::new(action, what)).await.map(drop)
    }

    /// The backlog of every item.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn queues(&self) -> Result<Vec<QueueView>, DirectorError> {
        view::queues(self.viewer(), self.core.graph).await.map_err(store_error)
    }

    /// A page of the event log.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn events(&self, query: EventQuery) -> Result<EventPage, DirectorError> {
        view::events(self.viewer(), query).await.map_err(store_error)
    }

    /// The lookup tables that settings name, without their rows.
    ///
    /// # Errors
    /// See [`TableError`].
    pub async fn table_views(&self) -> Result<Vec<TableView>, TableError> {
        let mut views = Vec::new();
        for (name, uses) in self.tables() {
            let snapshot = self.table(&name).await?;
            views.extend(TableView::of(&name, &uses, &snapshot));
        }
        Ok(views)
    }

    /// The graph as a document.
    #[must_use]
    pub fn graph_document(&self) -> GraphDocument {
        GraphDocument::of(self.core.graph, &self.core.settings.wiring())
    }

    /// Every message type of the program, with schema and example.
    #[must_use]
    pub fn message_types(&self) -> Vec<TypeView> {
        view::message_types()
    }
}
