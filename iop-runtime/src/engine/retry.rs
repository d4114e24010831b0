//! How long to wait before the next attempt.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use super::guard::Failed;
use crate::component::Disposition;
use crate::message::{MessageId, SuspendReason};

/// What becomes of a message after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Another attempt after this pause.
    Again(Duration),
    Suspend(SuspendReason),
}

/// What an item does with failed attempts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    /// Attempts before a message is suspended that fails by itself.
    pub(crate) attempts: u32,
    pub(crate) backoff: Duration,
    pub(crate) cap: Duration,
    /// How long an outside that cannot be reached is tried; `None`: for ever.
    pub(crate) failure_timeout: Option<Duration>,
    /// Nothing is suspended that may be tried again: what fails is tried for ever, and holds back what is behind it.
    pub(crate) blocks: bool,
}

impl RetryPolicy {
    /// After attempt number `attempt` of a message failed; the first one failed `failing` ago.
    pub(crate) fn verdict(&self, message: MessageId, failed: &Failed, attempt: u32, failing: Duration) -> Verdict {
        let pause = ceiling(self.backoff, self.cap, attempt);
        let again = Verdict::Again(jittered(pause, chance_of(message, attempt)));
        // What may have had its effect, and what goes round, must not go on by itself.
        if self.blocks && !matches!(failed.reason, SuspendReason::InDoubt | SuspendReason::MaxHops) {
            // Another attempt that cannot help need not come soon.
            let hopeless = failed.disposition == Disposition::Fatal;
            return if hopeless { Verdict::Again(self.cap) } else { again };
        }
        match failed.disposition {
            Disposition::Retry | Disposition::NotSent if attempt < self.attempts => again,
            Disposition::Unavailable if self.failure_timeout.is_none_or(|timeout| failing < timeout) => again,
            Disposition::Unavailable => Verdict::Suspend(SuspendReason::Unavailable),
            Disposition::Retry | Disposition::NotSent | Disposition::Fatal => Verdict::Suspend(failed.reason),
        }
    }
}

/// Capped exponential backoff with jitter: attempt `n` (from 1) waits between half of and the whole of
/// `first * 2^(n-1)`, never longer than `cap`. The jitter keeps many messages that failed together from coming back
/// together.
pub(crate) fn backoff(first: Duration, cap: Duration, attempt: u32) -> Duration {
    jittered(ceiling(first, cap, attempt), RandomState::new().build_hasher().finish())
}

/// Different for each message and attempt, and the same whenever the same happens again: a simulation must be.
fn chance_of(message: MessageId, attempt: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (message.to_bytes(), attempt).hash(&mut hasher);
    hasher.finish()
}

fn ceiling(first: Duration, cap: Duration, attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    first.saturating_mul(1 << doublings).min(cap)
}

fn jittered(ceiling: Duration, random: u64) -> Duration {
    let half = ceiling / 2;
    let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    ceiling - half + Duration::from_nanos(random.checked_rem(nanos.saturating_add(1)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_the_cap() {
        let ceilings: Vec<u64> = (1..=7)
            .map(|attempt| ceiling(Duration::from_secs(1), Duration::from_secs(30), attempt).as_secs())
            .collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(ceiling(Duration::from_secs(1), Duration::from_secs(30), u32::MAX).as_secs(), 30);
    }

    fn failed(disposition: Disposition) -> Failed {
        Failed {
            error: String::new(),
            disposition,
            reason: SuspendReason::Poison,
            panicked: false,
            not_sent: true,
            unwanted: false,
        }
    }

    #[test]
    fn an_outage_is_tried_until_the_failure_timeout_and_a_fault_until_the_attempts_are_used_up() {
        let policy = RetryPolicy {
            attempts: 2,
            backoff: Duration::ZERO,
            cap: Duration::ZERO,
            failure_timeout: Some(Duration::from_secs(60)),
            blocks: false,
        };
        let (again, message) = (Verdict::Again(Duration::ZERO), MessageId::random());
        let minute = Duration::from_secs(60);
        let outage = failed(Disposition::Unavailable);
        assert_eq!(policy.verdict(message, &outage, 900, minute - Duration::from_secs(1)), again);
        assert_eq!(policy.verdict(message, &outage, 3, minute), Verdict::Suspend(SuspendReason::Unavailable));
        let for_ever = RetryPolicy { failure_timeout: None, ..policy };
        assert_eq!(for_ever.verdict(message, &outage, u32::MAX, minute * 1_000_000), again);
        assert_eq!(policy.verdict(message, &failed(Disposition::Retry), 1, minute), again);
        assert_eq!(
            policy.verdict(message, &failed(Disposition::Retry), 2, minute),
            Verdict::Suspend(SuspendReason::Poison)
        );
        assert_eq!(
            policy.verdict(message, &failed(Disposition::Fatal), 1, minute),
            Verdict::Suspend(SuspendReason::Poison)
        );
    }

    #[test]
    fn what_blocks_is_never_suspended() {
        let cap = Duration::from_secs(30);
        let policy = RetryPolicy {
            attempts: 1,
            backoff: Duration::from_secs(1),
            cap,
            failure_timeout: Some(Duration::ZERO),
            blocks: true,
        };
        for disposition in [Disposition::Retry, Disposition::Unavailable, Disposition::Fatal] {
            let verdict = policy.verdict(MessageId::random(), &failed(disposition), 99, cap * 1_000);
            assert!(matches!(verdict, Verdict::Again(pause) if pause <= cap && pause >= cap / 2), "{verdict:?}");
        }
    }

    #[test]
    fn jitter_stays_between_half_and_the_whole() {
        let whole = Duration::from_secs(8);
        for random in [0, 1, u64::MAX / 3, u64::MAX] {
            let pause = jittered(whole, random);
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?}");
        }
        assert_eq!(jittered(Duration::ZERO, 7), Duration::ZERO);
    }
}
