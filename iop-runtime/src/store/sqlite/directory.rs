//! The store directory: how it comes into being, whose it is, and why it may be refused.
//!
//! Nothing in it is changed before it is known to be ours and held by nobody else.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Network;
use super::checksum::damage;
use super::schema;
use super::tip::{LostTail, Place, Tip};
use crate::clock::{Clock, SystemClock};

/// The file names in a store directory.
pub(super) const DATABASE: &str = "iop.db";
pub(super) const LOG: &str = "iop.db-wal";
const INDEX: &str = "iop.db-shm";
const LOCK: &str = "engine.lock";
pub(super) const TIP: &str = "tip";
pub(super) const BALLAST: &str = "ballast";
pub(super) const PAGES: &str = "pages";
pub(super) const FLIGHT: &str = "flight";
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
    /// The directory is on a file system of the network.
    #[error(
        "the store {} lies on a network file system ({kind}), whose locks and syncs are not always what they say; choose a local \
         disk, or set `iop.network_store = true` if it keeps both",
        dir.display()
    )]
    OnNetwork {
        /// The store directory.
        dir: PathBuf,
        /// Its file system.
        kind: &'static str,
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
    /// The database is damaged.
    #[error(
        "the database of the store {} is damaged ({why}), and is left as it is; `store check` says how far, restore a backup or \
         save what is sound with `store salvage --to DIR`",
        dir.display()
    )]
    Corrupt {
        /// The store directory.
        dir: PathBuf,
        /// What SQLite says.
        why: Arc<str>,
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
    lock: File,
    found: Found,
}

/// What an opening changes before it knows whether it will refuse the store.
#[derive(Debug)]
struct Found {
    /// Who held the lock before.
    holder: Vec<u8>,
    tip: bool,
    log: bool,
    index: bool,
    pages: bool,
}

impl Directory {
    /// Takes an existing store directory, or makes a new one.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        if is_vacant(path)? {
            create(path)?;
        }
        Self::take_existing(path)
    }

    /// Takes a store directory that is there.
    pub(super) fn take_existing(path: &Path) -> Result<Self, OpenError> {
        let lock_path = path.join(LOCK);
        let mut lock = lock(path)?;
        check_header(path)?;
        check_whole(path)?;
        let there = |name: &str| path.join(name).exists();
        let mut found =
            Found { holder: Vec::new(), tip: there(TIP), log: there(LOG), index: there(INDEX), pages: there(PAGES) };
        lock.read_to_end(&mut found.holder).map_err(io_error("read", &lock_path))?;
        sign(&mut lock, said_of_this_process().as_bytes()).map_err(io_error("write", &lock_path))?;
        Ok(Self { path: path.to_owned(), lock, found })
    }

    /// The store is refused: takes back what was done to look at it. Nothing may have it open any more.
    pub(super) fn leave_as_found(&mut self) {
        let is_empty = |name: &str| fs::metadata(self.path.join(name)).is_ok_and(|file| file.len() == 0);
        let made = |name: &str, was_there: bool| !was_there && is_empty(name);
        let log = made(LOG, self.found.log);
        let remove = [
            (LOG, log),
            (INDEX, log && !self.found.index),
            (TIP, made(TIP, self.found.tip)),
            (PAGES, made(PAGES, self.found.pages)),
        ];
        for (name, _) in remove.into_iter().filter(|(_, remove)| *remove) {
            // An empty file that stays says nothing, and is in nobody's way.
            let _ = fs::remove_file(self.path.join(name));
        }
        let _ = sign(&mut self.lock, &self.found.holder);
    }

    /// Opens the database for the one writer.
    pub(super) fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.path.join(DATABASE), flags)?;
        // A busy database can only mean that a reader is rebuilding the index of the log: it passes.
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        // The log is moved into the database by the writer alone, which writes down what the pages are then; and a store that
        // is refused for its log must keep it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        schema::keep_a_log(&connection)?;
        connection.execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY;
             PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA trusted_schema = OFF;",
        )?;
        Ok(connection)
    }

    /// Opens the tip file, making one where there is none.
    pub(super) fn tip(&self) -> Result<File, OpenError> {
        let path = self.path.join(TIP);
        open_private(&path).map_err(io_error("open", &path))
    }
}

