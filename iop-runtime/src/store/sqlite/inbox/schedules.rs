//! Submitters and the writer, in many orders: whoever waits is told, once, and what one of them submits keeps its order. No
//! patience ever ends here, so that a writer that sleeps while somebody waits is found.

use shuttle::future::block_on;
use shuttle::thread;

use super::super::op::reply;
use super::*;
use crate::store::{Outcome, StateWrite};
use crate::sync::in_many_orders;

fn id(number: u64) -> MessageId {
    MessageId::of_input(&[&number.to_be_bytes()])
}

fn step(number: u64) -> Step {
    let write = StateWrite { instance: id(number), expected: None, new: None };
    Step { state: vec![write], ..Step::default() }
}

fn submit(inbox: &Arc<Inbox>, number: u64) -> Commit {
    inbox.submit(step(number), Vec::new()).commit
}

fn is_stored(commit: &Commit) -> bool {
    block_on(commit.wait()).is_ok()
}

/// A writer whose transactions fail as often as `failures` says; gives what it has stored, in its order.
fn write(inbox: &Inbox, mut failures: u64) -> Vec<MessageId> {
    let mut written = Vec::new();
    loop {
        let mut batch = match inbox.take(None) {
            Work::Batch(ops) => ops,
            Work::Stop => return written,
            other => panic!("{other:?}"),
        };
        let patience = Some(Instant::now() + Duration::from_secs(3600));
        let mut load = Load { patience, ..Load::of(&batch) };
        while let Some(more) = inbox.join(&mut load) {
            batch.extend(more);
        }
        let fails = failures > 0;
        if fails {
            inbox.failed(&"the disk".into());
        }
        for op in batch {
            match op {
                Op::Step(queued) if fails => queued.promise.keep(Err(StoreError::NotStored("the disk".into()))),
                Op::Step(queued) => {
                    written.extend(queued.step.state.iter().map(|write| write.instance));
                    queued.promise.keep(Ok(Outcome::Committed { duplicates: Vec::new() }));
                }
                Op::IsMarked(_, answer) => reply(answer, Ok(true)),
                other => panic!("{other:?}"),
            }
        }
        if fails {
            failures -= 1;
            inbox.opened(failures, 1);
        }
    }
}

#[test]
fn whoever_waits_is_told_and_what_one_submits_is_written_in_its_order() {
    in_many_orders(|| {
        let inbox = Arc::new(Inbox::new());
        let at = || Arc::clone(&inbox);
        let writer = thread::spawn({
            let inbox = at();
            move || write(&inbox, 0)
        });
        let ahead = thread::spawn({
            let inbox = at();
            move || {
                let both = [submit(&inbox, 1), submit(&inbox, 2)];
                assert!(both.iter().all(is_stored));
            }
        });
        let in_turn = thread::spawn({
            let inbox = at();
            move || assert!(is_stored(&submit(&inbox, 3)) && is_stored(&submit(&inbox, 4)))
        });
        assert_eq!(block_on(inbox.ask(|answer| Op::IsMarked(id(0), answer))), Ok(true));
        ahead.join().unwrap();
        in_turn.join().unwrap();
        inbox.stop();
        let written = writer.join().unwrap();
        assert_eq!(written.len(), 4);
        for pair in [[1, 2], [3, 4]].map(|pair| pair.map(id)) {
            let kept: Vec<_> = written.iter().filter(|id| pair.contains(id)).copied().collect();
            assert_eq!(kept, pair);
        }
    });
}

#[test]
fn a_stop_in_the_middle_leaves_nobody_waiting_and_tells_what_was_written() {
    in_many_orders(|| {
        let inbox = Arc::new(Inbox::new());
        let submitters: Vec<_> = (1..=2)
            .map(|number| {
                let inbox = Arc::clone(&inbox);
                thread::spawn(move || is_stored(&submit(&inbox, number)))
            })
            .collect();
        let writer = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || write(&inbox, 0)
        });
        inbox.stop();
        let told: Vec<bool> = submitters.into_iter().map(|submitter| submitter.join().unwrap()).collect();
        let written = writer.join().unwrap();
        let there: Vec<bool> = [1, 2].iter().map(|number| written.contains(&id(*number))).collect();
        assert_eq!(told, there);
    });
}

#[test]
fn what_a_failed_transaction_has_lost_is_told_and_the_next_attempt_is_stored_once() {
    in_many_orders(|| {
        let inbox = Arc::new(Inbox::new());
        let writer = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || write(&inbox, 1)
        });
        let submitters: Vec<_> = (1..=2)
            .map(|number| {
                let inbox = Arc::clone(&inbox);
                thread::spawn(move || {
                    while !is_stored(&submit(&inbox, number)) {
                        thread::yield_now();
                    }
                })
            })
            .collect();
        for submitter in submitters {
            submitter.join().unwrap();
        }
        inbox.stop();
        let mut written = writer.join().unwrap();
        written.sort_unstable();
        let mut all = [1, 2].map(id);
        all.sort_unstable();
        assert_eq!(written, all);
    });
}
