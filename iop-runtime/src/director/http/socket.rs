//! The socket in the store directory: whoever can open it is the user that the production runs as, and needs no token.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use super::HttpError;

/// The socket, in the store directory.
pub const SOCKET_FILE: &str = "http-socket";

/// The system has no room for longer paths of sockets.
const LONGEST: usize = 100;

/// A socket that is listened on. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct SocketFile(PathBuf);

/// Listens on the socket of a store; nothing where its path is too long for one. The store is ours alone while it is open, so
/// a socket that lies there was left behind.
pub(super) fn listen(directory: &Path) -> Result<Option<(UnixListener, SocketFile)>, HttpError> {
    let path = directory.join(SOCKET_FILE);
    if path.as_os_str().len() > LONGEST {
        tracing::warn!(path = %path.display(), "The path of the store is too long for a socket; there is none.");
        return Ok(None);
    }
    let open = || {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        super::credentials::only_for_the_user(&path)?;
        Ok(listener)
    };
    let listener = open().map_err(|error| HttpError::Files { path: path.clone(), error })?;
    Ok(Some((listener, SocketFile(path))))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // A socket that is left behind leads nowhere, which whoever follows it notices.
        let _ = fs::remove_file(&self.0);
    }
}
