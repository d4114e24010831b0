//! [`KeyedLines`]: a text file that gets each line once.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::layout::Layout;
use super::{disk, events, reach};
use crate::component::{Error, IntoSetting, Result};
use crate::settings::{Raw, Setting};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Appended {
    /// It was written.
    Written,
    /// The same line was there: the turn is a repeated one. Nothing was written.
    Present,
    /// Another line has its key. Nothing was written.
    Differs,
}

/// When an appended line is on the disk. As a setting: `each_line` or `later`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flush {
    /// Before `append` returns. The line survives a power cut.
    #[default]
    EachLine,
    /// When the operating system writes it. The line survives the end of the process, however it ends; a power cut may
    /// take the last ones, although their messages are completed.
    Later,
}

impl Setting for Flush {
    const TYPE: &'static str = "each_line or later";

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        match raw.as_str() {
            Some("each_line") => Ok(Self::EachLine),
            Some("later") => Ok(Self::Later),
            _ => Err(format!("expected {}, found {raw}", Self::TYPE)),
        }
    }

    fn to_raw(&self) -> Raw {
        Raw::from(match self {
            Self::EachLine => "each_line",
            Self::Later => "later",
        })
    }
}

impl IntoSetting<Flush> for &'static str {
    fn into_raw(self) -> Raw {
        Raw::from(self)
    }
}

/// A text file that gets each line once, however often the turn that writes it is repeated.
///
/// An operation acts on the outside *at least once*: after a crash between the line and the commit of the turn, the turn
/// runs again. So each line carries a key that is the same on every attempt: the id of what the line is about, or
/// [`Context::idempotency_key`](crate::component::Context::idempotency_key). When the file is opened, the keys in it are
/// read, and a line whose key is there is not written again.
///
/// - A last line that was not written to its end is cut off when the file is opened; the cut bytes are kept beside the
///   file, in `<name>.torn`.
/// - After a failed write no part of the line is in the file.
/// - While it is open, the file is locked: a second opening, by another worker or process, fails. An item that holds one
///   keeps `pool_size = 1`.
/// - Every line takes about 32 bytes of memory.
///
/// An operation opens it in `on_init` and keeps it in a field without an attribute; until then it is the default, which
/// is no file.
///
/// ```
/// # use iop::adapter::file::{Appended, KeyedLines};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> iop::component::Result {
/// # let folder = tempfile::tempdir()?;
/// let first_word = |line: &str| line.split_once(' ').map(|(word, _)| word.to_owned());
/// let file = KeyedLines::open(folder.path().join("orders.txt"), first_word).await?;
/// assert_eq!(file.append("17 shipped").await?, Appended::Written);
/// assert_eq!(file.append("17 shipped").await?, Appended::Present);
/// assert_eq!(file.append("17 lost").await?, Appended::Differs);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct KeyedLines(Option<Arc<Shared>>);

struct Shared {
    path: PathBuf,
    layout: Layout,
    flush: Flush,
    /// `None` after a failed write: the next append opens the file again, and so repairs it.
    opened: Mutex<Option<Opened>>,
}

struct Opened {
    file: File,
    /// Hashes of the keys, and of the lines that have them.
    lines: HashMap<[u8; 16], u64>,
}

impl KeyedLines {
    /// Opens the file, made where it is missing, whose lines have their key where `key` finds it. Every line is on the
    /// disk before [`append`](Self::append) returns.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where the file cannot be read or is open elsewhere.
    pub async fn open(
        path: impl Into<PathBuf>,
        key: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::with_layout(path.into(), Layout::Lines(Box::new(key)), Flush::default()).await
    }

    /// Opens the file as [`open`](Self::open) does, with another choice of when lines are on the disk.
    ///
    /// # Errors
    /// See [`open`](Self::open).
    pub async fn open_with(
        path: impl Into<PathBuf>,
        flush: Flush,
        key: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::with_layout(path.into(), Layout::Lines(Box::new(key)), flush).await
    }

    pub(super) async fn with_layout(path: PathBuf, layout: Layout, flush: Flush) -> Result<Self> {
        disk::blocking(move || {
            let opened = Opened::open(&path, &layout)?;
            Ok(Self(Some(Arc::new(Shared { path, layout, flush, opened: Mutex::new(Some(opened)) }))))
        })
        .await
    }

    /// Whether a file can be read and written, or made. Nothing is.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where it cannot.
    pub async fn check(path: impl Into<PathBuf>) -> Result {
        let path = path.into();
        disk::blocking(move || reach::file(&path)).await
    }

    /// The file; empty for one that is not open.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), |shared| &shared.path)
    }

    /// Appends a line, given without its line break, unless its key is there.
    ///
    /// # Errors
    /// Fatal where the line has no key or is not one line; [unavailable](Error::unavailable) where it cannot be written.
    pub async fn append(&self, line: impl Into<String>) -> Result<Appended> {
        let shared = self.0.clone().ok_or_else(|| Error::fatal("the file is not open; open it in `on_init`"))?;
        let line = line.into();
        disk::blocking(move || shared.append(line)).await
    }

    /// Leaves the file as a failed write does.
    #[cfg(test)]
    pub(super) fn forget_the_file(&self) {
        self.0.as_ref().unwrap().opened.lock().unwrap().take();
    }
}

