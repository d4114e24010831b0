//! What the workers of an item pass before each message: a pace that is not exceeded, and a circuit breaker that leaves
//! an outside alone which cannot be reached.
//!
//! Measured with tokio's clock: a clock of the machine that is set back must not keep a gate shut.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use crate::message::MessageId;
use crate::settings::ItemSettings;

/// So much of the pace may be made up for, since timers are no finer.
const CATCH_UP: Duration = Duration::from_millis(20);

/// How the gate of an item works.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GateKind {
    /// The time from one message to the next.
    pub(crate) interval: Option<Duration>,
    pub(crate) breaker: Option<BreakerKind>,
}

impl GateKind {
    pub(crate) fn of(options: &ItemSettings) -> Self {
        let pause = options.breaker_pause;
        let breaker = (options.breaker > 0).then_some(BreakerKind { after: options.breaker, pause });
        Self { interval: options.throttle.map(|rate| rate.interval()), breaker }
    }
}

/// When a circuit breaker opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BreakerKind {
    /// After so many failures in a row.
    pub(crate) after: u32,
    /// Until the next probe.
    pub(crate) pause: Duration,
}

/// Whether a message may be worked on now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    Open,
    /// Until something happens.
    Shut,
    ShutFor(Duration),
}

/// The state of an item's circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreakerState {
    /// Messages pass.
    Closed,
    /// The outside could not be reached several times in a row: nothing is tried until the pause is over.
    Open,
    /// One message is trying whether the outside is back.
    HalfOpen,
}

/// What a result did to the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// After so many failures in a row, for so long.
    Opened(u32, Duration),
    /// After so long.
    Closed(Duration),
}

/// The gate of an item.
#[derive(Debug)]
pub(crate) struct Gate {
    kind: GateKind,
    /// The next message passes no earlier.
    slot: Option<Instant>,
    /// Failures in a row to reach the outside.
    failures: u32,
    open: Option<Open>,
    /// Somebody has said that nothing passes.
    paused: bool,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    since: Instant,
    until: Instant,
    probe: Option<MessageId>,
}

impl Gate {
    pub(crate) fn new(kind: GateKind) -> Self {
        Self { kind, slot: None, failures: 0, open: None, paused: false }
    }

