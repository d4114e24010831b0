//! Processes that die, by kill -9 or on a full disk: what they were told is there afterwards, and nothing by half.
//!
//! The test starts this very program as the victim: an ignored test that works until it is killed.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use iop::clock::SystemClock;
use iop::message::MessageId;
use iop::store::sqlite::{OpenError, SqliteStore};
use iop::store::{End, LeaseRequest, MessageQuery, NewMessage, Outcome, Step, Store, Viewer};

use crate::bench::{Sqlite, message, ordered};

/// Where the victim finds its store.
const STORE: &str = "IOP_TEST_STORE";

/// The victim's store.
fn open(path: &Path) -> Arc<SqliteStore> {
    SqliteStore::open(path, Arc::new(SystemClock)).expect("the store opens, whatever happened to its last holder")
}

/// Two messages that only make sense together: each carries the id of the other.
fn pair() -> [NewMessage; 2] {
    let (first, second) = (message(), message());
    let body = |id: MessageId| format!("\"{id}\"").into();
    [NewMessage { body: body(second.id), ..first.clone() }, NewMessage { body: body(first.id), ..second }]
}

/// Says something that survives this process: the pipe holds it.
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "\n{line}").and_then(|()| stdout.flush()).expect("somebody listens");
}

/// Each turn consumes one message and sends two; several turns are under way at once.
#[tokio::test]
#[ignore = "the victim of the other tests, started by them"]
async fn victim() {
    // Without a store to work on, somebody runs every ignored test.
    let Some(path) = std::env::var_os(STORE) else { return };
    let store = open(&PathBuf::from(path));
    let mut under_way = std::collections::VecDeque::new();
    loop {
        let emit = pair();
        let ids = emit.each_ref().map(|message| message.id);
        let held = store.lease(ordered(1)).await.map(|batch| batch.leased).unwrap_or_default();
        let start = held.iter().map(|leased| (leased.token, leased.message.header.created)).collect();
        let end = held.iter().map(|leased| (leased.token, End::Completed)).collect();
        let consumed = held.first().map(|leased| leased.message.header.id);
        let step = Step { start, end, emit: emit.into(), ..Step::default() };
        under_way.push_back((ids, consumed, store.submit(step).commit));
        if under_way.len() < 8 {
            continue;
        }
        let Some((ids, consumed, commit)) = under_way.pop_front() else { continue };
        match commit.wait().await {
            Ok(Outcome::Committed { .. }) => {
                say(&format!("stored {} {}", ids[0], ids[1]));
                if let Some(consumed) = consumed {
                    say(&format!("completed {consumed}"));
                }
            }
            Ok(outcome) => say(&format!("refused {outcome:?}")),
            Err(error) => {
                say(&format!("failed {error}"));
                return;
            }
        }
    }
}

/// Starts the victim; `limit` is the largest file that it may write, in the blocks of the shell (512 or 1,024 bytes).
fn start(path: &Path, limit: Option<u32>) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = match limit {
        None => Command::new(&program),
        Some(blocks) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"", "sh"]);
            shell.arg(blocks.to_string()).arg(&program);
            shell
        }
    };
    command.args(["--exact", "kill::victim", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(STORE, path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("the victim starts")
}

/// What the victim was told.
#[derive(Default)]
struct Told {
    stored: Vec<[MessageId; 2]>,
    completed: Vec<MessageId>,
    failed: Option<String>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        let id = |text: &str| text.parse::<MessageId>().expect("a whole id");
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            // The last line may have been cut off by the kill; then nobody was told.
            ["stored", first, second] if second.len() == 32 => self.stored.push([id(first), id(second)]),
            ["completed", consumed] if consumed.len() == 32 => self.completed.push(id(consumed)),
            ["refused", ..] => panic!("{line}"),
            ["failed", ..] => self.failed = Some(line.to_owned()),
            _ => {}
        }
    }

    /// Everything that was told is so, and nothing is there by half.
    async fn check(&self, path: &Path) {
        let store = open(path);
        let mut stored = HashSet::new();
        let mut query = MessageQuery { oldest_first: true, limit: 1000, ..MessageQuery::default() };
        loop {
            let page = store.query(query.clone()).await.expect("the store works");
            let Some(last) = page.last() else { break };
            query.after = Some(last.sequence);
            stored.extend(page.iter().map(|header| header.id));
        }
        for pair in &self.stored {
            assert!(pair.iter().all(|id| stored.contains(id)), "L1: {pair:?} was acknowledged");
        }
        for id in &stored {
            let body = store.find(*id).await.expect("the store works").expect("it is stored").body;
            let twin = String::from_utf8(body.to_vec()).expect("an id").trim_matches('"').parse().expect("an id");
            assert!(stored.contains(&twin), "L3: {id} is there without {twin}");
        }
        for id in &self.completed {
            let message = store.find(*id).await.expect("the store works").expect("it is stored");
            assert!(message.header.status.is_finished(), "L1: {id} was acknowledged as completed");
        }
        self.check_order(&store).await;
        store.close().await.expect("the store closes");
    }

    /// What is left in the queue is in the order of its sequences, and none of it was completed.
    async fn check_order(&self, store: &SqliteStore) {
        let request = LeaseRequest { limit: 10_000, ..ordered(1) };
        let left = store.lease(request).await.expect("the store works").leased;
        assert!(left.windows(2).all(|pair| pair[0].token.sequence < pair[1].token.sequence), "L8");
        assert!(left.iter().all(|leased| !self.completed.contains(&leased.message.header.id)));
    }
}

#[tokio::test]
async fn what_a_killed_process_was_told_is_there_and_nothing_by_half() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("store");
    let mut told = Told::default();
    for turns in [1, 2, 5, 20, 60] {
        let mut victim = start(&path, None);
        let mut lines = BufReader::new(victim.stdout.take().expect("a pipe")).lines();
        let until = told.stored.len() + turns;
        while told.stored.len() < until {
            told.hear(&lines.next().expect("the victim works").expect("a line"));
        }
        let error = SqliteStore::open(&path, Arc::new(SystemClock)).expect_err("the victim holds the store");
        assert!(matches!(error, OpenError::Locked { .. }), "{error}");
        assert!(error.to_string().contains(&format!("process {} ", victim.id())), "{error}");
        victim.kill().expect("the victim dies");
        victim.wait().expect("the victim is dead");
        lines.map_while(Result::ok).for_each(|line| told.hear(&line));
        told.check(&path).await;
    }
    assert!(!told.completed.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let bench = Sqlite::new();
    let path = bench.path();
    drop(bench);
    let mut told = Told::default();
    for blocks in [600, 3_000] {
        let mut victim = start(&path, Some(blocks));
        let lines = BufReader::new(victim.stdout.take().expect("a pipe")).lines();
        lines.map_while(Result::ok).for_each(|line| told.hear(&line));
        victim.wait().expect("the victim has ended");
        let failed = told.failed.take().expect("the victim was told that its disk is full");
        assert!(failed.contains("I/O") || failed.contains("full"), "{failed}");
        told.check(&path).await;
    }
    assert!(!told.stored.is_empty());
}
