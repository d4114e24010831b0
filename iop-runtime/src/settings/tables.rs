//! Lookup tables as handlers see them: [`Lookup`], a typed view of a table of this process's memory. How tables are
//! kept and edited is the business of [`crate::lookup`].

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use super::Feed;
use super::value::{Raw, Setting};

/// The rows of a table at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Goes up by one with each edit; 0 for a table that nobody has edited.
    pub version: u64,
    /// Values by key, as text.
    pub rows: BTreeMap<String, String>,
}

impl Snapshot {
    /// The rows in this version.
    #[must_use]
    pub fn new(version: u64, rows: BTreeMap<String, String>) -> Self {
        Self { version, rows }
    }
}

/// A key and its value, as they are kept.
type Row = (String, String);

/// What a [`Lookup`] says of its types.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct TableKind {
    /// The type of the keys, for people.
    pub key_type: &'static str,
    /// The type of the values, for people.
    pub value_type: &'static str,
    /// A row as it is kept, or what is wrong with it.
    pub(crate) row: fn(&str, &str) -> Result<Row, String>,
    /// A key as it is kept.
    pub(crate) key: fn(&str) -> Result<String, String>,
}

/// A setting that names a table.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TableUse {
    /// The key of the setting: `router.codes`.
    pub key: String,
    /// Its types.
    pub kind: TableKind,
}

#[derive(Debug, Default)]
struct Table {
    used_by: Vec<TableUse>,
    /// `None` until the store was read.
    rows: RwLock<Option<Arc<Snapshot>>>,
}

/// The tables of a production, by name: those that some setting names.
#[derive(Debug, Default)]
pub struct Tables(HashMap<Arc<str>, Table>);

impl Tables {
    /// The tables that these settings name.
    pub(crate) fn used_by(uses: impl IntoIterator<Item = (String, TableUse)>) -> Self {
        let mut tables = HashMap::<Arc<str>, Table>::new();
        for (name, of) in uses {
            tables.entry(Arc::from(name)).or_default().used_by.push(of);
        }
        Self(tables)
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<_> = self.0.keys().cloned().collect();
        names.sort();
        names
    }

    /// The settings that name this table; none where there is no such table.
    #[must_use]
    pub fn uses(&self, name: &str) -> &[TableUse] {
        self.0.get(name).map(|table| table.used_by.as_slice()).unwrap_or_default()
    }

    /// The rows now; `None` where there is no such table, or the store was not read yet.
    #[must_use]
    pub fn snapshot(&self, name: &str) -> Option<Arc<Snapshot>> {
        self.0.get(name)?.rows.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What every handler sees from now on.
    pub(crate) fn set(&self, name: &str, snapshot: Snapshot) {
        if let Some(table) = self.0.get(name) {
            *table.rows.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(snapshot));
        }
    }

    /// A row as it is kept: fit for every setting that names the table.
    pub(crate) fn row(&self, name: &str, key: &str, value: &str) -> Result<Row, String> {
        let mut kept = None;
        for TableUse { key: setting, kind } in self.uses(name) {
            let row = (kind.row)(key, value).map_err(|problem| format!("{problem}, for `{setting}`"))?;
            kept.get_or_insert(row);
        }
        Ok(kept.unwrap_or_else(|| (key.to_owned(), value.to_owned())))
    }

    /// A key as it is kept. One that fits no type is in no table, and stays what it is.
    pub(crate) fn key(&self, name: &str, key: &str) -> String {
        self.uses(name).first().and_then(|of| (of.kind.key)(key).ok()).unwrap_or_else(|| key.to_owned())
    }
}

