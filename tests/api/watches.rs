//! What is looked at again and again: events as they happen, metrics, health.

use std::process::{Command, Stdio};
use std::time::Duration;

use iop::director::Role;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::open::{ORDER, Open};

/// A state that does not come within this time does not come.
const DEADLINE: Duration = Duration::from_secs(60);

/// Reads on until what has come fulfils a condition.
async fn until(stream: &mut TcpStream, come: &mut String, what: &str, holds: impl Fn(&str) -> bool) {
    let wait = async {
        while !holds(come) {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            assert!(count > 0, "it ended before: {what}\n{come}");
            come.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
    };
    if tokio::time::timeout(DEADLINE, wait).await.is_err() {
        panic!("never: {what}\n{come}");
    }
}

async fn watch(lab: &Open, query: &str, more: &str) -> TcpStream {
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    let token = lab.token_of(Role::Viewer);
    let head =
        format!("GET /api/v1/events{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn who_looks_on_sees_every_item_first_and_then_what_changes() {
    let lab = Open::lab().await;
    let mut come = String::new();
    let mut stream = watch(&lab, "?topics=status", "").await;
    until(&mut stream, &mut come, "all items", |come| come.contains("event: status\ndata: ")).await;
    for item in ["intake", "nightly", "analyser"] {
        assert!(come.contains(&format!("\"name\":\"{item}\"")), "{come}");
    }
    come.clear();
    lab.call(lab.token_of(Role::Operator), "POST", "/api/v1/items/intake/stop", "").await;
    until(&mut stream, &mut come, "the stop", |come| come.contains("\"state\":\"stopped\"")).await;
    assert!(come.contains("\"name\":\"intake\"") && !come.contains("\"name\":\"analyser\""), "{come}");
    // Closing the entrance does not wait for who looks on.
    lab.close().await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn who_comes_back_gets_the_log_from_where_they_were() {
    let lab = Open::lab().await;
    let mut come = String::new();
    lab.call(lab.token_of(Role::Operator), "POST", "/api/v1/services/intake", ORDER).await;
    lab.running.flush_log();
    let mut stream = watch(&lab, "?topics=log&after=0", "").await;
    until(&mut stream, &mut come, "what was said", |come| come.contains("order A-1 came in")).await;
    let last = come.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned();
    let mut again = watch(&lab, "?topics=log", &format!("Last-Event-ID: {last}\r\n")).await;
    lab.call(lab.token_of(Role::Operator), "POST", "/api/v1/services/intake", &ORDER.replace("A-1", "A-2")).await;
    lab.running.flush_log();
    let mut come = String::new();
    until(&mut again, &mut come, "what followed", |come| come.contains("order A-2 came in")).await;
    assert!(!come.contains("order A-1 came in"), "{come}");
    lab.close().await;
}

#[tokio::test]
async fn a_topic_that_is_none_is_refused() {
    let lab = Open::lab().await;
    let answer = lab.call(lab.token_of(Role::Viewer), "GET", "/api/v1/events?topics=weather", "").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("there is no topic `weather`"), "{}", answer.body);
    lab.close().await;
}

#[tokio::test]
async fn metrics_count_what_was_done_by_item_and_promtool_finds_nothing_wrong_with_them() {
    let lab = Open::lab().await;
    lab.call(lab.token_of(Role::Operator), "POST", "/api/v1/services/intake", ORDER).await;
    let answer = lab.call(lab.token_of(Role::Viewer), "GET", "/metrics", "").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        "iop_info{production=\"Lab\",version=\"0.1.0\"} 1",
        "# TYPE iop_turns_completed_total counter",
        "iop_turns_completed_total{item=\"intake\",kind=\"service\"} 1",
        "iop_turns_completed_total{item=\"analyser\",kind=\"operation\"} 1",
        "iop_item_up{item=\"nightly\",kind=\"service\"} 0",
        "iop_workers{item=\"analyser\",kind=\"operation\",state=\"idle\"} 2",
        "iop_queue_messages{item=\"analyser\",kind=\"operation\",state=\"suspended\"} 0",
    ] {
        assert!(answer.body.lines().any(|one| one == line), "{line} is not in\n{}", answer.body);
    }
    lab.close().await;
    // Debian has it in the package `prometheus`.
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        eprintln!("skipped: there is no promtool");
        return;
    };
    std::io::Write::write_all(&mut promtool.stdin.take().unwrap(), answer.body.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn health_says_no_more_than_that() {
    let lab = Open::lab().await;
    for path in ["/health/live", "/health/ready", "/healthz"] {
        let answer = lab.raw("GET", path, &[("Host", "localhost")], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"), "{path}");
    }
    lab.close().await;
}

#[tokio::test]
async fn the_document_of_the_api_is_openapi() {
    let lab = Open::lab().await;
    let document: Value = lab.call(lab.token_of(Role::Viewer), "GET", "/api/v1/openapi.json", "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let stop = &document["paths"]["/api/v1/items/{name}/stop"]["post"];
    assert_eq!((&stop["x-iop-role"], &stop["parameters"][0]["in"]), (&"operator".into(), &"path".into()));
    lab.close().await;
}
