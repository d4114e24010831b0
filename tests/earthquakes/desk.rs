//! The folder of the example, and what is in its results.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use iop_tests::child::{Ended, Ground, read};
use rusqlite::Connection;
use serde_json::Value;

/// The files of results that have their lines in an order.
pub(crate) const TEXTS: [&str; 4] = ["earthquakes.csv", "explosions.csv", "quarry_blasts.csv", "alerts.txt"];

/// A folder in which the example runs.
pub(crate) struct Desk(pub(crate) Ground);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(Ground::new(env!("CARGO_BIN_EXE_earthquakes_program")))
    }

    /// Without the sample: only what the test puts there is processed.
    pub(crate) fn without_sample() -> Self {
        Self(Ground::new(env!("CARGO_BIN_EXE_earthquakes_program")).with("IOP__FEED__SAMPLE", "false"))
    }

    pub(crate) fn inbox(&self, name: &str) -> PathBuf {
        self.0.path("iop-data/earthquakes-inbox").join(name)
    }

    pub(crate) fn out(&self, name: &str) -> PathBuf {
        self.0.path("iop-data/earthquakes-out").join(name)
    }

    /// Puts a file into the inbox, whole.
    pub(crate) fn put(&self, name: &str, content: &str) {
        std::fs::create_dir_all(self.inbox("")).expect("the inbox");
        let part = self.inbox(".part");
        std::fs::write(&part, content).expect("a file is written");
        std::fs::rename(part, self.inbox(name)).expect("and gets its name");
    }

    pub(crate) fn until_idle(&self) -> Ended {
        self.0.run(&["run", "--until-idle"])
    }

    /// How many messages of the store are in each status.
    pub(crate) fn statuses(&self) -> BTreeMap<String, usize> {
        let mut statuses = BTreeMap::new();
        let shown = self.0.run(&["messages", "find", "-o", "jsonl", "--limit", "1000000"]);
        assert!(matches!(shown.code, Some(0 | 4)), "{}", shown.err);
        for line in shown.out.lines() {
            let message: Value = serde_json::from_str(line).expect("each line is a document");
            *statuses.entry(message["status"].as_str().expect("a word").to_owned()).or_default() += 1;
        }
        statuses
    }

    /// Whole lines of a file of results; its first line, where it is a CSV file, included.
    pub(crate) fn lines(&self, name: &str) -> usize {
        read(&self.out(name)).matches('\n').count()
    }

    /// Every row of the table, in the order of the ids.
    pub(crate) fn rows(&self) -> Vec<Vec<rusqlite::types::Value>> {
        let table = Connection::open(self.out("events.sqlite")).expect("the database");
        let mut select = table.prepare("SELECT * FROM events ORDER BY id").expect("the table");
        let columns = select.column_count();
        let rows = select.query_map([], |row| (0..columns).map(|index| row.get(index)).collect()).expect("its rows");
        rows.collect::<Result<_, _>>().expect("each of them")
    }
}

/// The records of a CSV file, each field by the name of its column.
pub(crate) fn records(path: &Path) -> Vec<std::collections::HashMap<String, String>> {
    csv::Reader::from_path(path).expect("the file").deserialize().collect::<Result<_, _>>().expect("its records")
}
