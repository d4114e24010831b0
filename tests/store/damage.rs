//! Rows that are not what was written: noticed wherever they are read, never delivered, and alone in it.

use bytes::Bytes;
use iop::message::{Header, MessageId, Status, SuspendReason};
use iop::store::{Admin, End, LeaseOrder, LeaseRequest, MessageQuery, NewMessage, StateWrite, Step, StoreError};

use crate::bench::{Bench, Sqlite, committed, emitting, ids, leased, message, messages, request};

/// Changes the database behind the back of the closed store.
async fn damage(bench: &mut Sqlite, sql: &str, id: MessageId) {
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    let database = rusqlite::Connection::open(bench.path().join("iop.db")).expect("a database");
    assert_eq!(database.execute(sql, (id.to_bytes(),)), Ok(1), "{sql}");
    drop(database);
    // It would turn a single bit back; what is tested here is what rows say of themselves.
    std::fs::remove_file(bench.path().join("pages")).expect("the book of pages");
    bench.open();
}

async fn headers(bench: &Sqlite) -> Vec<Header> {
    let query = MessageQuery { oldest_first: true, ..MessageQuery::default() };
    bench.store().query(query).await.expect("the others can be read")
}

#[tokio::test]
async fn whatever_changes_in_a_header_the_message_is_suspended_and_the_others_go_on() {
    let changes = [
        "UPDATE message SET session = zeroblob(16) WHERE id = ?1",
        "UPDATE message SET parent = id WHERE id = ?1",
        "UPDATE message SET position = 1 WHERE id = ?1",
        "UPDATE message SET instance = id WHERE id = ?1",
        "UPDATE message SET source = target WHERE id = ?1",
        "UPDATE message SET source = 777 WHERE id = ?1",
        "UPDATE message SET type = target WHERE id = ?1",
        "UPDATE message SET type_version = 3 WHERE id = ?1",
        "UPDATE message SET kind = 1 WHERE id = ?1",
        "UPDATE message SET kind = 64 WHERE id = ?1",
        "UPDATE message SET invocation = 0 WHERE id = ?1",
        "UPDATE message SET created = created + 1 WHERE id = ?1",
        "UPDATE message SET epoch = epoch + 4 WHERE id = ?1",
        "UPDATE message SET order_key = 'a' WHERE id = ?1",
        "UPDATE message SET parks = 1 WHERE id = ?1",
        "UPDATE message SET completion_key = '' WHERE id = ?1",
        "UPDATE message SET description = 'x' WHERE id = ?1",
        "UPDATE message SET digest = digest + 1 WHERE id = ?1",
        "UPDATE message SET ended = 1 WHERE id = ?1",
        "UPDATE message SET reason = 4 WHERE id = ?1",
        "DELETE FROM body WHERE sequence = (SELECT sequence FROM message WHERE id = ?1)",
    ];
    for change in changes {
        let mut bench = Sqlite::new();
        let sent = messages(3);
        bench.emit(sent.clone()).await;
        damage(&mut bench, change, sent[1].id).await;
        assert_eq!(leased(&bench.lease(10).await), [sent[0].id, sent[2].id], "{change}");
        let shown = headers(&bench).await;
        assert_eq!(shown.len(), 3, "{change}");
        assert_eq!((shown[1].status, shown[1].reason), (Status::Suspended, Some(SuspendReason::Corrupt)), "{change}");
        assert!(shown[1].error.is_some(), "{change}");
        assert_eq!(shown[0].status, Status::Queued);
    }
}

#[tokio::test]
async fn a_waiting_message_that_a_bit_made_a_finished_one_is_shown_as_corrupt() {
    let mut bench = Sqlite::new();
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    damage(&mut bench, "UPDATE message SET status = 5 WHERE id = ?1", sent.id).await;
    let shown = headers(&bench).await;
    assert_eq!((shown[0].status, shown[0].reason), (Status::Suspended, Some(SuspendReason::Corrupt)));
    let found = bench.store().find(sent.id).await;
    assert!(matches!(found, Err(StoreError::Damaged(_))), "{found:?}");
}

