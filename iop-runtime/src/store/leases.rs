//! Leases as facts in memory: who may end which message, and who holds which cluster lease.
//!
//! An embedded store is open in one process, so a lease costs no write: the next opening has a new epoch and knows none of
//! the old ones. What a lease does to the stored message is not decided here.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::{Fence, LeaseToken, NodeId};
use crate::clock::Timestamp;

/// The live leases, by the sequence of their message.
#[derive(Debug, Default)]
pub(super) struct Leases {
    held: HashMap<u64, Held>,
    queues: HashMap<Arc<str>, BTreeSet<u64>>,
    /// How many of them can expire; while there are none, nobody has to look for them.
    mortal: usize,
}

#[derive(Debug)]
struct Held {
    number: u64,
    node: NodeId,
    /// `None`: as long as the store is open.
    expires: Option<Timestamp>,
    queue: Arc<str>,
    order_key: Option<Arc<str>>,
    /// The stored message says that it is in flight.
    started: bool,
}

impl Held {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

/// When a lease of `ttl` that begins now expires.
fn expiry(now: Timestamp, ttl: Duration) -> Option<Timestamp> {
    (ttl != Duration::MAX).then(|| now.after(ttl))
}

impl Leases {
    /// Makes `token` live, for as long as the store is open where `ttl` is [`Duration::MAX`].
    pub(super) fn grant(&mut self, token: LeaseToken, of: Queued<'_>, node: NodeId, now: Timestamp, ttl: Duration) {
        let Queued { queue, order_key } = of;
        let expires = expiry(now, ttl);
        self.remove(token.sequence);
        self.mortal += usize::from(expires.is_some());
        match self.queues.get_mut(queue) {
            Some(queue) => {
                queue.insert(token.sequence);
            }
            None => {
                self.queues.insert(queue.clone(), BTreeSet::from([token.sequence]));
            }
        }
        let held = Held {
            number: token.number,
            node,
            expires,
            queue: queue.clone(),
            order_key: order_key.cloned(),
            started: false,
        };
        self.held.insert(token.sequence, held);
    }

    /// Whether `token` may end its message.
    pub(super) fn is_live(&self, token: &LeaseToken, now: Timestamp) -> bool {
        self.held.get(&token.sequence).is_some_and(|held| held.number == token.number && held.is_live(now))
    }

    /// Whether somebody has this message.
    pub(super) fn is_leased(&self, sequence: u64, now: Timestamp) -> bool {
        self.held.get(&sequence).is_some_and(|held| held.is_live(now))
    }

    /// Whether the message may be taken out of its queue: nobody has it, or `own` has and its attempt has not begun.
    pub(super) fn is_free_for(&self, own: Option<&LeaseToken>, sequence: u64, now: Timestamp) -> bool {
        match own {
            Some(token) => token.sequence == sequence && self.is_live(token, now) && !self.is_started(token),
            None => !self.is_leased(sequence, now),
        }
    }

    /// Notes that the attempt of a live lease has begun; `false` where it had before.
    pub(super) fn start(&mut self, token: &LeaseToken) -> bool {
        match self.held.get_mut(&token.sequence) {
            Some(held) => !std::mem::replace(&mut held.started, true),
            None => false,
        }
    }

    /// Notes that the attempt of a live lease is over, and the lease lives on.
    pub(super) fn keep(&mut self, token: &LeaseToken) {
        if let Some(held) = self.held.get_mut(&token.sequence) {
            held.started = false;
        }
    }

    /// Whether the attempt of this lease has begun.
    pub(super) fn is_started(&self, token: &LeaseToken) -> bool {
        self.held.get(&token.sequence).is_some_and(|held| held.started)
    }

    /// Prolongs a live lease; `false` where it is lost.
    pub(super) fn extend(&mut self, token: &LeaseToken, now: Timestamp, ttl: Duration) -> bool {
        if !self.is_live(token, now) {
            return false;
        }
        if let Some(held) = self.held.get_mut(&token.sequence) {
            let expires = expiry(now, ttl);
            self.mortal -= usize::from(held.expires.is_some());
            self.mortal += usize::from(expires.is_some());
            held.expires = expires;
        }
        true
    }

