//! Removing what is over for good: what is old enough, and what a query finds.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use super::{Act, By, Director, DirectorError, MOST_MESSAGES, store_error};
use crate::clock::Timestamp;
use crate::engine::housekeeping;
use crate::message::SessionId;
use crate::search::Query;
use crate::store::{Event, Found, Purged, Search};

/// Messages that are looked for at once.
const PAGE: usize = 1000;

/// The sessions of what a query finds, as a preview has seen it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueryPurge {
    /// The query, with absolute times.
    pub query: Query,
    /// Among the messages that were stored up to this sequence.
    pub up_to: u64,
    /// Behind this sequence: where the call before ended.
    pub after: Option<u64>,
}

/// What is old enough at a moment: that of the preview, so that what gets so old meanwhile does not keep a purge going for ever.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AgePurge {
    /// So old; as the settings say, where it is left out.
    pub older_than: Option<Duration>,
    /// At this moment.
    pub at: Timestamp,
}

impl AgePurge {
    /// What was so old at this moment.
    #[must_use]
    pub fn at(at: Timestamp, older_than: Option<Duration>) -> Self {
        Self { older_than, at }
    }
}

impl Director {
    /// What a [`purge`](Self::purge) would remove, and as of when.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn purgeable(&self, older_than: Option<Duration>) -> Result<(AgePurge, Purged), DirectorError> {
        // As it is written for people and programs, so that it is the same when it comes back.
        let now = self.core.clock.now();
        let which = AgePurge { older_than, at: Timestamp(now.0 - now.0.rem_euclid(1000)) };
        let plan = housekeeping::plan(&self.core, older_than, which.at);
        let purged = housekeeping::preview(&*self.core.store, plan).await.map_err(store_error)?;
        Ok((which, purged))
    }

    /// Removes finished sessions that are older than this, or than the settings keep them where it is left out, in the name
    /// of `by` and for at most so long: [`Purged::next`] is there where something is left. Items and types with a retention
    /// of their own keep it.
    ///
    /// # Errors
    /// [`DirectorError::Refused`] where its moment has not come yet; those of the store.
    pub async fn purge(&self, which: AgePurge, at_most: Duration, by: &str) -> Result<Purged, DirectorError> {
        if which.at > self.core.clock.now() {
            let problem = format!("{} has not come yet: nothing is so old at that time", which.at);
            return Err(DirectorError::Refused(problem));
        }
        let plan = housekeeping::plan(&self.core, which.older_than, which.at);
        let store = &*self.core.store;
        let which = match which.older_than {
            Some(age) => format!("messages older than {} s", age.as_secs()),
            None => "messages that are kept no longer".to_owned(),
        };
        let act = Act::new("messages.purge", which).by(By::from(by));
        self.begins(&act).await?;
        let purged = housekeeping::purge(store, plan, at_most).await.map_err(store_error);
        let words = |purged: &Purged| format!("done, {} messages", purged.messages).into();
        let purged = self.audited(act, purged, words).await?;
        if !purged.is_nothing() {
            let text = format!("{} messages purged by {by}", purged.messages);
            store.append_events(vec![Event::of_store(&text, self.core.clock.now())]);
        }
        if purged.next.is_none() {
            housekeeping::shrink(store, at_most).await.map_err(store_error)?;
        }
        Ok(purged)
    }

    /// What [`purge_found`](Self::purge_found) would remove of a query: the sessions of the messages that it finds now, where
    /// they are over. Sessions that are not, and those that an item or a type keeps longer, are counted as
    /// [kept](Purged::kept).
    ///
    /// # Errors
    /// [`DirectorError::NoMessage`]; [`DirectorError::Refused`] where too much is found; those of the store.
    pub async fn purgeable_found(&self, query: &Query) -> Result<(QueryPurge, Purged), DirectorError> {
        let query = query.clone().at(self.core.clock.now());
        let up_to = self.core.store.last_sequence().await.map_err(store_error)?;
        let mut which = QueryPurge { query, up_to, after: None };
        let mut sessions = HashSet::new();
        loop {
            let found = self.page(&which).await?;
            sessions.extend(found.headers.iter().map(|header| header.session));
            if sessions.len() > MOST_MESSAGES {
                let query = &which.query;
                let problem =
                    format!("`{query}` finds more than {MOST_MESSAGES} sessions: narrow it, by time for example");
                return Err(DirectorError::Refused(problem));
            }
            which.after = found.next;
            if which.after.is_none() {
                break;
            }
        }
        if sessions.is_empty() {
            return Err(DirectorError::NoMessage(which.query.to_string()));
        }
        let plan = housekeeping::plan_of(&self.core, sessions.into_iter().collect());
        let purged = housekeeping::preview(&*self.core.store, plan).await.map_err(store_error)?;
        Ok((which, purged))
    }

    /// Removes the sessions of the messages that a preview has found, where they are over, in the name of `by` and for at most
    /// so long; with where to go on, where something is left.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn purge_found(
        &self,
        mut which: QueryPurge,
        at_most: Duration,
        by: &str,
    ) -> Result<(Purged, Option<u64>), DirectorError> {
        let object = format!("finished sessions of `{}`", which.query);
        let act = Act::new("messages.purge", object).by(By::from(by));
        self.begins(&act).await?;
        let done = self.purge_pages(&mut which, at_most).await;
        let purged = self.audited(act, done, |purged| format!("done, {} messages", purged.messages).into()).await?;
        if purged.messages > 0 {
            let text = format!("{} messages of `{}` purged by {by}", purged.messages, which.query);
            self.core.store.append_events(vec![Event::of_store(&text, self.core.clock.now())]);
        }
        if which.after.is_none() {
            housekeeping::shrink(&*self.core.store, at_most).await.map_err(store_error)?;
        }
        Ok((purged, which.after))
    }

    async fn purge_pages(&self, which: &mut QueryPurge, at_most: Duration) -> Result<Purged, DirectorError> {
        let (began, mut all) = (Instant::now(), Purged::default());
        loop {
            let found = self.page(which).await?;
            let sessions: HashSet<SessionId> = found.headers.iter().map(|header| header.session).collect();
            let plan = housekeeping::plan_of(&self.core, sessions.into_iter().collect());
            let left = at_most.saturating_sub(began.elapsed());
            let purged = housekeeping::purge(&*self.core.store, plan, left).await.map_err(store_error)?;
            let through = purged.next.is_none();
            all.add(purged);
            if through {
                which.after = found.next;
            } else if which.after.is_none() {
                // The same page once more: what has gone is not found again.
                which.after = Some(0);
            }
            if which.after.is_none() || began.elapsed() >= at_most {
                all.next = None;
                return Ok(all);
            }
        }
    }

    async fn page(&self, which: &QueryPurge) -> Result<Found, DirectorError> {
        let search = Search {
            query: which.query.clone(),
            after: which.after,
            up_to: Some(which.up_to),
            limit: PAGE,
            oldest_first: true,
            within: Some(super::search::WITHIN),
        };
        self.core.store.search(search).await.map_err(store_error)
    }
}
