//! Who may call beside whoever has the token of the store: a file of names, roles and hashes of tokens.
//!
//! There are no passwords. A token is 244 random bits that this program makes and shows once, so that nobody can guess it and
//! a plain hash of it is enough: BLAKE3. The file is read again when it has changed, so that whoever is taken out of it is
//! out at once, sessions included.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Token;
use super::credentials::create_for_the_user;
use crate::director::Role;

/// Somebody who may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct User {
    /// Their name, as it stands in the audit log.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The BLAKE3 hash of their token, as hexadecimal digits.
    pub token_hash: String,
}

/// Why users cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// The file cannot be read or written.
    #[error("cannot use the file of users {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is not what it should be.
    #[error("the file of users {} is wrong: {problem}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is somebody of that name already.
    #[error("there is a user `{0}` already; remove them first")]
    Taken(String),
    /// There is nobody of that name.
    #[error("there is no user `{0}`")]
    Unknown(String),
    /// A name that would not be readable in a log.
    #[error("`{0}` is no name: letters, digits and any of . _ - @ are, up to 64 of them")]
    Name(String),
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    user: Vec<User>,
}

/// The file of users.
#[derive(Debug)]
pub struct UserFile {
    path: PathBuf,
    read: Mutex<Read>,
}

#[derive(Debug, Default)]
struct Read {
    /// The file as it was.
    stamp: Option<(SystemTime, u64)>,
    users: Vec<Arc<User>>,
}

impl UserFile {
    /// Reads a file of users. One that is not there has no users.
    ///
    /// # Errors
    /// See [`UsersError`].
    pub fn open(path: &Path) -> Result<Self, UsersError> {
        let file = Self { path: path.to_owned(), read: Mutex::default() };
        file.refresh(&mut file.read.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(file)
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// See [`UsersError`].
    pub fn all(&self) -> Result<Vec<Arc<User>>, UsersError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(&mut read)?;
        Ok(read.users.clone())
    }

    /// Adds somebody, and gives the token that is theirs: it is nowhere else, and cannot be found out later.
    ///
    /// # Errors
    /// See [`UsersError`].
    pub fn add(&self, name: &str, role: Role) -> Result<Token, UsersError> {
        let letters = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-' | '@');
        if name.is_empty() || name.chars().count() > 64 || !name.chars().all(letters) {
            return Err(UsersError::Name(name.to_owned()));
        }
        let mut users = self.all()?;
        if users.iter().any(|user| user.name == name) {
            return Err(UsersError::Taken(name.to_owned()));
        }
        let token = Token::random();
        users.push(Arc::new(User { name: name.to_owned(), role, token_hash: token.hash().to_hex().to_string() }));
        users.sort_by(|one, other| one.name.cmp(&other.name));
        self.write(&users)?;
        Ok(token)
    }

    /// Takes somebody out. Their sessions end.
    ///
    /// # Errors
    /// See [`UsersError`].
    pub fn remove(&self, name: &str) -> Result<(), UsersError> {
        let mut users = self.all()?;
        let before = users.len();
        users.retain(|user| user.name != name);
        if users.len() == before {
            return Err(UsersError::Unknown(name.to_owned()));
        }
        self.write(&users)
    }

    /// Whose token it is. A file that cannot be read lets nobody in.
    pub(super) fn with_token(&self, hash: &blake3::Hash) -> Option<Arc<User>> {
        let users = self.readable();
        // Every hash is compared, in constant time: how long it takes says nothing of who is there.
        users.into_iter().fold(None, |found, user| {
            let theirs = blake3::Hash::from_hex(&user.token_hash).is_ok_and(|theirs| theirs == *hash);
            if theirs { Some(user) } else { found }
        })
    }

    /// Whether somebody is still who they were when they logged in.
    pub(super) fn still(&self, user: &User) -> Option<Arc<User>> {
        self.readable().into_iter().find(|now| now.name == user.name && now.token_hash == user.token_hash)
    }

    fn readable(&self) -> Vec<Arc<User>> {
        self.all().unwrap_or_else(|error| {
            tracing::error!(%error, "Nobody of the file of users can call.");
            Vec::new()
        })
    }

    fn refresh(&self, read: &mut Read) -> Result<(), UsersError> {
        let failed = |error| UsersError::File { path: self.path.clone(), error };
        let wrong = |problem: String| UsersError::Wrong { path: self.path.clone(), problem };
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                *read = Read::default();
                return Ok(());
            }
            Err(error) => return Err(failed(error)),
        };
        let stamp = metadata.modified().ok().map(|time| (time, metadata.len()));
        if stamp.is_some() && stamp == read.stamp {
            return Ok(());
        }
        // Nobody is known until the file is known to be right.
        *read = Read::default();
        only_ours_to_write(&metadata).map_err(wrong)?;
        let text = fs::read_to_string(&self.path).map_err(failed)?;
        let document: Document = toml::from_str(&text).map_err(|error| wrong(error.message().to_owned()))?;
        for user in &document.user {
            if blake3::Hash::from_hex(&user.token_hash).is_err() {
                return Err(wrong(format!("the token_hash of `{}` is no BLAKE3 hash", user.name)));
            }
        }
        *read = Read { stamp, users: document.user.into_iter().map(Arc::new).collect() };
        Ok(())
    }

    /// Writes a new file beside the old one and puts it in its place.
    fn write(&self, users: &[Arc<User>]) -> Result<(), UsersError> {
        let failed = |error| UsersError::File { path: self.path.clone(), error };
        let document = Document { user: users.iter().map(|user| User::clone(user)).collect() };
        let text = toml::to_string(&document)
            .map_err(|error| UsersError::Wrong { path: self.path.clone(), problem: error.to_string() })?;
        let new = self.path.with_extension("new");
        let write = || {
            if new.exists() {
                fs::remove_file(&new)?;
            }
            let mut file = create_for_the_user(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &self.path)
        };
        write().map_err(failed)?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Read::default();
        Ok(())
    }
}

