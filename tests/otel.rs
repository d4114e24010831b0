//! Traces for OpenTelemetry, as a collector gets them, and what becomes of a production whose collector is away.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use hyper::Method;
use iop::clock::SystemClock;
use iop::director::http::{HttpEntrance, HttpOptions};
use iop::director::{JsonDirector, RemoteDirector};
use iop::engine::{Running, StartOptions, Stop, start};
use iop::otel::{ExportOptions, Exporter};
use iop::production::Production;
use iop::settings::{Collector, LayerSources, Layers, Raw, Setting, resolve};
use iop::store::memory::MemoryStore;
use iop::traces::{Parent, Traces};
use iop_tests::http::post as call;
use iop_tests::lab::Lab;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const ORDER: &str = r#"{"number": "A-1", "patient": "Ann", "amounts": [1, 2]}"#;
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A collector: what it is sent, and what it answers.
struct Taken {
    address: SocketAddr,
    spans: UnboundedReceiver<Value>,
    answers: Arc<AtomicU16>,
    serving: JoinHandle<()>,
}

type Behind = (UnboundedSender<Value>, Arc<AtomicU16>);

async fn take(State((spans, answers)): State<Behind>, Json(request): Json<Value>) -> (StatusCode, Json<Value>) {
    let status = StatusCode::from_u16(answers.load(Ordering::SeqCst)).unwrap();
    if status.is_success() {
        let resource = &request["resourceSpans"][0];
        assert_eq!(
            resource["resource"]["attributes"][0],
            json!({"key": "service.name", "value": {"stringValue": "Lab"}})
        );
        for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
            let _ = spans.send(span.clone());
        }
    }
    (status, Json(json!({})))
}

impl Taken {
    async fn open(status: u16) -> Self {
        let (sender, spans) = unbounded_channel();
        let answers = Arc::new(AtomicU16::new(status));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/v1/traces", post(take)).with_state((sender, Arc::clone(&answers)));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, spans, answers, serving }
    }

    /// The next span of an item.
    async fn span_of(&mut self, item: &str) -> Value {
        loop {
            let span = self.spans.recv().await.unwrap();
            if attribute(&span, "iop.item") == item && attribute(&span, "iop.message.type") == "Order" {
                return span;
            }
        }
    }
}

fn attribute(span: &Value, key: &str) -> Value {
    let all = span["attributes"].as_array().unwrap();
    let found = all.iter().find(|attribute| attribute["key"] == key);
    let value = &found.unwrap_or_else(|| panic!("no {key} in {span}"))["value"];
    value.get("stringValue").unwrap_or(&value["intValue"]).clone()
}

/// The laboratory, open, with an exporter.
struct Open {
    running: Running,
    address: SocketAddr,
    token: String,
    traces: Arc<Traces>,
    stop: CancellationToken,
    tasks: [JoinHandle<()>; 2],
}

impl Open {
    async fn lab(collector: SocketAddr, most: usize) -> Self {
        let resolved = resolve(Lab::GRAPH, Lab::wiring(), &Layers::read(LayerSources::default())).unwrap();
        let store = MemoryStore::new(Arc::new(SystemClock));
        let running = start(resolved, Arc::<MemoryStore>::clone(&store), StartOptions::default())
            .await
            .expect("it fits the store");
        let (traces, stop) = (Arc::new(Traces::default()), CancellationToken::new());
        let collector = Collector::from_raw(&Raw::from(format!("http://{collector}"))).unwrap();
        let options = ExportOptions { every: Duration::from_millis(5), most, ..ExportOptions::to(collector, "Lab") };
        let exporter = Exporter::of(store, Arc::new(SystemClock), Arc::clone(&traces), options);
        let options =
            HttpOptions { traces: Some(Arc::clone(&traces)), ..HttpOptions::at("127.0.0.1:0".parse().unwrap()) };
        let entrance = HttpEntrance::open(options).await.unwrap();
        let (address, token) = (entrance.address(), entrance.token().expose().to_owned());
        let tasks =
            [tokio::spawn(exporter.run(stop.clone())), tokio::spawn(entrance.serve(running.director(), stop.clone()))];
        Self { running, address, token, traces, stop, tasks }
    }

    /// Calls a service in a trace of somebody else's.
    async fn call_in(&self, parent: &str) {
        let (address, bearer, parent) = (self.address, format!("Bearer {}", self.token), parent.to_owned());
        let answer = tokio::task::spawn_blocking(move || {
            let headers = [("Authorization", bearer.as_str()), ("traceparent", parent.as_str())];
            call(address, "/api/v1/services/intake", &headers, ORDER).unwrap()
        });
        assert_eq!(answer.await.unwrap().status, 200);
    }

    async fn metrics(&self) -> String {
        let remote = RemoteDirector::at(&format!("http://{}", self.address), &self.token).unwrap();
        let answer = remote.request(Method::GET, "/metrics", None, Bytes::new()).await.unwrap();
        String::from_utf8(answer.body.to_vec()).unwrap()
    }

