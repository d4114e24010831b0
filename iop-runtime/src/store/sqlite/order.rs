//! Queues that are ordered by key: what of a key is to be had, and what is held until it may be.
//!
//! *Invariant*: where something of an order key is held, something in front of it, of at least its priority, is to be
//! had, in somebody's hands or to be tried again; or the key is parked. So whatever ends may be what others wait for, and
//! nothing else is.

use rusqlite::{OptionalExtension, Result, Row};

use super::row::{signed, unsigned};
use super::writer::Writer;
use crate::message::Priority;
use crate::store::KEY_AT_ONCE;

/// In the order of the index, so that what is released meanwhile has been passed.
const HELD_KEYS: &str = "
    SELECT DISTINCT order_key FROM message INDEXED BY message_order
    WHERE target = ?1 AND order_key IS NOT NULL AND rank IS NOT NULL AND status = -1";

/// An order key in a queue, by the number of the queue's name.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderKey<'a> {
    pub(super) queue: i64,
    pub(super) key: &'a str,
}

impl Writer<'_> {
    /// Whether a new message of this key must be held.
    pub(super) fn must_be_held(&mut self, of: OrderKey<'_>, priority: Priority) -> Result<bool> {
        Ok(self.sql.order_begun.exists((of.queue, of.key, priority.0))? || self.is_parked(of)?)
    }

    /// Whether a suspended message holds this key back.
    pub(super) fn is_parked(&mut self, of: OrderKey<'_>) -> Result<bool> {
        self.sql.order_parked.exists((of.queue, of.key))
    }

    /// Holds what is behind the message, in the order of its key: leases on it end.
    pub(super) fn hold_behind(&mut self, sequence: u64, of: OrderKey<'_>, priority: Priority) -> Result<()> {
        let parameters = (of.queue, of.key, signed(sequence), priority.0);
        let held: Vec<u64> =
            self.sql.order_hold.query_map(parameters, |row| unsigned(row, 0))?.collect::<Result<_>>()?;
        for sequence in held {
            self.leases.remove(sequence);
        }
        Ok(())
    }

    /// Something of the key has ended: what was held for it may go.
    pub(super) fn release(&mut self, of: OrderKey<'_>) -> Result<()> {
        let held: Option<u8> = self.sql.order_held.query_row((of.queue, of.key), |row| row.get(0)).optional()?;
        let Some(priority) = held else { return Ok(()) };
        if !self.must_be_held(of, Priority(priority))? {
            let at_once = i64::try_from(KEY_AT_ONCE).unwrap_or(i64::MAX);
            self.sql.order_release.execute((of.queue, of.key, at_once))?;
        }
        Ok(())
    }

    /// After damage: what is held may wait for something that is no longer there, or no longer of its key.
    pub(super) fn release_the_forgotten(&mut self, queue: i64) -> Result<()> {
        let connection = self.connection;
        let mut keys = connection.prepare(HELD_KEYS)?;
        let mut rows = keys.query((queue,))?;
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            self.release(OrderKey { queue, key: &key })?;
        }
        Ok(())
    }

    /// After what a crash suspended: what stands behind it is held.
    pub(super) fn hold_behind_the_parked(&mut self, queue: i64) -> Result<()> {
        let read = |row: &Row<'_>| Ok((unsigned(row, 0)?, row.get::<_, Option<String>>(2)?, Priority(row.get(3)?)));
        let parked: Vec<_> = self.sql.parked.query_map((queue,), read)?.collect::<Result<_>>()?;
        for (sequence, key, priority) in parked {
            if let Some(key) = key {
                self.hold_behind(sequence, OrderKey { queue, key: &key }, priority)?;
            }
        }
        Ok(())
    }
}
