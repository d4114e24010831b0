//! What changes the memory store: steps, leases, and the acts of a person.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::job::Jobs;
use super::rows::{Indexed, Rows, lane};
use crate::clock::Timestamp;
use crate::message::{Header, Kind, MessageId, Status};
use crate::store::blobs::Blobs;
use crate::store::judge::refusal;
use crate::store::leases::{Fences, Leases, Queued};
use crate::store::{
    Admin, AuditEntry, AuditHead, AuditRecord, Commit, Discard, EVENTS_KEPT, End, Event, Fence, LeaseBatch, LeaseOrder,
    LeaseRequest, LeaseToken, Leased, NewMessage, NodeId, OnRecord, Outcome, Parked, ProcessState, Receipt, Redirect,
    Step, StoredMessage,
};

/// All that the store knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) closed: bool,
    pub(super) epoch: u64,
    pub(super) rows: Rows,
    pub(super) leases: Leases,
    pub(super) fences: Fences,
    pub(super) events: VecDeque<Event>,
    /// By place: the first one is number 1.
    pub(super) audit: Vec<AuditEntry>,
    pub(super) jobs: Jobs,
    pub(super) notes: HashMap<Arc<str>, Arc<str>>,
    pub(super) blobs: Blobs,
    fence_numbers: HashMap<Arc<str>, u64>,
    next_sequence: u64,
    next_lease: u64,
    next_event: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            closed: false,
            epoch: 1,
            rows: Rows::default(),
            leases: Leases::default(),
            fences: Fences::default(),
            events: VecDeque::new(),
            audit: Vec::new(),
            jobs: Jobs::default(),
            notes: HashMap::new(),
            blobs: Blobs::in_memory(),
            fence_numbers: HashMap::new(),
            next_sequence: 1,
            next_lease: 1,
            next_event: 1,
        }
    }
}

impl State {
    /// What a new opening of a store would do to what it finds.
    pub(super) fn recover(&mut self) {
        self.epoch += 1;
        self.leases = Leases::default();
        self.fences = Fences::default();
        let unfinished: Vec<u64> = self.rows.unfinished.iter().copied().collect();
        for sequence in unfinished {
            let status = self.rows.messages.get(&sequence).map(|entry| entry.message.header.status);
            if matches!(status, Some(Status::InFlight | Status::Retrying)) {
                self.rows.make_ready(sequence);
            }
        }
    }

    pub(super) fn put_on_record(&mut self, record: OnRecord, now: Timestamp) {
        match record {
            OnRecord::Audit(record) => drop(self.append_audit(record, now)),
            OnRecord::OfJob { job, line } => self.jobs.write_line(job, line),
        }
    }

    pub(super) fn append_audit(&mut self, record: AuditRecord, now: Timestamp) -> AuditEntry {
        let head = self.audit.last().map_or(AuditHead::START, AuditEntry::head);
        let entry = AuditEntry::following(head, now, record);
        self.audit.push(entry.clone());
        entry
    }

    pub(super) fn submit(&mut self, step: Step, now: Timestamp) -> Receipt {
        let first_sequence = self.next_sequence;
        let Ok(refused) = refusal(&step, &mut &self.rows, &self.leases, &self.fences, now);
        self.next_sequence += step.emit.len() as u64;
        let tokens: Vec<Option<LeaseToken>> = step
            .emit
            .iter()
            .zip(first_sequence..)
            .map(|(message, sequence)| message.leased.map(|_| self.token(message.id, sequence)))
            .collect();
        let outcome = match refused {
            Some(outcome) => outcome,
            None => self.apply(step, first_sequence, &tokens, now),
        };
        Receipt { first_sequence, leases: tokens, commit: Commit::done(Ok(outcome)) }
    }

    fn token(&mut self, message: MessageId, sequence: u64) -> LeaseToken {
        let number = self.next_lease;
        self.next_lease += 1;
        LeaseToken { message, sequence, number }
    }

