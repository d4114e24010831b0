//! What an operator does with a store: check, audit, backup, salvage, accepting a loss, releasing a copy.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use iop::clock::SystemClock;
use iop::message::{MessageId, Status};
use iop::store::sqlite::keeping::{self, Check, Keeper, KeepingError, Salvage};
use iop::store::sqlite::{OpenError, SqliteStore};
use iop::store::{AuditQuery, End, EventQuery, Held, MessageQuery, NewMessage, StateWrite, Step, Store, Viewer};

use crate::bench::{Bench, NODE, Sqlite, committed, emitting, ids, message, messages};

fn keeper() -> Keeper {
    Keeper { who: "ann".into(), role: "operator".into(), from: "a test".into() }
}

/// A store with a message in every state, a state and a key, closed.
async fn worked() -> (Sqlite, Vec<NewMessage>) {
    let mut bench = Sqlite::new();
    let mut sent = messages(20);
    for (number, message) in sent.iter_mut().enumerate() {
        message.keys = vec![("number", number.to_string())];
    }
    bench.emit(sent.clone()).await;
    let held = bench.lease(4).await;
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    let due = bench.later(60);
    assert_eq!(bench.end(held[1].token, End::Retry { due, error: "no".into(), keep: false }).await, committed());
    let reason = iop::message::SuspendReason::Poison;
    assert_eq!(bench.end(held[2].token, End::Suspend { reason, error: "never".into() }).await, committed());
    assert_eq!(bench.end(held[3].token, End::Expire { error: "too late".into() }).await, committed());
    let state = StateWrite { instance: sent[0].id, expected: None, new: Some(Bytes::from_static(b"{}")) };
    assert_eq!(bench.commit(Step { state: vec![state], ..emitting(Vec::new()) }).await, committed());
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    (bench, sent)
}

fn change(path: &Path, sql: &str) {
    let database = rusqlite::Connection::open(path.join("iop.db")).expect("a database");
    database.execute_batch(sql).expect("it can be changed");
}

fn check(path: &Path) -> Check {
    keeping::check(path).expect("the store can be checked")
}

async fn stored(store: &dyn Viewer) -> BTreeSet<MessageId> {
    let query = MessageQuery { limit: 100_000, ..MessageQuery::default() };
    store.query(query).await.expect("the store can be read").iter().map(|header| header.id).collect()
}

#[tokio::test]
async fn a_sound_store_is_found_sound_and_is_not_changed_by_looking() {
    let (bench, _) = worked().await;
    let before = fs::read(bench.path().join("iop.db")).expect("a file");
    let check = check(&bench.path());
    assert!(check.is_sound(), "{check:#?}");
    assert_eq!((check.messages, check.states), (20, 1));
    assert_eq!(fs::read(bench.path().join("iop.db")).expect("a file"), before);
}

#[tokio::test]
async fn the_books_balance_and_name_each_item_and_state() {
    let (mut bench, sent) = worked().await;
    let audit = keeping::audit(&bench.path()).expect("the books can be read");
    assert!(audit.is_balanced(), "{audit:#?}");
    let [out] = audit.items.as_slice() else { panic!("one item: {audit:#?}") };
    assert_eq!(out.item.as_deref(), Some("out"));
    // The retrying one became due with the clean close.
    let counts = [out.queued, out.in_flight, out.retrying, out.suspended, out.completed, out.discarded, out.expired];
    assert_eq!(counts, [17, 0, 0, 1, 1, 0, 1]);
    bench.open();
    bench.wait(1);
    let state = StateWrite { instance: sent[0].id, expected: Some(1), new: None };
    assert_eq!(bench.commit(Step { state: vec![state], ..emitting(Vec::new()) }).await, committed());
    assert_eq!(bench.purge(100).await, 2);
    let audit = keeping::audit(&bench.path()).expect("the books can be read beside the store at work");
    assert_eq!((audit.accepted, audit.purged, audit.stored), (20, 2, 18));
    assert!(audit.is_balanced());
}

#[tokio::test]
async fn a_message_that_disappeared_without_a_purge_is_missed_by_the_books() {
    let (bench, sent) = worked().await;
    let gone = |table: &str| format!("DELETE FROM {table} WHERE sequence = 7;");
    change(&bench.path(), &["message", "body", "key"].map(gone).concat());
    let audit = keeping::audit(&bench.path()).expect("the books can be read");
    assert_eq!((audit.accepted, audit.stored), (sent.len() as u64, sent.len() as u64 - 1));
    assert!(!audit.is_balanced());
    assert!(!check(&bench.path()).is_sound());
}

