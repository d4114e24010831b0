//! The file system, carefully: what is opened is a regular file, nothing is overwritten, what is said to be there is on
//! the disk.
//!
//! Every function blocks; async callers go through [`blocking`].

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::component::{Error, Result};

/// Runs `work` on a thread that may block. A failing disk is an outage: it is tried again until it works.
pub(super) async fn blocking<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    // What is said there belongs to the same turn.
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(done) => done,
        Err(error) => Err(Error::retry(format!("file work did not end: {error}"))),
    }
}

/// An I/O error with the path that it is about, as an outage.
pub(super) fn unavailable(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |error| Error::unavailable(at(path)(error))
}

/// An I/O error with the path that it is about.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error + '_ {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Makes a folder and those above it, where they are missing. New ones are for the owner and the group.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.create(folder).map_err(at(folder))
}

/// Makes renames, links and removals in `folder` survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    // A folder cannot be opened as a file elsewhere; there the file system's own journal must do.
    if cfg!(unix) { File::open(folder).and_then(|opened| opened.sync_all()).map_err(at(folder)) } else { Ok(()) }
}

/// Options to make or open a file for the owner, and the group where it says so, never through a link.
pub(super) fn options(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;

        // Without O_NONBLOCK, opening a FIFO that took a file's place would wait for ever.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.mode(mode).custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = mode;
    options
}

/// Opens a regular file for reading; `None` where a link, a FIFO, a device or a folder has its name.
pub(super) fn open_regular(path: &Path) -> io::Result<Option<File>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(None);
    }
    let file = options(0).read(true).open(path)?;
    Ok(file.metadata()?.is_file().then_some(file))
}

/// What shows that a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) length: u64,
    pub(super) modified: SystemTime,
    /// Device and inode: another file under the same name is another file.
    place: (u64, u64),
}

impl Look {
    pub(super) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let place = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let place = (0, 0);
        Self { length: metadata.len(), modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), place }
    }

    /// The same file, whatever happened to its content.
    pub(super) fn same_file(&self, other: &Self) -> bool {
        cfg!(unix) && self.place == other.place
    }
}

/// Moves the file `from` into `folder` as `name`, or, where that is taken, as `name` with the time. Never overwrites.
/// The move is on the disk when this returns.
pub(super) fn move_into(from: &Path, folder: &Path, name: &str) -> io::Result<PathBuf> {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S%6f").to_string();
    for attempt in 0_u32.. {
        let to = folder.join(match attempt {
            0 => shortened(name, ""),
            1 => shortened(name, &format!(".{stamp}")),
            _ => shortened(name, &format!(".{stamp}-{attempt}")),
        });
        if place(from, &to)? {
            sync_folder(folder)?;
            if let Some(parent) = from.parent() {
                sync_folder(parent)?;
            }
            return Ok(to);
        }
    }
    Err(io::Error::new(ErrorKind::AlreadyExists, format!("{}: every name is taken", folder.join(name).display())))
}

/// Moves `from` to `to`; `false` where `to` is taken by another file.
fn place(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::hard_link(from, to) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            // A crash between the link and the removal left the same file under both names.
            let (here, there) = (fs::symlink_metadata(from).map_err(at(from))?, fs::symlink_metadata(to));
            if !there.is_ok_and(|there| Look::of(&here).same_file(&Look::of(&there))) {
                return Ok(false);
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(at(from)(error)),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            if !copy(from, to)? {
                return Ok(false);
            }
        }
        // A file system without hard links: the folder is ours, so that nobody takes the name in between.
        Err(_) if fs::symlink_metadata(to).is_ok() => return Ok(false),
        Err(_) => return fs::rename(from, to).map(|()| true).map_err(at(from)),
    }
    fs::remove_file(from).map(|()| true).map_err(at(from))
}

/// Copies `from` to another file system; `false` where `to` is taken.
fn copy(from: &Path, to: &Path) -> io::Result<bool> {
    let Some(mut source) = open_regular(from)? else {
        return Err(at(from)(io::Error::other("is not a regular file")));
    };
    let part = to.with_file_name(shortened(&to.file_name().unwrap_or_default().to_string_lossy(), ".part"));
    let mut target = options(0o640).write(true).create(true).truncate(true).open(&part).map_err(at(&part))?;
    io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(at(&part))?;
    let placed = place_new(&part, to);
    fs::remove_file(&part).or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    placed
}

