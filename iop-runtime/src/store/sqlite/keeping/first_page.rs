//! A copy of a database whose first page is gone, with one that fits.
//!
//! The first page says that it is a database, and where its tables begin. All stores of a format begin alike: their tables are
//! made by the same statements in the same order, and no table ever moves. So the first page of a new store leads to
//! the rows of an old one.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::store::sqlite::directory::{DATABASE, LOG, OpenError, io_error, private_directory};

/// Makes the copy in a folder of the new, still empty store `new`.
pub(super) fn copy_with_first_page(dir: &Path, new: &Path) -> Result<PathBuf, OpenError> {
    let folder = new.join("old");
    private_directory(&folder).map_err(io_error("make", &folder))?;
    for name in [DATABASE, LOG] {
        let (from, to) = (dir.join(name), folder.join(name));
        if from.exists() {
            fs::copy(&from, &to).map_err(io_error("copy to", &to))?;
        }
    }
    let copy = folder.join(DATABASE);
    write_first_page(&new.join(DATABASE), &copy).map_err(io_error("write", &copy))?;
    Ok(folder)
}

fn write_first_page(new: &Path, copy: &Path) -> io::Result<()> {
    let mut page = vec![0; PAGE];
    fs::File::open(new)?.read_exact(&mut page)?;
    let mut copy = OpenOptions::new().read(true).write(true).open(copy)?;
    let pages = u32::try_from(copy.metadata()?.len() / PAGE as u64).unwrap_or(u32::MAX);
    // How many pages there are; and none of them is known to be free.
    let (size, free) = (28..32, 32..40);
    if let Some(field) = page.get_mut(size) {
        field.copy_from_slice(&pages.to_be_bytes());
    }
    if let Some(field) = page.get_mut(free) {
        field.fill(0);
    }
    copy.seek(SeekFrom::Start(0))?;
    copy.write_all(&page)
}

/// The size of the pages of every store.
const PAGE: usize = 4096;