#[cfg(unix)]
fn only_ours_to_write(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode();
    if mode & 0o022 == 0 { Ok(()) } else { Err("others may write it; take that away with `chmod go-w`".to_owned()) }
}

#[cfg(not(unix))]
fn only_ours_to_write(_: &Metadata) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_added_is_known_by_their_token_alone_until_they_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let users = UserFile::open(&directory.path().join("users.toml")).unwrap();
        let token = users.add("ann", Role::Operator).unwrap();
        let other = users.add("eve", Role::Viewer).unwrap();
        let known = users.with_token(token.hash()).unwrap();
        assert_eq!((known.name.as_str(), known.role), ("ann", Role::Operator));
        assert_eq!(users.with_token(other.hash()).unwrap().name, "eve");
        assert_eq!(users.with_token(Token::random().hash()), None);
        let text = fs::read_to_string(directory.path().join("users.toml")).unwrap();
        assert!(!text.contains(token.expose()), "{text}");
        assert!(matches!(users.add("ann", Role::Admin), Err(UsersError::Taken(_))));
        assert!(matches!(users.add("a\nb", Role::Admin), Err(UsersError::Name(_))));
        users.remove("ann").unwrap();
        assert_eq!((users.with_token(token.hash()), users.still(&known)), (None, None));
        assert!(matches!(users.remove("ann"), Err(UsersError::Unknown(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_write_or_that_is_broken_lets_nobody_in() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("users.toml");
        let users = UserFile::open(&path).unwrap();
        let token = users.add("ann", Role::Operator).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(UserFile::open(&path).unwrap_err().to_string().contains("chmod go-w"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "[[user]]\nname = \"ann\"\nrole = \"root\"\n").unwrap();
        assert!(matches!(UserFile::open(&path), Err(UsersError::Wrong { .. })));
        assert_eq!(users.with_token(token.hash()), None);
    }
}
