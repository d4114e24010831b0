//! Queues at the command line: what waits for an item is moved to another one, or discarded, once somebody has said so.

use crate::desk::{Desk, column};

/// A desk with so many suspended orders for the analyser, in the order in which they came.
fn with_suspended(count: usize) -> (Desk, Vec<String>) {
    let desk = Desk::new();
    for _ in 0..count {
        assert_eq!(desk.order("analyser", "poison").code, Some(1));
    }
    let mut ids = column(&desk.messages(&["status:suspended"]), "id");
    ids.reverse();
    (desk, ids)
}

#[test]
fn what_waits_for_an_item_is_moved_to_another_when_somebody_has_said_so() {
    let (desk, ids) = with_suspended(2);
    let move_to = |to: &'static str| ["queues", "move", "analyser", "--to", to, "--suspended"];
    let looked = desk.ask(&[&move_to("intake")[..], &["--dry-run"]].concat());
    assert_eq!((looked.code, looked.out), (Some(0), format!("{}\n{}\n", ids[0], ids[1])));
    assert_eq!(looked.err, "would move 2 messages to `intake`; `jobs start 1` does it with just these\n");
    let err = desk.refused(&move_to("intake"), 5);
    assert_eq!(err, "this would move 2 messages to `intake`; `--yes` does it\n");

    let waiting = desk.refused(&["queues", "move", "analyser", "--to", "intake", "--yes"], 4);
    assert!(waiting.contains("finds no message"), "nothing waits for a worker: {waiting}");
    assert_eq!(
        desk.refused(&["queues", "move", "analyzer", "--to", "intake", "--yes"], 4),
        "there is no item `analyzer`; did you mean `analyser`?\n"
    );
    let typo = desk.refused(&[&move_to("intaek")[..], &["--yes"]].concat(), 4);
    assert!(typo.contains("there is no item `intaek`; did you mean `intake`?"), "{typo}");
    let fetches = desk.refused(&[&move_to("nightly")[..], &["--yes"]].concat(), 4);
    assert_eq!(fetches, "`nightly` fetches its input itself and takes no messages\n");

    let one = format!("id:{}", ids[1]);
    let moved = desk.ask(&[&move_to("intake")[..], &["--query", &one, "--yes", "--by", "eve"]].concat());
    assert_eq!((moved.code, moved.out), (Some(0), format!("{} moved to intake\n", ids[1])), "{}", moved.err);
    assert_eq!(column(&desk.messages(&["to:intake status:queued"]), "id"), [ids[1].clone()]);
    assert_eq!(column(&desk.messages(&["to:analyser status:suspended"]), "id"), [ids[0].clone()]);
    let audited = desk.shown(&["audit", "--action", "job.start", "-o", "csv"]);
    assert!(audited.contains("eve") && audited.contains("to `intake`"), "{audited}");

    // The next start does what was moved: `intake` hands it on.
    assert_eq!(desk.ask(&["run", "--until-idle"]).code, Some(5));
    assert_eq!(column(&desk.messages(&[&format!("id:{} status:completed,suspended", ids[1])]), "id"), [ids[1].clone()]);
}

#[test]
fn a_queue_is_cleared_with_a_reason_and_what_was_not_meant_stays() {
    let (desk, ids) = with_suspended(2);
    let err = desk.refused(&["queues", "discard", "analyser", "--suspended", "--yes"], 2);
    assert!(err.starts_with("say why: "), "{err}");
    let discard = ["queues", "discard", "analyser", "--suspended", "--reason", "no such device", "--yes"];
    let one = desk.ask(&[&discard[..], &["--query", &format!("-id:{}", ids[0])]].concat());
    assert_eq!((one.code, one.out), (Some(0), format!("{} discarded\n", ids[1])), "{}", one.err);
    assert_eq!(column(&desk.messages(&["status:suspended"]), "id"), [ids[0].clone()]);
    let rest = desk.ask(&discard);
    assert_eq!((rest.code, rest.out), (Some(0), format!("{} discarded\n", ids[0])));
    assert_eq!(desk.messages(&["status:discarded"]).len(), 2);
    let said = desk.shown(&["log", "--grep", "no such device"]);
    assert_eq!(said.lines().count(), 2, "{said}");
}
