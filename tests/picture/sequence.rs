//! Sessions as pictures: what holds for every session, and one written down.

use std::path::Path;
use std::time::Duration;

use iop::picture::sequence::{
    Bounds, Exchange, Failure, Party, Placed, RowKind, Rows, Sent, Session, State, View, document, sequence, timeline,
};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn party(name: &str, kind: &str) -> Party {
    Party { name: name.to_owned(), kind: kind.to_owned() }
}

fn sent(number: u64, parent: Option<u64>, ends: [Option<&str>; 2], label: &str, at: u64) -> Sent {
    let [from, to] = ends.map(|end| end.map(str::to_owned));
    Sent {
        id: format!("id-{number}"),
        number,
        parent: parent.map(|parent| format!("id-{parent}")),
        from,
        to,
        label: label.to_owned(),
        exchange: Exchange::Async,
        state: State::Done,
        at: millis(at),
        queued: Some(millis(3)),
        ran: Some(millis(6)),
        attempts: 0,
        failure: None,
        marks: Vec::new(),
    }
}

/// An order whose measurement fails, as on the console's first page.
fn failing_order() -> Session {
    let parties = [("hl7_in", "service"), ("router", "process"), ("lab_flow", "process"), ("lis", "operation")];
    let poison = |text: &str, at| Some(Failure { text: text.to_owned(), at: millis(at) });
    let ward = sent(12, None, [Some("hl7_in"), Some("router")], "WardMessage", 0);
    let order = Sent {
        state: State::Failed,
        queued: Some(millis(33)),
        ran: Some(millis(21)),
        failure: poison("`lis` suspended the request", 4630),
        ..sent(13, Some(12), [Some("router"), Some("lab_flow")], "LabOrder", 8)
    };
    let request = Sent {
        exchange: Exchange::Sync,
        state: State::Failed,
        attempts: 3,
        ran: Some(millis(4540)),
        failure: poison("503 Service Unavailable", 4620),
        ..sent(16, Some(13), [Some("lab_flow"), Some("lis")], "LabRequest", 74)
    };
    let asked = Sent {
        exchange: Exchange::Sync,
        ..sent(14, Some(13), [Some("lab_flow"), Some("enrich")], "EnrichRequest", 44)
    };
    let answered = Sent {
        exchange: Exchange::Response,
        ..sent(15, Some(14), [Some("enrich"), Some("lab_flow")], "EnrichResponse", 71)
    };
    Session {
        parties: parties.map(|(name, kind)| party(name, kind)).to_vec(),
        messages: vec![ward, order, asked, answered, request],
    }
}

/// A list that is split into 500 rows of which three fail, each answered.
fn fan_out() -> Session {
    let mut messages = vec![sent(0, None, [None, Some("splitter")], "List", 0)];
    for line in 1..=500 {
        let failed = line % 200 == 7;
        let state = if failed { State::Failed } else { State::Done };
        let row = sent(line, Some(0), [Some("splitter"), Some("table")], "Row", line);
        messages.push(Sent { exchange: Exchange::Sync, state, ..row });
    }
    for line in (1..=500).filter(|line| line % 200 != 7) {
        let receipt = sent(500 + line, Some(line), [Some("table"), Some("splitter")], "Receipt", 600 + line);
        messages.push(Sent { exchange: Exchange::Response, ..receipt });
    }
    Session { parties: vec![party("splitter", "process"), party("table", "operation")], messages }
}

