//! Measures searches in a store of a million messages: for each qualifier, and for usual combinations, how long the first page
//! takes. Run by hand; it prints the table of `docs/reference/console-figures.md`.
//!
//! `cargo run --release -p iop-tests --bin search_figures -- DIRECTORY [MESSAGES]`. A store that is there is used again.

#![allow(clippy::print_stdout, reason = "a program that prints a table")]

mod fill;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iop::clock::{Clock, SystemClock};
use iop::search::parse;
use iop::store::sqlite::SqliteStore;
use iop::store::{Search, Viewer};

/// Each search is asked so often, after once for nothing.
const ROUNDS: usize = 20;

/// What the director gives a search.
const WITHIN: Duration = Duration::from_millis(40);

fn queries(known: &fill::Known) -> Vec<(&'static str, String)> {
    vec![
        ("everything", String::new()),
        ("the most frequent state", "status:completed".into()),
        ("a frequent state, all of it old", "status:queued".into()),
        ("a rare state", "status:suspended".into()),
        ("a word for states", "status:error".into()),
        ("a negated state", "-status:completed".into()),
        ("a reason", "reason:in_doubt".into()),
        ("a reason, at an item that has none", "reason:in_doubt item:archive".into()),
        ("a frequent item", "item:billing".into()),
        ("an item with 20 messages, the oldest", "item:fax".into()),
        ("an item that there is not", "item:nobody".into()),
        ("sender and receiver", "from:billing to:archive".into()),
        ("a frequent type", "type:Order".into()),
        ("a type with 20 messages, the oldest", "type:Fax".into()),
        ("a kind", "kind:timer".into()),
        ("a rare priority", "priority:high".into()),
        ("a key", format!("key.order_id:{}", known.order)),
        ("a key of a tenth of all", "key.ward:W3".into()),
        ("the beginning of a key, rare", format!("key.order_id:{}*", &known.order[..known.order.len() - 1])),
        ("the beginning of a key, of all", "key.order_id:ORD-*".into()),
        ("a session", format!("session:{}", known.session)),
        ("a message", format!("id:{}", known.session)),
        ("an hour in the middle", format!("since:{} until:{}", known.middle, known.hour_later)),
        ("an error, frequent", "error:\"timed out\"".into()),
        ("an error that none has", "error:needle-4711".into()),
        ("an error, at an item that has none", "error:\"timed out\" item:archive".into()),
        ("late", "is:late".into()),
        ("resent", "is:resent".into()),
        ("orphaned", "is:orphaned".into()),
        ("a text, in each tenth body", "text:pneumonia".into()),
        ("a text, in the newest bodies", "text:needle-new".into()),
        ("a text that is nowhere", "text:needle-nowhere".into()),
        (
            "a text that is nowhere, of one item in an hour",
            format!("text:needle-nowhere item:billing since:{} until:{}", known.middle, known.hour_later),
        ),
        ("failures of an item", "status:error item:billing".into()),
        ("failures of an item that has none", "status:error item:archive".into()),
        ("as in the manual", format!("status:error item:billing type:Order key.order_id:{} since:30d", known.order)),
        ("two frequent ones that never meet", "from:front type:Result".into()),
        ("a frequent item, a frequent key", "item:lab key.ward:W3 status:completed".into()),
        ("an old backlog of one item", "to:archive status:queued type:Order".into()),
        ("a frequent item that is not completed", "item:lab -status:completed".into()),
    ]
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(directory) = arguments.first() else {
        println!("say where: search_figures DIRECTORY [MESSAGES]");
        return ExitCode::from(2);
    };
    let count = arguments.get(1).and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let done = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| runtime.block_on(measure(Path::new(directory), count)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(directory: &Path, count: u64) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    if !directory.exists() {
        fill::fill(directory, count).await?;
    }
    let store = SqliteStore::open(directory, Arc::new(SystemClock)).map_err(|error| text(&error))?;
    let known = fill::known(&store, count).await?;
    let usage = store.usage().await.map_err(|error| text(&error))?;
    println!("{count} messages, {} MB\n", usage.bytes / 1_000_000);
    println!("| looked for | query | found | median ms | worst ms |\n|---|---|---|---|---|");
    for (what, query) in queries(&known) {
        let parsed = parse(&query).map_err(|error| text(&error))?.at(SystemClock.now());
        let search = Search { query: parsed, limit: 50, within: Some(WITHIN), ..Search::default() };
        let mut times = Vec::new();
        let mut found = store.search(search.clone()).await.map_err(|error| text(&error))?;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            found = store.search(search.clone()).await.map_err(|error| text(&error))?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let more = if found.next.is_some() { "+" } else { "" };
        let far = match found.looked_to {
            Some(_) => format!(", looked at {}", known.looked(found.next)),
            None => String::new(),
        };
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        let query = query.replace('|', "\\|");
        println!("| {what} | `{query}` | {}{more}{far} | {median:.1} | {worst:.1} |", found.headers.len());
    }
    Ok(())
}
