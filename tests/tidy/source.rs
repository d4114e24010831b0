//! The files of the repository as the rules see them.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file, with its path from the root of the repository.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// A finding in the form that editors and terminals make a link of.
    pub(crate) fn at(&self, line: usize, what: impl Display) -> String {
        format!("{}:{line}: {what}", self.path.display())
    }

    /// Lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    /// Lines up to the test module, which by custom is the last thing in a file. None in a file of tests.
    pub(crate) fn production_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let below_src = |part: &str| self.path.iter().any(|one| one == part);
        let of_tests = below_src("src") && (below_src("tests") || self.path.ends_with("tests.rs"));
        self.lines().take_while(move |(_, line)| !of_tests && !line.starts_with("#[cfg(test)]"))
    }
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is a folder of the repository")
}

/// A text file of the repository.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file that the rules are for. The cases of `tests/ui` are compiled by other rules.
pub(crate) fn sources() -> Vec<Source> {
    ["iop-macros", "iop-runtime", "examples", "tests"]
        .into_iter()
        .flat_map(files_below)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && !path.starts_with("tests/ui"))
        .map(|path| Source { text: read(&path), path })
        .collect()
}

/// All files below a folder of the repository, sorted, with their paths from the root. Build output is left out.
pub(crate) fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else { continue };
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && entry.file_name() != "target" => folders.push(path),
                Ok(kind) if kind.is_file() => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}