/// Gives a finished file its name, unless the name is taken: then `false`, and the file stays.
pub(super) fn place_new(finished: &Path, to: &Path) -> io::Result<bool> {
    match fs::hard_link(finished, to) {
        Ok(()) => fs::remove_file(finished).map(|()| true).map_err(at(finished)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(_) if fs::symlink_metadata(to).is_ok() => Ok(false),
        Err(_) => fs::rename(finished, to).map(|()| true).map_err(at(finished)),
    }
}

/// Writes a new file and brings it to the disk. The folder is the caller's to sync.
pub(super) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = options(mode).write(true).create_new(true).open(path).map_err(at(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(at(path))
}

/// `name` with `ending`, within the 255 bytes that a file name may have.
pub(super) fn shortened(name: &str, ending: &str) -> String {
    let mut end = name.len().min(255_usize.saturating_sub(ending.len()));
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

/// A name that is safe in a path, on a terminal and in a shell: `[A-Za-z0-9._-]`, 1 to 200 of them, no leading dot.
/// Another name becomes what of it is safe and a hash of the whole.
pub(super) fn safe_name(name: &OsStr) -> String {
    let bytes = name.as_encoded_bytes();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    if (1..=200).contains(&bytes.len()) && bytes[0] != b'.' && bytes.iter().all(allowed) {
        return bytes.iter().copied().map(char::from).collect();
    }
    let kept: String = bytes.iter().map(|byte| if allowed(byte) { char::from(*byte) } else { '_' }).collect();
    let kept: String = kept.trim_start_matches(['.', '_']).chars().take(100).collect();
    let hash = blake3::hash(bytes).to_hex();
    if kept.is_empty() { format!("name-{}", &hash[..16]) } else { format!("{kept}-{}", &hash[..16]) }
}

/// Why a name cannot be used as it is; `None` for one that can be shown and stored.
pub(super) fn hostile(name: &OsStr) -> Option<&'static str> {
    let Some(text) = name.to_str() else { return Some("its name is not UTF-8") };
    // Beside control characters, what turns or breaks a line on a terminal or in a log.
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.contains(harmful).then_some("its name has control characters")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_name_that_is_allowed_is_kept_and_any_other_is_hashed() {
        assert_eq!(safe_name(OsStr::new("order-17.csv")), "order-17.csv");
        let made = ["", ".", "..", ".hidden", "../../etc/passwd", "a/b", "a\nb", "größe", &"x".repeat(201)]
            .map(|name| safe_name(OsStr::new(name)));
        for name in &made {
            assert_eq!(&safe_name(OsStr::new(name)), name, "what was made safe is safe");
        }
        assert_eq!(made.iter().collect::<std::collections::BTreeSet<_>>().len(), made.len(), "no two are alike");
        assert!(made[4].starts_with("etc_passwd-"), "a person still sees what it was: {}", made[4]);
    }

    #[test]
    fn a_name_with_an_ending_stays_within_what_a_file_system_allows() {
        assert_eq!(shortened("a.csv", ".error"), "a.csv.error");
        let long = "ä".repeat(200);
        assert!(shortened(&long, ".error").len() <= 255);
        assert!(shortened(&long, ".error").ends_with("ä.error"));
    }

    #[test]
    fn a_moved_file_never_overwrites_another() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("archive"));
        fs::create_dir(&to).unwrap();
        for content in ["first", "second", "third"] {
            fs::write(&from, content).unwrap();
            move_into(&from, &to, "a").unwrap();
        }
        let mut kept: Vec<_> =
            fs::read_dir(&to).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
        kept.sort();
        assert_eq!(kept, ["first", "second", "third"]);
        assert_eq!(fs::read_to_string(to.join("a")).unwrap(), "first");
        assert!(!from.exists());
    }

    #[test]
    fn a_file_from_another_file_system_is_copied_whole_and_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&from, "content").unwrap();
        assert!(copy(&from, &to).unwrap());
        assert_eq!(fs::read_to_string(&to).unwrap(), "content");
        fs::write(&from, "other").unwrap();
        assert!(!copy(&from, &to).unwrap());
        assert_eq!(fs::read_to_string(&to).unwrap(), "content");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no part is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_move_that_a_crash_cut_in_two_is_finished() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("archive"));
        fs::create_dir(&to).unwrap();
        fs::write(&from, "x").unwrap();
        fs::hard_link(&from, to.join("a")).unwrap();
        assert_eq!(move_into(&from, &to, "a").unwrap(), to.join("a"));
        assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
        assert!(!from.exists());
    }
}
