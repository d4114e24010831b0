//! How long turns and callers wait. A timer of the runtime for each of them costs more than a short turn, and nearly all are
//! taken back before they ring; here each is an entry in a list, and one task looks at the list when the first may be due.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Those that are due within this time ring together: as fine as a timer of the runtime is. As often the task looks while
/// somebody begins to wait.
const GRAIN: Duration = Duration::from_millis(1);

/// Everything in a production that is waited for no longer than so long.
#[derive(Debug)]
pub(crate) struct Deadlines {
    state: Mutex<State>,
    /// The first one is earlier than the task knows, or there are none any more.
    earlier: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    places: Vec<InList>,
    free: Vec<usize>,
    /// Places whose entries the task has not seen. Most are taken back before it does: nobody looks at the clock for those.
    fresh: Vec<usize>,
    /// The task looks again soon by itself.
    looks: bool,
    /// No entry that the task has seen is due before this; one that was may have been taken back.
    next: Option<Instant>,
}

#[derive(Debug, Default)]
struct InList {
    entry: Option<Entry>,
    is_fresh: bool,
}

#[derive(Debug)]
struct Entry {
    due: Due,
    waker: Waker,
}

#[derive(Debug, Clone, Copy)]
enum Due {
    /// So long after the task sees it.
    In(Duration),
    At(Instant),
    /// Too far off to be named.
    Never,
    Rung,
}

/// It has taken too long.
#[derive(Debug)]
pub(crate) struct Elapsed;

impl Default for Deadlines {
    fn default() -> Self {
        Self { state: Mutex::default(), earlier: Arc::new(Notify::new()) }
    }
}

impl Deadlines {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `future`, at most so long from when it first has to wait.
    pub(crate) async fn within<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Elapsed> {
        let mut future = pin!(future);
        let mut place = Place { deadlines: self, at: None };
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => place.poll(limit, cx).map(Err),
        })
        .await
    }

    fn enter(&self, limit: Duration, waker: Waker) -> usize {
        let mut state = self.lock();
        let place = state.free.pop().unwrap_or_else(|| {
            state.places.push(InList::default());
            state.places.len() - 1
        });
        let here = &mut state.places[place];
        here.entry = Some(Entry { due: Due::In(limit), waker });
        if !std::mem::replace(&mut here.is_fresh, true) {
            state.fresh.push(place);
        }
        let looks = std::mem::replace(&mut state.looks, true);
        drop(state);
        if !looks {
            self.earlier.notify_one();
        }
        place
    }

    /// Rings what is due, and gives when to look again.
    fn ring(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut state = self.lock();
        state.looks = !state.fresh.is_empty();
        state.date_the_fresh(now);
        let due = if state.next.is_some_and(|next| next <= now + GRAIN / 2) { state.take_due(now) } else { Vec::new() };
        let soon = state.looks.then(|| now + GRAIN);
        let next = state.next.into_iter().chain(soon).min();
        drop(state);
        due.into_iter().for_each(Waker::wake);
        next
    }

    /// Rings whatever is due, as long as there are deadlines.
    pub(crate) fn watch(this: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let (deadlines, earlier): (Weak<Self>, _) = (Arc::downgrade(this), Arc::clone(&this.earlier));
        async move {
            loop {
                let Some(next) = deadlines.upgrade().map(|deadlines| deadlines.ring()) else { return };
                match next {
                    None => earlier.notified().await,
                    Some(at) => drop(tokio::time::timeout_at(at.max(Instant::now() + GRAIN), earlier.notified()).await),
                }
            }
        }
    }
}

impl State {
    fn date_the_fresh(&mut self, now: Instant) {
        for place in self.fresh.drain(..) {
            let here = &mut self.places[place];
            here.is_fresh = false;
            if let Some(entry) = &mut here.entry
                && let Due::In(limit) = entry.due
            {
                let at = now.checked_add(limit);
                entry.due = at.map_or(Due::Never, Due::At);
                self.next = self.next.into_iter().chain(at).min();
            }
        }
    }