    /// Ends whatever lease the message has.
    pub(super) fn remove(&mut self, sequence: u64) {
        if let Some(held) = self.held.remove(&sequence) {
            self.mortal -= usize::from(held.expires.is_some());
            if let Some(queue) = self.queues.get_mut(&held.queue) {
                queue.remove(&sequence);
            }
        }
    }

    /// The queue and the order key of a leased message that has one.
    pub(super) fn order_key(&self, sequence: u64) -> Option<(Arc<str>, Arc<str>)> {
        let held = self.held.get(&sequence)?;
        Some((held.queue.clone(), held.order_key.clone()?))
    }

    /// Ends the expired leases of a queue; their messages are anybody's again.
    pub(super) fn expire(&mut self, queue: &str, now: Timestamp) -> Vec<u64> {
        if self.mortal == 0 {
            return Vec::new();
        }
        let lost = |sequence: &u64| self.held.get(sequence).is_some_and(|held| !held.is_live(now));
        let expired: Vec<u64> = self.queues.get(queue).into_iter().flatten().copied().filter(lost).collect();
        for sequence in &expired {
            self.remove(*sequence);
        }
        expired
    }

    /// Whether a node other than `node` has a live lease in the queue.
    pub(super) fn others_hold(&self, queue: &str, node: NodeId, now: Timestamp) -> bool {
        self.of_others(queue, node, now).next().is_some()
    }

    /// The order keys of which a node other than `node` has a live lease in the queue.
    pub(super) fn keys_of_others(&self, queue: &str, node: NodeId, now: Timestamp) -> HashSet<Arc<str>> {
        self.of_others(queue, node, now).filter_map(|held| held.order_key.clone()).collect()
    }

    fn of_others(&self, queue: &str, node: NodeId, now: Timestamp) -> impl Iterator<Item = &Held> {
        let sequences = self.queues.get(queue).into_iter().flatten();
        let held = sequences.filter_map(|sequence| self.held.get(sequence));
        held.filter(move |held| held.node != node && held.is_live(now))
    }
}

/// Where a leased message waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queued<'a> {
    pub(super) queue: &'a Arc<str>,
    pub(super) order_key: Option<&'a Arc<str>>,
}

/// The holders of cluster leases. Their numbers are stored; who holds them is a fact of this opening.
#[derive(Debug, Default)]
pub(super) struct Fences {
    held: HashMap<Arc<str>, Holder>,
}

#[derive(Debug)]
struct Holder {
    number: u64,
    node: NodeId,
    expires: Option<Timestamp>,
}

impl Holder {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

impl Fences {
    /// Whether `node` may take the named cluster lease now.
    pub(super) fn is_free_for(&self, name: &str, node: NodeId, now: Timestamp) -> bool {
        self.held.get(name).is_none_or(|holder| holder.node == node || !holder.is_live(now))
    }

    /// Makes `node` the holder.
    pub(super) fn hold(&mut self, fence: &Fence, node: NodeId, now: Timestamp, ttl: Duration) {
        let holder = Holder { number: fence.number, node, expires: expiry(now, ttl) };
        self.held.insert(fence.name.clone(), holder);
    }

    /// Whether the fence is the latest and has not expired.
    pub(super) fn is_live(&self, fence: &Fence, now: Timestamp) -> bool {
        self.held.get(&fence.name).is_some_and(|holder| holder.number == fence.number && holder.is_live(now))
    }

    /// Prolongs a live fence; `false` where it is lost.
    pub(super) fn renew(&mut self, fence: &Fence, now: Timestamp, ttl: Duration) -> bool {
        if !self.is_live(fence, now) {
            return false;
        }
        if let Some(holder) = self.held.get_mut(&fence.name) {
            holder.expires = expiry(now, ttl);
        }
        true
    }

    /// Gives the fence up, where it is still the latest.
    pub(super) fn give_up(&mut self, fence: &Fence) {
        if self.held.get(&fence.name).is_some_and(|holder| holder.number == fence.number) {
            self.held.remove(&fence.name);
        }
    }
}
