//! The HTTP entrance, by programs that know nothing but HTTP: calls, refusals, limits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use iop::clock::SystemClock;
use iop::director::http::{ADDRESS_FILE, HttpEntrance, HttpError, HttpOptions, Patience, Port, TOKEN_FILE};
use iop::engine::{Running, StartOptions, Stop, start};
use iop::production::Production;
use iop::settings::{LayerSources, Layers, resolve};
use iop::store::memory::MemoryStore;
use iop::store::{MessageQuery, Viewer};
use iop_tests::lab::Lab;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// The laboratory with its entrance on a free port.
struct Open {
    running: Running,
    store: Arc<MemoryStore>,
    address: SocketAddr,
    token: String,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

/// An answer.
struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

fn options(directory: Option<&Path>) -> HttpOptions {
    HttpOptions {
        directory: directory.map(Path::to_owned),
        grace: Duration::from_secs(5),
        patience: Patience { head: Duration::from_secs(1), slow_body: Duration::from_secs(1), ..Patience::default() },
        ..HttpOptions::at("127.0.0.1:0".parse().unwrap())
    }
}

impl Open {
    async fn lab() -> Self {
        let layers = Layers::read(LayerSources::default());
        let resolved = resolve(Lab::GRAPH, Lab::wiring(), &layers).unwrap();
        let store = MemoryStore::new(Arc::new(SystemClock));
        let how = StartOptions::default();
        let running = start(resolved, Arc::<MemoryStore>::clone(&store), how).await.expect("it fits the store");
        let entrance = HttpEntrance::open(options(None)).await.unwrap();
        let (address, token) = (entrance.address(), entrance.token().expose().to_owned());
        let stop = CancellationToken::new();
        let serving = tokio::spawn(entrance.serve(running.director(), stop.clone()));
        Self { running, store, address, token, stop, serving }
    }

    /// A call with the token, and with more headers.
    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let host = self.address.to_string();
        let mut all = vec![("Host", host.as_str()), ("Authorization", bearer.as_str())];
        all.extend(headers);
        self.raw(method, path, &all, body).await
    }

    async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.send(&text).await
    }

    async fn send(&self, text: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // Whoever is refused early may be cut off while it still sends.
        let _ = stream.write_all(text.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (headers, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, headers: headers.to_lowercase(), body: body.to_owned() }
    }

    async fn stored(&self) -> usize {
        self.store.query(MessageQuery::default()).await.unwrap().len()
    }

    async fn close(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
        self.running.stop(Stop::Now).await.unwrap();
    }
}

const ORDER: &str = r#"{"number": "A-1", "patient": null, "amounts": [1, 2]}"#;

#[tokio::test]
async fn a_service_answers_with_its_response_as_json() {
    let lab = Open::lab().await;
    let answer = lab.call("POST", "/api/v1/services/intake", &[], ORDER).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"sum": 9})));
    assert!(answer.headers.contains("content-type: application/json"), "{}", answer.headers);
    let message = answer.headers.lines().find_map(|line| line.strip_prefix("iop-message: ")).unwrap();
    let id = message.parse().unwrap();
    assert_eq!(lab.store.find(id).await.unwrap().unwrap().header.type_name.as_ref(), "Order");
    lab.close().await;
}

#[tokio::test]
async fn any_item_takes_a_message_of_a_type_that_it_handles() {
    let lab = Open::lab().await;
    for path in ["/api/v1/items/analyser/messages", "/api/v1/items/analyser/messages?type=Order"] {
        let answer = lab.call("POST", path, &[], ORDER).await;
        assert_eq!((answer.status, &answer.json()["response"]), (200, &json!({"sum": 9})), "{path}");
        assert_eq!(answer.json()["id"], answer.json()["session"]);
    }
    let answer = lab.call("POST", "/api/v1/items/analyser/messages?type=Report", &[], "{}").await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("`Order`"), "{}", answer.body);
    lab.close().await;
}

