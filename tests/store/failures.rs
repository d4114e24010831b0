//! Commits that fail: nothing that was built on them gets through, and what is said about them is true.

use iop::message::Status;
use iop::store::sqlite::{Fault, keeping};
use iop::store::{Commit, End, MessageQuery, NewMessage, Outcome, Step, StoreError};

use crate::bench::{Bench, NODE, Sqlite, committed, emitting, ids, leased, message, messages, request, token};

/// Waits until a commit has failed as asked, and gives the error.
async fn failure(commit: &Commit) -> StoreError {
    commit.wait().await.expect_err("the commit fails")
}

#[tokio::test]
async fn a_failed_commit_fails_every_step_submitted_before_it_was_known() {
    let bench = Sqlite::new();
    let before = messages(3);
    bench.emit(before.clone()).await;
    bench.sqlite().inject(Fault::BeforeCommit);
    // Far more than one batch takes, so that some wait behind the batch that fails.
    let mut commits = Vec::new();
    while commits.len() < 5000 {
        commits.push(bench.store().submit(emitting(vec![message()])).commit);
    }
    for commit in &commits {
        let error = failure(commit).await;
        assert!(matches!(error, StoreError::NotStored(_)), "{error}");
    }
    let late = bench.store().submit(emitting(vec![message()])).commit;
    assert!(matches!(failure(&late).await, StoreError::NotStored(_)), "nothing is taken before the recovery");
    assert!(bench.store().lease(request(1)).await.is_err(), "and no right is given");
    assert_eq!(bench.query(MessageQuery::default()).await, ids(&before), "readers go on");
    assert_eq!(bench.status(before[0].id).await, Status::Queued);

    assert_eq!(bench.store().recover().await, Ok(()));
    let after = message();
    bench.emit(vec![after.clone()]).await;
    assert_eq!(leased(&bench.lease(10).await), ids(before.iter().chain([&after])));
}

#[tokio::test]
async fn a_turn_on_a_message_that_was_not_stored_is_lost_with_it() {
    let bench = Sqlite::new();
    bench.sqlite().inject(Fault::BeforeCommit);
    let handed = NewMessage { leased: Some(NODE), ..message() };
    let receipt = bench.store().submit(emitting(vec![handed.clone()]));
    failure(&receipt.commit).await;
    assert_eq!(bench.store().recover().await, Ok(()));
    let turn = Step { end: vec![(token(&receipt), End::Completed)], ..emitting(vec![message()]) };
    assert_eq!(bench.commit(turn).await, Outcome::LeaseLost);
    assert!(!bench.is_stored(handed.id).await);
}

#[tokio::test]
async fn a_commit_of_unknown_outcome_is_repeated_without_harm() {
    let bench = Sqlite::new();
    let sent = messages(2);
    bench.emit(sent.clone()).await;
    let held = bench.lease(2).await;
    let answers = messages(2);
    let turn = |at: usize| Step { end: vec![(held[at].token, End::Completed)], ..emitting(vec![answers[at].clone()]) };
    bench.sqlite().inject(Fault::AfterCommit);
    let error = failure(&bench.store().submit(turn(0)).commit).await;
    assert!(matches!(error, StoreError::Unknown(_)), "{error}");
    assert_eq!(bench.store().recover().await, Ok(()));
    assert_eq!(bench.commit(turn(0)).await, Outcome::AlreadyDone);
    assert_eq!(bench.commit(turn(1)).await, Outcome::LeaseLost, "the recovery has forgotten the lease");
    assert_eq!(leased(&bench.lease(10).await), [sent[1].id, answers[0].id]);
}

#[tokio::test]
async fn a_close_after_a_failed_commit_leaves_every_message_in_the_index_of_searches() {
    let mut bench = Sqlite::new();
    let sent = messages(600);
    bench.emit(sent.clone()).await;
    // With those before it more than the index takes at once.
    bench.sqlite().inject(Fault::BeforeCommit);
    failure(&bench.store().submit(emitting(messages(5_000))).commit).await;
    assert_eq!(bench.store().close().await, Ok(()));
    bench.reopen().await;
    let of_the_item = MessageQuery { item: Some("out".into()), limit: 1_000, ..MessageQuery::default() };
    assert_eq!(bench.query(of_the_item).await, ids(&sent));
}

#[tokio::test]
async fn a_recovery_that_fails_may_be_tried_again() {
    let bench = Sqlite::new();
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    let epoch = bench.store().epoch();
    bench.sqlite().inject(Fault::BeforeCommit);
    failure(&bench.store().submit(emitting(vec![message()])).commit).await;
    bench.sqlite().inject(Fault::BeforeCommit);
    let error = bench.store().recover().await.expect_err("the recovery fails");
    assert!(matches!(error, StoreError::NotStored(_)), "{error}");
    let refused = bench.store().submit(emitting(vec![message()])).commit;
    assert!(matches!(failure(&refused).await, StoreError::NotStored(_)));
    assert_eq!(bench.query(MessageQuery::default()).await, [sent.id], "readers go on");

    assert_eq!(bench.store().recover().await, Ok(()));
    assert!(bench.store().epoch() > epoch);
    assert_eq!(leased(&bench.lease(10).await), [sent.id]);
}

#[tokio::test]
async fn a_recovery_is_no_crash() {
    let bench = Sqlite::new();
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    for _ in 0..4 {
        let token = bench.lease(1).await[0].token;
        let start = Step { start: vec![(token, bench.clock_now())], ..Step::default() };
        assert_eq!(bench.commit(start).await, committed());
        let _flight = bench.store().attempting(token.message);
        assert_eq!(bench.store().recover().await, Ok(()));
    }
    let header = bench.header(sent.id).await;
    assert_eq!((header.status, header.crashes), (Status::Queued, 0));
}

#[tokio::test]
async fn a_body_that_no_store_could_take_fails_alone() {
    let bench = Sqlite::new();
    let huge = NewMessage { body: vec![b' '; (512 << 20) + 1].into(), ..message() };
    let (before, after) = (message(), message());
    let commits =
        [before.clone(), huge.clone(), after.clone()].map(|message| bench.store().submit(emitting(vec![message])));
    assert_eq!(commits[0].commit.wait().await, Ok(committed()));
    assert!(matches!(failure(&commits[1].commit).await, StoreError::NotStored(_)));
    assert_eq!(commits[2].commit.wait().await, Ok(committed()));
    assert_eq!(leased(&bench.lease(10).await), [before.id, after.id]);
}

#[tokio::test]
async fn a_store_that_is_closed_after_a_failed_commit_has_books_that_balance() {
    for (fault, stored) in [(Fault::BeforeCommit, 2), (Fault::AfterCommit, 5)] {
        let bench = Sqlite::new();
        bench.emit(messages(2)).await;
        bench.sqlite().inject(fault);
        failure(&bench.store().submit(emitting(messages(3))).commit).await;
        assert_eq!(bench.store().close().await, Ok(()));
        let audit = keeping::audit(&bench.path()).expect("the books can be read");
        assert_eq!((audit.accepted, audit.stored), (stored, stored));
        assert!(audit.is_balanced(), "{audit:#?}");
    }
}
