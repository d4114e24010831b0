//! What may go: sessions that are over for long enough, marks of inputs, and lines of the event log.
//!
//! A purge is done in batches with a cursor between them, so that nothing waits long for one, and the same words ask what it
//! would remove.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::message::{MessageId, SessionId};

/// Sessions remembered between two batches, at most.
const JUDGED: usize = 4096;

/// What may go, by age. What is not finished never does, whatever this says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purge {
    /// Messages that no rule is about, ended before this; `None` keeps them.
    pub messages: Option<Timestamp>,
    /// Messages of these sessions alone; `None` for those of all.
    pub sessions: Option<Arc<[SessionId]>>,
    /// Messages of some types and items. Where several are about one message, the one that keeps it longest counts.
    pub rules: Vec<PurgeRule>,
    /// Marks of inputs that were taken before this, and whose session is not stored any more: from then on the same input is
    /// a new one. `None` keeps them.
    pub marks: Option<Timestamp>,
    /// Lines of the event log from before this; `None` keeps them, up to the number that a store keeps anyway.
    pub events: Option<Timestamp>,
}

/// How long some messages are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurgeRule {
    /// Which.
    pub of: PurgeOf,
    /// They may go when they ended before this; `None` keeps them.
    pub before: Option<Timestamp>,
}

/// Which messages a [`PurgeRule`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PurgeOf {
    /// Of this message type, by name.
    Type(Arc<str>),
    /// To this item, and its responses.
    Item(Arc<str>),
}

impl Purge {
    /// Messages of every type and item that ended before this; marks and events stay.
    #[must_use]
    pub fn messages_before(before: Timestamp) -> Self {
        Self { messages: Some(before), ..Self::default() }
    }

    /// No message that was accepted at or after this may go.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.rules.iter().map(|rule| rule.before).chain([self.messages]).flatten().max()
    }
}

/// One batch of a purge.
#[derive(Debug, Clone)]
pub struct PurgeBatch {
    /// What may go.
    pub purge: Arc<Purge>,
    /// Where the batch before ended; the default begins.
    pub cursor: PurgeCursor,
    /// Removes at most so many, and looks at not many more.
    pub limit: usize,
}

impl PurgeBatch {
    /// The first batch.
    #[must_use]
    pub fn first(purge: Purge, limit: usize) -> Self {
        Self { purge: Arc::new(purge), cursor: PurgeCursor::default(), limit }
    }

    /// The batch that follows one that has [`Purged::next`].
    #[must_use]
    pub fn after(&self, cursor: PurgeCursor) -> Self {
        Self { purge: Arc::clone(&self.purge), cursor, limit: self.limit }
    }
}

/// Where a purge stands.
#[derive(Debug, Clone, Default)]
pub struct PurgeCursor {
    pub(super) stage: Stage,
    /// The last sequence that was looked at.
    pub(super) after: u64,
    /// How many of the sessions that were asked for are through.
    pub(super) session: usize,
    /// The last mark that was looked at.
    pub(super) mark: Option<MessageId>,
    /// Sessions that were looked at, and whether they may go.
    judged: HashMap<SessionId, bool>,
}

/// Messages first: their marks may only go after them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Messages,
    Marks,
    Events,
}

impl PurgeCursor {
    /// Whether a session may go, asked once for all of its messages.
    pub(super) fn may_go<E>(&mut self, session: SessionId, judge: impl FnOnce() -> Result<bool, E>) -> Result<bool, E> {
        if let Some(known) = self.judged.get(&session) {
            return Ok(*known);
        }
        if self.judged.len() >= JUDGED {
            self.judged.clear();
        }
        let may_go = judge()?;
        self.judged.insert(session, may_go);
        Ok(may_go)
    }

    /// Goes on with the next stage; `None` after the last.
    pub(super) fn next_stage(self) -> Option<Self> {
        let stage = match self.stage {
            Stage::Messages => Stage::Marks,
            Stage::Marks => Stage::Events,
            Stage::Events => return None,
        };
        Some(Self { stage, ..Self::default() })
    }
}

/// What a batch of a purge removed, or would remove.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Purged {
    /// Messages.
    pub messages: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Sessions that were asked for by name and stay: they are not over, or something keeps them longer.
    pub kept: u64,
    /// When the oldest of them was accepted.
    pub oldest: Option<Timestamp>,
    /// Marks of inputs.
    pub marks: u64,
    /// Lines of the event log.
    pub events: u64,
    /// Where the next batch goes on; `None` when nothing is left.
    pub next: Option<PurgeCursor>,
}

impl Purged {
    /// Adds what a later batch removed.
    pub fn add(&mut self, batch: Self) {
        self.messages += batch.messages;
        self.bytes += batch.bytes;
        self.kept += batch.kept;
        self.oldest = match (self.oldest, batch.oldest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.marks += batch.marks;
        self.events += batch.events;
        self.next = batch.next;
    }

    /// Nothing was removed, or would be.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.messages == 0 && self.marks == 0 && self.events == 0
    }
}

/// The room that a store takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Bytes of the store on its disk or in memory.
    pub bytes: u64,
    /// Bytes of it that are free, and used again before it grows.
    pub free: u64,
    /// When its oldest message was accepted.
    pub oldest: Option<Timestamp>,
}
