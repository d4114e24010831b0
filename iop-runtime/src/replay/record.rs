//! A session as the record has it, and whether it can be played again.

use std::collections::HashSet;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::message::{Header, Invocation, Kind, MessageId, SessionId, Status};
use crate::store::{MessageQuery, StoreError, StoredMessage, Viewer};

/// How much is asked of the store at once.
const PAGE: usize = 500;

/// Every session, in the order in which they began.
pub(super) async fn sessions(record: &dyn Viewer, since: Option<Timestamp>) -> Result<Vec<SessionId>, StoreError> {
    let (mut sessions, mut known, mut after) = (Vec::new(), HashSet::new(), None);
    loop {
        let query = MessageQuery { after, limit: PAGE, oldest_first: true, ..MessageQuery::default() };
        let page = record.query(query).await?;
        for header in &page {
            if known.insert(header.session) && since.is_none_or(|since| header.created >= since) {
                sessions.push(header.session);
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.sequence),
            _ => return Ok(sessions),
        }
    }
}

/// The messages of a session, in the order of acceptance.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) session: SessionId,
    pub(super) messages: Vec<StoredMessage>,
}

impl Recorded {
    /// `None` where nothing is in the session.
    pub(super) async fn read(record: &dyn Viewer, session: SessionId) -> Result<Option<Self>, StoreError> {
        let (mut messages, mut after) = (Vec::new(), None);
        loop {
            let query = MessageQuery {
                session: Some(session),
                after,
                limit: PAGE,
                oldest_first: true,
                ..MessageQuery::default()
            };
            let page = record.query(query).await?;
            for header in &page {
                // One that was purged meanwhile is missed by the comparison.
                messages.extend(record.find(header.id).await?);
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.sequence),
                _ => break,
            }
        }
        Ok((!messages.is_empty()).then_some(Self { session, messages }))
    }

    /// Messages from outside, and those that services have made of what they fetched.
    pub(super) fn roots(&self) -> impl Iterator<Item = &StoredMessage> {
        let here = |id: MessageId| self.messages.iter().any(|message| message.header.id == id);
        self.messages
            .iter()
            .filter(move |message| message.header.kind == Kind::Request && !message.header.parent.is_some_and(here))
    }

    /// What descends directly from a message: what its turn sent, in order, and then its response.
    pub(super) fn children(&self, of: MessageId) -> Vec<&StoredMessage> {
        let mut children: Vec<_> = self.messages.iter().filter(|message| message.header.parent == Some(of)).collect();
        children
            .sort_by_key(|child| (child.header.kind == Kind::Response, child.header.position, child.header.sequence));
        children
    }

    /// The session in words.
    pub(super) fn input(&self) -> String {
        self.roots().next().map(|root| place(&root.header)).unwrap_or_default()
    }

    /// Why the session cannot be played again; `None` where it can.
    pub(super) fn obstacle(&self) -> Option<String> {
        let headers = || self.messages.iter().map(|message| &message.header);
        if self.roots().next().is_none() {
            return Some("its beginning is not in the store any more".to_owned());
        }
        if let Some(open) = headers().find(|header| !header.status.is_finished() && header.status != Status::Suspended)
        {
            return Some(format!("not finished: {} is {}", place(open), open.status));
        }
        let requests = || headers().filter(|header| header.kind == Kind::Request);
        // The sender of a call that was suspended does not wait for it any more either.
        let told = |header: &Header| header.status == Status::Suspended && header.invocation == Invocation::Async;
        if let Some(late) = requests().find(|header| header.late && !told(header)) {
            return Some(format!("what it did depends on time: {} was given up by its sender", place(late)));
        }
        let gone_off = headers().find(|header| header.kind == Kind::Timer && header.status == Status::Completed);
        if let Some(timer) = gone_off {
            return Some(format!("what it did depends on time: a timer of `{}` went off", target(timer)));
        }
        let taken = requests().find(|header| matches!(header.status, Status::Discarded | Status::Expired));
        if let Some(taken) = taken {
            return Some(format!("{} was taken out of its queue ({})", place(taken), taken.status));
        }
        let mut places = HashSet::new();
        let twice = requests().filter(|header| header.parent.is_some());
        let twice = twice.into_iter().find(|header| !places.insert((header.parent, header.position)));
        twice.map(|header| format!("a turn ran twice and decided otherwise, with {}", place(header)))
    }
}

/// Where a message stands in its session: `ward -> device: Measure`.
pub(super) fn place(header: &Header) -> String {
    let source = header.source.as_deref().unwrap_or("outside");
    match header.kind {
        Kind::Response => format!("{} <- {source}: {}", target(header), header.type_name),
        Kind::Request | Kind::Timer => format!("{source} -> {}: {}", target(header), header.type_name),
    }
}

fn target(header: &Header) -> Arc<str> {
    header.target.clone().unwrap_or_else(|| Arc::from("outside"))
}
