//! Queues that are ordered by key: several workers, one order for each key, and what a failing head does to it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use iop::engine::Stop;
use iop::message::{MessageId, Status};
use iop::prelude::*;
use iop::store::Store as _;
use iop::testing::TestRun;

use crate::front::Front;
use crate::kit::Lab;

/// What to send.
#[message]
pub struct Batch {
    tasks: Vec<Task>,
}

/// `how`: `ok`, `slow`, `fatal`, `retry 2` (fails twice), `away 2` (cannot be reached twice), `closed` (until its run opens).
#[message]
#[derive(Clone)]
pub struct Task {
    run: String,
    #[key]
    key: Option<String>,
    number: u32,
    how: String,
    urgent: bool,
}

/// Sends tasks.
#[business_service]
pub struct Source {
    #[target]
    out: Target<Task>,
}

#[handlers]
impl Source {
    async fn on_process_input(&mut self, batch: Batch, cx: &mut Context) -> Result {
        for task in batch.tasks {
            let priority = if task.urgent { Priority::HIGH } else { Priority::NORMAL };
            cx.send_request_async(&self.out, task).response_required(false).priority(priority).await?;
        }
        Ok(())
    }
}

/// What the sinks of all tests have seen.
#[derive(Default)]
struct Seen {
    done: Vec<(String, Option<String>, u32)>,
    under_way: HashSet<(String, Option<String>)>,
    most: BTreeMap<String, usize>,
    twice: Vec<String>,
    opened: HashSet<String>,
}

static SEEN: Mutex<Option<Seen>> = Mutex::new(None);

fn seen<T>(look: impl FnOnce(&mut Seen) -> T) -> T {
    let mut seen: MutexGuard<'_, Option<Seen>> = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    look(seen.get_or_insert_default())
}

/// The numbers that were done in a run, of one key or of all.
fn done(run: &str, key: Option<&str>) -> Vec<u32> {
    seen(|seen| {
        let of =
            |(of, k, _): &&(String, Option<String>, u32)| of == run && key.is_none_or(|key| k.as_deref() == Some(key));
        seen.done.iter().filter(of).map(|(.., number)| *number).collect()
    })
}

/// Works on tasks, and notices where two of one key are under way at once.
#[business_operation]
pub struct Sink;

/// Its end, also where the turn is cut off.
struct UnderWay(String, Option<String>);

