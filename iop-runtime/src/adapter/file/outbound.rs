//! [`FileOutbound`]: a folder that an operation writes whole files to.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::{disk, reach};
use crate::component::{Error, Result};
use crate::message::MessageId;

/// The ending of a file that is being written.
const PART: &str = ".iop-part";

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Written {
    /// It was written here.
    New(PathBuf),
    /// It was here with the same content: the turn is a repeated one. Nothing was written.
    Present(PathBuf),
}

impl Written {
    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::New(path) | Self::Present(path) => path,
        }
    }
}

/// A folder that an operation writes whole files to.
///
/// A file appears under its name only when its content is on the disk: readers never see half a file. A repeated turn
/// finds its file there and writes nothing. A name from a message cannot lead out of the folder: what is not
/// `[A-Za-z0-9._-]`, 1 to 200 of them without a leading dot, is replaced and gets a hash. Files are for the owner and
/// the group (0640). Any number of workers may write to one folder.
///
/// An operation opens it in `on_init` and keeps it in a field without an attribute; until then it is the default, which
/// is no folder and writes nothing.
///
/// ```
/// # use iop::adapter::file::{FileOutbound, Written};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> iop::component::Result {
/// # let folder = tempfile::tempdir()?;
/// let outbound = FileOutbound::open(folder.path().join("labels")).await?;
/// let label = outbound.write_once("label-17.txt", "to: Nagoya").await?;
/// assert_eq!(std::fs::read_to_string(label.path())?, "to: Nagoya");
/// assert!(matches!(outbound.write_once("label-17.txt", "to: Nagoya").await?, Written::Present(_)));
/// assert!(outbound.write_once("label-17.txt", "to: Lima").await.is_err());
///
/// let outside = outbound.write_once("../../label", "still inside").await?;
/// assert_eq!(outside.path().parent(), Some(outbound.folder()));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileOutbound {
    folder: Option<PathBuf>,
}

impl FileOutbound {
    /// Makes the folder where it is missing, and removes what an earlier process had not finished writing.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where the folder cannot be made or read.
    pub async fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        disk::blocking(move || {
            disk::make_folder(&folder).map_err(Error::unavailable)?;
            remove_parts(&folder).map_err(disk::unavailable(&folder))?;
            Ok(Self { folder: Some(folder) })
        })
        .await
    }

    /// Whether a folder can be written to, or made. Nothing is.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where it cannot.
    pub async fn check(folder: impl Into<PathBuf>) -> Result {
        let folder = folder.into();
        disk::blocking(move || reach::folder(&folder)).await
    }

    /// The folder; empty for one that is not open.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.as_deref().unwrap_or(Path::new(""))
    }

    /// Where a file of this name lies.
    ///
    /// # Errors
    /// Fatal where the folder is not open.
    pub fn path_of(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.as_ref();
        let folder = folder.ok_or_else(|| Error::fatal("the folder is not open; open it in `on_init`"))?;
        Ok(folder.join(disk::safe_name(name.as_ref())))
    }

    /// Writes a file, unless it is there with the same content.
    ///
    /// # Errors
    /// Fatal where a file of this name has other content: it is not overwritten. [Unavailable](Error::unavailable) where
    /// it cannot be written.
    pub async fn write_once(&self, name: &str, content: impl Into<Bytes>) -> Result<Written> {
        let (path, content) = (self.path_of(name)?, content.into());
        disk::blocking(move || {
            // Most often the file is not there; a repeated turn is rare, and need not write first.
            if let Some(present) = present(&path, &content)? {
                return Ok(present);
            }
            let part = write_part(&path, &content).map_err(Error::unavailable)?;
            let placed = disk::place_new(&part, &path).map_err(Error::unavailable)?;
            if !placed {
                fs::remove_file(&part).map_err(disk::unavailable(&part))?;
                let other = || Error::retry(format!("{}: the file was there for a moment", path.display()));
                return present(&path, &content)?.ok_or_else(other);
            }
            sync_parent(&path).map_err(Error::unavailable)?;
            Ok(Written::New(path))
        })
        .await
    }

    /// Writes a file in place of the one that is there. Readers see the old content or the new.
    ///
    /// # Errors
    /// [Unavailable](Error::unavailable) where it cannot be written.
    pub async fn overwrite(&self, name: &str, content: impl Into<Bytes>) -> Result<PathBuf> {
        let (path, content) = (self.path_of(name)?, content.into());
        disk::blocking(move || {
            let part = write_part(&path, &content).map_err(Error::unavailable)?;
            fs::rename(&part, &path).map_err(disk::unavailable(&path))?;
            sync_parent(&path).map_err(Error::unavailable)?;
            Ok(path)
        })
        .await
    }
}

/// The file, if it is there with this content.
fn present(path: &Path, content: &[u8]) -> Result<Option<Written>> {
    let file = match disk::open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk::unavailable(path)(error)),
    };
    let mut there = Vec::new();
    let read = match file {
        // One byte more than expected is enough to see that it differs.
        Some(file) => file.take(content.len() as u64 + 1).read_to_end(&mut there).map_err(disk::unavailable(path))?,
        None => usize::MAX,
    };
    let same = read == content.len() && there == content;
    if same {
        return Ok(Some(Written::Present(path.to_owned())));
    }
    Err(Error::fatal(format!("{}: is there with other content, and is not overwritten", path.display())))
}

/// Writes a part file beside `path` and brings it to the disk.
fn write_part(path: &Path, content: &[u8]) -> io::Result<PathBuf> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let part = path.with_file_name(format!(".{}-{number}{PART}", process()));
    disk::write_new(&part, content, 0o640)?;
    Ok(part)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), disk::sync_folder)
}

/// Removes the part files of other processes. One that is alive fails with its file, and writes it again.
fn remove_parts(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(PART) && !name.contains(process()) {
            fs::remove_file(folder.join(&*name)).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
        }
    }
    Ok(())
}

/// A word that only this run of the program has.
fn process() -> &'static str {
    static WORD: OnceLock<String> = OnceLock::new();
    WORD.get_or_init(|| MessageId::random().to_string())
}
