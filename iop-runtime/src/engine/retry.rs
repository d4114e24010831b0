//! How long to wait before the next attempt.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// Capped exponential backoff with jitter: attempt `n` (from 1) waits between half of and the whole of
/// `first * 2^(n-1)`, never longer than `cap`. The jitter keeps many messages that failed together from coming back
/// together.
pub(crate) fn backoff(first: Duration, cap: Duration, attempt: u32) -> Duration {
    jittered(ceiling(first, cap, attempt), RandomState::new().build_hasher().finish())
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
