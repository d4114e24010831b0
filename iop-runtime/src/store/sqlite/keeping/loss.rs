//! Going on without commits that were acknowledged and are gone: only when somebody says so, and never without a copy.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Keeper, KeepingError, stands, store_now, write_down};
use crate::store::sqlite::directory::{self, Directory, OpenError, database_error, io_error};
use crate::store::sqlite::log::mend_what_is_known;
use crate::store::sqlite::tip::{LostTail, Tip};

/// A loss that somebody has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AcceptedLoss {
    /// What is gone.
    pub lost: LostTail,
    /// Where the files lie as they were found.
    pub kept: PathBuf,
}

/// What a store, which nobody has open, has lost; `None` where it has lost nothing.
///
/// # Errors
/// See [`OpenError`].
pub fn find_loss(dir: &Path) -> Result<Option<LostTail>, OpenError> {
    let directory = Directory::take_existing(dir)?;
    mend(dir)?;
    let connection = directory.connect().map_err(|error| database_error(dir, &error))?;
    stands(&directory, &connection).map(|(_, lost)| lost)
}

/// Keeps a copy of the files, and lets the store go on from what is there; `None` where nothing is lost.
///
/// # Errors
/// See [`KeepingError`]; the store is as it was, unless it says otherwise.
pub fn accept_loss(dir: &Path, keeper: &Keeper) -> Result<Option<AcceptedLoss>, KeepingError> {
    let accepted = {
        let directory = Directory::take_existing(dir)?;
        mend(dir)?;
        let (place, lost) = {
            // Closed before the files are read: closing another handle of them would drop SQLite's own locks.
            let connection = directory.connect().map_err(|error| database_error(dir, &error))?;
            let (meta, lost) = stands(&directory, &connection)?;
            (meta.place, lost)
        };
        let Some(lost) = lost else { return Ok(None) };
        let kept = keep(dir)?;
        let tip = dir.join(directory::TIP);
        Tip::new(directory.tip()?).begin_at(&place).map_err(io_error("write", &tip))?;
        // Part of what is lost may be in it.
        let pages = dir.join(directory::PAGES);
        directory::open_private(&pages).and_then(|book| book.set_len(0)).map_err(io_error("write", &pages))?;
        AcceptedLoss { lost, kept }
    };
    let text = format!(
        "{}; gone on without them, the files as they were found are in {}",
        accepted.lost,
        accepted.kept.display()
    );
    write_down(dir, keeper, "store.accept_loss", &text)?;
    Ok(Some(accepted))
}

/// A log that a single bit has cut short has lost nothing.
fn mend(dir: &Path) -> Result<(), OpenError> {
    let log = dir.join(directory::LOG);
    mend_what_is_known(&log).map_err(io_error("mend", &log))
}

/// Copies the files of the database as they are.
fn keep(dir: &Path) -> Result<PathBuf, OpenError> {
    let time = store_now().to_string().replace(':', "");
    let kept = dir.join(format!("lost-{time}"));
    directory::private_directory(&kept).map_err(io_error("make", &kept))?;
    for name in [directory::DATABASE, directory::LOG, directory::TIP] {
        let (from, to) = (dir.join(name), kept.join(name));
        if from.exists() {
            fs::copy(&from, &to).map_err(io_error("copy to", &to))?;
            File::open(&to).and_then(|file| file.sync_all()).map_err(io_error("sync", &to))?;
        }
    }
    directory::sync(&kept).and_then(|()| directory::sync(dir)).map_err(io_error("sync", &kept))?;
    Ok(kept)
}