/// Sessions of 1 to 400 messages, without a rhyme but the same in each run.
fn generated(seed: u64) -> Session {
    let mut random = seed * 2 + 1;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let names: Vec<String> = (0..2 + next(9)).map(|item| "item_".repeat(1 + (item % 5) as usize) + "x").collect();
    let mut messages = Vec::new();
    for number in 0..1 + next(400) {
        let pick = |index: u64| (index > 0).then(|| names[index as usize % names.len()].as_str());
        let ends = [pick(next(12)), pick(next(12))];
        let label = ["Order", "A.message.with.a.very.long.name.that.nobody.would.choose", "R", "日本語のメッセージ"];
        let parent = (number > 0).then(|| next(number));
        let exchanges = [Exchange::Sync, Exchange::Async, Exchange::Response, Exchange::Timer];
        let states =
            [State::Done, State::Waiting, State::Running, State::Retrying, State::Failed, State::Gone, State::Done];
        let state = states[next(7) as usize];
        messages.push(Sent {
            exchange: exchanges[next(4) as usize],
            state,
            attempts: next(3) as u32,
            queued: (next(3) > 0).then(|| millis(next(90_000_000))),
            failure: (state == State::Failed)
                .then(|| Failure { text: "it went wrong, and this is why: ".repeat(4), at: millis(next(9000)) }),
            marks: vec!["resent".to_owned(); next(2) as usize],
            ..sent(number, parent, ends, label[next(4) as usize], next(8000))
        });
    }
    Session { parties: names.iter().map(|name| party(name, "process")).collect(), messages }
}

fn overlap(one: &Bounds, other: &Bounds) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

#[test]
fn no_label_lies_on_another_or_leaves_the_picture() {
    for seed in 0..60 {
        let session = generated(seed);
        let placed = Placed::of(&session, &Rows::of(&session, &View::default()));
        let mut labels: Vec<&Bounds> = Vec::new();
        for arrow in &placed.arrows {
            labels.push(&arrow.pill.bounds);
            labels.extend(arrow.below.as_ref().map(|below| &below.bounds));
        }
        for (index, label) in labels.iter().enumerate() {
            assert!(
                label.x >= 80.0 && label.x + label.width <= placed.width,
                "seed {seed}: {label:?} of {}",
                placed.width
            );
            assert!(label.y >= 0.0 && label.y + label.height <= placed.height, "seed {seed}: {label:?}");
            // Rows come one after another: only those nearby can be in the way.
            for other in &labels[index.saturating_sub(6)..index] {
                assert!(!overlap(label, other), "seed {seed}: {label:?} {other:?}");
            }
        }
        for pair in placed.lifelines.windows(2) {
            assert!(!overlap(&pair[0].head, &pair[1].head), "seed {seed}: {pair:?}");
        }
        for bar in &placed.activations {
            assert!(
                bar.bounds.height > 0.0 && bar.bounds.y + bar.bounds.height <= placed.height,
                "seed {seed}: {bar:?}"
            );
        }
    }
}

#[test]
fn every_message_has_one_row_and_rows_are_in_the_order_of_time() {
    for seed in 0..60 {
        let session = generated(seed);
        let rows = Rows::of(&session, &View { rows: usize::MAX, ..View::default() });
        let mut drawn: Vec<usize> =
            rows.rows.iter().filter(|row| row.kind == RowKind::Sent).flat_map(|row| row.members.clone()).collect();
        drawn.sort_unstable();
        assert_eq!(drawn, (0..session.messages.len()).collect::<Vec<_>>(), "seed {seed}");
        assert!(rows.rows.is_sorted_by_key(|row| row.at), "seed {seed}");
    }
}

#[test]
fn the_same_session_gives_the_same_picture() {
    for seed in 0..20 {
        let session = generated(seed);
        assert_eq!(sequence(&session, &View::default()), sequence(&session.clone(), &View::default()), "seed {seed}");
        assert_eq!(timeline(&session, &View::default()), timeline(&session.clone(), &View::default()), "seed {seed}");
    }
}

#[test]
fn a_fan_out_is_a_few_rows_and_what_failed_in_it_is_seen() {
    let session = fan_out();
    let rows = Rows::of(&session, &View::default());
    let counts: Vec<usize> = rows.rows.iter().map(|row| row.members.len()).collect();
    // The list, the rows that went well, three that did not, and the receipts.
    assert_eq!(counts, [1, 497, 1, 1, 1, 497]);
    let opened = View { opened: vec!["id-1".to_owned()], ..View::default() };
    assert_eq!(Rows::of(&session, &opened).total, 1 + 500 + 497);
}