#[tokio::test]
async fn what_hangs_loose_is_counted() {
    let (bench, _) = worked().await;
    change(
        &bench.path(),
        "DELETE FROM body WHERE sequence = 3;
         INSERT INTO body VALUES (100, 0, '{}'), (101, 0, '{}');
         INSERT INTO key VALUES (1, 'x', 100);
         INSERT INTO blob VALUES (zeroblob(32), 100, NULL);",
    );
    let orphans = keeping::audit(&bench.path()).expect("the books can be read").orphans;
    assert_eq!((orphans.messages_without_body, orphans.bodies, orphans.keys, orphans.blobs), (1, 2, 1, 1));
}

#[tokio::test]
async fn a_check_names_what_is_damaged() {
    let (bench, sent) = worked().await;
    change(
        &bench.path(),
        "UPDATE body SET body = '{}' WHERE sequence = 5;
         UPDATE message SET position = 3 WHERE sequence = 6;
         UPDATE state SET data = '[]';",
    );
    let check = check(&bench.path());
    assert!(!check.is_sound());
    let found: Vec<_> = check.damage.iter().map(|damage| (damage.what, damage.id.clone())).collect();
    let (fifth, sixth) = (sent[4].id.to_string(), sent[5].id.to_string());
    assert_eq!(found, [("message", fifth), ("message", sixth), ("state", sent[0].id.to_string())]);
}

