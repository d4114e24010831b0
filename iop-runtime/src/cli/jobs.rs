//! `jobs`: what is done to many messages at once; looked at, started, held, ended.

use std::io::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Deserialize;

use super::arguments::{Output, Rows as Form, SettingsArguments};
use super::exit::{Exit, Failure};
use super::operator::done_line;
use super::place::Place;
use super::remote::segment;
use super::table::{Rows, write_list};
use super::terminal::{Progress, confirmed};
use super::{Program, say, wait_for};
use crate::director::{Job, JobState};
use crate::events::escaped;
use crate::store::JobLine;

/// Between two looks at a job.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct JobsArguments {
    #[command(flatten)]
    pub(crate) output: Output<Form>,
    #[command(subcommand)]
    pub(crate) action: Option<JobsAction>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsAction {
    /// Lists the messages of a job, with what came of each.
    Show {
        /// The number of the job.
        number: u64,
        #[command(flatten)]
        output: Output<Form>,
    },
    /// Starts a job that was looked at with `--dry-run`, with just the messages that were shown.
    Start {
        /// The number of the job.
        number: u64,
        /// Does it without a question.
        #[arg(long)]
        yes: bool,
    },
    /// Has a job wait.
    Pause {
        /// The number of the job.
        number: u64,
    },
    /// Lets a job that waits go on.
    Continue {
        /// The number of the job.
        number: u64,
    },
    /// Ends a job before it is through; what it has done stays done.
    Abort {
        /// The number of the job.
        number: u64,
    },
}

#[derive(Debug, Deserialize)]
struct Lines {
    messages: Vec<JobLine>,
}

impl Program {
    /// `jobs`.
    pub(crate) fn jobs(
        self,
        settings: &SettingsArguments,
        arguments: &JobsArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        match &arguments.action {
            None => self.list_jobs(settings, arguments.output.output, out),
            Some(JobsAction::Show { number, output }) => self.show_job(settings, *number, output.output, out),
            Some(action) => wait_for(async {
                let place = self.place(settings)?;
                let done = act(&place, action, out).await;
                place.close().await?;
                done
            }),
        }
    }

    fn list_jobs(self, settings: &SettingsArguments, form: Form, out: &mut dyn Write) -> Result<Exit, Failure> {
        let source = self.source(settings)?;
        let jobs = wait_for(async {
            let (mut jobs, mut below) = (Vec::new(), None);
            loop {
                let page = source.jobs(below).await?;
                let Some(last) = page.last() else { return Ok(jobs) };
                below = Some(last.number);
                jobs.extend(page);
            }
        })?;
        // What starts a job is asked for when it is started.
        let jobs: Vec<Job> = jobs.into_iter().map(|job| Job { token: String::new(), ..job }).collect();
        write_list(form, &jobs, job_table, out)?;
        Ok(Exit::Done)
    }

    fn show_job(
        self,
        settings: &SettingsArguments,
        number: u64,
        form: Form,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let source = self.source(settings)?;
        let (job, lines) = wait_for(async {
            let job = source.job(number).await?;
            let mut lines: Vec<JobLine> = Vec::new();
            loop {
                let page = source.job_lines(number, lines.last().map_or(0, |line| line.place)).await?;
                if page.is_empty() {
                    return Ok((job, lines));
                }
                lines.extend(page);
            }
        })?;
        say(&escaped(&summary(&job)));
        write_list(form, &lines, line_table, out)?;
        Ok(Exit::Done)
    }
}

async fn act(place: &Place, action: &JobsAction, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (number, word) = match action {
        JobsAction::Start { number, yes } => {
            let job: Job = place.get(&format!("/api/v1/jobs/{number}")).await?;
            confirmed(*yes, &format!("{} {} messages of `{}`", job.act.word(), job.messages, escaped(&job.query)))?;
            let _: Job = place.post(&format!("/api/v1/jobs/{number}/start?token={}", segment(&job.token))).await?;
            return watch(place, *number, out).await;
        }
        JobsAction::Continue { number } => {
            let _: Job = place.post(&format!("/api/v1/jobs/{number}/continue")).await?;
            return watch(place, *number, out).await;
        }
        JobsAction::Pause { number } | JobsAction::Show { number, .. } => (number, "pause"),
        JobsAction::Abort { number } => (number, "abort"),
    };
    let job: Job = place.post(&format!("/api/v1/jobs/{number}/{word}")).await?;
    say(&escaped(&summary(&job)));
    Ok(Exit::Done)
}

/// The messages of a job, in their order.
pub(crate) async fn messages(place: &Place, number: u64) -> Result<Vec<JobLine>, Failure> {
    let mut lines: Vec<JobLine> = Vec::new();
    loop {
        let after = lines.last().map_or(0, |line| line.place);
        let page: Lines = place.get(&format!("/api/v1/jobs/{number}/messages?after={after}")).await?;
        if page.messages.is_empty() {
            return Ok(lines);
        }
        lines.extend(page.messages);
    }
}

/// Waits until a job is through, and says what came of each message. Whoever interrupts this does not interrupt the job of a
/// production that runs.
pub(crate) async fn watch(place: &Place, number: u64, out: &mut dyn Write) -> Result<Exit, Failure> {
    let path = format!("/api/v1/jobs/{number}");
    let mut job: Job = place.get(&path).await?;
    let progress = Progress::of(job.messages);
    while job.state == JobState::Running {
        progress.at(job.done + job.left_alone + job.failed, &format!("job {number}, {} failed", job.failed));
        tokio::time::sleep(LOOK).await;
        job = place.get(&path).await?;
    }
    drop(progress);
    for line in messages(place, number).await? {
        match line.result.as_deref() {
            Some("done") => {
                let new = line.new.map(|new| new.to_string());
                writeln!(out, "{}", done_line(&job.act, line.message, new.as_deref()))?;
            }
            Some(other) => say(&escaped(&format!("{} {other}", line.message))),
            None => {}
        }
    }
    say(&escaped(&summary(&job)));
    let whole = job.state == JobState::Done && job.left_alone + job.failed == 0;
    Ok(if whole { Exit::Done } else { Exit::CheckFailed })
}

/// `job 7, done: 98 of 100 messages, 1 left alone, 1 failed`
fn summary(job: &Job) -> String {
    let Job { number, state, messages, done, left_alone, failed, .. } = job;
    format!("job {number} is {}: {done} of {messages} done, {left_alone} left alone, {failed} failed", state.word())
}

fn job_table(jobs: &[Job]) -> Rows {
    let mut rows =
        Rows::new(["job", "act", "state", "messages", "done", "left_alone", "failed", "by", "created", "query"]);
    for job in jobs {
        rows.push([
            job.number.to_string(),
            job.act.word().to_owned(),
            job.state.word().trim_start_matches("a ").to_owned(),
            job.messages.to_string(),
            job.done.to_string(),
            job.left_alone.to_string(),
            job.failed.to_string(),
            job.by.clone(),
            job.created.to_string(),
            job.query.clone(),
        ]);
    }
    rows
}

fn line_table(lines: &[JobLine]) -> Rows {
    let mut rows = Rows::new(["place", "message", "result", "new"]);
    for line in lines {
        rows.push([
            line.place.to_string(),
            line.message.to_string(),
            line.result.as_deref().unwrap_or("waits").to_owned(),
            line.new.map(|new| new.to_string()).unwrap_or_default(),
        ]);
    }
    rows
}