impl fmt::Debug for KeyedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyedLines").field(&self.path()).finish()
    }
}

impl Shared {
    fn append(&self, mut line: String) -> Result<Appended> {
        let refused = |why: &str| Error::fatal(format!("a line for {} {why}", self.path.display()));
        let key = self.layout.key(&line).ok_or_else(|| refused("has no key"))?;
        line.push('\n');
        if !self.layout.is_one(line.as_bytes()) {
            return Err(refused("has a line break in it"));
        }
        let (key, hash) = fingerprint(&key, &line);
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that whatever fails below leaves the file to be opened anew.
        let mut opened = match slot.take() {
            Some(opened) => opened,
            None => Opened::open(&self.path, &self.layout)?,
        };
        let appended = match opened.lines.get(&key) {
            Some(there) if *there == hash => Appended::Present,
            Some(_) => Appended::Differs,
            None => {
                opened.write(&line, self.flush).map_err(disk::unavailable(&self.path))?;
                opened.lines.insert(key, hash);
                Appended::Written
            }
        };
        *slot = Some(opened);
        Ok(appended)
    }
}

impl Opened {
    /// Opens the file, locks it, cuts a torn last line, and reads the keys.
    fn open(path: &Path, layout: &Layout) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk::make_folder(folder).map_err(Error::unavailable)?;
        let file =
            disk::options(0o640).read(true).append(true).create(true).open(path).map_err(disk::unavailable(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(Error::unavailable(format!(
                    "{}: another worker or process has this file open; one item with `pool_size = 1` may",
                    path.display()
                )));
            }
            Err(fs::TryLockError::Error(error)) => return Err(disk::unavailable(path)(error)),
        }
        let mut opened = Self { file, lines: HashMap::new() };
        let whole = opened.read(path, layout)?;
        opened.cut(path, whole).map_err(disk::unavailable(path))?;
        if let (0, Some(header)) = (whole, layout.header()) {
            opened.write(&format!("{header}\n"), Flush::EachLine).map_err(disk::unavailable(path))?;
        }
        disk::sync_folder(folder).map_err(Error::unavailable)?;
        Ok(opened)
    }

    /// Reads the keys; gives where the last whole line ends.
    fn read(&mut self, path: &Path, layout: &Layout) -> Result<u64> {
        let mut reader = BufReader::new(&self.file);
        let (mut whole, mut line) = (0, Vec::new());
        while layout.read(&mut reader, &mut line).map_err(disk::unavailable(path))? {
            let text = String::from_utf8_lossy(&line);
            let bare = text.trim_end_matches(['\n', '\r']);
            match layout.header() {
                Some(header) if whole == 0 => {
                    if bare != header {
                        return Err(Error::fatal(format!(
                            "{}: the first line is `{}`, expected `{header}`; move the file away to begin a new one",
                            path.display(),
                            bare.escape_debug()
                        )));
                    }
                }
                _ => {
                    if let Some(key) = layout.key(bare) {
                        let (key, hash) = fingerprint(&key, &format!("{bare}\n"));
                        self.lines.insert(key, hash);
                    }
                }
            }
            whole += line.len() as u64;
        }
        Ok(whole)
    }

    /// Cuts off what follows the last whole line, and keeps it beside the file: a person may have edited the file
    /// without a last line break.
    fn cut(&mut self, path: &Path, whole: u64) -> io::Result<()> {
        let torn = self.file.metadata()?.len().saturating_sub(whole);
        if torn == 0 {
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(whole))?;
        (&self.file).take(torn).read_to_end(&mut bytes)?;
        bytes.push(b'\n');
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let kept = path.with_file_name(disk::shortened(&name, ".torn"));
        let mut beside = disk::options(0o640).append(true).create(true).open(&kept)?;
        beside.write_all(&bytes)?;
        beside.sync_all()?;
        self.file.set_len(whole)?;
        self.file.sync_all()?;
        events::torn_line(path, torn, &kept);
        Ok(())
    }

    /// Writes a line, or nothing.
    fn write(&mut self, line: &str, flush: Flush) -> io::Result<()> {
        let before = self.file.metadata()?.len();
        let written = self.file.write_all(line.as_bytes()).and_then(|()| match flush {
            Flush::EachLine => self.file.sync_data(),
            Flush::Later => Ok(()),
        });
        match written {
            // Where even the cut fails, opening the file again cuts the torn line.
            Err(error) => self.file.set_len(before).and(Err(error)),
            Ok(()) => Ok(()),
        }
    }
}

/// What is kept of a line: 24 bytes instead of the text.
fn fingerprint(key: &str, line: &str) -> ([u8; 16], u64) {
    let (mut of_key, mut of_line) = ([0; 16], [0; 8]);
    of_key.copy_from_slice(&blake3::hash(key.as_bytes()).as_bytes()[..16]);
    of_line.copy_from_slice(&blake3::hash(line.as_bytes()).as_bytes()[..8]);
    (of_key, u64::from_le_bytes(of_line))
}
