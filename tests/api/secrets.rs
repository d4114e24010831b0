//! Secrets that are planted wherever one can come in, and looked for wherever something goes out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use iop::clock::SystemClock;
use iop::director::{RemoteDirector, Role};
use iop::store::sqlite::SqliteStore;
use iop::store::{AuditQuery, Event, EventQuery, MessageQuery};
use iop_tests::lab::Lab;

use super::documented::Offices;
use super::open::Open;

/// What stands in the secrets, with the number of each.
fn canary(number: usize) -> String {
    format!("canary{number:02}birdseed")
}

/// How many are planted in this file.
const PLANTED: usize = 20;

/// Everything that a production says to somebody with a role, without being asked to reveal anything.
async fn said(lab: &Open, role: Role) -> Vec<(String, String)> {
    let mut said = Vec::new();
    let mut paths: Vec<String> = [
        "status",
        "overview",
        "items/analyser",
        "queues",
        "messages",
        "log",
        "graph",
        "types",
        "catalogue",
        "settings",
        "tables",
        "alerts",
        "openapi.json",
    ]
    .map(|path| format!("/api/v1/{path}"))
    .to_vec();
    paths.extend(["/metrics", "/", "/health/ready", "/login", "/nothing"].map(str::to_owned));
    for message in lab.store.query(MessageQuery::default()).await.unwrap() {
        paths.push(format!("/api/v1/messages/{}", message.id));
        paths.push(format!("/api/v1/sessions/{}?bodies=true", message.session));
        paths.push(format!("/messages/{}", message.id));
        paths.push(format!("/trace/{}", message.session));
    }
    for path in paths {
        let answer = lab.call(lab.token_of(role), "GET", &path, "").await;
        said.push((format!("{role} {path}"), format!("{}\n{}", answer.headers, answer.body)));
    }
    said
}

#[tokio::test]
async fn none_of_twenty_planted_secrets_is_in_an_answer_a_log_an_error_or_a_record() {
    planted(Open::lab().await).await;
}

#[tokio::test]
async fn of_them_a_store_on_the_disk_has_the_sensitive_values_of_what_it_took_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let lab = Open::of::<Lab>(SqliteStore::open(&path, Arc::new(SystemClock)).unwrap()).await;
    let token = lab.token.clone();
    planted(lab).await;
    let mut bytes = Vec::new();
    for (_, content) in contents(&path) {
        bytes.extend(content);
    }
    let holds = |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    let held: Vec<usize> = (0..PLANTED).filter(|number| holds(&canary(*number))).collect();
    // A body is stored as it is: these two orders were taken. What was refused, or came as a credential, is not there.
    assert_eq!((held, holds(&token)), (vec![9, 10], false));
}

