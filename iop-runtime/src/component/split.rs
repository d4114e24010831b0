//! One message becomes many: a splitter, and what the messages that come of it need to be put together again.

use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::requests::AsyncRequest;
use super::target::{Carries, Outward};
use super::{Context, Result};
use crate::message::{KeyValue, Message, MessageId};

/// So many messages of a split are in memory at once; then they are committed.
const AT_ONCE: usize = 256;

/// The place of a message among those that one message was split into: a field of the message, mostly its `#[key]`, so
/// that they are found together and an aggregator gets them together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Piece {
    /// The split that it belongs to: the same for all of its messages, another for every other split.
    #[schemars(with = "String")]
    pub of: MessageId,
    /// Its place, from 0.
    pub position: u64,
    /// How many there are. In every piece where the length was known from the start, else in the last one alone.
    pub total: Option<u64>,
}

impl KeyValue for Piece {
    fn key(&self) -> Option<String> {
        Some(self.of.to_string())
    }
}

impl Context {
    /// Splits something into messages: `make` gives the message of each part, which goes to `target` without a response.
    /// Answers how many there were.
    ///
    /// ```
    /// # use iop::prelude::*;
    /// # #[message] pub struct Basket { pub goods: Vec<String> }
    /// #[message]
    /// pub struct Line {
    ///     #[key]
    ///     pub piece: Piece,
    ///     pub goods: String,
    /// }
    ///
    /// # async fn split(lines: &Target<Line>, basket: Basket, cx: &mut Context) -> Result {
    /// cx.split(lines, basket.goods, |piece, goods| Ok(Line { piece, goods })).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The parts are taken one by one and committed in between, some hundred at once, with what the turn has sent before
    /// them: a million of them take no more memory than a thousand. So a split that is longer than that is not all or
    /// nothing. Where the turn fails in its middle, what is sent is sent; the repeated turn sends the rest, and what it
    /// makes again as it was is not sent twice.
    ///
    /// # Errors
    /// What `make` gives, or where the messages cannot be stored.
    pub async fn split<T, M, P, I, F>(&mut self, target: &T, parts: I, make: F) -> Result<u64>
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        M: Message,
        I: IntoIterator,
        F: FnMut(Piece, I::Item) -> Result<M>,
    {
        self.split_stream(target, stream::iter(parts), make).await
    }

    /// [`split`](Self::split) of parts that come one after the other: lines of a file, rows of a query.
    ///
    /// # Errors
    /// See [`split`](Self::split).
    pub async fn split_stream<T, M, P, I, F>(&mut self, target: &T, parts: I, mut make: F) -> Result<u64>
    where
        T: Outward,
        T::Carried: Carries<M, P>,
        M: Message,
        I: Stream,
        F: FnMut(Piece, I::Item) -> Result<M>,
    {
        let of = self.idempotency_key().derive(&[b"split", &self.turn().next_position().to_le_bytes()]);
        let length = match parts.size_hint() {
            (least, Some(most)) if least == most => Some(least as u64),
            _ => None,
        };
        let mut parts = pin!(parts.peekable());
        let (mut position, mut unsaved) = (0, 0);
        while let Some(part) = parts.next().await {
            // Only the last one is known to be it, and the next one is asked for anyway.
            let is_last = parts.as_mut().peek().await.is_none();
            let total = if is_last { Some(position + 1) } else { length };
            let message = make(Piece { of, position, total }, part)?;
            AsyncRequest::new(Arc::clone(self.turn()), target.outward(), message).response_required(false).send()?;
            position += 1;
            unsaved += 1;
            if unsaved == AT_ONCE {
                unsaved = 0;
                Arc::clone(self.turn()).commit_sends().await?;
            }
        }
        Ok(position)
    }
}

/// Which pieces of a split have arrived: `#[state]` of the process that puts them together again, or a field of it.
///
/// Its size is that of the gaps, not of what has arrived: pieces that come in their order take no room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pieces {
    total: Option<u64>,
    /// Positions that have arrived, in order, with a gap between any two.
    arrived: Vec<Range<u64>>,
}

impl Pieces {
    /// Notes a piece; `false` where it had arrived before, or is none that a message could have.
    pub fn arrive(&mut self, piece: &Piece) -> bool {
        self.total = self.total.or(piece.total);
        let position = piece.position;
        // No message has so many pieces, and nothing is behind this one.
        let Some(behind) = position.checked_add(1) else { return false };
        let at = self.arrived.partition_point(|range| range.end < position);
        match self.arrived.get_mut(at) {
            Some(range) if range.contains(&position) => return false,
            Some(range) if range.end == position => {
                range.end = behind;
                self.join(at);
            }
            Some(range) if range.start == behind => range.start = position,
            _ => self.arrived.insert(at, position..behind),
        }
        true
    }

