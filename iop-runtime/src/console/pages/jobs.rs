//! Jobs: what is done to everything that a search has found, how far it is, and what came of each message.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use crate::console::frame::{Frame, Page, Visit, page};
use crate::console::html;
use crate::console::live::{Seen, print};
use crate::director::{Job, JobAct, JobState, Role};
use crate::store::JobLine;

/// Messages of a job on one page.
const LINES: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    below: Option<u64>,
    #[serde(default)]
    after: u64,
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    frame: Frame,
    jobs: Vec<Shown>,
    operator: bool,
    print: String,
    lines_print: String,
    next: Option<u64>,
    /// The messages of the one job that is shown.
    lines: Option<Vec<JobLine>>,
    more: Option<u64>,
}

/// A job with what a page says of it.
struct Shown {
    job: Job,
    act: String,
    class: &'static str,
    word: &'static str,
    /// Messages that are over.
    over: u64,
    of_all: String,
}

impl Shown {
    fn of(job: Job) -> Self {
        let act = match &job.act {
            JobAct::Resend { to: Some(item) } => format!("resend to {item}"),
            JobAct::Resend { to: None } => "resend".to_owned(),
            JobAct::Resume => "resume".to_owned(),
            JobAct::Discard { .. } => "discard".to_owned(),
            JobAct::Move { to } => format!("move to {to}"),
        };
        let (class, word) = match job.state {
            JobState::Preview => ("plain", "not started"),
            JobState::Running => ("busy", "running"),
            JobState::Paused => ("warn", "paused"),
            JobState::Aborted => ("error", "aborted"),
            JobState::Done => ("completed", "done"),
        };
        Self { act, class, word, over: over(&job), of_all: of_all(&job), job }
    }
}

/// `GET /jobs`.
pub(super) async fn jobs(visit: Visit, Query(which): Query<Which>) -> Page {
    let jobs = visit.director.jobs(which.below).await?;
    let next = jobs.last().map(|job| job.number).filter(|number| *number > 1);
    shown(&visit, jobs, next, None).await
}

/// `GET /jobs/{number}`.
pub(super) async fn job(visit: Visit, Path(number): Path<u64>, Query(which): Query<Which>) -> Page {
    let job = visit.director.job(number).await?;
    let mut lines = visit.director.job_lines(number, which.after).await?;
    lines.truncate(LINES);
    shown(&visit, vec![job], None, Some(lines)).await
}

async fn shown(visit: &Visit, jobs: Vec<Job>, next: Option<u64>, lines: Option<Vec<JobLine>>) -> Page {
    let mut frame = visit.frame("Jobs", "/jobs").await?;
    frame.live = match jobs.as_slice() {
        [job] if lines.is_some() => format!("jobs?job={}", job.number),
        _ => "jobs".to_owned(),
    };
    let full = lines.as_ref().filter(|lines| lines.len() == LINES);
    page(&JobsPage {
        frame,
        print: standing(&jobs),
        lines_print: progress(&jobs),
        operator: visit.may(Role::Operator),
        more: full.and_then(|lines| lines.last()).map(|line| line.place),
        jobs: jobs.into_iter().map(Shown::of).collect(),
        next,
        lines,
    })
}

/// What changes in it.
pub(super) fn seen(jobs: &[Job], seen: &mut Seen) {
    for job in jobs {
        let over = over(job);
        seen.set(format!("bar {}", job.number), "value", over.to_string());
        seen.text(format!("over {}", job.number), of_all(job));
    }
    seen.parts.insert("jobs", standing(jobs));
}

/// What changes in that of one job, beside it.
pub(super) fn seen_one(job: Job, seen: &mut Seen) {
    let jobs = [job];
    self::seen(&jobs, seen);
    seen.parts.insert("lines", progress(&jobs));
}

/// Which there are, and how each stands.
fn standing(jobs: &[Job]) -> String {
    print(&jobs.iter().map(|job| (job.number, job.state, job.failed, job.left_alone)).collect::<Vec<_>>())
}

/// How far they are.
fn progress(jobs: &[Job]) -> String {
    print(&jobs.iter().map(over).collect::<Vec<_>>())
}

/// Messages that are over.
fn over(job: &Job) -> u64 {
    job.done + job.left_alone + job.failed
}

/// `12 of 340`.
fn of_all(job: &Job) -> String {
    format!("{} of {}", html::count(over(job)), html::count(job.messages))
}