    /// Lets nothing pass from now on, or lets it pass again; `false` where that was so before.
    pub(crate) fn pause(&mut self, paused: bool) -> bool {
        std::mem::replace(&mut self.paused, paused) != paused
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(crate) fn passage(&self) -> Passage {
        if self.paused {
            return Passage::Shut;
        }
        if self.open.is_none() && self.slot.is_none() {
            return Passage::Open;
        }
        let now = Instant::now();
        match self.open {
            Some(Open { probe: Some(_), .. }) => return Passage::Shut,
            Some(Open { until, .. }) if now < until => return Passage::ShutFor(until - now),
            _ => {}
        }
        match self.slot {
            Some(slot) if now < slot => Passage::ShutFor(slot - now),
            _ => Passage::Open,
        }
    }

    /// A message passes.
    pub(crate) fn passed(&mut self, message: MessageId) {
        if let Some(interval) = self.kind.interval {
            let now = Instant::now();
            let earliest = now.checked_sub(CATCH_UP).unwrap_or(now);
            self.slot = Some(self.slot.map_or(now, |slot| slot.max(earliest)) + interval);
        }
        if let Some(open) = &mut self.open {
            open.probe = Some(message);
        }
    }

    /// Nothing has to be asked before a message passes, and nothing noted after it.
    pub(crate) fn is_calm(&self) -> bool {
        self.kind.interval.is_none() && self.open.is_none() && !self.paused
    }

    /// The outside was reached: a message was completed, or failed for another reason.
    pub(crate) fn reached(&mut self) -> Option<Change> {
        self.failures = 0;
        self.open.take().map(|open| Change::Closed(open.since.elapsed()))
    }

    /// The outside could not be reached with this message.
    pub(crate) fn unavailable(&mut self, message: MessageId) -> Option<Change> {
        let BreakerKind { after, pause } = self.kind.breaker?;
        let now = Instant::now();
        self.failures = self.failures.saturating_add(1);
        match &mut self.open {
            Some(open) if open.probe == Some(message) => {
                open.until = now + pause;
                open.probe = None;
                None
            }
            // One that had begun before it opened.
            Some(_) => None,
            None if self.failures >= after => {
                self.open = Some(Open { since: now, until: now + pause, probe: None });
                Some(Change::Opened(self.failures, pause))
            }
            None => None,
        }
    }

    /// This message came to no result; where it was the probe, there is none.
    pub(crate) fn came_to_nothing(&mut self, message: MessageId) {
        if let Some(open) = &mut self.open
            && open.probe == Some(message)
        {
            open.probe = None;
        }
    }

    /// No message in hand comes to a result.
    pub(crate) fn all_came_to_nothing(&mut self) {
        if let Some(open) = &mut self.open {
            open.probe = None;
        }
    }

    /// As people see it; `None` where there is no breaker.
    pub(crate) fn breaker(&self) -> Option<BreakerState> {
        self.kind.breaker?;
        Some(match self.open {
            None => BreakerState::Closed,
            Some(Open { probe: None, .. }) => BreakerState::Open,
            Some(Open { probe: Some(_), .. }) => BreakerState::HalfOpen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaking(after: u32) -> Gate {
        let breaker = Some(BreakerKind { after, pause: Duration::from_secs(30) });
        Gate::new(GateKind { interval: None, breaker })
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_is_kept_on_average_and_never_in_a_burst() {
        let mut gate = Gate::new(GateKind { interval: Some(Duration::from_millis(100)), breaker: None });
        let begun = Instant::now();
        for _ in 0..20 {
            while let Passage::ShutFor(pause) = gate.passage() {
                tokio::time::sleep(pause).await;
            }
            gate.passed(MessageId::random());
        }
        assert_eq!(begun.elapsed().as_millis(), 1900);
        // Nothing is saved up while there is nothing to do.
        tokio::time::sleep(Duration::from_secs(60)).await;
        gate.passed(MessageId::random());
        assert_eq!(gate.passage(), Passage::ShutFor(Duration::from_millis(80)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_breaker_opens_after_failures_in_a_row_and_lets_one_probe_through() {
        let mut gate = breaking(3);
        let failing = MessageId::random();
        assert_eq!(gate.unavailable(failing), None);
        assert_eq!(gate.reached(), None);
        assert_eq!((gate.unavailable(failing), gate.unavailable(failing)), (None, None), "the count began anew");
        assert_eq!(gate.unavailable(failing), Some(Change::Opened(3, Duration::from_secs(30))));
        assert_eq!(gate.passage(), Passage::ShutFor(Duration::from_secs(30)));
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!((gate.passage(), gate.breaker()), (Passage::Open, Some(BreakerState::Open)));
        let probe = MessageId::random();
        gate.passed(probe);
        assert_eq!((gate.passage(), gate.breaker()), (Passage::Shut, Some(BreakerState::HalfOpen)));
        assert_eq!(gate.unavailable(failing), None, "it had begun before");
        assert_eq!(gate.passage(), Passage::Shut);
        assert_eq!(gate.unavailable(probe), None);
        assert_eq!(gate.passage(), Passage::ShutFor(Duration::from_secs(30)));
        tokio::time::sleep(Duration::from_secs(30)).await;
        gate.passed(probe);
        assert_eq!(gate.reached(), Some(Change::Closed(Duration::from_secs(60))));
        assert_eq!((gate.passage(), gate.breaker()), (Passage::Open, Some(BreakerState::Closed)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_comes_to_nothing_makes_room_for_another() {
        let mut gate = breaking(1);
        gate.unavailable(MessageId::random());
        tokio::time::sleep(Duration::from_secs(30)).await;
        let probe = MessageId::random();
        gate.passed(probe);
        gate.came_to_nothing(MessageId::random());
        assert_eq!(gate.passage(), Passage::Shut);
        gate.came_to_nothing(probe);
        assert_eq!(gate.passage(), Passage::Open);
    }
}
