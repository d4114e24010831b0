//! The store directory: whose it is, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use iop::clock::{SystemClock, Timestamp};
use iop::message::{Status, SuspendReason};
use iop::store::sqlite::{OpenError, SqliteStore};
use iop::store::{
    Admin, End, Event, EventQuery, LeaseOrder, LeaseRequest, Level, MessageQuery, NewMessage, Step, Store, Viewer,
};

use iop_tests::broken::{self, Before};
use iop_tests::small_disk::SmallDisk;

use crate::bench::{Bench, NODE, Sqlite, committed, emitting, ids, leased, message, messages, request};

/// Opens a store that is expected to be refused.
fn refused(path: &Path) -> OpenError {
    SqliteStore::open(path, Arc::new(SystemClock)).expect_err("the store is refused")
}

/// The bytes of every file that matters: not the lock, and of the log neither its index, which any reader rebuilds, nor that
/// it is there and empty.
fn contents(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = fs::read_dir(path).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a plain name"));
    names
        .filter(|name| name != "engine.lock" && name != "iop.db-shm")
        .map(|name| (name.clone(), fs::read(path.join(name)).expect("a file")))
        .filter(|(name, bytes)| name != "iop.db-wal" || !bytes.is_empty())
        .collect()
}

/// Puts earlier contents back.
fn restore(path: &Path, contents: &BTreeMap<String, Vec<u8>>) {
    fs::remove_dir_all(path).expect("a directory");
    fs::create_dir(path).expect("a directory");
    for (name, bytes) in contents {
        fs::write(path.join(name), bytes).expect("a file");
    }
}

#[test]
fn a_second_opener_is_refused_and_told_who_holds_the_store() {
    let bench = Sqlite::new();
    let error = refused(&bench.path());
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    let holder = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
}

#[tokio::test]
async fn a_store_is_free_once_it_is_closed_or_dropped() {
    let mut bench = Sqlite::new();
    let held = bench.sqlite().clone();
    assert_eq!(held.close().await, Ok(()));
    bench.open();
    drop(held);
    bench.reopen().await;
    bench.emit(messages(1)).await;
}

#[test]
fn a_new_store_is_readable_by_its_owner_alone_and_leaves_nothing_beside_it() {
    let parent = tempfile::tempdir().expect("a directory");
    let path = parent.path().join("deep/store");
    let store = SqliteStore::open(&path, Arc::new(SystemClock)).expect("the store opens");
    let beside: Vec<_> = fs::read_dir(parent.path().join("deep")).expect("a directory").collect();
    assert_eq!(beside.len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        for entry in fs::read_dir(&path).expect("a directory") {
            let file = entry.expect("an entry").path();
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }
    drop(store);
}

#[test]
fn an_empty_directory_becomes_a_store() {
    let dir = tempfile::tempdir().expect("a directory");
    drop(SqliteStore::open(dir.path(), Arc::new(SystemClock)).expect("the store opens"));
    drop(SqliteStore::open(dir.path(), Arc::new(SystemClock)).expect("the store opens again"));
}

#[test]
fn what_is_not_a_store_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("photos");
    fs::create_dir(&path).expect("a directory");
    fs::write(path.join("cat.jpg"), b"meow").expect("a file");
    let check = |path: &Path| {
        let before = contents(path);
        let error = refused(path);
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
        let error = SqliteStore::open_read_only(path).expect_err("the store is refused");
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
        assert!(contents(path) == before, "the files were changed");
        assert!(!path.join("engine.lock").exists());
    };
    check(&path);
    fs::write(path.join("iop.db"), b"my notes").expect("a file");
    check(&path);
    fs::remove_file(path.join("iop.db")).expect("a file");
    let foreign = rusqlite::Connection::open(path.join("iop.db")).expect("a database");
    foreign.execute_batch("CREATE TABLE cats (name TEXT); INSERT INTO cats VALUES ('Tom');").expect("a table");
    drop(foreign);
    check(&path);
    let file = path.join("cat.jpg");
    assert!(matches!(refused(&file), OpenError::NotAStore { .. }));
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).expect("a directory");
    assert!(matches!(SqliteStore::open_read_only(&empty), Err(OpenError::NotAStore { .. })));
    assert_eq!(fs::read_dir(&empty).expect("a directory").count(), 0, "only an opening to be written makes a store");
    assert!(matches!(SqliteStore::open_read_only(&dir.path().join("nowhere")), Err(OpenError::NotAStore { .. })));
    assert!(!dir.path().join("nowhere").exists());
}

