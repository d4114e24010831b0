//! The laboratory with its entrance open, and callers of every kind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use iop::clock::SystemClock;
use iop::director::Role;
use iop::director::http::users::UserFile;
use iop::director::http::{HttpEntrance, HttpOptions};
use iop::engine::{Running, StartOptions, Stop, start};
use iop::production::Production;
use iop::settings::{LayerSources, SettingsSource};
use iop::store::Store;
use iop::store::memory::MemoryStore;
use iop_tests::lab::Lab;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::schema::Document;

/// A body that the laboratory takes.
pub(crate) const ORDER: &str = r#"{"number": "A-1", "patient": "Ann", "amounts": [1, 2]}"#;

/// The laboratory with its entrance on a free port, its files in a folder, and a user of every role.
pub(crate) struct Open {
    pub(crate) running: Running,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    /// Of the store.
    pub(crate) token: String,
    /// What it says of its own calls.
    pub(crate) document: Document,
    users: Vec<(Role, String)>,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

/// An answer. Of one that does not end, its head.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Open {
    pub(crate) async fn lab() -> Self {
        Self::of::<Lab>(MemoryStore::new(Arc::new(SystemClock))).await
    }

    /// Another production, on a store that is given.
    pub(crate) async fn of<P: Production>(store: Arc<dyn Store>) -> Self {
        iop::events::install("info").unwrap();
        let resolved = SettingsSource::new(P::GRAPH, P::wiring, LayerSources::default()).resolve().unwrap();
        let options = StartOptions::default();
        let running = start(resolved, Arc::clone(&store), options).await.expect("it fits the store");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.toml");
        let file = UserFile::open(&path).unwrap();
        let users = Role::ALL.map(|role| (role, file.add(role.as_str(), role).unwrap().expose().to_owned())).to_vec();
        let options = HttpOptions {
            directory: Some(folder.path().to_owned()),
            grace: Duration::from_secs(5),
            users: Some(path),
            pages: iop::console::routes,
            names: vec!["iop.example.org".to_owned()],
            ..HttpOptions::at("127.0.0.1:0".parse().unwrap())
        };
        let entrance = HttpEntrance::open(options).await.unwrap();
        let (address, token) = (entrance.address(), entrance.token().expose().to_owned());
        let stop = CancellationToken::new();
        let serving = tokio::spawn(entrance.serve(running.director(), stop.clone()));
        let document = Document::new(Value::Null);
        let mut open = Self { running, store, address, folder, token, document, users, stop, serving };
        open.document = Document::new(open.as_somebody(&open.token, "GET", "/api/v1/openapi.json", "").await.json());
        open
    }

    pub(crate) fn token_of(&self, role: Role) -> &str {
        &self.users.iter().find(|(of, _)| *of == role).unwrap().1
    }

    /// A call of somebody with a token. An answer of the API is one that its document describes.
    pub(crate) async fn call(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let answer = self.as_somebody(token, method, path, body).await;
        if path.starts_with("/api/") && (answer.status < 400 || self.document.template(method, path).is_some()) {
            let kind = answer.header("content-type").unwrap_or_default();
            let body = if kind == "application/json" { answer.json() } else { Value::Null };
            let mistakes = self.document.mistakes(method, path, answer.status, kind, &body);
            assert!(mistakes.is_empty(), "{}\n{}", mistakes.join("\n"), answer.body);
        }
        answer
    }

    async fn as_somebody(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let host = self.address.to_string();
        self.raw(method, path, &[("Host", &host), ("Authorization", &bearer)], body).await
    }

    /// A call with these headers and no others.
    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // Whoever is refused early may be cut off while it still sends.
        let _ = stream.write_all(text.as_bytes()).await;
        let mut answer = Vec::new();
        loop {
            let read = stream.read_buf(&mut answer).await;
            let come = String::from_utf8_lossy(&answer);
            let endless = come.contains("\r\n\r\n") && come.contains("content-type: text/event-stream");
            if endless || !read.is_ok_and(|bytes| bytes > 0) {
                break;
            }
        }
        let answer = String::from_utf8(answer).unwrap();
        let (headers, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, headers: headers.to_owned(), body: body.to_owned() }
    }

    /// Logs in as a browser does that follows the URL of the start line; the cookie.
    pub(crate) async fn log_in(&self, token: &str) -> String {
        let host = self.address.to_string();
        let answer = self.raw("GET", &format!("/?token={token}"), &[("Host", &host)], "").await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
        self.running.stop(Stop::Now).await.unwrap();
    }
}
