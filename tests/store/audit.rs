//! The audit log: only appended to, and every way to tamper with it is found.

use iop::message::SuspendReason;
use iop::store::{
    Admin, AuditEntry, AuditFault, AuditHash, AuditHead, AuditQuery, AuditRecord, Deed, Discard, End, JobWrite,
    Outcome, Purge, PurgeBatch, Step, verify_audit,
};

use crate::bench::{Bench, Sqlite, committed, messages};

fn record(who: &str, action: &str, object: &str) -> AuditRecord {
    AuditRecord {
        who: who.into(),
        role: "operator".into(),
        from: "127.0.0.1".into(),
        action: action.into(),
        object: object.into(),
        reason: None,
        before: None,
        after: None,
        result: "done".into(),
    }
}

async fn append(bench: &impl Bench, record: AuditRecord) -> AuditEntry {
    bench.store().append_audit(record).await.expect("the store works")
}

async fn found(bench: &impl Bench, query: AuditQuery) -> Vec<u64> {
    let entries = bench.store().audit(query).await.expect("the store works");
    entries.iter().map(|entry| entry.number).collect()
}

pub(crate) async fn l12_every_entry_follows_the_one_before(mut bench: impl Bench) {
    assert_eq!(verify_audit(&*bench.store(), None).await, Ok(AuditHead::START));
    let full = AuditRecord {
        reason: Some("it was asked for".into()),
        before: Some(AuditHash::of(b"before")),
        after: Some(AuditHash::of(b"after")),
        ..record("eve", "message.resend", "message 1")
    };
    let first = append(&bench, full.clone()).await;
    bench.wait(1);
    let kept = AuditHead { number: first.number, hash: first.hash };
    bench.reopen().await;
    let second = append(&bench, record("bob", "item.stop", "item lab")).await;
    assert_eq!((first.number, second.number), (1, 2));
    let end = AuditHead { number: 2, hash: second.hash };
    assert_eq!(verify_audit(&*bench.store(), Some(kept)).await, Ok(end));

    let read = bench.store().audit(AuditQuery { oldest_first: true, ..AuditQuery::default() }).await;
    assert_eq!(read, Ok(vec![first.clone(), second]), "as it was written, over the next opening");
    assert_eq!((first.reason, first.before, first.after), (full.reason, full.before, full.after));
}

pub(crate) async fn l12_a_purge_leaves_the_audit_log_alone(bench: impl Bench) {
    append(&bench, record("eve", "messages.purge", "everything")).await;
    bench.wait(1_000_000);
    let now = bench.clock_now();
    let purge = Purge { messages: Some(now), marks: Some(now), events: Some(now), ..Purge::messages_before(now) };
    let mut batch = PurgeBatch::first(purge, 10);
    while let Some(next) = bench.store().purge(batch.clone()).await.expect("the store works").next {
        batch = batch.after(next);
    }
    assert_eq!(found(&bench, AuditQuery::default()).await, [1]);
}

pub(crate) async fn l13_an_act_is_on_record_where_it_is_done(bench: impl Bench) {
    let (store, sent) = (bench.store(), messages(2));
    bench.emit(sent.clone()).await;
    let held = bench.lease(1).await.remove(0);
    let act =
        async |deed: Deed, action: &str| store.act(deed, record("eve", action, "it").into()).await.expect("it works");
    let resume = Deed::Admin(Admin::Resume(sent[0].id));
    assert!(!act(resume.clone(), "resume").await, "it is not suspended");
    let suspend = End::Suspend { reason: SuspendReason::Operator, error: "asked for".into() };
    let audit = || Some(Box::new(record("eve", "suspend", "it").into()));
    let end = Step { end: vec![(held.token, suspend)], record: audit(), ..Step::default() };
    assert_eq!(bench.commit(end).await, committed());
    assert!(act(resume, "resume").await);
    let _held = bench.lease(2).await;
    let discard = Discard { id: sent[1].id, by: "eve".into() };
    let refused = Step { discard: vec![discard], record: audit(), ..Step::default() };
    assert_eq!(bench.commit(refused).await, Outcome::NotAtRest);
    assert!(act(Deed::Note("name".into(), "text".into()), "note").await);
    assert_eq!(store.note("name".into()).await, Ok(Some("text".into())));
    let job = JobWrite::New { document: "job".into(), messages: vec![sent[0].id] };
    assert!(act(Deed::Job(job), "job").await);
    let entries = store.audit(AuditQuery { oldest_first: true, ..AuditQuery::default() }).await.expect("readable");
    let actions: Vec<_> = entries.iter().map(|entry| &*entry.action).collect();
    assert_eq!(actions, ["suspend", "resume", "note", "job"]);
    // An entry by itself is a step as well.
    bench.commit(Step { record: audit(), ..Step::default() }).await;
    assert_eq!(verify_audit(&*store, None).await.map(|head| head.number), Ok(5));
}

