//! Jobs: what a person does to many messages at once. First a preview, which finds the messages that are meant and keeps
//! them; then the start, of just those; then progress, which survives a crash, and an end with what came of each message.
//!
//! A job is about the messages that its preview has found, and no others: what matches later is not among them. A message
//! that somebody else has dealt with meanwhile is left alone, and its line says so.

mod act;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, By, Director, DirectorError, store_error};
use crate::clock::Timestamp;
use crate::message::{Kind, MessageId, Status};
use crate::search::{Pattern, Query, StatusWord, Term, Test};
use crate::store::{Deed, JobLine, JobLineQuery, JobQuery, JobWrite, Search, StoredJob};

/// Messages that one job may be about: more are more than anybody has looked at.
pub const MOST_MESSAGES: usize = 100_000;

/// Messages that are read at once for a preview.
const PAGE: usize = 1000;

/// A preview that was not started for so long is forgotten, in microseconds.
const PREVIEW_LIVES: i64 = 24 * 3600 * 1_000_000;

/// What a job does to each of its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobAct {
    /// Sends it once more.
    Resend {
        /// To another item than its own.
        to: Option<String>,
    },
    /// Puts it back into its queue.
    Resume,
    /// Takes it out for good. It needs a reason.
    Discard {
        /// Also requests that wait for a worker, not only what waits for a person.
        #[serde(default)]
        waiting: bool,
    },
    /// Gives a request that waits, for a worker or for a person, to another item, which has to take its type.
    Move {
        /// The item.
        to: String,
    },
}

impl JobAct {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Resend { .. } => "resend",
            Self::Resume => "resume",
            Self::Discard { .. } => "discard",
            Self::Move { .. } => "move",
        }
    }

    /// Where the messages go, where that is another item than their own.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        match self {
            Self::Resend { to } => to.as_deref(),
            Self::Move { to } => Some(to),
            Self::Resume | Self::Discard { .. } => None,
        }
    }

    /// The messages that it can be done to at all.
    fn only(&self) -> Vec<Term> {
        let queued = [Status::Queued, Status::Retrying, Status::Suspended].map(StatusWord::One);
        let waiting = [Test::Status(queued.to_vec()), Test::Kind(vec![Kind::Request])];
        let mut only = match self {
            Self::Resend { .. } => Query::all_of([Test::Kind(vec![Kind::Request])]),
            // Only what waits for a person is decided on by a search, unless a queue is to be cleared.
            Self::Resume | Self::Discard { waiting: false } => {
                Query::all_of([Test::Status(vec![StatusWord::One(Status::Suspended)])])
            }
            Self::Discard { waiting: true } | Self::Move { .. } => Query::all_of(waiting),
        };
        if let Self::Move { to } = self {
            only.terms.push(Term { negated: true, test: Test::To(vec![Pattern::exactly(to.as_str())]) });
        }
        only.terms
    }
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It can be looked at, and started.
    Preview,
    /// It is under way.
    Running,
    /// It waits until somebody lets it go on.
    Paused,
    /// Somebody ended it before it was through.
    Aborted,
    /// It is through.
    Done,
}

impl JobState {
    /// How it stands, in words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Preview => "a preview",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Aborted => "aborted",
            Self::Done => "done",
        }
    }
}

/// What is to be done, before the messages are looked for.
#[derive(Debug, Clone)]
pub struct JobPlan {
    /// What is done to each message.
    pub act: JobAct,
    /// To which.
    pub query: Query,
    /// At most so many in a second.
    pub per_second: Option<u32>,
    /// Also to those that were resent already.
    pub force: bool,
    /// Who wants it, and why.
    pub by: By,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Job {
    /// Its number, from 1.
    #[serde(default)]
    pub number: u64,
    /// Who starts it shows that it is this preview that they have seen.
    pub token: String,
    /// What is done to each message.
    #[serde(flatten)]
    pub act: JobAct,
    /// How the messages were found, with absolute times.
    pub query: String,
    /// Among those that were stored up to this sequence.
    pub up_to: u64,
    /// How many there are.
    pub messages: u64,
    /// At most so many in a second.
    pub per_second: Option<u32>,
    /// Also those that were resent already.
    pub force: bool,
    /// Who wants it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// How it stands.
    pub state: JobState,
    /// When it was looked for.
    #[serde(with = "crate::clock::rfc3339")]
    #[schemars(with = "crate::clock::Rfc3339")]
    pub created: Timestamp,
    /// When it was started.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(with = "crate::clock::rfc3339_or_null")]
    #[schemars(with = "Option<crate::clock::Rfc3339>")]
    pub ended: Option<Timestamp>,
    /// Messages to which it was done.
    pub done: u64,
    /// Messages that were left alone, since somebody else had dealt with them.
    pub left_alone: u64,
    /// Messages to which it could not be done.
    pub failed: u64,
}

/// A message that is meant.
struct FoundRequest {
    id: MessageId,
    type_name: Arc<str>,
}

impl Job {
    pub(crate) fn read(stored: &StoredJob) -> Result<Self, DirectorError> {
        let unreadable = |error| DirectorError::Unknown(format!("job {} cannot be read: {error}", stored.number));
        let mut job: Self = serde_json::from_str(&stored.document).map_err(unreadable)?;
        job.number = stored.number;
        Ok(job)
    }

