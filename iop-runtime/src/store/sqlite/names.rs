//! Names of items, message types and keys: stored once, numbers everywhere else.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Result};

/// The names of one connection, as far as it has met them.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Arc<str>, i64>,
    texts: HashMap<i64, Arc<str>>,
    latest: i64,
}

impl Names {
    /// Reads the names that came since the last time.
    pub(super) fn refresh(&mut self, connection: &Connection) -> Result<()> {
        let mut statement = connection.prepare("SELECT number, text FROM name WHERE number > ?1 ORDER BY number")?;
        let mut rows = statement.query((self.latest,))?;
        while let Some(row) = rows.next()? {
            self.learn(row.get(0)?, row.get(1)?);
        }
        Ok(())
    }

    fn learn(&mut self, number: i64, text: Arc<str>) {
        self.latest = self.latest.max(number);
        self.numbers.insert(text.clone(), number);
        self.texts.insert(number, text);
    }

    /// The number of a name; a new one is stored.
    pub(super) fn number(&mut self, connection: &Connection, text: &str) -> Result<i64> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let number =
            connection.query_row("INSERT INTO name (text) VALUES (?1) RETURNING number", (text,), |row| row.get(0))?;
        self.learn(number, text.into());
        Ok(number)
    }

    /// The number of a name that has one.
    pub(super) fn find(&self, connection: &Connection, text: &str) -> Result<Option<i64>> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(Some(*number));
        }
        let found =
            connection.query_row("SELECT number FROM name WHERE text = ?1", (text,), |row| row.get(0)).optional()?;
        Ok(found)
    }

    /// The name with this number.
    pub(super) fn text(&self, number: i64) -> Option<Arc<str>> {
        self.texts.get(&number).cloned()
    }

    /// Every number that has a name.
    pub(super) fn all(&self) -> impl Iterator<Item = i64> {
        self.texts.keys().copied()
    }
}
