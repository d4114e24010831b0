//! Commits that nobody waits for. One task looks at what became of them, however many workers made them: whoever built
//! on a commit that failed starts over soon, also where there is always a next turn.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::core::{Core, Failure};
use crate::store::{Commit, Outcome, StoreError};

/// The commits whose outcome is not known yet, in the order of their submission.
#[derive(Debug, Default)]
pub(crate) struct Unseen {
    commits: Mutex<VecDeque<Commit>>,
    arrived: Notify,
}

impl Unseen {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Commit>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, commit: Commit) {
        let mut commits = self.lock();
        commits.push_back(commit);
        let only = commits.len() == 1;
        drop(commits);
        if only {
            self.arrived.notify_one();
        }
    }

    /// Forgets them: the store has recovered from what they failed of.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn newest(&self) -> Option<Commit> {
        self.lock().back().cloned()
    }

    /// Looks at those whose outcome is known. Commits become known in the order of their submission.
    fn look(&self, failure: &Failure) {
        let mut commits = self.lock();
        while let Some(outcome) = commits.front().and_then(Commit::get) {
            note(failure, outcome);
            commits.pop_front();
        }
    }
}

fn note(failure: &Failure, outcome: &Result<Outcome, StoreError>) {
    match outcome {
        Ok(outcome) if outcome.is_stored() => {}
        Ok(outcome) => failure.refused(outcome),
        Err(error) => failure.report(error),
    }
}

impl Core {
    /// Has somebody look at what becomes of a commit that its maker does not wait for.
    pub(crate) fn not_awaited(&self, commit: Commit) {
        match commit.get() {
            Some(outcome) => note(&self.failure, outcome),
            None => self.unseen.add(commit),
        }
    }
}

/// Looks at the commits for as long as the production runs.
pub(crate) async fn watch(core: Arc<Core>) {
    loop {
        match core.unseen.newest() {
            None => core.unseen.arrived.notified().await,
            Some(commit) => {
                // Nobody goes on with it, so it may come with what somebody waits for. By then the others are known too: one
                // look for all of a transaction.
                commit.is_known().await;
                core.unseen.look(&core.failure);
            }
        }
    }
}
