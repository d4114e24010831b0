//! The connections that are open: how many there may be, and which one makes room when there are too many.
//!
//! Nobody waits to be accepted. Where there are too many connections, of one address or in all, the one that has waited the
//! longest for its caller to say something is ended: a thousand callers who say nothing only end each other, while whoever
//! sends a request is at once no longer among those who say nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// Connections at a time. Fewer than a process may usually have files open.
const IN_ALL: usize = 512;
/// Connections of one address at a time.
const OF_ONE: usize = 256;

/// Every open connection.
#[derive(Debug)]
pub(super) struct Connections {
    open: Mutex<Open>,
    in_all: usize,
    of_one: usize,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    /// By number, and so by age.
    all: HashMap<u64, Known>,
    of_one: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Known {
    address: IpAddr,
    end: CancellationToken,
    /// Waits for its caller since this point in the order of all waits; `None` while a request is answered.
    waits: Option<u64>,
}

/// One open connection. Dropped, it makes room.
#[derive(Debug)]
pub(super) struct Connection {
    number: u64,
    end: CancellationToken,
    all: Arc<Connections>,
}

impl Default for Connections {
    fn default() -> Self {
        Self::limited(IN_ALL, OF_ONE)
    }
}

impl Connections {
    fn limited(in_all: usize, of_one: usize) -> Self {
        Self { open: Mutex::default(), in_all, of_one }
    }

    /// Takes a connection in, and ends another where there are too many; `None` where all of them are being answered.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Connection> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let too_many_of_one = open.of_one.get(&address).is_some_and(|count| *count >= self.of_one);
        if too_many_of_one {
            open.make_room(|known| known.address == address)?;
        } else if open.all.len() >= self.in_all {
            open.make_room(|_| true)?;
        }
        let number = open.tick();
        let end = CancellationToken::new();
        open.all.insert(number, Known { address, end: end.clone(), waits: Some(number) });
        *open.of_one.entry(address).or_default() += 1;
        drop(open);
        Some(Connection { number, end, all: Arc::clone(self) })
    }
}

impl Open {
    fn tick(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn make_room(&mut self, of: impl Fn(&Known) -> bool) -> Option<()> {
        let waiting = self.all.iter().filter(|(_, known)| of(known) && known.waits.is_some());
        let longest = waiting.min_by_key(|(_, known)| known.waits).map(|(number, _)| *number)?;
        self.remove(longest);
        Some(())
    }

    fn remove(&mut self, number: u64) {
        let Some(known) = self.all.remove(&number) else { return };
        known.end.cancel();
        if let Some(count) = self.of_one.get_mut(&known.address) {
            *count -= 1;
            if *count == 0 {
                self.of_one.remove(&known.address);
            }
        }
    }
}

impl Connection {
    /// Comes when the connection is to make room.
    pub(super) fn ended(&self) -> CancellationToken {
        self.end.clone()
    }

    /// A whole request has come: nobody waits for its caller until it is answered.
    pub(super) fn answers(&self) {
        self.set(None);
    }

    /// From now on, its caller is waited for again.
    pub(super) fn waits(&self) {
        let now = self.all.open.lock().unwrap_or_else(PoisonError::into_inner).tick();
        self.set(Some(now));
    }

    fn set(&self, waits: Option<u64>) {
        let mut open = self.all.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = open.all.get_mut(&self.number) {
            known.waits = waits;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.open.lock().unwrap_or_else(PoisonError::into_inner).remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn who_has_said_nothing_for_the_longest_time_makes_room() {
        let all = Arc::new(Connections::limited(3, 2));
        let first = all.take(address(1)).unwrap();
        let second = all.take(address(1)).unwrap();
        // A third of the same address: the first goes.
        let third = all.take(address(1)).unwrap();
        assert_eq!([&first, &second, &third].map(|one| one.ended().is_cancelled()), [true, false, false]);
        let other = all.take(address(2)).unwrap();
        // A fourth in all: the second goes, whose ever it is.
        let last = all.take(address(3)).unwrap();
        assert_eq!([&second, &third, &other, &last].map(|one| one.ended().is_cancelled()), [true, false, false, false]);
    }

    #[test]
    fn who_is_being_answered_stays_and_goes_to_the_end_of_the_line() {
        let all = Arc::new(Connections::limited(2, 2));
        let first = all.take(address(1)).unwrap();
        let second = all.take(address(1)).unwrap();
        first.answers();
        second.answers();
        assert!(all.take(address(1)).is_none());
        second.waits();
        first.waits();
        let third = all.take(address(1)).unwrap();
        assert_eq!([&first, &second, &third].map(|one| one.ended().is_cancelled()), [false, true, false]);
    }

    #[test]
    fn a_connection_that_is_over_makes_room_by_itself() {
        let all = Arc::new(Connections::limited(1, 1));
        drop(all.take(address(1)).unwrap());
        let second = all.take(address(1)).unwrap();
        assert!(!second.ended().is_cancelled());
        assert_eq!(all.open.lock().unwrap().of_one.len(), 1);
    }
}
