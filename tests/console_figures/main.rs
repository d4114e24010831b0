//! Measures the pages of the console over a store of a million messages: how long each takes from the request to its last byte.
//! Run by hand; it prints the table of `docs/reference/console-figures.md`.
//!
//! `cargo run --release -p iop-tests --bin console_figures -- DIRECTORY`, with the directory that `search_figures` has filled.

#![allow(clippy::print_stdout, reason = "a program that prints a table")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use iop::clock::SystemClock;
use iop::director::http::{HttpEntrance, HttpOptions};
use iop::engine::{ChangeChoice, Orphans, StartOptions, Stop, start};
use iop::message::Header;
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{LayerSources, Layers, resolve};
use iop::store::sqlite::SqliteStore;
use iop::store::{MessageQuery, Viewer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Each page is asked for so often, after once for nothing.
const ROUNDS: usize = 20;

/// What the store is full of.
#[message]
struct Order {
    number: u64,
}

/// Where they end.
#[business_operation]
struct Archive;

#[handlers]
impl Archive {
    async fn take(&mut self, _: Order) -> Result {
        Ok(())
    }
}

/// Where messages would come in.
#[business_service]
struct Front {
    #[target(async)]
    billing: Target<Order>,
}

#[handlers]
impl Front {
    async fn on_process_input(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.billing, order).response_required(false).await?;
        Ok(())
    }
}

/// Passes orders on.
#[business_process]
struct Pass {
    #[target(async)]
    next: Target<Order>,
}

#[handlers]
impl Pass {
    async fn take(&mut self, order: Order, cx: &mut Context) -> Result {
        cx.send_request_async(&self.next, order).response_required(false).await?;
        Ok(())
    }
}

production! {
    /// Has the items of the store. They are not started, so that what is measured does not change.
    Busy {
        #[item(enabled = false)]
        front: Front { billing: billing },
        #[item(enabled = false)]
        billing: Pass { next: lab },
        #[item(enabled = false)]
        lab: Pass { next: archive },
        #[item(enabled = false)]
        archive: Archive {},
    }
}

fn main() -> ExitCode {
    let Some(directory) = std::env::args().nth(1) else {
        println!("say where: console_figures DIRECTORY");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let done =
        runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(measure(directory.as_ref())));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(directory: &Path) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    if !directory.exists() {
        return Err(format!("{} is not there; search_figures fills it", directory.display()));
    }
    let store = Arc::new(SqliteStore::open(directory, Arc::new(SystemClock)).map_err(|error| text(&error))?);
    let last = store.last_sequence().await.map_err(|error| text(&error))?;
    let query = MessageQuery { after: Some(last / 2), oldest_first: true, limit: 1, ..MessageQuery::default() };
    let found = store.query(query).await.map_err(|error| text(&error))?;
    let middle = found.into_iter().next().ok_or("the store is empty")?;

    let layers = Layers::read(LayerSources::default());
    let resolved = resolve(Busy::GRAPH, Busy::wiring(), &layers).map_err(|error| format!("{error:?}"))?;
    // The store has messages for an item that is not here.
    let changes = ChangeChoice { orphans: Orphans::Hold, ..ChangeChoice::default() };
    let options = StartOptions { changes, ..StartOptions::default() };
    let started = start(resolved, Arc::<SqliteStore>::clone(&store), options).await;
    let running = started.map_err(|error| text(&error))?;
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = HttpOptions { pages: iop::console::routes, ..HttpOptions::at(local) };
    let entrance = HttpEntrance::open(options).await.map_err(|error| text(&error))?;
    let (address, token) = (entrance.address(), entrance.token().expose().to_owned());
    let stop = CancellationToken::new();
    let serving = tokio::spawn(entrance.serve(running.director(), stop.clone()));

    println!("{last} messages\n\n| page | address | bytes | median ms | worst ms |\n|---|---|---|---|---|");
    for (page, path) in pages(&middle) {
        let mut times = Vec::new();
        let mut bytes = ask(address, &token, &path).await?;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            bytes = ask(address, &token, &path).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        println!(
            "| {page} | `{}` | {bytes} | {median:.1} | {worst:.1} |",
            path.replace("%20", " ").replace("%22", "\"")
        );
    }
    stop.cancel();
    serving.await.map_err(|error| text(&error))?;
    running.stop(Stop::Now).await.map_err(|error| text(&error))?;
    Ok(())
}

fn pages(middle: &Header) -> Vec<(&'static str, String)> {
    let (session, id) = (middle.session, middle.id);
    let mut pages: Vec<(&'static str, String)> = [
        ("production", "/"),
        ("item", "/items/billing"),
        ("messages", "/messages"),
        ("messages in error", "/messages?q=status:error"),
        ("messages of an item", "/messages?q=item:billing"),
        ("messages with a key", "/messages?q=key.order_id:ORD-125000"),
        ("messages with a frequent key", "/messages?q=key.ward:W3"),
        ("messages of a type at an item", "/messages?q=type:Order%20to:archive"),
        ("messages with a word in their error", "/messages?q=error:%22timed%20out%22"),
        ("messages with a word in their body", "/messages?q=text:pneumonia"),
        ("messages with a word that is nowhere", "/messages?q=text:needle-nowhere"),
        ("messages, a page in the middle", "/messages?q=status:completed&after=500000"),
        ("completion of a key", "/messages/suggest?q=key.order_id:ORD-12&cursor=19"),
        ("queues", "/queues"),
        ("a queue of 20,000", "/queues/archive"),
        ("suspended", "/suspended"),
        ("event log", "/log"),
        ("event log, a word", "/log?text=suspended"),
        ("store", "/store"),
        ("audit", "/audit"),
        ("settings", "/settings"),
    ]
    .map(|(page, path)| (page, path.to_owned()))
    .into();
    pages.push(("trace", format!("/trace/{session}")));
    pages.push(("trace, header of a message", format!("/trace/{session}?m={id}&tab=header")));
    pages
}

/// How many bytes the page has.
async fn ask(address: SocketAddr, token: &str, path: &str) -> Result<usize, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut stream = TcpStream::connect(address).await.map_err(|error| text(&error))?;
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.map_err(|error| text(&error))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map_err(|error| text(&error))?;
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    if !line.ends_with(b"200 OK") {
        return Err(format!("{path}: {}", String::from_utf8_lossy(&answer)));
    }
    Ok(answer.len())
}