/// Locks a store directory, whatever its database is like. What is returned is the lock.
pub(super) fn lock(path: &Path) -> Result<File, OpenError> {
    let lock_path = path.join(LOCK);
    check_made_here(path)?;
    let mut lock = open_private(&lock_path).map_err(io_error("open", &lock_path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { dir: path.to_owned(), holder: holder(&mut lock) }),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &lock_path)(error)),
    }
}

/// Whether a directory is a store by what lies beside its database, which no longer looks like one.
pub(super) fn was_a_store(path: &Path) -> bool {
    path.join(LOCK).exists() && path.join(TIP).exists() && path.join(DATABASE).exists()
}

/// File systems of which another machine keeps the files: NFS, SMB and CIFS, Coda, AFS, Ceph, Lustre, GFS2, OCFS2.
#[cfg(target_os = "linux")]
const ON_NETWORKS: [(u32, &str); 10] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0x7375_7245, "Coda"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
];

/// Refuses a place whose locks and syncs cannot be trusted, before anything is made there.
pub(super) fn check_place(path: &Path, network: Network) -> Result<(), OpenError> {
    let absolute = std::path::absolute(path).map_err(io_error("find", path))?;
    let Some(there) = absolute.ancestors().find(|place| place.exists()) else { return Ok(()) };
    match file_system(there).and_then(network_name) {
        Some(kind) if network == Network::Refused => Err(OpenError::OnNetwork { dir: path.to_owned(), kind }),
        _ => Ok(()),
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn file_system(path: &Path) -> Option<u32> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    u32::try_from(kind & 0xffff_ffff).ok()
}

#[cfg(target_os = "linux")]
fn network_name(kind: u32) -> Option<&'static str> {
    ON_NETWORKS.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name)
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
fn file_system(_: &Path) -> Option<u32> {
    None
}

#[cfg(not(target_os = "linux"))]
fn network_name(_: u32) -> Option<&'static str> {
    None
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
        // A small cache: it would be filled by whoever counts a backlog, and what is not in it the system has.
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1024; PRAGMA trusted_schema = OFF;")?;
        let application = connection.query_row("PRAGMA application_id", (), |row| row.get(0))?;
        let format = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
        Ok((connection, application, format))
    };
    match open() {
        Ok((connection, application, format)) => {
            check(path, application, format)?;
            Ok(connection)
        }
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(OpenError::NotAStore { dir: path.to_owned(), why: format!("`{DATABASE}` is not a SQLite database") })
        }
        Err(error) => Err(database_error(path, &error)),
    }
}

pub(super) fn database_error(dir: &Path, error: &rusqlite::Error) -> OpenError {
    let (dir, why) = (dir.to_owned(), error.to_string().into());
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => OpenError::Corrupt { dir, why },
        // A table or a column that is not there: the page that says so is damaged.
        Some(ErrorCode::Unknown) => OpenError::Corrupt { dir, why },
        _ if damage(error).is_some() => OpenError::Corrupt { dir, why },
        _ => OpenError::Database { dir, why },
    }
}

pub(super) fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { what, path: path.to_owned(), source }
}

/// Nothing is there, or an empty directory.
pub(super) fn is_vacant(path: &Path) -> Result<bool, OpenError> {
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
    let draft = Draft::begin(path)?;
    draft.fill()?;
    match draft.finish() {
        // Somebody else was faster, which is as good: what is there now decides.
        Err(error) if is_vacant(path)? => Err(error),
        _ => Ok(()),
    }
}

/// A store that is being made beside its place. Dropped before it is finished, nothing is left of it.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    place: PathBuf,
}

impl Draft {
    pub(super) fn begin(place: &Path) -> Result<Self, OpenError> {
        let place = std::path::absolute(place).map_err(io_error("find", place))?;
        let parent = place.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(io_error("make", parent))?;
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let path = parent.join(format!(".{name}.new-{}", std::process::id()));
        // Left by a process with the same number that died here.
        if path.exists() {
            fs::remove_dir_all(&path).map_err(io_error("remove", &path))?;
        }
        private_directory(&path).map_err(io_error("make", &path))?;
        Ok(Self { path, place })
    }

