//! The files in the store directory by which programs of the same user find a running production and may call it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{HttpError, Token};

/// The file with the token, readable by the user alone. It outlives the process, so that callers keep theirs.
pub const TOKEN_FILE: &str = "http-token";

/// The file with the address in use, while there is one; of an entrance that speaks TLS, `https://` stands before it.
pub const ADDRESS_FILE: &str = "http-address";

/// The token of the store in `directory`; a new one where there is none.
pub(super) fn token(directory: &Path) -> Result<Token, HttpError> {
    let path = directory.join(TOKEN_FILE);
    let failed = |error| HttpError::Files { path: path.clone(), error };
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => {
            only_for_the_user(&path).map_err(failed)?;
            Ok(Token::new(text.trim().to_owned()))
        }
        // An empty or shortened file protects nothing.
        Ok(_) => replace(&path).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => replace(&path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

fn replace(path: &Path) -> io::Result<Token> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let token = Token::random();
    let mut file = create_for_the_user(path)?;
    writeln!(file, "{}", token.expose())?;
    Ok(token)
}

#[cfg(unix)]
pub(super) fn create_for_the_user(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    // The mode belongs to the creation: there is no moment in which others could open it.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
pub(super) fn create_for_the_user(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
pub(super) fn only_for_the_user(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
pub(super) fn only_for_the_user(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The file with the address. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct AddressFile(PathBuf);

impl AddressFile {
    pub(super) fn write(directory: &Path, address: SocketAddr, tls: bool) -> Result<Self, HttpError> {
        let path = directory.join(ADDRESS_FILE);
        let written = directory.join("http-address.new");
        let write = || {
            let scheme = if tls { "https://" } else { "" };
            fs::write(&written, format!("{scheme}{address}\n"))?;
            // A reader sees the old address or the new one, never half of it.
            fs::rename(&written, &path)
        };
        write().map_err(|error| HttpError::Files { path: path.clone(), error })?;
        Ok(Self(path))
    }
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        // A file that is left behind leads nowhere, which whoever follows it notices.
        let _ = fs::remove_file(&self.0);
    }
}
