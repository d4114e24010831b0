//! The way into the event log: a bounded buffer per running production, emptied by a thread of its own.
//!
//! Saying something never waits. What does not fit is dropped, counted, and the count is said in the log itself.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::store::{Event, Level, Store};

/// Events that wait for the store at most.
const CAPACITY: usize = 8192;

/// Between two batches: what is said meanwhile shares a commit, and the store is never flooded.
const PAUSE: Duration = Duration::from_millis(20);

/// The running productions of this process, by the number in the spans of their turns.
static RUNS: LazyLock<RwLock<HashMap<u64, Arc<Buffer>>>> = LazyLock::new(RwLock::default);

/// From now until the registration is dropped, what is said in spans with this `run` is stored.
///
/// Drop the registration before the store is closed: dropping hands over what still waits.
#[must_use = "dropping the registration ends it"]
pub fn register(run: u64, store: Arc<dyn Store>) -> Registration {
    let buffer = Arc::new(Buffer::default());
    RUNS.write().unwrap_or_else(PoisonError::into_inner).insert(run, Arc::clone(&buffer));
    let worker = {
        let (buffer, store) = (Arc::clone(&buffer), Arc::clone(&store));
        std::thread::Builder::new().name("iop-event-log".to_owned()).spawn(move || buffer.empty_into(&*store))
    };
    // Without a thread the log is handed over on drop: late is better than not at all.
    Registration { run, buffer, store, worker: worker.ok() }
}

/// A production whose events are stored.
#[derive(Debug)]
pub struct Registration {
    run: u64,
    buffer: Arc<Buffer>,
    store: Arc<dyn Store>,
    worker: Option<JoinHandle<()>>,
}

impl Registration {
    /// Hands over what waits, now.
    pub fn flush(&self) {
        self.buffer.hand_over(&*self.store);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        RUNS.write().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
        self.buffer.lock().closed = true;
        self.buffer.filled.notify_all();
        if let Some(worker) = self.worker.take() {
            // A worker that panicked has left what waits to the next line.
            let _ = worker.join();
        }
        self.flush();
    }
}

/// Keeps an event for the log of a run; does nothing where the run is not registered.
pub(super) fn keep(run: u64, event: Event) {
    if let Some(buffer) = RUNS.read().unwrap_or_else(PoisonError::into_inner).get(&run) {
        buffer.push(event);
    }
}

#[derive(Debug, Default)]
struct Buffer {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    /// Held while a batch is handed over, so that batches reach the store in order.
    order: Mutex<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    events: Vec<Event>,
    dropped: u64,
    closed: bool,
}

impl Buffer {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, event: Event) {
        let mut waiting = self.lock();
        if waiting.events.len() >= CAPACITY {
            waiting.dropped += 1;
            return;
        }
        waiting.events.push(event);
        if waiting.events.len() == 1 {
            self.filled.notify_all();
        }
    }

    fn hand_over(&self, store: &dyn Store) {
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut events, dropped) = {
            let mut waiting = self.lock();
            (std::mem::take(&mut waiting.events), std::mem::take(&mut waiting.dropped))
        };
        if dropped > 0 {
            events.push(lost(dropped));
        }
        if !events.is_empty() {
            store.append_events(events);
        }
    }

    fn empty_into(&self, store: &dyn Store) {
        loop {
            let waiting = self.lock();
            let waiting = self
                .filled
                .wait_while(waiting, |waiting| waiting.events.is_empty() && !waiting.closed)
                .unwrap_or_else(PoisonError::into_inner);
            if waiting.closed {
                return;
            }
            // The pause comes first: whatever follows the first event shares its batch.
            let (waiting, _) = self
                .filled
                .wait_timeout_while(waiting, PAUSE, |waiting| !waiting.closed)
                .unwrap_or_else(PoisonError::into_inner);
            drop(waiting);
            self.hand_over(store);
        }
    }
}

fn lost(count: u64) -> Event {
    Event {
        number: 0,
        time: SystemClock.now(),
        level: Level::Warn,
        item: None,
        session: None,
        message: None,
        module: module_path!().to_owned(),
        text: format!("{count} events were not stored: more was said than the event log could take"),
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::events::EventLayer;
    use crate::events::filter::parse_filter;
    use crate::message::{MessageId, SessionId};

    /// What is kept for `run` while `say` runs under `filter`.
    fn said(run: u64, filter: &str, say: impl FnOnce()) -> Vec<Event> {
        let buffer = Arc::new(Buffer::default());
        RUNS.write().expect("no test panics with it").insert(run, Arc::clone(&buffer));
        let subscriber =
            tracing_subscriber::registry().with(parse_filter(filter).expect("a filter")).with(EventLayer::new());
        tracing::subscriber::with_default(subscriber, say);
        RUNS.write().expect("no test panics with it").remove(&run);
        let mut waiting = buffer.lock();
        std::mem::take(&mut waiting.events)
    }

    #[test]
    fn an_event_in_a_turn_carries_its_item_session_and_message() {
        let message = MessageId::random();
        let session = SessionId::of(MessageId::random());
        let events = said(u64::MAX, "info", || {
            let turn =
                tracing::info_span!("turn", run = u64::MAX, item = %"greeter", session = %session, message = %message);
            let _turn = turn.entered();
            let _inner = tracing::info_span!("of the handler's own").entered();
            tracing::info!(count = 3, name = "x", "hello {}", "world");
            tracing::debug!("not asked for");
        });
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].text, "hello world count=3 name=x");
        assert_eq!(events[0].level, Level::Info);
        assert_eq!(events[0].item.as_deref(), Some("greeter"));
        assert_eq!(events[0].session, Some(session));
        assert_eq!(events[0].message, Some(message));
        assert_eq!(events[0].module, module_path!());
    }

    #[test]
    fn a_filter_above_the_level_of_the_span_keeps_the_turn_of_a_warning() {
        let events = said(u64::MAX - 1, "warn", || {
            let _turn = tracing::info_span!("turn", run = u64::MAX - 1, item = %"greeter").entered();
            tracing::info!("not asked for");
            tracing::warn!("asked for");
        });
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].item.as_deref(), Some("greeter"));
    }

    #[test]
    fn each_production_of_a_process_has_its_own_events() {
        let events = said(u64::MAX - 2, "info", || {
            tracing::info!("outside");
            tracing::info_span!("turn", run = 7_u64, item = %"other").in_scope(|| tracing::info!("another's"));
            tracing::info_span!("turn", run = u64::MAX - 2, item = %"mine").in_scope(|| tracing::info!("mine"));
        });
        assert_eq!(events.iter().map(|event| event.text.as_str()).collect::<Vec<_>>(), ["mine"]);
    }

    #[test]
    fn what_the_buffer_cannot_hold_is_counted() {
        let buffer = Buffer::default();
        for _ in 0..CAPACITY + 3 {
            buffer.push(lost(0));
        }
        let waiting = buffer.lock();
        assert_eq!((waiting.events.len(), waiting.dropped), (CAPACITY, 3));
    }

    #[test]
    fn a_misspelt_level_is_refused() {
        for filter in ["inof", "my_crate=debugg", "info,my_crate", ""] {
            assert!(parse_filter(filter).is_err(), "{filter}");
        }
        for filter in ["info", "WARN", "info,my_crate=debug", "off", "info,my_crate[turn{item=x}]=trace"] {
            assert!(parse_filter(filter).is_ok(), "{filter}");
        }
    }
}