#[tokio::test]
async fn a_body_that_does_not_fit_names_its_field_and_nothing_is_stored() {
    let lab = Open::lab().await;
    let body = r#"{"number": "A-1", "patient": null, "amounts": [1, "two"]}"#;
    let answer = lab.call("POST", "/api/v1/services/intake", &[], body).await;
    assert_eq!((answer.status, &answer.json()["path"]), (422, &json!("amounts[1]")));
    for body in ["", "{", "[]", r#"{"number": 3}"#] {
        assert_eq!(lab.call("POST", "/api/v1/services/intake", &[], body).await.status, 422, "{body}");
    }
    assert_eq!(lab.stored().await, 0);
    lab.close().await;
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let lab = Open::lab().await;
    let answer = lab.call("POST", "/api/v1/services/intak", &[], ORDER).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("did you mean `intake`?"), "{}", answer.body);
    for path in [
        "/api/v1/services/analyser",
        "/api/v1/services/nightly",
        "/api/v1/items/nightly/messages",
        "/api/v1/items/nobody/stop",
        "/api/v1/nothing",
        "/nothing",
    ] {
        let answer = lab.call("POST", path, &[], ORDER).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        assert!(answer.json()["error"].is_string(), "{path}");
    }
    assert_eq!(lab.call("GET", "/api/v1/services/intake", &[], "").await.status, 405);
    lab.close().await;
}

#[tokio::test]
async fn nothing_but_the_health_check_answers_without_the_token() {
    let lab = Open::lab().await;
    let host = [("Host", "localhost")];
    for token in [None, Some("Bearer wrong"), Some("Basic x"), Some(lab.token.as_str()), Some("Bearer ")] {
        let mut headers = host.to_vec();
        headers.extend(token.map(|token| ("Authorization", token)));
        for (method, path) in [
            ("POST", "/api/v1/services/intake"),
            ("POST", "/api/v1/items/analyser/messages"),
            ("POST", "/api/v1/items/analyser/stop"),
            ("GET", "/api/v1/status"),
            ("GET", "/api/v1/nothing"),
        ] {
            let answer = lab.raw(method, path, &headers, "").await;
            assert_eq!(answer.status, 401, "{method} {path} {token:?}");
            assert!(answer.headers.contains("www-authenticate: bearer"));
        }
    }
    assert_eq!(lab.raw("GET", "/healthz", &host, "").await.status, 200);
    lab.close().await;
}

#[tokio::test]
async fn a_foreign_name_of_this_machine_is_misdirected() {
    let lab = Open::lab().await;
    for host in ["rebound.example.com", "192.168.1.1:4100", ""] {
        for path in ["/healthz", "/api/v1/status"] {
            assert_eq!(lab.raw("GET", path, &[("Host", host)], "").await.status, 421, "{host} {path}");
        }
    }
    assert_eq!(lab.raw("GET", "/healthz", &[], "").await.status, 421);
    lab.close().await;
}

#[tokio::test]
async fn a_stopped_item_is_unavailable_until_it_is_started() {
    let lab = Open::lab().await;
    let order = |what: &'static str| {
        let lab = &lab;
        async move { lab.call("POST", &format!("/api/v1/items/intake/{what}"), &[], "").await.json() }
    };
    assert_eq!(order("stop").await, json!({"changed": true}));
    assert_eq!(order("stop").await, json!({"changed": false}));
    let answer = lab.call("POST", "/api/v1/services/intake", &[], ORDER).await;
    assert_eq!(answer.status, 503);
    assert!(answer.headers.contains("retry-after: "), "{}", answer.headers);
    let status = lab.call("GET", "/api/v1/status", &[], "").await.json();
    assert_eq!((&status["items"][0]["name"], &status["items"][0]["state"]), (&json!("intake"), &json!("stopped")));
    assert_eq!(order("start").await, json!({"changed": true}));
    assert_eq!(order("start").await, json!({"changed": false}));
    assert_eq!(order("restart").await, json!({"changed": true}));
    assert_eq!(lab.call("POST", "/api/v1/services/intake", &[], ORDER).await.status, 200);
    lab.close().await;
}

#[tokio::test]
async fn a_message_that_fails_for_good_says_why() {
    let lab = Open::lab().await;
    let body = r#"{"number": "poison", "patient": null, "amounts": []}"#;
    let answer = lab.call("POST", "/api/v1/items/analyser/messages", &[], body).await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("there is no such substance"), "{}", answer.body);
    lab.close().await;
}

