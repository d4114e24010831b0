//! Killed in the middle, again and again.

use std::fs::{self, File};

use iop_tests::child::{names, read};

use crate::desk::{Desk, TEXTS};

/// The line by which each run is killed, counted in the file of earthquakes.
const MOMENTS: [usize; 6] = [1, 150, 500, 900, 1300, 1600];

#[test]
fn killed_again_and_again_it_ends_with_the_same_files_and_no_line_twice() {
    let undisturbed = Desk::new();
    assert_eq!(undisturbed.until_idle().code, Some(0));

    let desk = Desk::new();
    // While somebody else has this file, its thirteen events wait and the feed cannot be done: however fast the program
    // is, each kill comes in the middle.
    fs::create_dir_all(desk.out("")).unwrap();
    let held = File::create(desk.out("quarry_blasts.csv")).unwrap();
    held.lock().unwrap();

    let mut run = desk.0.start(&["run"]);
    run.wait_for("the feed is claimed", || {
        !names(&desk.inbox(".work")).is_empty() || !names(&desk.inbox(".archive")).is_empty()
    });
    run.kill();
    let mut between = 0;
    for lines in MOMENTS {
        let mut run = desk.0.start(&["run"]);
        run.wait_for(&format!("the file has {lines} lines"), || desk.lines("earthquakes.csv") >= lines);
        run.kill();
        assert!(!desk.out("summary.txt").exists(), "it was killed before the feed was done");
        let (written, statuses) = (desk.lines("earthquakes.csv"), desk.statuses());
        // The first line is there before the first event is.
        let unfinished = statuses.keys().any(|status| status != "completed");
        assert!(unfinished || written < 2, "it left something to do: {statuses:?}");
        between += usize::from((2..1680).contains(&desk.lines("earthquakes.csv")));
    }
    assert!(between >= 3, "kills between the first earthquake and the last: {between}");

    drop(held);
    let ended = desk.until_idle();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    for name in TEXTS {
        assert_eq!(read(&desk.out(name)), read(&undisturbed.out(name)), "{name}: the same lines in the same order");
    }
    assert_eq!(desk.rows(), undisturbed.rows());
    assert_eq!(read(&desk.out("summary.txt")), read(&undisturbed.out("summary.txt")));
    assert_eq!(names(&desk.inbox(".archive")), ["earthquakes.geojson"]);
    assert!(names(&desk.inbox(".work")).is_empty());
    let statuses = desk.statuses();
    assert_eq!(statuses.keys().collect::<Vec<_>>(), ["completed"], "every message is finished: {statuses:?}");
    // What was asked for again has its answer already: a repeated turn makes no second message.
    assert_eq!(statuses, undisturbed.statuses());
}
