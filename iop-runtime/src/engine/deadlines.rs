//! How long turns and callers wait. A timer of the runtime for each of them costs more than a short turn, and nearly all are
//! taken back before they ring; here each is an entry in a list, and one task looks at the list when the first may be due.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Those that are due within this time ring together: as fine as a timer of the runtime is.
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
    entries: Vec<Option<Entry>>,
    free: Vec<usize>,
    /// No entry is due before this; one that was may have been taken back.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    /// `None` once it has rung.
    at: Option<Instant>,
    waker: Waker,
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

    fn enter(&self, at: Instant, waker: Waker) -> usize {
        let mut state = self.lock();
        let entry = Some(Entry { at: Some(at), waker });
        let place = match state.free.pop() {
            Some(place) => {
                state.entries[place] = entry;
                place
            }
            None => {
                state.entries.push(entry);
                state.entries.len() - 1
            }
        };
        let is_first = state.next.is_none_or(|next| at < next);
        if is_first {
            state.next = Some(at);
        }
        drop(state);
        if is_first {
            self.earlier.notify_one();
        }
        place
    }

    /// Rings what is due, and gives when the next one is.
    fn ring(&self) -> Option<Instant> {
        let soon = Instant::now() + GRAIN / 2;
        let mut state = self.lock();
        let (mut wake, mut next) = (Vec::new(), None);
        for entry in state.entries.iter_mut().flatten() {
            match entry.at {
                Some(at) if at <= soon => {
                    entry.at = None;
                    wake.push(entry.waker.clone());
                }
                Some(at) => next = next.into_iter().chain([at]).min(),
                None => {}
            }
        }
        state.next = next;
        drop(state);
        wake.into_iter().for_each(Waker::wake);
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
            // One that is too far off to be named is none.
            let due = Instant::now().checked_add(limit);
            self.at = due.map(|due| self.deadlines.enter(due, cx.waker().clone()));
            return Poll::Pending;
        };
        let mut state = self.deadlines.lock();
        match state.entries.get_mut(at).and_then(Option::as_mut) {
            Some(entry) if entry.at.is_some() => {
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
            let entry = state.entries.get_mut(at).and_then(Option::take);
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
        assert!(deadlines.lock().entries.iter().all(Option::is_none), "every place was given back");
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
