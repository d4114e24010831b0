//! Whether anything is under way: every piece of unfinished work in memory holds a [`Busy`], and the engine is idle when
//! none is left. Messages of the express way hold none: they are counted where they lie, when somebody asks.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts the [`Busy`] that exist, for each item and for the rest.
#[derive(Debug)]
pub(crate) struct Activity {
    items: Vec<AtomicUsize>,
    others: AtomicUsize,
    /// Every beginning ever: work that moved from a counter not looked at yet to one already looked at shows here.
    begun: AtomicU64,
    fewer: Notify,
    /// Who waits for that.
    watchers: AtomicUsize,
}

/// Counts itself out.
struct Watching<'a>(&'a AtomicUsize);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
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
        let (others, begun, watchers) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicUsize::new(0));
        Arc::new(Self { items, others, begun, fewer: Notify::new(), watchers })
    }

    /// Work of an item, or with `None` work that belongs to none.
    pub(crate) fn begin(self: &Arc<Self>, item: Option<usize>) -> Busy {
        // In this order: who has counted the beginning finds the work, and who has not finds another number of beginnings later.
        self.counter(item).fetch_add(1, Ordering::SeqCst);
        self.begun.fetch_add(1, Ordering::SeqCst);
        Busy { activity: Arc::clone(self), item }
    }

    fn counter(&self, item: Option<usize>) -> &AtomicUsize {
        item.and_then(|item| self.items.get(item)).unwrap_or(&self.others)
    }

    /// Whether nothing is under way at the items that are `up`. What waits at the others waits for a person. `express` says
    /// whether an item has messages of the express way; it is asked first, since what leaves that way begins elsewhere before.
    pub(crate) fn is_idle(&self, up: impl Fn(usize) -> bool, express: impl Fn(usize) -> bool) -> bool {
        let begun = self.begun.load(Ordering::SeqCst);
        let busy = |item: usize, count: &AtomicUsize| express(item) || count.load(Ordering::SeqCst) > 0;
        let idle = self.others.load(Ordering::SeqCst) == 0
            && self.items.iter().enumerate().all(|(item, count)| !busy(item, count) || !up(item));
        idle && self.begun.load(Ordering::SeqCst) == begun
    }

    /// Waits for a moment in which nothing is under way.
    pub(crate) async fn idle(&self, up: impl Fn(usize) -> bool, express: impl Fn(usize) -> bool) {
        self.watchers.fetch_add(1, Ordering::SeqCst);
        let _watching = Watching(&self.watchers);
        loop {
            let fewer = self.fewer.notified();
            tokio::pin!(fewer);
            fewer.as_mut().enable();
            if self.is_idle(&up, &express) {
                return;
            }
            fewer.await;
        }
    }

    /// There may be less under way than before: an item went down, and what waits there does not count any more, or it has
    /// answered a message of the express way.
    pub(crate) fn less(&self) {
        // Whoever looks from now on sees what is left; whoever looked before is counted here.
        if self.watchers.load(Ordering::SeqCst) > 0 {
            self.fewer.notify_waiters();
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.activity.counter(self.item).fetch_sub(1, Ordering::SeqCst) == 1 {
            self.activity.less();
        }
    }
}

#[cfg(all(test, shuttle))]
mod schedules;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_idle_when_the_last_piece_of_work_is_done() {
        let activity = Activity::of_items(1);
        let first = activity.begin(None);
        let second = activity.begin(Some(0));
        let idle = activity.idle(|_| true, |_| false);
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
        assert!(!activity.is_idle(|_| true, |_| false));
        assert!(activity.is_idle(|item| item != 1, |_| false));
    }
}