#[tokio::test]
async fn a_backup_taken_at_work_is_whole_held_and_a_history_of_its_own() {
    let mut bench = Sqlite::new();
    let before = messages(50);
    bench.emit(before.clone()).await;
    let blobs = bench.store().blobs();
    let blob = blobs.write(Box::pin(&b"a content"[..])).await.expect("the content is written");
    let referring = NewMessage { body: serde_json::to_vec(&blob).expect("JSON").into(), ..message() };
    bench.emit(vec![referring.clone()]).await;
    let held = bench.lease(1).await;
    let start = Step { start: vec![(held[0].token, bench.clock_now())], ..Step::default() };
    assert_eq!(bench.commit(start).await, committed());
    let _flight = bench.store().attempting(held[0].token.message);
    let places = tempfile::tempdir().expect("a directory");
    let to = places.path().join("deep/copy");
    let (path, at) = (bench.path(), to.clone());
    let taking = tokio::task::spawn_blocking(move || keeping::backup(&path, &at, &keeper()));
    while !taking.is_finished() {
        bench.emit(messages(5)).await;
    }
    let backup = taking.await.expect("it ends").expect("the backup is taken");
    assert!(backup.check.is_sound(), "{backup:#?}");
    assert_eq!(backup.copied.blobs, 1);
    assert!(matches!(keeping::backup(&bench.path(), &to, &keeper()), Err(KeepingError::Taken(_))));

    let epoch = bench.store().epoch();
    let copy = SqliteStore::open(&to, Arc::new(SystemClock)).expect("the copy opens");
    assert!(copy.epoch() > epoch);
    let stored = stored(&*copy).await;
    assert!(ids(&before).iter().all(|id| stored.contains(id)), "what was acknowledged before is there");
    let of_the_copy = Held::of(&*copy).await.expect("the copy can be read").expect("it is held");
    assert_eq!((of_the_copy.copy_of.clone(), &*of_the_copy.by), (bench.path(), "ann"));
    let in_flight = copy.find(held[0].message.header.id).await.expect("the copy can be read").expect("it is there");
    assert_eq!((in_flight.header.status, in_flight.header.crashes), (Status::Queued, 0));
    assert_eq!(copy.close().await, Ok(()));
    drop(copy);

    // The tip of the one does not fit the other.
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    fs::copy(bench.path().join("tip"), to.join("tip")).expect("a file");
    assert!(matches!(SqliteStore::open(&to, Arc::new(SystemClock)), Err(OpenError::LostTail { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_released_once_and_both_logs_say_by_whom() {
    let (bench, _) = worked().await;
    let places = tempfile::tempdir().expect("a directory");
    let to = places.path().join("copy");
    keeping::backup(&bench.path(), &to, &keeper()).expect("the backup is taken");
    let release = |path: std::path::PathBuf| async {
        tokio::task::spawn_blocking(move || keeping::release(&path, &keeper())).await.expect("it ends")
    };
    assert!(matches!(release(to.clone()).await, Ok(true)));
    assert!(matches!(release(to.clone()).await, Ok(false)));
    let store = SqliteStore::open(&to, Arc::new(SystemClock)).expect("the copy opens");
    assert_eq!(Held::of(&*store).await, Ok(None));
    let events = store.events(EventQuery::default()).await.expect("the log can be read");
    assert!(events.iter().any(|event| event.text.contains("released, by ann")), "{events:#?}");
    let acts = store.audit(AuditQuery::default()).await.expect("the log can be read");
    assert_eq!((&*acts[0].action, &*acts[0].who), ("store.release", "ann"));
}

async fn saved(bench: &Sqlite, to: &Path) -> Salvage {
    let (path, to) = (bench.path(), to.to_owned());
    let saving = tokio::task::spawn_blocking(move || keeping::salvage(&path, &to, &keeper()));
    saving.await.expect("it ends").expect("something can be saved")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salvage_copies_every_sound_row_and_says_what_it_left() {
    let (bench, sent) = worked().await;
    change(
        &bench.path(),
        "UPDATE body SET body = '{}' WHERE sequence = 5;
         UPDATE message SET position = 3 WHERE sequence = 6;",
    );
    let before = fs::read(bench.path().join("iop.db")).expect("a file");
    let places = tempfile::tempdir().expect("a directory");
    let to = places.path().join("saved");
    let salvage = saved(&bench, &to).await;
    assert_eq!((salvage.copied.messages, salvage.copied.states), (19, 1), "{salvage:#?}");
    assert_eq!(salvage.left_behind.missing, Some(0));
    let left: Vec<_> = salvage.left_behind.damaged.iter().map(|damage| damage.id.clone()).collect();
    assert_eq!(left, [sent[4].id.to_string(), sent[5].id.to_string()]);
    assert_eq!(fs::read(bench.path().join("iop.db")).expect("a file"), before, "the old one stays as it is");

    let store = SqliteStore::open(&to, Arc::new(SystemClock)).expect("the new store opens");
    let expected: BTreeSet<_> = ids(&sent).into_iter().filter(|id| *id != sent[5].id).collect();
    assert_eq!(stored(&*store).await, expected);
    assert!(store.find(sent[4].id).await.is_err(), "a damaged body is visible as that");
    assert!(store.load_state(sent[0].id).await.expect("the state is sound").is_some());
    let by_key = MessageQuery { key: Some(("number".into(), "9".into())), ..MessageQuery::default() };
    assert_eq!(store.query(by_key).await.expect("the store can be read")[0].id, sent[9].id);
    assert_eq!(store.close().await, Ok(()));
    drop(store);
    let audit = keeping::audit(&to).expect("the books can be read");
    assert!(audit.is_balanced(), "{audit:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salvage_does_without_the_first_page() {
    let (bench, sent) = worked().await;
    let mut bytes = fs::read(bench.path().join("iop.db")).expect("a file");
    bytes[..4096].fill(0);
    fs::write(bench.path().join("iop.db"), &bytes).expect("a file");
    let error = SqliteStore::open(&bench.path(), Arc::new(SystemClock)).expect_err("the store is refused");
    assert!(error.to_string().contains("is not a message store"), "{error}");
    let places = tempfile::tempdir().expect("a directory");
    let to = places.path().join("saved");
    let salvage = saved(&bench, &to).await;
    assert_eq!((salvage.copied.messages, salvage.left_behind.missing), (sent.len() as u64, Some(0)), "{salvage:#?}");
    assert!(salvage.left_behind.unreadable[0].contains("the first page"), "{salvage:#?}");
    assert_eq!(fs::read(bench.path().join("iop.db")).expect("a file"), bytes, "the old one stays as it is");
    let store = SqliteStore::open(&to, Arc::new(SystemClock)).expect("the new store opens");
    assert_eq!(stored(&*store).await, ids(&sent).into_iter().collect());
    assert_eq!(store.close().await, Ok(()));
    assert!(!to.join("old").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_salvage_comes_past_pages_that_cannot_be_read() {
    let mut bench = Sqlite::new();
    let sent = messages(3000);
    bench.emit(sent.clone()).await;
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    // Leaf pages of the tables of messages and bodies, in the middle.
    let pages: Vec<u64> = {
        let database = rusqlite::Connection::open(bench.path().join("iop.db")).expect("a database");
        let root = |name: &str| -> u64 {
            let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
            database.query_row(sql, (name,), |row| row.get::<_, i64>(0)).expect("a table").cast_unsigned()
        };
        let (message, body) = (root("message"), root("body"));
        drop(database);
        let bytes = fs::read(bench.path().join("iop.db")).expect("a file");
        [message, body].map(|root| middle_leaf(&bytes, root)).to_vec()
    };
    let mut bytes = fs::read(bench.path().join("iop.db")).expect("a file");
    for page in pages {
        let at = usize::try_from((page - 1) * 4096).expect("a small file");
        bytes[at..at + 4096].fill(0xff);
    }
    fs::write(bench.path().join("iop.db"), bytes).expect("a file");
    assert!(!check(&bench.path()).is_sound());
    let places = tempfile::tempdir().expect("a directory");
    let salvage = saved(&bench, &places.path().join("saved")).await;
    assert!(!salvage.left_behind.unreadable.is_empty());
    let share = salvage.copied.messages as f64 / sent.len() as f64;
    assert!(share > 0.98, "{share}: {:#?}", salvage.left_behind.unreadable);
    let store = SqliteStore::open(&places.path().join("saved"), Arc::new(SystemClock)).expect("the new store opens");
    assert_eq!(stored(&*store).await.len() as u64, salvage.copied.messages);
}

/// The page of a leaf in the middle below an inner page of a table.
fn middle_leaf(bytes: &[u8], page: u64) -> u64 {
    let at = usize::try_from((page - 1) * 4096).expect("a small file");
    let kind = bytes[at];
    if kind == 13 {
        return page;
    }
    assert_eq!(kind, 5, "an inner page of a table");
    let cells = u16::from_be_bytes([bytes[at + 3], bytes[at + 4]]);
    let pointer = at + 12 + usize::from(cells / 2) * 2;
    let cell = at + usize::from(u16::from_be_bytes([bytes[pointer], bytes[pointer + 1]]));
    let child = u32::from_be_bytes(bytes[cell..cell + 4].try_into().expect("four bytes"));
    middle_leaf(bytes, child.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loss_is_accepted_by_somebody_and_the_files_are_kept() {
    let mut bench = Sqlite::new();
    let kept = messages(3);
    bench.emit(kept.clone()).await;
    bench.crash();
    let old = fs::read(bench.path().join("iop.db-wal")).expect("the log");
    bench.open();
    bench.emit(messages(4)).await;
    bench.crash();
    // Cut to what it was before.
    let log = bench.path().join("iop.db-wal");
    fs::write(&log, &old).expect("the log");
    let opened = SqliteStore::open(&bench.path(), Arc::new(SystemClock));
    let Err(OpenError::LostTail { lost, .. }) = opened else { panic!("{opened:?}") };
    assert_eq!((lost.first_sequence, lost.last_sequence), (4, 7));
    let path = bench.path();
    assert_eq!(keeping::find_loss(&path).expect("the store can be read"), Some(lost));
    assert!(!check(&path).is_sound());
    let act = move || keeping::accept_loss(&path, &keeper());
    let accepted = tokio::task::spawn_blocking(act).await.expect("it ends").expect("it is accepted");
    let accepted = accepted.expect("something is lost");
    assert_eq!(accepted.lost, lost);
    assert_eq!(fs::read(accepted.kept.join("iop.db-wal")).expect("the log"), old);

    let store = SqliteStore::open(&bench.path(), Arc::new(SystemClock)).expect("the store goes on");
    assert_eq!(stored(&*store).await, ids(&kept).into_iter().collect());
    let events = store.events(EventQuery::default()).await.expect("the log can be read");
    assert!(events.iter().any(|event| event.text.contains("sequences 4 to 7")), "{events:#?}");
    let acts = store.audit(AuditQuery::default()).await.expect("the log can be read");
    assert_eq!((&*acts[0].action, &*acts[0].who), ("store.accept_loss", "ann"));
    assert_eq!(store.close().await, Ok(()));
    drop(store);
    assert_eq!(keeping::find_loss(&bench.path()).expect("the store can be read"), None);
}

#[tokio::test]
async fn a_log_that_was_deleted_is_a_loss() {
    let mut bench = Sqlite::new();
    let handed = NewMessage { leased: Some(NODE), ..message() };
    bench.emit(vec![handed]).await;
    bench.crash();
    fs::remove_file(bench.path().join("iop.db-wal")).expect("the log");
    let opened = SqliteStore::open(&bench.path(), Arc::new(SystemClock));
    assert!(matches!(opened, Err(OpenError::LostTail { .. })), "{opened:?}");
}
