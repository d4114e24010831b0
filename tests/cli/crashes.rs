//! A message that ends the process, as fast as a handler can.

use std::fs;

use crate::desk::{Desk, column, order};

#[test]
fn a_message_that_ends_the_process_at_once_is_suspended_after_three_crashes_and_no_other_one_is() {
    let desk = Desk::new();
    desk.write("hold", "");
    let mut process = desk.serve(&[]);
    // Two workers hold what is in front of it; what kills stands among others.
    let numbers = ["held", "held", "A-1", "abort", "A-2", "A-3"];
    let send = |number: &&str| desk.start(&["test", "analyser", "-b", &order(number)]);
    let mut callers: Vec<_> = numbers[..2].iter().map(send).collect();
    process.wait_for("both workers are busy", || desk.busy("analyser") == 2);
    callers.extend(numbers[2..].iter().map(send));
    let accepted = format!("\"accepted\": {}", numbers.len());
    let all_there = || desk.ask(&["store", "audit", "-o", "json"]).out.contains(&accepted);
    iop_tests::program::until("every order is stored", all_there);
    fs::remove_file(desk.path("hold")).unwrap();
    let ended = process.end();
    assert_eq!(ended.code, None, "it died: {}", ended.err);
    for caller in callers {
        let _ = caller.end();
    }

    let mut deaths = 1;
    let last = loop {
        let ended = desk.ask(&["run", "--until-idle"]);
        if ended.code.is_some() {
            break ended;
        }
        deaths += 1;
        assert!(deaths <= 3, "death {deaths}: {}", ended.err);
    };
    assert_eq!(last.code, Some(5), "it waits for a person: {}", last.err);
    assert_eq!(deaths, 3);
    let suspended = desk.messages(&["status:suspended"]);
    assert_eq!(column(&suspended, "reason"), ["crash_suspect"], "{suspended:#?}");
    let error = suspended[0]["error"].as_str().unwrap();
    assert_eq!(error, "it was in flight in 3 crashes of the process");
    assert_eq!(desk.messages(&["key.number:abort status:suspended"]).len(), 1);
    let mut finished = desk.messages(&["item:analyser status:completed"]);
    finished.retain(|message| message["kind"] == "request");
    assert_eq!(finished.len(), numbers.len() - 1, "{finished:#?}");
    assert!(desk.shown(&["store", "audit"]).contains("the books balance"));
}

#[test]
fn clean_stops_are_no_crashes() {
    let desk = Desk::new();
    desk.write("hold", "");
    let mut process = desk.serve(&["--set", "iop.stop_grace=10ms"]);
    let caller = desk.start(&["test", "analyser", "-b", &order("held")]);
    process.wait_for("the order is being measured", || desk.busy("analyser") == 1);
    for _ in 0..3 {
        process.signal("TERM");
        assert_eq!(process.end().code, Some(0));
        process = desk.serve(&["--set", "iop.stop_grace=10ms"]);
        process.wait_for("the order is being measured again", || desk.busy("analyser") == 1);
    }
    let _ = caller.end();
    process.kill();
    fs::remove_file(desk.path("hold")).unwrap();
    let ended = desk.ask(&["run", "--until-idle"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(column(&desk.messages(&[]), "status"), ["completed"; 2]);
}
