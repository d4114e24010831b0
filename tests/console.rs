//! The pages of the console, as a browser without scripts gets them: each is there, says what it should, and takes nothing from
//! a message for a part of itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use iop::clock::SystemClock;
use iop::director::Director;
use iop::director::http::{HttpEntrance, HttpOptions, Route};
use iop::engine::{Running, StartOptions, Stop, start};
use iop::message::Status;
use iop::prelude::*;
use iop::production::Production;
use iop::settings::{LayerSources, Layers, resolve};
use iop::store::memory::MemoryStore;
use iop::store::{MessageQuery, Viewer};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// A state that does not come within this time does not come.
const DEADLINE: Duration = Duration::from_secs(20);

/// What ends elements, attributes and lines, rings bells and turns text around.
const HOSTILE: &str = "</pre></svg><script>alert(1)</script><img src=x onerror=alert(2)>\"'`&\u{202e}\u{7}\u{1b}[31m";

/// Something to do.
#[message(response = Receipt)]
struct Task {
    /// What.
    #[key]
    what: String,
    /// For whom.
    #[sensitive]
    whose: String,
    /// How often.
    times: u32,
}

/// It was done.
#[message]
struct Receipt {
    text: String,
}

/// Takes tasks.
#[business_service]
struct Desk {
    #[target]
    bench: Target<Task>,
}

#[handlers]
impl Desk {
    async fn on_process_input(&mut self, task: Task, cx: &mut Context) -> Result<Receipt> {
        warn!("came in: {}", task.what);
        Ok(cx.send_request_sync(&self.bench, task).await?)
    }
}

/// Does them, but for those that it cannot.
#[business_operation]
struct Bench;

#[handlers]
impl Bench {
    async fn task(&mut self, task: Task) -> Result<Receipt> {
        if task.times == 0 {
            return Err(Error::fatal(format!("cannot do {}", task.what)));
        }
        Ok(Receipt { text: task.what })
    }
}

production! {
    /// A workshop.
    Workshop {
        alerts none;
        /// Where tasks come in.
        desk: Desk { bench: bench },
        /// Where they are done.
        bench: Bench {},
    }
}

/// The workshop with its console.
struct Open {
    running: Running,
    store: Arc<MemoryStore>,
    address: SocketAddr,
    token: String,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

impl Open {
    async fn workshop() -> Self {
        iop::events::install("info").unwrap();
        let layers = Layers::read(LayerSources::default());
        let resolved = resolve(Workshop::GRAPH, Workshop::wiring(), &layers).unwrap();
        let store = MemoryStore::new(Arc::new(SystemClock));
        let options = StartOptions::default();
        let running = start(resolved, Arc::<MemoryStore>::clone(&store), options).await.expect("it fits the store");
        let options = HttpOptions { pages: iop::console::routes, ..HttpOptions::at("127.0.0.1:0".parse().unwrap()) };
        let entrance = HttpEntrance::open(options).await.unwrap();
        let (address, token) = (entrance.address(), entrance.token().expose().to_owned());
        let stop = CancellationToken::new();
        let serving = tokio::spawn(entrance.serve(running.director(), stop.clone()));
        Self { running, store, address, token, stop, serving }
    }

    /// The workshop after a task that was done, and one that could not be.
    async fn with_a_failure(what: &str) -> Self {
        let open = Self::workshop().await;
        let director = open.director();
        director.call_json("desk", None, &task(what, 1), None).await.unwrap();
        director.call_json("desk", None, &task(what, 0), None).await.unwrap_err();
        open
    }

    fn director(&self) -> Director {
        self.running.director()
    }

    async fn suspended(&self) -> iop::message::Header {
        let query = MessageQuery { status: Some(Status::Suspended), ..MessageQuery::default() };
        let found = self.store.query(query).await.unwrap();
        found.into_iter().find(|header| header.target.as_deref() == Some("bench")).unwrap()
    }

    /// Status and body of a page.
    async fn get(&self, path: &str) -> (u16, String) {
        self.ask(path, "").await
    }

