//! Jobs as a store keeps them: numbered, with their messages and what came of each, over every opening.

use iop::message::MessageId;
use iop::store::{JobLine, JobLineQuery, JobQuery, JobWrite};

use crate::bench::Bench;

fn ids(count: u32) -> Vec<MessageId> {
    (0..count).map(|number| MessageId::of_input(&[b"job", &number.to_le_bytes()])).collect()
}

async fn new(bench: &impl Bench, document: &str, messages: Vec<MessageId>) -> u64 {
    let write = JobWrite::New { document: document.into(), messages };
    bench.store().write_job(write).await.expect("the store works")
}

async fn documents(bench: &impl Bench, query: JobQuery) -> Vec<(u64, String)> {
    let jobs = bench.store().jobs(query).await.expect("the store works");
    jobs.into_iter().map(|job| (job.number, job.document.to_string())).collect()
}

async fn lines(bench: &impl Bench, query: JobLineQuery) -> Vec<JobLine> {
    bench.store().job_lines(query).await.expect("the store works")
}

pub(crate) async fn a_job_is_there_with_its_messages_at_the_next_opening(mut bench: impl Bench) {
    let messages = ids(5);
    assert_eq!(new(&bench, "first", messages.clone()).await, 1);
    assert_eq!(new(&bench, "second", ids(1)).await, 2);
    bench.reopen().await;
    assert_eq!(new(&bench, "third", ids(1)).await, 3, "no number is given twice");
    let all = [(3, "third".to_owned()), (2, "second".to_owned()), (1, "first".to_owned())];
    assert_eq!(documents(&bench, JobQuery::default()).await, all, "the newest first");
    assert_eq!(documents(&bench, JobQuery { below: Some(3), limit: 1, ..JobQuery::default() }).await, all[1..2]);
    assert_eq!(documents(&bench, JobQuery { number: Some(1), ..JobQuery::default() }).await, all[2..]);

    let found = lines(&bench, JobLineQuery { job: 1, ..JobLineQuery::default() }).await;
    let expected: Vec<_> = (1..).zip(&messages).map(|(place, id)| (place, *id, None)).collect();
    let found: Vec<_> = found.into_iter().map(|line| (line.place, line.message, line.result)).collect();
    assert_eq!(found, expected, "in the order in which they were given");
    let page = lines(&bench, JobLineQuery { job: 1, after: 2, limit: 2, ..JobLineQuery::default() }).await;
    assert_eq!(page.iter().map(|line| line.place).collect::<Vec<_>>(), [3, 4]);
}

pub(crate) async fn what_came_of_a_message_of_a_job_is_said_once(mut bench: impl Bench) {
    let messages = ids(3);
    let number = new(&bench, "begins", messages.clone()).await;
    let progress = |document: &str, result: &str| {
        let line = JobLine { place: 2, message: messages[1], new: Some(messages[0]), result: Some(result.into()) };
        JobWrite::Progress { number, document: document.into(), lines: vec![line] }
    };
    bench.store().write_job(progress("goes on", "done")).await.expect("the store works");
    bench.reopen().await;
    let twice = progress("again", "failed: it is told twice");
    bench.store().write_job(twice).await.expect("the store works");
    assert_eq!(documents(&bench, JobQuery::default()).await, [(number, "again".to_owned())]);
    let all = lines(&bench, JobLineQuery { job: number, ..JobLineQuery::default() }).await;
    let results: Vec<_> = all.iter().map(|line| line.result.as_deref()).collect();
    assert_eq!(results, [None, Some("done"), None]);
    assert_eq!(all[1].new, Some(messages[0]));
    let waiting = lines(&bench, JobLineQuery { job: number, waiting: true, ..JobLineQuery::default() }).await;
    assert_eq!(waiting.iter().map(|line| line.place).collect::<Vec<_>>(), [1, 3]);
}

pub(crate) async fn a_job_that_is_removed_takes_its_messages_with_it(mut bench: impl Bench) {
    let (gone, kept) = (new(&bench, "gone", ids(2)).await, new(&bench, "kept", ids(3)).await);
    bench.store().write_job(JobWrite::Remove(gone)).await.expect("the store works");
    bench.reopen().await;
    assert_eq!(documents(&bench, JobQuery::default()).await, [(kept, "kept".to_owned())]);
    assert_eq!(lines(&bench, JobLineQuery { job: gone, ..JobLineQuery::default() }).await, []);
    assert_eq!(lines(&bench, JobLineQuery { job: kept, ..JobLineQuery::default() }).await.len(), 3);
}
