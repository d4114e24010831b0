//! Traces of other programs that sessions belong to, and how many spans were exported. The export itself is in `otel`.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::message::SessionId;

/// Sessions whose callers are remembered.
const REMEMBERED: usize = 10_000;

/// The span that a session was asked for in: `traceparent` of the W3C.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    /// The trace.
    pub trace: [u8; 16],
    /// The span in it.
    pub span: [u8; 8],
    /// Whether whoever began the trace keeps it.
    pub sampled: bool,
}

impl Parent {
    /// Reads the header; `None` where it is none, as the standard wants it.
    #[must_use]
    pub fn from_header(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let [version] = bytes(parts.next()?)?;
        let trace: [u8; 16] = bytes(parts.next()?)?;
        let span: [u8; 8] = bytes(parts.next()?)?;
        let [flags] = bytes(parts.next()?)?;
        // Later versions may add parts; this one has no more.
        let readable = version != 0xff && (version != 0 || parts.next().is_none());
        let whole = trace != [0; 16] && span != [0; 8];
        (readable && whole).then_some(Self { trace, span, sampled: flags & 1 == 1 })
    }
}

/// The bytes of lower-case hexadecimal digits.
fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// What is known of traces in this process.
#[derive(Debug, Default)]
pub struct Traces {
    callers: Mutex<Callers>,
    exported: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Callers {
    of: HashMap<SessionId, Parent>,
    /// The oldest first.
    order: VecDeque<SessionId>,
}

impl Traces {
    /// Has a session belong to the trace of its caller. The first caller counts.
    pub fn adopt(&self, session: SessionId, parent: Parent) {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let callers = &mut *callers;
        if callers.of.contains_key(&session) {
            return;
        }
        if callers.order.len() >= REMEMBERED
            && let Some(oldest) = callers.order.pop_front()
        {
            callers.of.remove(&oldest);
        }
        callers.of.insert(session, parent);
        callers.order.push_back(session);
    }

    /// The caller of a session, where one is known; `None` where it wants nothing to be kept.
    #[must_use]
    #[allow(clippy::option_option, reason = "whether it is exported, and where it belongs then")]
    pub fn parent_of(&self, session: SessionId) -> Option<Option<Parent>> {
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        match callers.of.get(&session) {
            Some(parent) if !parent.sampled => None,
            parent => Some(parent.copied()),
        }
    }

    /// Counts spans that a collector has.
    pub fn exported(&self, count: u64) {
        self.exported.fetch_add(count, Ordering::Relaxed);
    }

    /// Counts spans that no collector will have.
    pub fn dropped(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
    }

    /// Spans that were exported, and those that were dropped.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.exported.load(Ordering::Relaxed), self.dropped.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::MessageId;

    #[test]
    fn a_traceparent_is_read_as_the_standard_says_and_anything_else_is_none() {
        let parent = Parent::from_header("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        assert_eq!((parent.trace[0], parent.span[7], parent.sampled), (0x0a, 0x31, true));
        assert!(!Parent::from_header("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00").unwrap().sampled);
        assert!(Parent::from_header("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").is_some());
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c8031+c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Parent::from_header(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn callers_are_remembered_up_to_a_bound_and_the_first_one_counts() {
        let traces = Traces::default();
        let parent = |last| Parent { trace: [1; 16], span: [last; 8], sampled: true };
        let first = SessionId::of(MessageId::random());
        traces.adopt(first, parent(1));
        traces.adopt(first, parent(2));
        assert_eq!(traces.parent_of(first), Some(Some(parent(1))));
        for _ in 0..REMEMBERED {
            traces.adopt(SessionId::of(MessageId::random()), parent(3));
        }
        assert_eq!(traces.parent_of(first), Some(None));
    }
}
