//! [`Secret`]: a value that is only ever referred to. Settings, layers, the store and every output hold the reference
//! (`env:NAME`, `file:/path`); the value is read where an instance is built, and overwritten when it is dropped.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

use super::value::{Raw, Setting};

/// The longest file that is taken for a secret.
const LONGEST: u64 = 64 * 1024;

/// A value that is never shown: a password, a token, a key.
///
/// A setting of this type is given by reference, `env:NAME` for a variable of the environment or `file:/path` for a file
/// that nobody but its owner may read; the value itself is refused in every layer. Start reads it, and so does each
/// start of its item. No output has it, `Debug` included, and it cannot be serialised. The memory is overwritten on drop.
///
/// ```
/// # use iop::settings::Secret;
/// let password = Secret::new("hunter2".to_owned());
/// assert_eq!(password.expose(), "hunter2");
/// assert_eq!(format!("{password:?} {password}"), "Secret(***) ***");
/// ```
pub struct Secret<T: Zeroize = String> {
    value: Zeroizing<T>,
    /// `None` where it was made in code.
    reference: Option<Arc<str>>,
}

impl<T: Zeroize> Secret<T> {
    /// Hides a value that the program has from elsewhere, as in a test. As the value of a setting it is refused.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { value: Zeroizing::new(value), reference: None }
    }

    /// The value, for whoever must send it.
    #[must_use]
    pub fn expose(&self) -> &T {
        &self.value
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self { value: Zeroizing::new(T::clone(&self.value)), reference: self.reference.clone() }
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How a secret is written in settings.
const HOW: &str = "a secret is given by reference: write `env:NAME` or `file:/path`, not the value itself";

/// Whether a text is the reference of a secret, and not a secret.
#[must_use]
pub const fn is_reference(text: &str) -> bool {
    let bytes = text.as_bytes();
    begins(bytes, b"env:") || begins(bytes, b"file:")
}

const fn begins(text: &[u8], with: &[u8]) -> bool {
    if text.len() <= with.len() {
        return false;
    }
    let mut at = 0;
    while at < with.len() {
        if text[at] != with[at] {
            return false;
        }
        at += 1;
    }
    true
}

enum Reference<'a> {
    Environment(&'a str),
    File(&'a Path),
}

fn reference(raw: &Raw) -> Result<Reference<'_>, String> {
    // What was written may be the secret itself, so that no error repeats it.
    let text = raw.as_str().map(str::trim).filter(|text| is_reference(text)).ok_or_else(|| HOW.to_owned())?;
    match text.split_once(':') {
        Some(("env", name)) => Ok(Reference::Environment(name)),
        Some((_, path)) => Ok(Reference::File(Path::new(path))),
        None => Err(HOW.to_owned()),
    }
}

impl Reference<'_> {
    fn read(&self) -> Result<Zeroizing<String>, String> {
        match self {
            Self::Environment(name) => match std::env::var(name) {
                Ok(value) if value.is_empty() => Err(format!("the environment variable `{name}` is empty")),
                Ok(value) => Ok(Zeroizing::new(value)),
                Err(std::env::VarError::NotPresent) => Err(format!("the environment variable `{name}` is not set")),
                Err(std::env::VarError::NotUnicode(_)) => Err(format!("the environment variable `{name}` is no text")),
            },
            Self::File(path) => file(path).map_err(|problem| format!("the file {} {problem}", path.display())),
        }
    }
}

/// The text of a file without the end of its last line.
fn file(path: &Path) -> Result<Zeroizing<String>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let file = std::fs::File::open(path).map_err(cannot)?;
    // Of the file that was opened: its name may lead elsewhere by now.
    let about = file.metadata().map_err(cannot)?;
    if !about.is_file() {
        return Err("is not a file".to_owned());
    }
    for_its_owner_only(&about, path)?;
    // Nothing is moved while it is read, so that no copy is left behind.
    let size = usize::try_from(about.len().min(LONGEST)).unwrap_or_default() + 1;
    let mut text = Zeroizing::new(String::with_capacity(size));
    let mut limited = file.take(LONGEST + 1);
    limited.read_to_string(&mut text).map_err(cannot)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > LONGEST {
        return Err(format!("is longer than {LONGEST} bytes"));
    }
    let end = text.strip_suffix('\n').map_or(text.len(), |rest| rest.strip_suffix('\r').unwrap_or(rest).len());
    text.truncate(end);
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text) }
}