    /// Does what the step says; nothing refuses it any more.
    fn apply(&mut self, step: Step, first: u64, tokens: &[Option<LeaseToken>], now: Timestamp) -> Outcome {
        self.rows.marks.extend(step.mark.map(|mark| (mark, now)));
        for (token, began) in &step.start {
            if self.leases.start(token) {
                self.rows.change(token.sequence, |header| {
                    header.status = Status::InFlight;
                    header.started = Some(*began);
                });
            }
        }
        for (token, end) in &step.end {
            self.end(token, end, now);
        }
        for write in step.state {
            let version = write.expected.unwrap_or(0) + 1;
            match write.new {
                Some(data) => self.rows.instances.insert(write.instance, ProcessState { version, data }),
                None => self.rows.instances.remove(&write.instance),
            };
        }
        let mut duplicates = Vec::new();
        for ((message, sequence), token) in step.emit.into_iter().zip(first..).zip(tokens) {
            if self.rows.ids.contains_key(&message.id) {
                duplicates.push(message.id);
            } else {
                self.emit(message, sequence, *token, now);
            }
        }
        for id in step.cancel {
            self.cancel(id, now);
        }
        for id in step.abandon {
            if let Some(sequence) = self.rows.ids.get(&id).copied() {
                self.rows.change(sequence, |header| header.late = true);
            }
        }
        for discard in step.discard {
            self.discard(&discard, now);
        }
        if let Some(record) = step.record {
            self.put_on_record(*record, now);
        }
        Outcome::Committed { duplicates }
    }

    fn end(&mut self, token: &LeaseToken, end: &End, now: Timestamp) {
        let failed = |header: &mut Header, error: &Arc<str>| {
            header.attempt += 1;
            header.error = Some(error.clone());
            header.failing.get_or_insert(now);
        };
        self.rows.change(token.sequence, |header| match end {
            End::Completed => {
                header.status = Status::Completed;
                header.ended = Some(now);
            }
            End::Expire { error } => {
                header.status = Status::Expired;
                header.ended = Some(now);
                header.error = Some(Arc::clone(error));
            }
            End::Retry { due, error, .. } => {
                failed(header, error);
                header.status = Status::Retrying;
                header.due = Some(*due);
            }
            End::Suspend { reason, error } => {
                failed(header, error);
                header.status = Status::Suspended;
                header.reason = Some(*reason);
            }
            End::GiveBack if header.status == Status::InFlight => header.status = Status::Queued,
            End::GiveBack => {}
        });
        match end {
            End::Retry { keep: true, .. } => self.leases.keep(token),
            _ => self.leases.remove(token.sequence),
        }
        match end {
            End::Completed | End::Expire { .. } => self.release_at(token.sequence),
            End::Retry { .. } => self.hold_behind(token.sequence),
            End::Suspend { .. } => {
                if self.rows.messages.get(&token.sequence).is_some_and(|entry| entry.parks) {
                    self.hold_behind(token.sequence);
                }
                self.release_at(token.sequence);
            }
            End::GiveBack => {}
        }
    }

    fn emit(&mut self, new: NewMessage, sequence: u64, token: Option<LeaseToken>, now: Timestamp) {
        let abandoned = new.kind == Kind::Response
            && new.parent.and_then(|request| self.rows.get(request)).is_some_and(|request| request.message.header.late);
        if let (Some(token), Some(node), Some(target)) = (token, new.leased, &new.target) {
            let of = Queued { queue: target, order_key: new.order_key.as_ref() };
            self.leases.grant(token, of, node, now, Duration::MAX);
        }
        let header = Header {
            id: new.id,
            sequence,
            session: new.session,
            parent: new.parent,
            position: new.position,
            source: new.source,
            target: new.target,
            type_name: new.type_name,
            type_version: new.type_version,
            kind: new.kind,
            invocation: new.invocation,
            status: new.status,
            reason: None,
            priority: new.priority,
            created: now,
            started: None,
            ended: new.status.is_finished().then_some(now),
            due: new.due,
            attempt: 0,
            crashes: 0,
            error: None,
            failing: None,
            order_key: new.order_key,
            late: new.late || abandoned,
            completion_key: new.completion_key,
            description: new.description,
        };
        let message = StoredMessage { header, instance: new.instance, epoch: self.epoch, body: new.body };
        let waits = message.header.status == Status::Queued && message.header.due.is_none();
        let held = token.is_none() && waits && self.rows.must_be_held(&message.header);
        self.rows.insert(message, Indexed { keys: new.keys, parks: new.parks, held });
    }

