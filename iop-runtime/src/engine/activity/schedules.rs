//! Work that passes from item to item, and who waits until there is none, in many orders.

use shuttle::future::block_on;
use shuttle::thread;

use super::*;
use crate::sync::atomic::AtomicBool;
use crate::sync::in_many_orders;

#[test]
fn nobody_takes_work_that_passes_on_for_none() {
    in_many_orders(|| {
        let (activity, done) = (Activity::of_items(2), Arc::new(AtomicBool::new(false)));
        let first = activity.begin(Some(1));
        let work = thread::spawn({
            let (activity, done) = (Arc::clone(&activity), Arc::clone(&done));
            move || {
                // Against the order in which the counters are looked at, too.
                let second = activity.begin(Some(0));
                drop(first);
                let third = activity.begin(None);
                drop(second);
                done.store(true, Ordering::SeqCst);
                drop(third);
            }
        });
        let watchers = [0, 1].map(|_| {
            let (activity, done) = (Arc::clone(&activity), Arc::clone(&done));
            thread::spawn(move || {
                block_on(activity.idle(|_| true, |_| false));
                assert!(done.load(Ordering::SeqCst), "there was work");
            })
        });
        work.join().unwrap();
        for watcher in watchers {
            watcher.join().unwrap();
        }
    });
}
