//! What is said in tests: kept for each harness and each production by itself.

use std::sync::{Arc, Once};

use tracing::{Span, info_span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

use super::book::HarnessTurn;
use crate::clock::SystemClock;
use crate::component::Turn;
use crate::engine::next_run;
use crate::events::{self, EventLayer, Registration};
use crate::store::memory::MemoryStore;
use crate::store::{EventQuery, Viewer};

/// Has what is said in turns kept, from level info up. A test program with a subscriber of its own keeps it; it needs an
/// [`EventLayer`] there.
pub(super) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(LevelFilter::INFO).with(EventLayer::new());
        // One that is there already stays.
        let _ = tracing::subscriber::set_global_default(subscriber);
    });
}

/// The log of a harness.
#[derive(Debug)]
pub(super) struct Log {
    run: u64,
    registration: Registration,
    store: Arc<MemoryStore>,
    read: u64,
}

impl Log {
    pub(super) fn open() -> Self {
        keep();
        let (run, store) = (next_run(), MemoryStore::new(Arc::new(SystemClock)));
        Self { run, registration: events::register(run, store.clone()), store, read: 0 }
    }

    /// The span of a turn.
    pub(super) fn span(&self, item: &str, turn: &HarnessTurn) -> Span {
        info_span!("turn", run = self.run, item = %item, session = %turn.session(), message = %turn.origin())
    }

    /// What was said since.
    pub(super) async fn take(&mut self) -> Vec<String> {
        self.registration.flush();
        let after = (self.read > 0).then_some(self.read);
        let query = EventQuery { oldest_first: true, limit: 10_000, after, ..EventQuery::default() };
        // A store in memory that nobody closes answers.
        let events = self.store.events(query).await.unwrap_or_default();
        self.read = events.last().map_or(self.read, |event| event.number);
        events.into_iter().map(|event| event.text).collect()
    }
}
