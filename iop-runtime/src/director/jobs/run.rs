//! A job under way: some messages at a time, each with its result in the store before the next ones begin.

use std::sync::Arc;
use std::time::Duration;

use super::act::Came;
use super::{Job, JobState};
use crate::director::{Act, Director, DirectorError, store_error};
use crate::store::{Deed, JobLineQuery, JobWrite};

/// The result of a message to which it was done …
pub(super) const DONE: &str = "done";
/// … of one that was left alone, with the reason behind it …
const LEFT_ALONE: &str = "left alone: ";
/// … and of one to which it could not be done.
const FAILED: &str = "failed: ";

/// Messages between two looks at whether the job is to go on.
const AT_ONCE: usize = 50;

impl Director {
    /// Lets the jobs go on that ran when the production ended. Called once after a start.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn continue_jobs(&self) -> Result<(), DirectorError> {
        let mut below = None;
        loop {
            let jobs = self.jobs(below).await?;
            let Some(last) = jobs.last() else { return Ok(()) };
            below = Some(last.number);
            for job in jobs.iter().filter(|job| job.state == JobState::Running) {
                self.run_job(job.number).await;
            }
        }
    }

    /// Works on a job until it is through, waits or is ended; once at a time.
    pub(super) async fn run_job(&self, number: u64) {
        if !self.core.jobs.lock().await.insert(number) {
            return;
        }
        let director = self.clone();
        tokio::spawn(async move {
            // What cannot be read is read again with the next messages.
            let _ = director.count_anew(number).await;
            loop {
                let pause = match director.some_of(number).await {
                    Ok(Some(pause)) => pause,
                    // Over, or waiting: whoever lets it go on calls again.
                    Ok(None) => return,
                    // The store has failed or was closed. The job stands there as running, and goes on with the next start.
                    Err(_) => {
                        director.core.jobs.lock().await.remove(&number);
                        return;
                    }
                };
                tokio::time::sleep(pause).await;
            }
        });
    }

    /// Does the next messages of a job; how long to wait then, or `None` where there is nothing to go on with.
    async fn some_of(&self, number: u64) -> Result<Option<Duration>, DirectorError> {
        let mut running = self.core.jobs.lock().await;
        let mut job = self.job(number).await?;
        if job.state != JobState::Running {
            running.remove(&number);
            return Ok(None);
        }
        let limit = job.per_second.map_or(AT_ONCE, |rate| usize::try_from(rate).unwrap_or(AT_ONCE).clamp(1, AT_ONCE));
        let query = JobLineQuery { job: number, after: 0, waiting: true, limit };
        let mut lines = self.core.store.job_lines(query).await.map_err(store_error)?;
        if lines.is_empty() {
            self.end(&mut job).await?;
            running.remove(&number);
            return Ok(None);
        }
        let worked_on = lines.len();
        let came = self.act_on(&job, &lines).await?;
        for (line, came) in lines.iter_mut().zip(came) {
            match came {
                Came::Done(new) => {
                    job.done += 1;
                    (line.new, line.result) = (new, Some(DONE.into()));
                }
                Came::LeftAlone(why) => {
                    job.left_alone += 1;
                    line.result = Some(format!("{LEFT_ALONE}{why}").into());
                }
                Came::Failed(why) => {
                    job.failed += 1;
                    line.result = Some(format!("{FAILED}{why}").into());
                }
            }
        }
        let progress = JobWrite::Progress { number, document: job.document()?, lines };
        self.core.store.write_job(progress).await.map_err(store_error)?;
        let pause = job.per_second.map(|rate| Duration::from_secs_f64(worked_on as f64 / f64::from(rate)));
        Ok(Some(pause.unwrap_or(Duration::ZERO)))
    }

    /// What came of its messages, where a process ended in the middle of some: each has its result, and nobody has counted them.
    async fn count_anew(&self, number: u64) -> Result<(), DirectorError> {
        let _alone = self.core.jobs.lock().await;
        let mut job = self.job(number).await?;
        let (mut after, counted) = (0, (job.done, job.left_alone, job.failed));
        (job.done, job.left_alone, job.failed) = (0, 0, 0);
        loop {
            let lines = self.job_lines(number, after).await?;
            for result in lines.iter().filter_map(|line| line.result.as_deref()) {
                match result {
                    DONE => job.done += 1,
                    result if result.starts_with(LEFT_ALONE) => job.left_alone += 1,
                    _ => job.failed += 1,
                }
            }
            // They are worked on in their order.
            match lines.last() {
                Some(last) if last.result.is_some() => after = last.place,
                _ => break,
            }
        }
        if counted == (job.done, job.left_alone, job.failed) {
            return Ok(());
        }
        let progress = JobWrite::Progress { number, document: job.document()?, lines: Vec::new() };
        self.core.store.write_job(progress).await.map(drop).map_err(store_error)
    }

    async fn end(&self, job: &mut Job) -> Result<(), DirectorError> {
        (job.state, job.ended) = (JobState::Done, Some(self.core.clock.now()));
        let progress = JobWrite::Progress { number: job.number, document: job.document()?, lines: Vec::new() };
        let Job { done, left_alone, failed, .. } = job;
        let result: Arc<str> = format!("{done} done, {left_alone} left alone, {failed} failed").into();
        let act = Act::new("job.end", job.object()).by(job.who()).came_to(result);
        let ended = self.core.store.act(Deed::Job(progress), self.entry(&act).into()).await.map_err(store_error);
        self.recorded(act, ended, |ended| *ended).await.map(drop)
    }
}
