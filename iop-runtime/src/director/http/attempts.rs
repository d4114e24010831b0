//! Credentials that were wrong: whoever presents too many is not listened to for a while.
//!
//! A token cannot be guessed; this keeps the audit log from being filled with attempts, and says that somebody tries. Who
//! calls from this machine is never locked out: one program could lock out all others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Failed attempts of an address …
const MOST: u32 = 10;
/// … in this time …
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// … shut it out for this time.
const LOCKED: Duration = Duration::from_secs(15 * 60);
/// Addresses that are remembered; those that have been quiet for the longest time are forgotten.
const ADDRESSES: usize = 10_000;

/// What a failed attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// It is to be put on record.
    Noted,
    /// It is the one that shuts the address out: that is to be put on record.
    Locked,
    /// There were too many already.
    Silent,
}

#[derive(Debug)]
struct Tries {
    began: Instant,
    last: Instant,
    count: u32,
}

/// The failed attempts of every address.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<IpAddr, Tries>>);

impl Attempts {
    /// How long an address is not listened to any more.
    pub(super) fn locked(&self, address: IpAddr) -> Option<Duration> {
        if address.is_loopback() {
            return None;
        }
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = tries.get(&address).filter(|tries| tries.count >= MOST)?;
        LOCKED.checked_sub(tries.last.elapsed()).filter(|left| !left.is_zero())
    }

    pub(super) fn failed(&self, address: IpAddr) -> Failed {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES && !all.contains_key(&address) {
            let quiet = all.iter().min_by_key(|(_, tries)| tries.last).map(|(address, _)| *address);
            quiet.map(|address| all.remove(&address));
        }
        let tries = all.entry(address).or_insert(Tries { began: now, last: now, count: 0 });
        if now.duration_since(tries.began) >= WINDOW {
            *tries = Tries { began: now, last: now, count: 0 };
        }
        tries.count += 1;
        tries.last = now;
        match tries.count {
            count if count < MOST => Failed::Noted,
            MOST => Failed::Locked,
            _ => Failed::Silent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_address_that_fails_too_often_is_not_listened_to_for_a_while_and_others_are() {
        let attempts = Attempts::default();
        let (bad, good): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 1..MOST {
            assert_eq!(attempts.failed(bad), Failed::Noted);
            assert_eq!(attempts.locked(bad), None);
        }
        assert_eq!((attempts.failed(bad), attempts.locked(bad)), (Failed::Locked, Some(LOCKED)));
        assert_eq!(attempts.failed(bad), Failed::Silent);
        assert_eq!(attempts.locked(good), None);
        tokio::time::advance(LOCKED).await;
        assert_eq!(attempts.locked(bad), None);
        assert_eq!(attempts.failed(bad), Failed::Noted);
    }

    #[tokio::test(start_paused = true)]
    async fn this_machine_is_never_locked_out() {
        let attempts = Attempts::default();
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        for _ in 0..MOST * 2 {
            attempts.failed(here);
        }
        assert_eq!((attempts.locked(here), attempts.failed(here)), (None, Failed::Silent));
    }
}
