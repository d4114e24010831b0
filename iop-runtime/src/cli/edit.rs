//! A body in the editor of whoever sits at the terminal.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use bytes::Bytes;
use serde_json::Value;

use super::exit::{Exit, Failure};
use crate::message::MessageId;

/// What somebody has written, and the file in which it stands.
pub(crate) struct Edited {
    pub(crate) text: Bytes,
    file: PathBuf,
}

/// Shows a body in `$VISUAL` or `$EDITOR`, and takes what is in the file when it closes.
pub(crate) fn edited(body: &Value) -> Result<Edited, Failure> {
    let set = |name| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let Some(editor) = ["VISUAL", "EDITOR"].into_iter().find_map(set) else {
        return Err(Failure::new(Exit::Usage, "no editor is set: `EDITOR=vi`; or give the body with `-b @file`"));
    };
    let file = std::env::temp_dir().join(format!("message-{}.json", MessageId::random()));
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot edit {}: {error}", file.display()));
    let mut text = serde_json::to_string_pretty(body)?;
    text.push('\n');
    only_for_the_user(&file).and_then(|mut opened| opened.write_all(text.as_bytes())).map_err(cannot)?;
    // An editor may be a command with arguments, such as `code --wait`.
    let status = Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(&file).status();
    if !status.map_err(cannot)?.success() {
        let _ = fs::remove_file(&file);
        return Err(Failure::failed(format!("`{editor}` failed; nothing was sent")));
    }
    let written = fs::read_to_string(&file).map_err(cannot)?;
    if written == text {
        let _ = fs::remove_file(&file);
        return Err(Failure::new(Exit::CheckFailed, "the body is as it was; nothing was sent"));
    }
    Ok(Edited { text: written.into(), file })
}

impl Edited {
    /// Removes the file where what is in it was taken, and says where it is otherwise.
    pub(crate) fn settle(self, done: Result<Exit, Failure>) -> Result<Exit, Failure> {
        match done {
            Ok(exit) => {
                let _ = fs::remove_file(&self.file);
                Ok(exit)
            }
            Err(failure) => {
                let text = format!("{}\nwhat you wrote is in {}", failure.text, self.file.display());
                Err(Failure::new(failure.exit, text))
            }
        }
    }
}

/// What is in a body is nobody else's business.
fn only_for_the_user(path: &std::path::Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
