//! `store`: what an operator types when something is wrong with a store, or to keep it from going wrong.

use std::fs;

use serde_json::Value;

use crate::desk::{Desk, order};

/// The database of the desk's store, open behind the program's back.
fn database(desk: &Desk) -> rusqlite::Connection {
    rusqlite::Connection::open(desk.store("iop.db")).unwrap()
}

fn worked() -> Desk {
    let desk = Desk::new();
    assert_eq!(desk.order("intake", "A-1").code, Some(0));
    assert_eq!(desk.order("analyser", "poison").code, Some(1));
    desk
}

#[test]
fn check_and_audit_say_that_all_is_well_also_beside_a_production_that_runs() {
    let desk = worked();
    let process = desk.serve(&[]);
    assert!(desk.shown(&["store", "check"]).contains("iop-data/lab is sound: 5 messages"));
    assert_eq!(desk.json(&["store", "check", "-o", "json"])["sound"], true);
    let audit = desk.json(&["store", "audit", "-o", "json"]);
    assert_eq!((&audit["balanced"], &audit["audit"]["accepted"]), (&Value::from(true), &Value::from(5)));
    assert!(desk.shown(&["store", "audit"]).contains("the books balance: 5 accepted, 5 stored, 0 purged"));
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn what_is_damaged_ends_a_check_with_65_and_what_is_sound_of_it_can_be_saved() {
    let desk = worked();
    database(&desk).execute_batch("UPDATE body SET body = '{}' WHERE sequence = 1").unwrap();
    let ended = desk.ask(&["store", "check"]);
    assert_eq!(ended.code, Some(65), "{}", ended.err);
    assert!(ended.out.contains("is not sound") && ended.out.contains("the stored body of"), "{}", ended.out);
    let ended = desk.ask(&["store", "salvage", "--to", "saved", "-o", "json"]);
    assert_eq!(ended.code, Some(65), "something was left: {}", ended.err);
    let saved: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&saved["copied"]["messages"], &saved["left_behind"]["missing"]), (&5.into(), &0.into()));
    assert_eq!(desk.ask(&["store", "audit", "--store", "saved"]).code, Some(0));
    let err = desk.refused(&["store", "salvage", "--to", "saved"], 1);
    assert!(err.contains("saved is not empty"), "{err}");
}

#[test]
fn what_is_lost_is_refused_with_65_until_somebody_accepts_it() {
    let desk = worked();
    let tip = fs::read(desk.store("tip")).unwrap();
    let earlier = fs::read(desk.store("iop.db")).unwrap();
    assert_eq!(desk.order("intake", "A-2").code, Some(0));
    let later = fs::read(desk.store("tip")).unwrap();
    assert_ne!(tip, later);
    fs::write(desk.store("iop.db"), earlier).unwrap();
    let ended = desk.ask(&["run", "--until-idle"]);
    assert_eq!(ended.code, Some(65), "{}", ended.err);
    assert!(ended.err.contains("messages of the sequences 6 to 9"), "{}", ended.err);
    assert!(ended.err.contains("store accept-loss"), "{}", ended.err);
    let ended = desk.ask(&["store", "accept-loss"]);
    assert_eq!(ended.code, Some(5), "not without a yes: {}", ended.err);
    assert!(ended.out.contains("sequences 6 to 9"), "{}", ended.out);
    assert!(desk.shown(&["store", "accept-loss", "--yes"]).contains("the store goes on without them"));
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(5), "the poisoned order waits for a person");
    assert!(desk.shown(&["log"]).contains("gone on without them"));
    assert_eq!(desk.shown(&["store", "accept-loss", "--yes"]), "nothing is lost\n");
}

#[test]
fn a_copy_takes_messages_and_does_nothing_outside_until_it_is_released() {
    let desk = worked();
    let process = desk.serve(&[]);
    let shown = desk.ask(&["store", "backup", "copy"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    assert!(shown.out.starts_with("copy: 5 messages, "), "{}", shown.out);
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));

    // Restored: the copy in place of the original.
    fs::rename(desk.path("iop-data/lab"), desk.path("original")).unwrap();
    fs::rename(desk.path("copy"), desk.path("iop-data/lab")).unwrap();
    let process = desk.serve(&["--set", "intake.attempts=1000"]);
    let status = desk.ask(&["status"]);
    assert_eq!(status.code, Some(5), "{}", status.err);
    assert!(status.out.contains("held: this store is a copy of"), "{}", status.out);
    assert!(status.err.contains("`store release` lets them start"), "{}", status.err);
    let caller = desk.start(&["test", "intake", "-b", &order("A-3")]);
    let waiting = || desk.ask(&["store", "audit", "-o", "json"]).out.contains("\"accepted\": 6");
    iop_tests::program::until("the order is taken", waiting);
    let released = desk.ask(&["store", "release"]);
    assert_eq!(released.out, "released: operations start with the production\n", "{}", released.err);
    let answered = caller.end();
    assert_eq!(answered.code, Some(0), "{}", answered.err);
    assert_eq!(desk.ask(&["store", "release"]).out, "nothing was held\n");
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
}

#[test]
fn a_store_that_somebody_has_is_not_salvaged_and_one_that_is_not_there_is_not_made() {
    let desk = Desk::new();
    for arguments in [&["store", "check"][..], &["store", "audit"], &["store", "backup", "copy"], &["store", "release"]]
    {
        desk.refused(arguments, 4);
    }
    assert!(!desk.path("iop-data").exists() && !desk.path("copy").exists());
    let process = desk.serve(&[]);
    let err = desk.refused(&["store", "salvage", "--to", "saved"], 6);
    assert!(err.contains(&process.id().to_string()), "{err}");
    assert!(!desk.path("saved").exists());
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
    desk.refused(&["store", "check", "--memory"], 3);
}
