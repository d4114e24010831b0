//! Generator requests and duplex exchanges: chunks that come while a handler works.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use iop::director::DirectorError;
use iop::message::{Header, Status, SuspendReason};
use iop::prelude::*;

use crate::kit::Lab;

#[message]
pub struct Row {
    number: u32,
}

#[message(response = Summary, chunk = Row)]
pub struct Query {
    name: String,
    rows: u32,
}

#[message]
pub struct Summary {
    rows: u32,
}

#[message(response = Table)]
pub struct Ask {
    how: String,
}

#[message]
pub struct Table {
    lines: Vec<String>,
}

/// What happened, in order, with the name of the query before each line.
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());
static ATTEMPTS: AtomicUsize = AtomicUsize::new(0);

fn log(line: String) {
    LOG.lock().expect("no test panics with it").push(line);
}

fn lines(of: &str) -> Vec<String> {
    let log = LOG.lock().expect("no test panics with it");
    log.iter().filter_map(|line| line.strip_prefix(of)).map(|line| line.trim().to_owned()).collect()
}

/// Says when it is dropped, which is when its handler is.
struct Witness(String);

impl Drop for Witness {
    fn drop(&mut self) {
        log(format!("{} dropped", self.0));
    }
}

/// Gives rows.
#[business_operation]
pub struct Database;

#[handlers]
impl Database {
    async fn rows(&mut self, query: Query, cx: &mut Context) -> Result<Summary> {
        let _witness = Witness(query.name.clone());
        for number in 0..query.rows {
            if query.name == "fails in the middle" && number == 3 {
                return Err(Error::retry("the line broke"));
            }
            if query.name == "fails at first" && ATTEMPTS.fetch_add(1, Ordering::SeqCst) == 0 {
                return Err(Error::retry("not yet"));
            }
            cx.emit::<Query>(Row { number }).await?;
            log(format!("{} {number}", query.name));
            if query.name == "hangs" || query.name == "stuck" {
                std::future::pending::<()>().await;
            }
        }
        Ok(Summary { rows: query.rows })
    }
}

/// Asks the database in several ways.
#[business_process]
pub struct Report {
    #[target]
    database: Target<Query>,
}

fn query(name: &str, rows: u32) -> Query {
    Query { name: name.to_owned(), rows }
}