#[cfg(unix)]
fn for_its_owner_only(about: &std::fs::Metadata, path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;

    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("may be used by others than its owner (mode {mode:03o}); run `chmod 600 {}`", path.display()))
}

#[cfg(not(unix))]
fn for_its_owner_only(_: &std::fs::Metadata, _: &Path) -> Result<(), String> {
    Ok(())
}

impl<T: Setting + Zeroize> Setting for Secret<T> {
    const TYPE: &'static str = "secret (env:NAME, file:/path)";
    const SECRET: bool = true;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let mut text = reference(raw)?.read()?;
        let mut value = Raw::String(std::mem::take(&mut *text));
        let read = T::from_raw(&value);
        if let Raw::String(text) = &mut value {
            text.zeroize();
        }
        // What `T` says of the value may repeat it.
        let shown = raw.as_str().unwrap_or_default();
        let value = read.map_err(|_| format!("what `{shown}` holds does not fit: expected {}", T::TYPE))?;
        Ok(Self { value: Zeroizing::new(value), reference: Some(Arc::from(shown)) })
    }

    fn to_raw(&self) -> Raw {
        // A secret without a reference has no form that settings could hold; this one is refused.
        Raw::from(self.reference.as_deref().unwrap_or("***"))
    }

    fn check(raw: &Raw) -> Result<(), String> {
        reference(raw).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<T: Setting + Zeroize>(reference: &str) -> Result<Secret<T>, String> {
        Secret::from_raw(&Raw::from(reference))
    }

    #[test]
    fn a_value_in_place_of_a_reference_is_refused_and_not_repeated() {
        for raw in [Raw::from("hunter2"), Raw::from(17), Raw::from("env:"), serde_json::json!(["hunter2"]), Raw::Null] {
            assert_eq!(Secret::<String>::check(&raw), Err(HOW.to_owned()), "{raw}");
            assert_eq!(Secret::<String>::from_raw(&raw).unwrap_err(), HOW, "{raw}");
        }
        assert_eq!(Secret::<String>::check(&Secret::new("hunter2".to_owned()).to_raw()), Err(HOW.to_owned()));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named_when_it_is_read_and_not_before() {
        let raw = Raw::from("env:IOP_NO_SUCH_VARIABLE");
        assert_eq!(Secret::<String>::check(&raw), Ok(()));
        let problem = of::<String>("env:IOP_NO_SUCH_VARIABLE").unwrap_err();
        assert_eq!(problem, "the environment variable `IOP_NO_SUCH_VARIABLE` is not set");
        assert_eq!(of::<String>("env:CARGO_MANIFEST_DIR").unwrap().expose(), env!("CARGO_MANIFEST_DIR"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_without_its_line_end_where_nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let reference = format!("file:{}", path.display());
        let problem = || of::<String>(&reference).unwrap_err();
        assert!(problem().contains("password cannot be read: "), "{}", problem());
        for (text, value) in [("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), (" a b\n\n", " a b\n")] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(of::<String>(&reference).unwrap().expose(), value);
        }
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let expected = format!("may be used by others than its owner (mode {mode:03o}); run `chmod 600 ");
            assert!(problem().contains(&expected), "{}", problem());
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        let problem = of::<u32>(&reference).unwrap_err();
        assert_eq!(problem, format!("what `{reference}` holds does not fit: expected integer (u32)"));
        let folder = format!("file:{}", folder.path().display());
        assert!(of::<String>(&folder).unwrap_err().ends_with("is not a file"));
    }
}
