//! The inbox folder: which files are quiet, claiming one, reading it.
//!
//! A claim is a rename into the work folder. What lies in the work folder when an inbox is opened was claimed by a
//! process that ended before it could archive the file; it is taken up first.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::disk::{self, Look};
use super::{events, pattern};
use crate::component::{Error, Result};

/// Who has the work folder: the name of a lock file in it.
const LOCK: &str = ".lock";

/// The settings of an inbox.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    pub(super) inbox: PathBuf,
    pub(super) work: PathBuf,
    pub(super) archive: PathBuf,
    pub(super) errors: PathBuf,
    pub(super) pattern: String,
    pub(super) stable: Duration,
    pub(super) max_bytes: u64,
    /// Contents are not read into memory.
    pub(super) by_reference: bool,
}

impl Folders {
    /// Moves a claimed file to the errors folder, with a text beside it that says why.
    pub(super) fn set_aside(&self, from: &Path, name: &OsStr, why: &str) -> io::Result<PathBuf> {
        let safe = disk::hostile(name).map_or_else(|| name.to_string_lossy().into_owned(), |_| disk::safe_name(name));
        let aside = disk::move_into(from, &self.errors, &safe)?;
        let moved = aside.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = format!("{}\n{}\n{why}\n", jiff::Timestamp::now(), name.to_string_lossy().escape_debug());
        disk::write_new(&self.errors.join(disk::shortened(&moved, ".error")), text.as_bytes(), 0o640)?;
        disk::sync_folder(&self.errors)?;
        Ok(aside)
    }
}

/// A file that was claimed and read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) look: Look,
    /// Empty where contents are taken by reference.
    pub(super) bytes: Vec<u8>,
    /// Of the content.
    pub(super) hash: blake3::Hash,
}

/// What a look into the inbox found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    File(Taken),
    NotYet,
    Nothing,
}

/// What is known of a file in the inbox.
#[derive(Debug)]
struct Watched {
    look: Look,
    since: Instant,
    /// The log has said why it is left.
    reported: bool,
}

/// An opened inbox.
#[derive(Debug)]
pub(super) struct Inbox {
    folders: Folders,
    watched: HashMap<OsString, Watched>,
    /// Quiet files in the order of their names.
    quiet: BTreeSet<OsString>,
    /// The last look saw a file that was not quiet.
    waiting: bool,
    /// Claimed, to be read.
    claimed: VecDeque<Claimed>,
    /// Held while the inbox is open: no other process takes its files.
    _lock: File,
}

