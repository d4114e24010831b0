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

#[test]
fn a_check_says_of_each_item_whether_it_can_reach_its_outside_and_touches_nothing() {
    let ground = Ground::new(env!("CARGO_BIN_EXE_files_program"));
    let said = |ended: &Ended| -> Vec<(String, String, String)> {
        let list: serde_json::Value = serde_json::from_str(&ended.out).expect("a document");
        let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let items = list.as_array().expect("a list").iter();
        items.map(|item| (text(item, "item"), text(item, "outside"), text(item, "error"))).collect()
    };
    let check = ["check", "--connect", "-o", "json"];
    // What is missing is made at the start, and not before.
    let ended = ground.run(&check);
    let both = ["intake", "writer"].map(|item| (item.to_owned(), "reached".to_owned(), String::new()));
    assert_eq!((ended.code, said(&ended).as_slice()), (Some(0), both.as_slice()), "{}", ended.err);
    assert!(["in", "out", "iop-data"].iter().all(|made| !ground.path(made).exists()));

    fs::create_dir_all(ground.path("in/.work")).expect("an inbox");
    fs::write(ground.path("in/numbers.txt"), INPUT).expect("a file in it");
    fs::write(ground.path("in/.archive"), "").expect("a file where a folder should be");
    fs::create_dir_all(ground.path("out/lines.txt")).expect("a folder where a file should be");
    let ended = ground.run(&check);
    let [(_, intake, folder), (_, writer, file)] = &said(&ended)[..] else { panic!("{}", ended.out) };
    assert_eq!((ended.code, intake.as_str(), writer.as_str()), (Some(5), "unreachable", "unreachable"));
    assert!(folder.contains("in/.archive: this is no folder"), "{folder}");
    assert!(file.contains("out/lines.txt: this is no regular file"), "{file}");
    assert!(ended.err.contains("2 of 2 items cannot reach their outside"), "{}", ended.err);
    assert_eq!(names(&ground.path("in")), ["numbers.txt"], "nothing was taken");

    fs::remove_file(ground.path("in/.archive")).expect("it is still a file");
    let ended = ground.run(&["check", "--connect"]);
    assert_eq!(ended.code, Some(5));
    let lines: Vec<_> = ended.out.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>()).collect();
    assert_eq!(lines, [["ITEM", "OUTSIDE"], ["intake", "reached"], ["writer", "unreachable"]]);
}
