//! What a job does to its messages. That it is done stands in its line in the same commit, so that a job which goes on after a
//! crash knows what it has done. A message that it resends has an id that derives from the job.

use super::run::DONE;
use super::{Job, JobAct};
use crate::director::{Director, DirectorError, Resend, store_error};
use crate::message::MessageId;
use crate::store::{Commit, JobLine, OnRecord};

/// What came of a message.
pub(super) enum Came {
    /// It was done; with the new message, where there is one.
    Done(Option<MessageId>),
    /// Somebody else has dealt with it.
    LeftAlone(String),
    /// It cannot be done.
    Failed(String),
}

impl Director {
    /// Does it to each message, in their order. One commit is waited for, not one for each.
    ///
    /// # Errors
    /// Where the store has failed: what was done is known when it is done again.
    pub(super) async fn act_on(&self, job: &Job, lines: &[JobLine]) -> Result<Vec<Came>, DirectorError> {
        let mut came = Vec::with_capacity(lines.len());
        let mut commits = Vec::new();
        for line in lines {
            let done = |new| {
                let line = JobLine { new, result: Some(DONE.into()), ..line.clone() };
                Some(OnRecord::OfJob { job: job.number, line })
            };
            let result = match &job.act {
                JobAct::Resend { to } => {
                    let new = MessageId::of_input(&[b"job", job.token.as_bytes(), &line.message.to_bytes()]);
                    let sent = self.send_again(job, line.message, to.clone(), new, done(Some(new))).await;
                    sent.map(|commit| {
                        commits.push(commit);
                        Some(new)
                    })
                }
                JobAct::Resume => {
                    self.resume_with(line.message, &job.who(), done(None)).await.and_then(|done| waited(line, done))
                }
                JobAct::Discard { .. } => {
                    self.discard_with(line.message, &job.who(), done(None)).await.and_then(|done| waited(line, done))
                }
                JobAct::Move { to } => self.move_with(line.message, to, &job.who(), done(None)).await.map(|()| None),
            };
            came.push(match result {
                Ok(new) => Came::Done(new),
                Err(
                    error @ (DirectorError::AlreadyResent { .. }
                    | DirectorError::NotWaiting(_)
                    | DirectorError::NotInQueue(_)),
                ) => Came::LeftAlone(error.to_string()),
                Err(error @ (DirectorError::NotStored(_) | DirectorError::Unknown(_))) => return Err(error),
                Err(error) => Came::Failed(error.to_string()),
            });
        }
        for commit in commits {
            self.core.durable(&commit).await.map_err(store_error)?;
        }
        Ok(came)
    }

    async fn send_again(
        &self,
        job: &Job,
        id: MessageId,
        to: Option<String>,
        new: MessageId,
        record: Option<OnRecord>,
    ) -> Result<Commit, DirectorError> {
        let original = self.stored(id).await?;
        let resend = Resend { to, body: None, force: job.force, by: job.who() };
        self.submit_again(&original, &resend, new, record).await
    }
}

fn waited(line: &JobLine, done: bool) -> Result<Option<MessageId>, DirectorError> {
    if done { Ok(None) } else { Err(DirectorError::NotWaiting(line.message)) }
}
