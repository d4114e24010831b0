//! Directories that are no store, or none that can be opened: how each comes about, and what is said of it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// What is there before it is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// An empty directory.
    Nothing,
    /// A store that was closed.
    Closed,
    /// A store whose process was killed.
    Crashed,
}

/// One way to be no store.
#[derive(Debug, Clone, Copy)]
pub struct Broken {
    /// In words.
    pub name: &'static str,
    /// What it is made of.
    pub before: Before,
    /// Breaks it.
    pub spoil: fn(&Path),
    /// The exit code of the program that is to run on it.
    pub code: i32,
    /// Part of the line that says so.
    pub says: &'static str,
}

const NO_DATABASE: &str = "`iop.db` is not a SQLite database";

/// Every way.
pub const ALL: [Broken; 13] = [
    of("an empty file", Before::Closed, |dir| write(dir, b""), NO_DATABASE),
    of("half a header", Before::Closed, |dir| cut(dir, "iop.db", |_| 50), NO_DATABASE),
    of("a text file", Before::Closed, |dir| write(dir, b"my notes"), NO_DATABASE),
    of("a text file alone", Before::Nothing, |dir| write(dir, b"my notes"), NO_DATABASE),
    of("cut in half", Before::Closed, |dir| cut(dir, "iop.db", |whole| whole / 2), "bytes are left of"),
    of("its last bytes gone", Before::Closed, |dir| cut(dir, "iop.db", |whole| whole - 100), "bytes are left of"),
    of("a foreign database", Before::Closed, foreign, "`iop.db` belongs to another program"),
    of("a foreign database alone", Before::Nothing, foreign, "`iop.db` belongs to another program"),
    of("a newer format", Before::Closed, newer, "has format 1000, and this program reads up to format"),
    of("no database", Before::Closed, |dir| remove(dir, "iop.db"), "there is no file `iop.db`"),
    of("another directory", Before::Nothing, photos, "there is no file `iop.db`"),
    of("its log gone after a crash", Before::Crashed, |dir| remove(dir, "iop.db-wal"), "has lost its tail: commits"),
    of(
        "its log cut after a crash",
        Before::Crashed,
        |dir| cut(dir, "iop.db-wal", |whole| whole / 2),
        "has lost its tail",
    ),
];

const fn of(name: &'static str, before: Before, spoil: fn(&Path), says: &'static str) -> Broken {
    Broken { name, before, spoil, code: 65, says }
}

fn write(dir: &Path, bytes: &[u8]) {
    fs::write(dir.join("iop.db"), bytes).expect("a file");
}

fn remove(dir: &Path, name: &str) {
    fs::remove_file(dir.join(name)).expect("a file");
}

fn cut(dir: &Path, name: &str, left: fn(u64) -> u64) {
    let file = OpenOptions::new().write(true).open(dir.join(name)).expect("a file");
    let whole = file.metadata().expect("a file").len();
    file.set_len(left(whole)).expect("it can be cut");
}

fn foreign(dir: &Path) {
    drop(fs::remove_file(dir.join("iop.db")));
    let database = rusqlite::Connection::open(dir.join("iop.db")).expect("a database");
    database.execute_batch("CREATE TABLE cats (name TEXT); INSERT INTO cats VALUES ('Tom');").expect("a table");
}

/// Written into the file, and not by SQLite, which would leave files of its own.
fn newer(dir: &Path) {
    let file = OpenOptions::new().write(true).open(dir.join("iop.db")).expect("a file");
    file.write_all_at(&1000_u32.to_be_bytes(), 60).expect("it can be written to");
}

fn photos(dir: &Path) {
    fs::write(dir.join("cat.jpg"), b"meow").expect("a file");
}

/// Writes over everything in the database but its first page, as a disk does that has lost its mind.
///
/// # Panics
/// Where that is not possible.
pub fn overwrite(dir: &Path) {
    let file = OpenOptions::new().write(true).open(dir.join("iop.db")).expect("a file");
    let rest = usize::try_from(file.metadata().expect("a file").len()).expect("a small file") - 4096;
    file.write_all_at(&vec![0xaa; rest], 4096).expect("it can be written to");
    (&file).flush().expect("it can be written to");
}

/// The bytes of every file, by name. Not of the index of the log: it is shared memory, and whoever looks writes into it.
///
/// # Panics
/// Where the directory cannot be read.
#[must_use]
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry"));
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let named = files.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
    named.filter(|(name, _)| name != "iop.db-shm").map(|(name, path)| (name, fs::read(path).expect("a file"))).collect()
}

/// Which files differ, in words that fit on a screen.
#[must_use]
pub fn changed(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let size = |files: &BTreeMap<String, Vec<u8>>, name: &str| files.get(name).map(Vec::len);
    let differs = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differs.map(|name| format!("{name}: {:?} bytes, then {:?}", size(before, name), size(after, name))).collect()
}
