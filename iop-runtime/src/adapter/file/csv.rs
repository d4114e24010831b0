//! [`KeyedCsv`]: a file of comma-separated values that gets each record once.

use std::path::{Path, PathBuf};

use super::layout::{Layout, join};
use super::lines::{Appended, Flush, KeyedLines};
use crate::component::{Error, Result};

/// A file of comma-separated values (RFC 4180, UTF-8, a first line with the names of the columns) that gets each record
/// once. What [`KeyedLines`] promises of lines, this promises of records; the key is made of columns.
///
/// ```
/// # use iop::adapter::file::{Appended, Flush, KeyedCsv};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> iop::component::Result {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("orders.csv");
/// let file = KeyedCsv::open(&path, &["id", "item", "note"], &["id"], Flush::EachLine).await?;
/// let record = [Some("17"), Some("2\" pipe, steel"), None];
/// assert_eq!(file.append(record).await?, Appended::Written);
/// assert_eq!(file.append(record).await?, Appended::Present);
/// assert_eq!(std::fs::read_to_string(&path)?, "id,item,note\n17,\"2\"\" pipe, steel\",\n");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct KeyedCsv {
    lines: KeyedLines,
    /// `None` where the file is not open.
    columns: Option<usize>,
}

impl KeyedCsv {
    /// Opens the file, made with its first line where it is missing. `key` names the columns that make the key.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where the file cannot be read or is open elsewhere; fatal where it has other
    /// columns, or `key` names one that is not there.
    pub async fn open(path: impl Into<PathBuf>, columns: &[&str], key: &[&str], flush: Flush) -> Result<Self> {
        let path = path.into();
        let index = |name: &&str| {
            columns
                .iter()
                .position(|column| column == name)
                .ok_or_else(|| Error::fatal(format!("{}: the key column `{name}` is not there", path.display())))
        };
        let key = key.iter().map(index).collect::<Result<Vec<_>>>()?;
        if key.is_empty() {
            return Err(Error::fatal(format!("{}: no column makes the key", path.display())));
        }
        let layout = Layout::Csv { columns: columns.iter().map(|&name| name.to_owned()).collect(), key };
        Ok(Self { lines: KeyedLines::with_layout(path, layout, flush).await?, columns: Some(columns.len()) })
    }

    /// Whether a file can be read and written, or made. Nothing is.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where it cannot.
    pub async fn check(path: impl Into<PathBuf>) -> Result {
        KeyedLines::check(path).await
    }

    /// The file; empty for one that is not open.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.lines.path()
    }

    /// Appends a record, unless its key is there. Fields are quoted where they must be; `None` is an empty field, and an
    /// empty text is `""`.
    ///
    /// # Errors
    /// Fatal where the record has not one field for each column; [unavailable](Error::unavailable) where it cannot be
    /// written.
    pub async fn append<'a>(&self, record: impl IntoIterator<Item = Option<&'a str>> + Send) -> Result<Appended> {
        let record: Vec<_> = record.into_iter().collect();
        if let Some(columns) = self.columns
            && columns != record.len()
        {
            let (path, fields) = (self.path().display(), record.len());
            return Err(Error::fatal(format!("a record for {path} has {fields} fields for {columns} columns")));
        }
        self.lines.append(join(record.into_iter())).await
    }
}