    async fn close(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
        self.running.stop(Stop::Now).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_is_a_trace_and_its_messages_are_spans_with_ids_that_follow_from_theirs() {
    let mut collector = Taken::open(200).await;
    let lab = Open::lab(collector.address, 8192).await;
    let called = lab.running.director().call("intake", None, ORDER.as_bytes(), None).await.unwrap();
    let asked = collector.span_of("intake").await;
    let measured = collector.span_of("analyser").await;
    for span in [&asked, &measured] {
        assert_eq!(span["traceId"], called.session.to_string());
        assert_eq!(attribute(span, "iop.session"), called.session.to_string());
        assert_eq!(
            (attribute(span, "iop.message.status"), attribute(span, "iop.attempts")),
            ("completed".into(), "1".into())
        );
        assert_eq!(span["status"], json!({}));
        let time = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
        assert!(
            time("startTimeUnixNano") > 1_700_000_000_000_000_000
                && time("startTimeUnixNano") <= time("endTimeUnixNano")
        );
    }
    assert_eq!(asked["spanId"].as_str().unwrap(), &called.id.to_string()[16..]);
    assert_eq!((asked.get("parentSpanId"), &measured["parentSpanId"]), (None, &asked["spanId"]));
    assert_eq!((&asked["name"], attribute(&measured, "iop.source")), (&json!("intake Order"), json!("intake")));
    lab.close().await;
    collector.serving.abort();
}

#[tokio::test]
async fn a_call_with_a_traceparent_belongs_to_the_trace_of_its_caller_if_that_is_kept() {
    let mut collector = Taken::open(200).await;
    let lab = Open::lab(collector.address, 8192).await;
    lab.call_in(&format!("00-{TRACE}-b7ad6b7169203331-00")).await;
    lab.call_in(&format!("00-{TRACE}-b7ad6b7169203332-01")).await;
    // Those of the first call would be in front: its caller keeps nothing.
    let asked = collector.span_of("intake").await;
    assert_eq!((&asked["traceId"], &asked["parentSpanId"]), (&json!(TRACE), &json!("b7ad6b7169203332")));
    let measured = collector.span_of("analyser").await;
    assert_eq!((&measured["traceId"], &measured["parentSpanId"]), (&json!(TRACE), &asked["spanId"]));
    // What is no traceparent changes nothing.
    lab.call_in("00-nonsense-01").await;
    let asked = collector.span_of("intake").await;
    assert_eq!(asked["traceId"], attribute(&asked, "iop.session"));
    lab.close().await;
    collector.serving.abort();
}

#[tokio::test]
async fn a_message_that_is_suspended_is_an_error_with_its_reason() {
    let mut collector = Taken::open(200).await;
    let lab = Open::lab(collector.address, 8192).await;
    let poison = ORDER.replace("A-1", "poison");
    lab.running.director().send("intake", None, poison.as_bytes(), None).await.unwrap();
    let span = collector.span_of("analyser").await;
    assert_eq!((&span["status"]["code"], attribute(&span, "iop.message.status")), (&json!(2), json!("suspended")));
    assert!(span["status"]["message"].as_str().unwrap().contains("no such substance"), "{span}");
    lab.close().await;
    collector.serving.abort();
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up_and_what_does_not_fit_is_counted() {
    // A port that nobody has any more.
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let lab = Open::lab(nobody, 2).await;
    for _ in 0..3 {
        lab.running.director().call("intake", None, ORDER.as_bytes(), None).await.unwrap();
    }
    // Nobody knows when the exporter has looked; that it has is seen in what it counts.
    while lab.traces.counts().1 < 4 {
        tokio::task::yield_now().await;
    }
    let metrics = lab.metrics().await;
    assert!(metrics.contains("\niop_spans_exported_total 0\n"), "{metrics}");
    assert!(
        !metrics.contains("\niop_spans_dropped_total 0\n") && metrics.contains("\niop_spans_dropped_total "),
        "{metrics}"
    );
    lab.close().await;
}

#[tokio::test]
async fn spans_wait_for_a_collector_that_is_busy_and_are_given_up_where_it_refuses_them() {
    let mut collector = Taken::open(503).await;
    let lab = Open::lab(collector.address, 8192).await;
    let called = lab.running.director().call("intake", None, ORDER.as_bytes(), None).await.unwrap();
    collector.answers.store(200, Ordering::SeqCst);
    assert_eq!(collector.span_of("intake").await["traceId"], called.session.to_string());
    collector.answers.store(400, Ordering::SeqCst);
    lab.running.director().call("intake", None, ORDER.as_bytes(), None).await.unwrap();
    while lab.traces.counts().1 < 2 {
        tokio::task::yield_now().await;
    }
    lab.close().await;
    collector.serving.abort();
}

#[test]
fn a_url_of_a_collector_is_read_and_one_over_tls_says_what_to_do() {
    let read = |text: &str| Collector::from_raw(&Raw::from(text));
    let collector = read("http://collector/otlp/").unwrap();
    assert_eq!((collector.authority(), collector.path()), ("collector:4318", "/otlp"));
    assert!(read("https://collector").unwrap_err().contains("without TLS"));
    for wrong in ["collector:4318", "http://", "http://ann:pw@collector", "http://a b"] {
        assert!(read(wrong).unwrap_err().starts_with("expected URL of a collector"), "{wrong}");
    }
    assert!(Parent::from_header("").is_none());
}
