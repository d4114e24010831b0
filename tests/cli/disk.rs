//! A disk that fails while a production runs.

use std::process::Command;

use iop_tests::broken;

use crate::desk::{Desk, order};

/// Whether failures can be put between a program and its disk here; says so where not.
fn can_fail() -> bool {
    let there = Command::new("strace").args(["-qqq", "-o", "/dev/null", "true"]).status();
    let can = there.is_ok_and(|status| status.success());
    #[allow(clippy::print_stderr, reason = "whoever runs the tests has to know what was not tested")]
    if !can {
        eprintln!("skipped: there is no strace that may be used here");
    }
    can
}

/// Runs until idle, with one order that comes by itself, while syncs fail of each thread as `when` says.
fn with_failing_syncs(desk: &Desk, when: &str) -> iop_tests::child::Ended {
    let inject = format!("inject=fsync,fdatasync:error=EIO:when={when}");
    let strace = ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", &inject];
    desk.start_under(&strace, &["run", "--until-idle", "--set", "nightly.enabled=true"]).end()
}

#[test]
fn a_disk_that_keeps_failing_ends_the_program_with_74_and_all_of_it_is_there_when_that_is_mended() {
    if !can_fail() {
        return;
    }
    let desk = Desk::new();
    assert_eq!(desk.order("analyser", "A-1").code, Some(0));
    // The first syncs are those of the opening, which is refused then, with the same code and another line.
    let fails_at_work = |when: &u32| {
        let ended = with_failing_syncs(&desk, &format!("{when}+"));
        assert_eq!(ended.code, Some(74), "{}", ended.err);
        let last = ended.err.lines().last().unwrap_or_default();
        last.starts_with("the store failed: ") && last.ends_with("start again when it is mended")
    };
    assert!((2..10).any(|when| fails_at_work(&when)), "a failure at work says so");
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(0));
    assert!(desk.shown(&["store", "audit"]).contains("the books balance"));
    assert!(desk.shown(&["store", "check"]).contains("is sound"));
}

#[test]
fn a_sync_that_fails_while_a_store_is_made_leaves_none_or_a_sound_one() {
    if !can_fail() {
        return;
    }
    let mut refused = 0;
    for when in 1..=10 {
        let desk = Desk::new();
        let ended = with_failing_syncs(&desk, &when.to_string());
        assert!(matches!(ended.code, Some(0 | 74)), "sync {when}: {:?}: {}", ended.code, ended.err);
        refused += u32::from(ended.code == Some(74));
        let ended = desk.ask(&["run", "--until-idle"]);
        assert_eq!(ended.code, Some(0), "after sync {when} failed: {}", ended.err);
        assert!(desk.shown(&["store", "check"]).contains("is sound"), "after sync {when} failed");
    }
    assert!(refused > 0, "some failures are those of the making");
}

#[test]
fn a_database_that_is_damaged_while_it_is_open_ends_the_program_with_65() {
    let desk = Desk::new();
    for number in 0..5 {
        assert_eq!(desk.order("intake", &format!("A-{number}")).code, Some(0));
    }
    let process = desk.serve(&[]);
    broken::overwrite(&desk.store(""));
    let entrance = iop_tests::program::Entrance::of(&desk.store(""));
    // The program may be gone before it has answered.
    if let Ok(answer) = entrance.post("/api/v1/services/intake", &[], &order("A-9")) {
        assert!(answer.status >= 500, "its caller is told no lies: {}", answer.body);
    }
    let ended = process.end();
    assert_eq!(ended.code, Some(65), "{}", ended.err);
    let last = ended.err.lines().last().unwrap_or_default();
    assert!(last.contains("`store check` says how far"), "{}", ended.err);
}
