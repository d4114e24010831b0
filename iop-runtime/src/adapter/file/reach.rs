//! Whether folders and files can be used, without opening, making or changing any: for `check --connect`.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::disk;
use crate::component::Result;

/// Files can be read, written and moved in a folder, or it can be made.
pub(super) fn folder(folder: &Path) -> Result {
    usable_folder(folder).map_err(disk::unavailable(folder))
}

/// A file can be read and written, or made in its folder.
pub(super) fn file(path: &Path) -> Result {
    usable_file(path).map_err(disk::unavailable(path))
}

fn usable_folder(folder: &Path) -> io::Result<()> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => writable(folder, Kind::Folder),
        Ok(_) => Err(io::Error::new(ErrorKind::NotADirectory, "this is no folder")),
        // It is made at the start: then whatever is there of the way to it must allow that.
        Err(error) if error.kind() == ErrorKind::NotFound => usable_folder(above(folder)),
        Err(error) => Err(error),
    }
}

fn usable_file(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => writable(path, Kind::File),
        Ok(_) => Err(io::Error::other("this is no regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => usable_folder(above(path)),
        Err(error) => Err(error),
    }
}

/// The folder that something is in; the one of the process for a bare name.
fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Folder,
    File,
}

#[cfg(unix)]
fn writable(path: &Path, kind: Kind) -> io::Result<()> {
    use rustix::fs::{Access, access};

    let read_and_write = Access::READ_OK | Access::WRITE_OK;
    let wanted = match kind {
        Kind::Folder => read_and_write | Access::EXEC_OK,
        Kind::File => read_and_write,
    };
    access(path, wanted).map_err(io::Error::from)
}

#[cfg(not(unix))]
fn writable(path: &Path, _: Kind) -> io::Result<()> {
    if fs::metadata(path)?.permissions().readonly() {
        return Err(io::Error::new(ErrorKind::PermissionDenied, "it cannot be written"));
    }
    Ok(())
}