#[tokio::test]
async fn a_call_that_is_repeated_with_its_key_is_one_message() {
    let lab = Open::lab().await;
    for key in ["order A-1 of yesterday", "0190b6a0c3f17d0e8a2b4c6d8e0f1a2b"] {
        let before = lab.stored().await;
        let first = lab.call("POST", "/api/v1/services/intake", &[("Idempotency-Key", key)], ORDER).await;
        let stored = lab.stored().await;
        assert!(stored > before);
        let again = lab.call("POST", "/api/v1/services/intake", &[("Idempotency-Key", key)], ORDER).await;
        assert_eq!((first.status, first.json()), (200, json!({"sum": 9})));
        assert_eq!((again.status, again.json()), (200, json!({"sum": 9})));
        assert_eq!(lab.stored().await, stored);
        let message =
            |answer: &Answer| answer.headers.lines().find(|line| line.starts_with("iop-message")).map(str::to_owned);
        assert_eq!(message(&first), message(&again));
    }
    assert_eq!(lab.call("POST", "/api/v1/services/intake", &[("Idempotency-Key", "")], ORDER).await.status, 400);
    lab.close().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_without_being_read_to_its_end() {
    let lab = Open::lab().await;
    let head = format!(
        "POST /api/v1/services/intake HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        lab.token,
        u64::MAX / 2
    );
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b' '; 64 * 1024];
    for _ in 0..8 * 1024 * 1024 / piece.len() + 1 {
        if stream.write_all(&piece).await.is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    assert_eq!(lab.stored().await, 0);
    lab.close().await;
}

#[tokio::test]
async fn only_loopback_is_listened_on_without_tls_and_a_chosen_port_must_be_free() {
    let everywhere = HttpOptions { address: "0.0.0.0:0".parse().unwrap(), ..options(None) };
    assert!(matches!(HttpEntrance::open(everywhere).await, Err(HttpError::Exposed(_))));
    let first = HttpEntrance::open(options(None)).await.unwrap();
    let taken = HttpOptions { address: first.address(), ..options(None) };
    assert!(matches!(HttpEntrance::open(taken.clone()).await, Err(HttpError::Listen { .. })));
    let elsewhere = HttpEntrance::open(HttpOptions { port: Port::Preferably, ..taken }).await.unwrap();
    assert_ne!(elsewhere.address().port(), first.address().port());
    assert!(elsewhere.address().ip().is_loopback());
}

#[tokio::test]
async fn the_files_for_other_programs_are_private_and_the_token_outlives_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let read = |file: &str| std::fs::read_to_string(directory.path().join(file)).unwrap().trim().to_owned();
    let first = HttpEntrance::open(options(Some(directory.path()))).await.unwrap();
    assert_eq!(read(ADDRESS_FILE), first.address().to_string());
    let token = first.token().expose().to_owned();
    assert_eq!(read(TOKEN_FILE), token);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = std::fs::metadata(directory.path().join(TOKEN_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(first);
    assert!(!directory.path().join(ADDRESS_FILE).exists());
    let second = HttpEntrance::open(options(Some(directory.path()))).await.unwrap();
    assert_eq!(second.token().expose(), token);
    drop(second);
    std::fs::write(directory.path().join(TOKEN_FILE), "").unwrap();
    let third = HttpEntrance::open(options(Some(directory.path()))).await.unwrap();
    assert_ne!(third.token().expose(), token);
    assert_eq!(third.token().expose().len(), 64);
}

#[tokio::test]
async fn who_says_nothing_half_a_head_or_half_a_body_is_let_go() {
    let lab = Open::lab().await;
    let half_a_head = "POST /api/v1/services/intake HTTP/1.1\r\nHost: local".to_owned();
    let half_a_body = format!(
        "POST /api/v1/services/intake HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Connection: close\r\nContent-Length: 100\r\n\r\n{{",
        lab.token
    );
    let until_let_go = |text: String| async move {
        let mut stream = TcpStream::connect(lab.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // Cut off or closed: let go in either case.
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.expect("let go");
        String::from_utf8(rest).unwrap()
    };
    let (silent, head, body) =
        tokio::join!(until_let_go(String::new()), until_let_go(half_a_head), until_let_go(half_a_body));
    assert_eq!(silent, "");
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
    assert_eq!(lab.call("POST", "/api/v1/services/intake", &[], ORDER).await.status, 200);
    lab.close().await;
}
