//! How a command ends: an exit code that a script can act on, and one line that says what to do.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// What the exit codes mean, for `--help`.
pub(crate) const CODES: &str = "\
Exit codes:
  0    done
  1    failed
  2    the command line is wrong
  3    the production is not running
  4    found nothing
  5    the check failed, or something waits for a person
  6    refused: another process has the store, or the call is not allowed
  65   the store is damaged, has lost something, or is none that this program reads
  74   the store cannot be read or written: the disk, or its rights
  130  interrupted before everything was finished";

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    NotRunning = 3,
    FoundNothing = 4,
    CheckFailed = 5,
    Refused = 6,
    /// As `EX_DATAERR`.
    Damaged = 65,
    /// As `EX_IOERR`.
    Unusable = 74,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ends otherwise than done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened, and what to do. Empty where there is nothing to say.
    pub(crate) text: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    pub(crate) fn failed(text: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, text.to_string())
    }

    pub(crate) fn found_nothing(text: impl Into<String>) -> Self {
        Self::new(Exit::FoundNothing, text)
    }
}

/// Only the output of a command is written with `?`: a reader that has seen enough is no failure.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Done, "");
        }
        Self::failed(format!("cannot write the output: {error}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => Self::from(io::Error::from(kind)),
            None => Self::failed(format!("cannot write JSON: {error}")),
        }
    }
}
