//! Which messages a worker gets.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{Error, OptionalExtension, Result};

use super::checksum::damage;
use super::order::OrderKey;
use super::row::{self, signed, unsigned};
use super::schema::status::{DELAYED, RETRYING};
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::message::{MessageId, Priority};
use crate::store::leases::Queued;
use crate::store::{LeaseBatch, LeaseOrder, LeaseRequest, Leased, Parked, StoredMessage};

/// Of what has become due, so many are moved into their lane with one batch, and more only for a larger one: a million alarms
/// that ring at once are no transaction, and no list in memory.
const DUE_AT_ONCE: usize = 10_000;

/// What came of the wish for one message.
enum Granted {
    Leased(Box<Leased>),
    /// It is not what was written.
    Damaged(String),
}

/// A place in a queue: lane, then sequence.
type Place = (i64, u64);

impl Writer<'_> {
    /// Leases the best due messages that nobody has.
    pub(super) fn lease(&mut self, request: &LeaseRequest) -> Result<LeaseBatch> {
        let now = self.clock.now();
        self.flush_starts()?;
        for sequence in self.leases.expire(&request.queue, now) {
            self.sql.give_back.execute((signed(sequence),))?;
        }
        let Some(queue) = self.names.find(self.connection, &request.queue)? else { return Ok(LeaseBatch::default()) };
        let mut parked = if request.with_parked { self.parked(queue)? } else { Vec::new() };
        let in_order = request.order == LeaseOrder::Queue;
        if in_order && (self.sql.parked.exists((queue,))? || self.leases.others_hold(&request.queue, request.node, now))
        {
            return Ok(LeaseBatch { parked, ..LeaseBatch::default() });
        }
        let elsewhere = match request.order {
            LeaseOrder::Key => self.leases.keys_of_others(&request.queue, request.node, now),
            _ => HashSet::new(),
        };
        self.ready_the_due(queue, request.limit, now)?;
        let (next_retry, head) = self.retrying(queue, in_order, now)?;
        let next_delayed = self.delayed(queue, now)?;
        let mut leased = Vec::new();
        // Who gets fewer than it asked for knows that there are no more: one that cannot be delivered makes room for another.
        while leased.len() < request.limit {
            let wanted = request.limit - leased.len();
            let found = self.ready(queue, head, &elsewhere, wanted, now)?;
            let all = found.len() < wanted;
            let mut damaged = false;
            for sequence in found {
                match self.grant(queue, sequence, request, now)? {
                    Granted::Leased(message) => leased.push(*message),
                    Granted::Damaged(why) => {
                        // What was found behind it may have to wait now.
                        damaged = true;
                        parked.extend(self.damaged(queue, sequence, &why)?);
                        // Its order key may be what is damaged of it.
                        self.release_the_forgotten(queue)?;
                        break;
                    }
                }
            }
            if (all && !damaged) || (in_order && !parked.is_empty()) {
                break;
            }
        }
        Ok(LeaseBatch { leased, next_due: next_retry.into_iter().chain(next_delayed).min(), parked })
    }

    /// Moves what waited for a time that has come into its lane, earliest first. What is more than a batch is still due when
    /// the next one is asked for, which is at once: whoever gets as many as it wanted asks again.
    fn ready_the_due(&mut self, queue: i64, limit: usize, now: Timestamp) -> Result<()> {
        for status in [DELAYED, RETRYING] {
            let mut due = Vec::new();
            let mut rows = self.sql.due.query((queue, status, now.0))?;
            while due.len() < limit.max(DUE_AT_ONCE)
                && let Some(row) = rows.next()?
            {
                let sequence = unsigned(row, 0)?;
                if !self.leases.is_leased(sequence, now) {
                    due.push(sequence);
                }
            }
            drop(rows);
            for sequence in due {
                self.sql.make_ready.execute((signed(sequence),))?;
            }
        }
        Ok(())
    }

    /// When the next failed message is due, and the place before which an ordered queue must stop: what waits for its next
    /// attempt holds back what stands behind it.
    fn retrying(&mut self, queue: i64, ordered: bool, now: Timestamp) -> Result<(Option<Timestamp>, Option<Place>)> {
        let mut next = None;
        let mut head: Option<Place> = None;
        let mut rows = self.sql.not_due.query((queue, RETRYING))?;
        while let Some(row) = rows.next()? {
            let sequence = unsigned(row, 0)?;
            if self.leases.is_leased(sequence, now) {
                continue;
            }
            next = next.or(Some(Timestamp(row.get(1)?)));
            if !ordered {
                break;
            }
            let place = (row.get(2)?, sequence);
            head = Some(head.map_or(place, |head| head.min(place)));
        }
        Ok((next, head))
    }

    /// When the next message whose first time has not come is due.
    fn delayed(&mut self, queue: i64, now: Timestamp) -> Result<Option<Timestamp>> {
        let mut rows = self.sql.not_due.query((queue, DELAYED))?;
        while let Some(row) = rows.next()? {
            if !self.leases.is_leased(unsigned(row, 0)?, now) {
                return Ok(Some(Timestamp(row.get(1)?)));
            }
        }
        Ok(None)
    }

    /// The suspended messages that hold others back.
    fn parked(&mut self, queue: i64) -> Result<Vec<Parked>> {
        let parked = self
            .sql
            .parked
            .query_map((queue,), |row| Ok(Parked { message: row::id(row, 1)?, order_key: row.get(2)? }))?;
        parked.collect()
    }

    fn ready(
        &mut self,
        queue: i64,
        head: Option<Place>,
        elsewhere: &HashSet<Arc<str>>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<u64>> {
        let mut chosen = Vec::new();
        let mut rows = self.sql.ready.query((queue,))?;
        while chosen.len() < limit
            && let Some(row) = rows.next()?
        {
            let sequence = unsigned(row, 0)?;
            if head.is_some_and(|head| (row.get(1).unwrap_or(i64::MAX), sequence) > head) {
                break;
            }
            if self.leases.is_leased(sequence, now) {
                continue;
            }
            if !elsewhere.is_empty() {
                let key: Option<Arc<str>> = self.sql.order_key_of.query_row((signed(sequence),), |row| row.get(0))?;
                if key.is_some_and(|key| elsewhere.contains(&key)) {
                    continue;
                }
            }
            chosen.push(sequence);
        }
        Ok(chosen)
    }

    fn grant(&mut self, queue: i64, sequence: u64, request: &LeaseRequest, now: Timestamp) -> Result<Granted> {
        let names = &self.names;
        let message = match self.sql.message.query_row((signed(sequence),), |row| row::message(row, names)) {
            Ok(message) => message,
            // Its body may be gone altogether.
            Err(Error::QueryReturnedNoRows) => return Ok(Granted::Damaged("the message has no body".to_owned())),
            Err(error) => return damage(&error).map(Granted::Damaged).ok_or(error),
        };
        let held = match &message.header.order_key {
            Some(key) => self.sql.order_held.exists((queue, key))?,
            None => false,
        };
        let token = self.inbox.token(message.header.id, sequence);
        let of = Queued { queue: &request.queue, order_key: message.header.order_key.as_ref() };
        self.leases.grant(token, of, request.node, now, request.ttl);
        Ok(Granted::Leased(Box::new(Leased { token, message, held })))
    }

    /// What is not what was written is never delivered: a person has to see it. Gives what waits for that.
    fn damaged(&mut self, queue: i64, sequence: u64, why: &str) -> Result<Option<Parked>> {
        let read = |row: &rusqlite::Row<'_>| {
            let parked = Parked { message: row::id(row, 0)?, order_key: row.get(2)? };
            Ok((parked, row.get(1)?, Priority(row.get(3)?)))
        };
        let (parked, parks, priority): (Parked, bool, Priority) =
            match self.sql.mark_corrupt.query_row((signed(sequence), why), read) {
                Ok(marked) => marked,
                // Not even whom it holds back can be read.
                Err(error) => return if damage(&error).is_some() { Ok(None) } else { Err(error) },
            };
        if let Some(key) = &parked.order_key {
            let of = OrderKey { queue, key };
            if parks {
                self.hold_behind(sequence, of, priority)?;
            }
            self.release(of)?;
        }
        Ok(parks.then_some(parked))
    }

    /// One message, whatever its state.
    pub(super) fn find(&mut self, id: MessageId) -> Result<Option<StoredMessage>> {
        self.flush_starts()?;
        let names = &self.names;
        self.sql.find.query_row((id.to_bytes(),), |row| row::message(row, names)).optional()
    }
}
