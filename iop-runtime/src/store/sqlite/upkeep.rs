//! What is done to a store besides steps: openings, cluster leases, the event log, and the acts of a person.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{OptionalExtension, Result};

use super::checksum::damage;
use super::order::OrderKey;
use super::row::{self, Moved, signed, unsigned};
use super::schema;
use super::schema::status::{DELAYED, HELD, READY};
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::message::{Header, MessageId, Priority, Status};
use crate::store::{Admin, Discard, EVENTS_KEPT, Event, Fence, NodeId, ProcessState, Redirect};

/// The event log is cut after so many new events, not after each.
const EVENTS_BETWEEN_CUTS: i64 = 1024;

impl Writer<'_> {
    /// Returns what is in flight to its queue, and makes what failed due at once. After a `crash`, being in flight counts
    /// against a message.
    pub(super) fn put_back(&mut self, crash: bool) -> Result<()> {
        if crash {
            self.judge_the_crash()?;
        }
        for queue in self.names.all().collect::<Vec<_>>() {
            self.sql.put_back.execute((queue,))?;
            self.sql.retry_now.execute((queue,))?;
            if crash {
                self.hold_behind_the_parked(queue)?;
            }
        }
        Ok(())
    }

    pub(super) fn load_state(&mut self, instance: MessageId) -> Result<Option<ProcessState>> {
        self.sql.load_state.query_row((instance.to_bytes(),), |row| row::state(row, instance)).optional()
    }

    pub(super) fn is_marked(&mut self, mark: MessageId) -> Result<bool> {
        self.sql.is_marked.exists((mark.to_bytes(),))
    }

    pub(super) fn acquire(&mut self, name: &Arc<str>, node: NodeId, ttl: Duration) -> Result<Option<Fence>> {
        let now = self.clock.now();
        if !self.fences.is_free_for(name, node, now) {
            return Ok(None);
        }
        let number = self.sql.fence.query_row((name,), |row| unsigned(row, 0))?;
        let fence = Fence { name: name.clone(), number };
        self.fences.hold(&fence, node, now, ttl);
        Ok(Some(fence))
    }

    pub(super) fn append_events(&mut self, events: &[Event]) -> Result<()> {
        for event in events {
            let item = event.item.as_ref().map(|item| self.names.number(self.connection, item)).transpose()?;
            let number = self.sql.insert_event.insert((
                event.time.0,
                schema::level(event.level),
                item,
                event.session.map(|session| session.input().to_bytes()),
                event.message.map(MessageId::to_bytes),
                &event.module,
                &event.text,
            ))?;
            let kept = i64::try_from(EVENTS_KEPT).unwrap_or(i64::MAX);
            if number % EVENTS_BETWEEN_CUTS == 0 && number > kept {
                self.sql.forget_events.execute((number - kept,))?;
            }
        }
        Ok(())
    }

    pub(super) fn admin(&mut self, action: &Admin) -> Result<bool> {
        let now = self.clock.now();
        match action {
            Admin::Resume(id) => self.resume(*id),
            Admin::Hold { id, reason, error } => {
                let Some(header) = self.at_rest(*id, now)?.filter(|header| header.status != Status::Suspended) else {
                    return Ok(false);
                };
                self.sql.hold_back.execute((signed(header.sequence), schema::reason(*reason), error))?;
                Ok(true)
            }
            Admin::Redirect(redirect) => self.redirect(redirect, now),
            Admin::Move { id, to } => {
                let Some(header) = self.at_rest(*id, now)? else { return Ok(false) };
                let (order_key, parks) = (header.order_key.as_deref(), None);
                let Some(checksum) = self.checksum_at(*id, Moved { to, order_key, parks })? else { return Ok(false) };
                let to = self.names.number(self.connection, to)?;
                self.remove_posting(signed(header.sequence))?;
                self.sql.move_to.execute((signed(header.sequence), to, checksum))?;
                self.write_posting(signed(header.sequence))?;
                Ok(true)
            }
        }
    }

    /// Into the queue of another item, as one that was never tried; where others of its order there are at it, it waits for
    /// them.
    fn redirect(&mut self, redirect: &Redirect, now: Timestamp) -> Result<bool> {
        let Redirect { id, to, order_key, parks, lease } = redirect;
        let names = &self.names;
        let found = self.sql.header.query_row((id.to_bytes(),), |row| row::header_to_show(row, names)).optional()?;
        let free = |header: &Header| self.leases.is_free_for(lease.as_ref(), header.sequence, now);
        let Some(header) = found.filter(|header| !header.status.is_finished() && free(header)) else {
            return Ok(false);
        };
        let moved = Moved { to, order_key: order_key.as_deref(), parks: Some(*parks) };
        let Some(checksum) = self.checksum_at(*id, moved)? else { return Ok(false) };
        let (sequence, priority) = (signed(header.sequence), header.priority);
        let queue = self.names.number(self.connection, to)?;
        let due = header.due.filter(|_| header.status == Status::Queued).map(|due| due.0);
        let (status, rank) = match (due, order_key) {
            // One whose first time has not come is in nobody's way.
            (Some(due), _) => (DELAYED, due),
            (None, Some(key)) if self.must_be_held(OrderKey { queue, key }, priority)? => (HELD, lane(priority)),
            (None, _) => (READY, lane(priority)),
        };
        self.leases.remove(header.sequence);
        self.remove_posting(sequence)?;
        self.sql.redirect.execute((sequence, queue, checksum, order_key, parks, status, rank, due))?;
        self.write_posting(sequence)?;
        let left = header.target.as_ref().map(|item| self.names.number(self.connection, item)).transpose()?;
        self.release_one_of(left, header.order_key.as_deref().map(str::to_owned))?;
        Ok(true)
    }

    /// The checksum of a message at another item; `None` where what is stored is damaged.
    fn checksum_at(&mut self, id: MessageId, moved: Moved<'_>) -> Result<Option<i64>> {
        let names = &self.names;
        match self.sql.header.query_row((id.to_bytes(),), |row| row::moved_checksum(row, names, moved)) {
            Ok(checksum) => Ok(Some(checksum)),
            Err(error) if damage(&error).is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Back to its place in its queue. Where another message holds its order key back, it waits for that; and where others
    /// of the key that stand in front of it have waited for the same, they go first.
    fn resume(&mut self, id: MessageId) -> Result<bool> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<String>>(1)?));
        let Some((queue, key)) = self.sql.resume.query_row((id.to_bytes(),), read).optional()? else {
            return Ok(false);
        };
        if let (Some(queue), Some(key)) = (queue, &key) {
            let of = OrderKey { queue, key };
            if self.is_parked(of)? || self.sql.order_held_before.exists((queue, key, id.to_bytes()))? {
                self.sql.hold.execute((id.to_bytes(),))?;
                self.release(of)?;
            }
        }
        Ok(true)
    }

    /// The message, where it is not finished and nobody has it.
    fn at_rest(&mut self, id: MessageId, now: Timestamp) -> Result<Option<Header>> {
        let names = &self.names;
        let found = self.sql.header.query_row((id.to_bytes(),), |row| row::header_to_show(row, names)).optional()?;
        Ok(found.filter(|header| !header.status.is_finished() && !self.leases.is_leased(header.sequence, now)))
    }

    pub(super) fn discard(&mut self, discard: &Discard, now: Timestamp) -> Result<()> {
        let Some(header) = self.at_rest(discard.id, now)? else { return Ok(()) };
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (queue, key) = self.sql.discard.query_row((signed(header.sequence), now.0), read)?;
        self.release_one_of(queue, key)?;
        self.append_events(&[Event::discarded(&header, &discard.by, now)])
    }
}

/// The rank of a priority: the higher one sorts first.
fn lane(priority: Priority) -> i64 {
    i64::from(u8::MAX - priority.0)
}
