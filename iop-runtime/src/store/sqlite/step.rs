//! A step becomes rows.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Error, OptionalExtension, Result, Row, params};

use super::blob::User;
use super::checksum::{self, Fixed};
use super::many::Body;
use super::op::Queued;
use super::order::OrderKey;
use super::row::{signed, text_or_blob};
use super::schema::{self, status};
use super::statements::Statements;
use super::writer::Writer;
use crate::clock::Timestamp;
use crate::message::{Kind, MessageId, Priority, Status};
use crate::store::judge::{Facts, refusal};
use crate::store::leases;
use crate::store::{End, LeaseToken, NewMessage, OnRecord, Outcome, StateWrite, Step};

impl Step {
    /// Whether the step only says that attempts began: nobody builds on that.
    pub(super) fn only_starts(&self) -> bool {
        let Self { fence: _, mark, start: _, end, state, emit, cancel, abandon, discard, record } = self;
        mark.is_none()
            && end.is_empty()
            && state.is_empty()
            && emit.is_empty()
            && cancel.is_empty()
            && abandon.is_empty()
            && discard.is_empty()
            && record.is_none()
    }
}

/// A message to store, with what was promised for it.
#[derive(Debug, Clone, Copy)]
struct Emitted<'a> {
    message: &'a NewMessage,
    sequence: u64,
    token: Option<LeaseToken>,
    late: bool,
}

/// Where the judgement looks things up.
struct Stored<'a, 'c>(&'a mut Statements<'c>);

impl Facts for Stored<'_, '_> {
    type Error = Error;

    fn is_marked(&mut self, mark: MessageId) -> Result<bool> {
        self.0.is_marked.exists((mark.to_bytes(),))
    }

    fn state_version(&mut self, instance: MessageId) -> Result<Option<u64>> {
        let version = self.0.state_version.query_row((instance.to_bytes(),), |row| super::row::unsigned(row, 0));
        version.optional()
    }

    fn place(&mut self, id: MessageId) -> Result<Option<(u64, Status)>> {
        let read = |row: &Row<'_>| Ok((super::row::unsigned(row, 0)?, row.get(1)?));
        let place = self.0.place_of.query_row((id.to_bytes(),), read).optional()?;
        Ok(place.and_then(|(sequence, number)| Some((sequence, schema::read_status(number)?))))
    }
}