    /// The gap behind this range may just have been closed.
    fn join(&mut self, at: usize) {
        let next = self.arrived.get(at + 1).filter(|next| next.start == self.arrived[at].end).map(|next| next.end);
        if let Some(end) = next {
            self.arrived[at].end = end;
            self.arrived.remove(at + 1);
        }
    }

    /// How many have arrived.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.arrived.iter().map(|range| range.end - range.start).sum()
    }

    /// Whether none has arrived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.arrived.is_empty()
    }

    /// How many there are, once a piece has said so.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Whether all have arrived.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        // Not by their number: one behind the last would stand for one that is missing.
        let from_the_first = self.arrived.first().filter(|range| range.start == 0).map_or(0, |range| range.end);
        self.total.is_some_and(|total| from_the_first >= total)
    }

    /// Positions that have not arrived: up to the total, or where that is not known, up to the last one that has.
    pub fn missing(&self) -> impl Iterator<Item = u64> + '_ {
        let last = self.arrived.last().map_or(0, |range| range.end);
        let starts = std::iter::once(0).chain(self.arrived.iter().map(|range| range.end));
        let ends = self.arrived.iter().map(|range| range.start).chain([self.total.unwrap_or(last).max(last)]);
        starts.zip(ends).flat_map(|(start, end)| start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(pieces: &mut Pieces, position: u64, total: Option<u64>) -> bool {
        pieces.arrive(&Piece { of: MessageId::of_input(&[b"one"]), position, total })
    }

    #[test]
    fn a_piece_behind_the_last_does_not_stand_for_one_that_is_missing() {
        let mut pieces = Pieces::default();
        assert!(arrive(&mut pieces, 0, Some(2)));
        assert!(arrive(&mut pieces, 5, None));
        assert!(!pieces.is_complete());
        assert!(arrive(&mut pieces, 1, None));
        assert!(pieces.is_complete());
        let mut none = Pieces::default();
        assert!(arrive(&mut none, 3, Some(0)));
        assert!(none.is_complete(), "there are none to wait for");
    }

    #[test]
    fn a_position_that_no_message_has_is_no_piece() {
        let mut pieces = Pieces::default();
        assert!(arrive(&mut pieces, u64::MAX - 1, None));
        assert!(!arrive(&mut pieces, u64::MAX, Some(1)));
        assert_eq!(pieces.len(), 1);
    }

    #[test]
    fn pieces_arrive_in_any_order_and_each_counts_once() {
        // Every order of five, by Heap's algorithm.
        fn orders(rest: &mut Vec<u64>, count: usize, all: &mut Vec<Vec<u64>>) {
            if count == 1 {
                return all.push(rest.clone());
            }
            for at in 0..count {
                orders(rest, count - 1, all);
                rest.swap(if count.is_multiple_of(2) { at } else { 0 }, count - 1);
            }
        }
        let mut all = Vec::new();
        orders(&mut vec![0, 1, 2, 3, 4], 5, &mut all);
        assert_eq!(all.len(), 120);
        for order in all {
            let mut pieces = Pieces::default();
            for (before, &position) in order.iter().enumerate() {
                assert!(!pieces.is_complete(), "{order:?}");
                assert!(arrive(&mut pieces, position, (position == 4).then_some(5)), "{order:?}");
                assert!(!arrive(&mut pieces, position, None), "{order:?}");
                assert_eq!(pieces.len(), before as u64 + 1);
                let missing: Vec<u64> = pieces.missing().collect();
                let end = if pieces.total().is_some() { 5 } else { order[..=before].iter().max().unwrap() + 1 };
                assert_eq!(missing, (0..end).filter(|at| !order[..=before].contains(at)).collect::<Vec<_>>());
            }
            assert!(pieces.is_complete() && pieces.arrived.len() == 1, "{order:?}: {pieces:?}");
        }
    }

    #[test]
    fn pieces_in_order_take_no_room() {
        let mut pieces = Pieces::default();
        for position in 0..100_000 {
            arrive(&mut pieces, position, Some(100_000));
        }
        assert_eq!(serde_json::to_string(&pieces).unwrap(), r#"{"total":100000,"arrived":[{"start":0,"end":100000}]}"#);
        assert!(pieces.is_complete() && pieces.missing().next().is_none());
    }
}
