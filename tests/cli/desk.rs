//! The folder in which the laboratory's program is used, and what is typed there.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;

use iop_tests::child::{Ended, Ground, Process, read};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lab");

/// A folder that begins empty.
pub(crate) struct Desk(Ground);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(Ground::new(PROGRAM))
    }

    /// A path below the folder.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.path(below)
    }

    /// A path below the store that is used where nothing is said.
    pub(crate) fn store(&self, below: &str) -> PathBuf {
        self.path("iop-data/lab").join(below)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file in the folder");
    }

    /// Types a command and waits for its end.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Ended {
        self.0.run(arguments)
    }

    /// Types a command with something on its standard input.
    pub(crate) fn ask_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        self.write("input", input);
        let input = File::open(self.path("input")).expect("it was written");
        let mut command = Command::new(PROGRAM);
        let command = command.args(arguments).current_dir(self.path("")).env("IOP__HTTP", "off").stdin(input);
        let output = command.output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// What a command that succeeds prints.
    pub(crate) fn shown(&self, arguments: &[&str]) -> String {
        let ended = self.ask(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.err);
        ended.out
    }

    /// The one document that a command prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let shown = self.shown(arguments);
        serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{shown}"))
    }

    /// What a command says beside its output when it ends with `code`, having put out nothing.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32) -> String {
        let ended = self.ask(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{arguments:?}: {}", ended.err);
        ended.err
    }

    /// The messages that a search finds, the newest first.
    pub(crate) fn messages(&self, filters: &[&str]) -> Vec<Value> {
        let arguments = [&["messages", "find", "-o", "jsonl"], filters].concat();
        self.shown(&arguments).lines().map(|line| serde_json::from_str(line).expect("a line is a document")).collect()
    }

    /// Hands an order in and waits for what comes of it.
    pub(crate) fn order(&self, item: &str, number: &str) -> Ended {
        self.ask(&["test", item, "-b", &order(number), "--set", "intake.attempts=1"])
    }

    /// Starts the production with an HTTP entrance, and waits until it answers there.
    pub(crate) fn serve(&self, more: &[&str]) -> Process {
        let mut process = self.start(&[&["run", "--set", "iop.http=127.0.0.1:0"], more].concat());
        process.wait_for("it listens", || self.address().is_some_and(|address| TcpStream::connect(address).is_ok()));
        // It listens before its items have started, and answers after that.
        let status = self.ask(&["status", "-o", "json"]);
        assert!(!status.out.is_empty(), "{}", status.err);
        process
    }

    /// Starts a command and does not wait for its end.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        self.0.start(arguments)
    }

    /// Starts a command as an argument of another program.
    pub(crate) fn start_under(&self, other: &[&str], arguments: &[&str]) -> Process {
        self.0.start_under(other, arguments)
    }

    /// Where the production listens.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        read(&self.store("http-address")).trim().parse().ok()
    }

    /// How many workers of an item are busy in the production that runs.
    pub(crate) fn busy(&self, item: &str) -> u64 {
        // An item that is stopped makes the exit code 5; the document is there all the same.
        let status: Value = serde_json::from_str(&self.ask(&["status", "-o", "json"]).out).unwrap_or_default();
        let items = status["items"].as_array().cloned().unwrap_or_default();
        let item = items.iter().find(|other| other["name"] == item);
        item.and_then(|item| item["workers"]["busy"].as_u64()).unwrap_or_default()
    }
}

/// An order as JSON; its patient is nobody's business.
pub(crate) fn order(number: &str) -> String {
    format!(r#"{{"number": "{number}", "patient": "Jane Roe", "amounts": [1, 2]}}"#)
}

/// The cells of a table, by the names in its head; a cell has no two spaces in a row.
pub(crate) fn cells(table: &str) -> Vec<Vec<String>> {
    let split =
        |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    table.lines().skip(1).map(split).collect()
}

/// A field of each document, as text.
pub(crate) fn column(documents: &[Value], field: &str) -> Vec<String> {
    documents.iter().map(|document| document[field].as_str().unwrap_or_default().to_owned()).collect()
}
