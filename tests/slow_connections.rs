//! Measures what a thousand slow callers do to an honest one: `cargo run --release -p iop-tests --bin slow_connections`.
//!
//! Starts the laboratory as a process of its own, opens the connections of one kind, and calls it honestly until the last of
//! them was let go. Writes the section "Slow connections" of `docs/reference/console-figures.md`.

#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use iop_tests::program::Program;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Slow callers at once.
const CALLERS: usize = 1000;
/// Between two slow callers: a burst that overflows the queue of the system leaves callers who believe that they are connected
/// and were never accepted, which says nothing of the server.
const STAGGER: Duration = Duration::from_millis(2);
/// Between two honest calls.
const PAUSE: Duration = Duration::from_millis(10);
/// Who was not let go in this time never is.
const NEVER: Duration = Duration::from_secs(60);
/// Where the figures stand.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/console-figures.md");
/// The section of that page.
const HEADING: &str = "## Slow connections";

/// What a slow caller does.
#[derive(Clone, Copy)]
enum Kind {
    Silent,
    HalfHead,
    HalfBody,
    Dripping,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Silent, Self::HalfHead, Self::HalfBody, Self::Dripping];

    fn words(self) -> &'static str {
        match self {
            Self::Silent => "says nothing",
            Self::HalfHead => "half a head, then nothing",
            Self::HalfBody => "half a body with a good token, then nothing",
            Self::Dripping => "one byte of a head in a second",
        }
    }
}

/// What came of one kind.
struct Measured {
    kind: Kind,
    /// How long the slow callers were held, in order.
    held: Vec<Duration>,
    /// How long honest calls took, in order.
    honest: Vec<Duration>,
    failed: usize,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("store");
    let _lab = Program::start(Command::new(sibling("lab")?), &store);
    let read = |file: &str| fs::read_to_string(store.join(file)).map(|text| text.trim().to_owned());
    let address: SocketAddr = read("http-address")?.parse().map_err(io::Error::other)?;
    let token = read("http-token")?;
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let measured = measure(kind, address, &token).await;
        println!("{}", row(&measured));
        rows.push(measured);
    }
    write(Path::new(PAGE), &rows)
}

/// A program that is built beside this one.
fn sibling(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

async fn measure(kind: Kind, address: SocketAddr, token: &str) -> Measured {
    let mut slow = JoinSet::new();
    for number in 0..u32::try_from(CALLERS).unwrap_or(u32::MAX) {
        let token = token.to_owned();
        slow.spawn(async move {
            tokio::time::sleep(STAGGER * number).await;
            let begin = Instant::now();
            // Let go is whoever is cut off or answered; which of them does not matter here.
            let _ = tokio::time::timeout(NEVER, dawdle(kind, address, &token)).await;
            begin.elapsed()
        });
    }
    let (mut honest, mut failed) = (Vec::new(), 0);
    let mut held = Vec::new();
    while !slow.is_empty() {
        let begin = Instant::now();
        match call(address, token).await {
            Ok(()) => honest.push(begin.elapsed()),
            Err(_) => failed += 1,
        }
        while let Some(done) = slow.try_join_next() {
            held.extend(done.ok());
        }
        tokio::time::sleep(PAUSE).await;
    }
    held.sort_unstable();
    honest.sort_unstable();
    Measured { kind, held, honest, failed }
}

/// Until it is let go.
async fn dawdle(kind: Kind, address: SocketAddr, token: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST /api/v1/services/intake HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\n"
    );
    let said = match kind {
        Kind::Silent => "",
        Kind::HalfHead => &head[..head.len() / 2],
        Kind::HalfBody => &format!("{head}{}", " ".repeat(500)),
        Kind::Dripping => {
            for byte in head.bytes() {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            ""
        }
    };
    stream.write_all(said.as_bytes()).await?;
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

/// A call on a connection of its own, answered as it should be.
async fn call(address: SocketAddr, token: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200") { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// The value that so many of a thousand do not exceed.
fn at(sorted: &[Duration], per_mille: usize) -> Duration {
    let index = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
    sorted.get(index).copied().unwrap_or_default()
}

fn row(measured: &Measured) -> String {
    let Measured { kind, held, honest, failed } = measured;
    let (seconds, ms) = (|time: Duration| time.as_secs_f64(), |time: Duration| time.as_secs_f64() * 1000.0);
    format!(
        "| {} | {:.1} s | {:.1} s | {} | {failed} | {:.1} ms | {:.1} ms | {:.1} ms |",
        kind.words(),
        seconds(at(held, 500)),
        seconds(at(held, 1000)),
        honest.len(),
        ms(at(honest, 500)),
        ms(at(honest, 990)),
        ms(at(honest, 1000)),
    )
}

/// Puts the section in the place of the one that was there.
fn write(page: &Path, rows: &[Measured]) -> io::Result<()> {
    let before = fs::read_to_string(page).unwrap_or_else(|_| "# Figures of console and API\n".to_owned());
    let build = if cfg!(debug_assertions) { "a debug build" } else { "a release build" };
    let mut section = format!(
        "{HEADING}\n\n\
         {CALLERS} connections in two seconds from one address, and honest calls (`GET /api/v1/status`, a connection each) from the same address until the\n\
         last slow one was let go. Where there are too many connections of one address, the one that has waited the longest is\n\
         ended; so most slow ones go at once, and the rest when their time is over. Measured by `cargo run --release -p iop-tests\n\
         --bin slow_connections` with server and callers on one machine; these are of {build}, with other work on its 2 cores.\n\n\
         | a slow caller | let go after, median | the last | honest calls | failed | median | p99 | longest |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    for measured in rows {
        let _ = writeln!(section, "{}", row(measured));
    }
    let text = match before.split_once(HEADING) {
        Some((head, tail)) => {
            let rest = tail.find("\n## ").map(|at| &tail[at..]).unwrap_or_default();
            format!("{head}{section}{rest}")
        }
        None => format!("{}\n\n{section}", before.trim_end()),
    };
    fs::write(page, text)
}