    fn cancel(&mut self, id: MessageId, now: Timestamp) {
        let Some(sequence) = self.rows.ids.get(&id).copied() else { return };
        self.rows.change(sequence, |header| {
            if matches!(header.status, Status::Queued | Status::Retrying) {
                header.status = Status::Expired;
                header.ended = Some(now);
            }
        });
        if self.rows.get(id).is_some_and(|entry| entry.message.header.status == Status::Expired) {
            self.leases.remove(sequence);
            self.release_at(sequence);
        }
    }

    fn discard(&mut self, discard: &Discard, now: Timestamp) {
        let Some(header) = self.rows.get(discard.id).map(|entry| entry.message.header.clone()) else { return };
        self.rows.change(header.sequence, |header| {
            header.status = Status::Discarded;
            header.reason = None;
            header.ended = Some(now);
        });
        self.release(&header);
        self.append_events(vec![Event::discarded(&header, &discard.by, now)]);
    }

    pub(super) fn lease(&mut self, request: &LeaseRequest, now: Timestamp) -> LeaseBatch {
        for sequence in self.leases.expire(&request.queue, now) {
            self.rows.change(sequence, |header| {
                if header.status == Status::InFlight {
                    header.status = Status::Queued;
                }
            });
        }
        let parked = self.parked(&request.queue);
        let is_parked = !parked.is_empty();
        let parked = if request.with_parked { parked } else { Vec::new() };
        if request.order == LeaseOrder::Queue
            && (is_parked || self.leases.others_hold(&request.queue, request.node, now))
        {
            return LeaseBatch { parked, ..LeaseBatch::default() };
        }
        let due = self.rows.queues.get(&request.queue).map(|queue| queue.due(now)).unwrap_or_default();
        for sequence in due.into_iter().filter(|sequence| !self.leases.is_leased(*sequence, now)) {
            self.rows.make_ready(sequence);
        }
        let (chosen, next_due) = self.choose(request, now);
        let leased = chosen.into_iter().filter_map(|sequence| self.grant(sequence, request, now)).collect();
        LeaseBatch { leased, next_due, parked }
    }

    /// The suspended messages of a queue that hold others back.
    fn parked(&self, queue: &Arc<str>) -> Vec<Parked> {
        let entries = self.rows.parked.iter().filter_map(|sequence| self.rows.messages.get(sequence));
        let parked = entries.filter(|entry| entry.message.header.target.as_ref() == Some(queue));
        parked
            .map(|entry| Parked { message: entry.message.header.id, order_key: entry.message.header.order_key.clone() })
            .collect()
    }