impl UnderWay {
    fn begin(task: &Task) -> Self {
        seen(|seen| {
            if !seen.under_way.insert((task.run.clone(), task.key.clone())) {
                seen.twice.push(task.run.clone());
            }
            let now = seen.under_way.iter().filter(|(run, _)| *run == task.run).count();
            let most = seen.most.entry(task.run.clone()).or_default();
            *most = now.max(*most);
        });
        Self(task.run.clone(), task.key.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        seen(|seen| seen.under_way.remove(&(self.0.clone(), self.1.clone())));
    }
}

#[handlers]
impl Sink {
    async fn work(&mut self, task: Task, cx: &mut Context) -> Result {
        let _under_way = UnderWay::begin(&task);
        let attempt = cx.message().map_or(0, |header| header.attempt);
        let (how, times) = task.how.split_once(' ').unwrap_or((&task.how, "0"));
        let again = attempt < times.parse::<u32>()?;
        match how {
            "slow" => tokio::time::sleep(Duration::from_millis(u64::from(task.number * 7 % 5) + 1)).await,
            "held" => {
                while !seen(|seen| seen.opened.contains(&task.run)) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            "fatal" if !seen(|seen| seen.opened.contains(&task.run)) => return Err(Error::fatal("no")),
            "closed" if !seen(|seen| seen.opened.contains(&task.run)) => return Err(Error::retry("closed")),
            "retry" if again => return Err(Error::retry("once more")),
            "away" if again => return Err(Error::unavailable("away")),
            _ => tokio::task::yield_now().await,
        }
        seen(|seen| seen.done.push((task.run.clone(), task.key.clone(), task.number)));
        Ok(())
    }
}

production! {
    /// Ordered by key, eight workers; what fails for good lets its key go on.
    pub ByKey {
        alerts none;
        source: Source { out: sink },
        #[item(pool_size = 8, order = key(key), failing = suspend, backoff = "10ms", backoff_cap = "50ms", breaker = 0)]
        sink: Sink {},
    }
}

production! {
    /// What fails for good parks its key.
    pub Parking {
        alerts none;
        source: Source { out: sink },
        #[item(pool_size = 4, order = key(key), failing = park_key, attempts = 2, backoff = "10ms")]
        sink: Sink {},
    }
}

production! {
    /// What fails blocks its key.
    pub Blocking {
        source: Source { out: sink },
        #[item(pool_size = 4, order = key(key), failing = block, attempts = 2, backoff = "10ms", backoff_cap = "1s")]
        sink: Sink {},
    }
}

production! {
    /// One order for all; what fails blocks the queue.
    pub BlockingQueue {
        source: Source { out: sink },
        #[item(order = fifo, failing = block, attempts = 2, backoff = "10ms")]
        sink: Sink {},
    }
}

/// Hands tasks on and waits for what becomes of them, with callbacks.
#[business_process]
pub struct Desk {
    #[target]
    out: Target<Checked>,
    #[state]
    waits: bool,
}

/// A task that is answered.
#[message(response = Verdict)]
pub struct Checked {
    task: Task,
}

#[message]
pub struct Verdict {
    number: u32,
}

#[handlers]
impl Desk {
    async fn on_message(&mut self, task: Task, cx: &mut Context) -> Result<Pending> {
        let attempt = cx.message().map_or(0, |header| header.attempt);
        if task.how == "retry" && attempt == 0 {
            return Err(Error::retry("once more"));
        }
        {
            let _under_way = UnderWay::begin(&task);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.waits = true;
        seen(|seen| seen.done.push((task.run.clone(), task.key.clone(), task.number)));
        cx.send_request_async(&self.out, Checked { task }).await?;
        Ok(Pending)
    }

    async fn on_response(&mut self, response: Response<Checked>) -> Result {
        let verdict = response.result?;
        seen(|seen| seen.done.push(("verdicts".to_owned(), None, verdict.number)));
        Ok(())
    }

    async fn on_complete(&mut self, _task: Task) -> Result {
        Ok(())
    }
}

/// Answers after a while.
#[business_operation]
pub struct Checker;

#[handlers]
impl Checker {
    async fn check(&mut self, checked: Checked) -> Result<Verdict> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(Verdict { number: checked.task.number })
    }
}

production! {
    /// A process that is ordered by key.
    pub Desks {
        source: Source { out: sink },
        #[item(pool_size = 4, order = key(key), failing = suspend, backoff = "5ms")]
        sink: Desk { out: checker },
        #[item(pool_size = 16)]
        checker: Checker {},
        alerts none;
    }
}

fn task(run: &str, key: &str, number: u32, how: &str) -> Task {
    Task { run: run.to_owned(), key: Some(key.to_owned()), number, how: how.to_owned(), urgent: false }
}

async fn send(lab: &Lab, tasks: Vec<Task>) {
    for tasks in tasks.chunks(500) {
        let batch = serde_json::to_string(&Batch { tasks: tasks.to_vec() }).expect("a batch is JSON");
        lab.call("source", &batch).await.expect("accepted");
    }
}

async fn stop(lab: &Lab) {
    lab.director().stop_item("sink", Stop::Now).await.expect("known item");
}

async fn start(lab: &Lab) {
    lab.director().start_item("sink").await.expect("known item");
}

fn status(lab: &Lab) -> iop::director::ItemStatus {
    lab.director().status().items.into_iter().find(|item| item.name == "sink").expect("sink")
}

async fn until_done(run: &str, count: usize) {
    while done(run, None).len() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn numbers(count: u32) -> Vec<u32> {
    (0..count).collect()
}

fn never_two_of_one_key(run: &str) {
    assert!(!seen(|seen| seen.twice.iter().any(|twice| twice == run)), "two messages of one key at once");
}

#[tokio::test(start_paused = true)]
async fn each_key_keeps_its_order_at_any_pool_size_and_keys_are_worked_on_side_by_side() {
    let lab = Lab::start::<ByKey>().await;
    let tasks = (0..400).map(|n| task("side", &format!("k{}", n % 4), n / 4, "slow")).collect();
    send(&lab, tasks).await;
    lab.until_idle().await;
    for key in ["k0", "k1", "k2", "k3"] {
        assert_eq!(done("side", Some(key)), numbers(100), "{key}");
    }
    never_two_of_one_key("side");
    assert_eq!(seen(|seen| seen.most["side"]), 4, "as many at once as there are keys");
}

#[tokio::test(start_paused = true)]
async fn messages_without_a_value_are_in_order_among_themselves() {
    let lab = Lab::start::<ByKey>().await;
    let nameless = |number| Task { key: None, ..task("none", "", number, "slow") };
    send(&lab, (0..50).map(nameless).collect()).await;
    lab.until_idle().await;
    assert_eq!(done("none", None), numbers(50));
    never_two_of_one_key("none");
    assert!(lab.requests_to("sink").await.iter().all(|header| header.order_key.as_deref() == Some("")));
}

#[tokio::test(start_paused = true)]
async fn a_backlog_of_one_key_neither_starves_the_others_nor_fills_memory() {
    let lab = Lab::start::<ByKey>().await;
    stop(&lab).await;
    send(&lab, (0..3000).map(|n| task("hot", "hot", n, "slow")).collect()).await;
    send(&lab, (0..20).map(|n| task("hot", &format!("cold{n}"), 0, "slow")).collect()).await;
    assert!(status(&lab).queued <= 1024, "{} messages in memory", status(&lab).queued);
    let lab = lab.crash_and_restart::<ByKey>().await;
    let cold =
        |run: &str| seen(|seen| seen.done.iter().filter(|(of, k, _)| of == run && k.as_deref() != Some("hot")).count());
    while cold("hot") < 20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let before = done("hot", Some("hot")).len();
    assert!(before < 300, "the others waited for {before} messages of the hot key");
    lab.until_idle().await;
    assert_eq!(done("hot", Some("hot")), numbers(3000));
    never_two_of_one_key("hot");
}

#[tokio::test(start_paused = true)]
async fn a_retrying_head_holds_back_only_its_key() {
    let lab = Lab::start::<ByKey>().await;
    let mut tasks = vec![task("head", "bad", 0, "away 20")];
    tasks.extend((1..100).map(|n| task("head", "bad", n, "ok")));
    tasks.extend((0..2000).map(|n| task("head", &format!("good{}", n % 50), n / 50, "ok")));
    send(&lab, tasks).await;
    until_done("head", 2000).await;
    assert_eq!(done("head", Some("bad")), numbers(0), "the others did not wait for it");
    // What waits behind it is with the store.
    assert!(status(&lab).queued <= 3, "{:?}", status(&lab));
    lab.until_idle().await;
    assert_eq!(done("head", Some("bad")), numbers(100));
    for key in 0..50 {
        assert_eq!(done("head", Some(&format!("good{key}"))), numbers(40));
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_fails_and_whenever_the_process_dies_each_key_keeps_its_order() {
    let hows = ["ok", "retry 1", "slow", "away 2", "retry 3", "slow", "ok"];
    let mut lab = Lab::start::<ByKey>().await;
    let mut sent = [0; 12];
    for round in 0..12_u32 {
        let tasks = (0..250_u32).map(|n| {
            // Some keys get far more than others.
            let key = usize::try_from((n * n + round) % 144).expect("small").isqrt();
            let number = sent[key];
            sent[key] += 1;
            let how = hows[usize::try_from(n.wrapping_mul(2_654_435_761) >> 16).expect("small") % hows.len()];
            task("torture", &format!("k{key}"), number, how)
        });
        let tasks = tasks.collect();
        send(&lab, tasks).await;
        tokio::time::sleep(Duration::from_millis(u64::from(round * 13 % 40))).await;
        if round % 3 == 2 {
            lab = lab.crash_and_restart::<ByKey>().await;
        }
    }
    lab.until_idle().await;
    for (key, sent) in sent.into_iter().enumerate() {
        let mut seen = done("torture", Some(&format!("k{key}")));
        // What was done when the process died may be done again, at its place.
        seen.dedup();
        assert_eq!(seen, numbers(sent), "k{key}");
    }
    assert!(lab.messages().await.iter().all(|header| header.status == Status::Completed));
}

#[tokio::test(start_paused = true)]
async fn a_higher_priority_overtakes_and_keeps_its_own_order() {
    let lab = Lab::start::<ByKey>().await;
    stop(&lab).await;
    let urgent = |n| Task { urgent: true, ..task("urgent", "a", n, "ok") };
    send(&lab, (0..2000).map(|n| task("urgent", "a", 1000 + n, "ok")).collect()).await;
    send(&lab, (0..200).map(urgent).collect()).await;
    start(&lab).await;
    lab.until_idle().await;
    let seen = done("urgent", Some("a"));
    let first = seen.iter().position(|number| *number < 1000).expect("an urgent one");
    assert!(first <= 1, "an urgent message waited for {first} others");
    let parts: (Vec<u32>, Vec<u32>) = seen.into_iter().partition(|number| *number < 1000);
    assert_eq!(parts, (numbers(200), (1000..3000).collect()));
}

#[tokio::test(start_paused = true)]
async fn a_parked_key_waits_also_over_a_restart_until_a_person_resumes_its_head() {
    let lab = Lab::start::<Parking>().await;
    let mut tasks = vec![task("park", "bad", 0, "fatal")];
    tasks.extend((1..200).map(|n| task("park", "bad", n, "ok")));
    tasks.extend((0..50).map(|n| task("park", "good", n, "ok")));
    send(&lab, tasks).await;
    lab.until_idle().await;
    assert_eq!((done("park", Some("bad")), done("park", Some("good"))), (Vec::new(), numbers(50)));
    let shown = status(&lab);
    assert_eq!((shown.parked, shown.parked_by[0].order_key.as_deref()), (1, Some("bad")));

    let lab = lab.crash_and_restart::<Parking>().await;
    send(&lab, vec![task("park", "bad", 200, "ok"), task("park", "good", 50, "ok")]).await;
    lab.until_idle().await;
    assert_eq!((done("park", Some("bad")), done("park", Some("good"))), (Vec::new(), numbers(51)));
    assert_eq!(status(&lab).parked, 1);

    let head = lab.until("sink", Status::Suspended).await;
    seen(|seen| seen.opened.insert("park".to_owned()));
    assert_eq!(lab.director().resume(head.id, "eve").await, Ok(true));
    send(&lab, vec![task("park", "bad", 201, "ok")]).await;
    lab.until_idle().await;
    assert_eq!(done("park", Some("bad")), numbers(202));
    assert_eq!(status(&lab).parked, 0);
}

#[tokio::test(start_paused = true)]
async fn a_parked_head_that_is_discarded_lets_its_key_go_on() {
    let lab = Lab::start::<Parking>().await;
    send(&lab, (0..3).map(|n| task("discard", "a", n, if n == 0 { "retry 9" } else { "ok" })).collect()).await;
    lab.until_idle().await;
    let head = lab.until("sink", Status::Suspended).await;
    assert_eq!(done("discard", None), numbers(0));
    let director = lab.director();
    assert_eq!(director.discard(head.id, "ada").await, Ok(true));
    assert_eq!(director.discard(head.id, "ada").await, Ok(false), "it is discarded");
    lab.until_idle().await;
    assert_eq!(done("discard", None), [1, 2]);
    assert_eq!(director.resume(MessageId::random(), "eve").await, Ok(false), "there is no such message");
}

#[tokio::test(start_paused = true)]
async fn a_queue_in_order_whose_head_a_person_suspends_waits_as_a_whole() {
    let lab = Lab::start::<BlockingQueue>().await;
    let tasks = (0..1500).map(|n| task("whole", &format!("k{n}"), n, if n == 3 { "closed" } else { "ok" }));
    send(&lab, tasks.collect()).await;
    let head = lab.until("sink", Status::Retrying).await;
    assert_eq!(lab.director().suspend(head.id, "ada").await, Ok(true));
    lab.until_idle().await;
    assert_eq!(done("whole", None), numbers(3));
    let lab = lab.crash_and_restart::<BlockingQueue>().await;
    send(&lab, vec![task("whole", "last", 1500, "ok")]).await;
    lab.until_idle().await;
    assert_eq!(done("whole", None), numbers(3));
    assert_eq!(status(&lab).parked, 1);
    seen(|seen| seen.opened.insert("whole".to_owned()));
    let head = lab.until("sink", Status::Suspended).await;
    assert_eq!(lab.director().resume(head.id, "eve").await, Ok(true));
    lab.until_idle().await;
    assert_eq!(done("whole", None), numbers(1501));
}

#[tokio::test(start_paused = true)]
async fn a_blocking_head_is_tried_for_ever_and_seen_until_it_succeeds_or_is_discarded() {
    let lab = Lab::start::<Blocking>().await;
    let tasks = |key: &'static str| (0..30).map(move |n| task("block", key, n, if n == 0 { "closed" } else { "ok" }));
    send(&lab, tasks("a").chain(tasks("b")).collect()).await;
    send(&lab, (0..30).map(|n| task("block", "free", n, "ok")).collect()).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(done("block", None), numbers(30), "only the key that does not fail");
    let shown = status(&lab);
    assert_eq!((shown.retrying, shown.parked), (2, 0));
    let blocked = &shown.failing[0];
    assert!(blocked.blocks && blocked.attempt > 1000, "{blocked:?}");
    assert_eq!(blocked.error.as_deref(), Some("closed"));
    assert!(blocked.since.is_some());

    let head = |key: &str| shown.failing.iter().find(|failing| failing.order_key.as_deref() == Some(key));
    let director = lab.director();
    assert_eq!(director.discard(head("b").expect("blocked").message, "ada").await, Ok(true));
    until_done("block", 59).await;
    assert_eq!(done("block", Some("b")), (1..30).collect::<Vec<_>>());
    seen(|seen| seen.opened.insert("block".to_owned()));
    lab.until_idle().await;
    assert_eq!(done("block", Some("a")), numbers(30));
    assert_eq!(status(&lab).retrying, 0);
}

#[tokio::test(start_paused = true)]
async fn a_process_keeps_the_order_of_keys_while_its_responses_come_as_they_come() {
    let lab = Lab::start::<Desks>().await;
    let how = |n: u32| if n % 7 == 3 { "retry" } else { "ok" };
    send(&lab, (0..300).map(|n| task("desk", &format!("k{}", n % 6), n / 6, how(n / 6))).collect()).await;
    lab.until_idle().await;
    for key in 0..6 {
        assert_eq!(done("desk", Some(&format!("k{key}"))), numbers(50));
    }
    never_two_of_one_key("desk");
    assert_eq!(done("verdicts", None).len(), 300);
    assert!(lab.messages().await.iter().all(|header| header.status == Status::Completed));
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_more_keys_than_memory_holds_keeps_the_order_of_each() {
    let lab = Lab::start::<ByKey>().await;
    let keys = 2500;
    send(&lab, (0..keys).map(|n| task("many", &format!("k{n}"), 0, "away 3")).collect()).await;
    let mut most = 0;
    for number in 1..3 {
        send(&lab, (0..keys).map(|n| task("many", &format!("k{n}"), number, "ok")).collect()).await;
        most = most.max(status(&lab).queued);
    }
    lab.until_idle().await;
    assert!(most <= 2100, "{most} messages in memory");
    for key in 0..keys {
        assert_eq!(done("many", Some(&format!("k{key}"))), numbers(3), "k{key}");
    }
    // Nothing is left over that keeps what comes now from being handed over.
    send(&lab, (0..20).map(|n| task("many", "new", n, "slow")).collect()).await;
    lab.until_idle().await;
    assert_eq!(done("many", Some("new")), numbers(20));
}

#[tokio::test(start_paused = true)]
async fn where_messages_park_others_a_person_suspends_only_the_first_of_a_key() {
    let lab = Lab::start::<Parking>().await;
    send(&lab, (0..4).map(|n| task("person", "a", n, if n == 0 { "held" } else { "ok" })).collect()).await;
    while seen(|seen| !seen.under_way.iter().any(|(run, _)| run == "person")) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let messages = lab.requests_to("sink").await;
    let director = lab.director();
    assert_eq!(director.suspend(messages[0].id, "ada").await, Ok(false), "a worker has it");
    assert_eq!(director.suspend(messages[2].id, "ada").await, Ok(false), "others are in front of it");
    seen(|seen| seen.opened.insert("person".to_owned()));
    lab.until_idle().await;
    assert_eq!(done("person", None), numbers(4));
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_while_the_one_in_front_of_it_is_being_read_is_neither_forgotten_nor_overtaken() {
    let (store, clock) = Lab::memory();
    let lab = Lab::on_store::<ByKey>(store.clone(), store.clone(), clock.clone()).await;
    stop(&lab).await;
    send(&lab, vec![task("read", "a", 1, "ok")]).await;
    lab.stop(Stop::Now).await;
    store.recover().await.expect("a store in memory recovers");
    let front = Front::of(store.clone());
    // The first one is on its way from the store, which holds the second one behind it.
    front.let_leases_arrive(false);
    let lab = Lab::on_store::<ByKey>(front.clone(), store, clock).await;
    send(&lab, vec![task("read", "a", 2, "ok")]).await;
    front.let_leases_arrive(true);
    let first_is_done = async |_: &TestRun| done("read", None).contains(&1).then_some(());
    TestRun::until(&lab, "the first one is done", first_is_done).await;
    send(&lab, vec![task("read", "a", 3, "ok")]).await;
    let all_are_done = async |_: &TestRun| (done("read", None).len() == 3).then_some(());
    TestRun::until(&lab, "all are done", all_are_done).await;
    assert_eq!(done("read", None), [1, 2, 3]);
}