#[tokio::test]
async fn a_damaged_order_key_holds_nobody_back() {
    for change in
        ["UPDATE message SET order_key = 'b' WHERE id = ?1", "UPDATE message SET order_key = NULL WHERE id = ?1"]
    {
        let mut bench = Sqlite::new();
        let sent: Vec<_> =
            messages(2).into_iter().map(|sent| NewMessage { order_key: Some("a".into()), ..sent }).collect();
        for sent in &sent {
            bench.emit(vec![sent.clone()]).await;
        }
        damage(&mut bench, change, sent[0].id).await;
        let by_key = LeaseRequest { order: LeaseOrder::Key, ..request(10) };
        assert_eq!(leased(&bench.lease_as(by_key).await.leased), [sent[1].id], "{change}");
        assert_eq!(headers(&bench).await[0].reason, Some(SuspendReason::Corrupt));
    }
}

#[tokio::test]
async fn a_damaged_name_is_no_other_name() {
    let mut bench = Sqlite::new();
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    damage(&mut bench, "UPDATE name SET text = 'Hellp' WHERE text = 'Hello' AND ?1 = ?1", sent.id).await;
    assert_eq!(leased(&bench.lease(10).await), []);
    assert_eq!(headers(&bench).await[0].reason, Some(SuspendReason::Corrupt));
}

#[tokio::test]
async fn a_damaged_message_can_be_discarded_and_stays_so_but_not_moved() {
    let mut bench = Sqlite::new();
    let sent = message();
    bench.emit(vec![sent.clone()]).await;
    damage(&mut bench, "UPDATE message SET position = 9 WHERE id = ?1", sent.id).await;
    let to = Admin::Move { id: sent.id, to: "elsewhere".into() };
    assert_eq!(bench.store().admin(to).await, Ok(false), "it would look sound there");
    assert!(bench.discard(sent.id, "ann").await);
    assert_eq!(headers(&bench).await[0].status, Status::Discarded);
}

#[tokio::test]
async fn a_message_that_was_moved_is_sound() {
    let bench = Sqlite::new();
    let sent = NewMessage { target: Some("elsewhere".into()), ..message() };
    bench.emit(vec![sent.clone()]).await;
    assert_eq!(bench.store().admin(Admin::Move { id: sent.id, to: "out".into() }).await, Ok(true));
    let held = bench.lease(1).await;
    assert_eq!(leased(&held), [sent.id]);
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    assert_eq!(bench.status(sent.id).await, Status::Completed);
}

#[tokio::test]
async fn a_state_that_is_not_what_was_written_is_not_given_to_a_process() {
    let mut bench = Sqlite::new();
    let (instance, sound) = (MessageId::random(), MessageId::random());
    let state = |instance| StateWrite { instance, expected: None, new: Some(Bytes::from_static(b"{\"n\":1}")) };
    let step = Step { state: vec![state(instance), state(sound)], ..emitting(Vec::new()) };
    assert_eq!(bench.commit(step).await, committed());
    let changes = [
        "UPDATE state SET data = replace(data, '1', '3') WHERE instance = ?1",
        "UPDATE state SET version = 2 WHERE instance = ?1",
    ];
    for change in changes {
        damage(&mut bench, change, instance).await;
        let loaded = bench.store().load_state(instance).await;
        assert!(matches!(loaded, Err(StoreError::Damaged(_))), "{loaded:?}");
        assert_eq!(bench.store().load_state(sound).await.map(|state| state.map(|state| state.version)), Ok(Some(1)));
    }
}

#[tokio::test]
async fn one_damaged_header_does_not_hide_the_page_that_it_is_on() {
    let mut bench = Sqlite::new();
    let sent = messages(5);
    bench.emit(sent.clone()).await;
    damage(&mut bench, "UPDATE message SET type = 12345 WHERE id = ?1", sent[2].id).await;
    assert_eq!(headers(&bench).await.iter().map(|header| header.id).collect::<Vec<_>>(), ids(&sent));
}
