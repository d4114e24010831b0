//! `lock`: writes `messages.lock`, or compares the program with it.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::arguments::LockArguments;
use super::exit::{Exit, Failure};
use super::{Program, say};
use crate::production::lock::{LOCK_FILE, LockBreak, MessagesLock, breaks, types};

impl Program {
    /// `lock`.
    pub(crate) fn lock(self, arguments: &LockArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
        let path = arguments.file.clone().unwrap_or_else(|| PathBuf::from(LOCK_FILE));
        let types = types(self.graph);
        let lock = MessagesLock::of(&types);
        let older = read(&path)?;
        let broken = older.as_ref().map(|older| breaks(&types, older)).unwrap_or_default();
        if arguments.check {
            return match older {
                None => Err(Failure::new(
                    Exit::CheckFailed,
                    format!("there is no {}; write it with `lock`, and commit it", path.display()),
                )),
                Some(_) if !broken.is_empty() => Err(Failure::new(Exit::CheckFailed, told(&broken))),
                Some(older) if lock != older => Err(Failure::new(
                    Exit::CheckFailed,
                    format!(
                        "{} is not up to date: {} changed, in a way that stored messages can still be read; write it again \
                         with `lock`, and commit it",
                        path.display(),
                        lock.changed_since(&older).join(", ")
                    ),
                )),
                Some(_) => {
                    writeln!(out, "{} is up to date", path.display())?;
                    Ok(Exit::Done)
                }
            };
        }
        if !broken.is_empty() && !arguments.accept {
            let help = "nothing was written; where no such message is stored any more, write `lock --accept`";
            return Err(Failure::new(Exit::CheckFailed, format!("{}\n{help}", told(&broken))));
        }
        let changed = older.map(|older| lock.changed_since(&older));
        std::fs::write(&path, lock.to_text())
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", path.display())))?;
        match changed {
            Some(changed) if changed.is_empty() => say(&format!("{} was up to date", path.display())),
            Some(changed) => say(&format!("{}: {} written anew", path.display(), changed.join(", "))),
            None => say(&format!("{} written; commit it", path.display())),
        }
        Ok(Exit::Done)
    }
}

fn told(broken: &[LockBreak]) -> String {
    broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The lock in a file; `None` where there is no file.
fn read(path: &Path) -> Result<Option<MessagesLock>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => MessagesLock::parse(&text)
            .map(Some)
            .map_err(|error| Failure::failed(format!("{} is no lock of messages: {error}", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format!("cannot read {}: {error}", path.display()))),
    }
}