    fn document(&self) -> Result<Arc<str>, DirectorError> {
        let text = serde_json::to_string(self).map_err(|error| DirectorError::Unknown(error.to_string()))?;
        Ok(text.into())
    }

    fn who(&self) -> By {
        By::new(self.by.as_str()).because(self.reason.as_deref().unwrap_or_default())
    }

    /// `job 7: resend 98 messages`.
    fn object(&self) -> String {
        let to = self.act.to().map(|to| format!(" to `{to}`")).unwrap_or_default();
        format!("job {}: {} {} messages of `{}`{to}", self.number, self.act.word(), self.messages, self.query)
    }
}

impl Director {
    /// Looks for the messages that are meant and keeps them, without doing anything to them. [`start_job`](Self::start_job)
    /// then does it to just those.
    ///
    /// # Errors
    /// [`DirectorError::UnknownItem`]; [`DirectorError::NoMessage`]; [`DirectorError::Refused`] where too much matches, or a
    /// reason is missing.
    pub async fn preview_job(&self, plan: JobPlan) -> Result<Job, DirectorError> {
        let core = &self.core;
        let to = plan.act.to().map(|to| self.index(to)).transpose()?;
        if matches!(plan.act, JobAct::Discard { .. }) && plan.by.reason().is_none() {
            return Err(DirectorError::Refused("say why they are discarded: it is kept with the job".to_owned()));
        }
        if plan.per_second == Some(0) {
            return Err(DirectorError::Refused("none in a second would never end".to_owned()));
        }
        let now = core.clock.now();
        let mut query = plan.query.at(now);
        for only in plan.act.only() {
            if !query.terms.contains(&only) {
                query.terms.push(only);
            }
        }
        let up_to = core.store.last_sequence().await.map_err(store_error)?;
        let found = self.all(&query, up_to).await?;
        if let Some(to) = to {
            self.takes_all(to, &found)?;
        }
        let messages: Vec<MessageId> = found.into_iter().map(|found| found.id).collect();
        self.forget_old_previews(now).await?;
        let mut job = Job {
            number: 0,
            token: MessageId::random().to_string(),
            act: plan.act,
            query: query.to_string(),
            up_to,
            messages: messages.len() as u64,
            per_second: plan.per_second,
            force: plan.force,
            by: plan.by.who().to_owned(),
            reason: plan.by.reason().map(str::to_owned),
            state: JobState::Preview,
            created: now,
            started: None,
            ended: None,
            done: 0,
            left_alone: 0,
            failed: 0,
        };
        let new = JobWrite::New { document: job.document()?, messages };
        job.number = core.store.write_job(new).await.map_err(store_error)?;
        Ok(job)
    }

    /// Every message that is meant, in the order of acceptance.
    async fn all(&self, query: &Query, up_to: u64) -> Result<Vec<FoundRequest>, DirectorError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let search = Search {
                query: query.clone(),
                after,
                up_to: Some(up_to),
                limit: PAGE,
                oldest_first: true,
                within: Some(super::search::WITHIN),
            };
            let found = self.core.store.search(search).await.map_err(store_error)?;
            let new = found.headers.into_iter();
            all.extend(new.map(|header| FoundRequest { id: header.id, type_name: header.type_name }));
            if all.len() > MOST_MESSAGES {
                let problem =
                    format!("`{query}` finds more than {MOST_MESSAGES} messages: narrow it, by time for example");
                return Err(DirectorError::Refused(problem));
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        if all.is_empty() { Err(DirectorError::NoMessage(query.to_string())) } else { Ok(all) }
    }