impl Writer<'_> {
    /// Does what the step says, or nothing.
    pub(super) fn step(&mut self, queued: &Queued) -> Result<Outcome> {
        let Queued { step, first_sequence, leases, .. } = queued;
        let now = self.clock.now();
        if let Some(outcome) = refusal(step, &mut Stored(&mut self.sql), &self.leases, &self.fences, now)? {
            return Ok(outcome);
        }
        if let Some(mark) = step.mark {
            self.sql.insert_mark.execute((mark.to_bytes(), now.0))?;
        }
        for (token, began) in &step.start {
            if self.leases.start(token) {
                self.starts.insert(token.sequence, *began);
            }
        }
        for (token, end) in &step.end {
            self.end(token, end, now)?;
        }
        for write in &step.state {
            self.write_state(write)?;
        }
        let mut duplicates = Vec::new();
        for ((message, sequence), token) in step.emit.iter().zip(*first_sequence..).zip(leases) {
            let late = message.late || self.is_abandoned(message, step)?;
            if !self.emit(Emitted { message, sequence, token: *token, late }, now)? {
                duplicates.push(message.id);
            }
        }
        for id in &step.cancel {
            let read = |row: &Row<'_>| Ok((super::row::unsigned(row, 0)?, row.get(1)?, row.get(2)?));
            let cancelled = self.sql.expire.query_row((id.to_bytes(), now.0), read).optional()?;
            if let Some((sequence, queue, key)) = cancelled {
                self.leases.remove(sequence);
                self.release_one_of(queue, key)?;
            }
        }
        for id in &step.abandon {
            self.sql.abandon.execute((id.to_bytes(),))?;
            self.has_abandoned = true;
        }
        for discard in &step.discard {
            self.discard(discard, now)?;
        }
        if let Some(record) = &step.record {
            self.put_on_record(OnRecord::clone(record))?;
        }
        self.sequence = self.sequence.max(first_sequence + step.emit.len() as u64 - 1);
        Ok(Outcome::Committed { duplicates })
    }

    /// Writes the starts that no end of the same batch has taken along.
    pub(super) fn flush_starts(&mut self) -> Result<()> {
        for (sequence, began) in self.starts.drain() {
            self.sql.start.execute((signed(sequence), began.0))?;
        }
        Ok(())
    }

    fn end(&mut self, token: &LeaseToken, end: &End, now: Timestamp) -> Result<()> {
        let sequence = signed(token.sequence);
        // An attempt that begins and ends in one batch is one write.
        let began = self.starts.remove(&token.sequence);
        let started = began.map(|began| began.0);
        let ordered = self.ordered(token.sequence)?;
        match end {
            End::Completed => drop(self.sql.complete.execute((sequence, now.0, started))?),
            End::Expire { error } => drop(self.sql.expire_held.execute((sequence, now.0, error, started))?),
            End::Retry { due, error, .. } => {
                let failed = (sequence, due.0, error, started, now.0);
                let priority = self.sql.retry.query_row(failed, |row| row.get(0).map(Priority)).optional()?;
                if let (Some((queue, key)), Some(priority)) = (&ordered, priority) {
                    self.hold_behind(token.sequence, OrderKey { queue: *queue, key }, priority)?;
                }
            }
            End::Suspend { reason, error } => {
                let failed = (sequence, schema::reason(*reason), error, started, now.0);
                let read = |row: &Row<'_>| Ok((row.get(0)?, Priority(row.get(1)?)));
                let suspended: Option<(bool, Priority)> = self.sql.suspend.query_row(failed, read).optional()?;
                if let (Some((queue, key)), Some((true, priority))) = (&ordered, suspended) {
                    self.hold_behind(token.sequence, OrderKey { queue: *queue, key }, priority)?;
                }
            }
            // Where the start was never written, the message still lies where it was.
            End::GiveBack if began.is_none() && self.leases.is_started(token) => {
                self.sql.give_back.execute((sequence,))?;
            }
            End::GiveBack => {}
        }
        match end {
            End::Retry { keep: true, .. } => self.leases.keep(token),
            _ => self.leases.remove(token.sequence),
        }
        match (end, ordered) {
            (End::Completed | End::Expire { .. } | End::Suspend { .. }, Some((queue, key))) => {
                self.release(OrderKey { queue, key: &key })
            }
            _ => Ok(()),
        }
    }

    /// The queue and the order key of a leased message that has one.
    fn ordered(&mut self, sequence: u64) -> Result<Option<(i64, Arc<str>)>> {
        let Some((queue, key)) = self.leases.order_key(sequence) else { return Ok(None) };
        Ok(Some((self.names.number(self.connection, &queue)?, key)))
    }

    /// A message is gone from its queue: others of its order key may have waited for it.
    pub(super) fn release_one_of(&mut self, queue: Option<i64>, key: Option<String>) -> Result<()> {
        match (queue, key) {
            (Some(queue), Some(key)) => self.release(OrderKey { queue, key: &key }),
            _ => Ok(()),
        }
    }

    fn write_state(&mut self, write: &StateWrite) -> Result<()> {
        let instance = write.instance.to_bytes();
        self.free_blobs(User::State(instance))?;
        match &write.new {
            Some(data) => {
                let version = signed(write.expected.unwrap_or(0) + 1);
                let digest = checksum::of_state(write.instance, version.cast_unsigned(), data);
                self.sql.write_state.execute((instance, version, text_or_blob(data), digest))?;
                self.use_blobs(data, User::State(instance))?;
            }
            None => drop(self.sql.remove_state.execute((instance,))?),
        }
        Ok(())
    }

    /// Stores a message; `false` where its id is stored already.
    fn emit(&mut self, emitted: Emitted<'_>, now: Timestamp) -> Result<bool> {
        let Emitted { message: new, sequence, token, late } = emitted;
        let source = self.number(new.source.as_ref())?;
        let target = self.number(new.target.as_ref())?;
        let type_name = self.names.number(self.connection, &new.type_name)?;
        let id = new.id.to_bytes();
        let (mut status, rank) = place(new);
        if let (status::READY, None, Some(queue), Some(key)) = (status, token, target, &new.order_key)
            && self.must_be_held(OrderKey { queue, key }, new.priority)?
        {
            status = status::HELD;
        }
        let fixed = Fixed {
            sequence,
            ids: [Some(new.id), Some(new.session.input()), new.parent, new.instance],
            names: [new.source.as_deref(), new.target.as_deref(), Some(&new.type_name)],
            texts: [new.order_key.as_deref(), new.completion_key.as_deref(), new.description.as_deref()],
            numbers: [
                new.position.into(),
                new.type_version.into(),
                schema::kind(new.kind),
                schema::invocation(new.invocation),
                new.priority.0.into(),
                now.0,
                signed(self.epoch),
                new.parks.into(),
            ],
        };
        let inserted = self.sql.insert_message.execute(params![
            signed(sequence),
            id,
            new.session.input().to_bytes(),
            new.parent.map(MessageId::to_bytes),
            new.position,
            new.instance.map(MessageId::to_bytes),
            source,
            target,
            type_name,
            new.type_version,
            schema::kind(new.kind),
            schema::invocation(new.invocation),
            status,
            rank,
            new.priority.0,
            now.0,
            rank.is_none().then_some(now.0),
            new.due.map(|due| due.0),
            late,
            signed(self.epoch),
            new.completion_key,
            new.description,
            new.order_key,
            new.parks,
            fixed.checksum(),
        ])?;
        if inserted == 0 {
            return Ok(false);
        }
        self.bodies.push(Body::new(sequence, new.id, &new.body));
        self.use_blobs(&new.body, User::Message(signed(sequence)))?;
        for (name, value) in &new.keys {
            let name = self.names.number(self.connection, name)?;
            self.sql.insert_key.execute((name, value, signed(sequence)))?;
        }
        if let (Some(token), Some(node), Some(target)) = (token, new.leased, &new.target) {
            let of = leases::Queued { queue: target, order_key: new.order_key.as_ref() };
            self.leases.grant(token, of, node, now, Duration::MAX);
        }
        let class =
            [source.unwrap_or(0), target.unwrap_or(0), type_name, schema::kind(new.kind), new.priority.0.into()];
        self.postings.remember(sequence, class);
        self.history.update(&id);
        self.accepted += 1;
        Ok(true)
    }

    fn number(&mut self, name: Option<&Arc<str>>) -> Result<Option<i64>> {
        name.map(|name| self.names.number(self.connection, name)).transpose()
    }

    /// Whether a response comes after its caller has given up.
    fn is_abandoned(&mut self, new: &NewMessage, step: &Step) -> Result<bool> {
        let (Kind::Response, Some(request)) = (new.kind, new.parent) else { return Ok(false) };
        // A request of this opening that is answered where it ends, as most are: had its caller given up, that would be known.
        let is_of_this_opening = |token: &LeaseToken| token.message == request && token.sequence > self.opened_at;
        if !self.has_abandoned && step.end.iter().any(|(token, _)| is_of_this_opening(token)) {
            return Ok(false);
        }
        let late = self.sql.is_late.query_row((request.to_bytes(),), |row| row.get(0)).optional()?;
        Ok(late.unwrap_or(false))
    }
}

/// The stored state of a new message, and its place in the queue; no place where it is finished.
fn place(new: &NewMessage) -> (i64, Option<i64>) {
    let lane = i64::from(u8::MAX - new.priority.0);
    match (new.status, new.due) {
        (Status::Queued, Some(due)) => (status::DELAYED, Some(due.0)),
        (Status::Queued, None) => (status::READY, Some(lane)),
        (Status::Retrying, due) => (status::RETRYING, Some(due.map_or(0, |due| due.0))),
        (Status::InFlight, _) => (status::IN_FLIGHT, Some(lane)),
        (Status::Suspended, _) => (status::SUSPENDED, Some(lane)),
        (Status::Completed, _) => (status::COMPLETED, None),
        (Status::Discarded, _) => (status::DISCARDED, None),
        (Status::Expired, _) => (status::EXPIRED, None),
    }
}
