//! What alerts are about: what each rule of an item finds now.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::book::{Measured, Reading};
use crate::clock::Timestamp;
use crate::engine::core::Core;
use crate::engine::gate::BreakerState;
use crate::engine::item::{ItemPhase, ItemState};
use crate::message::{AlertKind, MessageId, SessionId};
use crate::store::{QueueStatus, Usage};

/// The time over which failures are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// A limit that was passed is over at this part of it: what moves about the limit would flap.
const BACK_AT: f64 = 0.8;

/// What is known of the store.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The queues that hold something; `None` before they were first asked for.
    pub(super) queues: Option<HashMap<Arc<str>, QueueStatus>>,
    pub(super) usage: Option<Usage>,
    /// They were asked for since the last look.
    pub(super) fresh: bool,
    /// The store failed, and when.
    pub(super) failed: Option<(Timestamp, String)>,
    /// What the store still holds after a purge to its largest size, and that size.
    pub(super) too_large: Option<(u64, u64)>,
}

/// Counts failed attempts of the last minute.
#[derive(Debug, Default)]
pub(super) struct Failures {
    /// The total of failures at a time, oldest first, and one from before the minute.
    counts: VecDeque<(Timestamp, u64)>,
}

impl Failures {
    /// Failures of the last minute, and whether a whole minute was looked at.
    fn of_last_minute(&mut self, total: u64, now: Timestamp) -> (u64, bool) {
        self.counts.push_back((now, total));
        while self.counts.get(1).is_some_and(|(time, _)| now.since(*time) >= MINUTE) {
            self.counts.pop_front();
        }
        let (time, before) = self.counts.front().copied().unwrap_or((now, total));
        (total.saturating_sub(before), now.since(time) >= MINUTE)
    }
}

/// What a rule of an item begins with.
fn rule(item: &ItemState, kind: AlertKind) -> Measured {
    Measured {
        item: Some(item.name.to_string()),
        kind,
        reading: Reading::Stale,
        value: None,
        limit: None,
        text: String::new(),
        cause: None,
        grace: item.options.alerts.grace,
        repeat: item.options.alerts.repeat,
    }
}

/// Every rule of every item.
pub(super) fn measure(
    core: &Core,
    known: &Known,
    failures: &mut HashMap<usize, Failures>,
    since: Timestamp,
    now: Timestamp,
) -> Vec<Measured> {
    let mut all = Vec::new();
    for item in &core.items {
        all.extend(suspended(item, known));
        all.extend(depth(item, known));
        all.extend(age(item, known, now));
        all.extend(errors(item, failures, now));
        all.extend(inactive(item, since, now));
        all.extend(up(item));
    }
    all
}

/// Readings of a number with a limit: over it, and under it by a fifth.
fn over(mut measured: Measured, value: f64, limit: f64, text: String) -> Measured {
    measured.reading = match value {
        value if value >= limit => Reading::Over,
        value if value < limit * BACK_AT => Reading::Under,
        _ => Reading::Between,
    };
    Measured { value: Some(value), limit: Some(limit), text, ..measured }
}

/// What waits for the item; `None` where nobody has looked since the last time.
fn queue<'k>(item: &ItemState, known: &'k Known) -> Option<Option<&'k QueueStatus>> {
    known.queues.as_ref().filter(|_| known.fresh).map(|queues| queues.get(&item.name))
}

#[expect(clippy::cast_precision_loss, reason = "a count of messages is far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

fn suspended(item: &ItemState, known: &Known) -> Option<Measured> {
    item.options.alerts.suspended.then(|| {
        // A person decides, and a person is told at once.
        let rule = Measured { grace: Duration::ZERO, ..rule(item, AlertKind::Suspended) };
        let Some(queue) = queue(item, known) else { return rule };
        let count = queue.map_or(0, |queue| queue.suspended);
        let cause = item.noticed.cause();
        let last = cause.as_ref().map(|cause| format!(": {}", cause.error)).unwrap_or_default();
        let messages = if count == 1 { "message is" } else { "messages are" };
        Measured {
            reading: if count > 0 { Reading::Over } else { Reading::Under },
            value: Some(number(count)),
            text: format!("{count} {messages} suspended at `{}` and waits for a person{last}", item.name),
            cause: cause.map(|cause| -> (SessionId, MessageId) { (cause.session, cause.message) }),
            ..rule
        }
    })
}

fn depth(item: &ItemState, known: &Known) -> Option<Measured> {
    item.options.alerts.depth.map(|limit| {
        let rule = rule(item, AlertKind::Depth);
        let Some(queue) = queue(item, known) else { return rule };
        let count = queue.map_or(0, |queue| queue.queued + queue.in_flight + queue.retrying);
        over(rule, number(count), f64::from(limit), format!("{count} messages wait for `{}`", item.name))
    })
}

fn age(item: &ItemState, known: &Known, now: Timestamp) -> Option<Measured> {
    item.options.alerts.age.map(|limit| {
        let rule = rule(item, AlertKind::Age);
        let Some(queue) = queue(item, known) else { return rule };
        let age = queue.and_then(|queue| queue.oldest).map_or(Duration::ZERO, |oldest| now.since(oldest));
        let text = format!("the oldest message for `{}` has waited for {age:.0?}", item.name);
        over(rule, age.as_secs_f64(), limit.as_secs_f64(), text)
    })
}