    /// The best messages that nobody has, and when the next one becomes due.
    fn choose(&self, request: &LeaseRequest, now: Timestamp) -> (Vec<u64>, Option<Timestamp>) {
        let Some(queue) = self.rows.queues.get(&request.queue) else { return (Vec::new(), None) };
        let free = |sequence: u64| !self.leases.is_leased(sequence, now);
        let mut retrying = queue.retrying.iter().filter(|(_, sequence)| free(*sequence)).peekable();
        let delayed = queue.delayed.iter().find(|(_, sequence)| free(*sequence));
        let next_due = retrying.peek().into_iter().copied().chain(delayed).map(|(due, _)| *due).min();
        // In an ordered queue, what waits for its next attempt holds back what stands behind it.
        let head = (request.order == LeaseOrder::Queue).then(|| {
            retrying
                .filter_map(|(_, sequence)| Some((lane(&self.rows.messages.get(sequence)?.message.header), *sequence)))
                .min()
        });
        let elsewhere = match request.order {
            LeaseOrder::Key => self.leases.keys_of_others(&request.queue, request.node, now),
            _ => HashSet::new(),
        };
        let is_elsewhere = |sequence: u64| {
            let key = self.rows.messages.get(&sequence).and_then(|entry| entry.message.header.order_key.as_ref());
            !elsewhere.is_empty() && key.is_some_and(|key| elsewhere.contains(key))
        };
        let chosen = queue
            .ready
            .iter()
            .take_while(|place| head.flatten().is_none_or(|head| **place < head))
            .map(|(_, sequence)| *sequence)
            .filter(|sequence| free(*sequence) && !is_elsewhere(*sequence))
            .take(request.limit)
            .collect();
        (chosen, next_due)
    }

    fn grant(&mut self, sequence: u64, request: &LeaseRequest, now: Timestamp) -> Option<Leased> {
        let message = self.rows.messages.get(&sequence)?.message.clone();
        let token = self.token(message.header.id, sequence);
        let of = Queued { queue: &request.queue, order_key: message.header.order_key.as_ref() };
        self.leases.grant(token, of, request.node, now, request.ttl);
        let held = self.rows.holds(&message.header);
        Some(Leased { token, message, held })
    }

    pub(super) fn acquire(&mut self, name: Arc<str>, node: NodeId, now: Timestamp, ttl: Duration) -> Option<Fence> {
        if !self.fences.is_free_for(&name, node, now) {
            return None;
        }
        let number = self.fence_numbers.entry(name.clone()).or_default();
        *number += 1;
        let fence = Fence { name, number: *number };
        self.fences.hold(&fence, node, now, ttl);
        Some(fence)
    }

    pub(super) fn append_events(&mut self, events: Vec<Event>) {
        for mut event in events {
            event.number = self.next_event;
            self.next_event += 1;
            self.events.push_back(event);
        }
        let excess = self.events.len().saturating_sub(EVENTS_KEPT);
        self.events.drain(..excess);
    }

    pub(super) fn admin(&mut self, action: &Admin, now: Timestamp) -> bool {
        let (Admin::Resume(id)
        | Admin::Hold { id, .. }
        | Admin::Move { id, .. }
        | Admin::Redirect(Redirect { id, .. })) = action;
        let Some(header) = self.rows.get(*id).map(|entry| entry.message.header.clone()) else { return false };
        let at_rest = !header.status.is_finished() && !self.leases.is_leased(header.sequence, now);
        match action {
            Admin::Resume(_) => {
                let suspended = header.status == Status::Suspended;
                if suspended {
                    self.rows.change(header.sequence, |header| {
                        header.status = Status::Queued;
                        header.reason = None;
                        header.due = None;
                        header.attempt = 0;
                        header.crashes = 0;
                        header.failing = None;
                    });
                    if self.rows.is_parked(&header) || self.rows.holds_before(&header) {
                        self.rows.hold(header.sequence);
                        self.release(&header);
                    }
                }
                suspended
            }
            Admin::Hold { reason, error, .. } => {
                let allowed = at_rest && header.status != Status::Suspended;
                if allowed {
                    self.rows.change(header.sequence, |header| {
                        header.status = Status::Suspended;
                        header.reason = Some(*reason);
                        header.error = Some(Arc::clone(error));
                    });
                }
                allowed
            }
            Admin::Move { to, .. } => {
                if at_rest {
                    self.rows.relocate(header.sequence, to);
                }
                at_rest
            }
            Admin::Redirect(redirect) => {
                let free = self.leases.is_free_for(redirect.lease.as_ref(), header.sequence, now);
                let allowed = free && !header.status.is_finished();
                if allowed {
                    self.leases.remove(header.sequence);
                    self.rows.redirect(header.sequence, redirect);
                    self.release(&header);
                }
                allowed
            }
        }
    }
}
