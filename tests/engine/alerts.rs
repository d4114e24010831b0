//! Alerts: one on entering, one on leaving, over restarts and failures of the store, and no loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use iop::clock::Clock;
use iop::message::{AlertKind, AlertPhase, Header, Status};
use iop::prelude::*;
use iop::store::{Step, Store, Viewer};
use iop::{Alert, production};

use crate::kit::{Lab, request};

#[message]
pub struct Job {
    pub number: u32,
}

/// Fails for good where the number is 0, and otherwise takes so many seconds.
#[business_operation]
pub struct Press;

#[handlers]
impl Press {
    async fn job(&mut self, job: Job) -> Result {
        match job.number {
            0 => Err(Error::fatal("there is no paper")),
            seconds => {
                tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                Ok(())
            }
        }
    }
}

/// Where alerts go. Fails for good where it is told to.
#[business_operation]
pub struct Mail {
    #[setting(default = false)]
    fails: bool,
}

#[handlers]
impl Mail {
    async fn alert(&mut self, _: Alert) -> Result {
        if self.fails { Err(Error::fatal("no mail server")) } else { Ok(()) }
    }
}

production! {
    pub Plant {
        #[item(standalone, alert_depth = 5, alert_grace = "10s")]
        press: Press {},
        mail: Mail {},
        alerts to mail;
    }
}

/// Alerts that were sent, in order, with the states of their messages.
pub(crate) async fn sent(lab: &Lab) -> Vec<(Alert, Header)> {
    let mut alerts = Vec::new();
    for header in lab.messages().await {
        if &*header.type_name == "iop.alert" {
            let message = lab.store.find(header.id).await.expect("readable").expect("stored");
            alerts.push((serde_json::from_slice(&message.body).expect("an alert"), header));
        }
    }
    alerts
}

pub(crate) fn phases(alerts: &[(Alert, Header)]) -> Vec<(AlertKind, AlertPhase)> {
    alerts.iter().map(|(alert, _)| (alert.kind, alert.phase)).collect()
}