/// Why a lookup table had no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The key is not in the table. Out of a handler this suspends the message at once; add the row and resume it.
    #[error("the table `{table}` has no key `{key}`; add it with `table set {table} {key} VALUE`")]
    NoKey {
        /// The table.
        table: Arc<str>,
        /// The key.
        key: String,
    },
    /// The tables could not be read from the store yet. Out of a handler this is tried again for as long as it takes.
    #[error("the table `{0}` has not been read from the store")]
    NotLoaded(Arc<str>),
    /// A stored row does not fit the types any more: the program was changed since.
    #[error("the row `{key}` of the table `{table}` does not fit: {problem}")]
    Unreadable {
        /// The table.
        table: Arc<str>,
        /// The key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// A lookup table: keys and values that people edit while the production runs. As a setting, its value is the table's
/// name; every item that names the same table sees the same rows.
///
/// A look-up costs no I/O. What a missing key means has to be said each time: [`require`](Self::require) fails,
/// [`get_or`](Self::get_or) has a default, [`find`](Self::find) leaves it to the caller. Keys and values are
/// [`Setting`] types: text, numbers, durations, enums with `#[derive(Setting)]`.
///
/// ```
/// # use iop::settings::Lookup;
/// let wards = Lookup::of("wards", [("A1".to_owned(), 17), ("B2".to_owned(), 4)]);
/// assert_eq!(wards.require(&"A1".to_owned()).unwrap(), 17);
/// assert_eq!(wards.get_or(&"C3".to_owned(), 0).unwrap(), 0);
/// let missing = wards.require(&"C3".to_owned()).unwrap_err();
/// assert!(missing.to_string().starts_with("the table `wards` has no key `C3`"));
/// ```
pub struct Lookup<K, V> {
    name: Arc<str>,
    tables: Arc<Tables>,
    types: PhantomData<fn(K) -> V>,
}

impl<K: Setting, V: Setting> Lookup<K, V> {
    /// A table with these rows that nobody edits, as in a test.
    #[must_use]
    pub fn of(name: &str, rows: impl IntoIterator<Item = (K, V)>) -> Self {
        let rows = rows.into_iter().map(|(key, value)| (text(&key.to_raw()), text(&value.to_raw()))).collect();
        let tables = Tables::used_by([(name.to_owned(), TableUse { key: name.to_owned(), kind: kind::<K, V>() })]);
        tables.set(name, Snapshot::new(0, rows));
        Self { name: Arc::from(name), tables: Arc::new(tables), types: PhantomData }
    }

    /// The name of the table.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key, which must be there.
    ///
    /// # Errors
    /// [`LookupError::NoKey`] where it is not.
    pub fn require(&self, key: &K) -> Result<V, LookupError> {
        let no_key = || LookupError::NoKey { table: Arc::clone(&self.name), key: text(&key.to_raw()) };
        self.find(key)?.ok_or_else(no_key)
    }

    /// The value of a key, or `default` where the key is not there.
    ///
    /// # Errors
    /// See [`find`](Self::find).
    pub fn get_or(&self, key: &K, default: V) -> Result<V, LookupError> {
        Ok(self.find(key)?.unwrap_or(default))
    }

    /// The value of a key; `None` where the key is not there.
    ///
    /// # Errors
    /// [`LookupError::NotLoaded`], [`LookupError::Unreadable`].
    pub fn find(&self, key: &K) -> Result<Option<V>, LookupError> {
        let table = || Arc::clone(&self.name);
        let rows = self.tables.snapshot(&self.name).ok_or_else(|| LookupError::NotLoaded(table()))?;
        let key = text(&key.to_raw());
        let Some(value) = rows.rows.get(&key) else { return Ok(None) };
        let read = V::from_raw(&Raw::from(value.as_str()));
        read.map(Some).map_err(|problem| LookupError::Unreadable { table: table(), key, problem })
    }
}

const fn kind<K: Setting, V: Setting>() -> TableKind {
    TableKind {
        key_type: K::TYPE,
        value_type: V::TYPE,
        row: |key, value| {
            let (key, read) = (kept::<K>(key)?, kept::<V>(value)?);
            Ok((key, read))
        },
        key: kept::<K>,
    }
}

/// A text as the type writes it.
fn kept<T: Setting>(written: &str) -> Result<String, String> {
    T::from_raw(&Raw::from(written)).map(|value| text(&value.to_raw()))
}

fn text(raw: &Raw) -> String {
    match raw {
        Raw::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl<K, V> Clone for Lookup<K, V> {
    fn clone(&self) -> Self {
        Self { name: Arc::clone(&self.name), tables: Arc::clone(&self.tables), types: PhantomData }
    }
}

impl<K, V> fmt::Debug for Lookup<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lookup").field(&self.name).finish()
    }
}

impl<K: Setting, V: Setting> Setting for Lookup<K, V> {
    const TYPE: &'static str = "name of a lookup table";
    #[doc(hidden)]
    const TABLE: Option<TableKind> = Some(kind::<K, V>());

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let name = raw.as_str().map(str::trim).filter(|name| is_name(name));
        let name =
            name.ok_or_else(|| format!("expected {} (letters, digits, `_` and `-`), found {raw}", Self::TYPE))?;
        Ok(Self { name: Arc::from(name), tables: Arc::default(), types: PhantomData })
    }

    fn to_raw(&self) -> Raw {
        Raw::from(&*self.name)
    }

    fn follow(&mut self, _: &'static str, feed: &Feed) {
        self.tables = Arc::clone(feed.tables());
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_kept_as_its_types_write_it_and_must_fit_every_setting_that_names_the_table() {
        let of = |key: &str, kind| ("codes".to_owned(), TableUse { key: key.to_owned(), kind });
        let tables = Tables::used_by([
            of("router.codes", kind::<u32, String>()),
            of("billing.codes", kind::<String, std::time::Duration>()),
        ]);
        assert_eq!(tables.row("codes", "007", "5s"), Ok(("7".to_owned(), "5s".to_owned())));
        let problem = tables.row("codes", "x", "5s").unwrap_err();
        assert_eq!(problem, "expected integer (u32), found \"x\", for `router.codes`");
        assert!(tables.row("codes", "7", "soon").unwrap_err().ends_with("for `billing.codes`"));
    }

    #[test]
    fn a_table_that_was_not_read_says_so_and_is_not_taken_for_an_empty_one() {
        let lookup = Lookup::<String, u32>::from_raw(&Raw::from("codes")).unwrap();
        let expected = LookupError::NotLoaded(Arc::from("codes"));
        assert_eq!(lookup.get_or(&"A".to_owned(), 1), Err(expected));
        assert!(Lookup::<String, u32>::from_raw(&Raw::from("../codes")).is_err());
    }
}
