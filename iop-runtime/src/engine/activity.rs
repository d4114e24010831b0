//! Whether anything is under way: every piece of unfinished work in memory holds a [`Busy`], and the engine is idle when
//! none is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Counts the [`Busy`] that exist, for each item and for the rest.
#[derive(Debug)]
pub(crate) struct Activity {
    items: Vec<AtomicUsize>,
    others: AtomicUsize,
    /// Every beginning ever: work that moved from a counter not looked at yet to one already looked at shows here.
    begun: AtomicU64,
    fewer: Notify,
}

/// Held while something is unfinished.
#[derive(Debug)]
pub(crate) struct Busy {
    activity: Arc<Activity>,
    item: Option<usize>,
}

impl Activity {
    pub(crate) fn of_items(count: usize) -> Arc<Self> {
        let items = (0..count).map(|_| AtomicUsize::new(0)).collect();
        Arc::new(Self { items, others: AtomicUsize::new(0), begun: AtomicU64::new(0), fewer: Notify::new() })
    }

    /// Work of an item, or with `None` work that belongs to none.
    pub(crate) fn begin(self: &Arc<Self>, item: Option<usize>) -> Busy {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.counter(item).fetch_add(1, Ordering::SeqCst);
        Busy { activity: Arc::clone(self), item }
    }

    fn counter(&self, item: Option<usize>) -> &AtomicUsize {
        item.and_then(|item| self.items.get(item)).unwrap_or(&self.others)
    }

    /// Whether nothing is under way at the items that are `up`. What waits at the others waits for a person.
    pub(crate) fn is_idle(&self, up: impl Fn(usize) -> bool) -> bool {
        let begun = self.begun.load(Ordering::SeqCst);
        let idle = self.others.load(Ordering::SeqCst) == 0
            && self.items.iter().enumerate().all(|(item, count)| count.load(Ordering::SeqCst) == 0 || !up(item));
        idle && self.begun.load(Ordering::SeqCst) == begun
    }

    /// Waits for a moment in which nothing is under way.
    pub(crate) async fn idle(&self, up: impl Fn(usize) -> bool) {
        loop {
            let fewer = self.fewer.notified();
            tokio::pin!(fewer);
            fewer.as_mut().enable();
            if self.is_idle(&up) {
                return;
            }
            fewer.await;
        }
    }

    /// An item went down: what waits there does not count any more.
    pub(crate) fn item_went_down(&self) {
        self.fewer.notify_waiters();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.activity.counter(self.item).fetch_sub(1, Ordering::SeqCst) == 1 {
            self.activity.fewer.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_idle_when_the_last_piece_of_work_is_done() {
        let activity = Activity::of_items(1);
        let first = activity.begin(None);
        let second = activity.begin(Some(0));
        let idle = activity.idle(|_| true);
        tokio::pin!(idle);
        drop(first);
        assert!(futures_util::poll!(&mut idle).is_pending());
        drop(second);
        idle.await;
    }

    #[test]
    fn work_of_an_item_that_is_down_does_not_count() {
        let activity = Activity::of_items(2);
        let _waiting = activity.begin(Some(1));
        assert!(!activity.is_idle(|_| true));
        assert!(activity.is_idle(|item| item != 1));
    }
}
