//! `blob`: writes a content that messages refer to.

use std::fs::OpenOptions;
use std::io::{self, Write};

use super::arguments::{BlobArguments, SettingsArguments};
use super::exit::{Exit, Failure};
use super::{Program, say, wait_for};
use crate::message::{BlobError, BlobId};
use crate::settings::StoreChoice;
use crate::store::sqlite::SqliteStore;

impl Program {
    /// `blob`.
    pub(crate) fn blob(
        self,
        settings: &SettingsArguments,
        arguments: &BlobArguments,
        out: &mut dyn Write,
    ) -> Result<Exit, Failure> {
        let StoreChoice::Sqlite(directory) = self.engine_settings(settings)?.store else {
            let text =
                "this production keeps its contents in the memory of its process; there is nothing to read from here";
            return Err(Failure::new(Exit::NotRunning, text));
        };
        let written = |size: u64| say(&format!("{size} bytes"));
        let Some(path) = &arguments.to else {
            written(copy(&directory, arguments.blob, out)?);
            return Ok(Exit::Done);
        };
        let cannot = |error: io::Error| Failure::failed(format!("cannot write {}: {error}", path.display()));
        let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(cannot)?;
        match copy(&directory, arguments.blob, &mut file) {
            Ok(size) => written(size),
            Err(failure) => {
                // What is not whole is not left for somebody to take for it.
                let _ = std::fs::remove_file(path);
                return Err(failure);
            }
        }
        Ok(Exit::Done)
    }
}

fn copy(directory: &std::path::Path, blob: BlobId, out: &mut dyn Write) -> Result<u64, Failure> {
    let blobs = SqliteStore::blobs_of(directory);
    wait_for(async {
        let mut content = blobs.open(blob).await.map_err(|error| match error {
            BlobError::Missing(_) => Failure::found_nothing(error.to_string()),
            error => Failure::failed(error),
        })?;
        let mut size = 0;
        while let Some(piece) = content.chunk().await.map_err(Failure::failed)? {
            out.write_all(&piece)?;
            size += piece.len() as u64;
        }
        out.flush()?;
        Ok(size)
    })
}
