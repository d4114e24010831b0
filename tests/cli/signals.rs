//! How a running production ends when it is told to.

use std::fs;
use std::net::TcpStream;

use iop_tests::child::Process;

use crate::desk::{Desk, column, order};

/// A production in whose operation an order is held, and the caller who waits for it.
fn held(desk: &Desk) -> (Process, Process) {
    desk.write("hold", "");
    let mut process = desk.serve(&[]);
    let caller = desk.start(&["test", "intake", "-b", &order("held")]);
    process.wait_for("the order is being measured", || desk.busy("analyser") == 1);
    (process, caller)
}

/// Waits until a production that was told to stop takes no more calls.
fn until_it_stops(desk: &Desk, process: &mut Process) {
    process.wait_for("it takes no more calls", || {
        desk.address().is_none_or(|address| TcpStream::connect(address).is_err())
    });
}

#[test]
fn each_of_the_two_signals_ends_a_production_that_has_nothing_to_do() {
    for signal in ["TERM", "INT"] {
        let desk = Desk::new();
        let process = desk.serve(&[]);
        process.signal(signal);
        let ended = process.end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "SIG{signal}: {}", ended.err);
        assert_eq!(desk.address(), None, "nobody is led to it any more");
    }
}

#[test]
fn a_first_signal_lets_what_runs_finish_and_its_caller_is_answered() {
    for signal in ["TERM", "INT"] {
        let desk = Desk::new();
        let (mut process, caller) = held(&desk);
        process.signal(signal);
        until_it_stops(&desk, &mut process);
        fs::remove_file(desk.path("hold")).unwrap();
        let ended = process.end();
        assert_eq!(ended.code, Some(0), "SIG{signal}: {}", ended.err);
        let answered = caller.end();
        assert_eq!(answered.code, Some(0), "{}", answered.err);
        assert!(answered.out.starts_with("{\n  \"sum\": 0\n}\n"), "{}", answered.out);
        let statuses = column(&desk.messages(&[]), "status");
        assert_eq!(statuses, ["completed"; 4], "nothing is left over");
    }
}

#[test]
fn a_second_signal_ends_it_at_once_and_what_had_not_finished_stays_in_its_queue() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("TERM", "INT")] {
        let desk = Desk::new();
        let (mut process, caller) = held(&desk);
        process.signal(first);
        until_it_stops(&desk, &mut process);
        process.signal(second);
        let ended = process.end();
        assert_eq!(ended.code, Some(130), "SIG{first}, SIG{second}: {}", ended.err);
        assert!(ended.err.contains("stopping now; what has not finished stays in its queue"), "{}", ended.err);
        assert_ne!(caller.end().code, Some(0), "its caller was not answered");
        let unfinished = desk.messages(&["item:analyser"]);
        assert_eq!(unfinished.len(), 1, "{unfinished:#?}");
        assert!(["queued", "in_flight"].contains(&unfinished[0]["status"].as_str().unwrap()), "{unfinished:#?}");

        fs::remove_file(desk.path("hold")).unwrap();
        let ended = desk.ask(&["run", "--until-idle"]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert_eq!(column(&desk.messages(&[]), "status"), ["completed"; 4]);
    }
}
