//! The program `edits` in a folder of its own.

use std::fs;
use std::net::TcpStream;

use iop_tests::child::{Ended, Ground, Process, read};
use serde_json::Value;

/// Where the program is used, by somebody called `anna`.
pub(crate) struct Desk(Ground);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(Ground::new(env!("CARGO_BIN_EXE_edits_program")).with("USER", "anna"))
    }

    /// With a variable of the environment in every run.
    pub(crate) fn with(self, name: &'static str, value: &str) -> Self {
        Self(self.0.with(name, value))
    }

    pub(crate) fn path(&self, below: &str) -> std::path::PathBuf {
        self.0.path(below)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path(name), text).unwrap();
    }

    /// Starts the production and waits until it answers.
    pub(crate) fn serve(&self) -> Process {
        let mut process = self.0.start(&["run", "--set", "iop.http=127.0.0.1:0"]);
        let address = || read(&self.0.path("iop-data/edits/http-address"));
        process.wait_for("it listens", || TcpStream::connect(address().trim()).is_ok());
        process.wait_for("it answers", || self.ask(&["status"]).code == Some(0));
        process
    }

    pub(crate) fn ask(&self, arguments: &[&str]) -> Ended {
        self.0.run(arguments)
    }

    /// What a command that succeeds prints.
    pub(crate) fn shown(&self, arguments: &[&str]) -> String {
        let ended = self.ask(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}{}", ended.out, ended.err);
        ended.out
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.shown(arguments)).unwrap()
    }

    /// What a command says that ends with `code`.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32) -> String {
        let ended = self.ask(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{arguments:?}: {}", ended.err);
        ended.err
    }

    /// Asks the desk for a ward.
    pub(crate) fn ask_for(&self, ward: &str) -> Value {
        let body = format!(r#"{{"ward": "{ward}"}}"#);
        let sent: Value = serde_json::from_str(&self.ask(&["test", "desk", "-b", &body, "-o", "json"]).out).unwrap();
        sent
    }

    /// The lines of the event log, the oldest first.
    pub(crate) fn log(&self) -> Vec<String> {
        let events: Value = self.json(&["log", "-o", "json", "-n", "1000"]);
        events.as_array().unwrap().iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    }
}
