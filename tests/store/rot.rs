//! Bits that turn round on the disk: turned back where they prove themselves, and otherwise no message is hidden by them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use iop::clock::SystemClock;
use iop::message::Status;
use iop::store::sqlite::{OpenError, SqliteStore};
use iop::store::{EventQuery, MessageQuery, NewMessage};

use iop_tests::broken;

use crate::bench::{Bench, Sqlite, ids, leased, message, messages};

/// Messages in a store that is to rot.
const MESSAGES: usize = 12;

/// The files of a store, each message in a commit of its own; closed, or as a crash leaves it.
async fn stored(bench: &mut Sqlite, closed: bool) -> (Vec<NewMessage>, BTreeMap<String, Vec<u8>>) {
    let sent = messages(MESSAGES);
    for message in &sent {
        bench.emit(vec![message.clone()]).await;
    }
    if closed {
        assert_eq!(bench.store().close().await, Ok(()));
    }
    bench.crash();
    (sent, broken::files(&bench.path()))
}

fn restore(path: &Path, files: &BTreeMap<String, Vec<u8>>) {
    fs::remove_dir_all(path).expect("a directory");
    fs::create_dir(path).expect("a directory");
    for (name, bytes) in files {
        fs::write(path.join(name), bytes).expect("a file");
    }
}

/// What the event log says of the files.
async fn told(bench: &Sqlite) -> Vec<String> {
    let events = bench.store().events(EventQuery::default()).await.expect("the store works");
    events.into_iter().filter(|event| &*event.module == "iop::store").map(|event| event.text).collect()
}

/// Where a table or an index begins.
fn root_of(path: &Path, name: &str) -> usize {
    let database = rusqlite::Connection::open(path.join("iop.db")).expect("a database");
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: u32 = database.query_row(sql, (name,), |row| row.get(0)).expect("it is there");
    (page as usize - 1) * 4096
}

#[tokio::test]
async fn no_bit_of_the_log_costs_a_message() {
    let mut bench = Sqlite::new();
    let (sent, files) = stored(&mut bench, false).await;
    let log = files["iop.db-wal"].len();
    let mut suspended = 0;
    // Every part of a frame comes up: its head, its checksum, its page; and the header of the log.
    let places = (0..40).map(|step| step * (log / 40) + step * 7).chain([0, 6, 9, 13, 17, 22, 25, 31, 33, 41, 47, 50]);
    for (at, bit) in places.zip((0..8).cycle()).filter(|(at, _)| *at < log) {
        let mut rotten = files.clone();
        rotten.get_mut("iop.db-wal").expect("a crash leaves the log")[at] ^= 1 << bit;
        restore(&bench.path(), &rotten);
        bench.open();
        let delivered = leased(&bench.lease(100).await);
        let waiting = bench.query(MessageQuery { status: Some(Status::Suspended), ..MessageQuery::default() }).await;
        assert_eq!(delivered.len() + waiting.len(), sent.len(), "bit {bit} of byte {at} of {log}");
        assert!(waiting.len() <= 1, "bit {bit} of byte {at}: one page of a table holds them all");
        suspended += waiting.len();
        bench.crash();
    }
    assert!(suspended < 5, "{suspended}: most bits can be told by the checksum of their frame");
}

#[tokio::test]
async fn the_last_frame_of_the_log_is_mended_too() {
    let mut bench = Sqlite::new();
    let (sent, files) = stored(&mut bench, false).await;
    let mut rotten = files.clone();
    let log = rotten.get_mut("iop.db-wal").expect("a crash leaves the log");
    let last = (log.len() - 32) / 4120 * 4120 + 32 - 4120;
    log[last + 24 + 100] ^= 4;
    restore(&bench.path(), &rotten);
    bench.open();
    assert_eq!(leased(&bench.lease(100).await), ids(&sent));
    assert!(told(&bench).await[0].contains("of the log, of page"));
}

#[tokio::test]
async fn what_a_failed_transaction_has_left_behind_the_log_does_not_come_back() {
    let mut bench = Sqlite::new();
    let (sent, files) = stored(&mut bench, false).await;
    let mut stale = files.clone();
    let log = stale.get_mut("iop.db-wal").expect("a crash leaves the log");
    // Frames that fit one another and not what stands before them, as where a shorter transaction came after one that failed.
    let frames = (log.len() - 32) / 4120;
    let behind: Vec<u8> = log[32 + frames / 2 * 4120..32 + frames * 4120].to_vec();
    log.truncate(32 + frames * 4120);
    log.extend(behind);
    restore(&bench.path(), &stale);
    bench.open();
    assert_eq!(leased(&bench.lease(100).await), ids(&sent));
    assert_eq!(told(&bench).await, [""; 0], "there is nothing to mend");
    bench.crash();
    let audit = iop::store::sqlite::keeping::audit(&bench.path()).expect("it can be read");
    assert!(audit.is_balanced(), "{audit:?}");
}

#[tokio::test]
async fn a_bit_of_the_database_is_turned_back() {
    let mut bench = Sqlite::new();
    let (sent, files) = stored(&mut bench, true).await;
    let database = files["iop.db"].len();
    for (at, bit) in (0..24).map(|step| 100 + step * (database / 24)).zip((0..8).cycle()) {
        let mut rotten = files.clone();
        rotten.get_mut("iop.db").expect("a database")[at] ^= 1 << bit;
        restore(&bench.path(), &rotten);
        bench.open();
        assert_eq!(leased(&bench.lease(100).await), ids(&sent), "bit {bit} of byte {at}");
        let page = at / 4096 + 1;
        let said = format!("a bit of page {page} of the database had turned round, and was turned back");
        assert_eq!(told(&bench).await, [said], "bit {bit} of byte {at}");
        bench.crash();
    }
}

