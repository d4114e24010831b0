//! What has been finished in the store since it was last asked.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::message::{Header, MessageId, Status};
use crate::store::{MessageQuery, Store, StoreError};

/// Messages that are read at once.
const PAGE: usize = 1000;
/// Messages that are read in one round.
const ROUND: usize = 20 * PAGE;
/// Unfinished messages that are looked at in one round.
const AGAIN: usize = 500;
/// Unfinished messages that are remembered.
const OPEN: usize = 10_000;
/// Messages that nobody has looked at yet, at most: a production that is faster than its traces is not followed.
const BEHIND: u64 = 100_000;

/// Follows a store.
#[derive(Debug)]
pub(super) struct Follower {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// The sequence of the last message that was looked at; `None` before anything was.
    after: Option<u64>,
    /// Messages that were not finished when they were looked at.
    open: VecDeque<MessageId>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// With the moment in which each was.
    pub(super) headers: Vec<(Header, Timestamp)>,
    /// Messages of which nothing will be known.
    pub(super) missed: u64,
}

impl Follower {
    pub(super) fn of(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, after: None, open: VecDeque::new() }
    }

    /// What has been finished since it was asked last.
    pub(super) async fn finished(&mut self) -> Result<Finished, StoreError> {
        let mut finished = Finished::default();
        let last = self.store.last_sequence().await?;
        let Some(after) = self.after else {
            self.unfinished(&mut finished).await?;
            self.after = Some(last);
            return Ok(finished);
        };
        self.look_again(&mut finished).await?;
        let behind = last.saturating_sub(after);
        if behind > BEHIND {
            finished.missed += behind;
            self.after = Some(last);
        }
        self.look_on(&mut finished).await?;
        Ok(finished)
    }

    /// What an earlier run has left behind is followed as well.
    async fn unfinished(&mut self, finished: &mut Finished) -> Result<(), StoreError> {
        for status in [Status::Queued, Status::InFlight, Status::Retrying] {
            let query = MessageQuery { status: Some(status), limit: PAGE, ..MessageQuery::default() };
            for header in self.store.query(query).await? {
                self.sort(header, finished);
            }
        }
        Ok(())
    }

    async fn look_again(&mut self, finished: &mut Finished) -> Result<(), StoreError> {
        for _ in 0..self.open.len().min(AGAIN) {
            let Some(id) = self.open.front().copied() else { break };
            let found = self.store.find(id).await?;
            self.open.pop_front();
            // What was purged meanwhile cannot be told any more.
            match found {
                Some(found) => self.sort(found.header, finished),
                None => finished.missed += 1,
            }
        }
        Ok(())
    }

    async fn look_on(&mut self, finished: &mut Finished) -> Result<(), StoreError> {
        let mut looked = 0;
        while looked < ROUND {
            let query = MessageQuery { after: self.after, limit: PAGE, oldest_first: true, ..MessageQuery::default() };
            let page = self.store.query(query).await?;
            let count = page.len();
            for header in page {
                self.after = Some(header.sequence);
                self.sort(header, finished);
            }
            looked += count;
            if count < PAGE {
                break;
            }
        }
        Ok(())
    }

    /// A message that waits for a person is told as it is: what they decide may come in years.
    fn sort(&mut self, header: Header, finished: &mut Finished) {
        match header.status {
            Status::Suspended => finished.headers.push((header, self.clock.now())),
            status if status.is_finished() => {
                let ended = header.ended.unwrap_or_else(|| self.clock.now());
                finished.headers.push((header, ended));
            }
            _ if self.open.len() < OPEN => self.open.push_back(header.id),
            _ => finished.missed += 1,
        }
    }
}