pub(crate) async fn the_audit_log_is_narrowed_by_every_field_and_paged(bench: impl Bench) {
    append(&bench, record("eve", "message.resend", "message 1")).await;
    append(&bench, record("bob", "message.discard", "message 1")).await;
    bench.wait(10);
    let since = Some(bench.clock_now());
    append(&bench, record("eve", "item.stop", "item lab")).await;
    let any = AuditQuery::default;
    assert_eq!(found(&bench, any()).await, [3, 2, 1]);
    assert_eq!(found(&bench, AuditQuery { who: Some("eve".into()), ..any() }).await, [3, 1]);
    assert_eq!(found(&bench, AuditQuery { action: Some("message.".into()), ..any() }).await, [2, 1]);
    assert_eq!(found(&bench, AuditQuery { action: Some("message".into()), ..any() }).await, [0; 0]);
    assert_eq!(found(&bench, AuditQuery { action: Some("item.stop".into()), ..any() }).await, [3]);
    assert_eq!(found(&bench, AuditQuery { object: Some("message 1".into()), ..any() }).await, [2, 1]);
    assert_eq!(found(&bench, AuditQuery { since, ..any() }).await, [3]);
    assert_eq!(found(&bench, AuditQuery { after: Some(3), limit: 1, ..any() }).await, [2]);
    assert_eq!(found(&bench, AuditQuery { after: Some(1), oldest_first: true, ..any() }).await, [2, 3]);
}

/// A store with five entries, and what a person with a SQLite shell then does to it.
async fn tampered(sql: &str) -> (Result<AuditHead, AuditFault>, AuditHead) {
    let mut bench = Sqlite::new();
    for number in 1..=4 {
        append(&bench, record("eve", "item.stop", &format!("item {number}"))).await;
    }
    let AuditEntry { number, hash, .. } = append(&bench, record("bob", "item.start", "item 1")).await;
    let end = AuditHead { number, hash };
    bench.crash();
    let connection = rusqlite::Connection::open(bench.path().join("iop.db")).expect("the database opens");
    let refused = connection.execute_batch(sql).expect_err("a trigger refuses it");
    assert!(refused.to_string().contains("only appended to"), "{refused}");
    let triggers = "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_removed;";
    connection.execute_batch(&format!("{triggers}{sql}")).expect("whoever drops the triggers can do it");
    drop(connection);
    bench.open();
    let verified = verify_audit(&*bench.store(), None).await;
    if let Ok(head) = verified {
        // The chain alone does not show that its end is gone; an end that was kept elsewhere does.
        return (verify_audit(&*bench.store(), Some(end)).await, head);
    }
    (verified, end)
}

#[tokio::test]
async fn an_entry_that_was_changed_left_out_or_cut_off_is_found() {
    for (sql, fault) in [
        ("UPDATE audit SET who = 'mallory' WHERE number = 3", AuditFault::Changed { number: 3 }),
        ("UPDATE audit SET reason = '' WHERE number = 3", AuditFault::Changed { number: 3 }),
        ("UPDATE audit SET hash = zeroblob(32) WHERE number = 5", AuditFault::Changed { number: 5 }),
        ("DELETE FROM audit WHERE number IN (2, 3)", AuditFault::Missing { first: 2, last: 3 }),
        (
            "DELETE FROM audit WHERE number = 2; UPDATE audit SET number = number - 1 WHERE number > 2",
            AuditFault::Changed { number: 2 },
        ),
        ("DELETE FROM audit WHERE number > 3", AuditFault::Missing { first: 4, last: 5 }),
    ] {
        let (verified, _) = tampered(sql).await;
        assert_eq!(verified, Err(fault), "{sql}");
    }
}