    /// The same with more headers.
    async fn ask(&self, path: &str, more: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n{more}\r\n",
            self.address, self.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// What a page hears until the condition holds: topics and JSON.
    async fn hear(&self, path: &str, holds: impl Fn(&[(String, Value)]) -> bool) -> Vec<(String, Value)> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let (address, token) = (self.address, &self.token);
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut answer, mut bytes) = (Vec::new(), [0; 16 * 1024]);
        let end = tokio::time::Instant::now() + DEADLINE;
        loop {
            let text = String::from_utf8_lossy(&answer);
            let heard: Vec<_> = text.split_inclusive("\n\n").filter_map(event).collect();
            if holds(&heard) {
                return heard;
            }
            let read = tokio::time::timeout_at(end, stream.read(&mut bytes)).await;
            let count = read.unwrap_or_else(|_| panic!("{path}: no more than {text}")).unwrap();
            assert!(count > 0, "{path} ends: {text}");
            answer.extend_from_slice(&bytes[..count]);
        }
    }

    async fn page(&self, path: &str) -> String {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn close(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
        self.running.stop(Stop::Now).await.unwrap();
    }
}

/// Topic and JSON of an event that has come whole.
fn event(text: &str) -> Option<(String, Value)> {
    let (topic, rest) = text.strip_suffix("\n\n")?.split_once("event: ")?.1.split_once("\ndata: ")?;
    Some((topic.to_owned(), serde_json::from_str(rest).unwrap()))
}

/// What was heard last under a topic.
fn last<'a>(heard: &'a [(String, Value)], topic: &str) -> Option<&'a Value> {
    heard.iter().rev().find(|(of, _)| of == topic).map(|(_, value)| value)
}

fn task(what: &str, times: u32) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({ "what": what, "whose": "Ada", "times": times })).unwrap()
}

/// Every page that is whole by itself, and those of what is in the workshop.
fn pages(failed: &iop::message::Header) -> Vec<String> {
    let routes = iop::console::routes();
    let whole =
        routes.iter().map(|route: &Route| route.path).filter(|path| !path.contains('{') && !path.starts_with("/live/"));
    let mut pages: Vec<String> = whole.map(str::to_owned).collect();
    let (session, id) = (failed.session, failed.id);
    pages.extend(["/items/desk", "/items/bench", "/queues/bench", "/suspended?item=bench"].map(str::to_owned));
    pages.extend(["/messages?q=status:suspended", "/log?level=warn&text=came"].map(str::to_owned));
    pages.push(format!("/?session={session}"));
    pages.push(format!("/test?from={id}"));
    pages.push(format!("/trace/{session}/picture.svg"));
    for tab in ["body", "header", "response", "attempts", "log"] {
        pages.push(format!("/trace/{session}?m={id}&tab={tab}"));
    }
    pages.extend(["timeline", "tree"].map(|view| format!("/trace/{session}?view={view}")));
    pages
}

#[tokio::test]
async fn nothing_in_a_message_becomes_part_of_a_page() {
    let open = Open::with_a_failure(HOSTILE).await;
    let mut seen = 0;
    for path in pages(&open.suspended().await) {
        let page = open.page(&path).await;
        // JSON and CSV are not shown by a browser; in them the text stands as it is.
        if path.contains("export") || path.contains("suggest") || path.contains(".jsonl") {
            continue;
        }
        seen += usize::from(page.contains("alert(1)"));
        let scripts = page.matches("<script").count();
        assert!(scripts <= 1 && !page.contains("<script>") && !page.contains("<img src=x"), "{path}: {page}");
        let harmful = page.chars().find(|letter| "\u{202e}\u{7}\u{1b}".contains(*letter));
        assert_eq!(harmful, None, "{path}");
        // The policy of the pages allows neither.
        assert!(!page.contains(" style=\"") && !page.contains(" onclick="), "{path}");
    }
    assert!(seen >= 8, "the text is shown on {seen} pages only");
    open.close().await;
}

