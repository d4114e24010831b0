//! Which messages and process states refer to which contents. The rows change in the step that changes the reference, the
//! files follow after its commit.

use rusqlite::Result;

use super::writer::Writer;
use crate::message::{BlobId, blobs_in};

/// Who refers to a content.
#[derive(Debug, Clone, Copy)]
pub(super) enum User {
    /// The message with this sequence.
    Message(i64),
    /// The state of this process instance.
    State([u8; 16]),
}

impl Writer<'_> {
    /// Notes the contents that a stored JSON refers to.
    pub(super) fn use_blobs(&mut self, json: &[u8], user: User) -> Result<()> {
        for id in blobs_in(json) {
            let (sequence, instance) = match user {
                User::Message(sequence) => (Some(sequence), None),
                User::State(instance) => (None, Some(instance)),
            };
            self.sql.use_blob.execute((id.as_bytes(), sequence, instance))?;
            self.has_blobs = true;
        }
        Ok(())
    }

    /// Forgets what a message or a state that goes refers to; what nobody refers to then is removed after the commit.
    pub(super) fn free_blobs(&mut self, user: User) -> Result<()> {
        if !self.has_blobs {
            return Ok(());
        }
        let mut rows = match user {
            User::Message(sequence) => self.sql.free_blobs_of.query((sequence,))?,
            User::State(instance) => self.sql.free_blobs_of_state.query((instance,))?,
        };
        while let Some(row) = rows.next()? {
            self.freed.push(BlobId::from_bytes(row.get(0)?));
        }
        Ok(())
    }

    /// Removes the contents that the last transaction has freed. What fails here is left to the next opening.
    pub(super) fn remove_freed(&mut self) {
        for id in std::mem::take(&mut self.freed) {
            if !self.sql.is_blob_used.exists((id.as_bytes(),)).unwrap_or(true) {
                self.blobs.remove(id);
            }
        }
    }

    /// Removes what a process has left that died between a commit and its files, or between a file and its commit.
    pub(super) fn sweep_blobs(&mut self) -> Result<()> {
        self.has_blobs = self.connection.query_row("SELECT EXISTS (SELECT 1 FROM blob)", (), |row| row.get(0))?;
        let used = &mut self.sql.is_blob_used;
        // Files that cannot be listed or removed take room, and do no other harm.
        let _ = self.blobs.sweep(|id| used.exists((id.as_bytes(),)).unwrap_or(true));
        Ok(())
    }
}