#[tokio::test]
async fn a_bit_of_the_book_of_pages_changes_nothing() {
    let mut bench = Sqlite::new();
    let (sent, files) = stored(&mut bench, true).await;
    for at in [0, 77, 505] {
        let mut rotten = files.clone();
        rotten.get_mut("pages").expect("the book of pages")[at] ^= 16;
        restore(&bench.path(), &rotten);
        bench.open();
        assert_eq!(leased(&bench.lease(100).await), ids(&sent));
        assert_eq!(told(&bench).await, [""; 0]);
        bench.crash();
    }
}

#[tokio::test]
async fn an_index_with_a_damaged_page_is_made_anew_from_the_rows() {
    for index in ["message_queue", "message_session", "sqlite_autoindex_message_1"] {
        let mut bench = Sqlite::new();
        let (sent, mut files) = stored(&mut bench, true).await;
        let root = root_of(&bench.path(), index);
        let database = files.get_mut("iop.db").expect("a database");
        // As if most of the page had never been written.
        database[root + 3..root + 5].copy_from_slice(&[0, 0]);
        database[root + 100..root + 4000].fill(0);
        restore(&bench.path(), &files);
        bench.open();
        assert_eq!(leased(&bench.lease(100).await), ids(&sent), "{index}");
        assert!(told(&bench).await[0].contains("the indexes were made anew from the rows"), "{index}");
        assert!(iop::store::sqlite::keeping::check(&bench.path()).expect("it can be read").is_sound(), "{index}");
    }
}

#[tokio::test]
async fn a_table_that_has_lost_rows_is_refused_and_left_as_it_is() {
    let mut bench = Sqlite::new();
    let (_, mut files) = stored(&mut bench, true).await;
    let root = root_of(&bench.path(), "message");
    let page = root / 4096 + 1;
    let database = files.get_mut("iop.db").expect("a database");
    database[root + 3..root + 5].copy_from_slice(&[0, 0]);
    database[root + 5..root + 7].copy_from_slice(&4096_u16.to_be_bytes());
    restore(&bench.path(), &files);
    // With its lock as a process leaves it.
    files = broken::files(&bench.path());
    let error = SqliteStore::open(&bench.path(), Arc::new(SystemClock)).expect_err("the store is refused");
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains(&format!("page {page} is not what was written")), "{error}");
    let after = broken::files(&bench.path());
    assert!(after == files, "{:?}", broken::changed(&files, &after));
}

#[tokio::test]
async fn a_database_that_another_program_has_changed_soundly_is_taken_as_it_is() {
    let mut bench = Sqlite::new();
    let (sent, _) = stored(&mut bench, true).await;
    let database = rusqlite::Connection::open(bench.path().join("iop.db")).expect("a database");
    database.execute("INSERT INTO note VALUES ('by', 'somebody else')", ()).expect("a row");
    drop(database);
    for told_of in [1, 1] {
        bench.open();
        assert_eq!(bench.store().note("by".into()).await, Ok(Some("somebody else".into())));
        assert_eq!(leased(&bench.lease(100).await), ids(&sent));
        assert_eq!(told(&bench).await.len(), told_of, "once, and then it is known");
        assert_eq!(bench.store().close().await, Ok(()));
        bench.crash();
    }
}

#[tokio::test]
async fn the_book_of_pages_comes_along_with_a_log_that_is_moved_many_times() {
    let mut bench = Sqlite::new();
    let mut sent = Vec::new();
    // The log is moved at 4,000 pages: each message takes about sixteen.
    for part in 0..6 {
        let large: Vec<_> = (0..100).map(|_| NewMessage { body: "x".repeat(60_000).into(), ..message() }).collect();
        sent.extend(ids(&large));
        bench.emit(large).await;
        if part == 3 {
            bench.reopen().await;
        }
    }
    bench.reopen().await;
    assert!(fs::metadata(bench.path().join("pages")).expect("the book of pages").len() > 128 * 512);
    assert_eq!(told(&bench).await, [""; 0]);
    assert_eq!(bench.store().close().await, Ok(()));
    bench.reopen().await;
    assert_eq!(told(&bench).await, [""; 0]);
    let mut files = broken::files(&bench.path());
    bench.crash();
    let database = files.get_mut("iop.db").expect("a database");
    let middle = database.len() / 2;
    database[middle] ^= 32;
    restore(&bench.path(), &files);
    bench.open();
    assert_eq!(told(&bench).await.len(), 1);
    assert_eq!(leased(&bench.lease(1_000).await), sent);
}

// What moves into the database at the close, once a reader has ended, is in the book of pages too. What is seen is the same however
// long the reader takes.
#[tokio::test]
async fn a_close_while_somebody_reads_leaves_pages_that_are_known() {
    let mut bench = Sqlite::new();
    bench.emit(messages(MESSAGES)).await;
    let path = bench.path();
    let reader = rusqlite::Connection::open(path.join("iop.db")).expect("a database");
    reader.execute_batch("BEGIN").expect("a transaction");
    let count: u32 = reader.query_row("SELECT count(*) FROM message", (), |row| row.get(0)).expect("a count");
    assert_eq!(count as usize, MESSAGES);
    for message in messages(MESSAGES) {
        bench.emit(vec![message]).await;
    }
    let reads = std::thread::spawn(move || {
        while path.join("flight").exists() {
            std::thread::yield_now();
        }
        // So that the close mostly is where it moves the log.
        std::thread::sleep(std::time::Duration::from_millis(50));
        reader.execute_batch("COMMIT").expect("it has read");
    });
    assert_eq!(bench.store().close().await, Ok(()));
    reads.join().expect("no panic");
    bench.crash();
    bench.open();
    assert_eq!(told(&bench).await, Vec::<String>::new());
}