    /// Nothing is begun that an item does not take: half of it would have to be brought back.
    fn takes_all(&self, to: usize, found: &[FoundRequest]) -> Result<(), DirectorError> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for found in found {
            *counts.entry(&found.type_name).or_default() += 1;
        }
        let mut problems = Vec::new();
        for (type_name, count) in counts {
            match self.message_type(to, Some(type_name)) {
                Ok(_) => {}
                Err(DirectorError::UnknownType { item, takes, .. }) => problems.push(format!(
                    "{count} of the messages are `{type_name}`, which `{item}` does not take; it takes {takes}"
                )),
                Err(other) => return Err(other),
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        problems.push("leave them out with `-type:NAME`".to_owned());
        Err(DirectorError::Refused(problems.join("; ")))
    }

    async fn forget_old_previews(&self, now: Timestamp) -> Result<(), DirectorError> {
        for job in self.jobs(None).await? {
            if job.state == JobState::Preview && job.created.0.saturating_add(PREVIEW_LIVES) < now.0 {
                self.core.store.write_job(JobWrite::Remove(job.number)).await.map_err(store_error)?;
            }
        }
        Ok(())
    }

    /// Jobs, the newest first; those below a number where one is given.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn jobs(&self, below: Option<u64>) -> Result<Vec<Job>, DirectorError> {
        let query = JobQuery { below, ..JobQuery::default() };
        let stored = self.core.store.jobs(query).await.map_err(store_error)?;
        stored.iter().map(Job::read).collect()
    }

    /// A job.
    ///
    /// # Errors
    /// [`DirectorError::UnknownJob`], and where the store cannot be read.
    pub async fn job(&self, number: u64) -> Result<Job, DirectorError> {
        let query = JobQuery { number: Some(number), ..JobQuery::default() };
        let stored = self.core.store.jobs(query).await.map_err(store_error)?;
        Job::read(stored.first().ok_or(DirectorError::UnknownJob(number))?)
    }

    /// The messages of a job with what came of each, in their order; at most 1,000 behind a place.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn job_lines(&self, number: u64, after: u64) -> Result<Vec<JobLine>, DirectorError> {
        let query = JobLineQuery { job: number, after, waiting: false, limit: PAGE };
        self.core.store.job_lines(query).await.map_err(store_error)
    }

    /// Starts a job that was looked at; `token` is that of its preview.
    ///
    /// # Errors
    /// [`DirectorError::UnknownJob`]; [`DirectorError::Refused`] where it is another preview, or was started already.
    pub async fn start_job(&self, number: u64, token: &str) -> Result<Job, DirectorError> {
        if self.job(number).await?.token != token {
            return Err(DirectorError::Refused(format!("job {number} is another one than that which was looked at")));
        }
        let now = self.core.clock.now();
        let job = self.change_job(number, "job.start", &[JobState::Preview], |job| {
            (job.state, job.started) = (JobState::Running, Some(now));
        });
        let job = job.await?;
        self.run_job(number).await;
        Ok(job)
    }

    /// Has a job wait.
    ///
    /// # Errors
    /// [`DirectorError::UnknownJob`]; [`DirectorError::Refused`] where it does not run.
    pub async fn pause_job(&self, number: u64) -> Result<Job, DirectorError> {
        self.change_job(number, "job.pause", &[JobState::Running], |job| job.state = JobState::Paused).await
    }

    /// Lets a job that waits go on.
    ///
    /// # Errors
    /// [`DirectorError::UnknownJob`]; [`DirectorError::Refused`] where it does not wait.
    pub async fn continue_job(&self, number: u64) -> Result<Job, DirectorError> {
        let job = self.change_job(number, "job.continue", &[JobState::Paused], |job| job.state = JobState::Running);
        let job = job.await?;
        self.run_job(number).await;
        Ok(job)
    }

    /// Ends a job before it is through. What it has done stays done.
    ///
    /// # Errors
    /// [`DirectorError::UnknownJob`]; [`DirectorError::Refused`] where it is over.
    pub async fn abort_job(&self, number: u64) -> Result<Job, DirectorError> {
        let now = self.core.clock.now();
        let open = [JobState::Preview, JobState::Running, JobState::Paused];
        self.change_job(number, "job.abort", &open, |job| (job.state, job.ended) = (JobState::Aborted, Some(now))).await
    }

    /// Changes a job between two of its steps, where it is in one of these states.
    async fn change_job(
        &self,
        number: u64,
        action: &'static str,
        from: &[JobState],
        change: impl FnOnce(&mut Job),
    ) -> Result<Job, DirectorError> {
        let _alone = self.core.jobs.lock().await;
        let mut job = self.job(number).await?;
        if !from.contains(&job.state) {
            return Err(DirectorError::Refused(format!("job {number} is {}", job.state.word())));
        }
        change(&mut job);
        let progress = JobWrite::Progress { number, document: job.document()?, lines: Vec::new() };
        // Who wanted the job gave the reason for it; who stops or starts it is the one who acts.
        let act = Act::new(action, job.object());
        let act = if action == "job.start" { act.by(job.who()) } else { act };
        let written = self.core.store.act(Deed::Job(progress), self.entry(&act).into()).await.map_err(store_error);
        self.recorded(act, written, |done| *done).await?;
        Ok(job)
    }
}