#[test]
fn only_the_rows_that_are_asked_for_are_drawn() {
    let session = fan_out();
    let view = View { collapse: usize::MAX, first: 100, rows: 50, ..View::default() };
    let drawing = sequence(&session, &view);
    assert_eq!(drawing.rows, 998);
    assert_eq!(drawing.body.matches("data-message=").count(), 50);
}

#[test]
fn bars_are_red_from_a_failure_to_what_it_made_fail_and_no_further() {
    let session = failing_order();
    let placed = Placed::of(&session, &Rows::of(&session, &View::default()));
    let of = |number: u64| {
        let bar = placed.activations.iter().find(|bar| session.messages[bar.message].number == number);
        bar.map(|bar| bar.failed)
    };
    assert_eq!([12, 13, 14, 16].map(of), [Some(false), Some(true), Some(false), Some(true)]);
}

#[test]
fn who_waited_for_what_failed_is_told_by_an_arrow_back() {
    let rows = Rows::of(&failing_order(), &View::default());
    let failed: Vec<_> = rows.rows.iter().filter(|row| row.kind == RowKind::Failed).collect();
    assert_eq!(failed.len(), 1, "the order itself was sent without waiting");
    assert_eq!((failed[0].members.as_slice(), failed[0].at), ([4].as_slice(), millis(4620)));
}

#[test]
fn names_from_outside_cannot_become_part_of_the_document() {
    let hostile = "</text><script>alert(1)</script>&\"'\u{202e}\0";
    let mut session = failing_order();
    for message in &mut session.messages {
        message.label = hostile.to_owned();
        message.id = hostile.to_owned();
        message.from = Some(hostile.to_owned());
        message.marks = vec![hostile.to_owned()];
        message.failure = Some(Failure { text: hostile.to_owned(), at: millis(5) });
    }
    session.parties = vec![party(hostile, hostile)];
    let view = View { choose: "?m=\"><script>".to_owned(), open: hostile.to_owned(), ..View::default() };
    let drawing = sequence(&session, &view);
    for svg in [drawing.head, drawing.body, timeline(&session, &view).body, document(&session, hostile)] {
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains('\0') && !svg.contains('\u{202e}'), "{svg}");
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
}

#[test]
fn a_timeline_counts_the_rows_that_it_has_and_not_the_messages() {
    let drawn = timeline(&fan_out(), &View { rows: 2, ..View::default() });
    let rows = |svg: &str| svg.matches("class=\"row ").count();
    assert_eq!((drawn.rows, rows(&drawn.body)), (5, 2), "the list, three that failed, and the others as one");
}

#[test]
fn the_bar_of_what_was_tried_again_is_work_from_its_beginning() {
    let mut session = failing_order();
    session.messages.truncate(1);
    session.messages[0] = Sent { queued: None, ran: Some(millis(800)), ..session.messages[0].clone() };
    let drawn = timeline(&session, &View::default()).body;
    assert!(drawn.contains("class=\"ran\" x=\"300\"") && !drawn.contains("class=\"queued\""), "{drawn}");
    assert!(drawn.contains(">took 800 ms</text>"), "{drawn}");
}

#[test]
fn a_failing_order_keeps_its_picture() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("picture/snapshots/sequence.svg");
    let svg = document(&failing_order(), "an order whose measurement fails");
    if std::env::var_os("PICTURE").is_some_and(|what| what == "overwrite") {
        std::fs::write(&path, &svg).unwrap();
    }
    assert_eq!(svg, std::fs::read_to_string(&path).unwrap(), "see tests/picture/snapshots.rs for how to write it anew");
}