    /// Those that ring now.
    fn take_due(&mut self, now: Instant) -> Vec<Waker> {
        let (mut due, mut next) = (Vec::new(), None);
        for entry in self.places.iter_mut().filter_map(|here| here.entry.as_mut()) {
            match entry.due {
                Due::At(at) if at <= now + GRAIN / 2 => {
                    entry.due = Due::Rung;
                    due.push(entry.waker.clone());
                }
                Due::At(at) => next = next.into_iter().chain([at]).min(),
                Due::In(_) | Due::Never | Due::Rung => {}
            }
        }
        self.next = next;
        due
    }
}

impl Drop for Deadlines {
    fn drop(&mut self) {
        self.earlier.notify_one();
    }
}

/// A place in the list, given back when it is dropped.
struct Place<'a> {
    deadlines: &'a Deadlines,
    at: Option<usize>,
}

impl Place<'_> {
    fn poll(&mut self, limit: Duration, cx: &Context<'_>) -> Poll<Elapsed> {
        let Some(at) = self.at else {
            self.at = Some(self.deadlines.enter(limit, cx.waker().clone()));
            return Poll::Pending;
        };
        let mut state = self.deadlines.lock();
        match state.places.get_mut(at).and_then(|here| here.entry.as_mut()) {
            Some(entry) if !matches!(entry.due, Due::Rung) => {
                entry.waker.clone_from(cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(Elapsed),
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(at) = self.at {
            let mut state = self.deadlines.lock();
            // The waker is dropped outside of the lock: it may be the last of a task.
            let entry = state.places.get_mut(at).and_then(|here| here.entry.take());
            state.free.push(at);
            drop(state);
            drop(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched() -> Arc<Deadlines> {
        let deadlines = Arc::default();
        tokio::spawn(Deadlines::watch(&deadlines));
        deadlines
    }

    #[tokio::test(start_paused = true)]
    async fn each_rings_at_its_own_time_and_what_came_in_time_does_not() {
        let deadlines = watched();
        let begun = Instant::now();
        let never = |limit| deadlines.within(Duration::from_secs(limit), std::future::pending::<()>());
        let (long, short, in_time) = tokio::join!(
            async { never(60).await.map_err(|Elapsed| begun.elapsed().as_secs()) },
            async { never(2).await.map_err(|Elapsed| begun.elapsed().as_secs()) },
            deadlines.within(Duration::from_secs(2), tokio::time::sleep(Duration::from_secs(1))),
        );
        assert_eq!((long, short), (Err(60), Err(2)));
        assert!(in_time.is_ok());
        assert!(deadlines.lock().places.iter().all(|here| here.entry.is_none()), "every place was given back");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_begins_while_the_task_looks_already_rings_in_time() {
        let deadlines = watched();
        let never = |limit| deadlines.within(Duration::from_secs(limit), std::future::pending::<()>());
        for limit in [3, 1, 2] {
            let begun = Instant::now();
            let short = deadlines.within(Duration::from_millis(2), std::future::pending::<()>());
            // The first two are seen at once. That one began behind them is not said to the task.
            let (long, _) = tokio::join!(never(limit), async {
                let _ = short.await;
                never(limit).await
            });
            assert!(long.is_err());
            let late = begun.elapsed() - Duration::from_secs(limit);
            assert!(late <= 2 * GRAIN + Duration::from_millis(2), "{late:?}");
        }
        let state = deadlines.lock();
        assert_eq!((state.places.len(), state.fresh.len()), (2, 0), "places are used again");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_can_never_be_due_is_waited_for() {
        let deadlines = watched();
        let waited = deadlines.within(Duration::MAX, tokio::time::sleep(Duration::from_secs(5))).await;
        assert!(waited.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_ends_with_the_deadlines() {
        let deadlines = Arc::<Deadlines>::default();
        let task = tokio::spawn(Deadlines::watch(&deadlines));
        tokio::task::yield_now().await;
        drop(deadlines);
        assert!(task.await.is_ok());
    }
}