impl Inbox {
    /// Makes the folders that are missing, locks the work folder, and finds what was left in it.
    pub(super) fn open(folders: Folders) -> Result<Self> {
        for folder in [&folders.inbox, &folders.work, &folders.archive, &folders.errors] {
            disk::make_folder(folder).map_err(Error::unavailable)?;
        }
        let lock = lock(&folders.work)?;
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&folders.work).map_err(disk::unavailable(&folders.work))? {
            let entry = entry.map_err(disk::unavailable(&folders.work))?;
            if entry.file_name() != LOCK && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                events::taken_up_again(&entry.file_name());
                names.insert(entry.file_name());
            }
        }
        Ok(Self {
            folders,
            watched: HashMap::new(),
            quiet: BTreeSet::new(),
            waiting: false,
            claimed: names.into_iter().map(|name| Claimed { name, reported: false }).collect(),
            _lock: lock,
        })
    }

    /// The next file, by name. `now` is the time of this look.
    pub(super) fn next(&mut self, now: Instant) -> Result<Found> {
        let mut written_after_claim = false;
        for _ in 0..self.claimed.len() {
            let Some(mut claimed) = self.claimed.pop_front() else { break };
            match self.read(&claimed.name) {
                Ok(Read::File(taken)) => return Ok(Found::File(taken)),
                Ok(Read::Gone) => continue,
                Ok(Read::Changed) => written_after_claim = true,
                Err(error) if claimed.reported => drop(error),
                Err(error) => {
                    events::left(&claimed.name, error);
                    claimed.reported = true;
                }
            }
            self.claimed.push_back(claimed);
        }
        loop {
            let fresh = self.quiet.is_empty();
            if fresh {
                self.look(now).map_err(disk::unavailable(&self.folders.inbox))?;
            }
            while let Some(name) = self.quiet.pop_first() {
                if let Some(taken) = self.claim(&name, now)? {
                    return Ok(Found::File(taken));
                }
            }
            if fresh {
                let waiting = self.waiting || written_after_claim;
                return Ok(if waiting { Found::NotYet } else { Found::Nothing });
            }
        }
    }

    /// Looks at every file: which have not changed for long enough.
    fn look(&mut self, now: Instant) -> io::Result<()> {
        self.waiting = false;
        let mut before = std::mem::take(&mut self.watched);
        for entry in fs::read_dir(&self.folders.inbox)? {
            let name = entry?.file_name();
            if !pattern::matches(&self.folders.pattern, &name.to_string_lossy()) {
                continue;
            }
            let Ok(metadata) = fs::symlink_metadata(self.folders.inbox.join(&name)) else { continue };
            if metadata.is_dir() {
                continue;
            }
            let look = Look::of(&metadata);
            let watched = match before.remove(&name) {
                Some(watched) if watched.look == look => watched,
                _ => Watched { look, since: now, reported: false },
            };
            let quiet = now.duration_since(watched.since) >= self.folders.stable;
            self.watched.insert(name.clone(), watched);
            if !metadata.is_file() {
                self.leave(&name, "it is not a regular file");
            } else if quiet {
                self.quiet.insert(name);
            } else {
                self.waiting = true;
            }
        }
        Ok(())
    }

    /// Claims a quiet file and reads it; `None` where it has to wait, is gone, or was set aside.
    fn claim(&mut self, name: &OsStr, now: Instant) -> Result<Option<Taken>> {
        let (from, to) = (self.folders.inbox.join(name), self.folders.work.join(name));
        if fs::symlink_metadata(&to).is_ok() {
            // A file of this name is at work: the later one waits until it is archived.
            self.waiting = true;
            return Ok(None);
        }
        match self.check(name, &from) {
            Ok(Check::Quiet) => {}
            Ok(Check::Changed(look)) => {
                self.watched.insert(name.to_owned(), Watched { look, since: now, reported: false });
                self.waiting = true;
                return Ok(None);
            }
            Ok(Check::NotRegular) => return Ok(self.leave(name, "it is not a regular file")),
            Ok(Check::Refused(why)) => {
                return match self.set_aside(&from, name, &why) {
                    Ok(()) => Ok(None),
                    Err(error) => Ok(self.leave(name, format_args!("{why}, and it cannot be set aside: {error}"))),
                };
            }
            Err(error) => return Ok(self.gone_or_left(name, error)),
        }
        match fs::rename(&from, &to) {
            Ok(()) => {
                self.watched.remove(name);
                Ok(self.read_claimed(name))
            }
            Err(error) if error.kind() == ErrorKind::CrossesDevices => {
                let work = self.folders.work.display().to_string();
                let why = format_args!("`{work}` is on another file system; set `work` to a folder on this one");
                Ok(self.leave(name, why))
            }
            // Not the file is gone but the work folder: to be opened, and so made, again.
            Err(error) if fs::symlink_metadata(&self.folders.work).is_err() => {
                Err(disk::unavailable(&self.folders.work)(error))
            }
            Err(error) => Ok(self.gone_or_left(name, error)),
        }
    }

    /// Whether a file is what it was when it was last looked at, and one to be taken. It is opened before it is claimed,
    /// so that a file that may not be read stays where it is.
    fn check(&self, name: &OsStr, from: &Path) -> io::Result<Check> {
        let Some(opened) = disk::open_regular(from)? else { return Ok(Check::NotRegular) };
        let look = Look::of(&opened.metadata()?);
        if self.watched.get(name).is_none_or(|watched| watched.look != look) {
            return Ok(Check::Changed(look));
        }
        Ok(self.refusal(name, look).map_or_else(Check::Refused, |_| Check::Quiet))
    }

    /// Reads what was just claimed. Whatever is in the way, the file stays claimed and is read with the next look.
    fn read_claimed(&mut self, name: &OsStr) -> Option<Taken> {
        let reported = match self.read(name) {
            Ok(Read::File(taken)) => return Some(taken),
            Ok(Read::Gone) => return None,
            Ok(Read::Changed) => {
                self.waiting = true;
                false
            }
            Err(error) => {
                events::left(name, error);
                true
            }
        };
        self.claimed.push_back(Claimed { name: name.to_owned(), reported });
        None
    }

    /// Reads a claimed file.
    fn read(&self, name: &OsStr) -> io::Result<Read> {
        let path = self.folders.work.join(name);
        let mut file = match disk::open_regular(&path) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(io::Error::other("it is not a regular file any more")),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                events::vanished(name);
                return Ok(Read::Gone);
            }
            Err(error) => return Err(error),
        };
        let look = Look::of(&file.metadata()?);
        let name = match self.refusal(name, look) {
            Ok(name) => name,
            Err(why) => return self.set_aside(&path, name, &why).map(|()| Read::Gone),
        };
        // The limit holds also where the file grows while it is read.
        let mut content = file.by_ref().take(self.folders.max_bytes.saturating_add(1));
        let (mut bytes, mut hasher) = (Vec::new(), blake3::Hasher::new());
        let length = if self.folders.by_reference {
            io::copy(&mut content, &mut hasher)?
        } else {
            bytes.reserve(usize::try_from(look.length).unwrap_or(0));
            content.read_to_end(&mut bytes)?;
            hasher.update(&bytes);
            bytes.len() as u64
        };
        let unchanged = Look::of(&file.metadata()?) == look && length == look.length;
        let hash = hasher.finalize();
        Ok(if unchanged { Read::File(Taken { name, path, look, bytes, hash }) } else { Read::Changed })
    }

    /// Sets aside what may not be taken, and says so.
    fn set_aside(&self, from: &Path, name: &OsStr, why: &str) -> io::Result<()> {
        let aside = self.folders.set_aside(from, name, why)?;
        events::set_aside(name, &aside, why);
        Ok(())
    }

    /// The name of a file that may be taken, or why it may not.
    fn refusal(&self, name: &OsStr, look: Look) -> Result<String, String> {
        if let Some(why) = disk::hostile(name) {
            return Err(why.to_owned());
        }
        if look.length > self.folders.max_bytes {
            let (length, limit) = (look.length, self.folders.max_bytes);
            return Err(format!("it has {length} bytes, more than the {limit} of the setting `max_bytes`"));
        }
        Ok(name.to_string_lossy().into_owned())
    }

    /// A file that somebody else took is none of ours any more; another one stays, and is tried with the next look.
    fn gone_or_left(&mut self, name: &OsStr, error: io::Error) -> Option<Taken> {
        if error.kind() == ErrorKind::NotFound {
            events::vanished(name);
            return None;
        }
        self.leave(name, error)
    }

    /// Says once why a file stays in the inbox.
    fn leave(&mut self, name: &OsStr, why: impl std::fmt::Display) -> Option<Taken> {
        if let Some(watched) = self.watched.get_mut(name)
            && !std::mem::replace(&mut watched.reported, true)
        {
            events::left(name, why);
        }
        None
    }
}

/// What a file is just before it is claimed.
enum Check {
    Quiet,
    Changed(Look),
    NotRegular,
    Refused(String),
}

/// What became of reading a claimed file.
enum Read {
    File(Taken),
    /// It was written to meanwhile.
    Changed,
    /// It was set aside, or somebody else took it.
    Gone,
}

/// A file in the work folder that is not read yet.
#[derive(Debug)]
struct Claimed {
    name: OsString,
    /// The log has said why it is not.
    reported: bool,
}

/// Locks the work folder. The system frees the lock when the process ends, however it ends.
fn lock(work: &Path) -> Result<File> {
    let path = work.join(LOCK);
    let file =
        disk::options(0o600).write(true).create(true).truncate(false).open(&path).map_err(disk::unavailable(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::unavailable(format!(
            "{}: another service or process has this work folder; give each its own with the setting `work`",
            work.display()
        ))),
        Err(fs::TryLockError::Error(error)) => Err(disk::unavailable(&path)(error)),
    }
}
