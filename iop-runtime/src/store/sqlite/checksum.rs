//! What tells that a row is still what was written.
//!
//! SQLite does not notice a bit that the disk has turned round. So what never changes of a row has a checksum beside it: of
//! a message's header, of its body, and of a state. What does change of a header (its state, its times, its errors) is
//! written too often for that; there the columns vouch for each other ([`is_consistent`]).

use rusqlite::Error;

use super::schema::status;
use super::xxh64::xxh64;
use crate::message::MessageId;

/// What never changes in the row of a message: names in words, so that a name that has changed is noticed as well. The
/// target changes when a person moves the message, and the checksum with it.
#[derive(Debug)]
pub(super) struct Fixed<'a> {
    pub(super) sequence: u64,
    pub(super) ids: [Option<MessageId>; 4],
    pub(super) names: [Option<&'a str>; 3],
    pub(super) texts: [Option<&'a str>; 3],
    /// Position, version of the type, kind, invocation, priority, time of acceptance, epoch, whether it parks.
    pub(super) numbers: [i64; 8],
}

impl Fixed<'_> {
    pub(super) fn checksum(&self) -> i64 {
        let mut bytes = Vec::with_capacity(384);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        for id in self.ids {
            // No id is all zeroes.
            bytes.extend_from_slice(&id.map_or([0; 16], MessageId::to_bytes));
        }
        for number in self.numbers {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for text in self.names.iter().chain(&self.texts) {
            // None and the empty text differ, and no text runs into the next one.
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(text.unwrap_or_default().as_bytes());
        }
        xxh64(&bytes, 0).cast_signed()
    }
}

/// The checksum of a body: with the id, so that it is that of no other message.
pub(super) fn of_body(id: MessageId, body: &[u8]) -> i64 {
    xxh64(body, xxh64(&id.to_bytes(), 0)).cast_signed()
}

/// The checksum of the state of a process instance.
pub(super) fn of_state(instance: MessageId, version: u64, data: &[u8]) -> i64 {
    xxh64(data, xxh64(&instance.to_bytes(), version)).cast_signed()
}

/// What the changing columns of a message say of its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) status: i64,
    pub(super) is_in_a_queue: bool,
    pub(super) has_ended: bool,
    pub(super) has_a_reason: bool,
}

/// Whether the changing columns fit each other. What is finished has no place in a queue, and has a time at which it ended;
/// what is not has no such time, and a reason only while it is suspended. No single bit turns one state into another and
/// keeps to that, but for those that a worker passes through anyway.
pub(super) fn is_consistent(standing: Standing) -> bool {
    let Standing { status, is_in_a_queue, has_ended, has_a_reason } = standing;
    match status {
        status::HELD..=status::IN_FLIGHT => is_in_a_queue && !has_ended && !has_a_reason,
        status::SUSPENDED => is_in_a_queue && !has_ended,
        status::COMPLETED..=status::EXPIRED => !is_in_a_queue && has_ended,
        _ => false,
    }
}

/// What was read is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("the stored {what} of {id} is not what was written: the file was damaged or changed by another program")]
pub(super) struct Altered {
    /// `header`, `body`, `state`.
    pub(super) what: &'static str,
    pub(super) id: MessageId,
}

impl Altered {
    pub(super) fn error(self) -> Error {
        Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(self))
    }
}

/// Whether a row could be read and does not hold what was written, in words; `None` where SQLite could not read.
pub(super) fn damage(error: &Error) -> Option<String> {
    match error {
        Error::FromSqlConversionFailure(_, _, cause) => Some(cause.to_string()),
        Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..) | Error::Utf8Error(..) => {
            Some(format!("a stored row is not what was written: {error}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed() -> Fixed<'static> {
        Fixed {
            sequence: 7,
            ids: [Some(MessageId::from_bytes([1; 16])), None, None, None],
            names: [Some("in"), Some("out"), Some("acme.order")],
            texts: [None; 3],
            numbers: [0; 8],
        }
    }

    #[test]
    fn every_part_of_a_header_changes_its_checksum() {
        let whole = fixed().checksum();
        let others = [
            Fixed { sequence: 8, ..fixed() },
            Fixed {
                ids: [Some(MessageId::from_bytes([1; 16])), None, Some(MessageId::from_bytes([1; 16])), None],
                ..fixed()
            },
            Fixed { names: [Some("ino"), Some("ut"), Some("acme.order")], ..fixed() },
            Fixed { texts: [Some(""), None, None], ..fixed() },
            Fixed { texts: [None, Some(""), None], ..fixed() },
            Fixed { numbers: [0, 0, 0, 0, 0, 0, 0, 1], ..fixed() },
        ];
        let mut sums: Vec<i64> = others.iter().map(Fixed::checksum).chain([whole]).collect();
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), 7);
    }

    #[test]
    fn no_single_bit_makes_a_waiting_message_a_finished_one() {
        for status in status::HELD..=status::SUSPENDED {
            let waiting = Standing { status, is_in_a_queue: true, has_ended: false, has_a_reason: false };
            assert!(is_consistent(waiting));
            for turned in (0..63).map(|bit| status ^ (1 << bit)) {
                let standing = Standing { status: turned, ..waiting };
                assert!(!is_consistent(standing) || turned <= status::SUSPENDED, "{status} became {turned}");
            }
        }
    }
}
