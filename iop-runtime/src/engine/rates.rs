//! How much every item has done lately: its counters, looked at every ten seconds and kept for an hour.
//!
//! The counters are those that turns count anyway, so that nothing of this is in the way of a message.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::core::Core;
use crate::clock::Timestamp;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(10);
/// Looks that are kept: an hour of them.
const KEPT: usize = 360;
/// Looks that make one point of a series: a minute.
const POINT: usize = 6;
/// A rate of now is one over the last looks, this many of them.
const NOW: usize = 3;

/// What an item had done at a moment, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) completed: u64,
    pub(crate) failed: u64,
}

/// What an item did between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) counted: Counted,
}

impl Done {
    /// Completed turns in a second.
    pub(crate) fn rate(&self) -> f64 {
        let seconds = self.to.since(self.from).as_secs_f64();
        // The first moments of a production say nothing of its rate.
        if seconds < 1.0 { 0.0 } else { self.counted.completed as f64 / seconds }
    }
}

#[derive(Debug)]
struct Look {
    /// Counts the looks, so that minutes stay the same however many are kept.
    number: usize,
    time: Timestamp,
    /// By the index of the item.
    counted: Vec<Counted>,
}

/// The looks of the last hour.
#[derive(Debug)]
pub(crate) struct Rates {
    since: Timestamp,
    looks: Mutex<VecDeque<Look>>,
}

impl Rates {
    pub(crate) fn new(since: Timestamp) -> Self {
        Self { since, looks: Mutex::default() }
    }

    /// When the production was started.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    fn keep(&self, mut look: Look) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        look.number = looks.back().map_or(1, |last| last.number + 1);
        if looks.len() == KEPT {
            looks.pop_front();
        }
        looks.push_back(look);
    }

    /// What an item did since the look that is so many looks back, or since the start.
    fn since_look(&self, back: usize, item: usize, now: &Look) -> Done {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let look = looks.len().checked_sub(back).and_then(|at| looks.get(at));
        let (from, before) = look.map_or((self.since, Counted::default()), |look| (look.time, of(look, item)));
        Done { from, to: now.time, counted: difference(before, of(now, item)) }
    }

    /// What an item did in each minute of the last hour, the earliest first, and in the part of one that is not over.
    fn minutes(&self, item: usize, now: &Look) -> Vec<Done> {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = looks.iter().filter(|look| look.number.is_multiple_of(POINT)).chain(std::iter::once(now));
        let (mut from, mut before) = if looks.len() < KEPT {
            (self.since, Counted::default())
        } else {
            looks.front().map_or((self.since, Counted::default()), |look| (look.time, of(look, item)))
        };
        let mut minutes = Vec::with_capacity(KEPT / POINT + 1);
        for look in whole {
            let counted = of(look, item);
            if look.time > from {
                minutes.push(Done { from, to: look.time, counted: difference(before, counted) });
            }
            (from, before) = (look.time, counted);
        }
        minutes
    }
}

fn of(look: &Look, item: usize) -> Counted {
    look.counted.get(item).copied().unwrap_or_default()
}

fn difference(before: Counted, after: Counted) -> Counted {
    Counted {
        completed: after.completed.saturating_sub(before.completed),
        failed: after.failed.saturating_sub(before.failed),
    }
}

fn look(core: &Core) -> Look {
    let counted = core.items.iter().map(|item| Counted {
        completed: item.completed.load(Ordering::Relaxed),
        failed: item.failed.load(Ordering::Relaxed),
    });
    Look { number: 0, time: core.clock.now(), counted: counted.collect() }
}

/// Looks until the production stops.
pub(crate) async fn watch(core: Arc<Core>) {
    let mut looks = tokio::time::interval(EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is the start itself.
    looks.tick().await;
    loop {
        looks.tick().await;
        core.rates.keep(look(&core));
    }
}

/// The rates of the items as they are now.
pub(crate) struct RatesNow<'a> {
    rates: &'a Rates,
    now: Look,
}

impl<'a> RatesNow<'a> {
    pub(crate) fn of(core: &'a Core) -> Self {
        Self { rates: &core.rates, now: look(core) }
    }

    /// Over the last half minute.
    pub(crate) fn lately(&self, item: usize) -> Done {
        self.rates.since_look(NOW, item, &self.now)
    }

    /// Over the last hour.
    pub(crate) fn last_hour(&self, item: usize) -> Done {
        self.rates.since_look(KEPT, item, &self.now)
    }

    /// In each minute of the last hour.
    pub(crate) fn minutes(&self, item: usize) -> Vec<Done> {
        self.rates.minutes(item, &self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn look_at(seconds: i64, completed: u64, failed: u64) -> Look {
        Look { number: 0, time: Timestamp(seconds * SECOND), counted: vec![Counted { completed, failed }] }
    }

    /// A production that completes ten turns and fails one in every look.
    fn after(looks: u32) -> Rates {
        let rates = Rates::new(Timestamp(0));
        for number in 1..=looks {
            rates.keep(look_at(i64::from(number) * 10, u64::from(number) * 10, u64::from(number)));
        }
        rates
    }

    #[test]
    fn before_the_first_hour_is_over_everything_since_the_start_counts() {
        let rates = after(12);
        let now = look_at(125, 125, 12);
        assert_eq!(rates.since_look(KEPT, 0, &now).counted, Counted { completed: 125, failed: 12 });
        let lately = rates.since_look(NOW, 0, &now);
        assert_eq!((lately.from, lately.counted.completed), (Timestamp(100 * SECOND), 25));
        assert!((lately.rate() - 1.0).abs() < 1e-9);
        let minutes: Vec<_> = rates.minutes(0, &now).iter().map(|done| done.counted.completed).collect();
        assert_eq!(minutes, [60, 60, 5]);
    }

    #[test]
    fn what_is_older_than_an_hour_no_longer_counts() {
        let rates = after(400);
        let now = look_at(4005, 4005, 400);
        let hour = rates.since_look(KEPT, 0, &now);
        assert_eq!((hour.from, hour.counted), (Timestamp(410 * SECOND), Counted { completed: 3595, failed: 359 }));
        let minutes = rates.minutes(0, &now);
        assert!(minutes.len() <= KEPT / POINT + 1, "{}", minutes.len());
        assert_eq!(minutes.iter().map(|done| done.counted.completed).sum::<u64>(), 3595);
    }

    #[test]
    fn a_rate_of_the_first_moment_is_none() {
        let rates = after(0);
        assert!(rates.since_look(NOW, 0, &look_at(0, 5, 0)).rate().abs() < 1e-9);
    }
}
