//! Acts of many commits that SIGKILL cuts in the middle: audit log, job and messages tell the same story before the next start
//! and after it.

use std::collections::HashSet;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use iop::clock::SystemClock;
use iop::message::{Header, Kind, MessageId, Status};
use iop::store::sqlite::{ReadOnlyStore, SqliteStore};
use iop::store::{
    AuditQuery, JobLine, JobLineQuery, JobQuery, MessageQuery, NewMessage, Step, Store, Viewer, verify_audit,
};
use iop_tests::child::{Ground, Process, read};
use iop_tests::program::Entrance;
use serde_json::Value;

use crate::kit::request;

/// More than are done at a time.
const PARCELS: usize = 1000;

/// Two depots in a process of their own, and parcels at the first of them.
struct Depots {
    ground: Ground,
    runtime: tokio::runtime::Runtime,
}

impl Depots {
    fn with_parcels(status: Status) -> Self {
        let ground = Ground::new(env!("CARGO_BIN_EXE_requests_program")).with("REQUESTS_PRODUCTION", "depots");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let depots = Self { ground, runtime };
        std::fs::create_dir_all(depots.store().parent().expect("it has a folder")).expect("it can be made");
        let store = SqliteStore::open(&depots.store(), Arc::new(SystemClock)).expect("a new store");
        let parcel = |number| {
            let parcel = request("first", "Parcel", 0, format!(r#"{{"number": {number}}}"#));
            NewMessage { status, ..parcel }
        };
        let emit = (0..PARCELS).map(parcel).collect();
        depots.runtime.block_on(async {
            let stored = store.submit(Step { emit, ..Step::default() }).commit.wait().await;
            assert!(stored.is_ok_and(|outcome| outcome.is_stored()));
            store.close().await.expect("it closes");
        });
        depots
    }

    fn store(&self) -> PathBuf {
        self.ground.path("iop-data/depots")
    }

    /// Starts the production, whose first depot is closed: what is in its queue stays there.
    fn serve(&self) -> Process {
        let mut process = self.ground.start(&["run", "--set", "iop.http=127.0.0.1:0", "--set", "first.enabled=false"]);
        // The file of a process that was killed leads to nobody.
        let address = || read(&self.store().join("http-address"));
        process.wait_for("it listens", || TcpStream::connect(address().trim()).is_ok());
        process.wait_for("it answers", || !self.ground.run(&["status", "-o", "json"]).out.is_empty());
        process
    }

    fn post(&self, path: &str, body: &str) -> Value {
        let answer = Entrance::of(&self.store()).post(path, &[], body).expect("it answers");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    fn look(&self) -> Arc<ReadOnlyStore> {
        SqliteStore::open_read_only(&self.store()).expect("it can be looked at")
    }

    fn requests_to(&self, item: &str) -> Vec<Header> {
        let query = MessageQuery { item: Some(item.into()), limit: 2 * PARCELS, ..MessageQuery::default() };
        let mut found = self.runtime.block_on(self.look().query(query)).expect("readable");
        found.retain(|header| header.kind == Kind::Request && header.target.as_deref() == Some(item));
        found
    }

    fn lines(&self) -> Vec<JobLine> {
        let query = JobLineQuery { job: 1, limit: PARCELS, ..JobLineQuery::default() };
        self.runtime.block_on(self.look().job_lines(query)).expect("readable")
    }

    fn results(&self) -> usize {
        self.lines().iter().filter(|line| line.result.is_some()).count()
    }

    fn job(&self) -> Value {
        let jobs = self.runtime.block_on(self.look().jobs(JobQuery::default())).expect("readable");
        serde_json::from_str(&jobs[0].document).expect("JSON")
    }

    /// Action and result of each entry, the oldest first, of a log whose chain holds.
    fn audited(&self) -> Vec<(String, String)> {
        let store = self.look();
        let query = AuditQuery { oldest_first: true, ..AuditQuery::default() };
        self.runtime.block_on(verify_audit(&*store, None)).expect("the chain holds");
        let entries = self.runtime.block_on(store.audit(query)).expect("readable");
        entries.into_iter().map(|entry| (entry.action.to_string(), entry.result.to_string())).collect()
    }

    /// Starts a job and kills the production in the middle of it; for how many parcels its lines say that it is done.
    fn cut(&self, plan: &str) -> usize {
        let mut production = self.serve();
        let job = self.post("/api/v1/jobs", plan);
        assert_eq!(job["messages"], PARCELS, "{job}");
        self.post(&format!("/api/v1/jobs/1/start?token={}", job["token"].as_str().expect("a token")), "");
        production.wait_for("the job has begun", || self.results() > 0);
        production.kill();
        assert_eq!(self.job()["state"], "running");
        assert_eq!(self.audited(), entries(&[("job.start", "done")]));
        let done = self.results();
        assert!(done < PARCELS, "it was cut in the middle");
        done
    }

    /// Starts the production again, which goes on with the job.
    fn goes_on(&self) {
        let mut production = self.serve();
        production.wait_for("the job is through", || self.job()["state"] == "done");
        production.kill();
        let job = self.job();
        assert_eq!((&job["done"], &job["left_alone"], &job["failed"]), (&PARCELS.into(), &0.into(), &0.into()));
        assert_eq!(self.results(), PARCELS);
        let end = format!("{PARCELS} done, 0 left alone, 0 failed");
        assert_eq!(self.audited(), entries(&[("job.start", "done"), ("job.end", &end)]));
    }
}

fn entries(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(action, result)| ((*action).to_owned(), (*result).to_owned())).collect()
}

#[test]
fn a_resend_that_was_cut_has_sent_what_its_lines_say_and_goes_on_with_the_others() {
    let depots = Depots::with_parcels(Status::Completed);
    let done = depots.cut(r#"{"act": "resend", "to": "second", "query": "to:first"}"#);
    let sent: HashSet<MessageId> = depots.requests_to("second").iter().map(|header| header.id).collect();
    let named: HashSet<MessageId> = depots.lines().iter().filter_map(|line| line.new).collect();
    assert_eq!((sent.len(), &sent), (done, &named), "neither more nor less");
    depots.goes_on();
    let sent = depots.requests_to("second");
    let parents: HashSet<_> = sent.iter().map(|header| header.parent).collect();
    assert_eq!((sent.len(), parents.len()), (PARCELS, PARCELS), "each once");
}

#[test]
fn a_move_that_was_cut_has_moved_what_its_lines_say_and_goes_on_with_the_others() {
    let depots = Depots::with_parcels(Status::Queued);
    let done = depots.cut(r#"{"act": "move", "to": "second", "query": "to:first"}"#);
    assert_eq!(depots.requests_to("second").len(), done, "neither more nor less");
    assert_eq!(depots.requests_to("first").len(), PARCELS - done, "each is at one of them");
    depots.goes_on();
    assert_eq!((depots.requests_to("first").len(), depots.requests_to("second").len()), (0, PARCELS));
}

#[test]
fn a_discard_that_was_cut_has_taken_out_what_its_lines_say_and_goes_on_with_the_others() {
    let depots = Depots::with_parcels(Status::Queued);
    let done = depots.cut(r#"{"act": "discard", "waiting": true, "query": "to:first", "reason": "a test"}"#);
    let discarded = || {
        let parcels = depots.requests_to("first");
        parcels.iter().filter(|header| header.status == Status::Discarded).count()
    };
    assert_eq!(discarded(), done, "neither more nor less");
    depots.goes_on();
    assert_eq!(discarded(), PARCELS);
}

#[test]
fn a_purge_that_was_cut_stands_as_begun_and_the_books_balance() {
    let depots = Depots::with_parcels(Status::Completed);
    let mut production = depots.serve();
    let (entrance, path) = (Entrance::of(&depots.store()), "/api/v1/purge?older_than=0");
    let purge = std::thread::spawn(move || entrance.post(path, &[], ""));
    production.wait_for("the first ones are gone", || depots.requests_to("first").len() < PARCELS);
    production.kill();
    assert!(purge.join().expect("it does not panic").is_err(), "whoever waited is not told that it was done");
    let left = depots.requests_to("first").len();
    assert!(left > 0, "it was cut in the middle");
    let books = |left: usize| {
        let audit = depots.ground.run(&["store", "audit"]);
        let line = format!("the books balance: {PARCELS} accepted, {left} stored, {} purged", PARCELS - left);
        assert!(audit.out.contains(&line), "{}{}", audit.out, audit.err);
    };
    books(left);
    assert_eq!(depots.audited(), entries(&[("messages.purge", "begun")]));

    let production = depots.serve();
    let purged = depots.post(path, "");
    assert_eq!((&purged["messages"], &purged["more"]), (&left.into(), &false.into()), "{purged}");
    production.kill();
    books(0);
    let done = format!("done, {left} messages");
    let story = [("messages.purge", "begun"), ("messages.purge", "begun"), ("messages.purge", &done)];
    assert_eq!(depots.audited(), entries(&story));
}