#[tokio::test]
async fn the_first_page_leads_to_the_message_that_failed_in_one_click() {
    let open = Open::with_a_failure("sharpen").await;
    let failed = open.suspended().await;
    let page = open.page("/").await;
    let link = format!("href=\"/trace/{}?m={}\"", failed.session, failed.id);
    assert!(page.contains(&link), "{page}");
    for part in [
        "data-live=\"state:bench\" data-state=\"failing\"",
        "data-item=\"desk\"",
        "cannot do sharpen",
        "data-from=\"desk\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    open.close().await;
}

#[tokio::test]
async fn a_trace_shows_the_message_that_failed_with_what_is_sensitive_masked() {
    let open = Open::with_a_failure("sharpen").await;
    let failed = open.suspended().await;
    let page = open.page(&format!("/trace/{}", failed.session)).await;
    for part in ["suspended at bench", "error: cannot do sharpen", "•••••", "find all", "data-resend", "data-reveal="]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Ada"), "{page}");
    // The id of the message leads to the same page.
    let (status, _) = open.get(&format!("/messages/{}", failed.id)).await;
    assert_eq!(status, 303);
    assert!(open.page(&format!("/trace/{}", failed.id)).await.contains("suspended at bench"));
    open.close().await;
}

#[tokio::test]
async fn a_search_with_a_mistake_says_what_was_meant() {
    let open = Open::with_a_failure("sharpen").await;
    let page = open.page("/messages?q=statsu:suspended").await;
    assert!(page.contains("did you mean") && page.contains("status"), "{page}");
    assert!(open.page("/messages?q=key.what:sharpen%20to:bench").await.contains("<h2>2 messages</h2>"));
    let csv = open.page("/messages/export.csv?q=key.what:sharpen%20to:bench").await;
    assert!(csv.contains("id,session,accepted") && csv.matches("bench").count() >= 2, "{csv}");
    let suggested = open.page("/messages/suggest?q=item:be&cursor=7").await;
    assert!(suggested.contains("bench"), "{suggested}");
    open.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_and_is_a_page() {
    let open = Open::workshop().await;
    let nobody = "0".repeat(32);
    // Nobody has looked for anything yet.
    let page = open.page("/messages").await;
    assert!(page.contains("No message yet.") && !page.contains("Nothing fits."), "{page}");
    assert!(open.page("/messages?q=item:nobody").await.contains("Nothing fits."));
    assert!(open.page("/").await.contains("nothing has ended yet"));
    for path in [
        "/items/nobody".to_owned(),
        "/queues/nobody".to_owned(),
        format!("/trace/{nobody}"),
        format!("/messages/{nobody}"),
    ] {
        let (status, body) = open.get(&path).await;
        assert_eq!(status, 404, "{path}: {body}");
        assert!(body.contains("There is nothing here") && body.contains("console.css"), "{path}: {body}");
    }
    // What no page has answered is a page too, where a browser asks.
    for (path, wanted, says) in [
        ("/trace/no-id", 400, "This address cannot be right"),
        ("/nowhere", 404, "there is nothing here"),
        ("/api/v1/items/nobody", 404, "there is no item `nobody`"),
        ("/live/%3Cscript%3E", 400, "&lt;script&gt;"),
    ] {
        let (status, body) = open.ask(path, "Accept: text/html\r\n").await;
        assert!(status == wanted && body.contains("<h1>") && body.contains(says), "{path}: {status} {body}");
    }
    let (status, body) = open.get("/api/v1/items/nobody").await;
    assert!(status == 404 && body.starts_with("{\"kind\":"), "{body}");
    assert!(open.get("/assets/none.js").await.0 == 404);
    assert!(open.page("/assets/console.css").await.contains("--ground"));
    open.close().await;
}

#[tokio::test]
async fn a_message_that_is_edited_is_shown_whole_and_that_is_on_record() {
    let open = Open::with_a_failure("sharpen").await;
    let failed = open.suspended().await;
    let page = open.page(&format!("/test?from={}", failed.id)).await;
    assert!(page.contains("Ada") && page.contains("/resend"), "{page}");
    assert!(open.page("/audit").await.contains("body.reveal"));
    open.close().await;
}

/// The element of a page with this name: its tag and its text.
fn element<'a>(page: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let at = page.find(&format!("data-live=\"{name}\""))?;
    let (start, end) = (page[..at].rfind('<')?, at + page[at..].find('>')?);
    let rest = &page[end + 1..];
    Some((&page[start..end], &rest[..rest.find('<')?]))
}

/// Changes by itself while nothing happens.
fn ages(name: &str) -> bool {
    name.starts_with("rate") || name.starts_with("oldest") || name == "queued more"
}

#[tokio::test]
async fn what_a_page_hears_first_is_what_it_shows() {
    let open = Open::with_a_failure("sharpen").await;
    let mut compared = 0;
    for path in pages(&open.suspended().await) {
        let page = open.page(&path).await;
        let Some((_, watch)) = page.split_once("data-watch=\"") else { continue };
        let watch = watch.split('"').next().unwrap().replace("&#38;", "&");
        let parts = page.matches("data-part=").count();
        let heard = open
            .hear(&watch, |heard| last(heard, "values").is_some() && (parts == 0 || last(heard, "parts").is_some()));
        let heard = heard.await;
        for (name, attributes) in last(&heard, "values").unwrap().as_object().unwrap() {
            let (tag, text) = element(&page, name).unwrap_or_else(|| panic!("{path} shows no {name}: {page}"));
            for (attribute, value) in attributes.as_object().unwrap() {
                let value = value.as_str().unwrap();
                let shown = if attribute == "text" {
                    text == value
                } else {
                    tag.contains(&format!(" {attribute}=\"{value}\""))
                };
                assert!(shown || ages(name), "{path}: {name} is {attribute} {value}, shown is {tag}>{text}");
                compared += 1;
            }
        }
        let prints = last(&heard, "parts").map(|parts| parts.as_object().unwrap().clone()).unwrap_or_default();
        assert_eq!(prints.len(), parts, "{path}: {prints:?}");
        for (part, print) in prints {
            let wanted = format!("data-part=\"{part}\" data-print={print}");
            assert!(page.contains(&wanted), "{path}: {wanted} is not in {page}");
        }
    }
    assert!(compared > 100, "{compared}");
    open.close().await;
}

#[tokio::test]
async fn a_page_hears_that_an_item_stops_and_that_a_message_needs_somebody() {
    let open = Open::workshop().await;
    let director = open.director();
    let quiet = open.hear("/live/production", |heard| last(heard, "parts").is_some()).await;
    let trouble = |heard: &[(String, Value)]| last(heard, "parts").and_then(|parts| parts.get("trouble").cloned());
    let before = trouble(&quiet).unwrap();
    let is = |heard: &[(String, Value)], name: &str, attribute: &str, value: &str| {
        let of = |(_, event): &(String, Value)| event.get(name)?.get(attribute)?.as_str().map(|is| is == value);
        heard.iter().filter_map(of).next_back().unwrap_or(false)
    };
    // What the desk asks for is suspended, and so is who asked.
    let acts = async {
        assert!(director.call_json("desk", None, &task("sharpen", 0), None).await.is_err());
        let suspended = |heard: &[(String, Value)]| is(heard, "suspended", "text", "2 suspended");
        open.hear("/live/page", suspended).await;
        director.stop_item("bench", Stop::Now).await.unwrap();
    };
    let hears = open.hear("/live/production", |heard| {
        trouble(heard).is_some_and(|now| now != before)
            && is(heard, "state:bench", "data-state", "down")
            && is(heard, "running", "text", "1 of 2 stopped")
            && is(heard, "suspended", "text", "2 suspended")
            && is(heard, "count:bench", "text", "1")
    });
    tokio::join!(hears, acts);
    open.close().await;
}

#[tokio::test]
async fn the_log_is_heard_line_by_line_and_only_what_was_asked_for() {
    let open = Open::workshop().await;
    let director = open.director();
    for what in ["sharpen", "polish", "sharpen well"] {
        director.call_json("desk", None, &task(what, 1), None).await.unwrap();
    }
    open.running.flush_log();
    let heard = open.hear("/live/log?level=warn&item=desk&text=SHARPEN&after=0", |heard| {
        heard.iter().filter(|(topic, _)| topic == "log").count() == 2
    });
    let heard = heard.await;
    let lines: Vec<_> =
        heard.iter().filter(|(topic, _)| topic == "log").map(|(_, line)| line["text"].as_str().unwrap()).collect();
    assert_eq!(lines, ["came in: sharpen", "came in: sharpen well"]);
    open.close().await;
}
