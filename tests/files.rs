//! The file adapters with an engine and a store: killed between what they do outside and what is committed inside.

use std::fs;

use iop_tests::child::{Ended, Ground, names, read};

const INPUT: &str = "1 one\n2 two\n3 three\n4 four\n";

fn ground(moment: &str) -> Ground {
    let ground = Ground::new(env!("CARGO_BIN_EXE_files_program")).with("KILL_AT", moment);
    fs::create_dir(ground.path("in")).expect("an inbox");
    fs::write(ground.path("in/numbers.txt"), INPUT).expect("a file in it");
    ground
}

fn until_idle(ground: &Ground) -> Ended {
    ground.run(&["run", "--until-idle"])
}

/// Kills the program at the moment, looks at what it left, and starts it again.
fn killed(moment: &str, left: impl FnOnce(&Ground)) {
    let ground = ground(moment);
    let ended = until_idle(&ground);
    assert_eq!((ended.code, read(&ground.path("killed")).as_str()), (None, moment), "{}", ended.err);
    left(&ground);

    let ended = until_idle(&ground);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(read(&ground.path("out/lines.txt")), INPUT);
    assert_eq!(names(&ground.path("in/.archive")), ["numbers.txt"]);
    assert!(names(&ground.path("in")).is_empty() && names(&ground.path("in/.work")).is_empty());
}

#[test]
fn a_file_that_was_claimed_and_not_sent_is_taken_up_again() {
    killed("before it is sent", |ground| {
        assert_eq!(names(&ground.path("in/.work")), ["numbers.txt"]);
        assert_eq!(read(&ground.path("out/lines.txt")), "");
    });
}

#[test]
fn a_file_whose_messages_were_not_committed_is_taken_up_again() {
    killed("before it is committed", |ground| {
        assert_eq!(names(&ground.path("in/.work")), ["numbers.txt"]);
        assert_eq!(read(&ground.path("out/lines.txt")), "");
    });
}

#[test]
fn a_file_that_was_committed_and_not_archived_is_archived_and_processed_no_second_time() {
    killed("before it is archived", |ground| {
        assert_eq!(names(&ground.path("in/.work")), ["numbers.txt"]);
        assert!(names(&ground.path("in/.archive")).is_empty());
    });
}

#[test]
fn a_line_that_was_not_written_is_written() {
    killed("before a line is written", |ground| assert_eq!(read(&ground.path("out/lines.txt")), "1 one\n2 two\n"));
}

#[test]
fn a_line_that_was_written_and_not_committed_is_not_written_twice() {
    killed("before a written line is committed", |ground| {
        assert_eq!(read(&ground.path("out/lines.txt")), "1 one\n2 two\n3 three\n");
    });
}

#[test]
fn half_a_line_is_cut_and_written_whole() {
    killed("in the middle of a line", |ground| {
        assert_eq!(read(&ground.path("out/lines.txt")), "1 one\n2 two\n3 t");
    });
}

#[test]
fn a_file_that_is_still_written_keeps_the_production_from_ending() {
    let ground = ground("never");
    let run = ground.start(&["run", "--until-idle", "--set", "intake.stable=300ms"]);
    let ended = run.end();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(read(&ground.path("out/lines.txt")), INPUT, "it waited until the file was quiet");
}
