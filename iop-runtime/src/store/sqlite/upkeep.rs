//! What is done to a store besides steps: openings, cluster leases, the event log, and the acts of a person.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{OptionalExtension, Result};

use super::checksum::damage;
use super::order::OrderKey;
use super::row::{self, signed, unsigned};
use super::schema;
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::message::{Header, MessageId, Status};
use crate::store::{Admin, EVENTS_KEPT, Event, Fence, NodeId, ProcessState};

/// The event log is cut after so many new events, not after each.
const EVENTS_BETWEEN_CUTS: i64 = 1024;

impl Writer<'_> {
    /// Returns what is in flight to its queue, and makes what failed due at once. After a `crash`, being in flight counts
    /// against a message.
    pub(super) fn put_back(&mut self, crash: bool) -> Result<()> {
        for queue in self.names.all().collect::<Vec<_>>() {
            self.sql.crashed.execute((queue, crash))?;
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
            Admin::Discard { id, by } => self.discard(*id, by, now),
            Admin::Hold { id, reason, error } => {
                let Some(header) = self.at_rest(*id, now)?.filter(|header| header.status != Status::Suspended) else {
                    return Ok(false);
                };
                self.sql.hold_back.execute((signed(header.sequence), schema::reason(*reason), error))?;
                Ok(true)
            }
            Admin::Move { id, to } => {
                let Some(header) = self.at_rest(*id, now)? else { return Ok(false) };
                let names = &self.names;
                let checksum = self.sql.header.query_row((id.to_bytes(),), |row| row::moved_checksum(row, names, to));
                let checksum = match checksum {
                    Ok(checksum) => checksum,
                    Err(error) => return if damage(&error).is_some() { Ok(false) } else { Err(error) },
                };
                let to = self.names.number(self.connection, to)?;
                self.remove_posting(signed(header.sequence))?;
                self.sql.move_to.execute((signed(header.sequence), to, checksum))?;
                self.write_posting(signed(header.sequence))?;
                Ok(true)
            }
        }
    }

    /// Back to its place in its queue. Where another message holds its order key back, it waits for that.
    fn resume(&mut self, id: MessageId) -> Result<bool> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<String>>(1)?));
        let Some((queue, key)) = self.sql.resume.query_row((id.to_bytes(),), read).optional()? else {
            return Ok(false);
        };
        if let (Some(queue), Some(key)) = (queue, &key)
            && self.is_parked(OrderKey { queue, key })?
        {
            self.sql.hold.execute((id.to_bytes(),))?;
        }
        Ok(true)
    }

    /// The message, where it is not finished and nobody has it.
    fn at_rest(&mut self, id: MessageId, now: Timestamp) -> Result<Option<Header>> {
        let names = &self.names;
        let found = self.sql.header.query_row((id.to_bytes(),), |row| row::header_to_show(row, names)).optional()?;
        Ok(found.filter(|header| !header.status.is_finished() && !self.leases.is_leased(header.sequence, now)))
    }

    fn discard(&mut self, id: MessageId, by: &str, now: Timestamp) -> Result<bool> {
        let Some(header) = self.at_rest(id, now)? else { return Ok(false) };
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (queue, key) = self.sql.discard.query_row((signed(header.sequence), now.0), read)?;
        self.release_one_of(queue, key)?;
        self.append_events(&[Event::discarded(&header, by, now)])?;
        Ok(true)
    }
}
