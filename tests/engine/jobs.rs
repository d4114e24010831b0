//! Jobs: what is done to many messages is done to those that were looked at, once each, and its end is on record.

use std::collections::HashSet;

use iop::director::{By, DirectorError, Job, JobAct, JobPlan, JobState, Resend};
use iop::engine::Stop;
use iop::message::Status;
use iop::prelude::*;
use iop::search::parse;
use iop::store::{AuditQuery, MessageQuery, Viewer, verify_audit};

use crate::kit::{Lab, request};

#[message]
pub struct Letter {
    text: String,
}

/// Takes every letter but the bad ones.
#[business_operation]
pub struct Post;

#[handlers]
impl Post {
    async fn take(&mut self, letter: Letter) -> Result {
        if letter.text.starts_with("bad") {
            Err(Error::fatal(format!("letter {} is bad", letter.text)))
        } else {
            Ok(())
        }
    }
}

production! {
    Office {
        #[item(standalone)]
        post: Post {},
        #[item(standalone)]
        drawer: Post {},
    }
}

/// Bad letters, until they are suspended.
async fn suspended(lab: &Lab, count: usize) -> Vec<MessageId> {
    let director = lab.director();
    for number in 0..count {
        let body = format!(r#"{{"text":"bad {number}"}}"#);
        director.send_json("post", None, body.as_bytes(), None).await.expect("it is taken");
    }
    loop {
        let query = MessageQuery { status: Some(Status::Suspended), limit: 1000, ..MessageQuery::default() };
        let found = lab.store.query(query).await.expect("the store works");
        if found.len() >= count {
            return found.iter().map(|header| header.id).collect();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn plan(act: JobAct, query: &str) -> JobPlan {
    let by = By::new("eve").because("the sender asked for it");
    JobPlan { act, query: parse(query).expect("a query"), per_second: None, force: false, by }
}

fn to_the_drawer() -> JobAct {
    JobAct::Resend { to: Some("drawer".to_owned()) }
}

async fn until(lab: &Lab, number: u64, state: JobState) -> Job {
    loop {
        let job = lab.director().job(number).await.expect("it is stored");
        if job.state == state {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_resends_what_its_preview_has_found_and_nothing_that_came_later() {
    let lab = Lab::start::<Office>().await;
    let meant: HashSet<MessageId> = suspended(&lab, 120).await.into_iter().collect();
    let director = lab.director();
    let job = director.preview_job(plan(to_the_drawer(), "status:suspended to:post")).await.expect("a preview");
    assert_eq!((job.messages, job.state), (120, JobState::Preview));
    suspended(&lab, 130).await;
    let wrong = director.start_job(job.number, "another").await;
    assert!(matches!(wrong, Err(DirectorError::Refused(_))), "{wrong:?}");
    assert!(lab.requests_to("drawer").await.is_empty(), "a preview does nothing");

    director.start_job(job.number, &job.token).await.expect("it starts");
    let job = until(&lab, job.number, JobState::Done).await;
    assert_eq!((job.done, job.left_alone, job.failed), (120, 0, 0));
    let lines = director.job_lines(job.number, 0).await.expect("readable");
    assert_eq!(lines.iter().map(|line| line.message).collect::<HashSet<_>>(), meant);
    let resent = lab.requests_to("drawer").await;
    assert_eq!(resent.len(), 120);
    let new: HashSet<_> = lines.iter().filter_map(|line| line.new).collect();
    assert_eq!(new, resent.iter().map(|header| header.id).collect(), "each line names the new message");
    assert!(
        resent.iter().all(|header| header.parent.is_some_and(|parent| meant.contains(&parent))),
        "and it the old one"
    );

    let again = director.preview_job(plan(to_the_drawer(), "status:suspended to:post")).await.expect("a preview");
    director.start_job(again.number, &again.token).await.expect("it starts");
    let again = until(&lab, again.number, JobState::Done).await;
    assert_eq!((again.done, again.left_alone), (again.messages - 120, 120), "what was resent is left alone");
    let twice = director.start_job(again.number, &again.token).await;
    assert!(matches!(twice, Err(DirectorError::Refused(_))), "{twice:?}");

    let audit = director.audit(AuditQuery { action: Some("job.".into()), ..AuditQuery::default() }).await;
    let acts: Vec<_> = audit.expect("readable").into_iter().rev().map(|entry| (entry.action, entry.result)).collect();
    assert_eq!(acts.len(), 4, "{acts:?}");
    assert_eq!((&*acts[0].0, &*acts[1].0), ("job.start", "job.end"));
    assert_eq!(&*acts[1].1, "120 done, 0 left alone, 0 failed");
    verify_audit(&*lab.store, None).await.expect("the chain holds");
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_on_after_a_crash_and_does_nothing_twice() {
    let lab = Lab::start::<Office>().await;
    let count = suspended(&lab, 60).await.len();
    let director = lab.director();
    let slowly = JobPlan { per_second: Some(10), ..plan(to_the_drawer(), "status:suspended") };
    let job = director.preview_job(slowly).await.expect("a preview");
    director.start_job(job.number, &job.token).await.expect("it starts");
    while lab.requests_to("drawer").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(director);
    let lab = lab.crash_and_restart::<Office>().await;
    assert!(lab.requests_to("drawer").await.len() < count, "it crashed in the middle");
    lab.director().continue_jobs().await.expect("they go on");
    lab.director().continue_jobs().await.expect("once");
    let job = until(&lab, job.number, JobState::Done).await;
    assert_eq!(job.done, count as u64);
    let resent = lab.requests_to("drawer").await;
    let parents: HashSet<_> = resent.iter().map(|header| header.parent).collect();
    assert_eq!((resent.len(), parents.len()), (count, count), "each once");
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_goes_on_and_ends_when_somebody_says_so() {
    let lab = Lab::start::<Office>().await;
    suspended(&lab, 40).await;
    let director = lab.director();
    let slowly = JobPlan { per_second: Some(4), ..plan(to_the_drawer(), "status:suspended") };
    let job = director.preview_job(slowly).await.expect("a preview");
    director.start_job(job.number, &job.token).await.expect("it starts");
    let began = tokio::time::Instant::now();
    while lab.requests_to("drawer").await.len() < 12 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(began.elapsed() >= Duration::from_secs(2), "four in a second: {:?}", began.elapsed());
    let paused = director.pause_job(job.number).await.expect("it runs");
    let at = lab.requests_to("drawer").await.len();
    assert_eq!(paused.done, at as u64);
    // Virtual time: in it the job would have ended long ago.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(lab.requests_to("drawer").await.len(), at, "it waits");
    director.continue_job(job.number).await.expect("it waits");
    while lab.requests_to("drawer").await.len() == at {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let aborted = director.abort_job(job.number).await.expect("it runs");
    assert!(aborted.done < 40 && aborted.ended.is_some());
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(lab.requests_to("drawer").await.len() as u64, aborted.done, "what was done stays, and no more is");
    let over = director.continue_job(job.number).await;
    assert!(matches!(over, Err(DirectorError::Refused(_))), "{over:?}");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_else_has_decided_meanwhile_is_left_alone() {
    let lab = Lab::start::<Office>().await;
    let ids = suspended(&lab, 3).await;
    let director = lab.director();
    let nothing = director.preview_job(plan(JobAct::Resume, "to:drawer")).await;
    assert!(matches!(nothing, Err(DirectorError::NoMessage(_))), "{nothing:?}");
    let no_reason = JobPlan { by: By::new("eve"), ..plan(JobAct::Discard { waiting: false }, "to:post") };
    assert!(matches!(director.preview_job(no_reason).await, Err(DirectorError::Refused(_))));
    let job = director.preview_job(plan(JobAct::Discard { waiting: false }, "to:post")).await.expect("a preview");
    assert_eq!(director.discard(ids[0], "bob").await, Ok(true));
    director.start_job(job.number, &job.token).await.expect("it starts");
    let job = until(&lab, job.number, JobState::Done).await;
    assert_eq!((job.done, job.left_alone, job.failed), (2, 1, 0));
    let lines = director.job_lines(job.number, 0).await.expect("readable");
    let left = lines.iter().find(|line| line.message == ids[0]).and_then(|line| line.result.clone());
    assert!(left.is_some_and(|result| result.starts_with("left alone: ")), "{lines:?}");
    let missing = director.job(99).await;
    assert_eq!(missing, Err(DirectorError::UnknownJob(99)));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_resent_once_unless_it_is_forced_and_an_invalid_edit_names_its_field() {
    let lab = Lab::start::<Office>().await;
    let id = suspended(&lab, 1).await[0];
    let director = lab.director();
    let mut edited = Resend::by("eve");
    edited.body = Some(br#"{"text":7}"#.as_slice().into());
    let invalid = director.resend(id, edited).await;
    let Err(DirectorError::Invalid { invalid, .. }) = invalid else { panic!("{invalid:?}") };
    assert!(invalid.path.contains("text"), "{invalid:?}");
    let first = director.resend(id, Resend::by("eve")).await.expect("it is the first time");
    let again = director.resend(id, Resend::by("bob")).await.map(|called| called.id);
    assert_eq!(again, Err(DirectorError::AlreadyResent { id, new: first.id }));
    let mut forced = Resend::by("bob");
    forced.force = true;
    assert!(director.resend(id, forced).await.is_ok());
    lab.stop(Stop::Now).await;
}

#[tokio::test(start_paused = true)]
async fn suspended_messages_are_grouped_by_reason_item_and_error() {
    let lab = Lab::start::<Office>().await;
    suspended(&lab, 7).await;
    lab.put(vec![request("drawer", "Letter", 0, r#"{"text":"bad 1"}"#.to_owned())]).await;
    let lab = lab.crash_and_restart::<Office>().await;
    lab.until("drawer", Status::Suspended).await;
    let suspended = lab.director().suspended().await.expect("readable");
    assert_eq!((suspended.messages, suspended.more), (8, false));
    let groups: Vec<_> = suspended.groups.iter().map(|group| (group.item.as_deref(), group.count)).collect();
    assert_eq!(groups, [(Some("post"), 7), (Some("drawer"), 1)], "the largest first");
    assert!(suspended.groups[0].error.contains("letter bad # is bad"), "{:?}", suspended.groups);
    assert_eq!(suspended.groups[0].samples.len(), 5);
}