/// Waits until so many alerts were handled.
pub(crate) async fn until_sent(lab: &Lab, count: usize) -> Vec<(Alert, Header)> {
    let wait = async {
        loop {
            let alerts = sent(lab).await;
            if alerts.len() >= count && alerts.iter().all(|(_, header)| header.status == Status::Completed) {
                return alerts;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(600), wait).await.expect("alerts come")
}

/// Lets the engine look for a while.
pub(crate) async fn look(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

async fn press(lab: &Lab, number: u32) {
    let _refused = lab.call("press", &format!(r#"{{"number": {number}}}"#)).await;
}

#[tokio::test(start_paused = true)]
async fn a_suspended_message_is_told_once_and_its_end_once() {
    let lab = Lab::start::<Plant>().await;
    press(&lab, 0).await;
    let failed = lab.until("press", Status::Suspended).await;
    let alerts = until_sent(&lab, 1).await;
    let (alert, header) = &alerts[0];
    assert_eq!(phases(&alerts), [(AlertKind::Suspended, AlertPhase::Entered)]);
    assert_eq!((alert.item.as_deref(), alert.production.as_str(), alert.value), (Some("press"), "Plant", Some(1.0)));
    assert_eq!((alert.message, alert.session), (Some(failed.id), Some(failed.session)));
    assert!(alert.text.contains("there is no paper"), "{}", alert.text);
    assert_eq!((header.source.as_deref(), header.target.as_deref()), (Some("(engine)"), Some("mail")));
    assert_ne!(header.session, failed.session, "an alert is a session of its own");

    press(&lab, 0).await;
    look(60).await;
    assert_eq!(sent(&lab).await.len(), 1, "a second one is no second alert");
    for header in lab.requests_to("press").await {
        assert_eq!(lab.discard(header.id).await, Ok(true));
    }
    let alerts = until_sent(&lab, 2).await;
    assert_eq!(phases(&alerts)[1], (AlertKind::Suspended, AlertPhase::Left));
    assert_eq!(alerts[1].0.since, alert.since, "it says since when it was so");
    look(60).await;
    assert_eq!(sent(&lab).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_lasts_over_a_crash_is_not_told_a_second_time() {
    let lab = Lab::start::<Plant>().await;
    press(&lab, 0).await;
    let first = until_sent(&lab, 1).await;
    let lab = lab.crash_and_restart::<Plant>().await;
    look(120).await;
    assert_eq!(sent(&lab).await, first, "it still lasts");
    let (conditions, _) = lab.director().alerts().await.unwrap();
    assert_eq!((conditions.len(), conditions[0].since), (1, first[0].0.since));
    let suspended = lab.until("press", Status::Suspended).await;
    assert_eq!(lab.discard(suspended.id).await, Ok(true));
    assert_eq!(phases(&until_sent(&lab, 2).await)[1], (AlertKind::Suspended, AlertPhase::Left));
}

/// A production that finds nine jobs of so many seconds when it starts.
async fn with_backlog(seconds: u32) -> Lab {
    let (store, clock) = Lab::memory();
    let emit = (0..9).map(|n| request("press", "Job", n, format!(r#"{{"number": {seconds}}}"#))).collect();
    store.submit(Step { emit, ..Step::default() }).commit.wait().await.expect("stored");
    Lab::on_store::<Plant>(store.clone(), store, clock).await
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_deep_for_a_moment_is_no_news() {
    let lab = with_backlog(1).await;
    look(60).await;
    assert_eq!(sent(&lab).await, [], "worked off before its grace was over");
    let lab = with_backlog(30).await;
    let alerts = until_sent(&lab, 1).await;
    assert_eq!((alerts[0].0.kind, alerts[0].0.limit), (AlertKind::Depth, Some(5.0)));
    let alerts = until_sent(&lab, 2).await;
    assert_eq!(phases(&alerts)[1], (AlertKind::Depth, AlertPhase::Left));
    assert!(alerts[1].0.value.unwrap() < 4.0, "and not at the limit: {:?}", alerts[1].0.value);
}

#[tokio::test(start_paused = true)]
async fn an_alert_about_the_item_of_alerts_is_not_sent_to_it() {
    let lab = Lab::with::<Plant>("mail.fails", true).await;
    press(&lab, 0).await;
    lab.until("mail", Status::Suspended).await;
    look(300).await;
    assert_eq!(phases(&sent(&lab).await), [(AlertKind::Suspended, AlertPhase::Entered)], "only that of the press");
    let (conditions, _) = lab.director().alerts().await.unwrap();
    let mut items: Vec<_> = conditions.iter().filter_map(|condition| condition.item.as_deref()).collect();
    items.sort_unstable();
    assert_eq!(items, ["mail", "press"], "it is seen all the same");
}

#[tokio::test(start_paused = true)]
async fn a_muted_rule_is_seen_and_not_told() {
    let lab = Lab::start::<Plant>().await;
    let director = lab.director();
    let hour = Duration::from_secs(3600);
    director.mute_alerts(Some("press"), Some(AlertKind::Suspended), hour, "eve").await.unwrap();
    press(&lab, 0).await;
    look(120).await;
    assert_eq!(sent(&lab).await, []);
    let (conditions, muted) = director.alerts().await.unwrap();
    assert_eq!((conditions.len(), conditions[0].told), (1, 0));
    assert_eq!((muted.len(), muted[0].by.as_str()), (1, "eve"));
    // It holds over a restart, and ends by itself.
    let lab = lab.crash_and_restart::<Plant>().await;
    look(60).await;
    assert_eq!(sent(&lab).await, []);
    assert_eq!(phases(&until_sent_late(&lab, 3600).await), [(AlertKind::Suspended, AlertPhase::Entered)]);
    let mistake = lab.director().mute_alerts(Some("pres"), None, hour, "eve").await;
    assert!(mistake.unwrap_err().to_string().contains("did you mean `press`?"));
}

async fn until_sent_late(lab: &Lab, seconds: u64) -> Vec<(Alert, Header)> {
    look(seconds).await;
    until_sent(lab, 1).await
}

/// A service that sends when it is told to.
#[business_service(poll)]
pub struct Feed {
    #[setting(default = "1s")]
    call_interval: Duration,
    #[target]
    out: Target<Job>,
}

static FEEDS: AtomicBool = AtomicBool::new(false);

#[handlers]
impl Feed {
    async fn on_process_input(&mut self, cx: &mut Context) -> Result {
        if FEEDS.load(Ordering::SeqCst) {
            cx.send_request_async(&self.out, Job { number: 7 }).await?;
        }
        Ok(())
    }
}

/// Comes up when it may.
#[business_operation]
pub struct Plotter;

static MAY_COME_UP: AtomicBool = AtomicBool::new(false);

#[handlers]
impl Plotter {
    async fn on_init(&mut self) -> Result {
        if MAY_COME_UP.load(Ordering::SeqCst) { Ok(()) } else { Err(Error::unavailable("no device")) }
    }

    async fn job(&mut self, _: Job) -> Result {
        Ok(())
    }
}

production! {
    pub Quiet {
        #[item(alert_inactive = "5m")]
        feed: Feed { out: press },
        press: Press {},
        mail: Mail {},
        alerts to mail;
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_goes_quiet_is_told_and_only_an_input_ends_it() {
    FEEDS.store(true, Ordering::SeqCst);
    let lab = Lab::start::<Quiet>().await;
    look(600).await;
    assert_eq!(sent(&lab).await, []);
    FEEDS.store(false, Ordering::SeqCst);
    let alerts = until_sent(&lab, 1).await;
    assert_eq!((alerts[0].0.kind, alerts[0].0.limit), (AlertKind::Inactive, Some(300.0)));
    let lab = lab.crash_and_restart::<Quiet>().await;
    look(600).await;
    assert_eq!(sent(&lab).await.len(), 1, "a restart is no input");
    FEEDS.store(true, Ordering::SeqCst);
    assert_eq!(phases(&until_sent(&lab, 2).await)[1], (AlertKind::Inactive, AlertPhase::Left));
}

production! {
    pub Drawing {
        #[item(standalone, alert_grace = "20s")]
        plotter: Plotter {},
        mail: Mail {},
        alerts to mail;
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_that_does_not_come_up_is_told() {
    let lab = Lab::start::<Drawing>().await;
    let begun = lab.clock().now();
    let alerts = until_sent(&lab, 1).await;
    assert_eq!(alerts[0].0.kind, AlertKind::Down);
    assert!(alerts[0].0.text.contains("no device"), "{}", alerts[0].0.text);
    assert!(alerts[0].1.created.since(begun) >= Duration::from_secs(19), "not within its grace");
    MAY_COME_UP.store(true, Ordering::SeqCst);
    assert_eq!(phases(&until_sent(&lab, 2).await)[1], (AlertKind::Down, AlertPhase::Left));
}

/// Cannot reach its outside before it is there; at a number of 0 it blocks its thread until somebody lets it go.
#[business_operation]
pub struct Line;

static LINE_IS_UP: AtomicBool = AtomicBool::new(false);
static LET_GO: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

#[handlers]
impl Line {
    async fn job(&mut self, job: Job) -> Result {
        if job.number == 0 {
            let (may_go, told) = &LET_GO;
            drop(told.wait_while(may_go.lock().expect("no panic"), |may_go| !*may_go).expect("no panic"));
        }
        if LINE_IS_UP.load(Ordering::SeqCst) { Ok(()) } else { Err(Error::unavailable("no carrier")) }
    }
}

production! {
    pub Exchange {
        #[item(standalone, breaker = 3, breaker_pause = "10s", backoff = "1s", alert_grace = "5s")]
        line: Line {},
        mail: Mail {},
        alerts to mail;
    }
}

#[tokio::test(start_paused = true)]
async fn a_breaker_is_told_when_it_has_opened_and_when_it_has_closed() {
    let lab = Lab::start::<Exchange>().await;
    lab.director().send_json("line", None, br#"{"number": 1}"#, None).await.expect("taken");
    let alerts = until_sent(&lab, 1).await;
    assert_eq!(phases(&alerts), [(AlertKind::Breaker, AlertPhase::Entered)]);
    assert_eq!(alerts[0].0.item.as_deref(), Some("line"));
    assert!(alerts[0].0.text.contains("its outside cannot be reached"), "{}", alerts[0].0.text);
    look(600).await;
    assert_eq!(sent(&lab).await.len(), 1, "probes that find it away are no news");
    LINE_IS_UP.store(true, Ordering::SeqCst);
    let alerts = until_sent(&lab, 2).await;
    assert_eq!(phases(&alerts)[1], (AlertKind::Breaker, AlertPhase::Left));
    lab.until("line", Status::Completed).await;
}

production! {
    pub Blocked {
        #[item(standalone, timeout = "50ms", alert_grace = "0s")]
        line: Line {},
        mail: Mail {},
        alerts to mail;
    }
}

// A thread that is blocked is blocked in real time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_blocks_its_thread_is_told_and_so_is_that_it_goes_on() {
    let lab = Lab::start::<Blocked>().await;
    lab.director().send_json("line", None, br#"{"number": 0}"#, None).await.expect("taken");
    let alerts = until_sent(&lab, 1).await;
    assert_eq!(phases(&alerts), [(AlertKind::Stuck, AlertPhase::Entered)]);
    assert_eq!((alerts[0].0.item.as_deref(), alerts[0].0.value), (Some("line"), Some(1.0)));
    *LET_GO.0.lock().expect("no panic") = true;
    LET_GO.1.notify_all();
    let alerts = until_sent(&lab, 2).await;
    assert_eq!(phases(&alerts)[1], (AlertKind::Stuck, AlertPhase::Left));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_failed_is_told_when_it_works_again() {
    let (store, clock) = Lab::memory();
    let front = crate::front::Front::of(store.clone());
    let lab = Lab::on_store::<Plant>(front.clone(), store, clock).await;
    front.fail();
    press(&lab, 2).await;
    let alerts = until_sent(&lab, 1).await;
    assert_eq!((alerts[0].0.kind, alerts[0].0.item.as_deref()), (AlertKind::Store, None));
    assert!(alerts[0].0.text.contains("the disk is on fire"), "{}", alerts[0].0.text);
    assert_eq!(phases(&until_sent(&lab, 2).await)[1], (AlertKind::Store, AlertPhase::Left));
}
