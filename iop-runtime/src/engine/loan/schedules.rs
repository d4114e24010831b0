//! One worker, its own task and those who lend to it, in many orders: what is offered is done once, whoever runs it, and
//! nothing is left lying.

use std::collections::VecDeque;
use std::future::poll_fn;

use shuttle::future::block_on;
use shuttle::thread;
use tokio::sync::oneshot;

use super::*;
use crate::sync::in_many_orders;

/// A queue with one worker: what the queues of items do with a loan, and no more.
struct Desk {
    state: Mutex<State>,
    loan: Arc<Loan>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<oneshot::Sender<()>>,
    idle: bool,
    stopped: bool,
    done: u32,
}

impl Desk {
    fn new() -> Arc<Self> {
        let loan = Loan::new();
        // None of the few here is one that is timed: time is not what is tried.
        loan.loans.store(1, Ordering::Relaxed);
        Arc::new(Self { state: Mutex::new(State::default()), loan })
    }

    /// The worker: does what waits, and waits.
    fn work(&self) -> Poll<()> {
        loop {
            let mut state = self.state.lock().unwrap();
            let _ = self.loan.is_offered();
            if self.loan.set_waits(false) {
                state.idle = false;
            }
            let Some(reply) = state.waiting.pop_front() else {
                if state.stopped {
                    return Poll::Ready(());
                }
                state.idle = true;
                self.loan.set_waits(true);
                return Poll::Pending;
            };
            state.done += 1;
            drop(state);
            let _ = reply.send(());
        }
    }

    fn task(self: &Arc<Self>, ends: Option<Ended>) -> Task {
        let desk = Arc::clone(self);
        self.loan.task(async move {
            let _ends = ends;
            poll_fn(|_| desk.work()).await;
        })
    }

    fn change(&self, lends: bool, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap();
        change(&mut state);
        let idle = std::mem::take(&mut state.idle);
        if idle {
            self.loan.offer();
        }
        drop(state);
        if idle && !(lends && self.loan.lend()) {
            self.loan.wake();
        }
    }

    fn send(&self, lends: bool) -> oneshot::Receiver<()> {
        let (reply, answer) = oneshot::channel();
        self.change(lends, |state| state.waiting.push_back(reply));
        answer
    }
}

/// Says that the worker has ended.
struct Ended(Arc<AtomicU32>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn what_two_senders_offer_is_done_once_whoever_lends() {
    for lending in [[true, true], [true, false]] {
        in_many_orders(move || {
            let desk = Desk::new();
            let own = shuttle::future::spawn(desk.task(None));
            let senders = lending.map(|lends| {
                let desk = Arc::clone(&desk);
                thread::spawn(move || {
                    for _ in 0..2 {
                        block_on(desk.send(lends)).unwrap();
                    }
                })
            });
            for sender in senders {
                sender.join().unwrap();
            }
            desk.change(false, |state| state.stopped = true);
            block_on(own).unwrap();
            assert_eq!(desk.state.lock().unwrap().done, 4);
        });
    }
}

#[test]
fn a_worker_whose_task_is_dropped_ends_also_while_somebody_lends() {
    in_many_orders(|| {
        let (desk, ended) = (Desk::new(), Arc::new(AtomicU32::new(0)));
        let mut own = desk.task(Some(Ended(Arc::clone(&ended))));
        block_on(poll_fn(|cx| {
            assert!(Pin::new(&mut own).poll(cx).is_pending());
            Poll::Ready(())
        }));
        let sender = thread::spawn({
            let desk = Arc::clone(&desk);
            move || drop((desk.send(true), desk.send(true)))
        });
        drop(own);
        sender.join().unwrap();
        assert_eq!(ended.load(Ordering::SeqCst), 1, "with it, and once");
    });
}