fn errors(item: &ItemState, failures: &mut HashMap<usize, Failures>, now: Timestamp) -> Option<Measured> {
    item.options.alerts.errors.map(|limit| {
        let total = item.failed.load(Ordering::Relaxed);
        let (count, whole) = failures.entry(item.index).or_default().of_last_minute(total, now);
        let text = format!("{count} attempts of `{}` failed within a minute", item.name);
        let measured = over(rule(item, AlertKind::Errors), number(count), f64::from(limit), text);
        match measured.reading {
            // Nobody knows what was before the start.
            Reading::Under if !whole => Measured { reading: Reading::Between, ..measured },
            _ => measured,
        }
    })
}

fn inactive(item: &ItemState, since: Timestamp, now: Timestamp) -> Option<Measured> {
    item.options.alerts.inactive.map(|limit| {
        let rule = rule(item, AlertKind::Inactive);
        // What is down is not expected to receive anything.
        if item.phase() != ItemPhase::Running {
            return rule;
        }
        let last = item.noticed.last_active();
        let quiet = now.since(last.unwrap_or(since));
        let reading = match last {
            _ if quiet >= limit => Reading::Over,
            // Only what has come ends it, not a restart.
            Some(_) => Reading::Under,
            None => Reading::Between,
        };
        let text = format!("nothing has come to `{}` for {quiet:.0?}", item.name);
        // The time that it waits for is its grace.
        let grace = Duration::ZERO;
        Measured { reading, value: Some(quiet.as_secs_f64()), limit: Some(limit.as_secs_f64()), text, grace, ..rule }
    })
}

fn up(item: &ItemState) -> Vec<Measured> {
    if !item.options.alerts.down {
        return Vec::new();
    }
    let error = item.error();
    let down = Measured {
        reading: match (&error, item.phase()) {
            (Some(_), _) => Reading::Over,
            (None, ItemPhase::Starting) => Reading::Between,
            (None, _) => Reading::Under,
        },
        text: error.map(|error| format!("`{}` does not come up: {error}", item.name)).unwrap_or_default(),
        ..rule(item, AlertKind::Down)
    };
    let workers = item.workers().stuck;
    let stuck = Measured {
        reading: if workers > 0 { Reading::Over } else { Reading::Under },
        value: Some(number(workers as u64)),
        text: format!("{workers} handlers of `{}` block their thread", item.name),
        ..rule(item, AlertKind::Stuck)
    };
    let Some(state) = item.queue.gate(|gate| gate.breaker()) else { return vec![down, stuck] };
    let open = Measured {
        reading: match state {
            BreakerState::Open => Reading::Over,
            BreakerState::HalfOpen => Reading::Between,
            BreakerState::Closed => Reading::Under,
        },
        text: format!("the circuit breaker of `{}` is open: its outside cannot be reached", item.name),
        ..rule(item, AlertKind::Breaker)
    };
    vec![down, stuck, open]
}

/// Of the store: it failed, stays larger than it may be, or is larger than it should be.
pub(super) fn store(known: &Known, limit: Option<u64>, now: Timestamp) -> Measured {
    let rule = Measured {
        item: None,
        kind: AlertKind::Store,
        reading: Reading::Under,
        value: None,
        limit: None,
        text: String::new(),
        cause: None,
        grace: Duration::ZERO,
        repeat: None,
    };
    if let Some((at, error)) = &known.failed
        && now.since(*at) < MINUTE
    {
        let text = format!("the store failed: {error}; what was in flight starts over from what is stored");
        return Measured { reading: Reading::Over, text, ..rule };
    }
    if let Some((left, largest)) = known.too_large {
        let text = format!(
            "the store holds {left} bytes, more than the {largest} of `iop.max_store_bytes`, and nothing more of it may go: it is \
             unfinished, or has ended within the last hour"
        );
        let (value, limit) = (Some(number(left)), Some(number(largest)));
        return Measured { reading: Reading::Over, value, limit, text, ..rule };
    }
    match (limit, known.usage) {
        (Some(limit), Some(usage)) if known.fresh => {
            let used = usage.bytes.saturating_sub(usage.free);
            over(
                rule,
                number(used),
                number(limit),
                format!("the store holds {used} bytes, of which {limit} are the limit"),
            )
        }
        (Some(_), _) => Measured { reading: Reading::Stale, ..rule },
        (None, _) => rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_over_the_last_minute_only() {
        let mut failures = Failures::default();
        let at = |second: i64| Timestamp(second * 1_000_000);
        assert_eq!(failures.of_last_minute(5, at(0)), (0, false), "what was before is not counted");
        assert_eq!(failures.of_last_minute(8, at(30)), (3, false));
        assert_eq!(failures.of_last_minute(8, at(60)), (3, true));
        assert_eq!(failures.of_last_minute(8, at(90)), (0, true));
    }
}
