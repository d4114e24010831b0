//! A full disk: what is under way is stored, what is new is refused, and it goes on by itself when there is room.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use iop::clock::SystemClock;
use iop::store::sqlite::{Fault, SqliteOptions, SqliteStore};
use iop::store::{End, MessageQuery, NewMessage, Step, Store, StoreError, Viewer};
use iop_tests::small_disk::SmallDisk;

use crate::bench::{committed, emitting, ids, message, messages, request};

const BALLAST: u64 = 1 << 20;

fn open(path: &Path) -> Arc<SqliteStore> {
    let options = SqliteOptions::default().with_ballast(BALLAST);
    SqliteStore::open_with(path, Arc::new(SystemClock), options).expect("the store opens")
}

fn ballast(path: &Path) -> u64 {
    fs::metadata(path.join("ballast")).map_or(0, |metadata| metadata.len())
}

/// A message that takes room.
fn large() -> NewMessage {
    NewMessage { body: vec![b'1'; 100 << 10].into(), ..message() }
}

#[tokio::test]
async fn the_ballast_lies_there_from_the_beginning_and_takes_its_room() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("store");
    let store = open(&path);
    assert_eq!(ballast(&path), BALLAST);
    assert!(!store.is_short_of_space());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let blocks = fs::metadata(path.join("ballast")).expect("a file").blocks();
        assert!(blocks * 512 >= BALLAST, "{blocks} blocks: a file without its room is no ballast");
    }
}

#[tokio::test]
async fn a_store_without_room_throws_its_ballast_off_and_takes_it_in_again() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("store");
    let store = open(&path);
    store.inject(Fault::NoSpace);
    let error = store.submit(emitting(messages(1))).commit.wait().await.expect_err("there is no room");
    assert!(matches!(error, StoreError::NotStored(_)), "{error}");
    assert!(store.is_short_of_space());
    assert_eq!(ballast(&path), 0);
    assert_eq!(store.recover().await, Ok(()));
    // There is room in truth.
    store.tend();
    assert!(!store.is_short_of_space());
    assert_eq!(ballast(&path), BALLAST);
}

#[tokio::test]
async fn on_a_full_disk_what_is_under_way_is_stored_and_nothing_acknowledged_is_lost() {
    let place = tempfile::tempdir().expect("a directory");
    let Some(disk) = SmallDisk::at(place.path(), 24) else { return };
    let path = place.path().join("store");
    let store = open(&path);
    let under_way = messages(50);
    let mut acknowledged = ids(&under_way);
    assert_eq!(store.submit(emitting(under_way)).commit.wait().await, Ok(committed()));
    disk.fill("filler");
    store.tend();
    assert!(store.is_short_of_space(), "it is noticed before anything fails");
    assert_eq!(ballast(&path), 0);
    let held = store.lease(request(50)).await.expect("the store works").leased;
    assert_eq!(held.len(), 50);
    for held in &held {
        let done = Step { end: vec![(held.token, End::Completed)], ..emitting(messages(1)) };
        acknowledged.extend(ids(&done.emit));
        assert_eq!(store.submit(done).commit.wait().await, Ok(committed()), "what is under way is completed");
    }
    // Who does not ask whether there is room comes to the end of it, and is told the truth.
    let refused = loop {
        let message = large();
        match store.submit(emitting(vec![message.clone()])).commit.wait().await {
            Ok(_) => acknowledged.push(message.id),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::NotStored(_)), "{refused}");
    disk.free("filler");
    let began = std::time::Instant::now();
    while store.is_short_of_space() {
        store.tend();
        assert!(began.elapsed() < Duration::from_secs(60), "there is room");
    }
    assert_eq!(store.recover().await, Ok(()));
    assert_eq!(ballast(&path), BALLAST);
    let after = message();
    assert_eq!(store.submit(emitting(vec![after.clone()])).commit.wait().await, Ok(committed()));
    acknowledged.push(after.id);
    for id in acknowledged {
        assert!(store.find(id).await.expect("the store works").is_some(), "{id} was acknowledged");
    }
    let query = MessageQuery { limit: 10_000, ..MessageQuery::default() };
    assert!(store.query(query).await.is_ok());
    assert_eq!(store.close().await, Ok(()));
    drop(store);
    drop(disk);
}

#[tokio::test]
async fn a_damaged_database_is_said_so_and_not_written_to_any_more() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("store");
    let store = open(&path);
    assert_eq!(store.submit(emitting(messages(3))).commit.wait().await, Ok(committed()));
    store.inject(Fault::Damage);
    let error = store.submit(emitting(messages(1))).commit.wait().await.expect_err("it is damaged");
    assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
    let files = || ["iop.db", "iop.db-wal", "tip"].map(|name| fs::read(path.join(name)).expect("a file"));
    let before = files();
    assert_eq!(store.close().await, Ok(()));
    drop(store);
    assert!(files() == before, "left as it was found");
}
