//! A copy that was put in place of its original, or beside it: what it would do outside is held until somebody releases it.
//!
//! The original may still be at work, or may have done since the copy was taken what the copy believes to be undone. Nobody but
//! a person can know. So a backup carries a note, and a production that finds it starts no operations.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{StoreError, Viewer};

/// The name of the note.
pub(crate) const NOTE: &str = "held";

/// That a store is a copy, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// The original.
    pub copy_of: PathBuf,
    /// When it was copied.
    pub taken: String,
    /// By whom.
    pub by: Arc<str>,
}

impl Held {
    /// What a store says of itself; `None` where it is no copy, or was released.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn of(store: &dyn Viewer) -> Result<Option<Self>, StoreError> {
        let Some(note) = store.note(NOTE.into()).await?.filter(|note| !note.is_empty()) else { return Ok(None) };
        // A note that cannot be read still holds: letting go is the step that cannot be taken back.
        Ok(Some(serde_json::from_str(&note).unwrap_or_else(|_| Self::unknown())))
    }

    /// Of a store that does not say of what it is a copy.
    pub(crate) fn unknown() -> Self {
        Self { copy_of: PathBuf::from("?"), taken: "an unknown time".to_owned(), by: "somebody".into() }
    }
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { copy_of, taken, by } = self;
        write!(
            f,
            "held: this store is a copy of {}, taken {taken} by {by}; `store release` lets operations start",
            copy_of.display()
        )
    }
}
