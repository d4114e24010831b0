//! What is sent inside, and ends the process before it is stored.

use std::fs;

use iop_tests::child::Ground;
use rusqlite::{Connection, OpenFlags, Row};

/// What is not at its end, in a line each.
fn unfinished(database: &Connection) -> Vec<String> {
    let mut unfinished = database
        .prepare("SELECT type, status, error FROM messages WHERE status NOT IN ('completed', 'expired')")
        .expect("a view");
    let line = |row: &Row<'_>| {
        let (type_name, status): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(format!("{type_name} {status}: {}", row.get::<_, Option<String>>(2)?.unwrap_or_default()))
    };
    unfinished.query_map((), line).expect("rows").collect::<Result<_, _>>().expect("texts")
}

/// Three matches that burn, and one that ends the program at once; its sender waits for that one or not.
fn burns(waits: bool) {
    let ground = Ground::new(env!("CARGO_BIN_EXE_flows_program")).with("PRODUCTION", "fires");
    let ground = ground.with("IOP__STORE", "store");
    fs::create_dir_all(ground.path("in")).expect("the inbox");
    fs::write(ground.path("in/list.txt"), if waits { "4 1" } else { "4 0" }).expect("a list");
    let mut deaths = 0;
    let last = loop {
        let ended = ground.run(&["run", "--until-idle"]);
        if ended.code.is_some() {
            break ended;
        }
        deaths += 1;
        assert!(deaths <= 3, "death {deaths}: {}", ended.err);
    };
    assert_eq!((deaths, last.code), (3, Some(5)), "{}", last.err);
    let path = ground.path("store/iop.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the store");
    assert_eq!(unfinished(&database), ["Match suspended: it was in flight in 3 crashes of the process"]);
    let burnt = "SELECT count(*) FROM messages WHERE type = 'Match' AND status = 'completed'";
    assert_eq!(database.query_row(burnt, (), |row| row.get::<_, u32>(0)), Ok(3));
    assert_eq!(ground.path("error.txt").exists(), waits, "its sender goes on");
}

#[test]
fn a_message_that_ends_the_process_before_it_is_stored_is_suspended_after_three_crashes() {
    burns(false);
}

#[test]
fn a_message_that_ends_the_process_while_its_sender_waits_is_suspended_and_its_sender_goes_on() {
    burns(true);
}