#[tokio::test]
async fn a_sensitive_value_is_not_in_what_a_handler_says_fails_or_panics_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let offices = Open::of::<Offices>(SqliteStore::open(&path, Arc::new(SystemClock)).unwrap()).await;
    let operator = offices.token_of(Role::Operator);
    let mut answers = Vec::new();
    for (number, ward) in ["says", "fails", "panics"].iter().enumerate() {
        let question = format!(r#"{{"ward": "{ward}", "patient": "{}"}}"#, canary(number));
        // A panic is tried again; nobody waits for what comes of that.
        let path = format!("/api/v1/items/first/messages?wait={}", *ward != "panics");
        let answer = offices.call(operator, "POST", &path, &question).await;
        answers.push((format!("the answer to {ward}"), answer.body));
    }
    let events = async || offices.store.events(EventQuery { limit: 1000, ..EventQuery::default() }).await.unwrap();
    // Each was said, without what is sensitive.
    for text in ["a question:", "failed with", "panicked with"] {
        let is_said = |event: &Event| event.text.contains(text) && event.text.contains("Question { .. }");
        while !events().await.iter().any(is_said) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    for role in Role::ALL {
        answers.extend(said(&offices, role).await);
    }
    let events = events().await;
    answers.push(("the event log".to_owned(), format!("{events:?}")));
    for (place, text) in &answers {
        for secret in (0..3).map(canary) {
            assert!(!text.contains(&secret), "{secret} is in {place}: {text}");
        }
    }
    offices.close().await;
}

/// Plants them, and looks at everything that is said.
async fn planted(lab: Open) {
    let host = lab.address.to_string();
    let plain = |headers: &[(&'static str, String)]| {
        let mut all = vec![("Host", host.clone())];
        all.extend(headers.iter().cloned());
        all
    };
    let mut answers = Vec::new();
    // Credentials of every kind, and headers that nobody asked for.
    let headers = [
        plain(&[("Authorization", format!("Bearer {}", canary(0)))]),
        plain(&[("Authorization", format!("Basic {}", canary(1)))]),
        plain(&[("Cookie", format!("iop-{}={}", lab.address.port(), canary(2)))]),
        plain(&[("X-Api-Key", canary(3)), ("Proxy-Authorization", canary(4))]),
        plain(&[("Authorization", canary(5))]),
    ];
    for headers in &headers {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for path in ["/", "/api/v1/status", "/api/v1/nothing"] {
            answers.push(lab.raw("GET", path, &headers, "").await);
        }
    }
    // Tokens in addresses, right and wrong ones, and in the form.
    let host_alone = [("Host", host.as_str())];
    for path in [format!("/?token={}", canary(6)), format!("/messages?q=a&token={}", canary(7))] {
        answers.push(lab.raw("GET", &path, &host_alone, "").await);
    }
    answers.push(lab.raw("POST", "/login", &host_alone, &format!("token={}", canary(8))).await);
    // Sensitive values: in messages that are taken, fail, and do not fit.
    let operator = lab.token_of(Role::Operator);
    let order =
        |number: &str, patient: String| format!(r#"{{"number": "{number}", "patient": {patient}, "amounts": [1]}}"#);
    let text = |number| format!("\"{}\"", canary(number));
    for (path, body) in [
        ("/api/v1/services/intake", order("A-1", text(9))),
        ("/api/v1/items/analyser/messages", order("poison", text(10))),
        ("/api/v1/items/analyser/messages", order("A-2", format!("[{}]", text(11)))),
        ("/api/v1/items/analyser/messages", order("A-3", format!("{{{}: 1}}", text(12)))),
        ("/api/v1/items/analyser/messages", format!(r#"{{"number": "A-4", "patient": {}"#, text(13))),
        ("/api/v1/items/analyser/messages", format!(r#"{{"number": "A-5", "amounts": [], "unknown": {}}}"#, text(14))),
    ] {
        answers.push(lab.call(operator, "POST", path, &body).await);
    }
    // In what a remote director is told.
    let url = format!("http://ann:{}@localhost:1", canary(15));
    let errors = [
        RemoteDirector::at(&url, &canary(16)).unwrap_err().to_string(),
        format!("{:?}", RemoteDirector::at("http://127.0.0.1:1", &canary(17)).unwrap()),
        RemoteDirector::at("http://127.0.0.1:1", &canary(18))
            .unwrap()
            .request(hyper::Method::GET, "/", None, bytes::Bytes::new())
            .await
            .unwrap_err()
            .to_string(),
    ];
    // In a file of users that is broken.
    let broken = lab.folder.path().join("broken.toml");
    std::fs::write(&broken, format!("[[user]]\nname = \"eve\"\nrole = \"admin\"\ntoken_hash = \"{}\"\n", canary(19)))
        .unwrap();
    let users = iop::director::http::users::UserFile::open(&broken).unwrap_err().to_string();

    let mut said_all: Vec<(String, String)> = Vec::new();
    for (number, answer) in answers.iter().enumerate() {
        said_all.push((format!("answer {number}"), format!("{}\n{}", answer.headers, answer.body)));
    }
    said_all.extend(errors.into_iter().chain([users]).map(|error| ("an error".to_owned(), error)));
    for role in Role::ALL {
        said_all.extend(said(&lab, role).await);
    }
    let events = lab.store.events(EventQuery { limit: 1000, ..EventQuery::default() }).await.unwrap();
    said_all.push(("the event log".to_owned(), format!("{events:?}")));
    let audit = lab.running.director().audit(AuditQuery::default()).await.unwrap();
    said_all.push(("the audit log".to_owned(), format!("{audit:?}")));
    for (path, content) in contents(lab.folder.path()).into_iter().filter(|(path, _)| *path != broken) {
        said_all.push((path.display().to_string(), String::from_utf8_lossy(&content).into_owned()));
    }
    assert!(said_all.len() > 100, "{}", said_all.len());
    let secrets: Vec<String> = (0..PLANTED).map(canary).collect();
    for (place, text) in &said_all {
        for secret in secrets.iter().chain([&lab.token]).filter(|_| !place.ends_with("http-token")) {
            assert!(!text.contains(secret.as_str()), "{secret} is in {place}: {text}");
        }
    }
    // They were there to be found: whoever may and asks for it sees the sensitive ones.
    let seen = lab.store.query(MessageQuery::default()).await.unwrap().pop().unwrap();
    let path = format!("/api/v1/messages/{}?reveal=true", seen.id);
    assert!(lab.call(lab.token_of(Role::Reader), "GET", &path, "").await.body.contains(&canary(9)));
    lab.close().await;
}

/// The files in a folder, and what is in them.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_file()).map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect()
}
