//! Measures what a thousand slow callers do to an honest one: `cargo run --release -p iop-tests --bin slow_connections`.
//!
//! Starts the laboratory as a process of its own, once as it is and once behind TLS, opens the connections of one kind, and calls
//! it honestly until the last of them was let go. Writes the section "Slow connections" of `docs/reference/console-figures.md`.

#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iop_tests::program::Program;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

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
    HalfAgreed,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Silent, Self::HalfHead, Self::HalfBody, Self::Dripping, Self::HalfAgreed];

    /// Whether it is about an entrance that speaks TLS.
    fn is_of_tls(self) -> bool {
        matches!(self, Self::HalfAgreed)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Silent => "says nothing",
            Self::HalfHead => "half a head, then nothing",
            Self::HalfBody => "half a body with a good token, then nothing",
            Self::Dripping => "one byte of a head in a second",
            Self::HalfAgreed => "half of its first words on TLS, then nothing",
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
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        let folder = tempfile::tempdir()?;
        let (_lab, entrance) = Entrance::open(folder.path(), kind.is_of_tls())?;
        let measured = measure(kind, &entrance).await;
        println!("{}", row(&measured));
        rows.push(measured);
    }
    write(Path::new(PAGE), &rows)
}

/// Where the laboratory is called.
#[derive(Clone)]
struct Entrance {
    address: SocketAddr,
    token: String,
    tls: Option<TlsConnector>,
}

impl Entrance {
    /// Starts the laboratory in a folder.
    fn open(folder: &Path, over_tls: bool) -> io::Result<(Program, Self)> {
        let (store, mut lab) = (folder.join("store"), Command::new(sibling("lab")?));
        let tls = over_tls.then(|| with_a_certificate(folder, &mut lab)).transpose()?;
        let lab = Program::start(lab, &store);
        let read = |file: &str| fs::read_to_string(store.join(file)).map(|text| text.trim().to_owned());
        let address = read("http-address")?.trim_start_matches("https://").parse().map_err(io::Error::other)?;
        Ok((lab, Self { address, token: read("http-token")?, tls }))
    }
}

/// Has the program show a certificate of its own; what believes it.
fn with_a_certificate(folder: &Path, program: &mut Command) -> io::Result<TlsConnector> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    fs::write(&certificate, cert.pem())?;
    fs::write(&key, signing_key.serialize_pem())?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    for (setting, file) in [("iop.tls_certificate", &certificate), ("iop.tls_key", &key)] {
        program.arg("--set").arg(format!("{setting}={}", file.display()));
    }
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// A program that is built beside this one.
fn sibling(name: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

async fn measure(kind: Kind, entrance: &Entrance) -> Measured {
    let mut slow = JoinSet::new();
    for number in 0..u32::try_from(CALLERS).unwrap_or(u32::MAX) {
        let Entrance { address, token, .. } = entrance.clone();
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
        match call(entrance).await {
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
        Kind::Silent => Vec::new(),
        Kind::HalfHead => head.as_bytes()[..head.len() / 2].to_vec(),
        Kind::HalfBody => format!("{head}{}", " ".repeat(500)).into_bytes(),
        // A record of 512 bytes, of which the beginning comes.
        Kind::HalfAgreed => [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3][..], &[7; 200]].concat(),
        Kind::Dripping => {
            for byte in head.bytes() {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Vec::new()
        }
    };
    stream.write_all(&said).await?;
    stream.read_to_end(&mut Vec::new()).await.map(drop)
}

/// A call on a connection of its own, answered as it should be.
async fn call(Entrance { address, token, tls }: &Entrance) -> io::Result<()> {
    let stream = TcpStream::connect(address).await?;
    match tls {
        None => call_on(stream, token).await,
        Some(tls) => {
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            call_on(tls.connect(name, stream).await?, token).await
        }
    }
}

async fn call_on(mut stream: impl AsyncRead + AsyncWrite + Unpin, token: &str) -> io::Result<()> {
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