#[tokio::test]
async fn what_cannot_be_opened_is_refused_in_one_line_and_left_byte_for_byte() {
    for case in broken::ALL {
        let mut bench = Sqlite::new();
        for message in messages(20) {
            bench.emit(vec![message]).await;
        }
        if case.before == Before::Closed {
            assert_eq!(bench.store().close().await, Ok(()));
        }
        bench.crash();
        let path = bench.path();
        if case.before == Before::Nothing {
            fs::remove_dir_all(&path).expect("a directory");
            fs::create_dir(&path).expect("a directory");
        }
        (case.spoil)(&path);
        let before = broken::files(&path);
        for _ in 0..2 {
            let error = refused(&path).to_string();
            assert!(error.contains(case.says) && !error.contains('\n'), "{}: {error}", case.name);
            let after = broken::files(&path);
            assert!(after == before, "{}: {:?}", case.name, broken::changed(&before, &after));
        }
    }
}

#[tokio::test]
async fn a_store_that_may_only_be_read_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let Some(disk) = SmallDisk::at(&dir.path().join("disk"), 16) else { return };
    let path = dir.path().join("disk/store");
    let store = SqliteStore::open(&path, Arc::new(SystemClock)).expect("the store opens");
    assert_eq!(store.close().await, Ok(()));
    drop(store);
    disk.protect();
    let before = broken::files(&path);
    for place in [path.clone(), dir.path().join("disk/new")] {
        let error = refused(&place);
        assert!(matches!(error, OpenError::Io { .. }), "{error}");
        assert!(error.to_string().contains("Read-only file system"), "{error}");
    }
    assert!(broken::files(&path) == before);
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_alone() {
    let mut bench = Sqlite::new();
    bench.emit(messages(3)).await;
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    let database = rusqlite::Connection::open(bench.path().join("iop.db")).expect("a database");
    database.pragma_update(None, "user_version", 1000).expect("a number");
    drop(database);
    let before = contents(&bench.path());
    let error = refused(&bench.path());
    assert!(matches!(error, OpenError::NewerFormat { found: 1000, .. }), "{error}");
    assert!(error.to_string().contains("1000"), "{error}");
    assert!(matches!(SqliteStore::open_read_only(&bench.path()), Err(OpenError::NewerFormat { .. })));
    assert!(contents(&bench.path()) == before, "the files were changed");
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_noticed() {
    let mut bench = Sqlite::new();
    let kept = message();
    bench.emit(vec![kept.clone()]).await;
    bench.crash();
    let old = contents(&bench.path());
    bench.open();
    bench.emit(messages(5)).await;
    bench.crash();
    let mut mixed = contents(&bench.path());
    mixed.retain(|name, _| name == "tip");
    mixed.extend(old.into_iter().filter(|(name, _)| name != "tip"));
    restore(&bench.path(), &mixed);

    let error = refused(&bench.path());
    let OpenError::LostTail { lost, .. } = &error else { panic!("{error}") };
    // The second opening made one commit of its own, and the messages another.
    assert_eq!(lost.last_commit - lost.first_commit, 1, "{error}");
    assert_eq!((lost.first_sequence, lost.last_sequence), (2, 6), "{error}");
    assert!(contents(&bench.path()) == mixed, "the files were changed");

    fs::remove_file(bench.path().join("tip")).expect("a file");
    bench.open();
    assert_eq!(bench.query(MessageQuery::default()).await, [kept.id], "somebody decided to go on without them");
}

#[tokio::test]
async fn a_log_with_more_damage_than_a_bit_is_noticed_and_kept() {
    let mut bench = Sqlite::new();
    for message in messages(20) {
        bench.emit(vec![message]).await;
    }
    bench.crash();
    let mut damaged = contents(&bench.path());
    let log = damaged.get_mut("iop.db-wal").expect("a crash leaves the log");
    let middle = log.len() / 2;
    // Of two frames at least, so that none of them is followed by one that fits it.
    log[middle..middle + 8_000].fill(0xaa);
    restore(&bench.path(), &damaged);
    let error = refused(&bench.path());
    assert!(matches!(error, OpenError::LostTail { .. }), "{error}");
    assert!(contents(&bench.path()) == damaged, "what stands behind the damage can still be searched");
}

#[tokio::test]
async fn another_history_of_the_same_length_is_noticed() {
    let mut bench = Sqlite::new();
    bench.crash();
    let origin = contents(&bench.path());
    let mut histories = Vec::new();
    for _ in 0..2 {
        restore(&bench.path(), &origin);
        bench.open();
        bench.emit(messages(1)).await;
        bench.crash();
        histories.push(contents(&bench.path()));
    }
    let mut mixed = histories[0].clone();
    mixed.insert("tip".to_owned(), histories[1]["tip"].clone());
    restore(&bench.path(), &mixed);
    assert!(matches!(refused(&bench.path()), OpenError::LostTail { .. }));
}

#[tokio::test]
async fn a_tip_that_was_written_by_half_is_no_reason_to_refuse() {
    let mut bench = Sqlite::new();
    let sent = messages(3);
    bench.emit(sent.clone()).await;
    bench.crash();
    let whole = fs::read(bench.path().join("tip")).expect("the tip");
    for slot in [0, 64] {
        let mut torn = whole.clone();
        torn[slot + 5..slot + 64].fill(0xaa);
        fs::write(bench.path().join("tip"), torn).expect("the tip");
        bench.open();
        bench.crash();
    }
    bench.open();
    assert_eq!(bench.query(MessageQuery::default()).await, ids(&sent));
}

#[tokio::test]
async fn a_body_that_is_not_what_was_written_is_suspended_and_never_delivered() {
    let mut bench = Sqlite::new();
    let sent = messages(3);
    bench.emit(sent.clone()).await;
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    let database = rusqlite::Connection::open(bench.path().join("iop.db")).expect("a database");
    let changed = database.execute(
        "UPDATE body SET body = replace(body, 'world', 'moon') WHERE sequence = (SELECT sequence FROM message WHERE id = ?1)",
        (sent[1].id.to_bytes(),),
    );
    assert_eq!(changed, Ok(1));
    drop(database);
    bench.open();
    // It does not stand in for a sound one either: who asks for two gets two, and knows that there may be more.
    assert_eq!(leased(&bench.lease(2).await), [sent[0].id, sent[2].id]);
    let query = MessageQuery { status: Some(Status::Suspended), ..MessageQuery::default() };
    let headers = bench.store().query(query).await.expect("the header is sound");
    assert_eq!(headers.len(), 1);
    assert_eq!((headers[0].id, headers[0].reason), (sent[1].id, Some(SuspendReason::Corrupt)));
    assert!(headers[0].error.is_some());
    assert!(bench.store().find(sent[1].id).await.is_err(), "its body is not shown as if it were sound");
}

/// Parks its order key while it is suspended.
fn parking(key: &str) -> NewMessage {
    NewMessage { parks: true, order_key: Some(key.into()), ..message() }
}

#[tokio::test]
async fn a_message_that_crashes_the_process_parks_its_key() {
    let mut bench = Sqlite::new();
    let by_key = LeaseRequest { order: LeaseOrder::Key, with_parked: true, ..request(10) };
    let a: Vec<_> = (0..3).map(|_| parking("a")).collect();
    let b = parking("b");
    // All of them in memory, as after a quick burst.
    let handed = a.iter().chain([&b]).map(|message| NewMessage { leased: Some(NODE), ..message.clone() });
    let receipt = bench.store().submit(emitting(handed.collect()));
    assert_eq!(receipt.commit.wait().await, Ok(committed()));
    let mut token = receipt.leases[0].expect("handed over");
    for _ in 0..3 {
        let _flight = bench.store().attempting(token.message);
        bench.reopen().await;
        let held = bench.lease_as(by_key.clone()).await;
        if held.parked.is_empty() {
            assert_eq!(leased(&held.leased), [a[0].id, a[1].id, a[2].id, b.id]);
            token = held.leased[0].token;
        } else {
            assert_eq!(leased(&held.leased), [b.id]);
            assert_eq!(held.parked[0].message, a[0].id);
        }
    }
    assert_eq!(bench.header(a[0].id).await.reason, Some(SuspendReason::CrashSuspect));
    assert_eq!(bench.store().admin(Admin::Resume(a[0].id)).await, Ok(true));
    let held = bench.lease_as(by_key.clone()).await.leased;
    assert_eq!(leased(&held), [a[0].id]);
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
    assert_eq!(leased(&bench.lease_as(by_key).await.leased), [a[1].id, a[2].id]);
}

#[tokio::test]
async fn a_damaged_message_parks_its_key_and_what_was_found_behind_it_waits() {
    let mut bench = Sqlite::new();
    let by_key = LeaseRequest { order: LeaseOrder::Key, ..request(10) };
    let a: Vec<_> = (0..3).map(|_| parking("a")).collect();
    let b = parking("b");
    let handed = a.iter().chain([&b]).map(|message| NewMessage { leased: Some(NODE), ..message.clone() });
    bench.emit(handed.collect()).await;
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    let database = rusqlite::Connection::open(bench.path().join("iop.db")).expect("a database");
    let damage = "UPDATE body SET body = body || ' ' WHERE sequence = (SELECT sequence FROM message WHERE id = ?1)";
    assert_eq!(database.execute(damage, (a[1].id.to_bytes(),)), Ok(1));
    drop(database);
    bench.open();
    let batch = bench.lease_as(by_key).await;
    assert_eq!(leased(&batch.leased), [a[0].id, b.id]);
    assert_eq!(batch.parked.iter().map(|parked| parked.message).collect::<Vec<_>>(), [a[1].id]);
    assert_eq!(bench.status(a[2].id).await, Status::Queued);
    for held in batch.leased {
        assert_eq!(bench.end(held.token, End::Completed).await, committed());
    }
    assert!(bench.lease(10).await.is_empty(), "it waits for a person");
}

#[tokio::test]
async fn a_clean_close_leaves_one_file_and_nothing_in_flight() {
    let mut bench = Sqlite::new();
    let sent = messages(2);
    bench.emit(sent.clone()).await;
    let held = bench.lease(1).await;
    let start = Step { start: vec![(held[0].token, bench.clock_now())], ..Step::default() };
    assert_eq!(bench.commit(start).await, committed());
    assert_eq!(bench.store().close().await, Ok(()));
    bench.crash();
    let log = contents(&bench.path()).get("iop.db-wal").map_or(0, Vec::len);
    assert_eq!(log, 0, "all of it is in the database");
    bench.open();
    let header = bench.header(sent[0].id).await;
    assert_eq!((header.status, header.crashes), (Status::Queued, 0));
}

#[tokio::test]
async fn a_viewer_reads_beside_the_engine() {
    let bench = Sqlite::new();
    let viewer = SqliteStore::open_read_only(&bench.path()).expect("the store opens");
    let mut seen = Vec::new();
    for message in messages(5) {
        bench.emit(vec![message.clone()]).await;
        seen.push(message.id);
        let query = MessageQuery { oldest_first: true, ..MessageQuery::default() };
        let headers = viewer.query(query).await.expect("the viewer reads");
        assert_eq!(headers.iter().map(|header| header.id).collect::<Vec<_>>(), seen);
        assert_eq!(
            viewer.find(message.id).await.expect("the viewer reads").map(|found| found.body),
            Some(message.body)
        );
    }
    assert_eq!(viewer.queues().await, bench.store().queues().await);
    assert_eq!(viewer.queues().await.expect("the viewer reads")[0].queued, 5);
    assert_eq!(viewer.events(EventQuery::default()).await, Ok(Vec::new()));
    let held = bench.lease_as(request(1)).await.leased;
    assert_eq!(bench.end(held[0].token, End::Completed).await, committed());
}

#[tokio::test]
async fn the_event_log_keeps_its_latest_lines() {
    let bench = Sqlite::new();
    let event = |number: usize| Event {
        number: 0,
        time: Timestamp(0),
        level: Level::Info,
        item: None,
        session: None,
        message: None,
        module: String::new(),
        text: number.to_string(),
    };
    bench.store().append_events((1..=102_400).map(event).collect());
    bench.emit(messages(1)).await;
    let oldest = EventQuery { oldest_first: true, limit: 1, ..EventQuery::default() };
    let oldest = bench.store().events(oldest).await.expect("the store works");
    assert_eq!(oldest[0].text, "2401", "100,000 are kept");
    let latest = bench.store().events(EventQuery::default()).await.expect("the store works");
    assert_eq!(latest[0].text, "102400");
}
