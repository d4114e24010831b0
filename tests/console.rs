//! The pages of the console, as a browser without scripts gets them: each is there, says what it should, and takes nothing from
//! a message for a part of itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::SocketAddr;
use std::sync::Arc;

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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

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
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.address, self.token
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
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

fn task(what: &str, times: u32) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({ "what": what, "whose": "Ada", "times": times })).unwrap()
}

/// Every page that is whole by itself, and those of what is in the workshop.
fn pages(failed: &iop::message::Header) -> Vec<String> {
    let routes = iop::console::routes();
    let whole = routes.iter().map(|route: &Route| route.path).filter(|path| !path.contains('{'));
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
    for part in
        ["data-item=\"bench\" data-state=\"failing\"", "data-item=\"desk\"", "cannot do sharpen", "data-from=\"desk\""]
    {
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
    for path in [
        "/items/nobody".to_owned(),
        "/queues/nobody".to_owned(),
        format!("/trace/{nobody}"),
        format!("/messages/{nobody}"),
    ] {
        let (status, body) = open.get(&path).await;
        assert_eq!(status, 404, "{path}: {body}");
        assert!(body.contains("That did not work"), "{path}: {body}");
    }
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
