//! Letting the operations of a copy go, while no production runs on it.

use std::path::Path;

use super::{Keeper, KeepingError, write_down};
use crate::store::HELD;
use crate::store::sqlite::directory::{Directory, OpenError, database_error};

/// Lets the operations of a copy go, which nobody has open; `false` where they were not held.
///
/// # Errors
/// See [`KeepingError`].
pub fn release(dir: &Path, keeper: &Keeper) -> Result<bool, KeepingError> {
    let released = {
        let directory = Directory::take_existing(dir)?;
        let failed = |error| database_error(dir, &error);
        let connection = directory.connect().map_err(failed)?;
        super::stands(&directory, &connection).and_then(|(_, lost)| match lost {
            Some(lost) => Err(OpenError::LostTail { dir: dir.to_owned(), lost }),
            None => Ok(()),
        })?;
        connection.execute("DELETE FROM note WHERE name = ?1", (HELD,)).map_err(failed)?
    };
    if released == 0 {
        return Ok(false);
    }
    write_down(dir, keeper, "store.release", "the operations of this copy were released")?;
    Ok(true)
}
