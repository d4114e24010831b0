//! A full disk, as whoever calls meets it.

use std::time::{Duration, Instant};

use iop_tests::small_disk::SmallDisk;

use crate::desk::{Desk, order};

#[test]
fn on_a_full_disk_calls_are_refused_and_it_goes_on_by_itself_when_there_is_room() {
    let desk = Desk::new();
    let Some(disk) = SmallDisk::at(&desk.path("iop-data"), 32) else { return };
    let process = desk.serve(&[]);
    assert_eq!(desk.order("intake", "A-1").code, Some(0));
    disk.fill("filler");
    let status = || desk.ask(&["status", "-o", "json"]);
    iop_tests::program::until("it is noticed", || status().out.contains("\"short_of_space\": true"));
    assert_eq!(status().code, Some(5));
    let refused = desk.order("intake", "A-2");
    assert_ne!(refused.code, Some(0));
    assert!(refused.err.contains("no space is left on the disk of the store"), "{}", refused.err);
    let entrance = iop_tests::program::Entrance::of(&desk.store(""));
    let answer = entrance.post("/api/v1/services/intake", &[], &order("A-3")).unwrap();
    assert_eq!(answer.status, 503, "{}", answer.body);
    disk.free("filler");
    let began = Instant::now();
    iop_tests::program::until("it goes on", || desk.order("intake", "A-4").code == Some(0));
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}: within a second, and the time that a command takes");
    process.signal("TERM");
    assert_eq!(process.end().code, Some(0));
    assert!(desk.shown(&["store", "audit"]).contains("the books balance"));
    assert!(desk.shown(&["log"]).contains("there is space on the disk of the store again"));
    desk.refused(&["messages", "find", "key.number:A-2"], 4);
}
