//! The store directory: how it comes into being, whose it is, and why it may be refused.
//!
//! Nothing in it is changed before it is known to be ours and held by nobody else.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::schema;
use super::tip::LostTail;
use crate::clock::{Clock, SystemClock};

/// The file names in a store directory.
const DATABASE: &str = "iop.db";
const LOCK: &str = "engine.lock";
const TIP: &str = "tip";
const BLOBS: &str = "blobs";

/// Why a store was not opened. Nothing in the directory was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another place in this one, has it open.
    #[error("the store {} is in use by {holder}; stop that process, or choose another store directory", dir.display())]
    Locked {
        /// The store directory.
        dir: PathBuf,
        /// The process, its host, and since when.
        holder: String,
    },
    /// The directory holds something else.
    #[error("{} is not a message store: {why}; choose an empty or a new directory", dir.display())]
    NotAStore {
        /// The directory.
        dir: PathBuf,
        /// What was found there.
        why: String,
    },
    /// A newer program wrote it.
    #[error(
        "the store {} has format {found}, and this program reads up to format {known}; start the newer program that wrote it",
        dir.display()
    )]
    NewerFormat {
        /// The store directory.
        dir: PathBuf,
        /// The format of the store.
        found: i64,
        /// The newest format that this program reads.
        known: i64,
    },
    /// Changes that were acknowledged are no longer in the database.
    #[error(
        "the store {} has lost its tail: {lost}; the files were damaged or replaced, and are left as they are; restore a \
         backup, or go on without what is lost with `store accept-loss`",
        dir.display()
    )]
    LostTail {
        /// The store directory.
        dir: PathBuf,
        /// What is gone.
        lost: LostTail,
    },
    /// The files cannot be used.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error("cannot use the database of the store {}: {why}", dir.display())]
    Database {
        /// The store directory.
        dir: PathBuf,
        /// What SQLite says.
        why: Arc<str>,
    },
}

/// A store directory that this process holds.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    /// Held as long as it is open; the system frees it when the process dies, however it dies.
    _lock: File,
}

impl Directory {
    /// Takes an existing store directory, or makes a new one.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        if is_vacant(path)? {
            create(path)?;
        }
        let lock_path = path.join(LOCK);
        check_made_here(path)?;
        let mut options = OpenOptions::new();
        private(options.read(true).write(true).create(true).truncate(false));
        let mut lock = options.open(&lock_path).map_err(io_error("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::Locked { dir: path.to_owned(), holder: holder(&mut lock) });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &lock_path)(error)),
        }
        check_header(path)?;
        sign(&mut lock).map_err(io_error("write", &lock_path))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Opens the database for the one writer.
    pub(super) fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.path.join(DATABASE), flags)?;
        // A busy database can only mean that a reader is rebuilding the index of the log: it passes.
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        // The log is moved into the database by a clean close alone: a store that is refused for its log must keep it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 4000;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA trusted_schema = OFF;",
        )?;
        Ok(connection)
    }

    /// Opens the tip file, making one where there is none.
    pub(super) fn tip(&self) -> Result<File, OpenError> {
        let path = self.path.join(TIP);
        let mut options = OpenOptions::new();
        private(options.read(true).write(true).create(true).truncate(false));
        options.open(&path).map_err(io_error("open", &path))
    }
}

/// Where the contents of blobs lie.
pub(super) fn blobs_in(dir: &Path) -> PathBuf {
    dir.join(BLOBS)
}

/// Opens the database of a store for reading, whoever holds it.
pub(super) fn connect_read_only(path: &Path) -> Result<Connection, OpenError> {
    check_made_here(path)?;
    let database = path.join(DATABASE);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<(Connection, i64, i64)> {
        let connection = Connection::open_with_flags(&database, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA trusted_schema = OFF;")?;
        let application = connection.query_row("PRAGMA application_id", (), |row| row.get(0))?;
        let format = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
        Ok((connection, application, format))
    };
    match open() {
        Ok((connection, application, format)) => {
            check(path, application, format)?;
            Ok(connection)
        }
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(OpenError::NotAStore { dir: path.to_owned(), why: format!("`{DATABASE}` is not a SQLite database") })
        }
        Err(error) => Err(database_error(path, &error)),
    }
}

pub(super) fn database_error(dir: &Path, error: &rusqlite::Error) -> OpenError {
    OpenError::Database { dir: dir.to_owned(), why: error.to_string().into() }
}

pub(super) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { what, path: path.to_owned(), source }
}