    /// Where it is for now.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the files of an empty store.
    pub(super) fn fill(&self) -> Result<(), OpenError> {
        for file in [DATABASE, LOCK, TIP] {
            let path = self.path.join(file);
            // Made here and not by SQLite, so that nobody else may read it; SQLite gives its log the same rights.
            private_empty(&path).map_err(io_error("make", &path))?;
        }
        let tables = || -> rusqlite::Result<()> {
            let connection = Connection::open(self.path.join(DATABASE))?;
            connection.execute_batch(schema::NEW_DATABASE)?;
            schema::keep_a_log(&connection)?;
            connection.execute_batch("BEGIN")?;
            connection.execute_batch(schema::TABLES)?;
            connection.execute_batch(schema::VIEW)?;
            connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
            connection.pragma_update(None, "user_version", schema::FORMAT)?;
            connection.execute_batch("COMMIT")?;
            // A close would not say that it could not: then the file alone would not be that of a store.
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
            connection.close().map_err(|(_, error)| error)
        };
        tables().map_err(|error| database_error(&self.path, &error))
    }

    /// Makes the file by which a directory is known to be a store.
    pub(super) fn lock_file(&self) -> Result<(), OpenError> {
        let path = self.path.join(LOCK);
        private_empty(&path).map(drop).map_err(io_error("make", &path))
    }

    /// Moves it to its place, durably.
    pub(super) fn finish(self) -> Result<(), OpenError> {
        for path in [&self.path.join(DATABASE), &self.path] {
            sync(path).map_err(io_error("sync", path))?;
        }
        fs::rename(&self.path, &self.place).map_err(io_error("make", &self.place))?;
        let parent = self.place.parent().unwrap_or(Path::new("/"));
        sync(parent).map_err(io_error("sync", parent))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Gone where it was finished. Where it cannot be removed, its name says what it is.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Makes what was done to a file, or in a directory, survive a power cut.
pub(super) fn sync(path: &Path) -> io::Result<()> {
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

/// Refuses a database that was cut off. SQLite fills up with zeros what is missing of the last page, and does not miss whole
/// pages before they are read. Where there is a log, it may have what a crash has kept from the file.
fn check_whole(path: &Path) -> Result<(), OpenError> {
    if fs::metadata(path.join(LOG)).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let database = path.join(DATABASE);
    let mut header = [0; 32];
    let length = File::open(&database).and_then(|mut file| {
        file.read_exact(&mut header)?;
        Ok(file.metadata()?.len())
    });
    let length = length.map_err(io_error("read", &database))?;
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let (size, pages) = (number(&header[16..18]), number(&header[28..32]));
    // One stands for the size that does not fit into two bytes.
    let whole = pages * if size == 1 { 1 << 16 } else { size };
    if length >= whole {
        return Ok(());
    }
    let why = format!("{length} bytes are left of {whole}").into();
    Err(OpenError::Corrupt { dir: path.to_owned(), why })
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
fn sign(lock: &mut File, text: &[u8]) -> io::Result<()> {
    lock.set_len(0)?;
    lock.seek(SeekFrom::Start(0))?;
    lock.write_all(text)
}

fn said_of_this_process() -> String {
    format!("process {} on {} since {}\n", std::process::id(), host(), SystemClock.now())
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

/// The furthest place that the tip file of a store knows, whoever works with it.
pub(super) fn remembered(path: &Path) -> Result<Option<Place>, OpenError> {
    let tip = path.join(TIP);
    match File::open(&tip) {
        Ok(file) => Tip::new(file).read().map_err(io_error("read", &tip)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("open", &tip)(error)),
    }
}

/// Makes an empty file that nobody else may read.
pub(super) fn private_empty(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(options.read(true).write(true).create_new(true));
    options.open(path)
}

/// Opens a file to be written, made where there is none.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(options.read(true).write(true).create(true).truncate(false));
    options.open(path)
}

/// Only the owner may read what is made with these options.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_known_by_its_number_and_a_local_disk_is_none() {
        assert_eq!([0x6969, 0xff53_4d42, 0xef53].map(network_name), [Some("NFS"), Some("CIFS"), None]);
        let place = tempfile::tempdir().unwrap();
        assert!(file_system(place.path()).is_some());
        check_place(&place.path().join("not/there/yet"), Network::Refused).unwrap();
    }
}
