//! Contents of blobs: files of the store directory, named by their hashes, or pieces of memory.
//!
//! A content is whole, and on the disk, before anybody can refer to it: it is written under another name, synced, and
//! renamed. It is removed only where no message refers to it and nobody is about to: whoever has just written or sent it
//! holds a pin. A process that dies in between leaves a file too many, which the next opening removes.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::message::{Blob, BlobError, BlobId, BlobReader, BlobStore, CHUNK};

/// What a file is called while it is written.
pub(crate) const DRAFT: &str = "new-";

/// The contents of one store; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Blobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    /// How many hold each content.
    pins: Mutex<HashMap<BlobId, usize>>,
    drafts: AtomicU64,
}

#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Memory(Mutex<HashMap<BlobId, Bytes>>),
}

/// Keeps a content as long as it lives.
#[derive(Debug)]
pub(crate) struct Hold {
    blobs: Arc<Inner>,
    id: BlobId,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut pins = self.blobs.pins();
        if let Some(count) = pins.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                pins.remove(&self.id);
            }
        }
    }
}

impl Inner {
    fn pins(&self) -> MutexGuard<'_, HashMap<BlobId, usize>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Blobs {
    /// In files below this directory, which is made when it is needed.
    pub(crate) fn in_directory(path: PathBuf) -> Self {
        Self::of(Place::Directory(path))
    }

    pub(crate) fn in_memory() -> Self {
        Self::of(Place::Memory(Mutex::default()))
    }

    fn of(place: Place) -> Self {
        Self(Arc::new(Inner { place, pins: Mutex::default(), drafts: AtomicU64::new(0) }))
    }

    /// Keeps a content from being removed.
    pub(crate) fn hold(&self, id: BlobId) -> Hold {
        *self.0.pins().entry(id).or_default() += 1;
        Hold { blobs: Arc::clone(&self.0), id }
    }

    /// Removes a content that no message refers to; `false` where somebody holds it. What cannot be removed now is removed
    /// by the next opening.
    pub(crate) fn remove(&self, id: BlobId) -> bool {
        // Locked until it is gone: whoever writes the same content meanwhile waits, and then makes it anew.
        let pins = self.0.pins();
        if pins.contains_key(&id) {
            return false;
        }
        match &self.0.place {
            Place::Directory(directory) => drop(fs::remove_file(file_of(directory, id))),
            Place::Memory(contents) => drop(lock(contents).remove(&id)),
        }
        true
    }

    /// Removes what `is_used` does not know, and drafts of processes that died.
    pub(crate) fn sweep(&self, mut is_used: impl FnMut(BlobId) -> bool) -> io::Result<()> {
        match &self.0.place {
            Place::Memory(contents) => {
                let ids: Vec<BlobId> = lock(contents).keys().copied().collect();
                for id in ids.into_iter().filter(|id| !is_used(*id)) {
                    self.remove(id);
                }
                Ok(())
            }
            Place::Directory(directory) => {
                let shelves = match fs::read_dir(directory) {
                    Ok(shelves) => shelves,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                    Err(error) => return Err(error),
                };
                for shelf in shelves {
                    let shelf = shelf?.path();
                    if !shelf.is_dir() {
                        if name_of(&shelf).starts_with(DRAFT) {
                            fs::remove_file(&shelf)?;
                        }
                        continue;
                    }
                    for file in fs::read_dir(&shelf)? {
                        let id = name_of(&file?.path()).parse::<BlobId>();
                        if let Ok(id) = id.map_err(drop)
                            && !is_used(id)
                        {
                            self.remove(id);
                        }
                    }
                }
                Ok(())
            }
        }
    }

    async fn write_file(
        &self,
        directory: &Path,
        mut content: Pin<Box<dyn AsyncRead + Send + '_>>,
    ) -> Result<Blob, BlobError> {
        private_directory(directory)?;
        let number = self.0.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = Draft(directory.join(format!("{DRAFT}{}-{number}", std::process::id())));
        let mut file = tokio::fs::File::from_std(private_file(&draft.0)?);
        let (mut hasher, mut size) = (blake3::Hasher::new(), 0_u64);
        let mut piece = BytesMut::with_capacity(CHUNK);
        while content.read_buf(&mut piece).await? > 0 {
            hasher.update(&piece);
            size += piece.len() as u64;
            file.write_all(&piece).await?;
            piece.clear();
        }
        file.flush().await?;
        file.sync_all().await?;
        drop(file);
        let id = BlobId::from_bytes(*hasher.finalize().as_bytes());
        let hold = self.hold(id);
        let path = file_of(directory, id);
        let directory = directory.to_owned();
        let keep = move || -> io::Result<()> {
            let shelf = path.parent().unwrap_or(Path::new("."));
            private_directory(shelf)?;
            // The same content may have been stored before.
            if !path.exists() {
                fs::rename(&draft.0, &path)?;
            }
            // In any case: whoever put it there, or made the shelf, may not have come so far.
            File::open(shelf)?.sync_all()?;
            File::open(directory)?.sync_all()
        };
        let kept = tokio::task::spawn_blocking(keep).await;
        kept.map_err(|error| BlobError::Io(io::Error::other(error)))??;
        Ok(Blob::pinned(id, size, Arc::new(hold)))
    }

    async fn write_memory(
        &self,
        contents: &Mutex<HashMap<BlobId, Bytes>>,
        mut content: Pin<Box<dyn AsyncRead + Send + '_>>,
    ) -> Result<Blob, BlobError> {
        let mut bytes = BytesMut::new();
        while content.read_buf(&mut bytes).await? > 0 {}
        let bytes = bytes.freeze();
        let id = BlobId::from_bytes(*blake3::hash(&bytes).as_bytes());
        let hold = self.hold(id);
        let size = bytes.len() as u64;
        lock(contents).entry(id).or_insert(bytes);
        Ok(Blob::pinned(id, size, Arc::new(hold)))
    }
}

impl BlobStore for Blobs {
    fn write<'a>(&'a self, content: Pin<Box<dyn AsyncRead + Send + 'a>>) -> BoxFuture<'a, Result<Blob, BlobError>> {
        match &self.0.place {
            Place::Directory(directory) => Box::pin(self.write_file(directory, content)),
            Place::Memory(contents) => Box::pin(self.write_memory(contents, content)),
        }
    }

    fn open(&self, blob: BlobId) -> BoxFuture<'_, Result<BlobReader, BlobError>> {
        Box::pin(async move {
            let content: Pin<Box<dyn AsyncRead + Send>> = match &self.0.place {
                Place::Directory(directory) => match tokio::fs::File::open(file_of(directory, blob)).await {
                    Ok(file) => Box::pin(file),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BlobError::Missing(blob)),
                    Err(error) => return Err(error.into()),
                },
                Place::Memory(contents) => {
                    let content = lock(contents).get(&blob).cloned().ok_or(BlobError::Missing(blob))?;
                    Box::pin(io::Cursor::new(content))
                }
            };
            Ok(BlobReader::new(content, blob))
        })
    }
}

/// A file that is still written; it goes with whoever writes it.
#[derive(Debug)]
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // Mostly it has its name by now.
        let _ = fs::remove_file(&self.0);
    }
}

/// `ab/abcd…`: a directory does not get too long.
pub(crate) fn file_of(directory: &Path, id: BlobId) -> PathBuf {
    let name = id.to_string();
    directory.join(name.get(..2).unwrap_or_default()).join(name)
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Makes a directory for its owner alone, where there is none, durably.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
