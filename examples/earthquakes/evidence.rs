//! What lies in the files and in the table of the events of a feed: counted there, not taken from any response.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use iop::prelude::*;
use rusqlite::{Connection, OpenFlags};

use super::alerts::{ALERTS, revision};
use super::messages::Class;
use super::table::DATABASE;

/// How often the events of a feed were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Lines in the file of each class.
    pub lines: BTreeMap<Class, u64>,
    /// Rows of the table.
    pub rows: u64,
    /// Lines in the file of alerts.
    pub alerts: u64,
}

impl Evidence {
    /// Counts what lies in `folder` of the given revisions of events. A line that is there twice counts twice.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn gather(folder: &Path, revisions: &[String]) -> Result<Self> {
        let wanted: HashSet<&str> = revisions.iter().map(String::as_str).collect();
        let mut found = Self::default();
        for class in Class::ALL {
            let mut lines = csv::Reader::from_path(folder.join(class.plural()).with_extension("csv"))?;
            for line in lines.records() {
                let line = line?;
                let (id, updated) = (line.get(0).unwrap_or_default(), line.get(1).unwrap_or_default());
                if wanted.contains(format!("{id}@{updated}").as_str()) {
                    *found.lines.entry(class).or_default() += 1;
                }
            }
        }
        let alerts = std::fs::read_to_string(folder.join(ALERTS))?;
        found.alerts = alerts.lines().filter_map(revision).filter(|one| wanted.contains(one.as_str())).count() as u64;
        found.rows = rows(folder, &wanted)?;
        Ok(found)
    }

    /// Lines in the file of a class.
    #[must_use]
    pub fn lines_of(&self, class: Class) -> u64 {
        self.lines.get(&class).copied().unwrap_or_default()
    }
}

/// Rows of the events, whatever their revision: a later feed may have brought a newer one.
fn rows(folder: &Path, wanted: &HashSet<&str>) -> Result<u64> {
    let ids: HashSet<&str> = wanted.iter().filter_map(|revision| Some(revision.split_once('@')?.0)).collect();
    let connection = Connection::open_with_flags(folder.join(DATABASE), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = connection.prepare("SELECT id FROM events")?;
    let mut rows = statement.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        found += u64::from(ids.contains(row.get_ref(0)?.as_str()?));
    }
    Ok(found)
}