/// Nothing is there, or an empty directory.
fn is_vacant(path: &Path) -> Result<bool, OpenError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(OpenError::NotAStore { dir: path.to_owned(), why: "it is a file".to_owned() })
        }
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// Makes a whole store beside its place and moves it there, so that a store is never found half made.
fn create(path: &Path) -> Result<(), OpenError> {
    let path = std::path::absolute(path).map_err(io_error("find", path))?;
    let parent = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(io_error("make", parent))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = parent.join(format!(".{name}.new-{}", std::process::id()));
    // Left by a process with the same number that died here.
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(io_error("remove", &draft))?;
    }
    private_directory(&draft).map_err(io_error("make", &draft))?;
    fill(&draft)?;
    match fs::rename(&draft, &path) {
        Ok(()) => sync(parent).map_err(io_error("sync", parent)),
        Err(error) => {
            fs::remove_dir_all(&draft).map_err(io_error("remove", &draft))?;
            // Somebody else was faster, which is as good: what is there now decides.
            if is_vacant(&path)? { Err(io_error("make", &path)(error)) } else { Ok(()) }
        }
    }
}

fn fill(draft: &Path) -> Result<(), OpenError> {
    for file in [DATABASE, LOCK, TIP] {
        let path = draft.join(file);
        // Made here and not by SQLite, so that nobody else may read it; SQLite gives its log the same rights.
        let mut options = OpenOptions::new();
        private(options.write(true).create_new(true));
        options.open(&path).map_err(io_error("make", &path))?;
    }
    let database = draft.join(DATABASE);
    let tables = || -> rusqlite::Result<()> {
        let connection = Connection::open(&database)?;
        connection.execute_batch(schema::NEW_DATABASE)?;
        connection.execute_batch("BEGIN")?;
        connection.execute_batch(schema::TABLES)?;
        connection.execute_batch(schema::VIEW)?;
        connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", schema::FORMAT)?;
        connection.execute_batch("COMMIT")?;
        connection.close().map_err(|(_, error)| error)
    };
    tables().map_err(|error| database_error(draft, &error))?;
    sync(&database).map_err(io_error("sync", &database))?;
    sync(draft).map_err(io_error("sync", draft))
}

/// Makes what was done to a file, or in a directory, survive a power cut.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Refuses a directory that has no lock file, and so was not made here, before anything touches it.
///
/// Where there is a lock file, the database may be open: closing a file that SQLite has open elsewhere in this process would
/// drop its locks, so then only the holder of the lock, or SQLite, may look at it.
fn check_made_here(path: &Path) -> Result<(), OpenError> {
    if path.join(LOCK).exists() { Ok(()) } else { check_header(path) }
}

/// Looks at the first bytes of the database, without SQLite, which might change the files of somebody else.
fn check_header(path: &Path) -> Result<(), OpenError> {
    let refuse = |why: String| Err(OpenError::NotAStore { dir: path.to_owned(), why });
    let database = path.join(DATABASE);
    let mut header = Vec::with_capacity(100);
    match File::open(&database) {
        Ok(file) => file.take(100).read_to_end(&mut header).map_err(io_error("read", &database))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return refuse(format!("there is no file `{DATABASE}`"));
        }
        Err(error) => return Err(io_error("open", &database)(error)),
    };
    let number = |at: usize| {
        let bytes = header.get(at..at + 4)?.try_into().ok()?;
        Some(i64::from(i32::from_be_bytes(bytes)))
    };
    match (header.starts_with(b"SQLite format 3\0"), number(68), number(60)) {
        (true, Some(application), Some(format)) => check(path, application, format),
        _ => refuse(format!("`{DATABASE}` is not a SQLite database")),
    }
}

fn check(path: &Path, application: i64, format: i64) -> Result<(), OpenError> {
    if application != schema::APPLICATION_ID {
        return Err(OpenError::NotAStore {
            dir: path.to_owned(),
            why: format!("`{DATABASE}` belongs to another program"),
        });
    }
    if format > schema::FORMAT {
        return Err(OpenError::NewerFormat { dir: path.to_owned(), found: format, known: schema::FORMAT });
    }
    Ok(())
}

/// Writes into the lock file who holds it.
fn sign(lock: &mut File) -> io::Result<()> {
    let text = format!("process {} on {} since {}\n", std::process::id(), host(), SystemClock.now());
    lock.set_len(0)?;
    lock.write_all(text.as_bytes())
}

/// Reads from the lock file who holds it.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.take(500).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another process".to_owned(),
    }
}

fn host() -> String {
    let named = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = named.or_else(|_| std::env::var("COMPUTERNAME")).unwrap_or_default();
    if name.trim().is_empty() { "this host".to_owned() } else { name.trim().to_owned() }
}

/// Only the owner may read what is made with these options.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

fn private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
