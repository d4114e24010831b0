//! What is no store, or is somebody else's, as whoever starts a program on it meets it.

use std::fs;
use std::time::{Duration, Instant};

use iop_tests::broken::{self, Before};
use iop_tests::small_disk::SmallDisk;

use crate::desk::Desk;

/// The last line, where it is the only one beside what a start always says.
fn only_line(err: &str) -> &str {
    let lines: Vec<_> = err.lines().collect();
    let [start, line] = lines.as_slice() else { panic!("not one line: {err}") };
    assert!(start.ends_with("checked at compile time"), "{err}");
    line
}

#[test]
fn what_cannot_be_opened_ends_the_program_with_its_code_and_one_line_and_is_left_byte_for_byte() {
    for case in broken::ALL {
        let desk = Desk::new();
        let store = desk.store("");
        match case.before {
            Before::Nothing => fs::create_dir_all(&store).unwrap(),
            Before::Closed => assert_eq!(desk.order("analyser", "A-1").code, Some(0)),
            Before::Crashed => {
                let process = desk.serve(&[]);
                for number in 0..3 {
                    assert_eq!(desk.order("analyser", &format!("A-{number}")).code, Some(0));
                }
                process.kill();
            }
        }
        (case.spoil)(&store);
        let before = broken::files(&store);
        let err = desk.refused(&["run", "--until-idle"], case.code);
        let line = only_line(&err);
        assert!(line.contains(case.says) && line.contains("iop-data/lab"), "{}: {line}", case.name);
        let after = broken::files(&store);
        assert!(after == before, "{}: {:?}", case.name, broken::changed(&before, &after));
    }
}

#[test]
fn a_store_that_may_only_be_read_ends_the_program_with_74() {
    let desk = Desk::new();
    let Some(disk) = SmallDisk::at(&desk.path("iop-data"), 16) else { return };
    assert_eq!(desk.order("analyser", "A-1").code, Some(0));
    disk.protect();
    let before = broken::files(&desk.store(""));
    let err = desk.refused(&["run", "--until-idle"], 74);
    assert!(only_line(&err).contains("Read-only file system"), "{err}");
    assert!(broken::files(&desk.store("")) == before);
}

#[test]
fn a_second_instance_is_refused_within_a_second_and_told_who_has_the_store_until_that_one_is_killed() {
    let desk = Desk::new();
    let process = desk.serve(&[]);
    let holder = fs::read_to_string(desk.store("engine.lock")).unwrap();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let began = format!("process {} on {} since 20", process.id(), host.trim());
    assert!(holder.starts_with(&began), "{holder}");
    let refuse = || {
        let began = Instant::now();
        let err = desk.refused(&["run"], 6);
        assert!(only_line(&err).contains(holder.trim()), "{err}");
        began.elapsed()
    };
    // The fastest of some: a machine may be busy with something else.
    let took = (0..5).map(|_| refuse()).min().unwrap();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(desk.order("analyser", "A-1").code, Some(0), "the first one is not disturbed");
    process.kill();
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(0), "the lock goes with the process");
}
