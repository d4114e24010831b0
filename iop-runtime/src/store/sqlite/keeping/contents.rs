//! The contents that a database refers to, as files: verified, and copied into another store.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use rusqlite::{Connection, Result};

use crate::message::BlobId;
use crate::store::blobs::{DRAFT, file_of, private_directory, private_file};
use crate::store::sqlite::directory::blobs_in;

/// Every content that a message or a state refers to.
pub(super) fn referred(connection: &Connection) -> Result<BTreeSet<BlobId>> {
    let mut statement = connection.prepare("SELECT DISTINCT hash FROM blob")?;
    statement.query_map((), |row| row.get(0).map(BlobId::from_bytes))?.collect()
}

/// Whether the content is there and is what its name says; if not, why.
pub(super) fn verify(store: &Path, id: BlobId) -> Result<(), String> {
    copy_into(store, id, &mut io::sink())
}

/// Copies a content from one store into another, where it is not there yet; says why it could not.
pub(super) fn copy(from: &Path, to: &Path, id: BlobId) -> Result<(), String> {
    let directory = blobs_in(to);
    let target = file_of(&directory, id);
    if target.exists() {
        return Ok(());
    }
    let shelf = target.parent().unwrap_or(&directory);
    let draft = directory.join(format!("{DRAFT}{id}"));
    let write = || -> io::Result<File> {
        private_directory(&directory)?;
        private_directory(shelf)?;
        private_file(&draft)
    };
    let mut file = write().map_err(|error| error.to_string())?;
    let copied = copy_into(from, id, &mut file);
    let copied = copied.and_then(|()| {
        let done =
            file.sync_all().and_then(|()| fs::rename(&draft, &target)).and_then(|()| File::open(shelf)?.sync_all());
        done.map_err(|error| error.to_string())
    });
    if copied.is_err() {
        // The first reason is the one to tell.
        let _ = fs::remove_file(&draft);
    }
    copied
}

fn copy_into(store: &Path, id: BlobId, to: &mut dyn Write) -> Result<(), String> {
    let path = file_of(&blobs_in(store), id);
    let mut file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut piece).map_err(|error| format!("{}: {error}", path.display()))?;
        let Some(piece) = piece.get(..read).filter(|piece| !piece.is_empty()) else { break };
        hasher.update(piece);
        to.write_all(piece).map_err(|error| error.to_string())?;
    }
    if hasher.finalize().as_bytes() == id.as_bytes() {
        Ok(())
    } else {
        Err(format!("{} is not what was written", path.display()))
    }
}