#[handlers]
impl Report {
    async fn ask(&mut self, ask: Ask, cx: &mut Context) -> Result<Table> {
        let mut lines = Vec::new();
        match ask.how.as_str() {
            "two at once" => {
                let mut one = cx.send_generator_request(&self.database, query("one", 3)).await?;
                let mut other = cx.send_generator_request(&self.database, query("other", 2)).await?;
                while let (Some(left), Some(right)) = (one.next().await, other.next().await) {
                    lines.push(format!("{} {}", left?.number, right?.number));
                }
                lines.push(format!("{} rows", one.response().await?.rows + other.response().await?.rows));
            }
            "drop" | "hangs" => {
                let mut rows = cx.send_generator_request(&self.database, query(&ask.how, 1_000_000)).await?;
                lines.push(rows.next().await.ok_or_else(|| Error::fatal("no row"))??.number.to_string());
            }
            "plain" => {
                let summary = cx.send_request_sync(&self.database, query("plain", 4)).await?;
                lines.push(format!("{} rows", summary.rows));
            }
            name => {
                let mut rows = cx.send_generator_request(&self.database, query(name, 5)).await?;
                while let Some(row) = rows.next().await {
                    lines.push(row.map_or_else(|error| error.to_string(), |row| row.number.to_string()));
                }
                lines.extend(rows.response().await.ok().map(|summary| format!("{} rows", summary.rows)));
            }
        }
        if ask.how == "slow to finish" {
            log("consumer waits".to_owned());
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        Ok(Table { lines })
    }
}

#[message(response = Goodbye, chunk = Row, input = Command)]
pub struct Connect {
    user: String,
}

#[message]
pub struct Command {
    add: u32,
}

#[message]
pub struct Goodbye {
    text: String,
}

/// Talks: adds what it is given, and says the sum after each.
#[business_operation]
pub struct Terminal;

#[handlers]
impl Terminal {
    async fn connect(&mut self, connect: Connect, cx: &mut Context) -> Result<Goodbye> {
        let mut sum = 0;
        while let Some(command) = cx.receive::<Connect>().await? {
            sum += command.add;
            cx.emit::<Connect>(Row { number: sum }).await?;
            if command.add == 0 {
                break;
            }
        }
        Ok(Goodbye { text: format!("{} ends with {sum}", connect.user) })
    }
}

/// Talks to the terminal.
#[business_process]
pub struct Operator {
    #[target]
    terminal: Target<Connect>,
}

#[handlers]
impl Operator {
    async fn ask(&mut self, ask: Ask, cx: &mut Context) -> Result<Table> {
        let mut terminal = cx.open_duplex(&self.terminal, Connect { user: ask.how.clone() }).await?;
        let mut lines = Vec::new();
        for add in [1, 2, 3] {
            terminal.send(Command { add }).await?;
            let sum = terminal.next().await.ok_or_else(|| Error::fatal("no sum"))??;
            lines.push(sum.number.to_string());
        }
        if ask.how == "hangs up" {
            terminal.send(Command { add: 0 }).await?;
            while terminal.next().await.is_some() {}
            let refused = terminal.send(Command { add: 4 }).await;
            lines.extend(refused.err().map(|error| error.to_string()));
        }
        lines.push(terminal.response().await?.text);
        Ok(Table { lines })
    }
}

production! {
    Streaming {
        #[item(standalone, pool_size = 4)]
        report: Report { database: database },
        #[item(pool_size = 4, timeout = "300s")]
        database: Database {},
        #[item(standalone)]
        operator: Operator { terminal: terminal },
        terminal: Terminal {},
    }
}

async fn ask(lab: &Lab, item: &str, how: &str) -> Result<Vec<String>, DirectorError> {
    let table = lab.call(item, &format!(r#"{{"how":"{how}"}}"#)).await?;
    Ok(serde_json::from_str::<Table>(&table).expect("it is a table").lines)
}

async fn only_query(lab: &Lab) -> Header {
    lab.until_idle().await;
    let mut queries = lab.requests_to("database").await;
    assert_eq!(queries.len(), 1, "{queries:#?}");
    queries.remove(0)
}

#[tokio::test(start_paused = true)]
async fn chunks_come_in_order_and_then_the_response_from_several_at_once() {
    let lab = Lab::start::<Streaming>().await;
    assert_eq!(
        ask(&lab, "report", "simple").await,
        Ok(["0", "1", "2", "3", "4", "5 rows"].map(str::to_owned).to_vec())
    );
    assert_eq!(ask(&lab, "report", "two at once").await, Ok(["0 0", "1 1", "5 rows"].map(str::to_owned).to_vec()));
    lab.until_idle().await;
    assert!(lab.messages().await.iter().all(|header| header.status == Status::Completed));
}

#[tokio::test(start_paused = true)]
async fn a_producer_is_at_most_a_few_chunks_ahead_and_stops_when_its_consumer_is_dropped() {
    let lab = Lab::start::<Streaming>().await;
    assert_eq!(ask(&lab, "report", "drop").await, Ok(vec!["0".to_owned()]));
    let query = only_query(&lab).await;
    assert_eq!((query.status, query.attempt), (Status::Expired, 0));
    assert_eq!(query.error.as_deref(), Some("the consumer of the chunks has gone"));
    let given = lines("drop");
    assert!(given.len() < 40 && given.last().is_some_and(|last| last == "dropped"), "{} of a million", given.len());
}

#[tokio::test(start_paused = true)]
async fn a_producer_that_gives_nothing_is_stopped_as_well() {
    let lab = Lab::start::<Streaming>().await;
    assert_eq!(ask(&lab, "report", "hangs").await, Ok(vec!["0".to_owned()]));
    assert_eq!(only_query(&lab).await.status, Status::Expired);
    assert_eq!(lines("hangs"), ["0", "dropped"]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_chunks_comes_as_the_last_item_and_is_not_tried_again() {
    let lab = Lab::start::<Streaming>().await;
    let lines = ask(&lab, "report", "fails in the middle").await.expect("the report is made");
    assert_eq!(lines, ["0", "1", "2", "`database` suspended the request (poison): the line broke"]);
    let query = only_query(&lab).await;
    assert_eq!((query.status, query.reason, query.attempt), (Status::Suspended, Some(SuspendReason::Poison), 1));
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_chunk_is_tried_again() {
    let lab = Lab::start::<Streaming>().await;
    let lines = ask(&lab, "report", "fails at first").await.expect("the report is made");
    assert_eq!(lines, ["0", "1", "2", "3", "4", "5 rows"]);
    assert_eq!(only_query(&lab).await.attempt, 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_sender_takes_no_chunks_gets_the_response_alone() {
    let lab = Lab::start::<Streaming>().await;
    assert_eq!(ask(&lab, "report", "plain").await, Ok(vec!["4 rows".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_the_consumer_asks_anew_and_a_producer_without_one_ends() {
    let lab = Lab::start::<Streaming>().await;
    let id = Some(MessageId::random());
    let call = |lab: &Lab| {
        let director = lab.director();
        async move { director.call_json("report", None, br#"{"how":"slow to finish"}"#, id).await }
    };
    let waiting = tokio::spawn(call(&lab));
    while lines("consumer").is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    waiting.abort();
    let lab = lab.crash_and_restart::<Streaming>().await;
    let table = call(&lab).await.expect("it is answered").response.expect("with a response");
    assert_eq!(&table[..], br#"{"lines":["0","1","2","3","4","5 rows"]}"#);
    let queries: Vec<Status> = lab.requests_to("database").await.into_iter().map(|query| query.status).collect();
    assert_eq!(queries, [Status::Completed; 2]);

    let lab = Lab::start::<Streaming>().await;
    let director = lab.director();
    let stuck = tokio::spawn(async move { director.call_json("report", None, br#"{"how":"stuck"}"#, None).await });
    while lines("stuck").is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stuck.abort();
    let lab = lab.crash_and_restart::<Streaming>().await;
    lab.until_idle().await;
    // The first has no consumer any more, the second one's has waited in vain.
    let queries: Vec<Status> = lab.requests_to("database").await.into_iter().map(|query| query.status).collect();
    assert_eq!(queries, [Status::Expired; 2]);
    let begun = lines("stuck").iter().filter(|line| *line == "0").count();
    assert_eq!(begun, 2, "the handler of the first is not called again");
}

#[tokio::test(start_paused = true)]
async fn in_a_duplex_exchange_both_sides_send_until_one_ends_it() {
    let lab = Lab::start::<Streaming>().await;
    let talked = ask(&lab, "operator", "ann").await.expect("they talk");
    assert_eq!(talked, ["1", "3", "6", "ann ends with 6"]);
    let hung_up = ask(&lab, "operator", "hangs up").await.expect("they talk");
    assert_eq!(hung_up, ["1", "3", "6", "`terminal` takes no more input", "hangs up ends with 6"]);
    lab.until_idle().await;
    assert!(lab.messages().await.iter().all(|header| header.status == Status::Completed));
}
